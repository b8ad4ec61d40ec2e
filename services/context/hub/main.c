/* The hub: see hub.h. */
#include "context/hub/hub.h"

struct process {
    struct td_service *service;
    struct hub *hub;
};

static enum td_err start(struct td_service *service, void *ctx)
{
    struct process *process = ctx;

    process->service = service;
    return hub_create(service, &process->hub);
}

static void stop(void *ctx)
{
    struct process *process = ctx;

    hub_destroy(&process->hub);
    td_service_stopped(process->service);
}

static const char *unhealthy(void *ctx)
{
    const struct process *process = ctx;

    return hub_unhealthy(process->hub);
}

int main(int argc, char **argv)
{
    struct process process = {0};
    const struct td_service_definition definition = {
        .name = "hub",
        .description = "publishes every event of the site, and its metrics, to subscribers",
        .start = start,
        .stop = stop,
        .unhealthy = unhealthy,
        .ctx = &process,
    };

    return td_service_main(argc, argv, &definition);
}
