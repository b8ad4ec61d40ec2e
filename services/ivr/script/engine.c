#include "ivr/script/engine.h"

#include <assert.h>
#include <duktape.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define SCOPES TD_SCRIPT_SCOPE_COUNT
#define VALUE_MAX 4095U
#define CHANGED_MAX 128U

/* The line break ends a comment that the expression may end with. */
static const char before[] =
    "(function(session,application,document,dialog,anonymous){with(session){with(application){"
    "with(document){with(dialog){with(anonymous){return (";
static const char after[] = "\n);}}}}}})";

struct evaluation {
    const struct td_script_request *request;
    struct td_script_reply *reply;
    struct td_arena *arena;
};

/* Everything runs under duk_safe_call, so only a defect of the engine itself ends up here. */
static void on_fatal(void *memory, const char *message)
{
    (void)memory;
    (void)fprintf(stderr, "script: %s\n", message);
    abort();
}

static duk_context *make_heap(struct engine *engine)
{
    return duk_create_heap(script_memory_alloc, script_memory_realloc, script_memory_free,
                           &engine->memory, on_fatal);
}

void engine_init(struct engine *engine, size_t memory_max)
{
    *engine = (struct engine){.memory = {.limit = memory_max}};
}

void engine_fini(struct engine *engine)
{
    if (engine->prepared != NULL)
        duk_destroy_heap(engine->prepared);
    engine->prepared = NULL;
}

void engine_prepare(struct engine *engine)
{
    if (engine->prepared == NULL)
        engine->prepared = make_heap(engine);
}

/* --- values --- */

/* Pushes the value that the text stands for. */
static void push_value(duk_context *ctx, struct td_bytes text)
{
    static const struct {
        const char *name;
        double number;
    } numbers[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};

    duk_push_lstring(ctx, (const char *)text.data, text.size);
    const char *string = duk_get_string(ctx, -1);
    if (td_str_equal(string, "undefined")) {
        duk_pop(ctx);
        duk_push_undefined(ctx);
        return;
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (td_str_equal(string, numbers[i].name)) {
            duk_pop(ctx);
            duk_push_number(ctx, numbers[i].number);
            return;
        }
    }
    duk_json_decode(ctx, -1);
}

/* Replaces the value on top by its text. What JSON does not know (functions) is undefined. */
static void encode_top(duk_context *ctx)
{
    if (duk_is_number(ctx, -1) && !isfinite(duk_get_number(ctx, -1))) {
        duk_to_string(ctx, -1);
        return;
    }
    if (!duk_is_undefined(ctx, -1))
        (void)duk_json_encode(ctx, -1);
    if (!duk_is_string(ctx, -1)) {
        duk_pop(ctx);
        duk_push_string(ctx, "undefined");
    }
}

/* Text of the value on top, which it pops, in the arena. */
static struct td_bytes take_text(duk_context *ctx, struct evaluation *evaluation)
{
    duk_size_t size;

    encode_top(ctx);
    const char *text = duk_get_lstring(ctx, -1, &size);
    if (size > VALUE_MAX || memchr(text, '\0', size) != NULL)
        (void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "the value is too long");
    char *copy = td_arena_alloc(evaluation->arena, size + 1);
    if (copy == NULL)
        (void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "the values are too long");
    memcpy(copy, text, size + 1);
    duk_pop(ctx);
    return td_bytes(copy, size);
}

/* --- scopes --- */

static void push_scopes(duk_context *ctx, const struct td_script_request *request)
{
    for (int scope = 0; scope < SCOPES; scope++)
        (void)duk_push_bare_object(ctx);
    for (uint32_t i = 0; i < request->variables_count; i++) {
        const struct td_script_variable *variable = &request->variables[i];

        if ((unsigned)variable->scope >= SCOPES)
            continue;
        push_value(ctx, variable->value);
        (void)duk_put_prop_string(ctx, (duk_idx_t)variable->scope, variable->name);
    }
}

/* Was this what the variable held before? */
static bool is_as_before(const struct td_script_request *request, int scope, const char *name,
                         struct td_bytes value)
{
    for (uint32_t i = 0; i < request->variables_count; i++) {
        const struct td_script_variable *variable = &request->variables[i];

        if ((int)variable->scope == scope && td_str_equal(variable->name, name))
            return variable->value.size == value.size &&
                   memcmp(variable->value.data, value.data, value.size) == 0;
    }
    return false;
}

static void add_change(duk_context *ctx, struct evaluation *evaluation, int scope, const char *name,
                       struct td_bytes value)
{
    struct td_script_reply *reply = evaluation->reply;
    struct td_script_variable *changed = &reply->changed[reply->changed_count];

    if (reply->changed_count == CHANGED_MAX ||
        td_str_copy(changed->name, sizeof(changed->name), name) != TD_OK)
        (void)duk_error(ctx, DUK_ERR_RANGE_ERROR, "too many variables, or a name is too long");
    changed->scope = (enum td_script_scope)scope;
    changed->value = value;
    reply->changed_count++;
}

/* The scope objects lie at the indices of their scopes. */
static void collect_changes(duk_context *ctx, struct evaluation *evaluation)
{
    for (int scope = TD_SCRIPT_SCOPE_APPLICATION; scope < SCOPES; scope++) {
        duk_enum(ctx, scope, DUK_ENUM_OWN_PROPERTIES_ONLY);
        while (duk_next(ctx, -1, 1)) {
            struct td_bytes value = take_text(ctx, evaluation);
            const char *name = duk_get_string(ctx, -1);

            if (name[0] != '\0' && !is_as_before(evaluation->request, scope, name, value))
                add_change(ctx, evaluation, scope, name, value);
            duk_pop(ctx);
        }
        duk_pop(ctx);
    }
}

/* --- one expression --- */

static void push_function(duk_context *ctx, struct td_bytes expression)
{
    duk_push_string(ctx, before);
    duk_push_lstring(ctx, (const char *)expression.data, expression.size);
    duk_push_string(ctx, after);
    duk_concat(ctx, 3);
    duk_push_string(ctx, "expression");
    duk_compile(ctx, DUK_COMPILE_EVAL);
    duk_call(ctx, 0);
}

static void convert_top(duk_context *ctx, enum td_script_mode mode)
{
    if (mode == TD_SCRIPT_MODE_BOOLEAN)
        (void)duk_to_boolean(ctx, -1);
    else if (mode == TD_SCRIPT_MODE_STRING)
        (void)duk_to_string(ctx, -1);
    else if (mode == TD_SCRIPT_MODE_ASSIGN)
        (void)duk_push_undefined(ctx);
}

static duk_ret_t run(duk_context *ctx, void *udata)
{
    struct evaluation *evaluation = udata;
    struct td_script_reply *reply = evaluation->reply;

    duk_push_global_object(ctx);
    (void)duk_del_prop_string(ctx, -1, "Duktape"); // Its knobs are not the language's.
    duk_pop(ctx);
    push_scopes(ctx, evaluation->request);
    push_function(ctx, evaluation->request->expression);
    for (duk_idx_t scope = 0; scope < SCOPES; scope++)
        duk_dup(ctx, scope);
    duk_call(ctx, SCOPES);
    convert_top(ctx, evaluation->request->mode);
    reply->value = take_text(ctx, evaluation);
    collect_changes(ctx, evaluation);
    return 0;
}

static void fail(struct td_script_reply *reply, const char *message)
{
    reply->failed = true;
    reply->value = td_bytes(NULL, 0);
    reply->changed_count = 0;
    td_str_clip(reply->message, sizeof(reply->message), message);
}

void engine_evaluate(struct engine *engine, const struct td_script_request *request,
                     struct td_arena *arena, struct td_script_reply *reply)
{
    struct evaluation evaluation = {request, reply, arena};

    *reply = (struct td_script_reply){.number = request->number};
    reply->changed = td_arena_array(arena, CHANGED_MAX, sizeof(*reply->changed));
    assert(reply->changed != NULL); // The caller's arena is sized for it.
    engine_prepare(engine);
    duk_context *ctx = engine->prepared;
    engine->prepared = NULL;
    if (ctx == NULL) {
        fail(reply, "no memory for a script");
        return;
    }
    if (duk_safe_call(ctx, run, &evaluation, 0, 1) != DUK_EXEC_SUCCESS)
        fail(reply, duk_safe_to_string(ctx, -1));
    duk_destroy_heap(ctx);
}
