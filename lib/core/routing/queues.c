#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "core/routing/parts.h"

#define LEASE_MIN_MS 1000
/* Weight of one more talk in the average: 1/16. */
#define HANDLING_SHARE 16

uint32_t td_routing_find_queue(const struct td_routing *routing, const char *name)
{
    uint64_t hash = td_str_hash(name, strlen(name));
    uint32_t slot = td_routing_table_first(&routing->queue_table, hash);

    while (slot != NONE && !td_str_equal(routing->queues[slot].name, name))
        slot = routing->queue_table.next[slot];
    return slot;
}

uint32_t td_routing_add_queue(struct td_routing *routing, const char *name)
{
    uint32_t slot = td_routing_table_take(&routing->queue_table, td_str_hash(name, strlen(name)));

    if (slot == NONE)
        return NONE;
    struct queue *queue = &routing->queues[slot];
    memset(queue, 0, sizeof(*queue));
    td_str_clip(queue->name, sizeof(queue->name), name);
    queue->closed = true;
    queue->lease_ms = LEASE_MIN_MS;
    queue->first = NONE;
    return slot;
}

static void forget_if_unused(struct td_routing *routing, uint32_t slot)
{
    struct queue *queue = &routing->queues[slot];

    if (!queue->closed || queue->users > 0)
        return;
    td_routing_table_give(&routing->queue_table, td_str_hash(queue->name, strlen(queue->name)),
                          slot);
    queue->name[0] = '\0';
}

void td_routing_use_queue(struct td_routing *routing, uint32_t slot)
{
    routing->queues[slot].users++;
}

void td_routing_leave_queue(struct td_routing *routing, uint32_t slot)
{
    assert(routing->queues[slot].users > 0);
    routing->queues[slot].users--;
    forget_if_unused(routing, slot);
}

void td_routing_count_handling(struct queue *queue, uint64_t handling_us)
{
    if (queue->handling_us == 0)
        queue->handling_us = handling_us;
    else
        queue->handling_us =
            (queue->handling_us * (HANDLING_SHARE - 1) + handling_us) / HANDLING_SHARE;
}

/* --- configuration --- */

static bool in_points(int32_t points)
{
    return points >= -TD_ROUTING_POINTS_MAX && points <= TD_ROUTING_POINTS_MAX;
}

/* The first field that is out of its bounds; NULL when all are right. */
static const char *field_out_of_range(const struct td_routing_queue_config *config)
{
    const uint32_t max_ms = TD_ROUTING_DURATION_MAX_MS;

    if (config->threshold_ms > max_ms)
        return "threshold_ms";
    if (config->percent > 100)
        return "percent";
    if (!in_points(config->priority))
        return "priority";
    if (config->ageing > TD_ROUTING_AGEING_MAX)
        return "ageing";
    if (config->wrap_up_ms > max_ms)
        return "wrap_up_ms";
    if (config->lease_ms < LEASE_MIN_MS || config->lease_ms > max_ms)
        return "lease_ms";
    if (config->max_wait_ms > max_ms)
        return "max_wait_ms";
    if (config->handling_ms > max_ms)
        return "handling_ms";
    if ((unsigned)config->after_decline >= TD_ROUTING_DECLINE_COUNT)
        return "after_decline";
    return NULL;
}

static enum td_err check_step(const struct td_routing_step *step,
                              struct td_routing_problem *problem)
{
    const char *text = step->expression;

    if (step->insist_ms > TD_ROUTING_DURATION_MAX_MS)
        return TD_ERR_RANGE;
    if (text == NULL || text[0] == '\0')
        return TD_OK;
    return td_expr_check(text, strlen(text), &problem->error);
}

static enum td_err check_requirement(const struct td_routing_requirement *requirement,
                                     struct td_routing_problem *problem)
{
    problem->field = "requirement";
    if (requirement->step_count > TD_ROUTING_STEPS_MAX)
        return TD_ERR_LIMIT;
    for (uint32_t i = 0; i < requirement->step_count; i++) {
        problem->index = i;
        enum td_err err = check_step(&requirement->steps[i], problem);
        if (err != TD_OK)
            return err;
    }
    problem->field = "fit";
    problem->index = 0;
    if (requirement->fit == NULL)
        return TD_OK;
    return td_expr_fit_check(requirement->fit, strlen(requirement->fit), &problem->error);
}

static enum td_err check_queue(const struct td_routing_queue_config *config,
                               struct td_routing_problem *problem)
{
    *problem = (struct td_routing_problem){.field = "name"};
    if (!td_routing_name_is_valid(config->name))
        return TD_ERR_SYNTAX;
    problem->field = field_out_of_range(config);
    if (problem->field != NULL)
        return TD_ERR_RANGE;
    return check_requirement(&config->requirement, problem);
}

static void keep_requirement(struct queue *queue, const struct td_routing_requirement *requirement)
{
    queue->step_count = requirement->step_count;
    for (uint32_t i = 0; i < requirement->step_count; i++) {
        const struct td_routing_step *step = &requirement->steps[i];
        td_str_clip(queue->steps[i].expression, sizeof(queue->steps[i].expression),
                    step->expression == NULL ? "" : step->expression);
        queue->steps[i].insist_ms = step->insist_ms;
    }
    td_str_clip(queue->fit, sizeof(queue->fit), requirement->fit == NULL ? "" : requirement->fit);
}

/* Ranks and times of those who wait may have changed. */
static void place_again(struct td_routing *routing, const struct queue *queue)
{
    uint32_t next;

    for (uint32_t slot = queue->first; slot != NONE; slot = next) {
        next = routing->interactions[slot].queue_next;
        if (routing->interactions[slot].place != PLACE_NOWHERE)
            td_routing_unplace(routing, slot);
    }
    for (uint32_t slot = queue->first; slot != NONE; slot = next) {
        next = routing->interactions[slot].queue_next;
        if (routing->interactions[slot].phase == TD_ROUTING_PHASE_WAITING)
            td_routing_place(routing, slot);
    }
}

enum td_err td_routing_put_queue(struct td_routing *routing,
                                 const struct td_routing_queue_config *config,
                                 struct td_routing_problem *problem)
{
    struct td_routing_problem unwanted = {0};
    struct td_routing_problem *explain = problem == NULL ? &unwanted : problem;
    enum td_err err = check_queue(config, explain);

    if (err != TD_OK)
        return err;
    uint32_t slot = td_routing_find_queue(routing, config->name);
    if (slot == NONE)
        slot = td_routing_add_queue(routing, config->name);
    if (slot == NONE) {
        explain->field = "name";
        return TD_ERR_LIMIT;
    }
    struct queue *queue = &routing->queues[slot];
    queue->closed = false;
    queue->threshold_ms = config->threshold_ms;
    queue->percent = config->percent;
    queue->priority = config->priority;
    queue->ageing = config->ageing;
    queue->wrap_up_ms = config->wrap_up_ms;
    queue->lease_ms = config->lease_ms;
    queue->max_wait_ms = config->max_wait_ms;
    queue->max_waiting = config->max_waiting;
    queue->handling_ms = config->handling_ms;
    queue->after_decline = config->after_decline;
    keep_requirement(queue, &config->requirement);
    place_again(routing, queue);
    return TD_OK;
}

enum td_err td_routing_remove_queue(struct td_routing *routing, const char *name)
{
    uint32_t slot = td_routing_find_queue(routing, name);

    if (slot == NONE || routing->queues[slot].closed)
        return TD_ERR_NOT_FOUND;
    routing->queues[slot].closed = true;
    forget_if_unused(routing, slot);
    return TD_OK;
}
