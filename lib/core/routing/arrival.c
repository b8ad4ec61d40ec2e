#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "core/routing/parts.h"

static struct td_routing_effect *refuse(struct td_routing *routing,
                                        const struct td_routing_event *event,
                                        enum td_routing_refusal refusal)
{
    struct td_routing_effect *effect = td_routing_emit(routing, TD_ROUTING_REFUSED);

    effect->interaction = event->interaction;
    effect->refusal = refusal;
    if (event->arrival != NULL && event->arrival->queue != NULL)
        td_str_clip(effect->queue, sizeof(effect->queue), event->arrival->queue);
    return effect;
}

/* Counted, but never taken in. */
static void overflow(struct td_routing *routing, const struct td_routing_event *event,
                     struct queue *queue)
{
    struct td_routing_effect *effect = td_routing_emit(routing, TD_ROUTING_LEFT);

    queue->offered++;
    queue->overflowed++;
    effect->interaction = event->interaction;
    td_str_clip(effect->queue, sizeof(effect->queue), queue->name);
    effect->departure = TD_ROUTING_LEFT_FULL;
}

static enum td_err hold_step(struct td_routing *routing, struct interaction *interaction,
                             const char *expression, uint32_t insist_ms,
                             const struct td_expr_references *references,
                             struct td_routing_problem *problem)
{
    uint32_t at = interaction->step_count;

    problem->index = at;
    if (insist_ms > TD_ROUTING_DURATION_MAX_MS)
        return TD_ERR_RANGE;
    enum td_err err = td_routing_hold_expression(routing, expression, references,
                                                 &interaction->expressions[at], &problem->error);
    if (err != TD_OK)
        return err;
    interaction->insist_ms[at] = insist_ms;
    interaction->step_count++;
    return TD_OK;
}

static enum td_err hold_fit(struct td_routing *routing, struct interaction *interaction,
                            const char *text, struct td_routing_problem *problem)
{
    if (text == NULL)
        return TD_OK;
    problem->field = "fit";
    problem->index = 0;
    enum td_err err = td_expr_fit_parse(text, strlen(text), &routing->symbols, &interaction->fit,
                                        &problem->error);
    td_routing_open_columns(routing);
    return err;
}

enum td_err td_routing_hold_requirement(struct td_routing *routing, struct interaction *interaction,
                                        const struct td_routing_requirement *requirement,
                                        const struct td_expr_references *references,
                                        struct td_routing_problem *problem)
{
    enum td_err err = TD_OK;

    *problem = (struct td_routing_problem){.field = "requirement"};
    if (requirement->step_count > TD_ROUTING_STEPS_MAX)
        return TD_ERR_LIMIT;
    for (uint32_t i = 0; i < requirement->step_count && err == TD_OK; i++)
        err = hold_step(routing, interaction, requirement->steps[i].expression,
                        requirement->steps[i].insist_ms, references, problem);
    if (err == TD_OK && interaction->step_count == 0)
        err = hold_step(routing, interaction, "", 0, NULL, problem);
    return err == TD_OK ? hold_fit(routing, interaction, requirement->fit, problem) : err;
}

static struct td_routing_requirement requirement_of(const struct queue *queue)
{
    struct td_routing_requirement requirement = {
        .step_count = queue->step_count,
        .fit = queue->fit,
    };

    for (uint32_t i = 0; i < queue->step_count; i++)
        requirement.steps[i] = (struct td_routing_step){
            .expression = queue->steps[i].expression,
            .insist_ms = queue->steps[i].insist_ms,
        };
    return requirement;
}

static int32_t clamp_points(int32_t value)
{
    if (value > TD_ROUTING_POINTS_MAX)
        return TD_ROUTING_POINTS_MAX;
    return value < -TD_ROUTING_POINTS_MAX ? -TD_ROUTING_POINTS_MAX : value;
}

/* There is a point in insisting: the agent may become ready in time, or is ready and takes it in
   this very step, for which a microsecond must be left. */
static void prefer(struct td_routing *routing, struct interaction *interaction,
                   const struct td_routing_arrival *arrival)
{
    uint32_t slot = arrival->preferred_agent == NULL
                        ? NONE
                        : td_routing_find_agent(routing, arrival->preferred_agent);
    uint32_t insist_ms = arrival->preferred_ms;

    if (slot == NONE || routing->agents[slot].removed)
        return;
    enum td_routing_agent_state state = routing->agents[slot].state;
    if (state == TD_ROUTING_LOGGED_OUT || (insist_ms == 0 && state != TD_ROUTING_READY))
        return;
    if (insist_ms > TD_ROUTING_DURATION_MAX_MS)
        insist_ms = TD_ROUTING_DURATION_MAX_MS;
    interaction->preferring = true;
    interaction->preferred = slot;
    interaction->steps_from_unix_us += insist_ms == 0 ? 1 : insist_ms * US_PER_MS;
}

static void enter(struct td_routing *routing, uint32_t slot, uint32_t queue,
                  const struct td_routing_arrival *arrival)
{
    struct interaction *interaction = &routing->interactions[slot];
    uint64_t enqueued_at = arrival->enqueued_at_unix_us;

    interaction->phase = TD_ROUTING_PHASE_WAITING;
    interaction->queue = queue;
    interaction->value = clamp_points(arrival->value);
    interaction->held = arrival->held;
    interaction->enqueued_at_unix_us =
        enqueued_at == 0 || enqueued_at > routing->now_unix_us ? routing->now_unix_us : enqueued_at;
    interaction->entered_at_unix_us = routing->now_unix_us;
    interaction->steps_from_unix_us = routing->now_unix_us;
    prefer(routing, interaction, arrival);
    td_routing_use_queue(routing, queue);
    routing->queues[queue].offered++;
    td_routing_link_waiting(routing, slot);
    td_routing_place(routing, slot);
    td_routing_emit_interaction(routing, TD_ROUTING_QUEUED, interaction);
}

/* Takes it in, or refuses it for its requirement or for want of room. */
static void admit(struct td_routing *routing, const struct td_routing_event *event, uint32_t queue)
{
    const struct td_routing_arrival *arrival = event->arrival;
    struct td_routing_requirement of_queue = requirement_of(&routing->queues[queue]);
    const struct td_routing_requirement *requirement =
        arrival->requirement != NULL ? arrival->requirement : &of_queue;
    struct td_routing_problem problem;
    uint32_t slot = td_routing_add_interaction(routing, event->interaction);

    if (slot == NONE) {
        refuse(routing, event, TD_ROUTING_REFUSED_LIMIT);
        return;
    }
    enum td_err err = td_routing_hold_requirement(routing, &routing->interactions[slot],
                                                  requirement, &arrival->references, &problem);
    if (err == TD_OK) {
        enter(routing, slot, queue, arrival);
        return;
    }
    td_routing_forget_interaction(routing, slot);
    refuse(routing, event, TD_ROUTING_REFUSED_REQUIREMENT)->problem = problem;
}

void td_routing_arrive(struct td_routing *routing, const struct td_routing_event *event)
{
    const struct td_routing_arrival *arrival = event->arrival;

    if (td_routing_find_interaction(routing, event->interaction) != NONE) {
        td_routing_ignore(routing, event);
        return;
    }
    uint32_t slot = arrival == NULL || arrival->queue == NULL
                        ? NONE
                        : td_routing_find_queue(routing, arrival->queue);
    if (slot == NONE || routing->queues[slot].closed) {
        refuse(routing, event, TD_ROUTING_REFUSED_QUEUE);
        return;
    }
    struct queue *queue = &routing->queues[slot];
    if (arrival->turned_away || (queue->max_waiting > 0 && queue->waiting >= queue->max_waiting))
        overflow(routing, event, queue);
    else
        admit(routing, event, slot);
}
