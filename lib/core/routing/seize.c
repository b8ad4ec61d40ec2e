/*
 * What happens to an interaction outside of the rule: an agent begins one, and one goes on under
 * another id.
 */
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "core/routing/parts.h"

static bool may_begin(const struct agent *agent)
{
    return !agent->removed &&
           (agent->state == TD_ROUTING_READY || agent->state == TD_ROUTING_NOT_READY ||
            agent->state == TD_ROUTING_WRAP_UP);
}

/* Afterwards the agent is what it was, or what wrap-up was to be followed by. */
static void occupy(struct td_routing *routing, uint32_t slot, uint32_t interaction)
{
    struct agent *agent = &routing->agents[slot];

    if (agent->state == TD_ROUTING_NOT_READY) {
        agent->next = TD_ROUTING_NOT_READY;
        td_str_clip(agent->next_reason, sizeof(agent->next_reason), agent->reason);
    }
    td_routing_drop_work(routing, slot);
    agent->interaction = interaction;
    agent->interaction_id = routing->interactions[interaction].id;
    agent->queue = routing->interactions[interaction].queue;
    td_routing_use_queue(routing, agent->queue);
    td_routing_enter_state(routing, slot, TD_ROUTING_BUSY, "");
}

static void assign(struct td_routing *routing, uint32_t slot, uint32_t queue, uint32_t agent)
{
    struct interaction *interaction = &routing->interactions[slot];

    interaction->queue = queue;
    interaction->enqueued_at_unix_us = routing->now_unix_us;
    interaction->entered_at_unix_us = routing->now_unix_us;
    interaction->steps_from_unix_us = routing->now_unix_us;
    interaction->phase = TD_ROUTING_PHASE_ASSIGNED;
    interaction->agent = agent;
    interaction->offer_version = 1;
    interaction->offered_at_unix_us = routing->now_unix_us;
    interaction->lease_until_unix_us = routing->now_unix_us;
    interaction->accepted_at_unix_us = routing->now_unix_us;
    td_routing_use_queue(routing, queue);
    routing->queues[queue].offered++;
    td_routing_link_waiting(routing, slot);
    occupy(routing, agent, slot);
    td_routing_emit_interaction(routing, TD_ROUTING_ASSIGNED, interaction);
    td_routing_emit_agent(routing, &routing->agents[agent]);
}

void td_routing_seize(struct td_routing *routing, const struct td_routing_event *event)
{
    const struct td_routing_requirement nothing = {.step_count = 0};
    const struct td_expr_references references = {NULL, 0};
    struct td_routing_problem problem;
    uint32_t agent = event->agent == NULL ? NONE : td_routing_find_agent(routing, event->agent);
    uint32_t queue = event->arrival == NULL || event->arrival->queue == NULL
                         ? NONE
                         : td_routing_find_queue(routing, event->arrival->queue);

    if (agent == NONE || queue == NONE || routing->queues[queue].closed ||
        !may_begin(&routing->agents[agent]) ||
        td_routing_find_interaction(routing, event->interaction) != NONE) {
        td_routing_ignore(routing, event);
        return;
    }
    uint32_t slot = td_routing_add_interaction(routing, event->interaction);
    if (slot == NONE) {
        td_routing_ignore(routing, event);
        return;
    }
    if (td_routing_hold_requirement(routing, &routing->interactions[slot], &nothing, &references,
                                    &problem) != TD_OK) {
        td_routing_forget_interaction(routing, slot);
        td_routing_ignore(routing, event);
        return;
    }
    assign(routing, slot, queue, agent);
}

enum td_err td_routing_rename(struct td_routing *routing, struct td_interaction_id from,
                              struct td_interaction_id to)
{
    uint32_t slot = td_routing_find_interaction(routing, from);

    if (slot == NONE)
        return TD_ERR_NOT_FOUND;
    if (td_routing_find_interaction(routing, to) != NONE)
        return TD_ERR_EXISTS;
    // The slot that is given back is the next one taken.
    td_routing_table_give(&routing->interaction_table, td_id_hash(from.id), slot);
    uint32_t taken = td_routing_table_take(&routing->interaction_table, td_id_hash(to.id));
    assert(taken == slot);
    routing->interactions[slot].id = to;
    return TD_OK;
}
