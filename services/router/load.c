/*
 * What the former router stored, record by record. One that cannot be read is counted, logged and
 * left where it is: a later release may be able to.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/live_read.h"
#include "router/router.h"

#define LOAD_DEADLINE_MS 2000

/** A command found, until all are known and can be put in order. */
struct router_loaded {
    struct router_loaded *next;
    struct pending_command command;
    uint64_t version;
};

struct load {
    struct router_ticket ticket;
    enum td_err (*take)(struct router_tenant *tenant, struct td_bytes value);
    const char *hash;
};

/* --- records --- */

static enum td_err take_interaction(struct router_tenant *tenant, struct td_bytes value)
{
    struct td_interaction_state state;
    enum td_err err =
        td_interaction_state_decode(td_service_arena(tenant->router->service), value, &state, NULL);

    return err == TD_OK ? flow_load_interaction(tenant->flow, &state) : err;
}

static enum td_err take_agent(struct router_tenant *tenant, struct td_bytes value)
{
    struct td_agent_record record;
    enum td_err err =
        td_agent_record_decode(td_service_arena(tenant->router->service), value, &record, NULL);

    return err == TD_OK ? flow_load_agent(tenant->flow, &record) : err;
}

static enum td_err take_queue(struct router_tenant *tenant, struct td_bytes value)
{
    struct td_queue_record record;
    enum td_err err =
        td_queue_record_decode(td_service_arena(tenant->router->service), value, &record, NULL);

    return err == TD_OK ? flow_load_queue(tenant->flow, &record) : err;
}

/* Under our epoch: what an older router said is refused. */
static enum td_err take_command(struct router_tenant *tenant, struct td_bytes value)
{
    struct td_arena *arena = td_service_arena(tenant->router->service);
    struct router_loaded *loaded = calloc(1, sizeof(*loaded));
    struct td_pending_command record;
    struct td_bytes payload;
    if (loaded == NULL)
        return TD_ERR_NO_MEMORY;

    enum td_err err = td_pending_command_decode(arena, value, &record, NULL);
    if (err == TD_OK &&
        (record.state_version > FLOW_STATE_VERSION ||
         !router_command_kind(record.type, &loaded->command.type, &loaded->command.kind)))
        err = TD_ERR_RANGE;
    if (err == TD_OK)
        err = router_renew_command(arena, record.type, record.payload, tenant->router->epoch,
                                   &payload);
    if (err != TD_OK) {
        free(loaded);
        return err;
    }
    loaded->command.id = record.command_id;
    loaded->command.interaction = record.interaction_id;
    loaded->command.subject = record.subject.id;
    loaded->command.expires_at_unix_us = record.expires_at_unix_us;
    loaded->command.payload = router_payload_create(record.version, payload);
    td_str_clip(loaded->command.service, sizeof(loaded->command.service), record.to_service);
    td_str_clip(loaded->command.instance, sizeof(loaded->command.instance), record.to_instance);
    loaded->version = record.version;
    loaded->next = tenant->loaded;
    tenant->loaded = loaded;
    return TD_OK;
}

/* --- commands in the order in which they were decided --- */

static int by_version(const void *a, const void *b)
{
    const struct router_loaded *const *left = a;
    const struct router_loaded *const *right = b;

    return (*left)->version < (*right)->version ? -1 : (*left)->version > (*right)->version ? 1 : 0;
}

static void add_in_order(struct router_tenant *tenant, struct router_loaded **list, size_t count)
{
    qsort(list, count, sizeof(list[0]), by_version);
    for (size_t i = 0; i < count; i++) {
        if (pending_add(tenant->pending, &list[i]->command) == TD_OK)
            list[i]->command.payload = NULL; // The table's now.
    }
}

static void add_commands(struct router_tenant *tenant)
{
    size_t count = 0;
    for (struct router_loaded *loaded = tenant->loaded; loaded != NULL; loaded = loaded->next)
        count++;

    struct router_loaded **list = calloc(count + 1, sizeof(*list));
    if (list == NULL)
        abort();
    count = 0;
    for (struct router_loaded *loaded = tenant->loaded; loaded != NULL; loaded = loaded->next)
        list[count++] = loaded;
    add_in_order(tenant, list, count);
    free(list);
    router_load_drop(tenant);
}

void router_load_drop(struct router_tenant *tenant)
{
    while (tenant->loaded != NULL) {
        struct router_loaded *loaded = tenant->loaded;

        tenant->loaded = loaded->next;
        free(loaded->command.payload);
        free(loaded);
    }
}

/* --- reading --- */

static void on_entry(void *ctx, struct td_bytes field, struct td_bytes value)
{
    struct load *load = ctx;
    struct router_tenant *tenant = router_ticket_tenant(&load->ticket);
    char name[80];
    if (tenant == NULL)
        return;

    struct td_arena *arena = td_service_arena(tenant->router->service);
    size_t mark = arena->used;
    enum td_err err = load->take(tenant, value);

    td_arena_rewind(arena, mark);
    if (err == TD_OK || err == TD_ERR_EXISTS) // A large hash may give an entry twice.
        return;
    if (td_str_copy_span(name, sizeof(name), (const char *)field.data, field.size) != TD_OK)
        name[0] = '\0';
    ++*tenant->router->counters.records_refused;
    td_log_error(td_service_log(tenant->router->service), "record.refused",
                 td_u64("tenant", tenant->id), td_str("hash", load->hash), td_str("field", name),
                 td_failure(err));
}

static bool all_loaded(const struct router *router)
{
    for (const struct router_tenant *tenant = router->tenants; tenant != NULL;
         tenant = tenant->next) {
        if (!tenant->running)
            return false;
    }
    return true;
}

static void on_done(void *ctx, enum td_err err)
{
    struct load *load = ctx;
    struct router_tenant *tenant = router_ticket_tenant(&load->ticket);
    struct router *router = load->ticket.router;

    router_ticket_destroy(load);
    if (tenant == NULL)
        return;
    if (err != TD_OK) {
        router_relapse(router, "the records could not be loaded");
        return;
    }
    if (--tenant->loads > 0)
        return;
    add_commands(tenant);
    router_tenant_run(tenant);
    if (all_loaded(router))
        router_loaded(router);
}

static bool load_hash(struct router_tenant *tenant, const char *hash,
                      enum td_err (*take)(struct router_tenant *, struct td_bytes))
{
    struct router *router = tenant->router;
    struct load *load = router_ticket_create(router, tenant->id, sizeof(*load));
    struct td_live_hash_reader reader = {.entry = on_entry, .done = on_done, .ctx = load};
    char key[TD_KEY_SIZE];

    load->take = take;
    load->hash = hash;
    tenant->loads++;
    if (td_live_load_hash(td_service_live(router->service),
                          td_service_key(router->service, tenant->id, hash, key), LOAD_DEADLINE_MS,
                          &reader) == TD_OK)
        return true;
    router_ticket_destroy(load);
    return false;
}

void router_load(struct router_tenant *tenant)
{
    struct router *router = tenant->router;

    if (!load_hash(tenant, "interactions", take_interaction) ||
        !load_hash(tenant, "agents", take_agent) || !load_hash(tenant, "queues", take_queue) ||
        !load_hash(tenant, "commands", take_command))
        router_relapse_soon(router); // Redis is away again.
}
