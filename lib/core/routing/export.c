#include <string.h>

#include "base/str.h"
#include "core/routing/parts.h"

static void copy_name(char to[TD_ROUTING_NAME_SIZE], const char *from)
{
    td_str_clip(to, TD_ROUTING_NAME_SIZE, from);
}

static void export_requirement(const struct td_routing *routing,
                               const struct interaction *interaction,
                               struct td_routing_interaction_record *record)
{
    record->step_count = interaction->step_count;
    for (uint32_t i = 0; i < interaction->step_count; i++) {
        const struct expression *expression = &routing->expressions[interaction->expressions[i]];
        td_expr_print(&expression->program, &routing->symbols, record->steps[i].expression,
                      sizeof(record->steps[i].expression));
        record->steps[i].insist_ms = interaction->insist_ms[i];
    }
    td_expr_fit_print(&interaction->fit, &routing->symbols, record->fit, sizeof(record->fit));
}

enum td_err td_routing_export_interaction(const struct td_routing *routing,
                                          struct td_interaction_id id,
                                          struct td_routing_interaction_record *record)
{
    uint32_t slot = td_routing_find_interaction(routing, id);

    if (slot == NONE)
        return TD_ERR_NOT_FOUND;
    const struct interaction *interaction = &routing->interactions[slot];
    memset(record, 0, sizeof(*record));
    record->id = id;
    copy_name(record->queue, routing->queues[interaction->queue].name);
    record->phase = interaction->phase;
    record->value = interaction->value;
    record->enqueued_at_unix_us = interaction->enqueued_at_unix_us;
    record->entered_at_unix_us = interaction->entered_at_unix_us;
    record->steps_from_unix_us = interaction->steps_from_unix_us;
    record->step = interaction->step;
    record->preferring = interaction->preferring;
    if (interaction->preferred != NONE)
        copy_name(record->preferred_agent, routing->agents[interaction->preferred].name);
    export_requirement(routing, interaction, record);
    record->offer_version = interaction->offer_version;
    if (interaction->agent != NONE)
        copy_name(record->agent, routing->agents[interaction->agent].name);
    record->offered_at_unix_us = interaction->offered_at_unix_us;
    record->lease_until_unix_us = interaction->lease_until_unix_us;
    record->accepted_at_unix_us = interaction->accepted_at_unix_us;
    record->connected_at_unix_us = interaction->connected_at_unix_us;
    record->attempt_count = interaction->attempt_count;
    for (uint32_t i = 0; i < interaction->attempt_count; i++)
        record->attempts[i] = interaction->attempts[i].said;
    return TD_OK;
}

enum td_err td_routing_export_agent(const struct td_routing *routing, const char *name,
                                    struct td_routing_agent_record *record)
{
    uint32_t slot = td_routing_find_agent(routing, name);

    if (slot == NONE)
        return TD_ERR_NOT_FOUND;
    const struct agent *agent = &routing->agents[slot];
    memset(record, 0, sizeof(*record));
    copy_name(record->name, agent->name);
    record->state = agent->state;
    copy_name(record->reason, agent->reason);
    record->since_unix_us = agent->since_unix_us;
    record->until_unix_us = agent->until_unix_us;
    record->idle_since_unix_us = agent->idle_since_unix_us;
    record->next = agent->next;
    copy_name(record->next_reason, agent->next_reason);
    record->no_answers = agent->no_answers;
    record->device_failures = agent->device_failures;
    record->interaction = agent->interaction_id;
    if (agent->queue != NONE)
        copy_name(record->queue, routing->queues[agent->queue].name);
    return TD_OK;
}

enum td_err td_routing_export_queue(const struct td_routing *routing, const char *name,
                                    struct td_routing_queue_record *record)
{
    uint32_t slot = td_routing_find_queue(routing, name);

    if (slot == NONE)
        return TD_ERR_NOT_FOUND;
    const struct queue *queue = &routing->queues[slot];
    memset(record, 0, sizeof(*record));
    copy_name(record->name, queue->name);
    record->answered = queue->answered;
    record->answered_in_time = queue->answered_in_time;
    record->abandoned = queue->abandoned;
    record->abandoned_in_time = queue->abandoned_in_time;
    record->overflowed = queue->overflowed;
    record->handling_us = queue->handling_us;
    return TD_OK;
}
