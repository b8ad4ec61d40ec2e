/*
 * An agent gives a customer away: to another agent, a queue, an entry point, a number outside.
 * Until that has come to an end the agent stays busy, in the pairing engine under an id of its own
 * (`hold_id`), while the interaction itself waits, is offered and answered as any other. Then the
 * agent is let go, or has the customer back. Transfers of one interaction are bounded.
 */
#include "router/core/flow_private.h"

#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))

#define TRANSFERS_MAX 10
/** Nobody has this attribute: who is asked for by name is not replaced by anybody. */
#define NOBODY "routing.nobody"

/** Where a transfer goes. */
struct target {
    enum td_transfer_target kind;
    const struct td_agent_config *agent;
    const struct td_queue *queue;
    const struct td_entry_point *entry;
    const struct td_trunk *trunk;
};

/* --- where to --- */

static const struct td_agent_config *find_agent(const struct flow *flow, const char *to)
{
    for (uint32_t i = 0; i < flow->config->agents_count; i++) {
        const struct td_agent_config *agent = &flow->config->agents[i];
        if (td_str_equal(agent->phone_user, to) || td_str_equal(agent->name, to))
            return agent;
    }
    return NULL;
}

static const struct td_entry_point *find_number(const struct flow *flow, const char *to)
{
    for (uint32_t i = 0; i < flow->config->entry_points_count; i++) {
        const struct td_entry_point *entry = &flow->config->entry_points[i];
        for (uint32_t k = 0; k < entry->numbers_count; k++) {
            if (td_str_equal(entry->numbers[k], to))
                return entry;
        }
    }
    return NULL;
}

static bool takes(const struct flow *flow, const struct td_queue *queue)
{
    struct td_routing_queue_counts counts;

    if (queue->has_when_closed && !flow_is_open(flow, queue->timetable))
        return false;
    return queue->max_waiting == 0 ||
           (td_routing_count_queue(flow->routing, queue->name, &counts) == TD_OK &&
            counts.waiting < queue->max_waiting);
}

static bool is_free(struct flow *flow, const char *name)
{
    const struct flow_agent *agent = flow_agent_find(flow, name);

    return agent != NULL && agent->record.state == TD_AGENT_STATE_READY &&
           agent->record.device_registered &&
           flow_instance_is_alive(flow, "edge", agent->record.device_instance);
}

static enum td_transfer_refusal find_target(struct flow *flow, const char *from, const char *to,
                                            struct target *target)
{
    target->agent = find_agent(flow, to);
    target->entry = find_number(flow, to);
    target->queue = flow_queue(flow, target->entry != NULL ? target->entry->queue : to);
    if (target->agent != NULL) {
        target->kind = TD_TRANSFER_TARGET_AGENT;
        return is_free(flow, target->agent->name) ? TD_TRANSFER_REFUSAL_UNSPECIFIED
                                                  : TD_TRANSFER_REFUSAL_BUSY;
    }
    if (target->queue != NULL) {
        target->kind =
            target->entry != NULL ? TD_TRANSFER_TARGET_ENTRY_POINT : TD_TRANSFER_TARGET_QUEUE;
        return takes(flow, target->queue) ? TD_TRANSFER_REFUSAL_UNSPECIFIED
                                          : TD_TRANSFER_REFUSAL_BUSY;
    }
    target->kind = TD_TRANSFER_TARGET_OUTSIDE;
    return flow_may_dial(flow, from, to, &target->trunk);
}

/* --- the agent who asked --- */

bool flow_is_transferring(const struct td_interaction_state *state)
{
    return state->has_transfer;
}

bool flow_is_direct(const struct td_interaction_state *state)
{
    return state->has_transfer && state->transfer.target == TD_TRANSFER_TARGET_AGENT;
}

bool flow_is_former_offer(const struct td_interaction_state *state, struct td_offer_id offer)
{
    return state->has_transfer && td_id_equal(state->transfer.offer.offer_id.id, offer.id);
}

/* Is let go by the engine: wraps up, or is free. */
static void release_agent(struct flow *flow, const struct td_transfer_in_progress *transfer)
{
    const struct td_routing_event event = {
        .type = TD_ROUTING_RELEASED, .interaction = transfer->hold_id, .agent = transfer->agent};

    if (!transfer->left)
        flow_pair(flow, &event);
}

static void put_away(struct flow *flow, struct flow_interaction *interaction,
                     const struct td_transfer_asked *asked, enum td_transfer_target kind)
{
    struct td_interaction_state *state = &interaction->state;

    flow_end_holds(flow, interaction, flow->now);
    state->transfers_asked++;
    state->has_transfer = true;
    state->transfer = (struct td_transfer_in_progress){
        .hold_id = {flow_new_id(flow)},
        .has_offer = true,
        .offer = state->offer,
        .has_leg = state->has_agent_leg,
        .leg = state->agent_leg,
        .accepted_at_unix_us = state->accepted_at_unix_us,
        .connected_at_unix_us = state->connected_at_unix_us,
        .queued_at_unix_us = state->queued_at_unix_us,
        .target = kind,
        .asked_at_unix_us = flow->now,
    };
    TEXT(state->transfer.agent, state->agent);
    TEXT(state->transfer.queue, state->queue);
    TEXT(state->transfer.to, asked->to);
    struct td_interaction_event *event =
        flow_put_event(flow, interaction, "interaction.transferring");
    TEXT(event->from_agent, state->transfer.agent);
    TEXT(event->to, asked->to);
    event->target = kind;

    (void)td_routing_rename(flow->routing, state->interaction_id, state->transfer.hold_id);
    state->agent[0] = '\0';
    state->has_offer = false;
    state->has_agent_leg = false;
    state->accepted_at_unix_us = 0;
    state->connected_at_unix_us = 0;
    state->waited = false;
    state->music = false;
    state->requirement[0] = '\0';
}

/* --- the ways --- */

static void to_agent(struct flow *flow, struct flow_interaction *interaction, const char *agent)
{
    const struct td_routing_requirement requirement = {
        .steps = {{.expression = NOBODY, .insist_ms = 0}}, .step_count = 1};
    const struct td_routing_arrival arrival = {.queue = FLOW_DIRECT_QUEUE,
                                               .requirement = &requirement,
                                               .preferred_agent = agent,
                                               .preferred_ms = TD_ROUTING_DURATION_MAX_MS};
    const struct td_routing_event event = {.type = TD_ROUTING_ARRIVED,
                                           .interaction = interaction->state.interaction_id,
                                           .arrival = &arrival};

    interaction->state.phase = TD_INTERACTION_PHASE_QUEUED;
    interaction->state.queued_at_unix_us = 0;
    flow->refused = false;
    flow_pair(flow, &event);
    if (flow->refused || interaction->state.phase == TD_INTERACTION_PHASE_QUEUED)
        flow_transfer_failed(flow, interaction, TD_TRANSFER_REFUSAL_BUSY);
}

static void to_queue(struct flow *flow, struct flow_interaction *interaction,
                     const struct target *target)
{
    struct td_interaction_state *state = &interaction->state;
    struct td_interaction_id id = state->interaction_id;

    TEXT(state->queue, target->queue->name); // That it goes to, in what is said of it.
    flow_transfer_done(flow, interaction);
    interaction = flow_find(flow, id);
    if (interaction == NULL)
        return;
    state->queued_at_unix_us = 0;
    if (target->kind == TD_TRANSFER_TARGET_QUEUE) {
        flow_enter_queue(flow, interaction);
        return;
    }
    TEXT(state->entry_point, target->entry->name);
    flow_begin(flow, interaction);
}

static void go(struct flow *flow, struct flow_interaction *interaction,
               const struct td_transfer_asked *asked, const struct target *target)
{
    put_away(flow, interaction, asked, target->kind);
    switch (target->kind) {
    case TD_TRANSFER_TARGET_AGENT:
        to_agent(flow, interaction, target->agent->name);
        return;
    case TD_TRANSFER_TARGET_OUTSIDE:
        flow_dial(flow, interaction, interaction->state.transfer.agent, asked->to, target->trunk);
        return;
    default:
        to_queue(flow, interaction, target);
        return;
    }
}

void flow_transfer_asked(struct flow *flow, const struct td_transfer_asked *asked)
{
    struct td_transfer_reply *reply = &flow->effects->transfer;
    struct flow_interaction *interaction = flow_find(flow, asked->head.interaction_id);
    struct target target = {.kind = TD_TRANSFER_TARGET_UNSPECIFIED};

    reply->refusal = TD_TRANSFER_REFUSAL_NOT_NOW;
    if (interaction == NULL)
        return;
    const struct td_interaction_state *state = &interaction->state;
    if (flow_is_former_offer(state, asked->offer_id)) {
        *reply = (struct td_transfer_reply){.accepted = true}; // Said again.
        return;
    }
    if (state->phase != TD_INTERACTION_PHASE_CONNECTED || state->has_transfer ||
        flow_is_outbound(state) || flow_is_dialled(state) ||
        !flow_has_offer(interaction, asked->offer_id))
        return;
    reply->refusal = state->transfers_asked >= TRANSFERS_MAX
                         ? TD_TRANSFER_REFUSAL_TOO_OFTEN
                         : find_target(flow, state->agent, asked->to, &target);
    if (reply->refusal != TD_TRANSFER_REFUSAL_UNSPECIFIED)
        return;
    reply->accepted = true;
    flow_touch(flow, interaction);
    go(flow, interaction, asked, &target);
}

/* --- how it ends --- */

void flow_transfer_done(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;
    struct td_transfer_in_progress transfer = state->transfer;
    if (!state->has_transfer)
        return;

    state->has_transfer = false;
    state->transfers++;
    state->talked_ms += flow_ms(transfer.connected_at_unix_us, transfer.asked_at_unix_us);
    if (transfer.queued_at_unix_us > 0)
        state->waited_ms += flow_ms(transfer.queued_at_unix_us, transfer.connected_at_unix_us);
    if (state->first_connected_at_unix_us == 0) {
        state->first_connected_at_unix_us = transfer.connected_at_unix_us;
        TEXT(state->first_agent, transfer.agent);
    }
    struct td_interaction_event *event =
        flow_put_event(flow, interaction, "interaction.transferred");
    TEXT(event->from_queue, transfer.queue);
    TEXT(event->from_agent, transfer.agent);
    TEXT(event->to, transfer.to);
    event->target = transfer.target;
    event->duration_ms = flow_ms(transfer.connected_at_unix_us, transfer.asked_at_unix_us);
    if (!transfer.left)
        flow_put_transfer_update(flow, interaction, &transfer, transfer.offer.instance,
                                 TD_TRANSFER_STATE_DONE, TD_TRANSFER_REFUSAL_UNSPECIFIED);
    release_agent(flow, &transfer);
}

/* Nobody is there to have the customer back. */
static void send_back(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;

    state->queued_at_unix_us = 0;
    if (flow_queue(flow, state->queue) != NULL) {
        flow_enter_queue(flow, interaction);
        return;
    }
    flow_end(flow, interaction,
             &(struct flow_end){.outcome = TD_OUTCOME_ANSWERED,
                                .by = "system",
                                .reason = "the transfer failed",
                                .at_unix_us = flow->now,
                                .left = true,
                                .release = true,
                                .release_reason = TD_RELEASE_REASON_FAILED});
}

static void give_back(struct flow *flow, struct flow_interaction *interaction,
                      const struct td_transfer_in_progress *transfer, enum td_transfer_refusal why)
{
    struct td_interaction_state *state = &interaction->state;

    (void)td_routing_rename(flow->routing, transfer->hold_id, state->interaction_id);
    state->phase = TD_INTERACTION_PHASE_CONNECTED;
    TEXT(state->agent, transfer->agent);
    state->has_offer = true;
    state->offer = transfer->offer;
    state->has_agent_leg = transfer->has_leg;
    state->agent_leg = transfer->leg;
    state->accepted_at_unix_us = transfer->accepted_at_unix_us;
    state->connected_at_unix_us = transfer->connected_at_unix_us;
    state->queued_at_unix_us = transfer->queued_at_unix_us;
    flow_put_transfer_update(flow, interaction, transfer, transfer->offer.instance,
                             TD_TRANSFER_STATE_FAILED, why);
    if (!td_str_equal(transfer->offer.instance, state->channel_instance))
        flow_put_transfer_update(flow, interaction, transfer, state->channel_instance,
                                 TD_TRANSFER_STATE_FAILED, why);
}

static const char *why_failed(enum td_transfer_refusal why)
{
    switch (why) {
    case TD_TRANSFER_REFUSAL_DECLINED:
        return "declined";
    case TD_TRANSFER_REFUSAL_NO_ANSWER:
        return "no_answer";
    case TD_TRANSFER_REFUSAL_BUSY:
        return "busy";
    default:
        return "unreachable";
    }
}

void flow_transfer_failed(struct flow *flow, struct flow_interaction *interaction,
                          enum td_transfer_refusal why)
{
    struct td_interaction_state *state = &interaction->state;
    struct td_transfer_in_progress transfer = state->transfer;
    if (!state->has_transfer)
        return;

    // The engine forgets what it had of it, which is in nobody's figures.
    flow_pair_interaction(flow, TD_ROUTING_WITHDRAWN, interaction, NULL);
    interaction->transfer_over = false;
    state->has_transfer = false;
    state->has_offer = false;
    state->has_agent_leg = false;
    TEXT(state->queue, transfer.queue);
    struct td_interaction_event *event =
        flow_put_event(flow, interaction, "interaction.transfer_failed");
    TEXT(event->reason, why_failed(why));
    TEXT(event->from_agent, transfer.agent);
    TEXT(event->to, transfer.to);
    event->target = transfer.target;
    if (transfer.left)
        send_back(flow, interaction);
    else
        give_back(flow, interaction, &transfer, why);
}

void flow_transfer_offer_ended(struct flow_interaction *interaction,
                               enum td_routing_outcome outcome)
{
    interaction->transfer_over = true;
    interaction->transfer_why =
        outcome == TD_ROUTING_OUTCOME_DECLINED    ? TD_TRANSFER_REFUSAL_DECLINED
        : outcome == TD_ROUTING_OUTCOME_NO_ANSWER ? TD_TRANSFER_REFUSAL_NO_ANSWER
                                                  : TD_TRANSFER_REFUSAL_UNREACHABLE;
}

void flow_transfers_due(struct flow *flow)
{
    for (uint32_t i = 0; i < flow->touched_count; i++) { // Grows while it is walked.
        struct flow_interaction *interaction = &flow->interactions[flow->touched[i]];

        if (!interaction->used || !interaction->transfer_over)
            continue;
        interaction->transfer_over = false;
        if (interaction->state.phase == TD_INTERACTION_PHASE_CONNECTED)
            flow_transfer_done(flow, interaction);
        else
            flow_transfer_failed(flow, interaction, interaction->transfer_why);
    }
}

/* --- the agent hangs up, or the customer --- */

static void leave(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;

    release_agent(flow, &state->transfer);
    state->transfer.left = true;
    TEXT(flow_put_event(flow, interaction, "interaction.agent_left")->from_agent,
         state->transfer.agent);
}

void flow_agent_left(struct flow *flow, const struct td_agent_left *left)
{
    struct flow_interaction *interaction = flow_find(flow, left->head.interaction_id);

    if (interaction == NULL)
        return;
    struct td_interaction_state *state = &interaction->state;
    if (flow_is_former_offer(state, left->offer_id)) {
        if (!state->transfer.left)
            leave(flow, interaction);
    } else if (state->phase == TD_INTERACTION_PHASE_CONNECTED &&
               flow_has_offer(interaction, left->offer_id)) {
        // It had just got the customer back: that one waits again.
        flow_pair_interaction(flow, TD_ROUTING_RELEASED, interaction, NULL);
        state->agent[0] = '\0';
        state->has_offer = false;
        state->has_agent_leg = false;
        state->connected_at_unix_us = 0;
        send_back(flow, interaction);
    }
}

void flow_former_gone(struct flow *flow, struct flow_interaction *interaction, const char *instance)
{
    struct td_interaction_state *state = &interaction->state;

    if (state->has_transfer && !state->transfer.left &&
        td_str_equal(state->transfer.offer.instance, instance))
        leave(flow, interaction);
}

void flow_end_transfer(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;
    struct td_transfer_in_progress transfer = state->transfer;
    if (!state->has_transfer)
        return;

    state->has_transfer = false;
    interaction->transfer_over = false;
    state->talked_ms += flow_ms(transfer.connected_at_unix_us, transfer.asked_at_unix_us);
    if (state->first_connected_at_unix_us == 0) {
        state->first_connected_at_unix_us = transfer.connected_at_unix_us;
        TEXT(state->first_agent, transfer.agent);
    }
    if (!transfer.left && !td_str_equal(transfer.offer.instance, state->channel_instance))
        flow_put_release_offer(flow, state->interaction_id, ++state->version,
                               transfer.offer.instance, transfer.offer.offer_id);
    release_agent(flow, &transfer);
}
