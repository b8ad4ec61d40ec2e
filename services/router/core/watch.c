/* What is under way, for those who look on. */
#include "router/core/flow_private.h"

#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))

static uint64_t phase_since(const struct td_interaction_state *state)
{
    switch (state->phase) {
    case TD_INTERACTION_PHASE_DIALOG:
        return state->dialog_at_unix_us;
    case TD_INTERACTION_PHASE_QUEUED:
        return state->queued_at_unix_us;
    case TD_INTERACTION_PHASE_OFFERED:
        return state->offer.made_at_unix_us;
    case TD_INTERACTION_PHASE_ACCEPTED:
        return state->accepted_at_unix_us;
    case TD_INTERACTION_PHASE_CONNECTED:
        return state->connected_at_unix_us;
    case TD_INTERACTION_PHASE_WRAP_UP:
        return state->ended_at_unix_us;
    default:
        return state->arrived_at_unix_us;
    }
}

static void describe(const struct td_interaction_state *state, struct td_interaction_status *status)
{
    memset(status, 0, sizeof(*status));
    status->interaction_id = state->interaction_id;
    status->phase = state->phase;
    status->since_unix_us = phase_since(state);
    status->arrived_at_unix_us = state->arrived_at_unix_us;
    status->held = state->held_by_agent || state->held_by_customer;
    status->direction = state->direction;
    TEXT(status->entry_point, state->entry_point);
    TEXT(status->queue, state->queue);
    TEXT(status->caller, state->caller);
    if (state->has_customer)
        TEXT(status->customer_name, state->customer.display_name);
    TEXT(status->agent,
         state->agent[0] == '\0' && state->has_offer ? state->offer.agent : state->agent);
}

uint32_t flow_list_interactions(const struct flow *flow, uint32_t *cursor,
                                struct td_interaction_status *list, uint32_t size)
{
    uint32_t count = 0;

    for (; *cursor < flow->used_slots && count < size; ++*cursor) {
        const struct flow_interaction *interaction = &flow->interactions[*cursor];

        if (interaction->used)
            describe(&interaction->state, &list[count++]);
    }
    return count;
}
