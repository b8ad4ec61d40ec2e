/*
 * The life of the process: standing by, taking over, active, and the one way back.
 */
#include "router/router.h"

#include <stdlib.h>

#include "base/str.h"

#define COMMAND_TICK_MS 25
#define GAUGES_MS 1000

const struct td_config_key router_keys[] = {
    TD_CONFIG_U32("interactions_max", struct router_config, interactions_max, .fallback = "5000",
                  .unit = "interactions", .min = 1, .max = 100000,
                  .help = "of one tenant at a time; more are refused"),
    TD_CONFIG_U32("agents_max", struct router_config, agents_max, .fallback = "5000",
                  .unit = "agents", .min = 1, .max = 50000, .help = "of one tenant"),
    TD_CONFIG_U32("queues_max", struct router_config, queues_max, .fallback = "1000",
                  .unit = "queues", .min = 1, .max = 4096, .help = "of one tenant"),
    TD_CONFIG_U32("expressions_max", struct router_config, expressions_max, .fallback = "4096",
                  .unit = "expressions", .min = 1, .max = 65536,
                  .help = "distinct requirement steps of a tenant in use at a time"),
    TD_CONFIG_U32("attribute_names_max", struct router_config, attribute_names_max,
                  .fallback = "1024", .unit = "names", .min = 1, .max = 4096,
                  .help = "distinct attribute names of a tenant"),
    TD_CONFIG_U32("attribute_texts_max", struct router_config, attribute_texts_max,
                  .fallback = "65536", .unit = "texts", .min = 1, .max = 1000000,
                  .help = "distinct text values of a tenant"),
    TD_CONFIG_DURATION_MS("retry_after", struct router_config, retry_after_ms, .fallback = "5s",
                          .min = 1000, .max = 3600000, .help = "told to who is refused"),
    TD_CONFIG_DURATION_MS("offer_again_after", struct router_config, again_after_ms,
                          .fallback = "5s", .min = 100, .max = 3600000,
                          .help = "to an agent who did not take the same interaction before"),
    TD_CONFIG_DURATION_MS("sync", struct router_config, sync_ms, .fallback = "800ms", .min = 100,
                          .max = 10000,
                          .help = "a channel that has not said all after a take-over is dead"),
};
const size_t router_keys_count = sizeof(router_keys) / sizeof(router_keys[0]);

static const struct td_log *log_of(const struct router *router)
{
    return td_service_log(router->service);
}

/* --- the way forth --- */

static void on_acquired(void *ctx, uint64_t epoch)
{
    struct router *router = ctx;

    router->epoch = epoch;
    router->acquired_ns = td_loop_now_ns();
    ++*router->counters.takeovers;
    td_log_info(log_of(router), "lease.acquired", td_u64("epoch", epoch),
                td_u64("tenants", router->company_count));
    for (uint32_t i = 0; i < router->company_count; i++)
        router_tenant_create(router, router->companies[i]);
    if (router->company_count == 0)
        router_loaded(router);
}

void router_loaded(struct router *router)
{
    uint64_t ms = (td_loop_now_ns() - router->acquired_ns) / 1000000;

    if (!router->active) {
        router->active = true;
        *router->counters.takeover_ms = ms;
        td_service_set_active(router->service, true, router->epoch);
        td_log_info(log_of(router), "router.active", td_u64("epoch", router->epoch),
                    td_u64("after_ms", ms));
    }
    router_sync_start(router);
}

/* --- the way back --- */

static enum td_err ask_for_lease(struct router *router);

static void drop_everything(struct router *router)
{
    router->life++; // No callback finds its tenant from here on.
    router->active = false;
    router->epoch = 0;
    router_sync_stop(router);
    while (router->tenants != NULL)
        router_tenant_destroy(router->tenants);
    td_service_set_active(router->service, false, 0);
}

static void on_relapse(void *ctx)
{
    struct router *router = ctx;

    if (ask_for_lease(router) != TD_OK)
        abort(); // Out of memory for a few bytes: another process will do better.
}

void router_relapse(struct router *router, const char *reason)
{
    if (router->epoch == 0)
        return;
    td_log_error(log_of(router), "router.relapsed", td_u64("epoch", router->epoch),
                 td_str("reason", reason));
    drop_everything(router);
    td_lease_destroy(&router->lease); // The other one may do better.
    td_timer_start(&router->relapse, ROUTER_RELAPSE_MS);
}

static void on_relapse_soon(void *ctx)
{
    router_relapse(ctx, "Redis is away");
}

void router_relapse_soon(struct router *router)
{
    td_timer_start(&router->soon, 0);
}

static void on_lost(void *ctx, enum td_lease_loss loss)
{
    struct router *router = ctx;

    ++*router->counters.lease_lost;
    td_log_warn(log_of(router), "lease.lost", td_u64("epoch", router->epoch),
                td_str("how", loss == TD_LEASE_TAKEN ? "taken" : "expired"));
    drop_everything(router);
}

static enum td_err ask_for_lease(struct router *router)
{
    char key[TD_KEY_SIZE];
    struct td_lease_config config = {.key = td_service_lease_key(router->service, key),
                                     .owner = td_service_instance(router->service),
                                     .acquired = on_acquired,
                                     .lost = on_lost,
                                     .ctx = router};

    return td_lease_create(td_service_loop(router->service), td_service_live(router->service),
                           &config, &router->lease);
}

/* --- what is going on around --- */

static void note_company(struct router *router, uint32_t id)
{
    const uint32_t max = sizeof(router->companies) / sizeof(router->companies[0]);

    for (uint32_t i = 0; i < router->company_count; i++) {
        if (router->companies[i] == id)
            return;
    }
    if (router->company_count < max)
        router->companies[router->company_count++] = id;
    else
        td_log_error(log_of(router), "tenant.refused", td_u64("tenant", id),
                     td_failure(TD_ERR_LIMIT));
}

static void on_company(void *ctx, const struct td_company *company)
{
    struct router *router = ctx;
    struct router_tenant *tenant = router_tenant_find(router, company->config.tenant);

    note_company(router, company->config.tenant);
    if (tenant != NULL)
        router_tenant_configure(tenant, company);
    else if (router->epoch != 0)
        router_tenant_create(router, company->config.tenant);
}

static void on_companies_loaded(void *ctx)
{
    struct router *router = ctx;

    if (ask_for_lease(router) != TD_OK)
        abort();
}

static void on_instance(void *ctx, enum td_instance_change change,
                        const struct td_instance *instance)
{
    struct router *router = ctx;
    bool up = change != TD_INSTANCE_GONE;
    struct flow_input input = {.type = up ? FLOW_INSTANCE_UP : FLOW_INSTANCE_GONE,
                               .service = instance->service,
                               .instance = instance->instance};

    if (change == TD_INSTANCE_CHANGED || router->epoch == 0)
        return;
    router_step_all(router, &input);
    router_sync_instance(router, instance->service, instance->instance, up);
    for (struct router_tenant *tenant = router->tenants; up && tenant != NULL;
         tenant = tenant->next)
        pending_resend(tenant->pending, instance->instance);
}

static void on_tick(void *ctx)
{
    struct router *router = ctx;

    for (struct router_tenant *tenant = router->tenants; tenant != NULL; tenant = tenant->next) {
        if (!tenant->running)
            continue;
        router_commands_tick(tenant);
        router_flush_done(tenant);
    }
}

/* --- start and stop --- */

static void make_counters(struct router *router)
{
    struct td_service *service = router->service;
    struct router_counters *counters = &router->counters;

    counters->active =
        td_service_gauge(service, "active", "1 while it holds the lease and answers.");
    counters->interactions =
        td_service_gauge(service, "interactions", "Interactions not yet closed.");
    counters->commands_pending = td_service_gauge(service, "commands_pending",
                                                  "Commands committed and not yet carried out.");
    counters->takeovers = td_service_counter(service, "takeovers", "Times that it became active.");
    counters->takeover_ms = td_service_gauge(
        service, "takeover_ms", "How long the last take-over lasted until it answered.");
    counters->lease_lost =
        td_service_counter(service, "lease_lost", "Times that it lost the lease.");
    counters->arrived = td_service_counter(service, "arrived", "Interactions that arrived.");
    counters->refused = td_service_counter(service, "refused", "Interactions refused at the door.");
    counters->closed = td_service_counter(service, "closed", "Interactions closed.");
    counters->offers = td_service_counter(service, "offers", "Offers made to agents.");
    counters->steps = td_service_counter(service, "steps", "Steps of the flow.");
    counters->commits = td_service_counter(service, "commits", "Commits stored.");
    counters->commits_failed = td_service_counter(service, "commits_failed",
                                                  "Commits that failed: it stood by after each.");
    counters->commands_sent = td_service_counter(service, "commands_sent", "Commands sent.");
    counters->commands_repeated =
        td_service_counter(service, "commands_repeated", "Commands sent again.");
    counters->commands_failed =
        td_service_counter(service, "commands_failed", "Commands given up.");
    counters->records_refused = td_service_counter(service, "records_refused",
                                                   "Records in Redis that could not be taken up.");
}

static enum td_err try_limits(const struct router_config *config)
{
    struct td_routing_limits limits = {.agents = config->agents_max,
                                       .queues = config->queues_max,
                                       .interactions = config->interactions_max,
                                       .expressions = config->expressions_max,
                                       .names = config->attribute_names_max,
                                       .texts = config->attribute_texts_max};

    return flow_size(&limits) > 0 ? TD_OK : TD_ERR_RANGE;
}

/* Standing by is healthy, as long as there is somebody to stand by. */
const char *router_unhealthy(void *ctx)
{
    const struct router *router = ctx;

    if (router->active || td_service_find_instance(router->service, "router", NULL) != NULL)
        return NULL;
    return "no router is active";
}

enum td_err router_start(struct td_service *service, void *ctx)
{
    struct router *router = ctx;
    struct td_loop *loop = td_service_loop(service);
    enum td_err err = try_limits(&router->config);
    if (err != TD_OK)
        return err;

    router->service = service;
    router->tickets.prev = &router->tickets;
    router->tickets.next = &router->tickets;
    router->effects_block = malloc(FLOW_EFFECTS_SIZE);
    if (router->effects_block == NULL)
        return TD_ERR_NO_MEMORY;
    router->effects = flow_effects_init(router->effects_block);
    make_counters(router);
    td_timer_init(&router->relapse, loop, on_relapse, router);
    td_timer_init(&router->soon, loop, on_relapse_soon, router);
    td_timer_init(&router->second, loop, router_gauges, router);
    td_timer_init(&router->tick, loop, on_tick, router);
    td_timer_start_repeating(&router->second, GAUGES_MS);
    td_timer_start_repeating(&router->tick, COMMAND_TICK_MS);
    td_service_watch_instances(service, on_instance, router);
    err = td_company_watch(service, on_company, router);
    if (err == TD_OK)
        td_company_on_loaded(service, on_companies_loaded, router);
    return err;
}

void router_stop(void *ctx)
{
    struct router *router = ctx;

    if (router->effects_block != NULL) {
        drop_everything(router);
        td_lease_destroy(&router->lease);
        td_timer_stop(&router->relapse);
        td_timer_stop(&router->soon);
        td_timer_stop(&router->second);
        td_timer_stop(&router->tick);
    }
    td_service_stopped(router->service); // No callback finds its ticket after this.
    while (router->effects_block != NULL && router->tickets.next != &router->tickets)
        router_ticket_destroy(router->tickets.next);
    free(router->effects_block);
    router->effects_block = NULL;
}
