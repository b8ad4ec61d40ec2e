#include "reporting/rows.h"

#include "base/str.h"
#include "base/text.h"
#include "reporting/rows_tables.h"

static const struct rows_filler *const fillers[ROWS_TABLE_COUNT] = {
    [ROWS_EVENT] = &rows_events,           [ROWS_INTERACTION] = &rows_interactions,
    [ROWS_RECORDING] = &rows_recordings,   [ROWS_STEP] = &rows_steps,
    [ROWS_AGENT_TIME] = &rows_agent_times, [ROWS_AGENT_STATE] = &rows_agent_states,
};

/* Temporary tables of this connection, emptied by each commit (003_reporting.sql says why). */
static const struct td_history_statement make_staging = {"reporting_make_staging",
                                                         "SELECT tandem.make_staging()"};
static const struct td_history_statement move_position = {
    "reporting_move_position",
    "INSERT INTO tandem.stream_position AS p (site, partition, unix_ms, sequence) "
    "SELECT $1, * FROM unnest($2::text::integer[], $3::text::bigint[], $4::text::bigint[]) "
    "ON CONFLICT (site, partition) DO UPDATE "
    "SET unix_ms = excluded.unix_ms, sequence = excluded.sequence "
    "WHERE (excluded.unix_ms, excluded.sequence) > (p.unix_ms, p.sequence)"};

#define BIT(table) (UINT32_C(1) << (table))

/* By topic and type: the topics of services are closed to others, the types are not. */
static uint32_t tables_of(const struct td_envelope *envelope)
{
    const char *topic = envelope->topic;

    if (td_str_equal(topic, "interaction.closed"))
        return td_str_equal(envelope->type, "InteractionSummary") ? BIT(ROWS_INTERACTION) : 0;
    if (td_str_equal(topic, "recording.finished"))
        return td_str_equal(envelope->type, "RecordingFinished") ? BIT(ROWS_RECORDING) : 0;
    if (td_str_equal(topic, "agent.state"))
        return td_str_equal(envelope->type, "AgentRecord")
                   ? BIT(ROWS_AGENT_TIME) | BIT(ROWS_AGENT_STATE)
                   : 0;
    if (!rows_is_step(topic) || !td_str_equal(envelope->type, "InteractionEvent"))
        return 0;
    return BIT(ROWS_STEP) | (td_str_equal(topic, "interaction.resumed") ? BIT(ROWS_AGENT_TIME) : 0);
}

/* Every entry is an event. @return What else they add to, all together. */
static uint32_t add_events(struct td_history_unit *unit, struct td_arena *arena,
                           struct rows_entry *entries, uint32_t count, uint32_t *unreadable)
{
    uint32_t tables = 0;

    td_history_unit_copy(unit, rows_events.copy);
    for (uint32_t i = 0; i < count; i++) {
        size_t mark = arena->used;
        struct td_envelope envelope;

        entries[i].tables = 0;
        if (td_envelope_decode(arena, entries[i].value, &envelope, NULL) == TD_OK) {
            entries[i].tables = BIT(ROWS_EVENT) | tables_of(&envelope);
            rows_events.add(unit, &(struct rows_source){arena, &envelope});
        }
        tables |= entries[i].tables;
        *unreadable += entries[i].tables == 0;
        td_arena_rewind(arena, mark);
    }
    td_history_unit_add(unit, &rows_events.move, NULL, 0);
    return tables;
}

static void add_details(struct td_history_unit *unit, struct td_arena *arena, enum rows_table table,
                        const struct rows_entry *entries, uint32_t count)
{
    td_history_unit_copy(unit, fillers[table]->copy);
    for (uint32_t i = 0; i < count; i++) {
        size_t mark = arena->used;
        struct td_envelope envelope;

        if ((entries[i].tables & BIT(table)) != 0 &&
            td_envelope_decode(arena, entries[i].value, &envelope, NULL) == TD_OK)
            fillers[table]->add(unit, &(struct rows_source){arena, &envelope});
        td_arena_rewind(arena, mark);
    }
    td_history_unit_add(unit, &fillers[table]->move, NULL, 0);
}

/* A column as PostgreSQL writes arrays: {1,2,3} */
struct column {
    struct td_text text;
    char memory[TD_STREAMS * 21 + 3];
};

static void begin_column(struct column *column)
{
    td_text_init(&column->text, column->memory, sizeof(column->memory));
}

static void add_number(struct column *column, uint64_t number)
{
    td_text_add(&column->text, column->text.length == 0 ? "{" : ",");
    td_text_add_u64(&column->text, number);
}

/* All in one statement. */
static void add_positions(struct td_history_unit *unit, const char *site,
                          const struct td_live_stream_id *positions)
{
    struct column columns[3];

    for (size_t i = 0; i < 3; i++)
        begin_column(&columns[i]);
    for (unsigned i = 0; i < TD_STREAMS; i++) {
        if (positions[i].unix_ms == 0)
            continue;
        add_number(&columns[0], i);
        add_number(&columns[1], positions[i].unix_ms);
        add_number(&columns[2], positions[i].sequence);
    }
    if (columns[0].text.length == 0)
        return;
    for (size_t i = 0; i < 3; i++)
        td_text_add(&columns[i].text, "}");
    const struct td_param params[] = {td_param_text(site), td_param_text(columns[0].memory),
                                      td_param_text(columns[1].memory),
                                      td_param_text(columns[2].memory)};
    td_history_unit_add(unit, &move_position, params, 4);
}

uint32_t rows_add(struct reporting *reporting, struct td_history_unit *unit,
                  struct rows_entry *entries, uint32_t count,
                  const struct td_live_stream_id *positions)
{
    struct td_arena *arena = td_service_arena(reporting->service);
    uint32_t unreadable = 0;

    if (count > 0) {
        td_history_unit_add(unit, &make_staging, NULL, 0);
        uint32_t tables = add_events(unit, arena, entries, count, &unreadable);

        for (int table = ROWS_EVENT + 1; table < ROWS_TABLE_COUNT; table++) {
            if ((tables & BIT(table)) != 0)
                add_details(unit, arena, (enum rows_table)table, entries, count);
        }
    }
    if (positions != NULL)
        add_positions(unit, td_service_site(reporting->service), positions);
    return unreadable;
}
