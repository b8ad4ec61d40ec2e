#include "core/routing/parts.h"

static void take(struct td_routing *routing, const struct td_routing_event *event)
{
    if (event->type == TD_ROUTING_ARRIVED)
        td_routing_arrive(routing, event);
    else if (event->type == TD_ROUTING_SEIZED)
        td_routing_seize(routing, event);
    else if (event->type >= TD_ROUTING_ABANDONED && event->type <= TD_ROUTING_RELEASED)
        td_routing_interaction_event(routing, event);
    else if (event->type >= TD_ROUTING_AGENT_READY && event->type < TD_ROUTING_EVENT_COUNT)
        td_routing_agent_event(routing, event);
    else
        td_routing_ignore(routing, event);
}

static void work_off_timers(struct td_routing *routing)
{
    while (td_routing_next_due(routing) <= routing->now_unix_us && td_routing_has_room(routing)) {
        uint32_t slot;

        if (td_routing_first_timer(routing, &slot))
            td_routing_interaction_timer(routing, slot);
        else
            td_routing_agent_timer(routing, slot);
    }
}

/*
 * The event comes before what is due: an answer that arrives together with the end of its lease, or
 * before we noticed that, still counts, since nobody else was offered the interaction.
 */
void td_routing_step(struct td_routing *routing, const struct td_routing_event *event,
                     uint64_t now_unix_us, struct td_routing_effects *effects)
{
    if (now_unix_us > routing->now_unix_us)
        routing->now_unix_us = now_unix_us;
    effects->count = 0;
    routing->effects = effects;
    if (event != NULL)
        take(routing, event);
    work_off_timers(routing);
    while (td_routing_has_room(routing) && td_routing_match(routing))
        ;
    routing->effects = NULL;
}

uint64_t td_routing_wake_at_unix_us(const struct td_routing *routing)
{
    if (routing->dirty.count > 0 || routing->fresh_from < routing->fresh_to)
        return 0;
    uint64_t due = td_routing_next_due(routing);

    return due <= routing->now_unix_us ? 0 : due;
}

enum td_err td_routing_hold(struct td_routing *routing, struct td_interaction_id id, bool held)
{
    uint32_t slot = td_routing_find_interaction(routing, id);

    if (slot == NONE)
        return TD_ERR_NOT_FOUND;
    struct interaction *interaction = &routing->interactions[slot];
    interaction->held = held;
    if (interaction->place != PLACE_NOWHERE) {
        td_routing_unplace(routing, slot);
        td_routing_place(routing, slot);
    }
    return TD_OK;
}
