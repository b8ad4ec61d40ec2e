#include "router/core/flow_private.h"

#include <assert.h>

/* --- memory and effects of the step --- */

void *flow_alloc(struct flow *flow, size_t size)
{
    void *memory = td_arena_alloc(&flow->effects->arena, size);

    assert(memory != NULL); // FLOW_EFFECTS_SIZE is the most that one step can put out.
    memset(memory, 0, size);
    return memory;
}

struct flow_effect *flow_put(struct flow *flow, enum flow_effect_type type)
{
    struct flow_effects *effects = flow->effects;

    assert(effects->count < FLOW_EFFECTS_MAX);
    struct flow_effect *effect = &effects->items[effects->count++];

    memset(effect, 0, sizeof(*effect));
    effect->type = type;
    effects->stored = effects->stored || type < FLOW_UPDATE;
    return effect;
}

struct td_id flow_new_id(struct flow *flow)
{
    uint64_t random[2];

    for (size_t i = 0; i < 2; i++) { // splitmix64
        uint64_t z = (flow->random += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        random[i] = z ^ (z >> 31);
    }
    return td_id_make(flow->now / US_PER_MS, (const uint8_t *)random);
}

/* --- touched: stored when the step ends --- */

void flow_touch(struct flow *flow, struct flow_interaction *interaction)
{
    if (interaction->touched)
        return;
    interaction->touched = true;
    flow->touched[flow->touched_count++] = interaction->slot;
}

void flow_touch_agent(struct flow *flow, struct flow_agent *agent)
{
    if (agent->touched)
        return;
    agent->touched = true;
    flow->touched_agents[flow->touched_agent_count++] = (uint32_t)(agent - flow->agents);
}

void flow_touch_queue(struct flow *flow, const char *name)
{
    if (td_str_equal(name, FLOW_DIRECT_QUEUE))
        return; // Its figures are nobody's.
    for (uint32_t i = 0; i < flow->touched_queue_count; i++) {
        if (td_str_equal(flow->touched_queues[i], name))
            return;
    }
    // One engine step names at most as many queues as it has effects; the rest is only figures.
    if (flow->touched_queue_count <= TD_ROUTING_EFFECTS_MAX)
        td_str_clip(flow->touched_queues[flow->touched_queue_count++], TD_ROUTING_NAME_SIZE, name);
}

/* Its pairing state lies in the memory of this step, and is gone with it. */
static void put_interaction(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;
    struct td_routing_interaction_record *record = &flow->interaction_record;

    state->updated_at_unix_us = flow->now;
    state->has_pairing =
        td_routing_export_interaction(flow->routing, state->interaction_id, record) == TD_OK;
    if (state->has_pairing)
        flow_pairing_to_state(record,
                              flow_alloc(flow, record->step_count * sizeof(struct td_pairing_step)),
                              &state->pairing);

    struct flow_effect *effect = flow_put(flow, FLOW_PUT_INTERACTION);
    effect->interaction_id = state->interaction_id;
    effect->as.interaction = state;
}

static void put_agent(struct flow *flow, struct flow_agent *agent)
{
    struct td_routing_agent_record record;
    bool known = td_routing_export_agent(flow->routing, agent->record.agent, &record) == TD_OK;
    struct flow_effect *effect = flow_put(flow, known ? FLOW_PUT_AGENT : FLOW_DELETE_AGENT);

    if (known)
        flow_agent_to_state(&record, &agent->record);
    effect->name = agent->record.agent;
    effect->as.agent = &agent->record;
    if (!known && !agent->configured)
        flow_agent_drop(flow, agent);
}

static void put_queue(struct flow *flow, const char *name)
{
    struct td_routing_queue_record record;
    if (td_routing_export_queue(flow->routing, name, &record) != TD_OK)
        return; // Its last figures stay, should it come back.

    struct td_queue_record *queue = flow_alloc(flow, sizeof(*queue));
    td_str_clip(queue->queue, sizeof(queue->queue), record.name);
    queue->state_version = FLOW_STATE_VERSION;
    queue->answered = record.answered;
    queue->answered_in_time = record.answered_in_time;
    queue->abandoned = record.abandoned;
    queue->abandoned_in_time = record.abandoned_in_time;
    queue->overflowed = record.overflowed;
    queue->handling_us = record.handling_us;

    struct flow_effect *effect = flow_put(flow, FLOW_PUT_QUEUE);
    effect->name = queue->queue;
    effect->as.queue = queue;
}

void flow_put_records(struct flow *flow)
{
    for (uint32_t i = 0; i < flow->touched_count; i++) {
        struct flow_interaction *interaction = &flow->interactions[flow->touched[i]];

        // One that was closed has put its own deletion; its slot may serve another one by now.
        if (interaction->used && interaction->touched)
            put_interaction(flow, interaction);
        interaction->touched = false;
    }
    for (uint32_t i = 0; i < flow->touched_agent_count; i++) {
        struct flow_agent *agent = &flow->agents[flow->touched_agents[i]];

        agent->touched = false;
        put_agent(flow, agent);
    }
    for (uint32_t i = 0; i < flow->touched_queue_count; i++)
        put_queue(flow, flow->touched_queues[i]);
    flow->touched_count = 0;
    flow->touched_agent_count = 0;
    flow->touched_queue_count = 0;
}

/* --- events --- */

struct td_interaction_event *flow_put_event(struct flow *flow, struct flow_interaction *interaction,
                                            const char *topic)
{
    struct td_interaction_state *state = &interaction->state;
    struct td_interaction_event *event = flow_alloc(flow, sizeof(*event));
    struct flow_effect *effect = flow_put(flow, FLOW_EVENT);

    effect->interaction_id = state->interaction_id;
    effect->topic = topic;
    effect->as.event = event;
    flow_touch(flow, interaction);

    event->interaction_id = state->interaction_id;
    event->version = ++state->version;
    event->epoch = flow->settings.epoch;
    event->at_unix_us = flow->now;
    event->phase = state->phase;
    event->channel = state->channel;
    td_str_clip(event->entry_point, sizeof(event->entry_point), state->entry_point);
    if (!flow_is_direct(state))
        td_str_clip(event->queue, sizeof(event->queue), state->queue);
    event->direction = flow_is_outbound(state) ? TD_DIRECTION_OUTBOUND : TD_DIRECTION_INBOUND;
    td_str_clip(event->agent, sizeof(event->agent), state->agent);
    if (state->has_offer)
        event->offer_id = state->offer.offer_id;
    return event;
}

struct td_interaction_summary *flow_put_summary(struct flow *flow,
                                                struct flow_interaction *interaction)
{
    struct td_interaction_summary *summary = flow_alloc(flow, sizeof(*summary));
    struct flow_effect *effect = flow_put(flow, FLOW_CLOSED);

    interaction->state.version++;
    effect->interaction_id = interaction->state.interaction_id;
    effect->topic = "interaction.closed";
    effect->as.summary = summary;
    return summary;
}

void flow_put_agent_event(struct flow *flow, struct flow_agent *agent,
                          const struct td_agent_record *record)
{
    struct td_agent_record *copy = flow_alloc(flow, sizeof(*copy));
    struct flow_effect *effect = flow_put(flow, FLOW_AGENT);

    *copy = *record;
    effect->name = agent->record.agent;
    effect->topic = "agent.state";
    effect->as.agent = copy;
}
