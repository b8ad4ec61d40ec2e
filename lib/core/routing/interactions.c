#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "core/routing/parts.h"

uint32_t td_routing_find_interaction(const struct td_routing *routing, struct td_interaction_id id)
{
    uint32_t slot = td_routing_table_first(&routing->interaction_table, td_id_hash(id.id));

    while (slot != NONE && !td_id_equal(routing->interactions[slot].id.id, id.id))
        slot = routing->interaction_table.next[slot];
    return slot;
}

uint32_t td_routing_add_interaction(struct td_routing *routing, struct td_interaction_id id)
{
    uint32_t slot = td_routing_table_take(&routing->interaction_table, td_id_hash(id.id));

    if (slot != NONE)
        routing->interactions[slot] = (struct interaction){
            .id = id,
            .in_use = true,
            .queue = NONE,
            .preferred = NONE,
            .agent = NONE,
            .dirty_at = NONE,
        };
    return slot;
}

void td_routing_link_waiting(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];
    struct queue *queue = &routing->queues[interaction->queue];

    interaction->queue_previous = NONE;
    interaction->queue_next = queue->first;
    if (queue->first != NONE)
        routing->interactions[queue->first].queue_previous = slot;
    queue->first = slot;
    queue->waiting++;
}

static void unlink_waiting(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];
    struct queue *queue = &routing->queues[interaction->queue];

    if (interaction->queue_previous == NONE)
        queue->first = interaction->queue_next;
    else
        routing->interactions[interaction->queue_previous].queue_next = interaction->queue_next;
    if (interaction->queue_next != NONE)
        routing->interactions[interaction->queue_next].queue_previous = interaction->queue_previous;
    queue->waiting--;
}

void td_routing_forget_interaction(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];

    for (uint32_t i = 0; i < interaction->step_count; i++)
        td_routing_drop_expression(routing, interaction->expressions[i]);
    td_expr_fit_release(&routing->symbols, &interaction->fit);
    if (interaction->queue != NONE)
        td_routing_leave_queue(routing, interaction->queue);
    td_routing_set_interaction_timer(routing, slot, NEVER);
    interaction->in_use = false;
    td_routing_table_give(&routing->interaction_table, td_id_hash(interaction->id.id), slot);
}

/* --- offers that end --- */

static void remember(struct td_routing *routing, struct interaction *interaction,
                     enum td_routing_outcome outcome)
{
    uint64_t pause_us = routing->settings.retry_after_ms * US_PER_MS;

    if (interaction->attempt_count == TD_ROUTING_HISTORY_MAX) {
        interaction->attempt_count--;
        memmove(&interaction->attempts[0], &interaction->attempts[1],
                interaction->attempt_count * sizeof(interaction->attempts[0]));
    }
    struct attempt *attempt = &interaction->attempts[interaction->attempt_count++];
    attempt->agent = interaction->agent;
    attempt->said = (struct td_routing_attempt){
        .outcome = outcome,
        .at_unix_us = routing->now_unix_us,
        .not_again_before_unix_us =
            routing->now_unix_us + (outcome == TD_ROUTING_OUTCOME_CANCELLED ? 0 : pause_us),
    };
    td_str_clip(attempt->said.agent, sizeof(attempt->said.agent),
                routing->agents[interaction->agent].name);
}

static void say_offer_ended(struct td_routing *routing, const struct interaction *interaction,
                            enum td_routing_outcome outcome, bool withdraw)
{
    struct td_routing_effect *effect =
        td_routing_emit_interaction(routing, TD_ROUTING_OFFER_ENDED, interaction);

    effect->outcome = outcome;
    effect->withdraw = withdraw;
}

void td_routing_end_offer(struct td_routing *routing, uint32_t slot,
                          enum td_routing_outcome outcome, bool withdraw)
{
    struct interaction *interaction = &routing->interactions[slot];
    uint32_t agent = interaction->agent;

    say_offer_ended(routing, interaction, outcome, withdraw);
    remember(routing, interaction, outcome);
    interaction->phase = TD_ROUTING_PHASE_WAITING;
    interaction->agent = NONE;
    interaction->accepted_at_unix_us = 0;
    // To wait longer for the one who does not want would be in vain.
    if (interaction->preferring && outcome != TD_ROUTING_OUTCOME_CANCELLED &&
        interaction->steps_from_unix_us > routing->now_unix_us)
        interaction->steps_from_unix_us = routing->now_unix_us;
    td_routing_place(routing, slot);
    td_routing_agent_unpaired(routing, agent, outcome);
}

/* --- leaving --- */

static bool in_time(const struct td_routing *routing, const struct interaction *interaction)
{
    const struct queue *queue = &routing->queues[interaction->queue];

    return routing->now_unix_us <=
           interaction->entered_at_unix_us + queue->threshold_ms * US_PER_MS;
}

static void count_departure(struct td_routing *routing, const struct interaction *interaction,
                            enum td_routing_departure departure)
{
    struct queue *queue = &routing->queues[interaction->queue];

    if (departure == TD_ROUTING_LEFT_ABANDONED) {
        queue->abandoned++;
        queue->abandoned_in_time += in_time(routing, interaction);
    } else {
        queue->overflowed++;
    }
}

static void say_left(struct td_routing *routing, const struct interaction *interaction,
                     enum td_routing_departure departure)
{
    td_routing_emit_interaction(routing, TD_ROUTING_LEFT, interaction)->departure = departure;
}

/* Leaves without having been answered. */
static void leave(struct td_routing *routing, uint32_t slot, enum td_routing_departure departure)
{
    struct interaction *interaction = &routing->interactions[slot];
    uint32_t agent = interaction->agent;

    if (agent != NONE) {
        say_offer_ended(routing, interaction, TD_ROUTING_OUTCOME_CANCELLED, true);
        td_routing_agent_unpaired(routing, agent, TD_ROUTING_OUTCOME_CANCELLED);
        interaction->agent = NONE;
    }
    td_routing_unplace(routing, slot);
    unlink_waiting(routing, slot);
    count_departure(routing, interaction, departure);
    say_left(routing, interaction, departure);
    td_routing_forget_interaction(routing, slot);
}

static void release(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];
    struct queue *queue = &routing->queues[interaction->queue];
    uint32_t agent = interaction->agent;

    queue->talking--;
    td_routing_count_handling(queue, routing->now_unix_us - interaction->connected_at_unix_us);
    say_left(routing, interaction, TD_ROUTING_LEFT_RELEASED);
    td_routing_agent_released(routing, agent);
    td_routing_forget_interaction(routing, slot);
}

/* --- accepted, connected --- */

static void accept(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];

    interaction->phase = TD_ROUTING_PHASE_ASSIGNED;
    interaction->accepted_at_unix_us = routing->now_unix_us;
    td_routing_set_interaction_timer(routing, slot, NEVER);
    td_routing_agent_accepted(routing, interaction->agent);
}

static void connect(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];
    struct queue *queue = &routing->queues[interaction->queue];

    interaction->phase = TD_ROUTING_PHASE_CONNECTED;
    interaction->connected_at_unix_us = routing->now_unix_us;
    unlink_waiting(routing, slot);
    queue->talking++;
    queue->answered++;
    queue->answered_in_time += in_time(routing, interaction);
    td_routing_emit_interaction(routing, TD_ROUTING_ANSWERED, interaction);
}

/* --- events --- */

/* The event speaks of the offer, or the talk, that there is now. */
static bool is_present_offer(const struct td_routing *routing,
                             const struct interaction *interaction,
                             const struct td_routing_event *event)
{
    bool any = event->type == TD_ROUTING_RELEASED && event->offer_version == 0 &&
               interaction->phase != TD_ROUTING_PHASE_OFFERED;

    if (interaction->agent == NONE)
        return false;
    return any || (event->offer_version == interaction->offer_version && event->agent != NULL &&
                   td_str_equal(event->agent, routing->agents[interaction->agent].name));
}

static void offer_event(struct td_routing *routing, uint32_t slot,
                        const struct td_routing_event *event)
{
    static const enum td_routing_outcome outcomes[] = {
        [TD_ROUTING_DECLINED] = TD_ROUTING_OUTCOME_DECLINED,
        [TD_ROUTING_NO_ANSWER] = TD_ROUTING_OUTCOME_NO_ANSWER,
        [TD_ROUTING_FAILED] = TD_ROUTING_OUTCOME_FAILED,
        [TD_ROUTING_BROKEN] = TD_ROUTING_OUTCOME_BROKEN,
    };
    enum td_routing_phase phase = routing->interactions[slot].phase;
    bool connected = phase == TD_ROUTING_PHASE_CONNECTED;

    if (connected ? event->type != TD_ROUTING_RELEASED
                  : event->type == TD_ROUTING_ACCEPTED && phase != TD_ROUTING_PHASE_OFFERED) {
        td_routing_ignore(routing, event);
        return;
    }
    if (event->type >= TD_ROUTING_DECLINED && event->type <= TD_ROUTING_BROKEN) {
        td_routing_end_offer(routing, slot, outcomes[event->type], false);
        return;
    }
    if (event->type == TD_ROUTING_ACCEPTED)
        td_routing_emit_interaction(routing, TD_ROUTING_ASSIGNED, &routing->interactions[slot]);
    if (phase == TD_ROUTING_PHASE_OFFERED)
        accept(routing, slot);
    if (event->type != TD_ROUTING_ACCEPTED && !connected)
        connect(routing, slot);
    if (event->type == TD_ROUTING_RELEASED)
        release(routing, slot);
}

void td_routing_interaction_event(struct td_routing *routing, const struct td_routing_event *event)
{
    uint32_t slot = td_routing_find_interaction(routing, event->interaction);
    bool leaves = event->type == TD_ROUTING_ABANDONED || event->type == TD_ROUTING_WITHDRAWN;

    if (slot == NONE) {
        td_routing_ignore(routing, event);
        return;
    }
    if (leaves && routing->interactions[slot].phase == TD_ROUTING_PHASE_CONNECTED)
        release(routing, slot);
    else if (leaves)
        leave(routing, slot,
              event->type == TD_ROUTING_ABANDONED ? TD_ROUTING_LEFT_ABANDONED
                                                  : TD_ROUTING_LEFT_WITHDRAWN);
    else if (is_present_offer(routing, &routing->interactions[slot], event))
        offer_event(routing, slot, event);
    else
        td_routing_ignore(routing, event);
}

/* --- times --- */

static bool waited_too_long(const struct td_routing *routing, const struct interaction *interaction)
{
    uint64_t max_wait_ms = routing->queues[interaction->queue].max_wait_ms;

    return max_wait_ms > 0 &&
           routing->now_unix_us >= interaction->entered_at_unix_us + max_wait_ms * US_PER_MS;
}

void td_routing_interaction_timer(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];

    if (interaction->phase == TD_ROUTING_PHASE_OFFERED) {
        td_routing_end_offer(routing, slot, TD_ROUTING_OUTCOME_NO_ANSWER, true);
        return;
    }
    assert(interaction->phase == TD_ROUTING_PHASE_WAITING);
    if (waited_too_long(routing, interaction)) {
        leave(routing, slot, TD_ROUTING_LEFT_TIMED_OUT);
        return;
    }
    td_routing_unplace(routing, slot);
    if (td_routing_advance(routing, interaction) || interaction->untold)
        td_routing_emit_interaction(routing, TD_ROUTING_RELAXED, interaction);
    interaction->untold = false;
    td_routing_place(routing, slot);
}
