#include "router/core/flow_private.h"

#include <assert.h>

/* --- records --- */

static void note_time(struct flow *flow, uint64_t unix_us)
{
    if (unix_us > flow->loaded_at)
        flow->loaded_at = unix_us;
}

static bool in_engine(enum td_interaction_phase phase)
{
    return phase == TD_INTERACTION_PHASE_QUEUED || phase == TD_INTERACTION_PHASE_OFFERED ||
           phase == TD_INTERACTION_PHASE_ACCEPTED;
}

/* What the agent is busy with who asked for a transfer. */
static enum td_err load_hold(struct flow *flow, const struct td_interaction_state *state)
{
    const struct td_transfer_in_progress *transfer = &state->transfer;
    struct td_routing_interaction_record *record = &flow->interaction_record;
    bool in_queue = transfer->queue[0] != '\0';

    memset(record, 0, sizeof(*record));
    record->id = transfer->hold_id;
    td_str_clip(record->queue, sizeof(record->queue),
                in_queue ? transfer->queue : FLOW_DIRECT_QUEUE);
    record->phase = TD_ROUTING_PHASE_CONNECTED;
    record->enqueued_at_unix_us = transfer->queued_at_unix_us;
    record->entered_at_unix_us = transfer->queued_at_unix_us;
    record->steps_from_unix_us = transfer->queued_at_unix_us;
    record->step_count = 1;
    record->offer_version = transfer->offer.offer_version;
    td_str_clip(record->agent, sizeof(record->agent), transfer->agent);
    record->offered_at_unix_us = transfer->offer.made_at_unix_us;
    record->lease_until_unix_us = transfer->offer.expires_at_unix_us;
    record->accepted_at_unix_us = transfer->accepted_at_unix_us;
    record->connected_at_unix_us = transfer->connected_at_unix_us;
    return td_routing_import_interaction(flow->routing, record);
}

enum td_err flow_load_interaction(struct flow *flow, const struct td_interaction_state *state)
{
    enum td_err err = TD_OK;

    if (state->state_version > FLOW_STATE_VERSION || state->phase < TD_INTERACTION_PHASE_ARRIVED ||
        state->phase >= TD_INTERACTION_PHASE_CLOSED ||
        (in_engine(state->phase) && !state->has_pairing && !flow_is_dialled(state)))
        return TD_ERR_RANGE;
    if (flow_find(flow, state->interaction_id) != NULL)
        return TD_ERR_EXISTS;
    if (state->has_pairing) {
        err = flow_pairing_from_state(state, &flow->interaction_record);
        if (err == TD_OK)
            err = td_routing_import_interaction(flow->routing, &flow->interaction_record);
    }
    if (err == TD_OK && state->has_transfer && !state->transfer.left)
        err = load_hold(flow, state);
    if (err != TD_OK)
        return err;

    struct flow_interaction *interaction = flow_add(flow, state->interaction_id);
    assert(interaction != NULL); // The engine has room for as many.
    interaction->state = *state;
    interaction->state.has_pairing = false; // Filled from the engine when it is stored.
    note_time(flow, state->updated_at_unix_us);
    return TD_OK;
}

enum td_err flow_load_agent(struct flow *flow, const struct td_agent_record *state)
{
    struct td_routing_agent_record record;
    enum td_err err = flow_agent_from_state(state, &record);
    if (err != TD_OK || state->state_version > FLOW_STATE_VERSION)
        return err != TD_OK ? err : TD_ERR_RANGE;

    err = td_routing_import_agent(flow->routing, &record);
    if (err != TD_OK)
        return err;
    struct flow_agent *agent = flow_agent_add(flow, state->agent);
    if (agent == NULL)
        return TD_ERR_LIMIT;
    agent->record = *state;
    agent->record.state_version = FLOW_STATE_VERSION;
    note_time(flow, state->since_unix_us);
    return TD_OK;
}

enum td_err flow_load_queue(struct flow *flow, const struct td_queue_record *state)
{
    struct td_routing_queue_record record = {
        .answered = state->answered,
        .answered_in_time = state->answered_in_time,
        .abandoned = state->abandoned,
        .abandoned_in_time = state->abandoned_in_time,
        .overflowed = state->overflowed,
        .handling_us = state->handling_us,
    };

    if (state->state_version > FLOW_STATE_VERSION)
        return TD_ERR_RANGE;
    td_str_clip(record.name, sizeof(record.name), state->queue);
    return td_routing_import_queue(flow->routing, &record);
}

/* Interactions and the engine agree after this: it may have had to give one agent to another. */
static void agree(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;
    enum td_interaction_phase phase = state->phase;
    struct td_routing_interaction_record *record = &flow->interaction_record;

    interaction->channel_unsynced = phase != TD_INTERACTION_PHASE_WRAP_UP && !state->customer_left;
    interaction->dialog_unsynced = !td_id_is_nil(state->dialog_id.id);
    interaction->wants_dialog =
        phase == TD_INTERACTION_PHASE_DIALOG && td_id_is_nil(state->dialog_id.id);
    interaction->offer_unsynced =
        phase == TD_INTERACTION_PHASE_OFFERED || phase == TD_INTERACTION_PHASE_ACCEPTED;
    if (flow_is_direct(state) && phase == TD_INTERACTION_PHASE_QUEUED) {
        interaction->transfer_over = true; // Whoever was asked for said no at the last moment.
        interaction->transfer_why = TD_TRANSFER_REFUSAL_UNREACHABLE;
        flow_touch(flow, interaction);
    }
    if (!in_engine(phase) ||
        td_routing_export_interaction(flow->routing, state->interaction_id, record) != TD_OK)
        return;

    flow_hold(flow, interaction);
    if (record->phase == TD_ROUTING_PHASE_WAITING && state->has_offer) {
        state->phase = TD_INTERACTION_PHASE_QUEUED;
        state->has_offer = false;
        state->has_agent_leg = false;
        state->agent[0] = '\0';
        interaction->offer_unsynced = false;
    }
}

void flow_load_end(struct flow *flow, uint64_t now_unix_us)
{
    struct td_routing_agent_record record;

    flow->now = now_unix_us;
    td_routing_import_end(flow->routing, now_unix_us);
    for (uint32_t i = 0; i < flow->used_slots; i++)
        agree(flow, &flow->interactions[i]);
    for (uint32_t i = 0; i < flow->agent_slots; i++) {
        struct td_agent_record *agent = &flow->agents[i].record;

        if (td_routing_export_agent(flow->routing, agent->agent, &record) == TD_OK)
            flow_agent_to_state(&record, agent);
    }
    flow->loaded_serial = flow->serial;
    flow->drop_due = true;
}

uint64_t flow_loaded_at_unix_us(const struct flow *flow)
{
    return flow->loaded_at;
}
