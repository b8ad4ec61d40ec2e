#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "core/routing/parts.h"

void td_routing_set_fresh(struct td_routing *routing, uint32_t slot)
{
    uint32_t word = slot / 64;

    set_put(routing->fresh, slot, true);
    if (word < routing->fresh_from)
        routing->fresh_from = word;
    if (word >= routing->fresh_to)
        routing->fresh_to = word + 1;
}

void td_routing_end_insisting_on(struct td_routing *routing, uint32_t agent)
{
    for (uint32_t i = 0; i < routing->special.count; i++) {
        uint32_t slot = routing->special.slots[i];
        struct interaction *interaction = &routing->interactions[slot];

        if (!interaction->preferring || interaction->preferred != agent)
            continue;
        if (interaction->steps_from_unix_us > routing->now_unix_us)
            interaction->steps_from_unix_us = routing->now_unix_us;
        td_routing_set_interaction_timer(routing, slot, interaction->steps_from_unix_us);
    }
}

void td_routing_enter_state(struct td_routing *routing, uint32_t slot,
                            enum td_routing_agent_state state, const char *reason)
{
    struct agent *agent = &routing->agents[slot];
    bool staffed = state != TD_ROUTING_LOGGED_OUT && state != TD_ROUTING_NOT_READY;

    routing->state_counts[agent->state]--;
    routing->state_counts[state]++;
    agent->state = state;
    td_str_clip(agent->reason, sizeof(agent->reason), reason);
    agent->since_unix_us = routing->now_unix_us;
    agent->until_unix_us = 0;
    set_put(routing->staffed, slot, staffed);
    set_put(routing->ready, slot, state == TD_ROUTING_READY);
    set_put(routing->fresh, slot, false);
    td_routing_set_agent_timer(routing, slot, NEVER);
    if (state == TD_ROUTING_READY) {
        agent->idle_since_unix_us = routing->now_unix_us;
        td_routing_set_fresh(routing, slot);
    }
    if (state == TD_ROUTING_LOGGED_OUT)
        td_routing_end_insisting_on(routing, slot);
}

void td_routing_drop_work(struct td_routing *routing, uint32_t slot)
{
    struct agent *agent = &routing->agents[slot];

    agent->interaction = NONE;
    memset(&agent->interaction_id, 0, sizeof(agent->interaction_id));
    if (agent->queue != NONE)
        td_routing_leave_queue(routing, agent->queue);
    agent->queue = NONE;
}

static void set_next(struct agent *agent, enum td_routing_agent_state next, const char *reason)
{
    agent->next = next;
    td_str_clip(agent->next_reason, sizeof(agent->next_reason), reason);
}

static void start_wrap_up(struct td_routing *routing, uint32_t slot, uint32_t wrap_up_ms)
{
    struct agent *agent = &routing->agents[slot];

    agent->interaction = NONE; // Its id and queue stay until the disposition.
    td_routing_enter_state(routing, slot, TD_ROUTING_WRAP_UP, "");
    agent->until_unix_us = routing->now_unix_us + wrap_up_ms * US_PER_MS;
    td_routing_set_agent_timer(routing, slot, agent->until_unix_us);
    td_routing_emit_agent(routing, agent);
}

/* Has nothing more to finish: goes where it wanted to meanwhile, else to `state`. */
static void settle(struct td_routing *routing, uint32_t slot, enum td_routing_agent_state state,
                   const char *reason)
{
    struct agent *agent = &routing->agents[slot];
    char queue[TD_ROUTING_NAME_SIZE] = ""; // of what is finished; may be gone afterwards
    char wanted[TD_ROUTING_NAME_SIZE];

    td_str_clip(wanted, sizeof(wanted),
                agent->next == TD_ROUTING_READY ? reason : agent->next_reason);
    if (agent->next != TD_ROUTING_READY)
        state = agent->next;
    if (agent->removed)
        state = TD_ROUTING_LOGGED_OUT;
    if (agent->queue != NONE)
        td_str_clip(queue, sizeof(queue), routing->queues[agent->queue].name);
    set_next(agent, TD_ROUTING_READY, "");
    td_routing_drop_work(routing, slot);
    td_routing_enter_state(routing, slot, state, state == TD_ROUTING_NOT_READY ? wanted : "");
    struct td_routing_effect *effect = td_routing_emit_agent(routing, agent);
    td_str_clip(effect->queue, sizeof(effect->queue), queue);
    if (agent->removed)
        td_routing_forget_agent(routing, slot);
}

/* Who logs out, or is removed, does not wrap up. */
static void wrap_up_or_settle(struct td_routing *routing, uint32_t slot)
{
    const struct agent *agent = &routing->agents[slot];
    uint32_t wrap_up_ms = routing->queues[agent->queue].wrap_up_ms;

    if (wrap_up_ms > 0 && !agent->removed && agent->next != TD_ROUTING_LOGGED_OUT)
        start_wrap_up(routing, slot, wrap_up_ms);
    else
        settle(routing, slot, TD_ROUTING_READY, "");
}

void td_routing_agent_offered(struct td_routing *routing, uint32_t slot, uint32_t interaction)
{
    struct agent *agent = &routing->agents[slot];

    agent->interaction = interaction;
    agent->interaction_id = routing->interactions[interaction].id;
    agent->queue = routing->interactions[interaction].queue;
    td_routing_use_queue(routing, agent->queue);
    td_routing_enter_state(routing, slot, TD_ROUTING_OFFERED, "");
    td_routing_emit_agent(routing, agent);
}

void td_routing_agent_accepted(struct td_routing *routing, uint32_t slot)
{
    struct agent *agent = &routing->agents[slot];

    agent->no_answers = 0;
    agent->device_failures = 0;
    td_routing_enter_state(routing, slot, TD_ROUTING_BUSY, "");
    td_routing_emit_agent(routing, agent);
}

void td_routing_agent_released(struct td_routing *routing, uint32_t slot)
{
    wrap_up_or_settle(routing, slot);
}

static void after_decline(struct td_routing *routing, uint32_t slot)
{
    struct agent *agent = &routing->agents[slot];

    agent->no_answers = 0;
    agent->device_failures = 0;
    switch (routing->queues[agent->queue].after_decline) {
    case TD_ROUTING_DECLINE_WRAP_UP:
        wrap_up_or_settle(routing, slot);
        return;
    case TD_ROUTING_DECLINE_NOT_READY:
        settle(routing, slot, TD_ROUTING_NOT_READY, "declined");
        return;
    default:
        settle(routing, slot, TD_ROUTING_READY, "");
        return;
    }
}

/* One more in a row of what must not happen too often. */
static void after_miss(struct td_routing *routing, uint32_t slot, uint32_t *misses, uint32_t limit,
                       const char *reason)
{
    if (++*misses >= limit)
        settle(routing, slot, TD_ROUTING_NOT_READY, reason);
    else
        settle(routing, slot, TD_ROUTING_READY, "");
}

void td_routing_agent_unpaired(struct td_routing *routing, uint32_t slot,
                               enum td_routing_outcome outcome)
{
    struct agent *agent = &routing->agents[slot];
    uint64_t idle_since_unix_us = agent->idle_since_unix_us;

    switch (outcome) {
    case TD_ROUTING_OUTCOME_DECLINED:
        after_decline(routing, slot);
        return;
    case TD_ROUTING_OUTCOME_NO_ANSWER:
        after_miss(routing, slot, &agent->no_answers, routing->settings.no_answer_limit,
                   "no_answer");
        return;
    case TD_ROUTING_OUTCOME_FAILED:
        after_miss(routing, slot, &agent->device_failures, routing->settings.device_failure_limit,
                   "device_failure");
        return;
    default:
        // It was not this agent's doing: the place in the line is kept.
        settle(routing, slot, TD_ROUTING_READY, "");
        if (agent->state == TD_ROUTING_READY)
            agent->idle_since_unix_us = idle_since_unix_us;
        return;
    }
}

/* --- what the agent wants --- */

static void change_while_free(struct td_routing *routing, uint32_t slot,
                              enum td_routing_agent_state state, const char *reason)
{
    struct agent *agent = &routing->agents[slot];

    if (state == TD_ROUTING_READY) {
        agent->no_answers = 0;
        agent->device_failures = 0;
    }
    td_routing_enter_state(routing, slot, state, reason);
    td_routing_emit_agent(routing, agent);
}

/* True when that is so, or is asked for, already. */
static bool is_repeated(const struct agent *agent, enum td_routing_agent_state state,
                        const char *reason)
{
    switch (agent->state) {
    case TD_ROUTING_BUSY:
        return agent->next == state && td_str_equal(agent->next_reason, reason);
    case TD_ROUTING_OFFERED:
        return state == TD_ROUTING_READY;
    default:
        return agent->state == state && td_str_equal(agent->reason, reason);
    }
}

static void change(struct td_routing *routing, uint32_t slot, enum td_routing_agent_state state,
                   const char *reason)
{
    struct agent *agent = &routing->agents[slot];

    switch (agent->state) {
    case TD_ROUTING_BUSY:
        set_next(agent, state, reason);
        td_routing_emit_agent(routing, agent);
        return;
    case TD_ROUTING_OFFERED:
        set_next(agent, state, reason);
        td_routing_end_offer(routing, agent->interaction, TD_ROUTING_OUTCOME_CANCELLED, true);
        return;
    case TD_ROUTING_WRAP_UP:
        set_next(agent, state, reason);
        settle(routing, slot, TD_ROUTING_READY, "");
        return;
    default:
        change_while_free(routing, slot, state, reason);
        return;
    }
}

static void ask_for(struct td_routing *routing, uint32_t slot, enum td_routing_agent_state state,
                    const struct td_routing_event *event)
{
    char reason[TD_ROUTING_NAME_SIZE] = "";

    if (state == TD_ROUTING_NOT_READY && event->reason != NULL)
        td_str_clip(reason, sizeof(reason), event->reason);
    if (is_repeated(&routing->agents[slot], state, reason))
        td_routing_ignore(routing, event);
    else
        change(routing, slot, state, reason);
}

void td_routing_agent_event(struct td_routing *routing, const struct td_routing_event *event)
{
    uint32_t slot = event->agent == NULL ? NONE : td_routing_find_agent(routing, event->agent);

    // A removed agent only finishes what it has.
    if (slot == NONE || routing->agents[slot].removed) {
        td_routing_ignore(routing, event);
        return;
    }
    switch (event->type) {
    case TD_ROUTING_AGENT_READY:
        ask_for(routing, slot, TD_ROUTING_READY, event);
        return;
    case TD_ROUTING_AGENT_NOT_READY:
        ask_for(routing, slot, TD_ROUTING_NOT_READY, event);
        return;
    case TD_ROUTING_AGENT_LOGGED_OUT:
        ask_for(routing, slot, TD_ROUTING_LOGGED_OUT, event);
        return;
    default:
        if (routing->agents[slot].state == TD_ROUTING_WRAP_UP)
            settle(routing, slot, TD_ROUTING_READY, "");
        else
            td_routing_ignore(routing, event);
        return;
    }
}

void td_routing_agent_timer(struct td_routing *routing, uint32_t slot)
{
    struct agent *agent = &routing->agents[slot];

    if (!agent->untold) {
        // Wrap-up is over; or, after an import, what the agent had is not there any more.
        settle(routing, slot, TD_ROUTING_READY, "");
        return;
    }
    agent->untold = false;
    td_routing_set_agent_timer(routing, slot,
                               agent->state == TD_ROUTING_WRAP_UP ? agent->until_unix_us : NEVER);
    td_routing_emit_agent(routing, agent);
}
