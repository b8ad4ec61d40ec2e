/*
 * tandem history: what was, by day, hour, queue or agent, and single calls. The figures are those
 * of the views that reporting owns (deploy/sql): whatever column they get is written here too. Days
 * are asked for one after the other, single calls a page at a time, so that a year needs no more
 * memory than a day.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tandem/command.h"
#include "tandem/core/dates.h"
#include "tandem/report.h"
#include "tandem/zone.h"

#define DEADLINE_MS 60000
#define PAGE 1000 /* single calls */
#define DAYS_MAX 3700

#define USAGE                                                                                      \
    "usage: tandem history [calls] [--by day|hour|queue|agent] [--from DAY] [--to DAY] "           \
    "[--queue NAME] [--agent NAME] [--format table|csv|json]"

enum kind { BY_DAY, BY_HOUR, BY_QUEUE, BY_AGENT, CALLS, KIND_COUNT };

static const struct td_history_statement days_statement = {
    "history_days",
    "WITH today AS (SELECT (now() AT TIME ZONE time_zone)::date AS day FROM tandem.company "
    "WHERE tenant = $1), asked AS (SELECT "
    "CASE $2 WHEN '' THEN NULL WHEN 'today' THEN day WHEN 'yesterday' THEN day - 1 "
    "ELSE nullif(nullif(nullif($2, ''), 'today'), 'yesterday')::date END AS first, "
    "CASE $3 WHEN '' THEN NULL WHEN 'today' THEN day WHEN 'yesterday' THEN day - 1 "
    "ELSE nullif(nullif(nullif($3, ''), 'today'), 'yesterday')::date END AS last, day FROM today) "
    "SELECT d.day::text FROM asked a JOIN tandem.day d ON d.tenant = $1 "
    "AND d.day >= coalesce(a.first, a.last, a.day) AND d.day <= least(coalesce(a.last, a.day), "
    "a.day) "
    "ORDER BY d.day"};

/* A row of a view becomes one row for each of its columns: their names come with them. */
#define ROWS_OF(name, view, order, condition, end)                                                 \
    {                                                                                              \
        name, "SELECT r.n::int4, e.key, e.value::text, json_typeof(e.value) = 'number', "          \
              "coalesce(e.value #>> '{}', '') FROM (SELECT row_number() OVER (ORDER BY " order     \
              ") AS n, row_to_json(v) AS j FROM " view " v WHERE v.tenant = $1 "                   \
              "AND v.day = $2::text::date AND " condition " " end                                  \
              ") r CROSS JOIN LATERAL json_each(r.j) WITH ORDINALITY AS e(key, value, place) "     \
              "WHERE e.key <> 'tenant' ORDER BY r.n, e.place"                                      \
    }

static const struct td_history_statement statements[KIND_COUNT] = {
    [BY_DAY] = ROWS_OF("history_by_day", "tandem.calls_by_day", "v.day", "$3 = $4", ""),
    [BY_HOUR] = ROWS_OF("history_by_hour", "tandem.calls_by_hour", "v.hour, v.queue",
                        "($3 = '' OR v.queue = $3) AND $4 = ''", ""),
    [BY_QUEUE] = ROWS_OF("history_by_queue", "tandem.calls_by_queue", "v.queue",
                         "($3 = '' OR v.queue = $3) AND $4 = ''", ""),
    [BY_AGENT] = ROWS_OF("history_by_agent", "tandem.calls_by_agent", "v.agent",
                         "($4 = '' OR v.agent = $4) AND $3 = ''", ""),
    [CALLS] =
        ROWS_OF("history_calls", "tandem.call_of_day", "v.arrived_at, v.interaction_id",
                "($3 = '' OR v.queue = $3) AND ($4 = '' OR v.agent = $4 OR v.first_agent = $4) "
                "AND ($5 = '' OR (v.arrived_at, v.interaction_id) > "
                "($5::text::timestamptz, $6::text::uuid))",
                "ORDER BY v.arrived_at, v.interaction_id LIMIT 1000"),
};

/* --- tables: the columns that fit a screen -----------------------------------------------------
 */

static const struct report_column day_columns[] = {
    {"day", "DAY", 10},
    {"calls", "CALLS", 6},
    {"queued", "QUEUED", 6},
    {"answered", "ANSWER", 6},
    {"abandoned", "ABAND", 5},
    {"self_served", "SELF", 5},
    {"overflowed", "OVERF", 5},
    {"transfers", "TRANSF", 6},
    {"average_wait_ms", "WAIT", 7},
    {"longest_wait_ms", "LONGEST", 7},
    {"average_talk_ms", "TALK", 7},
    {"average_handling_ms", "HANDLE", 7},
    {0},
};
static const struct report_column hour_columns[] = {
    {"hour", "HOUR", 19},
    {"queue", "QUEUE", 16},
    {"entered", "ENTER", 6},
    {"answered", "ANSWER", 6},
    {"answered_within", "IN TIME", 7},
    {"abandoned", "ABAND", 5},
    {"overflowed", "OVERF", 5},
    {"average_wait_ms", "WAIT", 7},
    {"average_talk_ms", "TALK", 7},
    {0},
};
static const struct report_column queue_columns[] = {
    {"day", "DAY", 10},
    {"queue", "QUEUE", 16},
    {"offered", "OFFER", 6},
    {"answered", "ANSWER", 6},
    {"abandoned", "ABAND", 5},
    {"overflowed", "OVERF", 5},
    {"service_level", "SL %", 6},
    {"target_percent", "AIM %", 5},
    {"average_wait_ms", "WAIT", 7},
    {"longest_wait_ms", "LONGEST", 7},
    {"average_talk_ms", "TALK", 7},
    {0},
};
static const struct report_column agent_columns[] = {
    {"day", "DAY", 10},         {"agent", "AGENT", 16},
    {"handled", "CALLS", 6},    {"declined", "DECL", 5},
    {"no_answer", "NO ANS", 6}, {"logged_in_ms", "LOGGED IN", 9},
    {"ready_ms", "READY", 8},   {"not_ready_ms", "NOT READY", 9},
    {"talk_ms", "TALK", 8},     {"wrap_up_ms", "WRAP-UP", 8},
    {"occupancy", "OCC %", 6},  {0},
};
static const struct report_column call_columns[] = {
    {"arrived_at", "ARRIVED", 19},
    {"interaction_id", "ID", 36},
    {"caller", "CALLER", 16},
    {"queue", "QUEUE", 14},
    {"agent", "AGENT", 14},
    {"outcome", "OUTCOME", 12},
    {"wait_ms", "WAIT", 7},
    {"talk_ms", "TALK", 7},
    {"hold_ms", "HOLD", 6},
    {"wrap_up_ms", "WRAP-UP", 7},
    {0},
};

static const struct report_column *const columns[KIND_COUNT] = {
    [BY_DAY] = day_columns,     [BY_HOUR] = hour_columns, [BY_QUEUE] = queue_columns,
    [BY_AGENT] = agent_columns, [CALLS] = call_columns,
};

struct history {
    const struct command_options *options;
    struct td_service *service;
    enum kind kind;
    const char *from;
    const char *to;
    const char *queue;
    const char *agent;
    struct report report;
    char (*days)[16];
    uint32_t day_count;
    uint32_t day; /* under way */
    /* the last call written of that day; "": none */
    char after_time[64];
    char after_id[TD_ID_TEXT_SIZE];
};

static void end(struct history *history, int status)
{
    free(history->days);
    history->days = NULL;
    td_tool_exit(history->service, status);
}

static void fail(struct history *history, enum td_err err, const struct td_history_answer *answer)
{
    end(history, command_fail(1, "the history cannot be read: %s",
                              command_why_failed(err, answer->message)));
}

/* --- rows --------------------------------------------------------------------------------------
 */

/* Where the next page begins. */
static void note_place(struct history *history, const struct report_value *value)
{
    if (td_str_equal(value->key, "arrived_at"))
        td_str_clip(history->after_time, sizeof(history->after_time), value->text);
    else if (td_str_equal(value->key, "interaction_id"))
        td_str_clip(history->after_id, sizeof(history->after_id), value->text);
}

/* @return How many rows of the view they are. */
static uint32_t write_rows(struct history *history, const struct td_rows *rows)
{
    struct report_value values[REPORT_VALUES_MAX];
    uint32_t count = 0;
    uint32_t written = 0;

    for (uint32_t row = 0; row < td_rows_count(rows); row++) {
        if (count < REPORT_VALUES_MAX) {
            values[count] =
                (struct report_value){td_rows_text(rows, row, 1), td_rows_text(rows, row, 2),
                                      td_rows_text(rows, row, 4), td_rows_bool(rows, row, 3)};
            note_place(history, &values[count++]);
        }
        if (row + 1 < td_rows_count(rows) &&
            td_rows_i64(rows, row + 1, 0) == td_rows_i64(rows, row, 0))
            continue;
        report_row(&history->report, values, count);
        written++;
        count = 0;
    }
    return written;
}

static void ask_rows(struct history *history);

static void on_rows(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct history *history = ctx;

    if (err != TD_OK) {
        fail(history, err, answer);
        return;
    }
    uint32_t written = write_rows(history, answer->steps[1]);
    if (history->kind != CALLS || written < PAGE) {
        history->day++;
        history->after_time[0] = '\0';
    }
    ask_rows(history);
}

static void ask_rows(struct history *history)
{
    struct td_history_unit *unit;

    if (history->day == history->day_count) {
        report_end(&history->report);
        end(history, 0);
        return;
    }
    const struct td_param params[] = {td_param_i32((int32_t)history->options->tenant),
                                      td_param_text(history->days[history->day]),
                                      td_param_text(history->queue),
                                      td_param_text(history->agent),
                                      td_param_text(history->after_time),
                                      td_param_text(history->after_id)};
    enum td_err err = td_history_unit_create(&unit);
    if (err == TD_OK) {
        td_history_unit_add(unit, &zone_statement, params, 1);
        td_history_unit_add(unit, &statements[history->kind], params,
                            history->kind == CALLS ? 6 : 4);
        td_history_unit_repeatable(unit);
        err = td_history_run(td_service_history(history->service), &unit, DEADLINE_MS, on_rows,
                             history);
    }
    if (err != TD_OK)
        end(history, command_fail(1, "%s", td_err_text(err)));
}

/* --- days --------------------------------------------------------------------------------------
 */

static void on_days(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct history *history = ctx;

    if (err != TD_OK) {
        fail(history, err, answer);
        return;
    }
    const struct td_rows *rows = answer->steps[0];
    history->day_count = td_rows_count(rows) < DAYS_MAX ? td_rows_count(rows) : DAYS_MAX;
    history->days = calloc(history->day_count + 1, sizeof(history->days[0]));
    if (history->days == NULL)
        abort();
    for (uint32_t i = 0; i < history->day_count; i++)
        td_str_clip(history->days[i], sizeof(history->days[i]), td_rows_text(rows, i, 0));
    report_begin(&history->report);
    ask_rows(history);
}

static void start(struct td_service *service, void *ctx)
{
    struct history *history = ctx;
    const struct td_param params[] = {td_param_i32((int32_t)history->options->tenant),
                                      td_param_text(history->from), td_param_text(history->to)};
    const struct td_history_query query = {.statement = &days_statement,
                                           .params = params,
                                           .param_count = 3,
                                           .deadline_ms = DEADLINE_MS,
                                           .repeatable = true};

    history->service = service;
    if (td_history_query(td_service_history(service), &query, on_days, history) != TD_OK)
        end(history, command_fail(1, "the history cannot be read"));
}

/* --- arguments ---------------------------------------------------------------------------------
 */

static bool choose(const char *word, const char *const *words, uint32_t count, uint32_t *choice)
{
    for (uint32_t i = 0; i < count; i++) {
        if (td_str_equal(words[i], word)) {
            *choice = i;
            return true;
        }
    }
    return false;
}

static bool is_date(const char *word)
{
    return dates_is_day(word) || td_str_equal(word, "today") || td_str_equal(word, "yesterday");
}

/* @return NULL, or what is wrong with the value. */
static const char *take(struct history *history, const char *name, const char *value)
{
    static const char *const kinds[] = {"day", "hour", "queue", "agent"};
    static const char *const formats[] = {"table", "csv", "json"};
    uint32_t choice;

    if (td_str_equal(name, "--by")) {
        if (!choose(value, kinds, 4, &choice))
            return "expected day, hour, queue or agent";
        history->kind = (enum kind)choice;
    } else if (td_str_equal(name, "--format")) {
        if (!choose(value, formats, 3, &choice))
            return "expected table, csv or json";
        history->report.format = (enum report_format)choice;
    } else if (td_str_equal(name, "--from") || td_str_equal(name, "--to")) {
        if (!is_date(value))
            return "expected a day such as 2026-11-22, today or yesterday";
        *(td_str_equal(name, "--from") ? &history->from : &history->to) = value;
    } else if (td_str_equal(name, "--queue")) {
        history->queue = value;
    } else if (td_str_equal(name, "--agent")) {
        history->agent = value;
    } else {
        return "there is no such option";
    }
    return NULL;
}

/* A filter chooses the figures that know it, unless others were asked for. */
static const char *settle(struct history *history, bool said_by)
{
    if (!said_by && history->kind == BY_DAY && history->queue[0] != '\0')
        history->kind = BY_QUEUE;
    if (!said_by && history->kind == BY_DAY && history->agent[0] != '\0')
        history->kind = BY_AGENT;
    if (history->queue[0] != '\0' && (history->kind == BY_DAY || history->kind == BY_AGENT))
        return "--queue goes with --by queue, --by hour and calls";
    if (history->agent[0] != '\0' && history->kind != BY_AGENT && history->kind != CALLS)
        return "--agent goes with --by agent and calls";
    return NULL;
}

int command_history(const struct command_options *options, int argc, char **argv)
{
    struct history history = {
        .options = options, .from = "", .to = "", .queue = "", .agent = "", .kind = BY_DAY};
    bool said_by = false;
    int at = 0;

    if (argc > 0 && td_str_equal(argv[0], "calls")) {
        history.kind = CALLS;
        at = 1;
    }
    for (; at + 1 < argc; at += 2) {
        bool is_by = td_str_equal(argv[at], "--by");
        if (is_by && history.kind == CALLS)
            return command_fail(2, "--by: single calls are not summed up");
        const char *wrong = take(&history, argv[at], argv[at + 1]);
        if (wrong != NULL)
            return command_fail(2, "%s %s: %s", argv[at], argv[at + 1], wrong);
        said_by = said_by || is_by;
    }
    if (at != argc)
        return command_fail(2, "%s", USAGE);
    const char *wrong = settle(&history, said_by);
    if (wrong != NULL)
        return command_fail(2, "%s", wrong);
    if (history.from[0] != '\0' && history.to[0] != '\0' && dates_is_day(history.from) &&
        dates_is_day(history.to) && strcmp(history.from, history.to) > 0)
        return command_fail(2, "--from %s: is after --to %s", history.from, history.to);
    history.report.columns = columns[history.kind];
    const struct td_tool tool = {.site_file = options->site_file,
                                 .uses_history = true,
                                 .without_live = true,
                                 .start = start,
                                 .ctx = &history};
    return td_tool_run(&tool);
}
