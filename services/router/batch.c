/*
 * What one step put out, from its commit until it has left.
 *
 * The flow is ahead of the store by the commits under way, which are carried out in order; if one
 * fails, everything is dropped. So an answer or a command may leave only when its own commit and
 * all before it are on disk, also where the step itself stored nothing: the repeated request whose
 * first commit is still under way must not be told that all is well.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "router/router.h"

/* What leaves without being stored. */
struct notice {
    struct notice *next;
    enum flow_effect_type type;
    char instance[64];
    struct td_interaction_id interaction;
    struct td_sync_item sync;
    size_t size;
    uint8_t bytes[];
};

struct router_batch {
    struct router_ticket ticket;
    struct router_batch *next;
    struct td_request *request;
    void *reply;
    size_t reply_size;
    struct pending_command *commands;
    uint32_t command_count;
    struct notice *notices, **notices_end;
    bool stored;
};

static void clear_batch(void *ticket)
{
    struct router_batch *batch = ticket;

    for (uint32_t i = 0; i < batch->command_count; i++)
        free(batch->commands[i].payload);
    while (batch->notices != NULL) {
        struct notice *next = batch->notices->next;

        free(batch->notices);
        batch->notices = next;
    }
    free(batch->commands);
    free(batch->reply);
}

static struct router_batch *create_batch(struct router_tenant *tenant, uint32_t commands)
{
    struct router_batch *batch = router_ticket_create(tenant->router, tenant->id, sizeof(*batch));

    batch->ticket.fini = clear_batch;
    batch->notices_end = &batch->notices;
    batch->commands = calloc(commands + 1, sizeof(*batch->commands));
    if (batch->commands == NULL)
        abort(); // A decision that is committed must be carried out.
    return batch;
}

/* --- effects into the commit --- */

static void put_command(struct router_tenant *tenant, struct router_batch *batch,
                        struct td_commit *commit, const struct flow_command *command)
{
    struct td_arena *arena = td_service_arena(tenant->router->service);
    struct td_bytes payload = router_encode_command(arena, command);
    struct pending_command *kept = &batch->commands[batch->command_count++];
    struct td_pending_command record = {.command_id = command->id,
                                        .interaction_id = command->interaction_id,
                                        .state_version = FLOW_STATE_VERSION,
                                        .payload = payload,
                                        .version = command->version,
                                        .subject = {command->subject},
                                        .expires_at_unix_us = command->expires_at_unix_us,
                                        .tenant = tenant->id};
    char field[TD_ID_TEXT_SIZE];

    *kept = (struct pending_command){.id = command->id,
                                     .interaction = command->interaction_id,
                                     .subject = command->subject,
                                     .expires_at_unix_us = command->expires_at_unix_us,
                                     .payload = router_payload_create(command->version, payload)};
    (void)router_command_kind(flow_command_name(command->type), &kept->type, &kept->kind);
    td_str_clip(kept->service, sizeof(kept->service), command->service);
    td_str_clip(kept->instance, sizeof(kept->instance), command->instance);

    record.made_at_unix_us = td_loop_now_unix_us(td_service_loop(tenant->router->service));
    td_str_clip(record.to_service, sizeof(record.to_service), command->service);
    td_str_clip(record.to_instance, sizeof(record.to_instance), command->instance);
    td_str_clip(record.type, sizeof(record.type), kept->type);
    td_commit_put(commit, "commands", td_id_format(command->id.id, field),
                  td_pending_command_encode(arena, &record));
}

static void add_notice(struct router_batch *batch, const struct flow_effect *effect,
                       struct td_bytes bytes)
{
    struct notice *notice = calloc(1, sizeof(*notice) + bytes.size);
    if (notice == NULL)
        return; // The next update makes good for it; an interaction is described again or ends.

    notice->type = effect->type;
    notice->interaction = effect->interaction_id;
    td_str_clip(notice->instance, sizeof(notice->instance), effect->instance);
    if (effect->type == FLOW_DESCRIBE)
        notice->sync = *effect->as.sync;
    notice->size = bytes.size;
    if (bytes.size > 0)
        memcpy(notice->bytes, bytes.data, bytes.size);
    *batch->notices_end = notice;
    batch->notices_end = &notice->next;
}

static void put_record(struct td_commit *commit, struct td_arena *arena,
                       const struct flow_effect *effect)
{
    char field[TD_ID_TEXT_SIZE];

    (void)td_id_format(effect->interaction_id.id, field);
    switch (effect->type) {
    case FLOW_PUT_INTERACTION:
        td_commit_put(commit, "interactions", field,
                      td_interaction_state_encode(arena, effect->as.interaction));
        break;
    case FLOW_DELETE_INTERACTION:
        td_commit_delete(commit, "interactions", field);
        break;
    case FLOW_PUT_AGENT:
        td_commit_put(commit, "agents", effect->name,
                      td_agent_record_encode(arena, effect->as.agent));
        break;
    case FLOW_DELETE_AGENT:
        td_commit_delete(commit, "agents", effect->name);
        break;
    default:
        td_commit_put(commit, "queues", effect->name,
                      td_queue_record_encode(arena, effect->as.queue));
        break;
    }
}

static void put_event(struct router_tenant *tenant, struct td_commit *commit,
                      struct td_arena *arena, const struct flow_effect *effect)
{
    struct router_counters *counters = &tenant->router->counters;
    char key[TD_ID_TEXT_SIZE];

    (void)td_id_format(effect->interaction_id.id, key);
    switch (effect->type) {
    case FLOW_EVENT:
        *counters->offers += effect->as.event->has_decision;
        td_commit_event(commit, effect->topic, key, "InteractionEvent",
                        td_interaction_event_encode(arena, effect->as.event));
        break;
    case FLOW_CLOSED:
        ++*counters->closed;
        td_commit_event(commit, effect->topic, key, "InteractionSummary",
                        td_interaction_summary_encode(arena, effect->as.summary));
        break;
    default: // An agent's events keep their order under the agent's name.
        td_commit_event(commit, effect->topic, effect->name, "AgentRecord",
                        td_agent_record_encode(arena, effect->as.agent));
        break;
    }
}

static void put_effect(struct router_tenant *tenant, struct router_batch *batch,
                       struct td_commit *commit, const struct flow_effect *effect)
{
    struct td_arena *arena = td_service_arena(tenant->router->service);

    switch (effect->type) {
    case FLOW_EVENT:
    case FLOW_CLOSED:
    case FLOW_AGENT:
        put_event(tenant, commit, arena, effect);
        break;
    case FLOW_COMMAND:
        put_command(tenant, batch, commit, effect->as.command);
        break;
    case FLOW_UPDATE:
        add_notice(batch, effect, td_dialog_update_encode(arena, effect->as.dialog_update));
        break;
    case FLOW_DESCRIBE:
        add_notice(batch, effect, td_bytes(NULL, 0));
        break;
    default:
        put_record(commit, arena, effect);
        break;
    }
}

static void put_done(struct router_tenant *tenant, struct td_commit *commit)
{
    char field[TD_ID_TEXT_SIZE];

    for (uint32_t i = 0; i < tenant->done_count; i++)
        td_commit_delete(commit, "commands", td_id_format(tenant->done[i].id, field));
    tenant->done_count = 0;
}

/* --- after the commit --- */

static void send_notices(struct router_tenant *tenant, const struct router_batch *batch)
{
    for (const struct notice *notice = batch->notices; notice != NULL; notice = notice->next) {
        char key[TD_ID_TEXT_SIZE];

        if (notice->type == FLOW_DESCRIBE) {
            router_describe(tenant, &notice->sync, notice->instance);
            continue;
        }
        td_call(tenant->router->service,
                &(struct td_call){.to = "ivr",
                                  .instance = notice->instance,
                                  .type = "DialogUpdate",
                                  .payload = td_bytes(notice->bytes, notice->size),
                                  .tenant = tenant->id,
                                  .key = td_id_format(notice->interaction.id, key)},
                NULL, NULL);
    }
}

static void let_go(struct router_tenant *tenant, struct router_batch *batch)
{
    if (batch->request != NULL)
        td_request_reply(batch->request, td_bytes(batch->reply, batch->reply_size));
    batch->request = NULL;
    router_commands_add(tenant, batch->commands, batch->command_count);
    batch->command_count = 0; // Their payloads are the table's now.
    send_notices(tenant, batch);
}

/* Lets go what is on disk, in order. */
static void drain(struct router_tenant *tenant)
{
    while (tenant->first != NULL && tenant->first->stored) {
        struct router_batch *batch = tenant->first;

        tenant->first = batch->next;
        if (tenant->first == NULL)
            tenant->last = NULL;
        let_go(tenant, batch);
        router_ticket_destroy(batch);
    }
}

static void on_committed(void *ctx, enum td_err err)
{
    struct router_batch *batch = ctx;
    struct router_tenant *tenant = router_ticket_tenant(&batch->ticket);
    struct router *router = batch->ticket.router;

    if (tenant == NULL) { // Dropped meanwhile, and answered so.
        router_ticket_destroy(batch);
        return;
    }
    if (err == TD_OK) {
        batch->stored = true;
        drain(tenant);
        return;
    }
    ++*router->counters.commits_failed;
    td_log_error(td_service_log(router->service), "commit.failed", td_u64("tenant", tenant->id),
                 td_failure(err));
    router_relapse(router, "a commit failed");
    router_ticket_destroy(batch);
}

static void commit_batch(struct router_tenant *tenant, struct router_batch *batch,
                         struct td_commit *commit)
{
    put_done(tenant, commit);
    td_commit_fence(commit, tenant->router->epoch);
    ++*tenant->router->counters.commits;
    td_commit_run(commit, ROUTER_COMMIT_MS, on_committed, batch);
}

/* --- a batch of its own --- */

static uint32_t count_commands(const struct flow_effects *effects)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < effects->count; i++)
        count += effects->items[i].type == FLOW_COMMAND;
    return count;
}

static void append(struct router_tenant *tenant, struct router_batch *batch)
{
    if (tenant->last != NULL)
        tenant->last->next = batch;
    else
        tenant->first = batch;
    tenant->last = batch;
}

static void set_reply(struct router_batch *batch, struct td_request *request, struct td_bytes reply)
{
    batch->request = request;
    batch->reply = malloc(reply.size + 1);
    if (batch->reply == NULL)
        abort();
    if (reply.size > 0)
        memcpy(batch->reply, reply.data, reply.size);
    batch->reply_size = reply.size;
}

void router_put_out(struct router_tenant *tenant, struct td_request *request, struct td_bytes reply)
{
    struct router *router = tenant->router;
    struct flow_effects *effects = router->effects;
    struct td_arena *arena = td_service_arena(router->service);
    struct router_batch *batch = create_batch(tenant, count_commands(effects));
    struct td_commit *commit = td_commit_begin(router->service, tenant->id);

    if (request != NULL)
        set_reply(batch, request, reply);
    append(tenant, batch);
    size_t mark = arena->used;
    for (uint32_t i = 0; i < effects->count; i++) {
        put_effect(tenant, batch, commit, &effects->items[i]);
        td_arena_rewind(arena, mark);
    }
    if (effects->stored) {
        commit_batch(tenant, batch, commit);
        return;
    }
    td_commit_drop(commit);
    batch->stored = true;
    drain(tenant);
}

void router_flush_done(struct router_tenant *tenant)
{
    struct router *router = tenant->router;

    if (tenant->done_count == 0 || !td_lease_is_held(router->lease))
        return;
    struct router_batch *batch = create_batch(tenant, 0);

    append(tenant, batch);
    commit_batch(tenant, batch, td_commit_begin(router->service, tenant->id));
}

void router_batches_drop(struct router_tenant *tenant)
{
    struct router_batch *batch = tenant->first;

    tenant->first = NULL;
    tenant->last = NULL;
    while (batch != NULL) {
        struct router_batch *next = batch->next;

        if (batch->request != NULL)
            td_request_fail(batch->request, TD_ERR_UNAVAILABLE,
                            "this router has lost its lease; ask the other one");
        batch->request = NULL;
        if (batch->stored)
            router_ticket_destroy(batch); // No callback will come for it.
        batch = next;
    }
}
