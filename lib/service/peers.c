/* Who is there: the registry's opaque values as checked records, kept in a list. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/private.h"

#define VERSION "0.1"

static struct peer *find_peer(const struct td_service *service, const char *to,
                              const char *instance)
{
    for (struct peer *peer = service->peers; peer != NULL; peer = peer->next) {
        if (td_str_equal(peer->record.service, to) && td_str_equal(peer->record.instance, instance))
            return peer;
    }
    return NULL;
}

static void notify(struct td_service *service, enum td_instance_change change,
                   const struct td_instance *record)
{
    size_t count = service->watcher_count; // Who comes meanwhile was told when it came.

    if (td_str_equal(record->service, "hub"))
        publish_hub_changed(service, change != TD_INSTANCE_GONE, record);
    for (size_t i = 0; i < count; i++) {
        size_t mark = service->arena.used;
        service->watchers[i].changed(service->watchers[i].ctx, change, record);
        td_arena_rewind(&service->arena, mark);
    }
}

static void remove_peer(struct td_service *service, struct peer *gone)
{
    struct peer **link = &service->peers;

    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    td_bus_forget(service->client, gone->record.endpoint);
    td_log_info(&service->log, "instance.gone", td_str("peer", gone->record.instance));
    notify(service, TD_INSTANCE_GONE, &gone->record);
    free(gone);
}

static void add_peer(struct td_service *service, const struct td_instance *record)
{
    struct peer *peer = calloc(1, sizeof(*peer));

    if (peer == NULL)
        abort();
    peer->record = *record;
    peer->next = service->peers;
    service->peers = peer;
    td_log_info(&service->log, "instance.appeared", td_str("peer", record->instance),
                td_str("endpoint", record->endpoint));
    notify(service, TD_INSTANCE_APPEARED, &peer->record);
}

static void update_peer(struct td_service *service, struct peer *peer,
                        const struct td_instance *record)
{
    if (peer->record.started_at_unix_us != record->started_at_unix_us) {
        remove_peer(service, peer); // It died and came back within its lease.
        add_peer(service, record);
        return;
    }
    peer->record = *record;
    notify(service, TD_INSTANCE_CHANGED, &peer->record);
}

/* Whoever shares our host is asked through a socket of the host, which costs less than its
 * loopback. */
static void choose_endpoint(const struct td_service *service, struct td_instance *record)
{
    if (service->host[0] == '\0' || record->host_endpoint[0] == '\0' ||
        !td_str_equal(service->host, record->host))
        return;
    td_str_clip(record->endpoint, sizeof(record->endpoint), record->host_endpoint);
}

void peers_changed(void *ctx, enum td_registry_change change,
                   const struct td_registration *registration)
{
    struct td_service *service = ctx;
    struct peer *peer = find_peer(service, registration->service, registration->instance);
    size_t mark = service->arena.used;
    struct td_instance record;
    const char *bad_field;

    if (change == TD_REGISTRY_GONE) {
        if (peer != NULL)
            remove_peer(service, peer);
        return;
    }
    enum td_err err = td_instance_decode(&service->arena, registration->value, &record, &bad_field);
    if (err == TD_OK && !(td_str_equal(record.service, registration->service) &&
                          td_str_equal(record.instance, registration->instance))) {
        err = TD_ERR_RANGE; // Under another name nobody would see it go.
        bad_field = "instance";
    }
    choose_endpoint(service, &record);
    if (err != TD_OK)
        td_log_warn(&service->log, "instance.unreadable", td_str("peer", registration->instance),
                    td_str("field", bad_field), td_failure(err));
    else if (peer != NULL)
        update_peer(service, peer, &record);
    else
        add_peer(service, &record);
    td_arena_rewind(&service->arena, mark);
}

static void announce(struct td_service *service)
{
    size_t mark = service->arena.used;

    if (service->registry == NULL || service->self.started_at_unix_us == 0)
        return; // Not registered yet (goes out with the rest), or no longer.
    enum td_err err =
        td_registry_set(service->registry, td_instance_encode(&service->arena, &service->self));
    if (err != TD_OK)
        td_log_error(&service->log, "instance.unannounced", td_failure(err));
    td_arena_rewind(&service->arena, mark);
}

void peers_register(struct td_service *service)
{
    struct td_instance *self = &service->self;

    td_str_clip(self->service, sizeof(self->service), service->definition->name);
    td_str_clip(self->instance, sizeof(self->instance), service->instance_name);
    td_str_clip(self->endpoint, sizeof(self->endpoint), td_bus_server_endpoint(service->server));
    td_str_clip(self->version, sizeof(self->version), VERSION);
    self->started_at_unix_us = td_loop_now_unix_us(service->loop);
    announce(service);
}

void peers_free(struct td_service *service)
{
    while (service->peers != NULL) {
        struct peer *peer = service->peers;
        service->peers = peer->next;
        free(peer);
    }
}

void td_service_watch_instances(struct td_service *service, td_instance_fn *changed, void *ctx)
{
    if (service->watcher_count == WATCHERS_MAX)
        abort(); // A fixed set of modules watches.
    service->watchers[service->watcher_count++] = (struct watcher){changed, ctx};
    for (struct peer *peer = service->peers; peer != NULL; peer = peer->next)
        changed(ctx, TD_INSTANCE_APPEARED, &peer->record);
}

static bool is_better_router(const struct td_instance *a, const struct td_instance *b)
{
    return a->active && (b == NULL || a->epoch > b->epoch);
}

static const struct td_instance *active_router(const struct td_service *service)
{
    const struct td_instance *best = NULL;

    for (const struct peer *peer = service->peers; peer != NULL; peer = peer->next) {
        if (td_str_equal(peer->record.service, "router") && is_better_router(&peer->record, best))
            best = &peer->record;
    }
    return best;
}

/* One of the least loaded, each as likely: that needs no memory of who was asked before. */
static const struct td_instance *any_instance(const struct td_service *service, const char *to)
{
    const struct td_instance *best = NULL;
    uint32_t equals = 0;

    for (const struct peer *peer = service->peers; peer != NULL; peer = peer->next) {
        const struct td_instance *record = &peer->record;
        uint32_t dice;

        if (!td_str_equal(record->service, to) ||
            (best != NULL && record->load_percent > best->load_percent))
            continue;
        if (best == NULL || record->load_percent < best->load_percent)
            equals = 0;
        td_loop_random(service->loop, &dice, sizeof(dice));
        if (dice % ++equals == 0) // Takes the place of those before it once in `equals` times.
            best = record;
    }
    return best;
}

const struct td_instance *td_service_find_instance(const struct td_service *service, const char *to,
                                                   const char *instance)
{
    if (instance != NULL && instance[0] != '\0') {
        const struct peer *peer = find_peer(service, to, instance);
        return peer != NULL ? &peer->record : NULL;
    }
    return td_str_equal(to, "router") ? active_router(service) : any_instance(service, to);
}

void td_service_each_instance(const struct td_service *service, const char *to,
                              void (*each)(void *ctx, const struct td_instance *instance),
                              void *ctx)
{
    for (const struct peer *peer = service->peers; peer != NULL; peer = peer->next) {
        if (to == NULL || td_str_equal(peer->record.service, to))
            each(ctx, &peer->record);
    }
}

void td_service_set_active(struct td_service *service, bool active, uint64_t epoch)
{
    service->self.active = active;
    service->self.epoch = epoch;
    announce(service);
}

void td_service_set_load(struct td_service *service, uint32_t percent)
{
    if (service->self.load_percent == percent)
        return;
    service->self.load_percent = percent;
    announce(service);
}

void td_service_set_endpoints(struct td_service *service, const char *publish, const char *collect)
{
    td_str_clip(service->self.publish, sizeof(service->self.publish), publish);
    td_str_clip(service->self.collect, sizeof(service->self.collect), collect);
    announce(service);
}

void td_service_set_outside(struct td_service *service, const char *endpoint, const char *key)
{
    td_str_clip(service->self.outside, sizeof(service->self.outside), endpoint);
    td_str_clip(service->self.outside_key, sizeof(service->self.outside_key), key);
    announce(service);
}
