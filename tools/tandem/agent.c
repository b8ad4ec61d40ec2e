/* tandem agent: who is there, and what is said for one of them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "tandem/command.h"
#include "wire/agent_wire.h"

#define DEADLINE_MS 3000

struct agent_run {
    const struct command_options *options;
    struct td_service *service;
    struct td_agent_command command; /* action unspecified: only show */
    char after[64];
    int found;
};

static void print_status(const struct td_agent_status *status, uint64_t now_unix_us)
{
    uint64_t since_s =
        now_unix_us > status->since_unix_us ? (now_unix_us - status->since_unix_us) / 1000000 : 0;
    char since[24] = "-"; // Whoever was never there has no since.

    if (status->since_unix_us != 0)
        (void)snprintf(since, sizeof(since), "%u:%02u:%02u", (unsigned)(since_s / 3600),
                       (unsigned)(since_s / 60 % 60), (unsigned)(since_s % 60));
    (void)printf("%-20s %-11s %-14s %10s  %s\n", status->agent, td_agent_state_name(status->state),
                 status->reason, since,
                 status->device_registered ? "phone registered" : "no phone");
}

/* --- show --------------------------------------------------------------------------------------
 */

static void ask_page(struct agent_run *run);

static void on_page(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct agent_run *run = ctx;
    struct td_agent_query_reply page;

    if (err == TD_OK)
        err = td_agent_query_reply_decode(td_service_arena(run->service), payload, &page, NULL);
    if (err != TD_OK) {
        td_tool_exit(run->service, command_fail(1, "%s", command_why_failed(err, message)));
        return;
    }
    for (uint32_t i = 0; i < page.agents_count; i++) {
        print_status(&page.agents[i], td_loop_now_unix_us(td_service_loop(run->service)));
        td_str_clip(run->after, sizeof(run->after), page.agents[i].agent);
        run->found++;
    }
    if (!page.done && page.agents_count > 0) {
        ask_page(run);
        return;
    }
    bool is_absent = run->found == 0 && run->command.agent[0] != '\0';
    td_tool_exit(run->service,
                 is_absent ? command_fail(1, "there is no agent \"%s\"", run->command.agent) : 0);
}

static void ask_page(struct agent_run *run)
{
    struct td_agent_query query = {0};

    td_str_clip(query.agent, sizeof(query.agent), run->command.agent);
    td_str_clip(query.after, sizeof(query.after), run->after);
    const struct td_call call = {
        .to = "router",
        .type = "AgentQuery",
        .tenant = run->options->tenant,
        .payload = td_agent_query_encode(td_service_arena(run->service), &query),
        .deadline_ms = DEADLINE_MS,
    };
    td_call(run->service, &call, on_page, run);
}

/* --- say ---------------------------------------------------------------------------------------
 */

static void on_said(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct agent_run *run = ctx;
    struct td_agent_command_reply reply = {0};

    if (err == TD_OK)
        err = td_agent_command_reply_decode(td_service_arena(run->service), payload, &reply, NULL);
    if (err != TD_OK) {
        td_tool_exit(run->service, command_fail(1, "%s", command_why_failed(err, message)));
        return;
    }
    if (!reply.accepted) {
        td_tool_exit(run->service, command_fail(1, "%s: %s", run->command.agent, reply.message));
        return;
    }
    (void)printf("%s is %s%s%s\n", run->command.agent, td_agent_state_name(reply.state),
                 reply.message[0] != '\0' ? ": " : "", reply.message);
    td_tool_exit(run->service, 0);
}

static void start(struct td_service *service, void *ctx)
{
    struct agent_run *run = ctx;

    run->service = service;
    if (run->command.action == TD_FEATURE_ACTION_UNSPECIFIED) {
        ask_page(run);
        return;
    }
    td_str_clip(run->command.source, sizeof(run->command.source), "command_line");
    const struct td_call call = {
        .to = "router",
        .type = "AgentCommand",
        .tenant = run->options->tenant,
        .key = run->command.agent,
        .payload = td_agent_command_encode(td_service_arena(service), &run->command),
        .deadline_ms = DEADLINE_MS,
    };
    td_call(service, &call, on_said, run);
}

/* --- arguments ---------------------------------------------------------------------------------
 */

static bool parse_action(const char *word, enum td_feature_action *action)
{
    static const struct {
        const char *word;
        enum td_feature_action action;
    } actions[] = {
        {"login", TD_FEATURE_ACTION_LOG_IN},
        {"logout", TD_FEATURE_ACTION_LOG_OUT},
        {"ready", TD_FEATURE_ACTION_READY},
        {"not-ready", TD_FEATURE_ACTION_NOT_READY},
        {"disposition", TD_FEATURE_ACTION_DISPOSITION},
    };

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (td_str_equal(actions[i].word, word)) {
            *action = actions[i].action;
            return true;
        }
    }
    return false;
}

int command_agent(const struct command_options *options, int argc, char **argv)
{
    struct agent_run run = {.options = options};

    if (argc > 3)
        return command_fail(2, "usage: tandem agent [NAME [ACTION [ARGUMENT]]]");
    if (argc > 0 && td_str_copy(run.command.agent, sizeof(run.command.agent), argv[0]) != TD_OK)
        return command_fail(2, "an agent's name has at most 63 bytes");
    if (argc > 1 && !parse_action(argv[1], &run.command.action))
        return command_fail(
            2, "unknown action \"%s\"; expected login, logout, ready, not-ready or disposition",
            argv[1]);
    if (argc > 2 &&
        td_str_copy(run.command.argument, sizeof(run.command.argument), argv[2]) != TD_OK)
        return command_fail(2, "a reason or disposition has at most 63 bytes");

    const struct td_tool tool = {.site_file = options->site_file, .start = start, .ctx = &run};
    return td_tool_run(&tool);
}
