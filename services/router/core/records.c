#include "router/core/flow_private.h"

#include <assert.h>

static_assert(TD_ROUTING_STEPS_MAX <= 8, "PairingState.steps holds 8");
static_assert(TD_ROUTING_HISTORY_MAX <= 8, "PairingState.attempts holds 8");

enum td_agent_state flow_agent_state(enum td_routing_agent_state state)
{
    static const enum td_agent_state states[] = {
        [TD_ROUTING_LOGGED_OUT] = TD_AGENT_STATE_LOGGED_OUT,
        [TD_ROUTING_NOT_READY] = TD_AGENT_STATE_NOT_READY,
        [TD_ROUTING_READY] = TD_AGENT_STATE_READY,
        [TD_ROUTING_OFFERED] = TD_AGENT_STATE_OFFERED,
        [TD_ROUTING_BUSY] = TD_AGENT_STATE_BUSY,
        [TD_ROUTING_WRAP_UP] = TD_AGENT_STATE_WRAP_UP,
    };

    assert((size_t)state < TD_ROUTING_AGENT_STATE_COUNT);
    return states[state];
}

static bool engine_state(enum td_agent_state state, enum td_routing_agent_state *engine)
{
    for (int i = 0; i < TD_ROUTING_AGENT_STATE_COUNT; i++) {
        if (flow_agent_state((enum td_routing_agent_state)i) == state) {
            *engine = (enum td_routing_agent_state)i;
            return true;
        }
    }
    return false;
}

static enum td_pairing_phase phase_to_state(enum td_routing_phase phase)
{
    return (enum td_pairing_phase)((int)phase + (int)TD_PAIRING_PHASE_WAITING);
}

/* --- interactions --- */

static void attempts_to_state(const struct td_routing_interaction_record *record,
                              struct td_pairing_state *state)
{
    state->attempts_count = record->attempt_count;
    for (uint32_t i = 0; i < record->attempt_count; i++) {
        const struct td_routing_attempt *from = &record->attempts[i];
        struct td_offer_attempt *to = &state->attempts[i];

        td_str_clip(to->agent, sizeof(to->agent), from->agent);
        to->outcome = (uint32_t)from->outcome;
        to->at_unix_us = from->at_unix_us;
        to->not_again_before_unix_us = from->not_again_before_unix_us;
    }
}

void flow_pairing_to_state(const struct td_routing_interaction_record *record,
                           struct td_pairing_step *steps, struct td_pairing_state *state)
{
    memset(state, 0, sizeof(*state));
    td_str_clip(state->queue, sizeof(state->queue), record->queue);
    state->phase = phase_to_state(record->phase);
    state->value = record->value;
    state->enqueued_at_unix_us = record->enqueued_at_unix_us;
    state->entered_at_unix_us = record->entered_at_unix_us;
    state->steps_from_unix_us = record->steps_from_unix_us;
    state->step = record->step;
    state->preferring = record->preferring;
    td_str_clip(state->preferred_agent, sizeof(state->preferred_agent), record->preferred_agent);
    state->steps = steps;
    state->steps_count = record->step_count;
    for (uint32_t i = 0; i < record->step_count; i++) {
        td_str_clip(steps[i].expression, sizeof(steps[i].expression), record->steps[i].expression);
        steps[i].insist_ms = record->steps[i].insist_ms;
    }
    td_str_clip(state->fit, sizeof(state->fit), record->fit);
    state->offer_version = record->offer_version;
    td_str_clip(state->agent, sizeof(state->agent), record->agent);
    state->offered_at_unix_us = record->offered_at_unix_us;
    state->lease_until_unix_us = record->lease_until_unix_us;
    state->accepted_at_unix_us = record->accepted_at_unix_us;
    state->connected_at_unix_us = record->connected_at_unix_us;
    attempts_to_state(record, state);
}

static enum td_err attempts_from_state(const struct td_pairing_state *state,
                                       struct td_routing_interaction_record *record)
{
    // One release may remember more than another: the latest count.
    uint32_t skip = state->attempts_count > TD_ROUTING_HISTORY_MAX
                        ? state->attempts_count - TD_ROUTING_HISTORY_MAX
                        : 0;

    for (uint32_t i = skip; i < state->attempts_count; i++) {
        const struct td_offer_attempt *from = &state->attempts[i];
        struct td_routing_attempt *to = &record->attempts[record->attempt_count++];

        if (from->outcome >= TD_ROUTING_OUTCOME_COUNT)
            return TD_ERR_RANGE;
        td_str_clip(to->agent, sizeof(to->agent), from->agent);
        to->outcome = (enum td_routing_outcome)from->outcome;
        to->at_unix_us = from->at_unix_us;
        to->not_again_before_unix_us = from->not_again_before_unix_us;
    }
    return TD_OK;
}

enum td_err flow_pairing_from_state(const struct td_interaction_state *interaction,
                                    struct td_routing_interaction_record *record)
{
    const struct td_pairing_state *state = &interaction->pairing;

    if (state->phase < TD_PAIRING_PHASE_WAITING || state->phase > TD_PAIRING_PHASE_CONNECTED ||
        state->steps_count > TD_ROUTING_STEPS_MAX || state->value < INT32_MIN ||
        state->value > INT32_MAX)
        return TD_ERR_RANGE;

    memset(record, 0, sizeof(*record));
    record->id = interaction->interaction_id;
    td_str_clip(record->queue, sizeof(record->queue), state->queue);
    record->phase = (enum td_routing_phase)((int)state->phase - (int)TD_PAIRING_PHASE_WAITING);
    record->value = (int32_t)state->value;
    record->enqueued_at_unix_us = state->enqueued_at_unix_us;
    record->entered_at_unix_us = state->entered_at_unix_us;
    record->steps_from_unix_us = state->steps_from_unix_us;
    record->step = state->step;
    record->preferring = state->preferring;
    td_str_clip(record->preferred_agent, sizeof(record->preferred_agent), state->preferred_agent);
    record->step_count = state->steps_count;
    for (uint32_t i = 0; i < state->steps_count; i++) {
        td_str_clip(record->steps[i].expression, sizeof(record->steps[i].expression),
                    state->steps[i].expression);
        record->steps[i].insist_ms = state->steps[i].insist_ms;
    }
    td_str_clip(record->fit, sizeof(record->fit), state->fit);
    record->offer_version = state->offer_version;
    td_str_clip(record->agent, sizeof(record->agent), state->agent);
    record->offered_at_unix_us = state->offered_at_unix_us;
    record->lease_until_unix_us = state->lease_until_unix_us;
    record->accepted_at_unix_us = state->accepted_at_unix_us;
    record->connected_at_unix_us = state->connected_at_unix_us;
    return attempts_from_state(state, record);
}

/* --- agents --- */

void flow_agent_to_state(const struct td_routing_agent_record *record,
                         struct td_agent_record *state)
{
    state->state = flow_agent_state(record->state);
    td_str_clip(state->reason, sizeof(state->reason), record->reason);
    state->since_unix_us = record->since_unix_us;
    state->wrap_up_until_unix_us = record->until_unix_us;
    state->idle_since_unix_us = record->idle_since_unix_us;
    state->next_state = flow_agent_state(record->next);
    td_str_clip(state->next_reason, sizeof(state->next_reason), record->next_reason);
    state->unanswered_in_a_row = record->no_answers;
    state->device_failures_in_a_row = record->device_failures;
    state->interaction_id = record->interaction;
    td_str_clip(state->queue, sizeof(state->queue), record->queue);
}

enum td_err flow_agent_from_state(const struct td_agent_record *state,
                                  struct td_routing_agent_record *record)
{
    memset(record, 0, sizeof(*record));
    td_str_clip(record->name, sizeof(record->name), state->agent);
    if (!engine_state(state->state, &record->state) ||
        !engine_state(state->next_state, &record->next))
        return TD_ERR_RANGE;
    td_str_clip(record->reason, sizeof(record->reason), state->reason);
    record->since_unix_us = state->since_unix_us;
    record->until_unix_us = state->wrap_up_until_unix_us;
    record->idle_since_unix_us = state->idle_since_unix_us;
    td_str_clip(record->next_reason, sizeof(record->next_reason), state->next_reason);
    record->no_answers = state->unanswered_in_a_row;
    record->device_failures = state->device_failures_in_a_row;
    record->interaction = state->interaction_id;
    td_str_clip(record->queue, sizeof(record->queue), state->queue);
    return TD_OK;
}
