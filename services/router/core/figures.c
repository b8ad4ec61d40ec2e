#include "router/core/flow_private.h"

#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))

bool flow_knows(const struct flow *flow, struct td_interaction_id id)
{
    return flow_find(flow, id) != NULL;
}

uint32_t flow_interaction_count(const struct flow *flow)
{
    return flow->interaction_count;
}

bool flow_is_syncing(const struct flow *flow)
{
    for (uint32_t i = 0; i < flow->used_slots; i++) {
        const struct flow_interaction *interaction = &flow->interactions[i];

        if (interaction->used && (interaction->channel_unsynced || interaction->offer_unsynced ||
                                  interaction->dialog_unsynced))
            return true;
    }
    return false;
}

/* --- agents --- */

static void describe(const struct flow_agent *agent, struct td_agent_status *status)
{
    const struct td_agent_record *record = &agent->record;

    memset(status, 0, sizeof(*status));
    TEXT(status->agent, record->agent);
    status->state = record->state;
    TEXT(status->reason, record->reason);
    status->since_unix_us = record->since_unix_us;
    status->device_registered = record->device_registered;
    TEXT(status->device_instance, record->device_instance);
    status->interaction_id = record->interaction_id;
    TEXT(status->queue, record->queue);
}

uint32_t flow_list_agents(const struct flow *flow, const char *after, struct td_agent_status *list,
                          uint32_t size)
{
    uint32_t count = 0;

    for (uint32_t i = flow_agent_after(flow, after); i < flow->agent_count && count < size; i++) {
        const struct flow_agent *agent = &flow->agents[flow->agent_order[i]];

        if (agent->configured)
            describe(agent, &list[count++]);
    }
    return count;
}

bool flow_find_agent(const struct flow *flow, const char *name, struct td_agent_status *status)
{
    const struct flow_agent *agent = flow_agent_find(flow, name);

    if (agent == NULL || !agent->configured)
        return false;
    describe(agent, status);
    return true;
}

void flow_count_agents(const struct flow *flow, struct td_agent_metrics *metrics)
{
    uint32_t counts[TD_ROUTING_AGENT_STATE_COUNT];

    td_routing_count_agents(flow->routing, counts);
    memset(metrics, 0, sizeof(*metrics));
    metrics->ready = counts[TD_ROUTING_READY];
    metrics->not_ready = counts[TD_ROUTING_NOT_READY];
    metrics->offered = counts[TD_ROUTING_OFFERED];
    metrics->busy = counts[TD_ROUTING_BUSY];
    metrics->wrap_up = counts[TD_ROUTING_WRAP_UP];
    metrics->logged_in =
        metrics->ready + metrics->not_ready + metrics->offered + metrics->busy + metrics->wrap_up;
}

/* --- queues --- */

bool flow_next_queue(const struct flow *flow, uint32_t *cursor, uint64_t now_unix_us,
                     struct td_router_queue_gauge *gauge)
{
    struct td_routing_queue_counts counts;
    const char *name;

    do {
        if (!td_routing_next_queue(flow->routing, cursor, &name))
            return false;
    } while (td_str_equal(name, FLOW_DIRECT_QUEUE));
    if (td_routing_count_queue(flow->routing, name, &counts) != TD_OK)
        return false;
    memset(gauge, 0, sizeof(*gauge));
    TEXT(gauge->queue, name);
    gauge->waiting = counts.waiting;
    gauge->talking = counts.talking;
    gauge->longest_wait_ms = counts.oldest_enqueued_at_unix_us > 0
                                 ? flow_ms(counts.oldest_enqueued_at_unix_us, now_unix_us)
                                 : 0;
    gauge->offered = counts.offered;
    gauge->answered = counts.answered;
    gauge->abandoned = counts.abandoned;
    gauge->overflowed = counts.overflowed;
    return true;
}
