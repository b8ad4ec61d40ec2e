#include "router/core/flow_private.h"

#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))

/* --- what the pairing engine says of agents --- */

/* The interaction whose wrap-up ends with this change; NULL when there is none. */
static struct flow_interaction *wrapped_up(struct flow *flow, const struct flow_agent *agent,
                                           const struct td_routing_effect *effect)
{
    if (agent->record.state != TD_AGENT_STATE_WRAP_UP ||
        (effect->agent_state == TD_ROUTING_WRAP_UP &&
         td_id_equal(effect->interaction.id, agent->record.interaction_id.id)))
        return NULL;

    struct flow_interaction *interaction = flow_find(flow, agent->record.interaction_id);
    // Whoever had given the customer away wraps up alone: it is not that one's to close.
    return interaction != NULL && interaction->state.phase == TD_INTERACTION_PHASE_WRAP_UP &&
                   td_str_equal(interaction->state.agent, agent->record.agent)
               ? interaction
               : NULL;
}

void flow_agent_changed(struct flow *flow, const struct td_routing_effect *effect)
{
    struct flow_agent *agent = flow_agent_find(flow, effect->agent);
    if (agent == NULL)
        return;

    struct td_agent_record *record = &agent->record;
    struct flow_interaction *done = wrapped_up(flow, agent, effect);
    struct td_agent_record event = *record;

    event.previous_state = record->state;
    event.previous_since_unix_us = record->since_unix_us;
    event.previous_interaction_id = record->interaction_id;
    TEXT(event.previous_reason, record->reason);
    TEXT(event.previous_queue, record->queue);
    event.previous_duration_ms = flow_ms(record->since_unix_us, effect->since_unix_us);
    event.state = flow_agent_state(effect->agent_state);
    event.since_unix_us = effect->since_unix_us;
    event.interaction_id = effect->interaction;
    event.wrap_up_until_unix_us = effect->until_unix_us;
    // At the end of the work the engine still names its queue; the agent has none any more.
    TEXT(event.queue, td_id_is_nil(effect->interaction.id) ? "" : effect->queue);
    TEXT(event.reason,
         done != NULL && effect->reason[0] == '\0' ? done->state.disposition : effect->reason);
    if (record->since_unix_us == 0)
        event.previous_duration_ms = 0; // Nobody knew this agent before.
    flow_put_agent_event(flow, agent, &event);

    record->state = event.state;
    record->since_unix_us = event.since_unix_us;
    record->interaction_id = event.interaction_id;
    TEXT(record->queue, event.queue);
    TEXT(record->reason, effect->reason);
    flow_touch_agent(flow, agent);
    if (done != NULL)
        flow_close(flow, done);
}

/* --- what agents say --- */

static bool reply(struct td_agent_command_reply *answer, bool accepted, const char *message)
{
    answer->accepted = accepted;
    TEXT(answer->message, message);
    return accepted;
}

static bool is_with_customer(const struct flow_agent *agent)
{
    return agent->record.state == TD_AGENT_STATE_BUSY ||
           td_str_equal(agent->record.reason, REASON_WITH_CUSTOMER);
}

static void say(struct flow *flow, struct flow_agent *agent, enum td_routing_event_type type,
                const char *reason)
{
    struct td_routing_event event = {.type = type, .agent = agent->record.agent, .reason = reason};

    agent->record.suspended = false; // From now on it is as the agent says.
    flow_touch_agent(flow, agent);
    flow_pair(flow, &event);
}

static void log_in(struct flow *flow, struct flow_agent *agent,
                   struct td_agent_command_reply *answer)
{
    if (agent->record.state == TD_AGENT_STATE_LOGGED_OUT)
        say(flow, agent, TD_ROUTING_AGENT_NOT_READY, "logged_in");
    (void)reply(answer, true, "");
}

static void log_out(struct flow *flow, struct flow_agent *agent,
                    struct td_agent_command_reply *answer)
{
    bool later = is_with_customer(agent);

    say(flow, agent, TD_ROUTING_AGENT_LOGGED_OUT, NULL);
    (void)reply(answer, true, later ? "logged out when this interaction has ended" : "");
}

static void ready(struct flow *flow, struct flow_agent *agent,
                  struct td_agent_command_reply *answer)
{
    const struct td_agent_record *record = &agent->record;
    bool later = is_with_customer(agent);

    if (!record->device_registered) {
        (void)reply(answer, false, "the phone is not registered");
        return;
    }
    if (!flow_instance_is_alive(flow, "edge", record->device_instance)) {
        (void)reply(answer, false, "the service that holds the phone is away");
        return;
    }
    if (record->state != TD_AGENT_STATE_READY && record->state != TD_AGENT_STATE_OFFERED)
        say(flow, agent, TD_ROUTING_AGENT_READY, NULL);
    (void)reply(answer, true, later ? "ready when this interaction has ended" : "");
}

static void not_ready(struct flow *flow, struct flow_agent *agent, const char *reason,
                      struct td_agent_command_reply *answer)
{
    bool later = is_with_customer(agent);

    say(flow, agent, TD_ROUTING_AGENT_NOT_READY, reason);
    (void)reply(answer, true, later ? "not ready when this interaction has ended" : "");
}

static void dispose(struct flow *flow, struct flow_agent *agent, const char *disposition,
                    struct td_agent_command_reply *answer)
{
    struct flow_interaction *interaction = flow_find(flow, agent->record.interaction_id);
    bool wrap_up = agent->record.state == TD_AGENT_STATE_WRAP_UP;

    if (interaction == NULL || (!wrap_up && agent->record.state != TD_AGENT_STATE_BUSY)) {
        (void)reply(answer, false, "there is no interaction to wrap up");
        return;
    }
    if (disposition[0] == '\0') {
        (void)reply(answer, false, "argument: a disposition is needed");
        return;
    }
    if (td_str_equal(interaction->state.agent, agent->record.agent)) {
        TEXT(interaction->state.disposition, disposition);
        flow_touch(flow, interaction);
    }
    if (wrap_up) {
        struct td_routing_event event = {.type = TD_ROUTING_AGENT_WRAPPED_UP,
                                         .agent = agent->record.agent};
        flow_pair(flow, &event);
    }
    (void)reply(answer, true, wrap_up ? "" : "there will be no wrap-up");
}

static void command(struct flow *flow, struct flow_agent *agent,
                    const struct td_agent_command *said, struct td_agent_command_reply *answer)
{
    switch (said->action) {
    case TD_FEATURE_ACTION_LOG_IN:
        log_in(flow, agent, answer);
        return;
    case TD_FEATURE_ACTION_LOG_OUT:
        log_out(flow, agent, answer);
        return;
    case TD_FEATURE_ACTION_READY:
        ready(flow, agent, answer);
        return;
    case TD_FEATURE_ACTION_NOT_READY:
        not_ready(flow, agent, said->argument, answer);
        return;
    case TD_FEATURE_ACTION_DISPOSITION:
        dispose(flow, agent, said->argument, answer);
        return;
    default:
        (void)reply(answer, false, "action: not known to this release");
        return;
    }
}

void flow_agent_command(struct flow *flow, const struct td_agent_command *said,
                        struct td_id request)
{
    struct flow_agent *agent = flow_agent_find(flow, said->agent);
    struct td_agent_command_reply *answer = &flow->effects->agent;

    if (agent == NULL || !agent->configured) {
        (void)reply(answer, false, "agent: there is none of that name");
        return;
    }
    if (!td_id_is_nil(request) && td_id_equal(request, agent->last_request)) {
        *answer = agent->last_reply;
        return;
    }
    command(flow, agent, said, answer);
    answer->state = agent->record.state;
    agent->last_request = request;
    agent->last_reply = *answer;
}

/* --- devices --- */

/* Ready now, or will be when free. */
static bool wants_ready(const struct td_agent_record *record)
{
    switch (record->state) {
    case TD_AGENT_STATE_READY:
    case TD_AGENT_STATE_OFFERED:
        return true;
    case TD_AGENT_STATE_BUSY:
    case TD_AGENT_STATE_WRAP_UP:
        return record->next_state == TD_AGENT_STATE_READY;
    default:
        return false;
    }
}

/* Wrap-up goes on without a device, and so does a talk, as long as the channel says so. */
static void set_not_ready(struct flow *flow, struct flow_agent *agent, const char *reason)
{
    struct td_routing_event event = {
        .type = TD_ROUTING_AGENT_NOT_READY, .agent = agent->record.agent, .reason = reason};

    flow_touch_agent(flow, agent);
    flow_pair(flow, &event);
}

void flow_suspend(struct flow *flow, struct flow_agent *agent, const char *reason)
{
    if (!wants_ready(&agent->record))
        return;
    agent->record.suspended = true;
    set_not_ready(flow, agent, reason);
}

void flow_resume(struct flow *flow, struct flow_agent *agent, const char *reason)
{
    struct td_routing_event event = {.type = TD_ROUTING_AGENT_READY, .agent = agent->record.agent};

    if (!agent->record.suspended || (!td_str_equal(agent->record.reason, reason) &&
                                     !td_str_equal(agent->record.next_reason, reason)))
        return;
    agent->record.suspended = false;
    flow_touch_agent(flow, agent);
    flow_pair(flow, &event);
}

void flow_device_changed(struct flow *flow, const struct td_device_changed *changed)
{
    struct flow_agent *agent = flow_agent_find(flow, changed->agent);
    if (agent == NULL)
        return;

    struct td_agent_record *record = &agent->record;
    bool other = !td_str_equal(record->device_instance, changed->instance);

    if (!changed->registered && (other || !record->device_registered))
        return; // It has moved to another instance meanwhile, or is gone already.
    flow_touch_agent(flow, agent);
    record->device_registered = changed->registered;
    TEXT(record->device_instance, changed->instance);
    if (changed->registered) {
        if (flow_instance_is_alive(flow, "edge", changed->instance))
            flow_resume(flow, agent, REASON_SUSPENDED);
        return;
    }
    if (wants_ready(record))
        set_not_ready(flow, agent, REASON_DEVICE_GONE);
    record->suspended = false;
}
