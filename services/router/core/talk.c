#include "router/core/flow_private.h"

#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))

/* What a channel says happened at `at`: not before `from`, not after now. 0: it did not say. */
static uint64_t moment(const struct flow *flow, uint64_t at_unix_us, uint64_t from_unix_us)
{
    if (at_unix_us == 0 || at_unix_us > flow->now)
        return flow->now;
    return at_unix_us < from_unix_us ? from_unix_us : at_unix_us;
}

/* --- connected --- */

void flow_connect(struct flow *flow, struct flow_interaction *interaction, uint64_t at_unix_us)
{
    struct td_interaction_state *state = &interaction->state;

    state->connected_at_unix_us = moment(flow, at_unix_us, state->accepted_at_unix_us);
    state->answered = true;
    flow_touch(flow, interaction);
    if (flow_is_dialled(state))
        flow_dial_connected(flow, interaction);
    else
        flow_pair_interaction(flow, TD_ROUTING_CONNECTED, interaction, NULL);
}

void flow_connected(struct flow *flow, const struct td_interaction_connected *connected)
{
    struct flow_interaction *interaction = flow_find(flow, connected->head.interaction_id);

    if (interaction != NULL && interaction->state.phase == TD_INTERACTION_PHASE_ACCEPTED)
        flow_connect(flow, interaction, connected->head.at_unix_us);
}

/* --- closed --- */

static bool is_waiting(const struct flow_interaction *interaction)
{
    return interaction->state.phase == TD_INTERACTION_PHASE_QUEUED ||
           interaction->state.phase == TD_INTERACTION_PHASE_OFFERED ||
           interaction->state.phase == TD_INTERACTION_PHASE_ACCEPTED;
}

static uint64_t left_queue_at(const struct td_interaction_state *state)
{
    if (state->queued_at_unix_us == 0 && state->first_connected_at_unix_us > 0)
        return state->first_connected_at_unix_us; // Given away since, past every queue.
    if (state->connected_at_unix_us > 0)
        return state->connected_at_unix_us;
    return state->left_queue_at_unix_us > 0 ? state->left_queue_at_unix_us
                                            : state->ended_at_unix_us;
}

static void summarise_times(const struct flow *flow, const struct td_interaction_state *state,
                            struct td_interaction_summary *summary)
{
    uint64_t left_dialog =
        state->queued_at_unix_us > 0 ? state->queued_at_unix_us : state->ended_at_unix_us;
    uint64_t left_queue = left_queue_at(state);

    summary->arrived_at_unix_us = state->arrived_at_unix_us;
    summary->queued_at_unix_us = state->queued_at_unix_us;
    summary->answered_at_unix_us = state->connected_at_unix_us;
    summary->ended_at_unix_us = state->ended_at_unix_us;
    summary->closed_at_unix_us = flow->now;
    if (state->dialog_at_unix_us > 0)
        summary->dialog_ms = flow_ms(state->dialog_at_unix_us, left_dialog);
    if (state->left_queue_at_unix_us > 0) // The message came after.
        summary->dialog_ms += flow_ms(state->left_queue_at_unix_us, state->ended_at_unix_us);
    if (state->queued_at_unix_us > 0)
        summary->wait_ms = flow_ms(state->queued_at_unix_us, left_queue);
    if (state->connected_at_unix_us > 0) {
        summary->talk_ms = flow_ms(state->connected_at_unix_us, state->ended_at_unix_us);
        summary->wrap_up_ms = flow_ms(state->ended_at_unix_us, flow->now);
    }
    summary->wait_ms += state->waited_ms; // Before it was transferred.
    summary->talk_ms += state->talked_ms;
    if (state->first_connected_at_unix_us > 0)
        summary->answered_at_unix_us = state->first_connected_at_unix_us;
}

static void summarise(struct flow *flow, struct flow_interaction *interaction)
{
    const struct td_interaction_state *state = &interaction->state;
    const struct td_queue *queue = flow_queue(flow, state->queue);
    struct td_interaction_summary *summary = flow_put_summary(flow, interaction);
    uint64_t in_queue_ms = flow_ms(flow_entered_at(state), left_queue_at(state));

    summary->interaction_id = state->interaction_id;
    summary->channel = state->channel;
    TEXT(summary->entry_point, state->entry_point);
    if (state->queued_at_unix_us > 0 || state->transfers > 0)
        TEXT(summary->queue, state->queue);
    TEXT(summary->agent, state->agent);
    if (state->has_customer)
        summary->customer_id = state->customer.customer_id;
    TEXT(summary->caller, state->caller);
    TEXT(summary->called, state->called);
    summary->outcome = state->outcome;
    TEXT(summary->ended_by, state->ended_by);
    TEXT(summary->reason, state->reason);
    TEXT(summary->disposition, state->disposition);
    summarise_times(flow, state, summary);
    summary->direction = flow_is_outbound(state) ? TD_DIRECTION_OUTBOUND : TD_DIRECTION_INBOUND;
    summary->transfers = state->transfers;
    TEXT(summary->first_agent, state->first_agent[0] != '\0' ? state->first_agent : state->agent);
    if (summary->agent[0] == '\0')
        TEXT(summary->agent,
             state->first_agent); // Nobody after that one: left to a number outside.
    summary->holds = state->holds;
    summary->hold_ms = state->hold_ms;
    summary->offers = state->offers;
    summary->declined = state->declined;
    summary->no_answer = state->no_answer;
    summary->device_failures = state->device_failures;
    summary->decision = state->decision;
    summary->has_decision = state->has_decision;
    summary->within_threshold = state->connected_at_unix_us > 0 && queue != NULL &&
                                in_queue_ms <= td_pairing_ms(queue->threshold_s);
    summary->short_abandoned = state->outcome == TD_OUTCOME_ABANDONED && queue != NULL &&
                               in_queue_ms <= flow_short_abandon_ms(queue);
    summary->cause = state->cause;
    summary->action = state->action;
    summary->overflows = state->overflows;
    summary->voice_mail_ms = interaction->voice_mail_ms;
}

void flow_close(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_id id = interaction->state.interaction_id;
    struct flow_effect *effect;

    interaction->state.phase = TD_INTERACTION_PHASE_CLOSED;
    summarise(flow, interaction);
    effect = flow_put(flow, FLOW_DELETE_INTERACTION);
    effect->interaction_id = id;
    interaction->touched = false;
    flow_remember_closed(flow, id);
    flow_remove(flow, interaction);
}

/* --- the customer's contact is over --- */

static void leave_engine(struct flow *flow, struct flow_interaction *interaction,
                         enum td_outcome outcome)
{
    flow->leaving = interaction;
    flow_pair_interaction(
        flow, outcome == TD_OUTCOME_ABANDONED ? TD_ROUTING_ABANDONED : TD_ROUTING_WITHDRAWN,
        interaction, NULL);
    flow->leaving = NULL;
}

/* The agent is in wrap-up now, unless there is none or its disposition is known already. */
static void begin_wrap_up(struct flow *flow, struct td_interaction_id id, const char *name)
{
    struct flow_interaction *interaction = flow_find(flow, id);
    struct flow_agent *agent = flow_agent_find(flow, name);

    if (interaction == NULL)
        return;
    if (agent != NULL && agent->record.state == TD_AGENT_STATE_WRAP_UP &&
        td_id_equal(agent->record.interaction_id.id, id.id)) {
        struct td_routing_event done = {.type = TD_ROUTING_AGENT_WRAPPED_UP,
                                        .agent = agent->record.agent};

        if (interaction->state.disposition[0] != '\0')
            flow_pair(flow, &done);
        return;
    }
    flow_close(flow, interaction);
    if (agent != NULL)
        flow_resume(flow, agent, REASON_WITH_CUSTOMER); // Of a talk that was adopted.
}

static void end_talk(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;
    struct td_interaction_id id = state->interaction_id;
    char agent[sizeof(state->agent)];

    TEXT(agent, state->agent);
    if (state->has_offer && !td_str_equal(state->offer.instance, state->channel_instance))
        flow_put_release_offer(flow, id, ++state->version, state->offer.instance,
                               state->offer.offer_id);
    state->phase = TD_INTERACTION_PHASE_WRAP_UP;
    struct td_interaction_event *event = flow_put_event(flow, interaction, "interaction.ended");
    TEXT(event->reason, state->ended_by);
    event->duration_ms = flow_ms(state->connected_at_unix_us, state->ended_at_unix_us);
    flow_pair_interaction(flow, TD_ROUTING_RELEASED, interaction, NULL);
    begin_wrap_up(flow, id, agent);
}

void flow_end(struct flow *flow, struct flow_interaction *interaction, const struct flow_end *end)
{
    struct td_interaction_state *state = &interaction->state;
    bool talked = state->phase == TD_INTERACTION_PHASE_CONNECTED;
    uint64_t from = talked ? state->connected_at_unix_us : state->arrived_at_unix_us;

    flow_touch(flow, interaction);
    state->ended_at_unix_us = moment(flow, end->at_unix_us, from);
    flow_end_holds(flow, interaction, state->ended_at_unix_us);
    flow_end_transfer(flow, interaction);
    state->outcome = talked && !end->forced ? TD_OUTCOME_ANSWERED : end->outcome;
    if (state->first_connected_at_unix_us > 0 && !end->forced)
        state->outcome = TD_OUTCOME_ANSWERED; // By somebody else, before.
    TEXT(state->ended_by, end->by);
    TEXT(state->reason, end->reason);
    flow_stop_dialog(flow, interaction);
    if (end->release)
        flow_put_release(flow, interaction, end->release_reason);
    if (talked) {
        end_talk(flow, interaction);
        return;
    }
    if (is_waiting(interaction) && !end->left)
        leave_engine(flow, interaction, state->outcome);
    flow_close(flow, interaction);
}

/* What it means that the customer went. */
static enum td_outcome gone_outcome(const struct flow_interaction *interaction)
{
    if (flow_is_outbound(&interaction->state))
        return TD_OUTCOME_NOT_REACHED;
    if (is_waiting(interaction))
        return TD_OUTCOME_ABANDONED;
    if (!flow_is_diverted(&interaction->state))
        return TD_OUTCOME_LEFT_DIALOG;
    return interaction->state.diverted_by[0] == '\0' ? TD_OUTCOME_CLOSED : TD_OUTCOME_OVERFLOWED;
}

void flow_abandoned(struct flow *flow, const struct td_interaction_abandoned *abandoned)
{
    struct flow_interaction *interaction = flow_find(flow, abandoned->head.interaction_id);

    if (interaction == NULL) { // Its arrival may still be on the way.
        if (!flow_was_closed(flow, abandoned->head.interaction_id))
            flow_remember_closed(flow, abandoned->head.interaction_id);
        return;
    }
    if (interaction->state.phase == TD_INTERACTION_PHASE_WRAP_UP ||
        flow_awaits_last_word(
            flow, interaction,
            moment(flow, abandoned->head.at_unix_us, interaction->state.arrived_at_unix_us),
            abandoned->reason))
        return;
    flow_end(flow, interaction,
             &(struct flow_end){.outcome = gone_outcome(interaction),
                                .by = flow_is_outbound(&interaction->state) ? "agent" : "customer",
                                .reason = abandoned->reason,
                                .at_unix_us = abandoned->head.at_unix_us});
}

void flow_ended(struct flow *flow, const struct td_interaction_ended *ended, const char *instance)
{
    struct flow_interaction *interaction = flow_find(flow, ended->head.interaction_id);
    struct flow_end end = {.outcome = TD_OUTCOME_ABANDONED,
                           .by = td_ended_by_name(ended->by),
                           .reason = ended->reason,
                           .at_unix_us = ended->head.at_unix_us,
                           .release_reason = TD_RELEASE_REASON_NORMAL};

    if (interaction == NULL || interaction->state.phase == TD_INTERACTION_PHASE_WRAP_UP)
        return;
    // The agent's side alone says it when it is at another instance: the customer's is still there.
    end.release = !td_str_equal(instance, interaction->state.channel_instance);
    if (end.release && interaction->state.phase == TD_INTERACTION_PHASE_ACCEPTED) {
        flow_fail_offer(flow, interaction, TD_OFFER_FAILURE_UNSPECIFIED);
        return;
    }
    if (end.release && interaction->state.phase != TD_INTERACTION_PHASE_CONNECTED)
        return; // About an offer that is no more.
    if (flow_is_outbound(&interaction->state))
        end.outcome = TD_OUTCOME_NOT_REACHED;
    else if (!is_waiting(interaction))
        end.outcome = TD_OUTCOME_LEFT_DIALOG;
    else if (ended->by != TD_ENDED_BY_CUSTOMER)
        end.outcome = TD_OUTCOME_FAILED;
    flow_end(flow, interaction, &end);
}

void flow_lose(struct flow *flow, struct flow_interaction *interaction, const char *reason)
{
    struct td_interaction_state *state = &interaction->state;

    if (state->phase == TD_INTERACTION_PHASE_WRAP_UP || state->customer_left)
        return; // The customer is gone already.
    if (state->has_leg && flow_instance_is_alive(flow, "media", state->leg.instance))
        flow_put_leg_release(flow, interaction, &state->leg);
    if (state->has_agent_leg && flow_instance_is_alive(flow, "media", state->agent_leg.instance))
        flow_put_leg_release(flow, interaction, &state->agent_leg);
    flow_end(flow, interaction,
             &(struct flow_end){.outcome = TD_OUTCOME_CHANNEL_LOST,
                                .forced = true,
                                .by = "system",
                                .reason = reason,
                                .at_unix_us = flow->now,
                                .release = true,
                                .release_reason = TD_RELEASE_REASON_FAILED});
}
