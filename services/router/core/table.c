#include "router/core/flow_private.h"

#include <assert.h>

static uint32_t *bucket_of(const struct flow *flow, struct td_interaction_id id)
{
    return &flow->buckets[td_id_hash(id.id) & flow->bucket_mask];
}

struct flow_interaction *flow_find(const struct flow *flow, struct td_interaction_id id)
{
    uint32_t slot = *bucket_of(flow, id);

    while (slot != NONE && !td_id_equal(flow->interactions[slot].state.interaction_id.id, id.id))
        slot = flow->interactions[slot].next;
    return slot == NONE ? NULL : &flow->interactions[slot];
}

static uint32_t take_slot(struct flow *flow)
{
    uint32_t slot = flow->free_list;

    if (slot != NONE)
        flow->free_list = flow->interactions[slot].next;
    else if (flow->used_slots < flow->settings.limits.interactions)
        slot = flow->used_slots++;
    return slot;
}

struct flow_interaction *flow_add(struct flow *flow, struct td_interaction_id id)
{
    uint32_t slot = take_slot(flow);
    if (slot == NONE)
        return NULL;

    struct flow_interaction *interaction = &flow->interactions[slot];
    uint32_t *bucket = bucket_of(flow, id);

    memset(interaction, 0, sizeof(*interaction));
    interaction->state.interaction_id = id;
    interaction->state.state_version = FLOW_STATE_VERSION;
    interaction->serial = ++flow->serial;
    interaction->slot = slot;
    interaction->used = true;
    interaction->next = *bucket;
    *bucket = slot;
    flow->interaction_count++;
    return interaction;
}

void flow_remove(struct flow *flow, struct flow_interaction *interaction)
{
    uint32_t *link = bucket_of(flow, interaction->state.interaction_id);

    while (*link != interaction->slot)
        link = &flow->interactions[*link].next;
    *link = interaction->next;
    interaction->used = false;
    interaction->next = flow->free_list;
    flow->free_list = interaction->slot;
    flow->interaction_count--;
}

bool flow_was_closed(const struct flow *flow, struct td_interaction_id id)
{
    // Only arrivals of unknown ids ask, so a scan of 16 KB is cheap enough.
    for (uint32_t i = 0; i < CLOSED_MAX; i++) {
        if (td_id_equal(flow->closed[i].id, id.id))
            return true;
    }
    return false;
}

void flow_remember_closed(struct flow *flow, struct td_interaction_id id)
{
    flow->closed[flow->closed_next] = id;
    flow->closed_next = (flow->closed_next + 1) % CLOSED_MAX;
}

/* Index in agent_order of the first agent not before `name`. */
static uint32_t lower_bound(const struct flow *flow, const char *name)
{
    uint32_t low = 0;
    uint32_t high = flow->agent_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (strcmp(flow->agents[flow->agent_order[middle]].record.agent, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct flow_agent *agent_at(const struct flow *flow, uint32_t index, const char *name)
{
    if (index >= flow->agent_count)
        return NULL;

    struct flow_agent *agent = &flow->agents[flow->agent_order[index]];
    return td_str_equal(agent->record.agent, name) ? agent : NULL;
}

struct flow_agent *flow_agent_find(const struct flow *flow, const char *name)
{
    return agent_at(flow, lower_bound(flow, name), name);
}

uint32_t flow_agent_after(const struct flow *flow, const char *name)
{
    uint32_t index = lower_bound(flow, name);

    return agent_at(flow, index, name) != NULL ? index + 1 : index;
}

struct flow_agent *flow_agent_add(struct flow *flow, const char *name)
{
    uint32_t index = lower_bound(flow, name);
    struct flow_agent *agent = agent_at(flow, index, name);

    if (agent != NULL || flow->agent_count == flow->settings.limits.agents)
        return agent;

    // Agents are added by configurations, which come sorted more often than not: little moves.
    uint32_t slot = flow->agent_order[flow->agent_count];
    memmove(&flow->agent_order[index + 1], &flow->agent_order[index],
            (flow->agent_count - index) * sizeof(flow->agent_order[0]));
    flow->agent_order[index] = slot;
    flow->agent_count++;
    if (slot >= flow->agent_slots)
        flow->agent_slots = slot + 1;
    agent = &flow->agents[slot];
    memset(agent, 0, sizeof(*agent));
    agent->used = true;
    td_str_clip(agent->record.agent, sizeof(agent->record.agent), name);
    agent->record.state = TD_AGENT_STATE_LOGGED_OUT;
    agent->record.next_state = TD_AGENT_STATE_READY;
    agent->record.state_version = FLOW_STATE_VERSION;
    return agent;
}

void flow_agent_drop(struct flow *flow, struct flow_agent *agent)
{
    uint32_t index = lower_bound(flow, agent->record.agent);
    uint32_t slot = flow->agent_order[index];

    agent->used = false;
    flow->agent_count--;
    memmove(&flow->agent_order[index], &flow->agent_order[index + 1],
            (flow->agent_count - index) * sizeof(flow->agent_order[0]));
    // The order's tail keeps the free slots: each slot is somewhere in it, once.
    flow->agent_order[flow->agent_count] = slot;
}

/* --- names of the configuration: sorted once, since each queue is some KB away from the next ---
 */

/* Index in `order` of the first name not before `name`; names lie `stride` bytes apart. */
static uint32_t name_bound(const uint32_t *order, uint32_t count, const char *names, size_t stride,
                           const char *name)
{
    uint32_t low = 0;
    uint32_t high = count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (strcmp(names + order[middle] * stride, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void sort_names(uint32_t *order, uint32_t count, const char *names, size_t stride)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = name_bound(order, i, names, stride, names + i * stride);

        memmove(&order[at + 1], &order[at], (i - at) * sizeof(order[0]));
        order[at] = i;
    }
}

void flow_sort_config(struct flow *flow)
{
    const struct td_company_config *config = flow->config;

    if (config->queues_count > 0)
        sort_names(flow->queue_order, config->queues_count, config->queues[0].name,
                   sizeof(config->queues[0]));
    if (config->entry_points_count > 0)
        sort_names(flow->entry_order, config->entry_points_count, config->entry_points[0].name,
                   sizeof(config->entry_points[0]));
}

const struct td_queue *flow_queue(const struct flow *flow, const char *name)
{
    if (flow->config == NULL || flow->config->queues_count == 0)
        return NULL;

    const struct td_queue *queues = flow->config->queues;
    uint32_t count = flow->config->queues_count;
    uint32_t at = name_bound(flow->queue_order, count, queues[0].name, sizeof(queues[0]), name);

    if (at == count || !td_str_equal(queues[flow->queue_order[at]].name, name))
        return NULL;
    return &queues[flow->queue_order[at]];
}

const struct td_entry_point *flow_entry_point(const struct flow *flow, const char *name)
{
    if (flow->config == NULL || flow->config->entry_points_count == 0)
        return NULL;

    const struct td_entry_point *entries = flow->config->entry_points;
    uint32_t count = flow->config->entry_points_count;
    uint32_t at = name_bound(flow->entry_order, count, entries[0].name, sizeof(entries[0]), name);

    if (at == count || !td_str_equal(entries[flow->entry_order[at]].name, name))
        return NULL;
    return &entries[flow->entry_order[at]];
}

struct flow_instance *flow_instance_find(struct flow *flow, const char *service, const char *name)
{
    for (uint32_t i = 0; i < flow->instance_count; i++) {
        struct flow_instance *instance = &flow->instances[i];

        if (td_str_equal(instance->name, name) && td_str_equal(instance->service, service))
            return instance;
    }
    return NULL;
}

bool flow_instance_is_alive(struct flow *flow, const char *service, const char *name)
{
    const struct flow_instance *instance = flow_instance_find(flow, service, name);

    return instance != NULL && instance->alive;
}
