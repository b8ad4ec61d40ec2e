#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ivr/ivr.h"

#define EXPRESSION_MAX 8191U

static uint32_t copy_variables(const struct dialog *dialog, struct td_script_variable *to)
{
    const struct ivr_variables *variables = ivr_session_variables(&dialog->session);
    enum ivr_scope scope;
    const char *name;
    const char *value;
    uint32_t count = 0;

    for (; ivr_variables_at(variables, count, &scope, &name, &value); count++) {
        to[count].scope = (enum td_script_scope)scope;
        td_str_clip(to[count].name, sizeof(to[count].name), name);
        to[count].value = td_bytes(value, strlen(value));
    }
    return count;
}

enum td_err dialog_ask_script(struct dialog *dialog, const struct ivr_effect *effect)
{
    struct ivr *ivr = dialog->ivr;
    struct td_arena *arena = td_service_arena(ivr->service);
    size_t mark = arena->used;
    struct td_script_request request = {
        .number = ++ivr->script_number,
        .mode = (enum td_script_mode)effect->mode,
        .expression = td_bytes(effect->expression, strlen(effect->expression)),
        .variables = td_arena_array(arena, IVR_VARIABLES_MAX, sizeof(*request.variables)),
    };

    if (request.variables == NULL || request.expression.size > EXPRESSION_MAX)
        return TD_ERR_LIMIT;
    request.variables_count = copy_variables(dialog, request.variables);
    enum td_err err = script_pool_ask(ivr->scripts, dialogs_token(dialog),
                                      td_script_request_encode(arena, &request));
    td_arena_rewind(arena, mark);
    return err;
}

/* Texts of a reply are bytes; the core wants strings. */
static const char *copy_text(struct td_arena *arena, struct td_bytes bytes)
{
    char *text = td_arena_alloc(arena, bytes.size + 1);

    if (text == NULL)
        abort(); // See make_prompts().
    if (bytes.size > 0)
        memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    return text;
}

static void take_answer(struct dialog *dialog, const struct td_script_reply *reply)
{
    struct td_arena *arena = td_service_arena(dialog->ivr->service);
    struct ivr_change *changes = td_arena_array(arena, reply->changed_count, sizeof(*changes));
    struct ivr_input input = {.kind = IVR_INPUT_SCRIPT, .changes = changes};

    if (changes == NULL)
        abort(); // See make_prompts().
    for (uint32_t i = 0; i < reply->changed_count; i++) {
        changes[i].scope = (enum ivr_scope)reply->changed[i].scope;
        changes[i].name = reply->changed[i].name;
        changes[i].value = copy_text(arena, reply->changed[i].value);
    }
    input.change_count = reply->changed_count;
    input.value = copy_text(arena, reply->value);
    if (reply->failed) {
        ++*dialog->ivr->counters.scripts_failed;
        input.failed = "error.semantic";
        input.message = reply->message;
    }
    dialog_step(dialog, &input);
}

void dialog_evaluated(void *ctx, uint64_t token, enum script_outcome outcome,
                      const struct td_script_reply *reply)
{
    static const struct {
        const char *event;
        const char *message;
    } failures[SCRIPT_OUTCOME_COUNT] = {
        [SCRIPT_OVERDUE] = {"error.semantic", "the expression took too long"},
        [SCRIPT_DIED] = {"error.semantic", "the expression ended its engine"},
        [SCRIPT_NO_WORKER] = {"error.noresource", "no script worker was free"},
    };
    struct ivr *ivr = ctx;
    struct dialog *dialog = dialogs_of_token(ivr, token);

    ++*ivr->counters.scripts_evaluated;
    *ivr->counters.scripts_killed += outcome == SCRIPT_OVERDUE;
    if (dialog == NULL)
        return; // Stopped meanwhile.
    if (outcome == SCRIPT_ANSWERED) {
        take_answer(dialog, reply);
        return;
    }
    td_log_warn(td_service_log(ivr->service), "script.given_up", td_str("interaction", dialog->key),
                td_str("document", dialog->current), td_str("why", failures[outcome].message));
    struct ivr_input input = {.kind = IVR_INPUT_SCRIPT,
                              .failed = failures[outcome].event,
                              .message = failures[outcome].message};
    dialog_step(dialog, &input);
}
