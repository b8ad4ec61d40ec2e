#include "router/core/flow_private.h"

#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))

/* --- dialogs --- */

/* Instances take turns: their loads are alike, and a turn needs no news of them. */
static const char *next_ivr(struct flow *flow)
{
    for (uint32_t i = 0; i < flow->instance_count; i++) {
        struct flow_instance *instance =
            &flow->instances[(flow->ivr_turn + i) % flow->instance_count];

        if (instance->alive && td_str_equal(instance->service, "ivr")) {
            flow->ivr_turn = (uint32_t)(instance - flow->instances) + 1;
            return instance->name;
        }
    }
    return NULL;
}

bool flow_start_dialog(struct flow *flow, struct flow_interaction *interaction,
                       const char *document, enum td_dialog_purpose purpose)
{
    struct td_interaction_state *state = &interaction->state;
    const char *ivr = state->has_leg ? next_ivr(flow) : NULL;
    if (ivr == NULL)
        return false;

    state->dialog_id = (struct td_dialog_id){flow_new_id(flow)};
    TEXT(state->dialog_instance, ivr);
    state->dialog_purpose = purpose;
    interaction->dialog_unsynced = false;
    interaction->told_position = 0;
    flow_put_dialog_start(flow, interaction, document);
    return true;
}

static void forget_dialog(struct flow_interaction *interaction)
{
    interaction->state.dialog_id = (struct td_dialog_id){0};
    interaction->state.dialog_instance[0] = '\0';
    interaction->dialog_unsynced = false;
}

void flow_stop_dialog(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;
    if (td_id_is_nil(state->dialog_id.id))
        return;

    flow_touch(flow, interaction);
    flow_put_dialog_stop(flow, state->interaction_id, ++state->version, state->dialog_instance,
                         state->dialog_id);
    forget_dialog(interaction);
}

static void go_on_without(struct flow *flow, struct flow_interaction *interaction)
{
    if (flow_is_diverted(&interaction->state))
        flow_diverted_failed(flow, interaction);
    else
        flow_enter_queue(flow, interaction);
}

void flow_dialog_failed(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;

    flow_stop_dialog(flow, interaction); // It may have begun all the same.
    if (state->phase == TD_INTERACTION_PHASE_DIALOG)
        go_on_without(flow, interaction);
    else if (state->dialog_purpose == TD_DIALOG_PURPOSE_NOTICE)
        flow_end_notice(flow, interaction, false);
}

bool flow_resume_dialog(struct flow *flow, struct flow_interaction *interaction)
{
    const struct td_interaction_state *state = &interaction->state;
    const struct td_entry_point *entry = flow_entry_point(flow, state->entry_point);

    if (flow_is_diverted(state))
        interaction->wants_dialog = !flow_start_dialog(
            flow, interaction, flow_diversion_document(flow, state), state->dialog_purpose);
    else
        interaction->wants_dialog =
            entry == NULL ||
            !flow_start_dialog(flow, interaction, entry->dialog, TD_DIALOG_PURPOSE_ENTRY);
    return !interaction->wants_dialog;
}

void flow_restart_dialog(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;

    flow_touch(flow, interaction);
    flow_stop_dialog(flow, interaction); // Whoever comes back in its place must not begin it.
    if (state->customer_left) {
        flow_diverted_failed(flow, interaction); // Nobody is left to begin it again for.
        return;
    }
    if (state->phase == TD_INTERACTION_PHASE_QUEUED &&
        state->dialog_purpose == TD_DIALOG_PURPOSE_NOTICE) {
        state->dialog_restarts++;
        if (state->dialog_restarts <= RESTARTS_MAX)
            flow_give_notice(flow, interaction);
        else
            flow_end_notice(flow, interaction, false);
        return;
    }
    if (state->phase != TD_INTERACTION_PHASE_DIALOG) {
        state->waited = state->dialog_restarts >= RESTARTS_MAX; // flow_treat begins another one.
        state->dialog_restarts++;
        return;
    }

    // A document that kills its ivr must not kill one after the other.
    if (state->dialog_restarts++ < RESTARTS_MAX &&
        (flow_resume_dialog(flow, interaction) || flow_is_grace(flow, "ivr")))
        return;
    interaction->wants_dialog = false;
    go_on_without(flow, interaction);
}

void flow_give_up_dialog(struct flow *flow, struct flow_interaction *interaction)
{
    interaction->wants_dialog = false;
    go_on_without(flow, interaction);
}

static void transfer(struct flow *flow, struct flow_interaction *interaction,
                     const struct td_dialog_ended *ended)
{
    struct td_interaction_state *state = &interaction->state;

    if (ended->queue[0] != '\0' && flow_queue(flow, ended->queue) != NULL)
        TEXT(state->queue, ended->queue);
    if (ended->language[0] != '\0')
        TEXT(state->language, ended->language);
    TEXT(state->requirement, ended->requirement);
    flow_merge(state, ended->attributes, ended->attributes_count);
    flow_enter_queue(flow, interaction);
}

static void entry_dialog_ended(struct flow *flow, struct flow_interaction *interaction,
                               const struct td_dialog_ended *ended)
{
    struct flow_end end = {.by = "system",
                           .reason = ended->reason,
                           .release = true,
                           .at_unix_us = flow->now,
                           .release_reason = TD_RELEASE_REASON_NORMAL};

    forget_dialog(interaction);
    switch (ended->result) {
    case TD_DIALOG_RESULT_TRANSFER:
        transfer(flow, interaction, ended);
        return;
    case TD_DIALOG_RESULT_DONE:
        interaction->voice_mail_ms = ended->recorded_ms;
        end.outcome = ended->recorded_ms > 0 ? TD_OUTCOME_VOICE_MAIL : TD_OUTCOME_SELF_SERVED;
        flow_end(flow, interaction, &end);
        return;
    case TD_DIALOG_RESULT_HANG_UP: // The channel will say so too, or has to be told.
        interaction->voice_mail_ms = ended->recorded_ms;
        end.outcome = ended->recorded_ms > 0 ? TD_OUTCOME_VOICE_MAIL : TD_OUTCOME_LEFT_DIALOG;
        end.by = "customer";
        flow_end(flow, interaction, &end);
        return;
    default:
        flow_enter_queue(flow, interaction);
        return;
    }
}

void flow_dialog_ended(struct flow *flow, const struct td_dialog_ended *ended)
{
    struct flow_interaction *interaction = flow_find(flow, ended->interaction_id);

    if (interaction == NULL || !td_id_equal(interaction->state.dialog_id.id, ended->dialog_id.id))
        return; // Stopped or replaced meanwhile.
    flow_touch(flow, interaction);
    if (interaction->state.phase == TD_INTERACTION_PHASE_DIALOG &&
        !flow_is_diverted(&interaction->state)) {
        entry_dialog_ended(flow, interaction, ended);
        return;
    }
    forget_dialog(interaction);
    if (flow_is_diverted(&interaction->state))
        flow_diverted_ended(flow, interaction, ended);
    else if (interaction->state.dialog_purpose == TD_DIALOG_PURPOSE_NOTICE)
        flow_end_notice(flow, interaction, ended->result == TD_DIALOG_RESULT_DONE);
    // Otherwise a wait dialog has said what it had to say.
}

/* --- into the queue --- */

static void prefer(const struct flow_interaction *interaction, uint32_t tier_s,
                   struct td_routing_arrival *arrival)
{
    const struct td_attribute *agent = flow_attribute(interaction, "routing.agent");
    const struct td_attribute *insist = flow_attribute(interaction, "routing.insist_s");
    const struct td_attribute *value = flow_attribute(interaction, "routing.value");

    if (agent != NULL && agent->type == TD_ATTRIBUTE_TYPE_TEXT && agent->text[0] != '\0')
        arrival->preferred_agent = agent->text;
    if (insist != NULL && insist->number > 0)
        arrival->preferred_ms = insist->number < TD_ROUTING_DURATION_MAX_MS / 1000
                                    ? (uint32_t)(insist->number * 1000)
                                    : TD_ROUTING_DURATION_MAX_MS;
    if (value != NULL && value->number > -TD_ROUTING_POINTS_MAX &&
        value->number < TD_ROUTING_POINTS_MAX)
        arrival->value = (int32_t)value->number;
    arrival->value += tier_s < TD_ROUTING_POINTS_MAX ? (int32_t)tier_s : TD_ROUTING_POINTS_MAX;
}

static void pair_arrival(struct flow *flow, struct flow_interaction *interaction, bool keeps_place)
{
    const struct td_queue *queue = flow_queue(flow, interaction->state.queue);
    struct td_routing_requirement requirement;
    struct td_routing_arrival arrival = {
        .queue = interaction->state.queue,
        .enqueued_at_unix_us = keeps_place ? interaction->state.queued_at_unix_us : 0,
        .held = interaction->held,
        .turned_away =
            queue != NULL && queue->has_when_closed && !flow_is_open(flow, queue->timetable),
    };
    struct td_routing_event event = {.type = TD_ROUTING_ARRIVED,
                                     .interaction = interaction->state.interaction_id,
                                     .arrival = &arrival};

    if (interaction->state.requirement[0] != '\0') {
        flow_require(flow, interaction, &requirement);
        arrival.requirement = &requirement;
    }
    flow_refer(flow, interaction);
    arrival.references =
        (struct td_expr_references){flow->references.items, flow->references.count};
    prefer(interaction, flow_tier_s(flow, &interaction->state), &arrival);
    flow->door_closed = arrival.turned_away;

    flow->entering = interaction;
    flow->entered = false;
    flow->refused = false;
    flow_pair(flow, &event);
    if (flow->refused && flow->refusal == TD_ROUTING_REFUSED_REQUIREMENT &&
        arrival.requirement != NULL) {
        arrival.requirement = NULL; // What the dialog asks for makes no sense: the queue's own.
        flow->refused = false;
        flow_pair(flow, &event);
    }
    flow->entering = NULL;
}

static void enter_queue(struct flow *flow, struct flow_interaction *interaction, bool keeps_place)
{
    struct td_interaction_state *state = &interaction->state;
    const struct td_entry_point *entry = flow_entry_point(flow, state->entry_point);
    struct td_interaction_id id = state->interaction_id;

    if (state->queue[0] == '\0' && entry != NULL)
        TEXT(state->queue, entry->queue);
    flow_touch(flow, interaction);
    state->phase = TD_INTERACTION_PHASE_QUEUED;
    if (!keeps_place)
        state->queued_at_unix_us = flow->now;
    state->entered_at_unix_us = flow->now;
    state->dialog_purpose = TD_DIALOG_PURPOSE_UNSPECIFIED;
    interaction->held = flow_wants_notice(flow, interaction);
    pair_arrival(flow, interaction, keeps_place);
    if (!flow->refused) {
        if (!interaction->diverting)
            flow_leave_if_unstaffed(flow, interaction);
        if (!interaction->diverting && interaction->held)
            flow_give_notice(flow, interaction);
        return;
    }
    if (flow_find(flow, id) == NULL)
        return;

    static const char *const reasons[] = {
        [TD_ROUTING_REFUSED_QUEUE] = "there is no such queue",
        [TD_ROUTING_REFUSED_REQUIREMENT] = "the queue's requirement cannot be read",
        [TD_ROUTING_REFUSED_LIMIT] = "the router is full",
    };
    state->queued_at_unix_us = 0;
    flow_end(flow, interaction,
             &(struct flow_end){.outcome = TD_OUTCOME_FAILED,
                                .by = "system",
                                .reason = reasons[flow->refusal],
                                .at_unix_us = flow->now,
                                .release = true,
                                .release_reason = TD_RELEASE_REASON_FAILED});
}

void flow_enter_queue(struct flow *flow, struct flow_interaction *interaction)
{
    enter_queue(flow, interaction, false);
}

void flow_move_queue(struct flow *flow, struct flow_interaction *interaction)
{
    enter_queue(flow, interaction, true);
}

/* --- arrival --- */

static void refuse(struct flow *flow, const char *reason)
{
    struct td_interaction_arrived_reply *reply = &flow->effects->arrived;

    memset(reply, 0, sizeof(*reply));
    reply->result = TD_ARRIVED_RESULT_REFUSED;
    reply->retry_after_s = flow->settings.retry_after_s;
    reply->epoch = flow->settings.epoch;
    TEXT(reply->reason, reason);
}

static void turn_away(struct flow *flow)
{
    const struct flow_turned_away *how = &flow->turned_away;

    refuse(flow, how->reason);
    flow->effects->arrived.turn_away = how->how;
    if (how->retry_after_s > 0)
        flow->effects->arrived.retry_after_s = how->retry_after_s;
}

static void accept(struct flow *flow, const struct flow_interaction *interaction)
{
    flow->effects->arrived = (struct td_interaction_arrived_reply){
        .result = TD_ARRIVED_RESULT_ACCEPTED,
        .answer_now = interaction->state.answered,
        .version = interaction->state.version,
        .epoch = flow->settings.epoch,
    };
}

void flow_fill(struct flow *flow, struct flow_interaction *interaction,
               const struct td_interaction_arrived *arrived, const struct td_entry_point *entry)
{
    struct td_interaction_state *state = &interaction->state;

    state->phase = TD_INTERACTION_PHASE_ARRIVED;
    state->channel = arrived->channel;
    TEXT(state->channel_instance, arrived->channel_instance);
    state->leg = arrived->leg;
    state->has_leg = arrived->has_leg;
    if (!flow_is_outbound(state))
        TEXT(state->entry_point, arrived->entry_point);
    TEXT(state->queue, entry != NULL ? entry->queue : "");
    TEXT(state->caller, arrived->caller);
    TEXT(state->called, arrived->called);
    state->identified = arrived->identified;
    state->customer = arrived->customer;
    state->has_customer = arrived->has_customer;
    state->arrived_at_unix_us =
        arrived->arrived_at_unix_us > 0 && arrived->arrived_at_unix_us < flow->now
            ? arrived->arrived_at_unix_us
            : flow->now;
    state->answer =
        flow_is_outbound(state) || (entry != NULL && entry->answer == TD_ANSWER_MODE_AT_AGENT)
            ? TD_ANSWER_MODE_AT_AGENT
            : TD_ANSWER_MODE_AT_DIALOG;
    state->answered = state->answer == TD_ANSWER_MODE_AT_DIALOG;
    TEXT(state->language, entry != NULL ? entry->language : "");
    if (state->has_customer && state->customer.language[0] != '\0')
        TEXT(state->language, state->customer.language);
    if (entry != NULL)
        flow_merge(state, entry->attributes, entry->attributes_count);

    struct td_interaction_event *event = flow_put_event(flow, interaction, "interaction.arrived");
    TEXT(event->caller, state->caller);
    TEXT(event->called, state->called);
    event->customer = state->customer;
    event->has_customer = state->has_customer;
    event->identified = state->identified;
}

void flow_begin(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;
    const struct td_entry_point *entry = flow_entry_point(flow, state->entry_point);

    if (flow_entry_is_closed(flow, interaction))
        return;
    if (entry == NULL || entry->dialog[0] == '\0' ||
        !flow_start_dialog(flow, interaction, entry->dialog, TD_DIALOG_PURPOSE_ENTRY)) {
        flow_enter_queue(flow, interaction);
        return;
    }
    state->phase = TD_INTERACTION_PHASE_DIALOG;
    state->dialog_at_unix_us = flow->now;
    struct td_interaction_event *event = flow_put_event(flow, interaction, "interaction.dialog");
    TEXT(event->document, entry->dialog);
}

void flow_arrive(struct flow *flow, const struct td_interaction_arrived *arrived)
{
    const struct td_entry_point *entry = flow_entry_point(flow, arrived->entry_point);
    struct flow_interaction *interaction = flow_find(flow, arrived->interaction_id);

    if (interaction != NULL) { // Said again: its answer was lost.
        accept(flow, interaction);
        return;
    }
    if (flow_was_closed(flow, arrived->interaction_id)) {
        refuse(flow, "interaction_id: that interaction is over");
        return;
    }
    if (arrived->direction == TD_DIRECTION_OUTBOUND) {
        flow_call_out(flow, arrived);
        return;
    }
    if (entry == NULL) {
        refuse(flow, "entry_point: there is none of that name");
        return;
    }
    interaction = flow_add(flow, arrived->interaction_id);
    if (interaction == NULL) {
        refuse(flow, "the router is full");
        return;
    }

    flow_fill(flow, interaction, arrived, entry);
    flow->turned_away = (struct flow_turned_away){.reason = "the queue is full"};
    flow->arriving = interaction;
    flow_begin(flow, interaction);
    flow_divert_due(flow);
    flow->arriving = NULL;
    interaction = flow_find(flow, arrived->interaction_id);
    if (interaction != NULL)
        accept(flow, interaction);
    else
        turn_away(flow);
}
