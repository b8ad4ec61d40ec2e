/* The command line of Tandem: finds the command and hands the rest to it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tandem/command.h"
#include "tandem/find.h"

#define DEFAULT_SITE "var/site/site.yaml"
#define USAGE_WIDTH 44

#define CLIENT_OPTIONS                                                                             \
    "  --publish TOPICS        what it may publish, such as crm. (all below) or "                  \
    "crm.order_placed\n"                                                                           \
    "  --subscribe TOPICS      what it may listen to, such as metrics. or interaction.\n"          \
    "  --per-second N          requests a second; default 100\n"                                   \
    "  --bytes-per-second N    default 1,048,576\n"                                                \
    "  --pending N             events on their way without an answer; default 256\n"               \
    "  --connections N         at one time; default 4\n"                                           \
    "  --public-key KEY        of a pair that the client made itself (Z85, 40 characters)\n"       \
    "  --file FILE             write what it needs to connect there, for its owner alone\n"        \
    "TOPICS are words with dots, several with commas between; options may be repeated.\n"

static const struct command commands[] = {
    {"config apply", "FILE", "check company.yaml and put it in force",
     "Nothing changes when anything in the file is wrong. Customers in the file are created or\n"
     "updated by their external_id. Phones without a password keep the one they have.",
     command_config_apply},
    {"config diff", "FILE", "what applying company.yaml would change", NULL, command_config_diff},
    {"config show", "[--version N]", "the company in force, as YAML",
     "Without passwords; it can be applied again.", command_config_show},
    {"bus tail", "[TOPIC] [--json] [--count N]", "show events and metrics as they are published",
     "TOPIC is a prefix: interaction., metrics.queue. or crm.; everything without it.\n"
     "--json prints one object a line, for programs.",
     command_bus_tail},
    {"bus publish", "TOPIC JSON|- [--key KEY] [--id ID]",
     "store an event; returns when it is on disk",
     "A repeat with the same --id within an hour is stored once. With - there is one JSON value a\n"
     "line on standard input, and the id of each is printed when it is on disk; what cannot\n"
     "be stored now is tried until it can.",
     command_bus_publish},
    {"client add", "NAME [OPTIONS]", "let a client from outside in, with a key of its own",
     CLIENT_OPTIONS
     "Without --public-key a pair is made and the secret one shown once, or written to FILE.",
     command_client_add},
    {"client change", "NAME [OPTIONS]", "what it may do; in force at once, everywhere",
     CLIENT_OPTIONS
     "  --new-key               make another pair; connections with the old one are closed\n"
     "What is not named stays; --publish \"\" takes all of it away.",
     command_client_change},
    {"client list", "", "the clients of the tenant", NULL, command_client_list},
    {"client show", "NAME", "one client, and where it connects", NULL, command_client_show},
    {"client remove", "NAME", "close its connections and let it in no more", NULL,
     command_client_remove},
    {"agent", "[NAME [ACTION [ARGUMENT]]]", "show agents, or say something for one",
     "ACTION is login, logout, ready, not-ready REASON or disposition CODE.", command_agent},
    {"top", "[--once]", "queues, agents and calls as they are now, each second",
     "Keys: 1 2 3 or Tab choose queues, agents or calls; s sorts by the next column, r the other\n"
     "way round; / shows only rows with a text; q leaves; ? lists all. --once, or when there is "
     "no\n"
     "terminal: one picture in plain text. NO_COLOR is heeded; LANG=zh_CN.UTF-8 speaks Chinese.",
     command_top},
    {"history", "[calls] [OPTIONS]", "what was, by day, hour, queue or agent; single calls",
     "  --by day|hour|queue|agent   what is counted together; day unless a filter says otherwise\n"
     "  --from DAY, --to DAY        2026-11-22, today or yesterday, of the company's time zone;\n"
     "                              without them today\n"
     "  --queue NAME, --agent NAME  only that one\n"
     "  --format table|csv|json     a table has the columns that fit; the others have all.\n"
     "                              Durations are in milliseconds there; in CSV an apostrophe\n"
     "                              stands before text that a spreadsheet would take for a "
     "formula\n"
     "\n"
     "Counted are interactions that are over, in the day they arrived in; for queues and agents\n"
     "each passage, in the day it ended. Formulas: services/reporting/README.md.",
     command_history},
    {"interaction", "ID [--json]", "what happened to one interaction, in order of time",
     "Every event with the time since the beginning and since the event before, then the legs of\n"
     "all parties and what it came to.\n" FIND_HELP,
     command_interaction},
    {"why", "ID [--json]", "why this agent, who was next, and what was asked",
     "What each step of the requirement asked from when on; of each offer: who got it and why, "
     "who\n"
     "was next, why not the others, and what came of it.\n" FIND_HELP,
     command_why},
    {"check", "[--json] [--wait SECONDS]", "is anything stuck, forgotten, or there twice?",
     "Asks every owner what it has and compares: interactions, agents, commands, calls, SIP "
     "dialogs,\n"
     "phones, legs, ports, recordings, dialogs, leases, streams and history, of all tenants. "
     "Looks\n"
     "again for up to SECONDS (3) while something is found, and tells what every look has shown.\n"
     "Exit status 1 when there is a finding, or somebody did not answer.",
     command_check},
    {"simulate", "SCENARIO.yaml [--seeds N] [--csv FILE] [--html FILE]",
     "what would happen, policies compared on the same days",
     "Runs the engine that routes live calls in virtual time, each policy of the scenario over N\n"
     "seeds (5). --html writes a page with charts, --csv the figures of each run. No site is "
     "needed.\n"
     "deploy/scenarios has scenarios to start from.",
     command_simulate},
    {"demo call", "", "make one call and show what happens", NULL, command_demo_call},
};

int command_fail(int status, const char *sentence, ...)
{
    va_list args;

    va_start(args, sentence);
    (void)fputs("tandem: ", stderr);
    (void)vfprintf(stderr, sentence, args);
    (void)fputc('\n', stderr);
    va_end(args);
    return status;
}

const char *command_why_failed(enum td_err err, const char *message)
{
    return message != NULL && message[0] != '\0' ? message : td_err_text(err);
}

static void print_help(FILE *out)
{
    (void)fputs("usage: tandem [--site FILE] [--tenant N] COMMAND ...\n\n", out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        char usage[80];
        (void)snprintf(usage, sizeof(usage), "%s %s", commands[i].words, commands[i].arguments);
        if (strlen(usage) > USAGE_WIDTH) // The sentence goes below it.
            (void)fprintf(out, "  %s\n  %-*s %s\n", usage, USAGE_WIDTH, "", commands[i].help);
        else
            (void)fprintf(out, "  %-*s %s\n", USAGE_WIDTH, usage, commands[i].help);
    }
    (void)fputs("\n  --site FILE   site.yaml of the site; default $TANDEM_SITE or " DEFAULT_SITE
                "\n"
                "  --tenant N    the company; default 1\n"
                "  tandem COMMAND --help says more of one command\n",
                out);
}

/* How many of the arguments are the command's words; 0: another command. */
static int match(const struct command *command, int argc, char **argv)
{
    char two[64];

    if (td_str_equal(command->words, argv[0]))
        return 1;
    if (argc < 2)
        return 0;
    (void)snprintf(two, sizeof(two), "%s %s", argv[0], argv[1]);
    return td_str_equal(command->words, two) ? 2 : 0;
}

static int run_command(const struct command *command, const struct command_options *options,
                       int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (!td_str_equal(argv[i], "--help"))
            continue;
        (void)printf("tandem %s %s: %s\n", command->words, command->arguments, command->help);
        if (command->more != NULL)
            (void)printf("\n%s\n", command->more);
        return 0;
    }
    return command->run(options, argc, argv);
}

static bool take_option(struct command_options *options, const char *name, const char *value)
{
    uint64_t tenant;

    if (td_str_equal(name, "--site")) {
        options->site_file = value;
        return true;
    }
    if (!td_str_equal(name, "--tenant") || td_str_to_u64(value, UINT32_MAX, &tenant) != TD_OK ||
        tenant == 0)
        return false;
    options->tenant = (uint32_t)tenant;
    return true;
}

int main(int argc, char **argv)
{
    const char *site = getenv("TANDEM_SITE");
    struct command_options options = {.site_file = site != NULL ? site : DEFAULT_SITE, .tenant = 1};
    int at = 1;

    for (; at + 1 < argc && td_str_starts_with(argv[at], "--") && !td_str_equal(argv[at], "--help");
         at += 2) {
        if (!take_option(&options, argv[at], argv[at + 1]))
            return command_fail(2, "%s %s: expected --site FILE or --tenant N", argv[at],
                                argv[at + 1]);
    }
    if (at >= argc) {
        print_help(stderr);
        return 2;
    }
    if (td_str_equal(argv[at], "--help") || td_str_equal(argv[at], "help")) {
        print_help(stdout);
        return 0;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        int words = match(&commands[i], argc - at, argv + at);
        if (words > 0)
            return run_command(&commands[i], &options, argc - at - words, argv + at + words);
    }
    return command_fail(2, "unknown command \"%s\"; tandem --help lists them", argv[at]);
}
