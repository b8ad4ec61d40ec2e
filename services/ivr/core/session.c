#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "ivr/core/session_private.h"

static enum ivr_next (*const phases[IVR_PHASE_COUNT])(struct ivr_run *run) = {
    [IVR_PHASE_DOCUMENT] = ivr_phase_document,
    [IVR_PHASE_ENTER] = ivr_phase_enter,
    [IVR_PHASE_FORM] = ivr_phase_form,
    [IVR_PHASE_SELECT] = ivr_phase_select,
    [IVR_PHASE_PROMPTS] = ivr_phase_prompts,
    [IVR_PHASE_SAY] = ivr_phase_say,
    [IVR_PHASE_VISIT] = ivr_phase_visit,
    [IVR_PHASE_LISTEN] = ivr_phase_listen,
    [IVR_PHASE_FILLED] = ivr_phase_filled,
    [IVR_PHASE_CHOICE] = ivr_phase_choice,
    [IVR_PHASE_RECORD] = ivr_phase_record,
    [IVR_PHASE_TRANSFER] = ivr_phase_transfer,
    [IVR_PHASE_CONTENT] = ivr_phase_content,
    [IVR_PHASE_RENDER] = ivr_phase_render,
    [IVR_PHASE_LOG] = ivr_phase_log,
    [IVR_PHASE_THROW] = ivr_phase_throw,
    [IVR_PHASE_EVENT] = ivr_phase_event,
    [IVR_PHASE_CAUGHT] = ivr_phase_caught,
    [IVR_PHASE_FLUSH] = ivr_phase_flush,
    [IVR_PHASE_FETCH] = ivr_phase_fetch,
    [IVR_PHASE_DISCONNECT] = ivr_phase_disconnect,
    [IVR_PHASE_END] = ivr_phase_end,
};

/* --- what phases use --- */

struct ivr_effect *ivr_add_effect(struct ivr_run *run, enum ivr_effect_kind kind)
{
    bool told = kind == IVR_EFFECT_LOG || kind == IVR_EFFECT_INPUT;

    // The last place is kept for the one effect that waits for an answer.
    if (run->effects->count == IVR_EFFECTS_MAX - (told ? 1 : 0))
        return NULL;
    struct ivr_effect *effect = &run->effects->list[run->effects->count++];
    *effect = (struct ivr_effect){.kind = kind};
    return effect;
}

enum ivr_next ivr_go(struct ivr_session *session, enum ivr_phase phase)
{
    session->phase = (int)phase;
    return IVR_GO;
}

enum ivr_next ivr_go_at(struct ivr_session *session, enum ivr_phase phase, uint32_t cursor)
{
    session->cursor = cursor;
    return ivr_go(session, phase);
}

static enum ivr_next run_in_circles(struct ivr_session *session)
{
    ivr_queue_abandon(&session->queue);
    ivr_queue_drop(&session->queue, session->queue.count);
    session->result.outcome = session->hung_up ? session->gone : IVR_OUTCOME_ERROR;
    td_str_clip(session->result.reason, sizeof(session->result.reason),
                "error.semantic: the document runs in circles without listening");
    return ivr_go(session, IVR_PHASE_END);
}

bool ivr_need(struct ivr_run *run, const char *expression, enum ivr_mode mode, enum ivr_next *next)
{
    struct ivr_session *session = run->session;

    if (session->has_ready ||
        ivr_expression_try(&session->variables, expression, mode, session->ready))
        return true;
    if (session->evaluations++ >= IVR_EVALUATIONS_MAX) {
        *next = run_in_circles(session);
        return false;
    }
    struct ivr_effect *effect = ivr_add_effect(run, IVR_EFFECT_EVALUATE);
    assert(effect != NULL);
    effect->expression = expression;
    effect->mode = mode;
    session->waiting = IVR_WAITING_SCRIPT;
    *next = IVR_WAIT;
    return false;
}

enum ivr_next ivr_throw(struct ivr_session *session, const char *event, const char *message)
{
    char kept[IVR_EVENT_SIZE]; // `event` may be the one of the session.

    td_str_clip(kept, sizeof(kept), event);
    memcpy(session->event, kept, sizeof(kept));
    if (message != session->message)
        td_str_clip(session->message, sizeof(session->message), message);
    session->search = (struct ivr_search){.scope = 0};
    ivr_queue_abandon(&session->queue);
    return ivr_go(session, IVR_PHASE_EVENT);
}

enum ivr_next ivr_throw_unsupported(struct ivr_session *session, enum ivr_element element)
{
    char event[IVR_EVENT_SIZE];
    struct td_text text;

    td_text_init(&text, event, sizeof(event));
    td_text_add(&text, "error.unsupported.");
    td_text_add(&text, ivr_element_name(element));
    return ivr_throw(session, event, "this element is not supported");
}

enum ivr_next ivr_finish(struct ivr_session *session, enum ivr_outcome outcome, const char *reason)
{
    session->result.outcome = session->hung_up ? session->gone : outcome;
    td_str_clip(session->result.reason, sizeof(session->result.reason), reason);
    session->flush_return = IVR_PHASE_END;
    return ivr_go(session, IVR_PHASE_FLUSH);
}

bool ivr_set_variable(struct ivr_session *session, enum ivr_scope scope, const char *name,
                      const char *value, enum ivr_next *next)
{
    if (ivr_variables_set(&session->variables, scope, name, value) == TD_OK)
        return true;
    *next = ivr_throw(session, "error.semantic", "no room for another variable");
    return false;
}

/* --- the end --- */

enum ivr_next ivr_phase_flush(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    uint32_t count = ivr_queue_group(&session->queue, IVR_GROUP_MAX);

    if (count == 0 || session->hung_up)
        return ivr_go(session, (enum ivr_phase)session->flush_return);
    struct ivr_effect *effect = ivr_add_effect(run, IVR_EFFECT_PLAY);
    assert(effect != NULL);
    effect->segment_count = count;
    effect->barge_in = session->queue.list[0].barge_in;
    session->group = count;
    session->waiting = IVR_WAITING_PLAY;
    return IVR_WAIT;
}

static enum ivr_next hang_up(struct ivr_session *session, enum ivr_outcome gone)
{
    bool was_ending = session->phase == IVR_PHASE_FLUSH && session->flush_return == IVR_PHASE_END;

    session->hung_up = true;
    session->gone = gone;
    ivr_queue_abandon(&session->queue);
    ivr_queue_drop(&session->queue, session->queue.count);
    if (was_ending) {
        session->result.outcome = gone;
        return ivr_go(session, IVR_PHASE_END);
    }
    return ivr_throw(session, "connection.disconnect.hangup", "");
}

enum ivr_next ivr_phase_disconnect(struct ivr_run *run)
{
    if (run->session->hung_up)
        return ivr_finish(run->session, IVR_OUTCOME_DONE, "");
    return hang_up(run->session, IVR_OUTCOME_DONE);
}

enum ivr_next ivr_phase_end(struct ivr_run *run)
{
    run->session->waiting = IVR_WAITING_ENDED;
    (void)ivr_add_effect(run, IVR_EFFECT_END);
    return IVR_WAIT;
}

/* --- inputs --- */

static void take_play(struct ivr_session *session, const struct ivr_input *input)
{
    ivr_queue_drop(&session->queue, session->group);
    if (input->heard == IVR_HEARD_BARGED)
        ivr_queue_drop_barged(&session->queue);
}

static void take_collect(struct ivr_run *run, const struct ivr_input *input)
{
    ivr_queue_drop(&run->session->queue, run->session->group);
    if (input->heard != IVR_HEARD_NOTHING) {
        run->session->steps = 0; // The customer had a say: this was no circle.
        run->session->evaluations = 0;
    }
    (void)ivr_heard(run, input);
}

static void take_record(struct ivr_run *run, const struct ivr_input *input)
{
    ivr_queue_drop(&run->session->queue, run->session->group);
    if (input->heard == IVR_HEARD_RECORDED) {
        run->session->steps = 0;
        run->session->evaluations = 0;
    }
    (void)ivr_recorded(run, input);
}

static bool apply_changes(struct ivr_session *session, const struct ivr_input *input)
{
    enum ivr_next next;

    for (uint32_t i = 0; i < input->change_count; i++) {
        const struct ivr_change *change = &input->changes[i];

        if (change->scope == IVR_SCOPE_SESSION || (size_t)change->scope >= IVR_SCOPE_COUNT ||
            !ivr_is_name(change->name))
            continue;
        if (!ivr_set_variable(session, change->scope, change->name, change->value, &next))
            return false;
    }
    return true;
}

static void take_script(struct ivr_session *session, const struct ivr_input *input)
{
    if (session->hang_up_pending) {
        session->hang_up_pending = false;
        (void)apply_changes(session, input);
        (void)hang_up(session, IVR_OUTCOME_HANG_UP);
        return;
    }
    if (input->failed != NULL) {
        (void)ivr_throw(session, input->failed, input->message == NULL ? "" : input->message);
        return;
    }
    if (!apply_changes(session, input))
        return;
    session->has_ready = td_str_copy(session->ready, sizeof(session->ready), input->value) == TD_OK;
    if (!session->has_ready)
        (void)ivr_throw(session, "error.semantic", "the value of the expression is too long");
}

static void take_document(struct ivr_session *session, const struct ivr_document *document)
{
    if (session->hang_up_pending) {
        session->hang_up_pending = false;
        (void)hang_up(session, IVR_OUTCOME_HANG_UP);
    } else if (document == NULL) {
        (void)ivr_throw(session, "error.badfetch", session->target.document);
    } else if (ivr_document_dialog(document, session->target.fragment) == 0) {
        (void)ivr_throw(session, "error.badfetch", session->target.fragment);
    } else {
        session->document = document;
        session->resumed = false;
        ivr_variables_clear(&session->variables, IVR_SCOPE_DOCUMENT);
        memcpy(session->fragment, session->target.fragment, sizeof(session->fragment));
        session->form = 0;
        session->item = 0;
        (void)ivr_go_at(session, IVR_PHASE_DOCUMENT,
                        ivr_node_child(document, ivr_document_root(document)));
    }
}

/* @return Whether it means anything now. */
static bool take_hang_up(struct ivr_session *session, const struct ivr_input *input)
{
    if (session->hung_up || session->hang_up_pending)
        return false;
    if (session->waiting == IVR_WAITING_SCRIPT || session->waiting == IVR_WAITING_DOCUMENT) {
        session->hang_up_pending = true;
        return false;
    }
    enum ivr_next next;
    if (session->waiting == IVR_WAITING_RECORD && input->recorded_ms > 0)
        (void)ivr_keep_recorded(session, input, &next); // What was said until then counts.
    (void)hang_up(session, IVR_OUTCOME_HANG_UP);
    return true;
}

static bool is_awaited(const struct ivr_session *session, enum ivr_input_kind kind)
{
    switch (kind) {
    case IVR_INPUT_START:
        return session->waiting == IVR_WAITING_START;
    case IVR_INPUT_MEDIA:
        return session->waiting == IVR_WAITING_PLAY || session->waiting == IVR_WAITING_COLLECT ||
               session->waiting == IVR_WAITING_RECORD;
    case IVR_INPUT_SCRIPT:
        return session->waiting == IVR_WAITING_SCRIPT;
    case IVR_INPUT_DOCUMENT:
        return session->waiting == IVR_WAITING_DOCUMENT;
    case IVR_INPUT_HANG_UP:
        return session->waiting != IVR_WAITING_ENDED;
    }
    return false;
}

/* @return Whether there is something to run. */
static bool take(struct ivr_run *run, const struct ivr_input *input)
{
    struct ivr_session *session = run->session;

    if (!is_awaited(session, input->kind))
        return false;
    if (input->kind == IVR_INPUT_HANG_UP)
        return take_hang_up(session, input);
    session->has_ready = false;
    if (input->kind == IVR_INPUT_SCRIPT)
        take_script(session, input);
    else if (input->kind == IVR_INPUT_DOCUMENT)
        take_document(session, input->document);
    else if (session->waiting == IVR_WAITING_PLAY)
        take_play(session, input);
    else if (session->waiting == IVR_WAITING_COLLECT)
        take_collect(run, input);
    else if (session->waiting == IVR_WAITING_RECORD)
        take_record(run, input);
    return true;
}

/* --- the loop --- */

void ivr_session_step(struct ivr_session *session, const struct ivr_input *input,
                      struct ivr_effects *effects)
{
    struct ivr_run run = {session, session->document, effects};

    effects->count = 0;
    if (!take(&run, input))
        return;
    session->waiting = IVR_WAITING_NOTHING;
    for (;;) {
        if (session->steps++ >= IVR_STEPS_MAX && session->phase != IVR_PHASE_END)
            (void)run_in_circles(session);
        run.document = session->document;
        if (phases[session->phase](&run) == IVR_WAIT)
            return;
        session->has_ready = false; // Used, or no longer asked for.
    }
}

void ivr_session_init(struct ivr_session *session, const struct ivr_document *document,
                      const char *language)
{
    memset(session, 0, sizeof(*session));
    session->document = document;
    session->waiting = IVR_WAITING_START;
    if (ivr_is_language(language))
        td_str_clip(session->language, sizeof(session->language), language);
    (void)ivr_go_at(session, IVR_PHASE_DOCUMENT,
                    ivr_node_child(document, ivr_document_root(document)));
}

enum td_err ivr_session_set(struct ivr_session *session, const char *name, const char *value)
{
    return ivr_variables_set(&session->variables, IVR_SCOPE_SESSION, name, value);
}

bool ivr_session_is_ended(const struct ivr_session *session)
{
    return session->waiting == IVR_WAITING_ENDED;
}

const struct ivr_result *ivr_session_result(const struct ivr_session *session)
{
    return &session->result;
}

uint32_t ivr_session_recorded_ms(const struct ivr_session *session)
{
    return session->recorded_ms;
}

const struct ivr_document *ivr_session_document(const struct ivr_session *session)
{
    return session->document;
}

const struct ivr_queue *ivr_session_queue(const struct ivr_session *session)
{
    return &session->queue;
}

const struct ivr_variables *ivr_session_variables(const struct ivr_session *session)
{
    return &session->variables;
}
