/* Script workers for real: what loops or eats memory is ended, and everybody else goes on. */
#include <libgen.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "io/timer.h"
#include "ivr/script_pool.h"

#define ANSWERS_MAX 64
#define DEADLINE_MS 150
/* An answer that has not come by then never comes. */
#define PATIENCE_MS 20000
#define ARENA_SIZE (4U << 20)

struct answer {
    uint64_t token;
    enum script_outcome outcome;
    bool failed;
    char value[64];
};

struct bench {
    struct td_loop *loop;
    struct script_pool *pool;
    void *block;
    struct td_arena arena;
    struct td_timer patience;
    struct answer answers[ANSWERS_MAX];
    uint32_t answer_count;
    uint32_t wanted;
    bool impatient;
};

static uint64_t no_time(void)
{
    return 0;
}

static void no_log(const char *line, size_t size)
{
    (void)line;
    (void)size;
}

static const struct td_log test_log = {"test", TD_LOG_ERROR, no_time, no_log};

static void answered(void *ctx, uint64_t token, enum script_outcome outcome,
                     const struct td_script_reply *reply)
{
    struct bench *bench = ctx;
    struct answer *answer = &bench->answers[bench->answer_count++];

    assert_true(bench->answer_count <= ANSWERS_MAX);
    answer->token = token;
    answer->outcome = outcome;
    answer->failed = reply != NULL && reply->failed;
    if (reply != NULL && reply->value.data != NULL)
        assert_int_equal(td_str_copy_span(answer->value, sizeof(answer->value),
                                          (const char *)reply->value.data, reply->value.size),
                         TD_OK);
    if (bench->answer_count == bench->wanted)
        td_loop_stop(bench->loop);
}

static void on_impatient(void *ctx)
{
    struct bench *bench = ctx;

    bench->impatient = true;
    td_loop_stop(bench->loop);
}

/* The worker program of the build this test belongs to: ../../../../bin/script. */
static void find_program(char *program, size_t size)
{
    char own[400] = "";

    assert_true(readlink("/proc/self/exe", own, sizeof(own) - 1) > 0);
    (void)snprintf(program, size, "%s/../../../bin/script", dirname(own));
}

static struct bench *bench_new(uint32_t workers, const char *other_program)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    char program[512];

    assert_non_null(bench);
    bench->block = malloc(ARENA_SIZE);
    assert_non_null(bench->block);
    td_arena_init(&bench->arena, bench->block, ARENA_SIZE);
    assert_int_equal(td_loop_create(&test_log, &bench->loop), TD_OK);
    td_timer_init(&bench->patience, bench->loop, on_impatient, bench);
    find_program(program, sizeof(program));
    struct script_pool_options options = {
        .program = other_program != NULL ? other_program : program,
        .workers = workers,
        .deadline_ms = DEADLINE_MS,
        .memory_max_bytes = 4U << 20,
        .answered = answered,
        .ctx = bench,
        .arena = &bench->arena,
    };
    assert_int_equal(script_pool_create(bench->loop, &options, &bench->pool), TD_OK);
    return bench;
}

static void bench_free(struct bench *bench)
{
    script_pool_destroy(&bench->pool);
    td_timer_stop(&bench->patience);
    td_loop_destroy(&bench->loop);
    free(bench->block);
    free(bench);
}

static enum td_err try_ask(struct bench *bench, uint64_t token, const char *expression)
{
    size_t mark = bench->arena.used;
    struct td_script_request request = {.number = token,
                                        .expression = td_bytes(expression, strlen(expression))};

    enum td_err err =
        script_pool_ask(bench->pool, token, td_script_request_encode(&bench->arena, &request));
    td_arena_rewind(&bench->arena, mark);
    return err;
}

static void ask(struct bench *bench, uint64_t token, const char *expression)
{
    assert_int_equal(try_ask(bench, token, expression), TD_OK);
}

static void wait_for(struct bench *bench, uint32_t answers)
{
    bench->wanted = answers;
    td_timer_start(&bench->patience, PATIENCE_MS);
    if (bench->answer_count < answers)
        td_loop_run(bench->loop);
    td_timer_stop(&bench->patience);
    assert_false(bench->impatient);
    assert_int_equal(bench->answer_count, answers);
}

static const struct answer *answer_of(const struct bench *bench, uint64_t token)
{
    for (uint32_t i = 0; i < bench->answer_count; i++) {
        if (bench->answers[i].token == token)
            return &bench->answers[i];
    }
    fail_msg("no answer");
    return NULL;
}

static void expressions_are_answered_under_their_token(void **state)
{
    (void)state;
    struct bench *bench = bench_new(2, NULL);

    for (uint64_t i = 0; i < 20; i++) {
        char expression[32];

        (void)snprintf(expression, sizeof(expression), "%d * 2", (int)i);
        ask(bench, i, expression);
    }
    wait_for(bench, 20);
    for (uint64_t i = 0; i < 20; i++) {
        char expected[32];

        (void)snprintf(expected, sizeof(expected), "%d", (int)i * 2);
        assert_int_equal(answer_of(bench, i)->outcome, SCRIPT_ANSWERED);
        assert_string_equal(answer_of(bench, i)->value, expected);
    }
    bench_free(bench);
}

static void endless_loops_are_killed_and_the_others_answered(void **state)
{
    (void)state;
    struct bench *bench = bench_new(2, NULL);

    ask(bench, 1, "(function () { for (;;); })()");
    ask(bench, 2, "1 + 1");
    ask(bench, 3, "/(x+x+)+y/.test('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')");
    ask(bench, 4, "2 + 2");
    ask(bench, 5, "(function f() { return f(); })()");
    ask(bench, 6, "3 + 3");
    wait_for(bench, 6);
    assert_int_equal(answer_of(bench, 1)->outcome, SCRIPT_OVERDUE);
    assert_int_equal(answer_of(bench, 5)->outcome, SCRIPT_OVERDUE);
    assert_int_not_equal(answer_of(bench, 3)->outcome, SCRIPT_NO_WORKER);
    assert_string_equal(answer_of(bench, 2)->value, "2");
    assert_string_equal(answer_of(bench, 4)->value, "4");
    assert_string_equal(answer_of(bench, 6)->value, "6");
    assert_true(script_pool_stats(bench->pool).killed >= 2);
    assert_int_equal(script_pool_stats(bench->pool).died, 0);
    bench_free(bench);
}

static void one_worker_goes_on_after_every_kill(void **state)
{
    (void)state;
    struct bench *bench = bench_new(1, NULL);

    for (uint64_t i = 0; i < 4; i++) {
        ask(bench, 2 * i, "(function () { for (;;); })()");
        ask(bench, 2 * i + 1, "'alive'");
        wait_for(bench, (uint32_t)(2 * i + 2));
        assert_int_equal(answer_of(bench, 2 * i)->outcome, SCRIPT_OVERDUE);
        assert_string_equal(answer_of(bench, 2 * i + 1)->value, "\"alive\"");
    }
    bench_free(bench);
}

static void memory_hunger_fails_the_expression_alone(void **state)
{
    (void)state;
    struct bench *bench = bench_new(1, NULL);

    ask(bench, 1, "(function () { var s = 'x'; for (;;) s += s; })()");
    ask(bench, 2, "'alive'");
    wait_for(bench, 2);
    assert_int_equal(answer_of(bench, 1)->outcome, SCRIPT_ANSWERED);
    assert_true(answer_of(bench, 1)->failed);
    assert_string_equal(answer_of(bench, 2)->value, "\"alive\"");
    assert_int_equal(script_pool_stats(bench->pool).killed, 0);
    bench_free(bench);
}

static void without_a_worker_nobody_waits_for_ever(void **state)
{
    (void)state;
    struct bench *bench = bench_new(1, "/bin/false"); // Ends at once, each time.

    ask(bench, 1, "1");
    wait_for(bench, 1);
    assert_int_not_equal(answer_of(bench, 1)->outcome, SCRIPT_ANSWERED);
    bench_free(bench);

    bench = bench_new(1, "/nonexistent/script");
    ask(bench, 1, "1");
    wait_for(bench, 1);
    assert_int_equal(answer_of(bench, 1)->outcome, SCRIPT_NO_WORKER);
    bench_free(bench);
}

static void the_line_has_an_end(void **state)
{
    (void)state;
    struct bench *bench = bench_new(1, "/nonexistent/script");

    for (uint64_t i = 0; i < SCRIPT_POOL_LINE_MAX; i++)
        ask(bench, i, "1");
    assert_int_equal(try_ask(bench, 999, "1"), TD_ERR_LIMIT);
    assert_int_equal(script_pool_stats(bench->pool).waiting, SCRIPT_POOL_LINE_MAX);
    bench_free(bench); // With everybody still in line.
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_are_answered_under_their_token),
        cmocka_unit_test(endless_loops_are_killed_and_the_others_answered),
        cmocka_unit_test(one_worker_goes_on_after_every_kill),
        cmocka_unit_test(memory_hunger_fails_the_expression_alone),
        cmocka_unit_test(without_a_worker_nobody_waits_for_ever),
        cmocka_unit_test(the_line_has_an_end),
    };

    return cmocka_run_group_tests_name("ivr/script_pool", tests, NULL, NULL);
}
