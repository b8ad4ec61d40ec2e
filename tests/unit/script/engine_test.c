/* The script engine: what an expression may see, change and spend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "ivr/script/engine.h"

#define MEMORY_MAX (2U << 20)
#define ARENA_SIZE (1U << 20)

struct bench {
    struct engine engine;
    void *block;
    struct td_arena arena;
    struct td_script_variable variables[8];
    struct td_script_request request;
    struct td_script_reply reply;
};

static struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    bench->block = malloc(ARENA_SIZE);
    assert_non_null(bench->block);
    td_arena_init(&bench->arena, bench->block, ARENA_SIZE);
    engine_init(&bench->engine, MEMORY_MAX);
    bench->request.variables = bench->variables;
    return bench;
}

static void bench_free(struct bench *bench)
{
    engine_fini(&bench->engine);
    assert_int_equal(bench->engine.memory.used, 0);
    free(bench->block);
    free(bench);
}

static void set(struct bench *bench, enum td_script_scope scope, const char *name,
                const char *value)
{
    struct td_script_variable *variable = &bench->variables[bench->request.variables_count++];

    variable->scope = scope;
    assert_int_equal(td_str_copy(variable->name, sizeof(variable->name), name), TD_OK);
    variable->value = td_bytes(value, strlen(value));
}

static void evaluate(struct bench *bench, enum td_script_mode mode, const char *expression)
{
    td_arena_rewind(&bench->arena, 0);
    bench->request.mode = mode;
    bench->request.number++;
    bench->request.expression = td_bytes(expression, strlen(expression));
    engine_evaluate(&bench->engine, &bench->request, &bench->arena, &bench->reply);
    assert_int_equal(bench->reply.number, bench->request.number);
}

static void expect(struct bench *bench, enum td_script_mode mode, const char *expression,
                   const char *value)
{
    evaluate(bench, mode, expression);
    if (bench->reply.failed)
        fail_msg("%s: %s", expression, bench->reply.message);
    assert_int_equal(bench->reply.value.size, strlen(value));
    assert_memory_equal(bench->reply.value.data, value, strlen(value));
}

static void expect_failure(struct bench *bench, const char *expression, const char *message)
{
    evaluate(bench, TD_SCRIPT_MODE_VALUE, expression);
    assert_true(bench->reply.failed);
    assert_int_equal(bench->reply.changed_count, 0);
    if (strstr(bench->reply.message, message) == NULL)
        fail_msg("%s: expected \"%s\", found \"%s\"", expression, message, bench->reply.message);
}

static void expect_change(const struct bench *bench, enum td_script_scope scope, const char *name,
                          const char *value)
{
    for (uint32_t i = 0; i < bench->reply.changed_count; i++) {
        const struct td_script_variable *changed = &bench->reply.changed[i];

        if (changed->scope == scope && td_str_equal(changed->name, name)) {
            assert_int_equal(changed->value.size, strlen(value));
            assert_memory_equal(changed->value.data, value, strlen(value));
            return;
        }
    }
    fail_msg("%s was not changed", name);
}

static void values_are_what_the_language_says(void **state)
{
    (void)state;
    struct bench *bench = bench_new();

    expect(bench, TD_SCRIPT_MODE_VALUE, "1 + 2", "3");
    expect(bench, TD_SCRIPT_MODE_VALUE, "'a' + 'b' // comment", "\"ab\"");
    expect(bench, TD_SCRIPT_MODE_VALUE, "{a: [1, 'x', null, true]}", "{\"a\":[1,\"x\",null,true]}");
    expect(bench, TD_SCRIPT_MODE_VALUE, "undefined", "undefined");
    expect(bench, TD_SCRIPT_MODE_VALUE, "0/0", "NaN");
    expect(bench, TD_SCRIPT_MODE_VALUE, "-1/0", "-Infinity");
    expect(bench, TD_SCRIPT_MODE_VALUE, "function () {}", "undefined");
    expect(bench, TD_SCRIPT_MODE_VALUE, "'\\u4e2d'", "\"中\"");
    expect(bench, TD_SCRIPT_MODE_BOOLEAN, "'' || 'x'", "true");
    expect(bench, TD_SCRIPT_MODE_BOOLEAN, "NaN", "false");
    expect(bench, TD_SCRIPT_MODE_STRING, "[1, 2]", "\"1,2\"");
    expect(bench, TD_SCRIPT_MODE_STRING, "1e21", "\"1e+21\"");
    bench_free(bench);
}

static void names_are_looked_up_from_the_inside_out(void **state)
{
    (void)state;
    struct bench *bench = bench_new();

    set(bench, TD_SCRIPT_SCOPE_SESSION, "tandem", "{\"position\":3}");
    set(bench, TD_SCRIPT_SCOPE_DOCUMENT, "x", "\"document\"");
    set(bench, TD_SCRIPT_SCOPE_DIALOG, "x", "\"dialog\"");
    set(bench, TD_SCRIPT_SCOPE_DIALOG, "y", "undefined");
    set(bench, TD_SCRIPT_SCOPE_ANONYMOUS, "n", "NaN");
    expect(bench, TD_SCRIPT_MODE_VALUE, "x", "\"dialog\"");
    expect(bench, TD_SCRIPT_MODE_VALUE, "document.x + session.tandem.position", "\"document3\"");
    expect(bench, TD_SCRIPT_MODE_VALUE, "y === undefined && n !== n", "true");
    expect(bench, TD_SCRIPT_MODE_VALUE, "typeof toString + typeof missing",
           "\"functionundefined\"");
    expect_failure(bench, "missing + 1", "missing");
    expect_failure(bench, "1 +", "SyntaxError");
    expect_failure(bench, "", "SyntaxError");
    expect_failure(bench, "function () { throw {toString: function () { return 'mine'; }}; }()",
                   "mine");
    bench_free(bench);
}

static void changes_are_told_and_only_changes(void **state)
{
    (void)state;
    struct bench *bench = bench_new();

    set(bench, TD_SCRIPT_SCOPE_SESSION, "caller", "\"x\"");
    set(bench, TD_SCRIPT_SCOPE_DIALOG, "count", "1");
    set(bench, TD_SCRIPT_SCOPE_DIALOG, "order", "{\"items\":[]}");
    set(bench, TD_SCRIPT_SCOPE_DIALOG, "same", "\"same\"");
    expect(bench, TD_SCRIPT_MODE_VALUE, "count++, order.items.push(count), count", "2");
    assert_int_equal(bench->reply.changed_count, 2);
    expect_change(bench, TD_SCRIPT_SCOPE_DIALOG, "count", "2");
    expect_change(bench, TD_SCRIPT_SCOPE_DIALOG, "order", "{\"items\":[2]}");
    expect(bench, TD_SCRIPT_MODE_ASSIGN, "order.total=(7\n)", "undefined");
    expect_change(bench, TD_SCRIPT_SCOPE_DIALOG, "order", "{\"items\":[],\"total\":7}");
    expect(bench, TD_SCRIPT_MODE_VALUE, "(document.fresh = 'new', session.caller = 'y')", "\"y\"");
    assert_int_equal(bench->reply.changed_count, 1);
    expect_change(bench, TD_SCRIPT_SCOPE_DOCUMENT, "fresh", "\"new\"");
    bench_free(bench);
}

static void nothing_is_left_behind_for_the_next(void **state)
{
    (void)state;
    struct bench *bench = bench_new();

    expect(bench, TD_SCRIPT_MODE_VALUE,
           "Object.prototype.trap = 1, Array.prototype.join = null, leaked = 2, String = 3", "3");
    expect(bench, TD_SCRIPT_MODE_VALUE,
           "[typeof leaked, ({}).trap, [1, 2].join('-'), String(5)].length", "4");
    expect(bench, TD_SCRIPT_MODE_VALUE, "typeof leaked + [1, 2].join('-')", "\"undefined1-2\"");
    expect(bench, TD_SCRIPT_MODE_VALUE, "typeof Duktape + typeof print + typeof require",
           "\"undefinedundefinedundefined\"");
    bench_free(bench);
}

static void memory_has_an_end_and_the_engine_goes_on(void **state)
{
    (void)state;
    struct bench *bench = bench_new();

    expect_failure(bench, "(function () { var s = 'x'; for (;;) s += s; })()", "");
    expect_failure(bench, "(function () { var a = []; for (;;) a.push([a.length]); })()", "");
    expect_failure(bench, "new Array(1e9).join('xxxxxxxx')", "");
    expect_failure(bench, "(function f() { return 1 + f(); })()", "");
    expect(bench, TD_SCRIPT_MODE_VALUE, "1 + 1", "2");
    assert_true(bench->engine.memory.used <= MEMORY_MAX);
    bench_free(bench);
}

static void values_that_cannot_be_kept_fail(void **state)
{
    (void)state;
    struct bench *bench = bench_new();

    set(bench, TD_SCRIPT_SCOPE_DIALOG, "o", "{}");
    expect_failure(bench, "o.self = o", "");
    expect_failure(bench, "new Array(5000).join('x')", "too long");
    expect_failure(bench, "(function () { for (var i = 0; i < 200; i++) dialog['v' + i] = i; })()",
                   "too many");
    expect_failure(bench, "dialog[new Array(70).join('n')] = 1", "too long");
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_what_the_language_says),
        cmocka_unit_test(names_are_looked_up_from_the_inside_out),
        cmocka_unit_test(changes_are_told_and_only_changes),
        cmocka_unit_test(nothing_is_left_behind_for_the_next),
        cmocka_unit_test(memory_has_an_end_and_the_engine_goes_on),
        cmocka_unit_test(values_that_cannot_be_kept_fail),
    };

    return cmocka_run_group_tests_name("script/engine", tests, NULL, NULL);
}
