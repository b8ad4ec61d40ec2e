#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "core/routing/parts.h"

/* The most that one timer or one pairing causes. */
#define ROOM 6

struct td_routing_effect *td_routing_emit(struct td_routing *routing,
                                          enum td_routing_effect_type type)
{
    struct td_routing_effects *effects = routing->effects;

    assert(effects != NULL && effects->count < TD_ROUTING_EFFECTS_MAX);
    struct td_routing_effect *effect = &effects->items[effects->count++];
    memset(effect, 0, sizeof(*effect));
    effect->type = type;
    return effect;
}

struct td_routing_effect *td_routing_emit_interaction(struct td_routing *routing,
                                                      enum td_routing_effect_type type,
                                                      const struct interaction *interaction)
{
    struct td_routing_effect *effect = td_routing_emit(routing, type);

    effect->interaction = interaction->id;
    td_str_clip(effect->queue, sizeof(effect->queue), routing->queues[interaction->queue].name);
    if (interaction->agent != NONE)
        td_str_clip(effect->agent, sizeof(effect->agent), routing->agents[interaction->agent].name);
    effect->offer_version = interaction->offer_version;
    effect->step = interaction->step;
    if (routing->now_unix_us > interaction->enqueued_at_unix_us)
        effect->wait_us = routing->now_unix_us - interaction->enqueued_at_unix_us;
    return effect;
}

struct td_routing_effect *td_routing_emit_agent(struct td_routing *routing,
                                                const struct agent *agent)
{
    struct td_routing_effect *effect = td_routing_emit(routing, TD_ROUTING_AGENT_CHANGED);

    td_str_clip(effect->agent, sizeof(effect->agent), agent->name);
    effect->agent_state = agent->state;
    td_str_clip(effect->reason, sizeof(effect->reason), agent->reason);
    effect->since_unix_us = agent->since_unix_us;
    effect->until_unix_us = agent->until_unix_us;
    effect->interaction = agent->interaction_id;
    if (agent->queue != NONE)
        td_str_clip(effect->queue, sizeof(effect->queue), routing->queues[agent->queue].name);
    return effect;
}

void td_routing_ignore(struct td_routing *routing, const struct td_routing_event *event)
{
    struct td_routing_effect *effect = td_routing_emit(routing, TD_ROUTING_IGNORED);

    effect->interaction = event->interaction;
    effect->offer_version = event->offer_version;
    if (event->agent != NULL)
        td_str_clip(effect->agent, sizeof(effect->agent), event->agent);
}

bool td_routing_has_room(const struct td_routing *routing)
{
    return routing->effects->count + ROOM <= TD_ROUTING_EFFECTS_MAX;
}
