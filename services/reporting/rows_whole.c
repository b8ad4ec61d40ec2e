/* Rows of whole things: every event, every closed interaction, every recording. */
#include "reporting/core/occurred.h"
#include "reporting/rows_tables.h"
#include "wire/interaction_wire.h"
#include "wire/media_wire.h"

#define COPY_EVENTS                                                                                \
    "COPY pg_temp.event_staging (tenant, occurred_at, event_id, topic, key, source, site, type, "  \
    "payload) FROM STDIN (FORMAT binary)"
#define COPY_INTERACTIONS                                                                          \
    "COPY pg_temp.interaction_staging (tenant, occurred_at, interaction_id, site, channel, "       \
    "entry_point, queue, agent, customer_id, caller, called, outcome, ended_by, reason, "          \
    "disposition, queued_at, answered_at, ended_at, closed_at, dialog_ms, wait_ms, talk_ms, "      \
    "wrap_up_ms, offers, declined, no_answer, device_failures, within_threshold, decision, "       \
    "direction, short_abandoned, transfers, holds, hold_ms, first_agent, overflows, "              \
    "overflow_cause, voice_mail_ms) "                                                              \
    "FROM STDIN (FORMAT binary)"
#define COPY_RECORDINGS                                                                            \
    "COPY pg_temp.recording_staging (tenant, occurred_at, interaction_id, file, started_at, "      \
    "duration_ms, size_bytes, complete, kind) FROM STDIN (FORMAT binary)"

static struct td_param begun(struct td_interaction_id interaction)
{
    return td_param_unix_us(occurred_begun_unix_us(interaction.id));
}

struct td_param rows_occurred(const struct td_envelope *envelope)
{
    return td_param_unix_us(occurred_unix_us(envelope->id.id, envelope->time_unix_us));
}

struct td_param rows_time_or_null(uint64_t unix_us)
{
    return unix_us != 0 && unix_us <= OCCURRED_MAX_UNIX_US ? td_param_unix_us(unix_us)
                                                           : td_param_null(TD_PARAM_UNIX_US);
}

struct td_param rows_id_or_null(struct td_id id)
{
    return td_id_is_nil(id) ? td_param_null(TD_PARAM_ID) : td_param_id(id);
}

static void add_event(struct td_history_unit *unit, const struct rows_source *source)
{
    const struct td_envelope *envelope = source->envelope;
    const struct td_param params[] = {
        td_param_i32((int32_t)envelope->tenant),
        rows_occurred(envelope),
        td_param_id(envelope->id.id),
        td_param_text(envelope->topic),
        td_param_text(envelope->key),
        td_param_text(envelope->source),
        td_param_text(envelope->site),
        td_param_text(envelope->type),
        td_param_bytes(envelope->payload),
    };

    td_history_unit_row(unit, params, sizeof(params) / sizeof(params[0]));
}

static void add_summary(struct td_history_unit *unit, const struct rows_source *source,
                        const struct td_interaction_summary *summary)
{
    const struct td_envelope *envelope = source->envelope;
    struct td_bytes decision = summary->has_decision
                                   ? td_decision_encode(source->arena, &summary->decision)
                                   : (struct td_bytes){0};
    const struct td_param params[] = {
        td_param_i32((int32_t)envelope->tenant),
        begun(summary->interaction_id),
        td_param_id(summary->interaction_id.id),
        td_param_text(envelope->site),
        td_param_text(td_channel_name(summary->channel)),
        td_param_text(summary->entry_point),
        td_param_text(summary->queue),
        td_param_text(summary->agent),
        rows_id_or_null(summary->customer_id.id),
        td_param_text(summary->caller),
        td_param_text(summary->called),
        td_param_text(td_outcome_name(summary->outcome)),
        td_param_text(summary->ended_by),
        td_param_text(summary->reason),
        td_param_text(summary->disposition),
        rows_time_or_null(summary->queued_at_unix_us),
        rows_time_or_null(summary->answered_at_unix_us),
        rows_time_or_null(summary->ended_at_unix_us),
        rows_time_or_null(summary->closed_at_unix_us),
        td_param_i64((int64_t)summary->dialog_ms),
        td_param_i64((int64_t)summary->wait_ms),
        td_param_i64((int64_t)summary->talk_ms),
        td_param_i64((int64_t)summary->wrap_up_ms),
        td_param_i32((int32_t)summary->offers),
        td_param_i32((int32_t)summary->declined),
        td_param_i32((int32_t)summary->no_answer),
        td_param_i32((int32_t)summary->device_failures),
        td_param_bool(summary->within_threshold),
        td_param_bytes(decision),
        td_param_text(td_direction_name(summary->direction == TD_DIRECTION_UNSPECIFIED
                                            ? TD_DIRECTION_INBOUND
                                            : summary->direction)),
        td_param_bool(summary->short_abandoned),
        td_param_i32((int32_t)summary->transfers),
        td_param_i32((int32_t)summary->holds),
        td_param_i64((int64_t)summary->hold_ms),
        td_param_text(summary->first_agent),
        td_param_i32((int32_t)summary->overflows),
        td_param_text(summary->cause != TD_OVERFLOW_CAUSE_UNSPECIFIED
                          ? td_overflow_cause_name(summary->cause)
                          : ""),
        td_param_i64((int64_t)summary->voice_mail_ms),
    };

    td_history_unit_row(unit, params, sizeof(params) / sizeof(params[0]));
}

static void add_interaction(struct td_history_unit *unit, const struct rows_source *source)
{
    struct td_interaction_summary summary;

    if (td_interaction_summary_decode(source->arena, source->envelope->payload, &summary, NULL) ==
        TD_OK)
        add_summary(unit, source, &summary);
}

static void add_finished(struct td_history_unit *unit, const struct td_envelope *envelope,
                         const struct td_recording_finished *recording)
{
    const struct td_param params[] = {
        td_param_i32((int32_t)envelope->tenant),
        begun(recording->interaction_id),
        td_param_id(recording->interaction_id.id),
        td_param_text(recording->file),
        td_param_unix_us(recording->started_at_unix_us <= OCCURRED_MAX_UNIX_US
                             ? recording->started_at_unix_us
                             : 0),
        td_param_i64((int64_t)recording->duration_ms),
        td_param_i64((int64_t)recording->size_bytes),
        td_param_bool(recording->complete),
        td_param_text(td_recording_kind_name(recording->kind)),
    };

    td_history_unit_row(unit, params, sizeof(params) / sizeof(params[0]));
}

static void add_recording(struct td_history_unit *unit, const struct rows_source *source)
{
    struct td_recording_finished recording;

    if (td_recording_finished_decode(source->arena, source->envelope->payload, &recording, NULL) ==
        TD_OK)
        add_finished(unit, source->envelope, &recording);
}

const struct rows_filler rows_events = {
    .copy = COPY_EVENTS,
    .move = {"reporting_move_events",
             "INSERT INTO tandem.event SELECT * FROM pg_temp.event_staging ON CONFLICT DO NOTHING"},
    .add = add_event,
};

const struct rows_filler rows_interactions = {
    .copy = COPY_INTERACTIONS,
    .move = {"reporting_move_interactions",
             "INSERT INTO tandem.interaction SELECT * FROM pg_temp.interaction_staging "
             "ON CONFLICT DO NOTHING"},
    .add = add_interaction,
};

const struct rows_filler rows_recordings = {
    .copy = COPY_RECORDINGS,
    .move = {"reporting_move_recordings",
             "INSERT INTO tandem.recording SELECT * FROM pg_temp.recording_staging "
             "ON CONFLICT DO NOTHING"},
    .add = add_recording,
};
