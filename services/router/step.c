/*
 * A step of a flow: stored first, said after (batch.c).
 */
#include "router/router.h"

static struct td_bytes reply_to(struct router_tenant *tenant, const struct flow_input *input)
{
    struct td_arena *arena = td_service_arena(tenant->router->service);
    const struct flow_effects *effects = tenant->router->effects;

    if (input->type == FLOW_ARRIVED)
        return td_interaction_arrived_reply_encode(arena, &effects->arrived);
    if (input->type == FLOW_AGENT_COMMAND)
        return td_agent_command_reply_encode(arena, &effects->agent);
    if (input->type == FLOW_TRANSFER_ASKED)
        return td_transfer_reply_encode(arena, &effects->transfer);
    return td_done_encode(arena, &(struct td_done){0});
}

/* How long deciding took is known only here. */
static void note_duration(struct flow_effects *effects, uint64_t ns)
{
    for (uint32_t i = 0; i < effects->count; i++) {
        struct flow_effect *effect = &effects->items[i];

        if (effect->type == FLOW_EVENT && effect->as.event->has_decision)
            effect->as.event->decision.decision_ns = ns;
        else if (effect->type == FLOW_PUT_INTERACTION && effect->as.interaction->has_decision &&
                 effect->as.interaction->decision.decision_ns == 0)
            effect->as.interaction->decision.decision_ns = ns;
    }
}

static void log_decisions(struct router_tenant *tenant)
{
    const struct flow_effects *effects = tenant->router->effects;
    char text[TD_ID_TEXT_SIZE];

    for (uint32_t i = 0; i < effects->count; i++) {
        const struct flow_effect *effect = &effects->items[i];

        if (effect->type == FLOW_EVENT && effect->as.event->has_decision)
            td_log_info(td_service_log(tenant->router->service), "interaction.offered",
                        td_str("interaction", td_id_format(effect->interaction_id.id, text)),
                        td_u64("tenant", tenant->id), td_str("agent", effect->as.event->agent),
                        td_str("why", effect->as.event->decision.why));
        else if (effect->type == FLOW_CLOSED)
            td_log_info(td_service_log(tenant->router->service), "interaction.closed",
                        td_str("interaction", td_id_format(effect->interaction_id.id, text)),
                        td_u64("tenant", tenant->id),
                        td_str("outcome", td_outcome_name(effect->as.summary->outcome)),
                        td_str("reason", effect->as.summary->reason),
                        td_u64("wait_ms", effect->as.summary->wait_ms),
                        td_u64("talk_ms", effect->as.summary->talk_ms));
    }
}

void router_wake(void *ctx)
{
    router_step(ctx, &(struct flow_input){.type = FLOW_TIME}, NULL);
}

static void arm(struct router_tenant *tenant, uint64_t now_unix_us)
{
    uint64_t wake = flow_wake_at_unix_us(tenant->flow);

    if (wake == UINT64_MAX)
        td_timer_stop(&tenant->timer);
    else
        td_timer_start(&tenant->timer, wake > now_unix_us ? (wake - now_unix_us + 999) / 1000 : 0);
}

void router_step(struct router_tenant *tenant, const struct flow_input *input,
                 struct td_request *request)
{
    struct router *router = tenant->router;
    uint64_t now = td_loop_now_unix_us(td_service_loop(router->service));
    uint64_t began_ns = td_loop_now_ns();

    // The loop may have stood still: whoever cannot be sure to hold the lease does not act.
    if (!td_lease_is_held(router->lease)) {
        if (request != NULL)
            td_request_fail(request, TD_ERR_UNAVAILABLE, "this router has just lost its lease");
        return;
    }
    flow_step(tenant->flow, input, now, router->effects);
    note_duration(router->effects, td_loop_now_ns() - began_ns);
    ++*router->counters.steps;
    log_decisions(tenant);
    if (request != NULL)
        router_put_out(tenant, request, reply_to(tenant, input));
    else if (router->effects->count > 0)
        router_put_out(tenant, NULL, td_bytes(NULL, 0));
    arm(tenant, now);
}

void router_step_all(struct router *router, const struct flow_input *input)
{
    for (struct router_tenant *tenant = router->tenants; tenant != NULL; tenant = tenant->next) {
        if (tenant->running)
            router_step(tenant, input, NULL);
    }
}
