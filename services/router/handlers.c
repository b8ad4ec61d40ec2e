/*
 * Requests that come in, each a step of its tenant's flow.
 */
#include "router/router.h"

#define AGENTS_PAGE 100
#define INTERACTIONS_PAGE 100

/* The tenant, or NULL after the request was refused. */
static struct router_tenant *admit(struct router *router, struct td_request *request)
{
    if (!router->active) {
        td_request_fail(request, TD_ERR_UNAVAILABLE, "this router stands by; ask the active one");
        return NULL;
    }
    struct router_tenant *tenant = router_tenant_find(router, td_request_tenant(request));
    if (tenant == NULL) {
        td_request_fail(request, TD_ERR_NOT_FOUND, "tenant: %u has no configuration",
                        td_request_tenant(request));
        return NULL;
    }
    if (!tenant->running) {
        td_request_fail(request, TD_ERR_UNAVAILABLE, "this router is taking over");
        return NULL;
    }
    return tenant;
}

/* Decodes into `message` and takes the step; `input` points at the message already. */
static void take(struct router *router, struct td_request *request, struct td_bytes payload,
                 const struct td_wire_message *wire, void *message, struct flow_input *input)
{
    struct router_tenant *tenant = admit(router, request);
    const char *bad_field = "";
    if (tenant == NULL)
        return;

    enum td_err err =
        td_wire_decode(wire, td_service_arena(router->service), payload, message, &bad_field);
    if (err != TD_OK) {
        td_request_fail(request, err, "%s: %s", bad_field, td_err_text(err));
        return;
    }
    input->instance = td_request_source(request);
    input->request_id = td_request_id(request);
    router_step(tenant, input, request);
}

/* One handler for each observation: they differ in their message only. */
#define OBSERVE(name, input_type, message_type, member)                                            \
    static void name(void *ctx, struct td_request *request, struct td_bytes payload)               \
    {                                                                                              \
        struct td_##message_type message;                                                          \
        struct flow_input input = {.type = (input_type), .member = &message};                      \
                                                                                                   \
        take(ctx, request, payload, &td_##message_type##_wire, &message, &input);                  \
    }

OBSERVE(on_abandoned, FLOW_ABANDONED, interaction_abandoned, abandoned)
OBSERVE(on_ringing, FLOW_RINGING, offer_ringing, ringing)
OBSERVE(on_accepted, FLOW_ACCEPTED, offer_accepted, accepted)
OBSERVE(on_declined, FLOW_DECLINED, offer_declined, declined)
OBSERVE(on_failed, FLOW_FAILED, offer_failed, failed)
OBSERVE(on_connected, FLOW_CONNECTED, interaction_connected, connected)
OBSERVE(on_ended, FLOW_ENDED, interaction_ended, ended)
OBSERVE(on_held, FLOW_HELD, interaction_held, held)
OBSERVE(on_resumed, FLOW_RESUMED, interaction_resumed, resumed)
OBSERVE(on_transfer_asked, FLOW_TRANSFER_ASKED, transfer_asked, transfer_asked)
OBSERVE(on_agent_left, FLOW_AGENT_LEFT, agent_left, agent_left)
OBSERVE(on_dialog_ended, FLOW_DIALOG_ENDED, dialog_ended, dialog_ended)
OBSERVE(on_device_changed, FLOW_DEVICE_CHANGED, device_changed, device_changed)
OBSERVE(on_agent_command, FLOW_AGENT_COMMAND, agent_command, agent_command)
OBSERVE(take_arrived, FLOW_ARRIVED, interaction_arrived, arrived)

static void on_arrived(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct router *router = ctx;

    ++*router->counters.arrived;
    take_arrived(ctx, request, payload);
    *router->counters.refused +=
        router->active && router->effects->arrived.result == TD_ARRIVED_RESULT_REFUSED;
}

/* --- who is there --- */

static void list_agents(struct router_tenant *tenant, const struct td_agent_query *query,
                        struct td_agent_query_reply *reply)
{
    reply->agents_count =
        query->agent[0] != '\0'
            ? (uint32_t)flow_find_agent(tenant->flow, query->agent, reply->agents)
            : flow_list_agents(tenant->flow, query->after, reply->agents, AGENTS_PAGE);
    reply->done = query->agent[0] != '\0' || reply->agents_count < AGENTS_PAGE;
}

static void on_agent_query(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct router *router = ctx;
    struct td_arena *arena = td_service_arena(router->service);
    struct router_tenant *tenant = admit(router, request);
    struct td_agent_query query;
    struct td_agent_query_reply reply = {0};
    const char *bad_field = "";
    if (tenant == NULL)
        return;

    enum td_err err = td_agent_query_decode(arena, payload, &query, &bad_field);
    reply.agents = td_arena_array(arena, AGENTS_PAGE, sizeof(reply.agents[0]));
    if (err == TD_OK && reply.agents == NULL)
        err = TD_ERR_LIMIT;
    if (err != TD_OK) {
        td_request_fail(request, err, "%s: %s", bad_field, td_err_text(err));
        return;
    }
    list_agents(tenant, &query, &reply);
    if (query.agent[0] != '\0' && reply.agents_count == 0)
        td_request_fail(request, TD_ERR_NOT_FOUND, "agent: there is none of that name");
    else
        td_request_reply(request, td_agent_query_reply_encode(arena, &reply));
}

/* --- what is under way --- */

static void on_interaction_query(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct router *router = ctx;
    struct td_arena *arena = td_service_arena(router->service);
    struct router_tenant *tenant = admit(router, request);
    struct td_interaction_query query;
    struct td_interaction_query_reply reply = {0};
    const char *bad_field = "";
    if (tenant == NULL)
        return;

    enum td_err err = td_interaction_query_decode(arena, payload, &query, &bad_field);
    reply.interactions = td_arena_array(arena, INTERACTIONS_PAGE, sizeof(reply.interactions[0]));
    if (err == TD_OK && reply.interactions == NULL)
        err = TD_ERR_LIMIT;
    if (err != TD_OK) {
        td_request_fail(request, err, "%s: %s", bad_field, td_err_text(err));
        return;
    }
    reply.next = query.after;
    reply.interactions_count =
        flow_list_interactions(tenant->flow, &reply.next, reply.interactions, INTERACTIONS_PAGE);
    reply.done = reply.interactions_count < INTERACTIONS_PAGE;
    td_request_reply(request, td_interaction_query_reply_encode(arena, &reply));
}

const struct td_handler router_handlers[] = {
    {"InteractionArrived", on_arrived},
    {"InteractionAbandoned", on_abandoned},
    {"OfferRinging", on_ringing},
    {"OfferAccepted", on_accepted},
    {"OfferDeclined", on_declined},
    {"OfferFailed", on_failed},
    {"InteractionConnected", on_connected},
    {"InteractionEnded", on_ended},
    {"DialogEnded", on_dialog_ended},
    {"DeviceChanged", on_device_changed},
    {"AgentCommand", on_agent_command},
    {"AgentQuery", on_agent_query},
    {"InteractionQuery", on_interaction_query},
    {"InteractionHeld", on_held},
    {"TransferAsked", on_transfer_asked},
    {"AgentLeft", on_agent_left},
    {"InteractionResumed", on_resumed},
};
const size_t router_handlers_count = sizeof(router_handlers) / sizeof(router_handlers[0]);
