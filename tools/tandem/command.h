/**
 * @file command.h  One command of the command line, and what all of them use.
 *
 * A command is a function from its arguments to an exit status: 0 done, 1 could not, 2 wrong usage.
 * main.c has the table.
 */
#ifndef TANDEM_COMMAND_H
#define TANDEM_COMMAND_H

#include "service/tool.h"

/** What stands before the command. */
struct command_options {
    const char *site_file;
    uint32_t tenant;
};

struct command {
    const char *words; /**< "config apply"; one or two words. */
    const char *arguments;
    const char *help; /**< One sentence. */
    const char *more; /**< Shown by `tandem WORDS --help`; NULL for nothing. */
    int (*run)(const struct command_options *options, int argc, char **argv);
};

/* Each takes the arguments behind its words. */
int command_config_apply(const struct command_options *options, int argc, char **argv);
int command_config_diff(const struct command_options *options, int argc, char **argv);
int command_config_show(const struct command_options *options, int argc, char **argv);
int command_bus_tail(const struct command_options *options, int argc, char **argv);
int command_bus_publish(const struct command_options *options, int argc, char **argv);
int command_client_add(const struct command_options *options, int argc, char **argv);
int command_client_change(const struct command_options *options, int argc, char **argv);
int command_client_remove(const struct command_options *options, int argc, char **argv);
int command_client_list(const struct command_options *options, int argc, char **argv);
int command_client_show(const struct command_options *options, int argc, char **argv);
int command_agent(const struct command_options *options, int argc, char **argv);
int command_interaction(const struct command_options *options, int argc, char **argv);
int command_why(const struct command_options *options, int argc, char **argv);
int command_check(const struct command_options *options, int argc, char **argv);
int command_history(const struct command_options *options, int argc, char **argv);
int command_top(const struct command_options *options, int argc, char **argv);
int command_simulate(const struct command_options *options, int argc, char **argv);
int command_demo_call(const struct command_options *options, int argc, char **argv);

/** Prints "tandem: SENTENCE" to stderr. @return `status`. */
__attribute__((format(printf, 2, 3))) int command_fail(int status, const char *sentence, ...);

/** An error of a call as a sentence for people: the service's own, or what the code means. */
const char *command_why_failed(enum td_err err, const char *message);

#endif
