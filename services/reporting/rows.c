#include "reporting/rows.h"

#include "base/str.h"
#include "wire/interaction_wire.h"
#include "wire/media_wire.h"

const struct td_history_statement rows_positions = {
    "reporting_positions",
    "SELECT partition, unix_ms, sequence FROM tandem.stream_position WHERE site = $1"};

static const struct td_history_statement move_events = {
    "reporting_move_events", "INSERT INTO tandem.event SELECT * FROM tandem.event_staging "
                             "ON CONFLICT DO NOTHING"};
static const struct td_history_statement move_interactions = {
    "reporting_move_interactions",
    "INSERT INTO tandem.interaction SELECT * FROM tandem.interaction_staging "
    "ON CONFLICT DO NOTHING"};
static const struct td_history_statement move_recordings = {
    "reporting_move_recordings",
    "INSERT INTO tandem.recording SELECT * FROM tandem.recording_staging ON CONFLICT DO NOTHING"};
static const struct td_history_statement clear_events = {"reporting_clear_events",
                                                         "DELETE FROM tandem.event_staging"};
static const struct td_history_statement clear_interactions = {
    "reporting_clear_interactions", "DELETE FROM tandem.interaction_staging"};
static const struct td_history_statement clear_recordings = {
    "reporting_clear_recordings", "DELETE FROM tandem.recording_staging"};
static const struct td_history_statement move_position = {
    "reporting_move_position",
    "INSERT INTO tandem.stream_position AS p (site, partition, unix_ms, sequence) "
    "VALUES ($1, $2, $3, $4) ON CONFLICT (site, partition) DO UPDATE "
    "SET unix_ms = excluded.unix_ms, sequence = excluded.sequence "
    "WHERE (excluded.unix_ms, excluded.sequence) > (p.unix_ms, p.sequence)"};

#define COPY_EVENTS                                                                                \
    "COPY tandem.event_staging (tenant, occurred_at, event_id, topic, key, source, site, type, "   \
    "payload) FROM STDIN (FORMAT binary)"
#define COPY_INTERACTIONS                                                                          \
    "COPY tandem.interaction_staging (tenant, occurred_at, interaction_id, site, channel, "        \
    "entry_point, queue, agent, customer_id, caller, called, outcome, ended_by, reason, "          \
    "disposition, queued_at, answered_at, ended_at, closed_at, dialog_ms, wait_ms, talk_ms, "      \
    "wrap_up_ms, offers, declined, no_answer, device_failures, within_threshold, decision) "       \
    "FROM STDIN (FORMAT binary)"
#define COPY_RECORDINGS                                                                            \
    "COPY tandem.recording_staging (tenant, occurred_at, interaction_id, file, started_at, "       \
    "duration_ms, size_bytes, complete) FROM STDIN (FORMAT binary)"

/* Ids are UUIDv7: when the thing they name began can be read from them. */
static struct td_param begun(struct td_id id)
{
    return td_param_unix_us(td_id_unix_ms(id) * 1000);
}

static struct td_param time_or_null(uint64_t unix_us)
{
    return unix_us != 0 ? td_param_unix_us(unix_us) : td_param_null(TD_PARAM_UNIX_US);
}

static void add_event(struct td_history_unit *unit, const struct td_envelope *envelope)
{
    const struct td_param params[] = {
        td_param_i32((int32_t)envelope->tenant),
        begun(envelope->id.id),
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

static void add_interaction(struct td_history_unit *unit, struct td_arena *arena,
                            const struct td_envelope *envelope,
                            const struct td_interaction_summary *summary)
{
    struct td_bytes decision = summary->has_decision ? td_decision_encode(arena, &summary->decision)
                                                     : (struct td_bytes){0};
    const struct td_param params[] = {
        td_param_i32((int32_t)envelope->tenant),
        begun(summary->interaction_id.id),
        td_param_id(summary->interaction_id.id),
        td_param_text(envelope->site),
        td_param_text(td_channel_name(summary->channel)),
        td_param_text(summary->entry_point),
        td_param_text(summary->queue),
        td_param_text(summary->agent),
        td_id_is_nil(summary->customer_id.id) ? td_param_null(TD_PARAM_ID)
                                              : td_param_id(summary->customer_id.id),
        td_param_text(summary->caller),
        td_param_text(summary->called),
        td_param_text(td_outcome_name(summary->outcome)),
        td_param_text(summary->ended_by),
        td_param_text(summary->reason),
        td_param_text(summary->disposition),
        time_or_null(summary->queued_at_unix_us),
        time_or_null(summary->answered_at_unix_us),
        time_or_null(summary->ended_at_unix_us),
        time_or_null(summary->closed_at_unix_us),
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
    };

    td_history_unit_row(unit, params, sizeof(params) / sizeof(params[0]));
}

static void add_recording(struct td_history_unit *unit, const struct td_envelope *envelope,
                          const struct td_recording_finished *recording)
{
    const struct td_param params[] = {
        td_param_i32((int32_t)envelope->tenant),
        begun(recording->interaction_id.id),
        td_param_id(recording->interaction_id.id),
        td_param_text(recording->file),
        td_param_unix_us(recording->started_at_unix_us),
        td_param_i64((int64_t)recording->duration_ms),
        td_param_i64((int64_t)recording->size_bytes),
        td_param_bool(recording->complete),
    };

    td_history_unit_row(unit, params, sizeof(params) / sizeof(params[0]));
}

/* --- one pass over the entries for each table ---------------------------------------------------
 */

enum table { EVENTS, INTERACTIONS, RECORDINGS };

/* Whether the envelope belongs into that table; adds its row then. */
static void add_row(struct td_history_unit *unit, struct td_arena *arena, enum table table,
                    const struct td_envelope *envelope)
{
    struct td_interaction_summary summary;
    struct td_recording_finished recording;

    switch (table) {
    case EVENTS:
        add_event(unit, envelope);
        break;
    case INTERACTIONS:
        if (td_str_equal(envelope->type, "InteractionSummary") &&
            td_interaction_summary_decode(arena, envelope->payload, &summary, NULL) == TD_OK)
            add_interaction(unit, arena, envelope, &summary);
        break;
    case RECORDINGS:
        if (td_str_equal(envelope->type, "RecordingFinished") &&
            td_recording_finished_decode(arena, envelope->payload, &recording, NULL) == TD_OK)
            add_recording(unit, envelope, &recording);
        break;
    }
}

static uint32_t add_table(struct td_history_unit *unit, struct td_arena *arena, enum table table,
                          const struct rows_entry *entries, uint32_t count)
{
    static const char *const copies[] = {COPY_EVENTS, COPY_INTERACTIONS, COPY_RECORDINGS};
    uint32_t unreadable = 0;

    td_history_unit_copy(unit, copies[table]);
    for (uint32_t i = 0; i < count; i++) {
        size_t mark = arena->used;
        struct td_envelope envelope;

        if (td_envelope_decode(arena, entries[i].value, &envelope, NULL) == TD_OK)
            add_row(unit, arena, table, &envelope);
        else
            unreadable++;
        td_arena_rewind(arena, mark);
    }
    return unreadable;
}

static void add_positions(struct td_history_unit *unit, const char *site,
                          const struct td_live_stream_id positions[TD_STREAMS])
{
    for (int32_t i = 0; i < TD_STREAMS; i++) {
        const struct td_param params[] = {
            td_param_text(site),
            td_param_i32(i),
            td_param_i64((int64_t)positions[i].unix_ms),
            td_param_i64((int64_t)positions[i].sequence),
        };
        if (positions[i].unix_ms != 0)
            td_history_unit_add(unit, &move_position, params, 4);
    }
}

uint32_t rows_add(struct reporting *reporting, struct td_history_unit *unit,
                  const struct rows_entry *entries, uint32_t count,
                  const struct td_live_stream_id positions[TD_STREAMS])
{
    struct td_arena *arena = td_service_arena(reporting->service);
    uint32_t unreadable = add_table(unit, arena, EVENTS, entries, count);

    td_history_unit_add(unit, &move_events, NULL, 0);
    td_history_unit_add(unit, &clear_events, NULL, 0);
    (void)add_table(unit, arena, INTERACTIONS, entries, count);
    td_history_unit_add(unit, &move_interactions, NULL, 0);
    td_history_unit_add(unit, &clear_interactions, NULL, 0);
    (void)add_table(unit, arena, RECORDINGS, entries, count);
    td_history_unit_add(unit, &move_recordings, NULL, 0);
    td_history_unit_add(unit, &clear_recordings, NULL, 0);
    add_positions(unit, td_service_site(reporting->service), positions);
    return unreadable;
}
