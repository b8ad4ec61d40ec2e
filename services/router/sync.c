/*
 * After a take-over each channel and each ivr says what it has, page by page; who has not said all
 * within sync_ms is treated as dead. One round serves all tenants that want it: an instance does
 * not tell them apart.
 */
#include <string.h>

#include "base/str.h"
#include "router/router.h"

#define PAGE_DEADLINE_MS 300
#define SYNC_TICK_MS 20
/** Asks on behalf of nobody in particular. */
#define ANY_TENANT 1

struct page {
    struct router_ticket ticket;
    char service[32];
    char name[64];
};

struct description {
    struct router_ticket ticket;
    struct td_sync_item item;
};

static void ask(struct router *router, struct router_peer *peer);

bool router_is_channel(const char *service)
{
    return td_str_equal(service, "edge");
}

static bool is_asked(const char *service)
{
    return router_is_channel(service) || td_str_equal(service, "ivr");
}

/* --- peers --- */

static struct router_peer *find_peer(struct router *router, const char *service, const char *name)
{
    for (uint32_t i = 0; i < router->sync.peer_count; i++) {
        struct router_peer *peer = &router->sync.peers[i];

        if (td_str_equal(peer->name, name) && td_str_equal(peer->service, service))
            return peer;
    }
    return NULL;
}

static void step_synced(struct router *router, const struct flow_input *input)
{
    for (struct router_tenant *tenant = router->tenants; tenant != NULL; tenant = tenant->next) {
        if (tenant->syncing)
            router_step(tenant, input, NULL);
    }
}

/* --- pages --- */

static void take_channel_item(struct router *router, const struct router_peer *peer,
                              const struct td_sync_item *item)
{
    struct router_tenant *tenant = router_tenant_find(router, item->tenant);

    if (tenant != NULL && tenant->syncing)
        router_step(
            tenant,
            &(struct flow_input){.type = FLOW_SYNC_ITEM, .sync = item, .instance = peer->name},
            NULL);
}

static enum td_err take_channel_page(struct router *router, struct router_peer *peer,
                                     struct td_bytes payload)
{
    struct td_sync_reply reply;
    enum td_err err =
        td_sync_reply_decode(td_service_arena(router->service), payload, &reply, NULL);
    if (err != TD_OK)
        return err;

    for (uint32_t i = 0; i < reply.items_count; i++)
        take_channel_item(router, peer, &reply.items[i]);
    if (reply.items_count > 0)
        peer->after = reply.items[reply.items_count - 1].interaction_id.id;
    peer->done = reply.done || reply.items_count == 0;
    return TD_OK;
}

/* A dialog's item does not name its tenant: the one that knows the interaction, else any. */
static void take_dialog_item(struct router *router, const struct router_peer *peer,
                             const struct td_dialog_sync_item *item)
{
    struct router_tenant *owner = NULL;

    for (struct router_tenant *tenant = router->tenants; tenant != NULL; tenant = tenant->next) {
        if (tenant->syncing && (owner == NULL || flow_knows(tenant->flow, item->interaction_id)))
            owner = tenant;
    }
    if (owner != NULL)
        router_step(owner,
                    &(struct flow_input){
                        .type = FLOW_DIALOG_SYNC_ITEM, .dialog_sync = item, .instance = peer->name},
                    NULL);
}

static enum td_err take_dialog_page(struct router *router, struct router_peer *peer,
                                    struct td_bytes payload)
{
    struct td_dialog_sync_reply reply;
    enum td_err err =
        td_dialog_sync_reply_decode(td_service_arena(router->service), payload, &reply, NULL);
    if (err != TD_OK)
        return err;

    for (uint32_t i = 0; i < reply.items_count; i++)
        take_dialog_item(router, peer, &reply.items[i]);
    if (reply.items_count > 0)
        peer->after = reply.items[reply.items_count - 1].dialog_id.id;
    peer->done = reply.done || reply.items_count == 0;
    return TD_OK;
}

static void take_page(struct router *router, struct router_peer *peer, struct td_bytes payload)
{
    enum td_err err = router_is_channel(peer->service) ? take_channel_page(router, peer, payload)
                                                       : take_dialog_page(router, peer, payload);

    if (err != TD_OK) {
        td_log_error(td_service_log(router->service), "sync.refused",
                     td_str("instance", peer->name), td_failure(err));
        return; // Asked again by the tick, until the round ends.
    }
    if (!peer->done) {
        ask(router, peer);
        return;
    }
    step_synced(router, &(struct flow_input){.type = FLOW_SYNC_DONE,
                                             .service = peer->service,
                                             .instance = peer->name});
}

static void on_page(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct page *page = ctx;
    struct router *router = page->ticket.router;
    struct router_peer *peer = NULL;

    (void)message;
    if (router_ticket_is_valid(&page->ticket) && router->sync.running)
        peer = find_peer(router, page->service, page->name);
    if (peer != NULL && peer->asking) {
        peer->asking = false;
        if (err == TD_OK)
            take_page(router, peer, payload);
    }
    router_ticket_destroy(page);
}

/* An instance that came back is asked when what its going meant has been worked through. */
static bool is_sweeping(const struct router *router)
{
    for (const struct router_tenant *tenant = router->tenants; tenant != NULL;
         tenant = tenant->next) {
        if (tenant->syncing && flow_is_sweeping(tenant->flow))
            return true;
    }
    return false;
}

static void ask(struct router *router, struct router_peer *peer)
{
    if (is_sweeping(router))
        return; // The tick asks again.

    struct td_arena *arena = td_service_arena(router->service);
    struct page *page = router_ticket_create(router, ANY_TENANT, sizeof(*page));
    bool channel = router_is_channel(peer->service);
    struct td_bytes payload =
        channel ? td_sync_encode(arena,
                                 &(struct td_sync){.epoch = router->epoch, .after = {peer->after}})
                : td_dialog_sync_encode(arena, &(struct td_dialog_sync){.epoch = router->epoch,
                                                                        .after = {peer->after}});

    td_str_clip(page->service, sizeof(page->service), peer->service);
    td_str_clip(page->name, sizeof(page->name), peer->name);
    peer->asking = true;
    td_call(router->service,
            &(struct td_call){.to = peer->service,
                              .instance = peer->name,
                              .type = channel ? "Sync" : "DialogSync",
                              .payload = payload,
                              .tenant = ANY_TENANT,
                              .deadline_ms = PAGE_DEADLINE_MS},
            on_page, page);
}

/* --- descriptions --- */

static void on_described(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct description *description = ctx;
    struct router_tenant *tenant = router_ticket_tenant(&description->ticket);
    struct td_interaction_arrived arrived;

    (void)message;
    if (tenant != NULL && err == TD_OK)
        err = td_interaction_arrived_decode(td_service_arena(tenant->router->service), payload,
                                            &arrived, NULL);
    if (tenant != NULL && err == TD_OK)
        router_step(tenant,
                    &(struct flow_input){
                        .type = FLOW_DESCRIBED, .sync = &description->item, .arrived = &arrived},
                    NULL);
    else if (tenant != NULL)
        td_log_warn(td_service_log(tenant->router->service), "interaction.undescribed",
                    td_failure(err)); // Over meanwhile, or said again by its arrival.
    router_ticket_destroy(description);
}

void router_describe(struct router_tenant *tenant, const struct td_sync_item *item,
                     const char *instance)
{
    struct router *router = tenant->router;
    struct description *description =
        router_ticket_create(router, tenant->id, sizeof(*description));
    char key[TD_ID_TEXT_SIZE];

    description->item = *item;
    td_call(router->service,
            &(struct td_call){.to = "edge",
                              .instance = instance,
                              .type = "Describe",
                              .payload = td_describe_encode(
                                  td_service_arena(router->service),
                                  &(struct td_describe){.interaction_id = item->interaction_id}),
                              .tenant = tenant->id,
                              .key = td_id_format(item->interaction_id.id, key)},
            on_described, description);
}

/* --- the round --- */

static void add_peer(struct router *router, const char *service, const char *name)
{
    struct router_sync *sync = &router->sync;
    struct router_peer *peer = find_peer(router, service, name);

    if (!is_asked(service) || (peer == NULL && sync->peer_count == FLOW_INSTANCES_MAX))
        return;
    if (peer == NULL)
        peer = &sync->peers[sync->peer_count++];
    *peer = (struct router_peer){0};
    td_str_clip(peer->service, sizeof(peer->service), service);
    td_str_clip(peer->name, sizeof(peer->name), name);
    ask(router, peer);
}

static void add_instance(void *ctx, const struct td_instance *instance)
{
    add_peer(ctx, instance->service, instance->instance);
}

static bool is_settled(const struct router *router)
{
    for (uint32_t i = 0; i < router->sync.peer_count; i++) {
        if (!router->sync.peers[i].done)
            return false;
    }
    for (const struct router_tenant *tenant = router->tenants; tenant != NULL;
         tenant = tenant->next) {
        if (tenant->syncing && flow_is_syncing(tenant->flow))
            return false; // Somebody it needs is not there, or not there yet.
    }
    return true;
}

static void finish(struct router *router, uint64_t ms)
{
    struct router_sync *sync = &router->sync;
    bool again = false;

    sync->running = false;
    td_timer_stop(&sync->timer);
    for (uint32_t i = 0; i < sync->peer_count; i++) {
        if (!sync->peers[i].done)
            td_log_warn(td_service_log(router->service), "sync.unanswered",
                        td_str("instance", sync->peers[i].name), td_u64("after_ms", ms));
    }
    step_synced(router, &(struct flow_input){.type = FLOW_SYNC_ENDED});
    for (struct router_tenant *tenant = router->tenants; tenant != NULL; tenant = tenant->next) {
        tenant->syncing = false;
        again = again || tenant->wants_sync;
    }
    td_log_info(td_service_log(router->service), "sync.finished", td_u64("ms", ms),
                td_u64("instances", sync->peer_count));
    if (again)
        router_sync_start(router);
}

static void on_tick(void *ctx)
{
    struct router *router = ctx;
    uint64_t ms = (td_loop_now_ns() - router->sync.started_ns) / 1000000;

    if (is_settled(router) || ms >= router->config.sync_ms) {
        finish(router, ms);
        return;
    }
    for (uint32_t i = 0; i < router->sync.peer_count; i++) {
        if (!router->sync.peers[i].done && !router->sync.peers[i].asking)
            ask(router, &router->sync.peers[i]);
    }
}

void router_sync_start(struct router *router)
{
    struct router_sync *sync = &router->sync;

    if (sync->running)
        return; // Who came late gets a round of its own after this one.
    for (struct router_tenant *tenant = router->tenants; tenant != NULL; tenant = tenant->next) {
        tenant->syncing = tenant->wants_sync && tenant->running;
        tenant->wants_sync = tenant->wants_sync && !tenant->syncing;
    }
    sync->running = true;
    sync->peer_count = 0;
    sync->started_ns = td_loop_now_ns();
    td_timer_init(&sync->timer, td_service_loop(router->service), on_tick, router);
    td_timer_start_repeating(&sync->timer, SYNC_TICK_MS);
    td_service_each_instance(router->service, NULL, add_instance, router);
}

void router_sync_stop(struct router *router)
{
    router->sync.running = false;
    td_timer_stop(&router->sync.timer);
}

/* Somebody is back, perhaps with what was thought lost; the others have it said in a moment. */
static void start_for_all(struct router *router)
{
    for (struct router_tenant *tenant = router->tenants; tenant != NULL; tenant = tenant->next)
        tenant->wants_sync = true;
    router_sync_start(router);
}

void router_sync_instance(struct router *router, const char *service, const char *name, bool up)
{
    struct router_peer *peer = find_peer(router, service, name);

    if (!is_asked(service) || !router->active)
        return;
    if (router->sync.running && !up && peer != NULL)
        peer->done = true; // Its flow job says what that means.
    else if (router->sync.running && up)
        add_peer(router, service, name);
    else if (up)
        start_for_all(router);
}
