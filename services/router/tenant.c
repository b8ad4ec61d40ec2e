/*
 * One tenant's flow and its memory.
 */
#include <stdlib.h>
#include <string.h>

#include "router/router.h"

/** Commands that one interaction may have under way at a time, on average. */
#define COMMANDS_PER_INTERACTION 4

struct router_tenant *router_tenant_find(const struct router *router, uint32_t id)
{
    struct router_tenant *tenant = router->tenants;

    while (tenant != NULL && tenant->id != id)
        tenant = tenant->next;
    return tenant;
}

/* --- configuration --- */

static void on_problem(void *ctx, const struct flow_problem *problem)
{
    const struct router_tenant *tenant = ctx;

    td_log_warn(td_service_log(tenant->router->service), "config.refused",
                td_u64("tenant", tenant->id), td_str(problem->kind, problem->name),
                td_str("field", problem->detail.field), td_u64("index", problem->detail.index),
                td_str("message", problem->detail.error.message), td_failure(problem->err));
}

void router_tenant_configure(struct router_tenant *tenant, const struct td_company *company)
{
    flow_configure(tenant->flow, &company->config, company->calendar, on_problem, tenant);
    if (tenant->running)
        td_timer_start(&tenant->timer, 0); // Somebody who waits may suit somebody now.
}

/* --- life --- */

static bool is_pending(const void *ctx, struct td_interaction_id id, const char *type)
{
    const struct router_tenant *tenant = ctx;

    return pending_has(tenant->pending, id, type);
}

static struct flow_settings settings_of(const struct router_tenant *tenant)
{
    const struct router *router = tenant->router;
    const struct router_config *config = &router->config;
    struct flow_settings settings = {
        .limits = {.agents = config->agents_max,
                   .queues = config->queues_max,
                   .interactions = config->interactions_max,
                   .expressions = config->expressions_max,
                   .names = config->attribute_names_max,
                   .texts = config->attribute_texts_max},
        .epoch = router->epoch,
        .retry_after_s = (config->retry_after_ms + 999) / 1000,
        .again_after_ms = config->again_after_ms,
        .is_pending = is_pending,
        .ctx = tenant,
    };

    td_loop_random(td_service_loop(router->service), &settings.seed, sizeof(settings.seed));
    return settings;
}

void router_tenant_create(struct router *router, uint32_t id)
{
    const struct td_company *company = td_company_find(router->service, id);
    struct router_tenant *tenant = calloc(1, sizeof(*tenant));
    uint32_t commands = router->config.interactions_max * COMMANDS_PER_INTERACTION;
    if (tenant == NULL || company == NULL)
        abort(); // Its configuration has just been handed to us.

    tenant->router = router;
    tenant->id = id;
    struct flow_settings settings = settings_of(tenant);
    tenant->flow_block = malloc(flow_size(&settings.limits));
    tenant->pending_block = malloc(pending_size(commands));
    if (tenant->flow_block == NULL || tenant->pending_block == NULL ||
        flow_init(tenant->flow_block, &settings, &tenant->flow) != TD_OK)
        abort(); // The limits were tried at the start (router_start).
    tenant->pending = pending_init(tenant->pending_block, commands);
    td_timer_init(&tenant->timer, td_service_loop(router->service), router_wake, tenant);
    tenant->next = router->tenants;
    router->tenants = tenant;
    router_tenant_configure(tenant, company);
    router_load(tenant);
}

void router_tenant_destroy(struct router_tenant *tenant)
{
    struct router_tenant **link = &tenant->router->tenants;

    while (*link != tenant)
        link = &(*link)->next;
    *link = tenant->next;
    td_timer_stop(&tenant->timer);
    router_batches_drop(tenant);
    router_commands_drop(tenant);
    router_load_drop(tenant);
    free(tenant->pending_block);
    free(tenant->flow_block);
    free(tenant);
}

static void introduce(void *ctx, const struct td_instance *instance)
{
    router_step(ctx,
                &(struct flow_input){.type = FLOW_INSTANCE_UP,
                                     .service = instance->service,
                                     .instance = instance->instance},
                NULL);
}

void router_tenant_run(struct router_tenant *tenant)
{
    struct router *router = tenant->router;
    struct td_loop *loop = td_service_loop(router->service);

    td_loop_advance(loop, flow_loaded_at_unix_us(tenant->flow));
    flow_load_end(tenant->flow, td_loop_now_unix_us(loop));
    tenant->running = true;
    tenant->wants_sync = true;
    td_service_each_instance(router->service, NULL, introduce, tenant);
    router_wake(tenant);
    router_commands_tick(tenant);
}
