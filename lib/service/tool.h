/**
 * @file tool.h  Programs that ask the services something and end: the command line, load
 * generators.
 *
 * A tool has what a service has (td_call, commits, PostgreSQL, who is there), but nobody calls it:
 * no request socket, no registration, no HTTP. Its log shows warnings only.
 */
#ifndef TD_SERVICE_TOOL_H
#define TD_SERVICE_TOOL_H

#include "service/service.h"

struct td_tool {
    const char *site_file; /**< site.yaml */
    bool uses_history;     /**< Connect to PostgreSQL. */
    bool without_live;     /**< Needs nobody: start even if Redis does not answer. */
    /** Called once the stores answer and it is known who is there. */
    void (*start)(struct td_service *service, void *ctx);
    /** Closes what start opened on the bus or loop; also when a signal ends the tool. May be NULL.
     */
    void (*stop)(struct td_service *service, void *ctx);
    void *ctx;
    uint32_t patience_ms; /**< For the stores to answer; 0: 3,000. */
};

/**
 * Runs until td_tool_exit, SIGINT or SIGTERM. Prints one sentence to stderr when the settings are
 * wrong or the stores do not answer.
 * @return The status given to td_tool_exit; 1 when the site does not answer; 2 for wrong settings.
 */
int td_tool_run(const struct td_tool *tool);

/** Ends the tool after this turn of the loop. */
void td_tool_exit(struct td_service *service, int status);

#endif
