#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "core/routing/parts.h"

/*
 * Records come in any order and may disagree: an interaction's names an agent whose own has not
 * come yet, or says something else. So the import only files them; td_routing_import_end pairs them
 * up.
 */

static bool is_bounded(const char text[TD_ROUTING_NAME_SIZE])
{
    return memchr(text, '\0', TD_ROUTING_NAME_SIZE) != NULL && td_expr_text_is_valid(text);
}

/* --- interactions --- */

static bool attempts_are_right(const struct td_routing_interaction_record *record)
{
    if (record->attempt_count > TD_ROUTING_HISTORY_MAX)
        return false;
    for (uint32_t i = 0; i < record->attempt_count; i++) {
        if (!is_bounded(record->attempts[i].agent) ||
            (unsigned)record->attempts[i].outcome >= TD_ROUTING_OUTCOME_COUNT)
            return false;
    }
    return true;
}

static bool texts_are_right(const struct td_routing_interaction_record *record)
{
    if (record->step_count < 1 || record->step_count > TD_ROUTING_STEPS_MAX)
        return false;
    for (uint32_t i = 0; i < record->step_count; i++) {
        const char *text = record->steps[i].expression;
        if (memchr(text, '\0', sizeof(record->steps[i].expression)) == NULL)
            return false;
    }
    return memchr(record->fit, '\0', sizeof(record->fit)) != NULL;
}

static bool interaction_is_right(const struct td_routing_interaction_record *record)
{
    bool paired = record->phase != TD_ROUTING_PHASE_WAITING;

    return is_bounded(record->queue) && record->queue[0] != '\0' && is_bounded(record->agent) &&
           is_bounded(record->preferred_agent) &&
           (unsigned)record->phase < TD_ROUTING_PHASE_COUNT &&
           (record->agent[0] != '\0' || !paired) && texts_are_right(record) &&
           record->step < record->step_count && record->value >= -TD_ROUTING_POINTS_MAX &&
           record->value <= TD_ROUTING_POINTS_MAX && attempts_are_right(record);
}

static enum td_err import_requirement(struct td_routing *routing, struct interaction *interaction,
                                      const struct td_routing_interaction_record *record)
{
    struct td_routing_requirement requirement = {
        .step_count = record->step_count,
        .fit = record->fit,
    };
    struct td_routing_problem problem;

    for (uint32_t i = 0; i < record->step_count; i++)
        requirement.steps[i] = (struct td_routing_step){
            .expression = record->steps[i].expression,
            .insist_ms = record->steps[i].insist_ms,
        };
    return td_routing_hold_requirement(routing, interaction, &requirement, NULL, &problem);
}

static uint32_t find_or_add_queue(struct td_routing *routing, const char *name)
{
    uint32_t slot = td_routing_find_queue(routing, name);

    return slot != NONE ? slot : td_routing_add_queue(routing, name);
}

static uint32_t find_or_add_agent(struct td_routing *routing, const char *name)
{
    uint32_t slot = td_routing_find_agent(routing, name);

    if (slot != NONE)
        return slot;
    slot = td_routing_add_agent(routing, name);
    if (slot != NONE)
        routing->agents[slot].removed = true;
    return slot;
}

static void fill_interaction(struct td_routing *routing, struct interaction *interaction,
                             const struct td_routing_interaction_record *record)
{
    interaction->phase = record->phase;
    interaction->value = record->value;
    interaction->enqueued_at_unix_us = record->enqueued_at_unix_us;
    interaction->entered_at_unix_us = record->entered_at_unix_us;
    interaction->steps_from_unix_us = record->steps_from_unix_us;
    interaction->step = record->step;
    interaction->preferring = record->preferring;
    interaction->preferred = td_routing_find_agent(routing, record->preferred_agent);
    interaction->offer_version = record->offer_version;
    interaction->offered_at_unix_us = record->offered_at_unix_us;
    interaction->lease_until_unix_us = record->lease_until_unix_us;
    interaction->accepted_at_unix_us = record->accepted_at_unix_us;
    interaction->connected_at_unix_us = record->connected_at_unix_us;
    interaction->attempt_count = record->attempt_count;
    for (uint32_t i = 0; i < record->attempt_count; i++)
        interaction->attempts[i] = (struct attempt){
            .said = record->attempts[i],
            .agent = td_routing_find_agent(routing, record->attempts[i].agent),
        };
}

/* All that can fail; the interaction is in the table already. */
static enum td_err import_parts(struct td_routing *routing, struct interaction *interaction,
                                const struct td_routing_interaction_record *record)
{
    enum td_err err = import_requirement(routing, interaction, record);

    if (err != TD_OK)
        return err;
    uint32_t queue = find_or_add_queue(routing, record->queue);
    if (queue == NONE)
        return TD_ERR_LIMIT;
    if (record->phase != TD_ROUTING_PHASE_WAITING) {
        interaction->agent = find_or_add_agent(routing, record->agent);
        if (interaction->agent == NONE)
            return TD_ERR_LIMIT;
    }
    interaction->queue = queue;
    td_routing_use_queue(routing, queue);
    return TD_OK;
}

enum td_err td_routing_import_interaction(struct td_routing *routing,
                                          const struct td_routing_interaction_record *record)
{
    if (!interaction_is_right(record))
        return TD_ERR_RANGE;
    if (td_routing_find_interaction(routing, record->id) != NONE)
        return TD_ERR_EXISTS;
    uint32_t slot = td_routing_add_interaction(routing, record->id);
    if (slot == NONE)
        return TD_ERR_LIMIT;
    enum td_err err = import_parts(routing, &routing->interactions[slot], record);
    if (err != TD_OK) {
        td_routing_forget_interaction(routing, slot);
        return err;
    }
    fill_interaction(routing, &routing->interactions[slot], record);
    return TD_OK;
}

/* --- agents and queues --- */

static bool agent_is_right(const struct td_routing_agent_record *record)
{
    bool next_is_right = record->next == TD_ROUTING_LOGGED_OUT ||
                         record->next == TD_ROUTING_NOT_READY || record->next == TD_ROUTING_READY;

    return is_bounded(record->name) && record->name[0] != '\0' && is_bounded(record->reason) &&
           is_bounded(record->next_reason) && is_bounded(record->queue) &&
           (unsigned)record->state < TD_ROUTING_AGENT_STATE_COUNT && next_is_right;
}

static void import_wrap_up(struct td_routing *routing, struct agent *agent,
                           const struct td_routing_agent_record *record)
{
    agent->until_unix_us = record->until_unix_us;
    agent->interaction_id = record->interaction;
    if (record->queue[0] == '\0')
        return;
    agent->queue = find_or_add_queue(routing, record->queue);
    if (agent->queue != NONE)
        td_routing_use_queue(routing, agent->queue);
}

enum td_err td_routing_import_agent(struct td_routing *routing,
                                    const struct td_routing_agent_record *record)
{
    if (!agent_is_right(record))
        return TD_ERR_RANGE;
    uint32_t slot = find_or_add_agent(routing, record->name);
    if (slot == NONE)
        return TD_ERR_LIMIT;
    struct agent *agent = &routing->agents[slot];
    if (agent->imported)
        return TD_ERR_EXISTS;
    agent->imported = true;
    td_routing_enter_state(routing, slot, record->state, record->reason);
    agent->since_unix_us = record->since_unix_us;
    agent->idle_since_unix_us = record->idle_since_unix_us;
    agent->next = record->next;
    td_str_clip(agent->next_reason, sizeof(agent->next_reason), record->next_reason);
    agent->no_answers = record->no_answers;
    agent->device_failures = record->device_failures;
    if (record->state == TD_ROUTING_WRAP_UP)
        import_wrap_up(routing, agent, record);
    return TD_OK;
}

enum td_err td_routing_import_queue(struct td_routing *routing,
                                    const struct td_routing_queue_record *record)
{
    if (!is_bounded(record->name) || record->name[0] == '\0')
        return TD_ERR_RANGE;
    uint32_t slot = find_or_add_queue(routing, record->name);
    if (slot == NONE)
        return TD_ERR_LIMIT;
    struct queue *queue = &routing->queues[slot];
    if (queue->imported)
        return TD_ERR_EXISTS;
    queue->imported = true;
    queue->answered = record->answered;
    queue->answered_in_time = record->answered_in_time;
    queue->abandoned = record->abandoned;
    queue->abandoned_in_time = record->abandoned_in_time;
    queue->overflowed = record->overflowed;
    queue->handling_us = record->handling_us;
    return TD_OK;
}

/* --- the end --- */

static void wait_again(struct interaction *interaction)
{
    interaction->phase = TD_ROUTING_PHASE_WAITING;
    interaction->agent = NONE;
    interaction->untold = true;
}

static bool has_more_right(const struct interaction *a, const struct interaction *b)
{
    return a->phase != b->phase ? a->phase > b->phase : td_id_compare(a->id.id, b->id.id) < 0;
}

/* An agent has one interaction at a time. */
static void claim_agent(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];
    struct agent *agent = &routing->agents[interaction->agent];
    uint32_t other = agent->interaction;

    if (other != NONE && !has_more_right(interaction, &routing->interactions[other])) {
        wait_again(interaction);
        return;
    }
    if (other != NONE)
        wait_again(&routing->interactions[other]);
    agent->interaction = slot;
}

static uint64_t paired_since(const struct interaction *interaction)
{
    return interaction->phase == TD_ROUTING_PHASE_OFFERED ? interaction->offered_at_unix_us
                                                          : interaction->accepted_at_unix_us;
}

static void pair_agent(struct td_routing *routing, uint32_t slot)
{
    const struct interaction *interaction = &routing->interactions[slot];
    struct agent *agent = &routing->agents[interaction->agent];
    enum td_routing_agent_state state =
        interaction->phase == TD_ROUTING_PHASE_OFFERED ? TD_ROUTING_OFFERED : TD_ROUTING_BUSY;

    agent->interaction_id = interaction->id;
    agent->queue = interaction->queue;
    td_routing_use_queue(routing, agent->queue);
    if (agent->state == state)
        return;
    td_routing_enter_state(routing, interaction->agent, state, "");
    agent->since_unix_us = paired_since(interaction);
    agent->untold = true;
    td_routing_set_agent_timer(routing, interaction->agent, 0);
}

/* The preferred agent may be gone by now. */
static bool may_come(const struct td_routing *routing, uint32_t agent)
{
    return agent != NONE && !routing->agents[agent].removed &&
           routing->agents[agent].state != TD_ROUTING_LOGGED_OUT;
}

static void take_up_interaction(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];

    if (interaction->phase == TD_ROUTING_PHASE_CONNECTED)
        routing->queues[interaction->queue].talking++;
    else
        td_routing_link_waiting(routing, slot);
    if (interaction->phase == TD_ROUTING_PHASE_OFFERED)
        td_routing_set_interaction_timer(routing, slot, interaction->lease_until_unix_us);
    if (interaction->phase != TD_ROUTING_PHASE_WAITING) {
        pair_agent(routing, slot);
        return;
    }
    bool hopeless = interaction->preferring && !may_come(routing, interaction->preferred);
    if (hopeless && interaction->steps_from_unix_us > routing->now_unix_us)
        interaction->steps_from_unix_us = routing->now_unix_us;
    td_routing_place(routing, slot);
}

static void take_up_agent(struct td_routing *routing, uint32_t slot)
{
    const struct agent *agent = &routing->agents[slot];

    if (agent->interaction != NONE)
        return;
    if (agent->removed)
        td_routing_forget_agent(routing, slot);
    else if (agent->state == TD_ROUTING_WRAP_UP)
        td_routing_set_agent_timer(routing, slot, agent->until_unix_us);
    else if (agent->state == TD_ROUTING_OFFERED || agent->state == TD_ROUTING_BUSY)
        td_routing_set_agent_timer(routing, slot, 0);
}

static void take_up_queue(struct td_routing *routing, uint32_t slot)
{
    struct queue *queue = &routing->queues[slot];

    queue->offered = queue->answered + queue->abandoned + queue->overflowed + queue->waiting;
    // A closed one that nobody uses goes.
    td_routing_use_queue(routing, slot);
    td_routing_leave_queue(routing, slot);
}

void td_routing_import_end(struct td_routing *routing, uint64_t now_unix_us)
{
    if (now_unix_us > routing->now_unix_us)
        routing->now_unix_us = now_unix_us;
    for (uint32_t slot = 0; slot < routing->interaction_table.used; slot++) {
        if (routing->interactions[slot].in_use && routing->interactions[slot].agent != NONE)
            claim_agent(routing, slot);
    }
    for (uint32_t slot = 0; slot < routing->interaction_table.used; slot++) {
        if (routing->interactions[slot].in_use)
            take_up_interaction(routing, slot);
    }
    for (uint32_t slot = 0; slot < routing->agent_table.used; slot++) {
        if (routing->agents[slot].name[0] != '\0')
            take_up_agent(routing, slot);
    }
    for (uint32_t slot = 0; slot < routing->queue_table.used; slot++) {
        if (routing->queues[slot].name[0] != '\0')
            take_up_queue(routing, slot);
    }
}
