#include "service/tool.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/private.h"

#define PATIENCE_MS 3000

struct run {
    const struct td_tool *tool;
    struct td_service *service;
    struct td_timer patience;
};

static enum td_err start(struct td_service *service, void *ctx)
{
    struct run *run = ctx;

    td_timer_stop(&run->patience);
    run->tool->start(service, run->tool->ctx);
    return TD_OK;
}

static void stop(void *ctx)
{
    struct run *run = ctx;

    if (run->tool->stop != NULL)
        run->tool->stop(run->service, run->tool->ctx);
    td_service_stopped(run->service);
}

static void on_impatient(void *ctx)
{
    struct run *run = ctx;
    struct td_service *service = run->service;
    const char *who =
        service->history != NULL && !td_history_is_up(service->history) ? "PostgreSQL" : "Redis";

    (void)fprintf(stderr, "%s of this site does not answer: is the site running? (settings: %s)\n",
                  who, run->tool->site_file);
    service_begin_stop(service, 1);
}

void service_start_patience(struct td_service *service, void *ctx)
{
    struct run *run = ctx;

    td_timer_init(&run->patience, service->loop, on_impatient, run);
    td_timer_start(&run->patience,
                   run->tool->patience_ms != 0 ? run->tool->patience_ms : PATIENCE_MS);
}

int td_tool_run(const struct td_tool *tool)
{
    struct td_service *service = calloc(1, sizeof(*service));
    struct run run = {.tool = tool, .service = service};
    if (service == NULL)
        return 1;

    const struct td_service_definition definition = {
        .name = "tool",
        .start = start,
        .stop = stop,
        .ctx = &run,
        .uses_history = tool->uses_history,
        .without_live = tool->without_live,
    };
    service->definition = &definition;
    service->is_tool = true;
    service->instance_name = "tool";
    service->log = (struct td_log){"tandem", TD_LOG_ERROR, service_unix_ms, service_write_log};
    int status = service_load_settings(service, tool->site_file);
    if (status == 0)
        status = service_run(service);
    free(service);
    return status;
}

static void exit_later(void *ctx)
{
    struct td_service *service = ctx;

    service_begin_stop(service, service->exit_status);
}

void td_tool_exit(struct td_service *service, int status)
{
    service->exit_status = status;
    service_defer(service, exit_later, service);
}
