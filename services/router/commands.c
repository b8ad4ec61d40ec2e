/*
 * Commands on their way: from the commit that decided them until they are answered or late.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "router/router.h"

#define COMMAND_DEADLINE_MS 400

struct flight {
    struct router_ticket ticket;
    struct td_command_id id;
    struct td_interaction_id interaction;
};

/* --- kinds --- */

bool router_command_kind(const char *type, const char **name, enum pending_kind *kind)
{
    static const enum pending_kind kinds[] = {
        [FLOW_OFFER] = PENDING_BEGINS,
        [FLOW_CANCEL_OFFER] = PENDING_ENDS,
        [FLOW_CONNECT] = PENDING_CHANGES,
        [FLOW_RELEASE] = PENDING_ENDS,
        [FLOW_TRANSFER_UPDATE] = PENDING_CHANGES,
        [FLOW_DIALOG_START] = PENDING_BEGINS,
        [FLOW_DIALOG_STOP] = PENDING_ENDS,
        [FLOW_PLAY] = PENDING_CHANGES,
        [FLOW_LEG_RELEASE] = PENDING_ENDS,
        [FLOW_ANSWER] = PENDING_CHANGES,
    };

    for (int i = 0; i < FLOW_COMMAND_TYPE_COUNT; i++) {
        if (td_str_equal(flow_command_name((enum flow_command_type)i), type)) {
            *name = flow_command_name((enum flow_command_type)i);
            *kind = kinds[i];
            return true;
        }
    }
    return false;
}

struct router_payload *router_payload_create(uint64_t version, struct td_bytes bytes)
{
    struct router_payload *payload = malloc(sizeof(*payload) + bytes.size);

    if (payload == NULL)
        abort(); // It is committed already: it must leave.
    payload->version = version;
    payload->size = bytes.size;
    if (bytes.size > 0)
        memcpy(payload->bytes, bytes.data, bytes.size);
    return payload;
}

/* --- done with --- */

static void note_done(struct router_tenant *tenant, struct td_command_id id)
{
    if (tenant->done_count == tenant->done_size) {
        uint32_t size = tenant->done_size > 0 ? 2 * tenant->done_size : 64;
        struct td_command_id *done = realloc(tenant->done, size * sizeof(*done));

        if (done == NULL)
            abort();
        tenant->done = done;
        tenant->done_size = size;
    }
    tenant->done[tenant->done_count++] = id;
}

static void finish(struct router_tenant *tenant, struct td_command_id id)
{
    void *payload = NULL;

    if (!pending_done(tenant->pending, id, &payload))
        return;
    free(payload);
    note_done(tenant, id);
}

/* It will not be carried out: the flow has to know what that means. */
static void give_up(struct router_tenant *tenant, struct td_command_id id, enum td_err err,
                    bool unknown)
{
    const struct pending_command *command = pending_find(tenant->pending, id);
    if (command == NULL)
        return;

    struct flow_failure failure = {.interaction_id = command->interaction,
                                   .type = command->type,
                                   .subject = command->subject,
                                   .err = err,
                                   .unknown = unknown};
    struct flow_input input = {.type = FLOW_COMMAND_FAILED, .command = &failure};
    char text[TD_ID_TEXT_SIZE];

    ++*tenant->router->counters.commands_failed;
    td_log_warn(td_service_log(tenant->router->service), "command.failed",
                td_str("interaction", td_id_format(command->interaction.id, text)),
                td_str("type", command->type), td_str("instance", command->instance),
                td_failure(err));
    finish(tenant, id);
    router_step(tenant, &input, NULL);
}

/* --- answers --- */

static void send_next(struct router_tenant *tenant, struct td_interaction_id interaction);

static bool is_channel_command(const char *type)
{
    return td_str_equal(type, "Offer") || td_str_equal(type, "CancelOffer") ||
           td_str_equal(type, "Connect") || td_str_equal(type, "TransferUpdate") ||
           td_str_equal(type, "Release");
}

static enum td_command_result result_of(struct router_tenant *tenant, struct td_bytes payload)
{
    struct td_command_reply reply;
    enum td_err err =
        td_command_reply_decode(td_service_arena(tenant->router->service), payload, &reply, NULL);

    return err == TD_OK ? reply.result : TD_COMMAND_RESULT_ACCEPTED;
}

static void answered(struct router_tenant *tenant, const struct pending_command *command,
                     struct td_bytes payload, uint64_t now)
{
    enum td_command_result result =
        is_channel_command(command->type) ? result_of(tenant, payload) : TD_COMMAND_RESULT_ACCEPTED;
    bool begins = td_str_equal(command->type, "Offer");

    if (result == TD_COMMAND_RESULT_UNKNOWN && td_str_equal(command->type, "Connect"))
        pending_retry(tenant->pending, command->id, now); // Why it is gone is being reported.
    else if (result == TD_COMMAND_RESULT_UNKNOWN && begins)
        give_up(tenant, command->id, TD_ERR_NOT_FOUND, true);
    else
        finish(tenant, command->id); // STALE too: another router speaks now, and we shall hear.
}

static bool may_help_to_repeat(enum td_err err)
{
    return err == TD_ERR_TIMEOUT || err == TD_ERR_UNAVAILABLE || err == TD_ERR_BUSY ||
           err == TD_ERR_LIMIT || err == TD_ERR_INTERNAL || err == TD_ERR_NO_MEMORY;
}

static void on_answer(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct flight *flight = ctx;
    struct router_tenant *tenant = router_ticket_tenant(&flight->ticket);
    const struct pending_command *command =
        tenant != NULL ? pending_find(tenant->pending, flight->id) : NULL;
    struct td_interaction_id interaction = flight->interaction;

    (void)message;
    if (command != NULL) {
        uint64_t now = td_loop_now_unix_us(td_service_loop(tenant->router->service));

        if (err == TD_OK)
            answered(tenant, command, payload, now);
        else if (may_help_to_repeat(err))
            pending_retry(tenant->pending, flight->id, now);
        else
            give_up(tenant, flight->id, err, false);
        send_next(tenant, interaction);
    }
    router_ticket_destroy(flight);
}

/* --- sending --- */

static void send_command(struct router_tenant *tenant, const struct pending_command *command)
{
    struct router *router = tenant->router;
    const struct router_payload *payload = command->payload;
    struct flight *flight = router_ticket_create(router, tenant->id, sizeof(*flight));
    char key[TD_ID_TEXT_SIZE];

    flight->id = command->id;
    flight->interaction = command->interaction;
    ++*router->counters.commands_sent;
    td_call(router->service,
            &(struct td_call){.to = command->service,
                              .instance = command->instance,
                              .type = command->type,
                              .payload = td_bytes(payload->bytes, payload->size),
                              .tenant = tenant->id,
                              .key = td_id_format(command->interaction.id, key),
                              .deadline_ms = COMMAND_DEADLINE_MS,
                              .id = command->id.id},
            on_answer, flight);
}

static void send_next(struct router_tenant *tenant, struct td_interaction_id interaction)
{
    uint64_t now = td_loop_now_unix_us(td_service_loop(tenant->router->service));
    const struct pending_command *command;

    while ((command = pending_take_next(tenant->pending, interaction, now)) != NULL)
        send_command(tenant, command);
}

void router_commands_add(struct router_tenant *tenant, const struct pending_command *commands,
                         uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        enum td_err err = pending_add(tenant->pending, &commands[i]);

        if (err == TD_OK)
            continue;
        // Its record stays until a take-over finds it; it is late by then and is given up.
        free(commands[i].payload);
        ++*tenant->router->counters.commands_failed;
        td_log_error(td_service_log(tenant->router->service), "command.dropped",
                     td_str("type", commands[i].type), td_failure(err));
    }
    for (uint32_t i = 0; i < count; i++)
        send_next(tenant, commands[i].interaction);
}

void router_commands_tick(struct router_tenant *tenant)
{
    uint64_t now = td_loop_now_unix_us(td_service_loop(tenant->router->service));
    const struct pending_command *command;
    bool expired = false;

    if (pending_count(tenant->pending) == 0)
        return;
    while ((command = pending_find_dead(tenant->pending, now, &expired)) != NULL) {
        if (expired)
            give_up(tenant, command->id, TD_ERR_TIMEOUT, false);
        else
            finish(tenant, command->id);
    }
    while ((command = pending_take_due(tenant->pending, now)) != NULL) {
        ++*tenant->router->counters.commands_repeated;
        send_command(tenant, command);
    }
}

void router_commands_drop(struct router_tenant *tenant)
{
    const struct pending_command *command;

    while ((command = pending_any(tenant->pending)) != NULL) {
        void *payload = NULL;

        (void)pending_done(tenant->pending, command->id, &payload);
        free(payload);
    }
    free(tenant->done);
    tenant->done = NULL;
    tenant->done_count = 0;
    tenant->done_size = 0;
}
