#include <string.h>

#include "base/str.h"
#include "ivr/ivr.h"

#define RESULT_DEADLINE_MS 1000

static void on_committed(void *ctx, enum td_err err)
{
    struct ivr *ivr = ctx;

    if (err == TD_OK)
        return;
    ++*ivr->counters.commits_failed;
    td_log_warn(td_service_log(ivr->service), "commit.failed", td_failure(err));
}

static struct td_dialog_event event_of(const struct dialog *dialog)
{
    struct td_dialog_event event = {
        .dialog_id = dialog->id,
        .interaction_id = dialog->interaction,
        .purpose = dialog->purpose,
    };

    td_str_clip(event.document, sizeof(event.document), dialog->current);
    return event;
}

static void add_event(struct td_commit *commit, const struct dialog *dialog, const char *topic,
                      const struct td_dialog_event *event)
{
    struct td_arena *arena = td_service_arena(dialog->ivr->service);
    size_t mark = arena->used;

    td_commit_event(commit, topic, dialog->key, "DialogEvent",
                    td_dialog_event_encode(arena, event));
    td_arena_rewind(arena, mark);
}

static void run(struct td_commit *commit, struct ivr *ivr)
{
    td_commit_run(commit, TD_COMMIT_KEPT_MS, on_committed, ivr);
}

void report_started(struct dialog *dialog, bool resumed)
{
    struct ivr *ivr = dialog->ivr;
    struct td_commit *commit = td_commit_begin(ivr->service, dialog->tenant);
    struct td_dialog_event event = event_of(dialog);

    ++*(resumed ? ivr->counters.resumed : ivr->counters.started);
    td_log_info(td_service_log(ivr->service), resumed ? "dialog.resumed" : "dialog.started",
                td_str("interaction", dialog->key), td_str("document", dialog->document),
                td_str("purpose", td_dialog_purpose_name(dialog->purpose)));
    td_str_clip(event.reason, sizeof(event.reason), resumed ? "resumed" : "");
    add_event(commit, dialog, "dialog.started", &event);
    run(commit, ivr);
}

void report_input(struct dialog *dialog, const char *field, const char *digits)
{
    struct ivr *ivr = dialog->ivr;
    struct td_commit *commit = td_commit_begin(ivr->service, dialog->tenant);
    struct td_dialog_event event = event_of(dialog);

    ++*ivr->counters.inputs;
    td_str_clip(event.field, sizeof(event.field), field);
    td_str_clip(event.input, sizeof(event.input), digits == NULL ? "" : digits);
    add_event(commit, dialog, "dialog.input", &event);
    run(commit, ivr);
}

/* --- the end --- */

static enum td_dialog_result result_of(const struct ivr_result *result)
{
    static const enum td_dialog_result results[] = {
        [IVR_OUTCOME_DONE] = TD_DIALOG_RESULT_DONE,
        [IVR_OUTCOME_TRANSFER] = TD_DIALOG_RESULT_TRANSFER,
        [IVR_OUTCOME_HANG_UP] = TD_DIALOG_RESULT_HANG_UP,
        [IVR_OUTCOME_ERROR] = TD_DIALOG_RESULT_ERROR,
    };

    return results[result->outcome];
}

static void put_attribute(struct td_attribute *to, const struct ivr_result_attribute *from)
{
    static const enum td_attribute_type types[] = {
        [IVR_TYPE_NUMBER] = TD_ATTRIBUTE_TYPE_NUMBER,
        [IVR_TYPE_TEXT] = TD_ATTRIBUTE_TYPE_TEXT,
        [IVR_TYPE_FLAG] = TD_ATTRIBUTE_TYPE_FLAG,
    };

    td_str_clip(to->name, sizeof(to->name), from->name);
    to->type = types[from->type];
    to->number = from->number;
    td_str_clip(to->text, sizeof(to->text), from->text);
}

static struct td_dialog_ended ended_of(const struct dialog *dialog, const struct ivr_result *result)
{
    struct td_dialog_ended ended = {
        .dialog_id = dialog->id,
        .interaction_id = dialog->interaction,
        .result = result_of(result),
        .attributes_count = result->attribute_count,
        .recorded_ms = ivr_session_recorded_ms(&dialog->session),
    };

    td_str_clip(ended.queue, sizeof(ended.queue), result->queue);
    td_str_clip(ended.language, sizeof(ended.language), result->language);
    td_str_clip(ended.requirement, sizeof(ended.requirement), result->requirement);
    td_str_clip(ended.reason, sizeof(ended.reason), result->reason);
    for (uint32_t i = 0; i < result->attribute_count; i++)
        put_attribute(&ended.attributes[i], &result->attributes[i]);
    return ended;
}

static void tell_router(const struct dialog *dialog, const struct ivr_result *result)
{
    struct ivr *ivr = dialog->ivr;
    struct td_arena *arena = td_service_arena(ivr->service);
    size_t mark = arena->used;
    struct td_dialog_ended ended = ended_of(dialog, result);
    struct td_call call = {
        .to = "router",
        .type = "DialogEnded",
        .payload = td_dialog_ended_encode(arena, &ended),
        .tenant = dialog->tenant,
        .key = dialog->key,
        .deadline_ms = RESULT_DEADLINE_MS,
    };

    if (td_outbox_send(ivr->outbox, &call) != TD_OK)
        td_log_error(td_service_log(ivr->service), "result.lost",
                     td_str("interaction", dialog->key));
    td_arena_rewind(arena, mark);
}

static void commit_end(const struct dialog *dialog, enum td_dialog_result result,
                       const char *reason)
{
    struct td_commit *commit = td_commit_begin(dialog->ivr->service, dialog->tenant);
    struct td_dialog_event event = event_of(dialog);

    event.result = result;
    td_str_clip(event.reason, sizeof(event.reason), reason);
    checkpoint_delete(dialog, commit);
    add_event(commit, dialog, "dialog.ended", &event);
    run(commit, dialog->ivr);
}

void report_ended(struct dialog *dialog)
{
    struct ivr *ivr = dialog->ivr;
    const struct ivr_result *result = ivr_session_result(&dialog->session);
    enum td_dialog_result told = result_of(result);
    enum td_log_level level = result->outcome == IVR_OUTCOME_ERROR ? TD_LOG_WARN : TD_LOG_INFO;

    ++*ivr->counters.ended[told];
    TD_LOG_AT(td_service_log(ivr->service), level, "dialog.ended",
              td_str("interaction", dialog->key), td_str("document", dialog->current),
              td_str("result", td_dialog_result_name(told)), td_str("queue", result->queue),
              td_str("reason", result->reason));
    tell_router(dialog, result);
    commit_end(dialog, told, result->reason);
}

void report_stopped(struct dialog *dialog)
{
    ++*dialog->ivr->counters.stopped;
    td_log_info(td_service_log(dialog->ivr->service), "dialog.stopped",
                td_str("interaction", dialog->key), td_str("document", dialog->current));
    commit_end(dialog, TD_DIALOG_RESULT_UNSPECIFIED, "stopped");
}
