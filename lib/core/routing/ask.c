#include <string.h>

#include "core/routing/parts.h"

static uint32_t count_before(const struct td_routing *routing,
                             const struct interaction *interaction)
{
    uint32_t count = 0;
    uint32_t slot = routing->queues[interaction->queue].first;

    for (; slot != NONE; slot = routing->interactions[slot].queue_next)
        count += td_routing_ranks_before(routing, &routing->interactions[slot], interaction);
    return count;
}

static uint32_t count_staffed(const struct td_routing *routing, uint32_t expression)
{
    struct agent_set eligible = eligible_set(routing, expression);
    uint32_t count = 0;

    for (uint32_t word = 0; word < words_used(routing); word++)
        count +=
            (uint32_t)__builtin_popcountll(routing->staffed.words[word] & eligible.words[word]);
    return count;
}

static bool is_logged_in(const struct td_routing *routing, uint32_t agent)
{
    // Of the rows behind the last agent nothing is known.
    return agent < routing->agent_table.used &&
           routing->agents[agent].state != TD_ROUTING_LOGGED_OUT;
}

static bool has_logged_in(const struct td_routing *routing, uint32_t expression)
{
    struct agent_set eligible = eligible_set(routing, expression);

    for (uint32_t word = 0; word < words_used(routing); word++) {
        uint64_t bits = eligible.words[word];

        if ((bits & routing->staffed.words[word]) != 0)
            return true;
        for (; bits != 0; bits &= bits - 1) { // Those who are not ready are logged in too.
            if (is_logged_in(routing, 64 * word + (uint32_t)__builtin_ctzll(bits)))
                return true;
        }
    }
    return false;
}

bool td_routing_has_agent(struct td_routing *routing, struct td_interaction_id id)
{
    uint32_t slot = td_routing_find_interaction(routing, id);
    if (slot == NONE)
        return false;

    const struct interaction *interaction = &routing->interactions[slot];
    if (interaction->agent != NONE ||
        (interaction->preferring && is_logged_in(routing, interaction->preferred)))
        return true;
    for (uint32_t i = interaction->step; i < interaction->step_count; i++) {
        td_routing_build_expression(routing, interaction->expressions[i]);
        if (has_logged_in(routing, interaction->expressions[i]))
            return true;
    }
    return false;
}

static uint64_t handling_us(const struct queue *queue)
{
    if (queue->handling_us == 0)
        return queue->handling_ms * US_PER_MS;
    return queue->handling_us + queue->wrap_up_ms * US_PER_MS;
}

enum td_err td_routing_find_place(const struct td_routing *routing, struct td_interaction_id id,
                                  uint64_t now_unix_us, struct td_routing_place *place)
{
    uint32_t slot = td_routing_find_interaction(routing, id);

    (void)now_unix_us; // Within one queue everybody ages alike: the order does not depend on it.
    if (slot == NONE || routing->interactions[slot].phase == TD_ROUTING_PHASE_CONNECTED)
        return TD_ERR_NOT_FOUND;
    const struct interaction *interaction = &routing->interactions[slot];
    const struct queue *queue = &routing->queues[interaction->queue];

    place->position = 1 + count_before(routing, interaction);
    place->waiting = queue->waiting;
    place->staffed = count_staffed(routing, interaction->expressions[interaction->step]);
    place->expected_wait_us = NEVER;
    if (place->staffed > 0)
        place->expected_wait_us = place->position * handling_us(queue) / place->staffed;
    return TD_OK;
}

static uint64_t oldest_in(const struct td_routing *routing, const struct queue *queue)
{
    uint64_t oldest = 0;

    for (uint32_t slot = queue->first; slot != NONE;
         slot = routing->interactions[slot].queue_next) {
        uint64_t enqueued_at = routing->interactions[slot].enqueued_at_unix_us;
        if (oldest == 0 || enqueued_at < oldest)
            oldest = enqueued_at;
    }
    return oldest;
}

enum td_err td_routing_count_queue(const struct td_routing *routing, const char *name,
                                   struct td_routing_queue_counts *counts)
{
    uint32_t slot = td_routing_find_queue(routing, name);

    if (slot == NONE)
        return TD_ERR_NOT_FOUND;
    const struct queue *queue = &routing->queues[slot];
    *counts = (struct td_routing_queue_counts){
        .offered = queue->offered,
        .answered = queue->answered,
        .answered_in_time = queue->answered_in_time,
        .abandoned = queue->abandoned,
        .abandoned_in_time = queue->abandoned_in_time,
        .overflowed = queue->overflowed,
        .waiting = queue->waiting,
        .talking = queue->talking,
        .oldest_enqueued_at_unix_us = oldest_in(routing, queue),
        .threshold_ms = queue->threshold_ms,
        .percent = queue->percent,
    };
    return TD_OK;
}

void td_routing_count_agents(const struct td_routing *routing,
                             uint32_t counts[TD_ROUTING_AGENT_STATE_COUNT])
{
    memcpy(counts, routing->state_counts, sizeof(routing->state_counts));
}

size_t td_routing_print_step(const struct td_routing *routing, struct td_interaction_id id,
                             uint32_t step, char *text, size_t size)
{
    uint32_t slot = td_routing_find_interaction(routing, id);

    text[0] = '\0';
    if (slot == NONE || step >= routing->interactions[slot].step_count)
        return 0;
    uint32_t expression = routing->interactions[slot].expressions[step];
    return td_expr_print(&routing->expressions[expression].program, &routing->symbols, text, size);
}

bool td_routing_next_interaction(const struct td_routing *routing, uint32_t *cursor,
                                 struct td_interaction_id *id)
{
    while (*cursor < routing->interaction_table.used) {
        const struct interaction *interaction = &routing->interactions[(*cursor)++];
        if (interaction->in_use) {
            *id = interaction->id;
            return true;
        }
    }
    return false;
}

bool td_routing_next_agent(const struct td_routing *routing, uint32_t *cursor, const char **name)
{
    while (*cursor < routing->agent_table.used) {
        *name = routing->agents[(*cursor)++].name;
        if ((*name)[0] != '\0')
            return true;
    }
    return false;
}

bool td_routing_next_queue(const struct td_routing *routing, uint32_t *cursor, const char **name)
{
    while (*cursor < routing->queue_table.used) {
        *name = routing->queues[(*cursor)++].name;
        if ((*name)[0] != '\0')
            return true;
    }
    return false;
}
