/* One party puts the other on hold: told, and summed up; nothing is decided by it. */
#include "router/core/flow_private.h"

const char *flow_hold_music(const struct flow *flow, const struct flow_interaction *interaction)
{
    const struct td_queue *queue = flow_queue(flow, interaction->state.queue);

    return queue != NULL ? queue->music : "";
}

static bool is_held(const struct td_interaction_state *state)
{
    return state->held_by_agent || state->held_by_customer;
}

static uint64_t held_ms(const struct flow *flow, const struct td_interaction_state *state,
                        uint64_t at_unix_us)
{
    uint64_t until = at_unix_us > 0 && at_unix_us < flow->now ? at_unix_us : flow->now;

    return flow_ms(state->held_at_unix_us, until);
}

static bool *mark_of(struct td_interaction_state *state, enum td_party by)
{
    return by == TD_PARTY_CUSTOMER ? &state->held_by_customer : &state->held_by_agent;
}

static const char *name_of(enum td_party by)
{
    return by == TD_PARTY_CUSTOMER ? "customer" : "agent";
}

static struct flow_interaction *find_talk(const struct flow *flow,
                                          const struct td_observation_head *head)
{
    struct flow_interaction *interaction = flow_find(flow, head->interaction_id);

    return interaction != NULL && interaction->state.phase == TD_INTERACTION_PHASE_CONNECTED
               ? interaction
               : NULL;
}

void flow_held(struct flow *flow, const struct td_interaction_held *held)
{
    struct flow_interaction *interaction = find_talk(flow, &held->head);

    if (interaction == NULL || *mark_of(&interaction->state, held->by))
        return;
    struct td_interaction_state *state = &interaction->state;
    uint64_t at = held->head.at_unix_us;
    if (!is_held(state)) {
        state->held_at_unix_us = at > 0 && at < flow->now ? at : flow->now;
        state->holds++;
    }
    *mark_of(state, held->by) = true;
    struct td_interaction_event *event = flow_put_event(flow, interaction, "interaction.held");
    td_str_clip(event->reason, sizeof(event->reason), name_of(held->by));
}

static void resume(struct flow *flow, struct flow_interaction *interaction, enum td_party by,
                   uint64_t at_unix_us)
{
    struct td_interaction_state *state = &interaction->state;

    *mark_of(state, by) = false;
    struct td_interaction_event *event = flow_put_event(flow, interaction, "interaction.resumed");
    td_str_clip(event->reason, sizeof(event->reason), name_of(by));
    if (is_held(state))
        return; // By the other one: they still do not hear each other.
    event->duration_ms = held_ms(flow, state, at_unix_us);
    state->hold_ms += event->duration_ms;
    state->held_at_unix_us = 0;
}

void flow_resumed(struct flow *flow, const struct td_interaction_resumed *resumed)
{
    struct flow_interaction *interaction = find_talk(flow, &resumed->head);

    if (interaction != NULL && *mark_of(&interaction->state, resumed->by))
        resume(flow, interaction, resumed->by, resumed->head.at_unix_us);
}

void flow_end_holds(struct flow *flow, struct flow_interaction *interaction, uint64_t at_unix_us)
{
    if (interaction->state.held_by_agent)
        resume(flow, interaction, TD_PARTY_AGENT, at_unix_us);
    if (interaction->state.held_by_customer)
        resume(flow, interaction, TD_PARTY_CUSTOMER, at_unix_us);
}
