#include "reporting/rows.h"

#include "base/str.h"
#include "reporting/core/occurred.h"
#include "wire/interaction_wire.h"
#include "wire/media_wire.h"

/* Temporary tables of this connection, emptied by each commit (003_reporting.sql says why). */
static const struct td_history_statement make_staging = {"reporting_make_staging",
                                                         "SELECT tandem.make_staging()"};
static const struct td_history_statement move_events = {
    "reporting_move_events",
    "INSERT INTO tandem.event SELECT * FROM pg_temp.event_staging ON CONFLICT DO NOTHING"};
static const struct td_history_statement move_interactions = {
    "reporting_move_interactions",
    "INSERT INTO tandem.interaction SELECT * FROM pg_temp.interaction_staging "
    "ON CONFLICT DO NOTHING"};
static const struct td_history_statement move_recordings = {
    "reporting_move_recordings",
    "INSERT INTO tandem.recording SELECT * FROM pg_temp.recording_staging ON CONFLICT DO NOTHING"};
static const struct td_history_statement move_position = {
    "reporting_move_position",
    "INSERT INTO tandem.stream_position AS p (site, partition, unix_ms, sequence) "
    "VALUES ($1, $2, $3, $4) ON CONFLICT (site, partition) DO UPDATE "
    "SET unix_ms = excluded.unix_ms, sequence = excluded.sequence "
    "WHERE (excluded.unix_ms, excluded.sequence) > (p.unix_ms, p.sequence)"};

#define COPY_EVENTS                                                                                \
    "COPY pg_temp.event_staging (tenant, occurred_at, event_id, topic, key, source, site, type, "  \
    "payload) FROM STDIN (FORMAT binary)"
#define COPY_INTERACTIONS                                                                          \
    "COPY pg_temp.interaction_staging (tenant, occurred_at, interaction_id, site, channel, "       \
    "entry_point, queue, agent, customer_id, caller, called, outcome, ended_by, reason, "          \
    "disposition, queued_at, answered_at, ended_at, closed_at, dialog_ms, wait_ms, talk_ms, "      \
    "wrap_up_ms, offers, declined, no_answer, device_failures, within_threshold, decision) "       \
    "FROM STDIN (FORMAT binary)"
#define COPY_RECORDINGS                                                                            \
    "COPY pg_temp.recording_staging (tenant, occurred_at, interaction_id, file, started_at, "      \
    "duration_ms, size_bytes, complete) FROM STDIN (FORMAT binary)"

static struct td_param begun(struct td_interaction_id interaction)
{
    return td_param_unix_us(occurred_begun_unix_us(interaction.id));
}

/* A moment that the database cannot hold would stop the history of everybody. */
static struct td_param time_or_null(uint64_t unix_us)
{
    return unix_us != 0 && unix_us <= OCCURRED_MAX_UNIX_US ? td_param_unix_us(unix_us)
                                                           : td_param_null(TD_PARAM_UNIX_US);
}

static void add_event(struct td_history_unit *unit, const struct td_envelope *envelope)
{
    const struct td_param params[] = {
        td_param_i32((int32_t)envelope->tenant),
        td_param_unix_us(occurred_unix_us(envelope->id.id, envelope->time_unix_us)),
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
        begun(summary->interaction_id),
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
        begun(recording->interaction_id),
        td_param_id(recording->interaction_id.id),
        td_param_text(recording->file),
        td_param_unix_us(recording->started_at_unix_us <= OCCURRED_MAX_UNIX_US
                             ? recording->started_at_unix_us
                             : 0),
        td_param_i64((int64_t)recording->duration_ms),
        td_param_i64((int64_t)recording->size_bytes),
        td_param_bool(recording->complete),
    };

    td_history_unit_row(unit, params, sizeof(params) / sizeof(params[0]));
}

/* --- tables ------------------------------------------------------------------------------------
 */

/* By topic and type: the topics of services are closed to others, the types are not. */
static enum rows_kind kind_of(const struct td_envelope *envelope)
{
    if (td_str_equal(envelope->topic, "interaction.closed") &&
        td_str_equal(envelope->type, "InteractionSummary"))
        return ROWS_INTERACTION;
    if (td_str_equal(envelope->topic, "recording.finished") &&
        td_str_equal(envelope->type, "RecordingFinished"))
        return ROWS_RECORDING;
    return ROWS_EVENT;
}

/* Every entry is an event. Counts them by their kind. */
static void add_events(struct td_history_unit *unit, struct td_arena *arena,
                       struct rows_entry *entries, uint32_t count,
                       uint32_t by_kind[ROWS_UNREADABLE + 1])
{
    td_history_unit_copy(unit, COPY_EVENTS);
    for (uint32_t i = 0; i < count; i++) {
        size_t mark = arena->used;
        struct td_envelope envelope;

        entries[i].kind = ROWS_UNREADABLE;
        if (td_envelope_decode(arena, entries[i].value, &envelope, NULL) == TD_OK) {
            entries[i].kind = kind_of(&envelope);
            add_event(unit, &envelope);
        }
        by_kind[entries[i].kind]++;
        td_arena_rewind(arena, mark);
    }
    td_history_unit_add(unit, &move_events, NULL, 0);
}

static void add_detail(struct td_history_unit *unit, struct td_arena *arena,
                       const struct rows_entry *entry)
{
    struct td_interaction_summary summary;
    struct td_recording_finished recording;
    struct td_envelope envelope;

    if (td_envelope_decode(arena, entry->value, &envelope, NULL) != TD_OK)
        return;
    if (entry->kind == ROWS_INTERACTION &&
        td_interaction_summary_decode(arena, envelope.payload, &summary, NULL) == TD_OK)
        add_interaction(unit, arena, &envelope, &summary);
    if (entry->kind == ROWS_RECORDING &&
        td_recording_finished_decode(arena, envelope.payload, &recording, NULL) == TD_OK)
        add_recording(unit, &envelope, &recording);
}

/* Those that are more than an event. */
static void add_details(struct td_history_unit *unit, struct td_arena *arena, enum rows_kind kind,
                        const struct rows_entry *entries, uint32_t count)
{
    td_history_unit_copy(unit, kind == ROWS_INTERACTION ? COPY_INTERACTIONS : COPY_RECORDINGS);
    for (uint32_t i = 0; i < count; i++) {
        size_t mark = arena->used;

        if (entries[i].kind == kind)
            add_detail(unit, arena, &entries[i]);
        td_arena_rewind(arena, mark);
    }
    td_history_unit_add(unit, kind == ROWS_INTERACTION ? &move_interactions : &move_recordings,
                        NULL, 0);
}

static void add_positions(struct td_history_unit *unit, const char *site,
                          const struct td_live_stream_id *positions)
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
                  struct rows_entry *entries, uint32_t count,
                  const struct td_live_stream_id *positions)
{
    struct td_arena *arena = td_service_arena(reporting->service);
    uint32_t by_kind[ROWS_UNREADABLE + 1] = {0};

    if (count > 0) {
        td_history_unit_add(unit, &make_staging, NULL, 0);
        add_events(unit, arena, entries, count, by_kind);
    }
    if (by_kind[ROWS_INTERACTION] > 0)
        add_details(unit, arena, ROWS_INTERACTION, entries, count);
    if (by_kind[ROWS_RECORDING] > 0)
        add_details(unit, arena, ROWS_RECORDING, entries, count);
    if (positions != NULL)
        add_positions(unit, td_service_site(reporting->service), positions);
    return by_kind[ROWS_UNREADABLE];
}
