/*
 * The owner's own figures, each second: to be compared with those counted from events.
 */
#include "router/router.h"
#include "service/publish.h"

#define QUEUES_MAX 1000

static void publish(struct router_tenant *tenant, uint64_t now)
{
    struct router *router = tenant->router;
    struct td_arena *arena = td_service_arena(router->service);
    size_t mark = arena->used;
    struct td_router_gauges gauges = {.at_unix_us = now, .epoch = router->epoch};
    uint32_t cursor = 0;

    gauges.queues = td_arena_array(arena, QUEUES_MAX, sizeof(gauges.queues[0]));
    if (gauges.queues == NULL)
        return;
    while (gauges.queues_count < QUEUES_MAX &&
           flow_next_queue(tenant->flow, &cursor, now, &gauges.queues[gauges.queues_count]))
        gauges.queues_count++;
    flow_count_agents(tenant->flow, &gauges.agents);
    gauges.agents.at_unix_us = now;
    gauges.has_agents = true;
    gauges.interactions = flow_interaction_count(tenant->flow);
    gauges.commands_pending = pending_count(tenant->pending);
    td_publish_metric(router->service, tenant->id, "metrics.router", "RouterGauges",
                      td_router_gauges_encode(arena, &gauges));
    td_arena_rewind(arena, mark);
}

void router_gauges(void *ctx)
{
    struct router *router = ctx;
    uint64_t now = td_loop_now_unix_us(td_service_loop(router->service));

    *router->counters.interactions = 0;
    *router->counters.commands_pending = 0;
    *router->counters.active = router->active;
    for (struct router_tenant *tenant = router->tenants; tenant != NULL; tenant = tenant->next) {
        if (!tenant->running)
            continue;
        *router->counters.interactions += flow_interaction_count(tenant->flow);
        *router->counters.commands_pending += pending_count(tenant->pending);
        publish(tenant, now);
    }
}
