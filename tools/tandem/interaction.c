/*
 * tandem interaction ID, tandem why ID: what happened, in order of time, and how it was decided.
 * Both read the history; an event is there within a second of its being stored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "tandem/command.h"
#include "tandem/timeline.h"
#include "wire/interaction_wire.h"

#define DEADLINE_MS 5000

struct interaction_run {
    const struct command_options *options;
    struct td_service *service;
    struct td_id id;
    bool only_why;
    int decisions;
};

/* Nothing about it happened before it began: so no older partition is looked at. */
static const struct td_history_statement events_statement = {
    "interaction_events",
    "SELECT occurred_at, topic, source, type, payload FROM tandem.event "
    "WHERE tenant = $1 AND key = $2 AND occurred_at >= $3 ORDER BY occurred_at, event_id"};

#define CLOCKS_APART_US UINT64_C(3600000000) /* of the hosts of a site, at most */

/* --- timeline ----------------------------------------------------------------------------------
 */

static void print_event(struct interaction_run *run, const struct td_rows *rows, uint32_t row,
                        uint64_t first_unix_us)
{
    uint64_t at_unix_us = td_rows_unix_us(rows, row, 0);
    time_t seconds = (time_t)(at_unix_us / 1000000);
    const char *topic = td_rows_text(rows, row, 1);
    struct tm local;
    char clock[16];
    char words[TIMELINE_SIZE];

    timeline_words(td_service_arena(run->service), topic, td_rows_text(rows, row, 3),
                   td_rows_bytes(rows, row, 4), words);
    (void)localtime_r(&seconds, &local);
    (void)strftime(clock, sizeof(clock), "%H:%M:%S", &local);
    (void)printf("%s.%03u  +%6.1f s  %-22s %s\n", clock, (unsigned)(at_unix_us / 1000 % 1000),
                 (double)(at_unix_us - first_unix_us) / 1e6, topic, words);
}

static void print_timeline(struct interaction_run *run, const struct td_rows *rows)
{
    char id[TD_ID_TEXT_SIZE];
    uint64_t first_unix_us = td_rows_unix_us(rows, 0, 0);
    time_t day = (time_t)(first_unix_us / 1000000);
    struct tm local;
    char date[16];

    (void)localtime_r(&day, &local);
    (void)strftime(date, sizeof(date), "%Y-%m-%d", &local);
    (void)printf("interaction %s, %s\n", td_id_format(run->id, id), date);
    for (uint32_t row = 0; row < td_rows_count(rows); row++)
        print_event(run, rows, row, first_unix_us);
}

/* --- why ---------------------------------------------------------------------------------------
 */

static void print_decision(struct interaction_run *run, struct td_bytes payload)
{
    struct td_arena *arena = td_service_arena(run->service);
    size_t mark = arena->used;
    struct td_interaction_event event;

    if (td_interaction_event_decode(arena, payload, &event, NULL) == TD_OK && event.has_decision)
        timeline_print_decision(++run->decisions, &event);
    td_arena_rewind(arena, mark);
}

static void print_decisions(struct interaction_run *run, const struct td_rows *rows)
{
    for (uint32_t row = 0; row < td_rows_count(rows); row++) {
        if (td_str_equal(td_rows_text(rows, row, 1), "interaction.offered"))
            print_decision(run, td_rows_bytes(rows, row, 4));
    }
    if (run->decisions == 0)
        (void)puts("no agent was chosen for it");
}

/* --- both --------------------------------------------------------------------------------------
 */

static void on_events(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct interaction_run *run = ctx;
    int status = 0;

    if (err != TD_OK)
        status = command_fail(1, "the history cannot be read: %s",
                              command_why_failed(err, answer->message));
    else if (td_rows_count(answer->steps[0]) == 0)
        status = command_fail(1, "the history has no such interaction");
    else if (run->only_why)
        print_decisions(run, answer->steps[0]);
    else
        print_timeline(run, answer->steps[0]);
    td_tool_exit(run->service, status);
}

/* 0 for ids of others, which do not tell. */
static uint64_t earliest_unix_us(struct td_id id)
{
    uint64_t begun = td_id_unix_ms(id) * 1000;

    return id.bytes[6] >> 4 == 7 && begun > CLOCKS_APART_US ? begun - CLOCKS_APART_US : 0;
}

static void start(struct td_service *service, void *ctx)
{
    struct interaction_run *run = ctx;
    char id[TD_ID_TEXT_SIZE];
    const struct td_param params[] = {td_param_i32((int32_t)run->options->tenant),
                                      td_param_text(td_id_format(run->id, id)),
                                      td_param_unix_us(earliest_unix_us(run->id))};
    const struct td_history_query query = {.statement = &events_statement,
                                           .params = params,
                                           .param_count = 3,
                                           .deadline_ms = DEADLINE_MS,
                                           .repeatable = true};

    run->service = service;
    if (td_history_query(td_service_history(service), &query, on_events, run) != TD_OK)
        td_tool_exit(service, command_fail(1, "the history cannot be read"));
}

static int run_interaction(const struct command_options *options, int argc, char **argv,
                           bool only_why)
{
    struct interaction_run run = {.options = options, .only_why = only_why};

    if (argc != 1)
        return command_fail(2, "usage: tandem %s ID", only_why ? "why" : "interaction");
    if (td_id_parse(argv[0], &run.id) != TD_OK)
        return command_fail(2,
                            "ID: expected a UUID such as "
                            "0190b5a2-7c3e-7d10-8a4f-0123456789ab, found \"%s\"",
                            argv[0]);
    const struct td_tool tool = {.site_file = options->site_file,
                                 .uses_history = true,
                                 .without_live = true,
                                 .start = start,
                                 .ctx = &run};
    return td_tool_run(&tool);
}

int command_interaction(const struct command_options *options, int argc, char **argv)
{
    return run_interaction(options, argc, argv, false);
}

int command_why(const struct command_options *options, int argc, char **argv)
{
    return run_interaction(options, argc, argv, true);
}
