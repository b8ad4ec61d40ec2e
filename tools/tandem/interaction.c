/*
 * tandem interaction ID, tandem why ID: what happened, in order of time, and how it was decided.
 * Both read the history; an event is there within a second of its being stored.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tandem/command.h"
#include "tandem/find.h"
#include "tandem/tell.h"
#include "tandem/zone.h"

#define DEADLINE_MS 5000

struct interaction_run {
    const struct command_options *options;
    struct td_service *service;
    const char *name; /* as given */
    struct td_id id;
    bool only_why;
    bool json;
};

/* Nothing about it happened before it began: so no older partition is looked at. */
static const struct td_history_statement events_statement = {
    "interaction_events",
    "SELECT occurred_at, to_char(occurred_at, 'YYYY-MM-DD HH24:MI:SS.MS'), topic, source, type, "
    "payload FROM tandem.event "
    "WHERE tenant = $1 AND key = $2 AND occurred_at >= $3 ORDER BY occurred_at, event_id"};

#define CLOCKS_APART_US UINT64_C(3600000000) /* of the hosts of a site, at most */

static void on_events(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct interaction_run *run = ctx;
    int status = 0;

    if (err != TD_OK) {
        status = command_fail(1, "the history cannot be read: %s",
                              command_why_failed(err, answer->message));
    } else if (td_rows_count(answer->steps[1]) == 0) {
        status = command_fail(1, "the history has no such interaction");
    } else {
        const struct tell tell = {.id = run->id,
                                  .rows = answer->steps[1],
                                  .arena = td_service_arena(run->service),
                                  .now_unix_us = td_loop_now_unix_us(td_service_loop(run->service)),
                                  .json = run->json};

        (run->only_why ? tell_why : tell_interaction)(&tell);
    }
    td_tool_exit(run->service, status);
}

/* 0 for ids of others, which do not tell. */
static uint64_t earliest_unix_us(struct td_id id)
{
    uint64_t begun = td_id_unix_ms(id) * 1000;

    return id.bytes[6] >> 4 == 7 && begun > CLOCKS_APART_US ? begun - CLOCKS_APART_US : 0;
}

static void on_found(void *ctx, struct td_id id)
{
    struct interaction_run *run = ctx;
    char text[TD_ID_TEXT_SIZE];
    struct td_history_unit *unit;

    run->id = id;
    const struct td_param params[] = {td_param_i32((int32_t)run->options->tenant),
                                      td_param_text(td_id_format(id, text)),
                                      td_param_unix_us(earliest_unix_us(id))};
    enum td_err err = td_history_unit_create(&unit);
    if (err == TD_OK) {
        td_history_unit_add(unit, &zone_statement, params, 1);
        td_history_unit_add(unit, &events_statement, params, 3);
        td_history_unit_repeatable(unit);
        err = td_history_run(td_service_history(run->service), &unit, DEADLINE_MS, on_events, run);
    }
    if (err != TD_OK)
        td_tool_exit(run->service, command_fail(1, "the history cannot be read"));
}

static void start(struct td_service *service, void *ctx)
{
    struct interaction_run *run = ctx;

    run->service = service;
    find_interaction(service, run->options->tenant, run->name, on_found, run);
}

static int run_interaction(const struct command_options *options, int argc, char **argv,
                           bool only_why)
{
    struct interaction_run run = {.options = options, .only_why = only_why};
    const char *command = only_why ? "why" : "interaction";

    for (int i = 0; i < argc; i++) {
        if (td_str_equal(argv[i], "--json"))
            run.json = true;
        else if (run.name == NULL && argv[i][0] != '-')
            run.name = argv[i];
        else
            return command_fail(2, "usage: tandem %s ID [--json]", command);
    }
    if (run.name == NULL)
        return command_fail(2, "usage: tandem %s ID [--json]", command);
    if (!find_is_name(run.name))
        return command_fail(2,
                            "ID: expected a UUID such as "
                            "0190b5a2-7c3e-7d10-8a4f-0123456789ab, at least four digits of its "
                            "beginning or end, or last; found \"%s\"",
                            run.name);
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
