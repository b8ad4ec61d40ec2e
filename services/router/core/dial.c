/*
 * Numbers outside: called by an agent, or to give a customer to. The channel tries them like an
 * agent's device; the pairing engine does not know them, only the agent who is busy meanwhile.
 */
#include "router/core/dial_plan.h"
#include "router/core/flow_private.h"

#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))

#define RING_DEFAULT_S 60
#define RING_MAX_S 300

bool flow_is_outbound(const struct td_interaction_state *state)
{
    return state->direction == TD_DIRECTION_OUTBOUND;
}

bool flow_is_dialled(const struct td_interaction_state *state)
{
    return state->has_offer && state->offer.number[0] != '\0';
}

const struct td_agent_config *flow_agent_config(const struct flow *flow, const char *name)
{
    for (uint32_t i = 0; i < flow->config->agents_count; i++) {
        if (td_str_equal(flow->config->agents[i].name, name))
            return &flow->config->agents[i];
    }
    return NULL;
}

enum td_transfer_refusal flow_may_dial(const struct flow *flow, const char *agent,
                                       const char *number, const struct td_trunk **trunk)
{
    const struct td_agent_config *config = flow_agent_config(flow, agent);

    if (config == NULL)
        return TD_TRANSFER_REFUSAL_FORBIDDEN;
    switch (dial_plan_decide(flow->config, config, number, trunk)) {
    case DIAL_ALLOWED:
        return TD_TRANSFER_REFUSAL_UNSPECIFIED;
    case DIAL_NO_NUMBER:
        return TD_TRANSFER_REFUSAL_NOT_FOUND;
    default:
        return TD_TRANSFER_REFUSAL_FORBIDDEN;
    }
}

/* --- calling --- */

void flow_dial(struct flow *flow, struct flow_interaction *interaction, const char *agent,
               const char *number, const struct td_trunk *trunk)
{
    struct td_interaction_state *state = &interaction->state;
    uint32_t ring_s = flow->config->has_call_out ? flow->config->call_out.ring_s : 0;

    if (ring_s == 0 || ring_s > RING_MAX_S)
        ring_s = RING_DEFAULT_S;
    state->phase = TD_INTERACTION_PHASE_OFFERED;
    state->has_offer = true;
    state->offer = (struct td_offer_state){
        .offer_id = {flow_new_id(flow)},
        .expires_at_unix_us =
            flow->now + (ring_s * UINT64_C(1000) + FLOW_LEASE_GRACE_MS) * US_PER_MS,
        .made_at_unix_us = flow->now,
        .offer_version = 1,
    };
    TEXT(state->offer.agent, agent);
    TEXT(state->offer.instance, state->channel_instance);
    TEXT(state->offer.number, number);
    TEXT(state->offer.trunk, trunk->name);
    interaction->offer_unsynced = false;
    struct td_interaction_event *event = flow_put_event(flow, interaction, "interaction.dialled");
    event->queue[0] = '\0';
    TEXT(event->to, number);
    TEXT(event->trunk, trunk->name);
    event->target = TD_TRANSFER_TARGET_OUTSIDE;
    flow_put_offer(flow, interaction);
}

void flow_dial_accepted(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;

    state->phase = TD_INTERACTION_PHASE_ACCEPTED;
    state->accepted_at_unix_us = flow->now;
    flow_touch(flow, interaction);
    flow_put_connect(flow, interaction);
}

void flow_dial_connected(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;

    state->phase = TD_INTERACTION_PHASE_CONNECTED;
    struct td_interaction_event *event = flow_put_event(flow, interaction, "interaction.connected");
    event->queue[0] = '\0';
    TEXT(event->to, state->offer.number);
    if (flow_is_outbound(state))
        flow_pair_interaction(flow, TD_ROUTING_CONNECTED, interaction, NULL);
    else
        flow_transfer_done(flow, interaction);
}

void flow_dial_failed(struct flow *flow, struct flow_interaction *interaction,
                      enum td_transfer_refusal why)
{
    static const char *const reasons[] = {
        [TD_TRANSFER_REFUSAL_DECLINED] = "declined",
        [TD_TRANSFER_REFUSAL_NO_ANSWER] = "no_answer",
    };
    struct td_interaction_state *state = &interaction->state;
    const char *reason = (size_t)why < sizeof(reasons) / sizeof(reasons[0]) && reasons[why] != NULL
                             ? reasons[why]
                             : "unreachable";
    struct td_interaction_event *event =
        flow_put_event(flow, interaction, "interaction.dial_ended");

    event->queue[0] = '\0';
    TEXT(event->to, state->offer.number);
    TEXT(event->reason, reason);
    if (!flow_is_outbound(state)) {
        state->has_offer = false;
        state->has_agent_leg = false;
        flow_transfer_failed(flow, interaction, why);
        return;
    }
    flow_end(flow, interaction,
             &(struct flow_end){.outcome = TD_OUTCOME_NOT_REACHED,
                                .by = "customer",
                                .reason = reason,
                                .at_unix_us = flow->now,
                                .release = true,
                                .release_reason = why == TD_TRANSFER_REFUSAL_DECLINED
                                                      ? TD_RELEASE_REASON_BUSY
                                                      : TD_RELEASE_REASON_NORMAL});
}

/* --- an agent calls --- */

static void refuse(struct flow *flow, enum td_transfer_refusal why, const char *reason)
{
    struct td_interaction_arrived_reply *reply = &flow->effects->arrived;

    memset(reply, 0, sizeof(*reply));
    reply->result = TD_ARRIVED_RESULT_REFUSED;
    reply->retry_after_s = flow->settings.retry_after_s;
    reply->epoch = flow->settings.epoch;
    reply->refusal = why;
    TEXT(reply->reason, reason);
}

static bool seize(struct flow *flow, struct flow_interaction *interaction)
{
    const struct td_routing_arrival arrival = {.queue = FLOW_DIRECT_QUEUE};
    const struct td_routing_event event = {.type = TD_ROUTING_SEIZED,
                                           .interaction = interaction->state.interaction_id,
                                           .agent = interaction->state.agent,
                                           .arrival = &arrival};

    flow_pair(flow, &event);
    return !flow->ignored;
}

static void begin_call(struct flow *flow, struct flow_interaction *interaction,
                       const struct td_interaction_arrived *arrived, const struct td_trunk *trunk)
{
    struct td_interaction_state *state = &interaction->state;

    if (!seize(flow, interaction)) {
        flow_remove(flow, interaction);
        interaction->touched = false;
        refuse(flow, TD_TRANSFER_REFUSAL_BUSY, "agent: is not free");
        return;
    }
    flow_fill(flow, interaction, arrived, NULL);
    TEXT(state->first_agent, state->agent);
    flow_dial(flow, interaction, state->agent, state->called, trunk);
    flow->effects->arrived = (struct td_interaction_arrived_reply){
        .result = TD_ARRIVED_RESULT_ACCEPTED, .epoch = flow->settings.epoch};
}

void flow_call_out(struct flow *flow, const struct td_interaction_arrived *arrived)
{
    const struct td_trunk *trunk = NULL;
    const struct flow_agent *agent = flow_agent_find(flow, arrived->agent);
    enum td_transfer_refusal why = flow_may_dial(flow, arrived->agent, arrived->called, &trunk);

    if (why != TD_TRANSFER_REFUSAL_UNSPECIFIED) {
        refuse(flow, why, "called: that number is not open to this agent");
        return;
    }
    if (agent == NULL || !agent->configured) {
        refuse(flow, TD_TRANSFER_REFUSAL_FORBIDDEN, "agent: there is none of that name");
        return;
    }
    struct flow_interaction *interaction = flow_add(flow, arrived->interaction_id);
    if (interaction == NULL) {
        refuse(flow, TD_TRANSFER_REFUSAL_UNSPECIFIED, "the router is full");
        return;
    }
    interaction->state.direction = TD_DIRECTION_OUTBOUND;
    TEXT(interaction->state.agent, arrived->agent);
    begin_call(flow, interaction, arrived, trunk);
}
