#include "router/core/flow_private.h"

#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))

/* --- offers --- */

static void offered(struct flow *flow, struct flow_interaction *interaction,
                    const struct td_routing_effect *effect)
{
    struct td_interaction_state *state = &interaction->state;
    const struct flow_agent *agent = flow_agent_find(flow, effect->agent);

    state->phase = TD_INTERACTION_PHASE_OFFERED;
    state->offers++;
    state->has_offer = true;
    state->offer = (struct td_offer_state){
        .offer_id = {flow_new_id(flow)},
        .expires_at_unix_us = effect->until_unix_us,
        .made_at_unix_us = flow->now,
        .offer_version = effect->offer_version,
    };
    TEXT(state->offer.agent, effect->agent);
    TEXT(state->offer.instance, agent != NULL ? agent->record.device_instance : "");
    interaction->offer_unsynced = false;
    flow_decide(flow, interaction, effect, &state->decision);
    state->has_decision = true;

    struct td_interaction_event *event = flow_put_event(flow, interaction, "interaction.offered");
    TEXT(event->agent, effect->agent);
    event->decision = state->decision;
    event->has_decision = true;
    event->wait_ms = state->decision.wait_ms;
    flow_put_offer(flow, interaction);
}

static const char *outcome_name(enum td_routing_outcome outcome)
{
    static const char *const names[] = {
        [TD_ROUTING_OUTCOME_DECLINED] = "declined",
        [TD_ROUTING_OUTCOME_NO_ANSWER] = "no_answer",
        [TD_ROUTING_OUTCOME_FAILED] = "device_failure",
        [TD_ROUTING_OUTCOME_CANCELLED] = "cancelled",
        [TD_ROUTING_OUTCOME_BROKEN] = "system_failure",
    };

    return (size_t)outcome < TD_ROUTING_OUTCOME_COUNT ? names[outcome] : "unknown";
}

static void count_outcome(struct td_interaction_state *state, enum td_routing_outcome outcome)
{
    state->declined += outcome == TD_ROUTING_OUTCOME_DECLINED;
    state->no_answer += outcome == TD_ROUTING_OUTCOME_NO_ANSWER;
    state->device_failures += outcome == TD_ROUTING_OUTCOME_FAILED;
}

/* A ringing phone is cancelled; one that was answered already has to be hung up. */
static void withdraw(struct flow *flow, struct flow_interaction *interaction,
                     const struct td_routing_effect *effect)
{
    struct td_interaction_state *state = &interaction->state;

    if (state->phase == TD_INTERACTION_PHASE_ACCEPTED) {
        flow_put_release_offer(flow, state->interaction_id, ++state->version, state->offer.instance,
                               state->offer.offer_id);
        return;
    }
    flow_put_cancel(flow, interaction,
                    effect->outcome == TD_ROUTING_OUTCOME_NO_ANSWER ? TD_CANCEL_REASON_EXPIRED
                    : flow->leaving == interaction                  ? TD_CANCEL_REASON_ABANDONED
                                                                    : TD_CANCEL_REASON_AGENT_LEFT);
}

static void offer_ended(struct flow *flow, struct flow_interaction *interaction,
                        const struct td_routing_effect *effect)
{
    struct td_interaction_state *state = &interaction->state;

    if (!state->has_offer || state->offer.offer_version != effect->offer_version)
        return;
    count_outcome(state, effect->outcome);
    if (effect->withdraw)
        withdraw(flow, interaction, effect);
    state->phase = TD_INTERACTION_PHASE_QUEUED;
    state->agent[0] = '\0';

    struct td_interaction_event *event =
        flow_put_event(flow, interaction, "interaction.offer_ended");
    TEXT(event->agent, effect->agent);
    TEXT(event->reason, outcome_name(effect->outcome));
    state->has_offer = false;
    state->has_agent_leg = false;
    state->accepted_at_unix_us = 0;
    interaction->offer_unsynced = false;
    if (flow_is_direct(state))
        flow_transfer_offer_ended(interaction, effect->outcome);
}

static void assigned(struct flow *flow, struct flow_interaction *interaction,
                     const struct td_routing_effect *effect)
{
    struct td_interaction_state *state = &interaction->state;

    state->phase = TD_INTERACTION_PHASE_ACCEPTED;
    TEXT(state->agent, effect->agent);
    state->accepted_at_unix_us = flow->now;
    flow_put_event(flow, interaction, "interaction.accepted")->wait_ms =
        flow_ms(state->queued_at_unix_us, flow->now);
    flow_stop_dialog(flow, interaction);
    flow_put_connect(flow, interaction);
}

/* By what the queue is judged today, so that it is judged the same whenever it is counted. */
static struct td_interaction_event *left_queue(struct flow *flow,
                                               struct flow_interaction *interaction,
                                               const char *topic, uint64_t at_unix_us)
{
    struct td_interaction_event *event = flow_put_event(flow, interaction, topic);
    const struct td_queue *queue = flow_queue(flow, event->queue);

    event->wait_ms = flow_ms(flow_entered_at(&interaction->state), at_unix_us);
    if (queue == NULL)
        return event;
    event->threshold_ms = td_pairing_ms(queue->threshold_s);
    event->short_abandon_ms = flow_short_abandon_ms(queue);
    return event;
}

static void answered(struct flow *flow, struct flow_interaction *interaction,
                     const struct td_routing_effect *effect)
{
    struct td_interaction_state *state = &interaction->state;

    state->phase = TD_INTERACTION_PHASE_CONNECTED;
    TEXT(state->agent, effect->agent);
    left_queue(flow, interaction, "interaction.connected", state->connected_at_unix_us);
    interaction->transfer_over = flow_is_direct(state);
}

/* --- the queue --- */

/* What is asked from here on, for those who want to know why nobody came. */
static void put_expression(struct flow *flow, const struct flow_interaction *interaction,
                           uint32_t step, struct td_interaction_event *event)
{
    (void)td_routing_print_step(flow->routing, interaction->state.interaction_id, step,
                                event->expression, sizeof(event->expression));
}

static void queued(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_routing_place place;
    if (flow_is_direct(&interaction->state))
        return; // It waits for nobody but the one who was asked for.

    struct td_interaction_event *event = flow_put_event(flow, interaction, "interaction.queued");

    flow->entered = true;
    if (td_routing_find_place(flow->routing, interaction->state.interaction_id, flow->now,
                              &place) == TD_OK)
        event->position = place.position;
    put_expression(flow, interaction, 0, event);
}

static void relaxed(struct flow *flow, struct flow_interaction *interaction, uint32_t step)
{
    struct td_interaction_event *event = flow_put_event(flow, interaction, "interaction.relaxed");

    event->step = step + 1;
    put_expression(flow, interaction, step, event);
}

/* Why it overflowed; UNSPECIFIED: it did not, or was taken out for what it is not asked about. */
static enum td_overflow_cause cause_of(const struct flow *flow,
                                       const struct flow_interaction *interaction,
                                       enum td_routing_departure departure)
{
    switch (departure) {
    case TD_ROUTING_LEFT_FULL:
        return flow->door_closed ? TD_OVERFLOW_CAUSE_CLOSED : TD_OVERFLOW_CAUSE_FULL;
    case TD_ROUTING_LEFT_TIMED_OUT:
        return TD_OVERFLOW_CAUSE_MAX_WAIT;
    case TD_ROUTING_LEFT_WITHDRAWN:
        return interaction->unstaffed ? TD_OVERFLOW_CAUSE_NO_AGENT : TD_OVERFLOW_CAUSE_UNSPECIFIED;
    default:
        return TD_OVERFLOW_CAUSE_UNSPECIFIED;
    }
}

static void left(struct flow *flow, struct flow_interaction *interaction,
                 const struct td_routing_effect *effect)
{
    const struct td_interaction_state *state = &interaction->state;
    bool full = effect->departure == TD_ROUTING_LEFT_FULL;
    enum td_overflow_cause cause = cause_of(flow, interaction, effect->departure);
    uint64_t at = state->ended_at_unix_us > 0 ? state->ended_at_unix_us : flow->now;

    if (effect->departure == TD_ROUTING_LEFT_RELEASED || flow_is_direct(state))
        return; // What follows is the wrap-up; or the end of a transfer, which no queue knows.

    if (full && !flow->entered && flow->entering == interaction)
        queued(flow, interaction); // It came to the door, and is counted so.
    interaction->state.phase = TD_INTERACTION_PHASE_QUEUED;
    struct td_interaction_event *event =
        left_queue(flow, interaction,
                   effect->departure == TD_ROUTING_LEFT_ABANDONED ? "interaction.abandoned"
                                                                  : "interaction.overflowed",
                   at);
    if (cause != TD_OVERFLOW_CAUSE_UNSPECIFIED)
        flow_overflowed(flow, interaction, cause, event);
}

/* --- all of them --- */

static void of_interaction(struct flow *flow, struct flow_interaction *interaction,
                           const struct td_routing_effect *effect)
{
    flow_touch(flow, interaction);
    if (flow_is_outbound(&interaction->state))
        return; // Only that its agent is busy is of interest.
    switch (effect->type) {
    case TD_ROUTING_QUEUED:
        queued(flow, interaction);
        break;
    case TD_ROUTING_RELAXED:
        relaxed(flow, interaction, effect->step);
        break;
    case TD_ROUTING_OFFER:
        offered(flow, interaction, effect);
        break;
    case TD_ROUTING_OFFER_ENDED:
        offer_ended(flow, interaction, effect);
        break;
    case TD_ROUTING_ASSIGNED:
        assigned(flow, interaction, effect);
        break;
    case TD_ROUTING_ANSWERED:
        answered(flow, interaction, effect);
        break;
    case TD_ROUTING_LEFT:
        left(flow, interaction, effect);
        break;
    default:
        break;
    }
}

static void translate(struct flow *flow, const struct td_routing_effect *effect)
{
    struct flow_interaction *interaction = NULL;

    switch (effect->type) {
    case TD_ROUTING_AGENT_CHANGED:
        flow_agent_changed(flow, effect);
        return;
    case TD_ROUTING_IGNORED:
        flow->ignored = true;
        return;
    case TD_ROUTING_REFUSED:
        flow->refused = true;
        flow->refusal = effect->refusal;
        return;
    default:
        if (effect->queue[0] != '\0')
            flow_touch_queue(flow, effect->queue);
        interaction = flow_find(flow, effect->interaction);
        if (interaction != NULL)
            of_interaction(flow, interaction, effect);
        return;
    }
}

void flow_pair(struct flow *flow, const struct td_routing_event *event)
{
    flow->ignored = false;
    td_routing_step(flow->routing, event, flow->now, &flow->paired);
    for (uint32_t i = 0; i < flow->paired.count; i++)
        translate(flow, &flow->paired.items[i]);
}

void flow_pair_interaction(struct flow *flow, enum td_routing_event_type type,
                           const struct flow_interaction *interaction, const char *reason)
{
    const struct td_interaction_state *state = &interaction->state;
    struct td_routing_event event = {
        .type = type,
        .interaction = state->interaction_id,
        .agent = state->has_offer ? state->offer.agent : state->agent,
        .offer_version = state->has_offer ? state->offer.offer_version : 0,
        .reason = reason,
    };

    flow_pair(flow, &event);
}
