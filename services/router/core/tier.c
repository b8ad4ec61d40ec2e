/* Customers of a tier come first, by so many seconds worth of waiting. */
#include "router/core/flow_private.h"

static const struct td_tier_priority *find(const struct td_tier_priority *tiers, uint32_t count,
                                           const char *tier)
{
    for (uint32_t i = 0; i < count; i++) {
        if (td_str_equal(tiers[i].tier, tier))
            return &tiers[i];
    }
    return NULL;
}

uint32_t flow_tier_s(const struct flow *flow, const struct td_interaction_state *state)
{
    const struct td_queue *queue = flow_queue(flow, state->queue);
    const struct td_tier_priority *tier = NULL;

    if (!state->has_customer || state->customer.tier[0] == '\0' || flow->config == NULL)
        return 0;
    if (queue != NULL && queue->tiers_count > 0) // All of the company's, not tier by tier.
        tier = find(queue->tiers, queue->tiers_count, state->customer.tier);
    else
        tier = find(flow->config->tiers, flow->config->tiers_count, state->customer.tier);
    if (tier == NULL)
        return 0;
    return tier->seconds < TD_ROUTING_POINTS_MAX ? tier->seconds : TD_ROUTING_POINTS_MAX;
}
