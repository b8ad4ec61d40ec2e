/*
 * Where an interaction goes that is not served as usual: its entry point or queue is closed, its
 * queue is full, has nobody, or let it wait too long.
 *
 * The pairing engine says that it left its queue while its effects are being read; what follows may
 * ask the engine again, so it is done when they have been read (flow_divert_due). Into another
 * queue it takes the time at which it began to wait. Queues cannot send it in circles: the
 * configuration is refused that could; should one be changed under it, OVERFLOWS_MAX ends that.
 */
#include "router/core/flow_private.h"

#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))

#define OVERFLOWS_MAX 16
/** How long the dialog of a customer who hung up may take to say what it recorded. */
#define LAST_WORD_US (10 * US_PER_S)

static const char *const reasons[] = {
    [TD_OVERFLOW_CAUSE_UNSPECIFIED] = "",
    [TD_OVERFLOW_CAUSE_CLOSED] = "closed",
    [TD_OVERFLOW_CAUSE_FULL] = "the queue is full",
    [TD_OVERFLOW_CAUSE_MAX_WAIT] = "waited as long as the queue allows",
    [TD_OVERFLOW_CAUSE_NO_AGENT] = "nobody is logged in",
};

static const char *reason_of(enum td_overflow_cause cause)
{
    return (size_t)cause < sizeof(reasons) / sizeof(reasons[0]) ? reasons[cause] : "";
}

/* --- what the configuration says --- */

static const struct td_diversion *of_queue(const struct td_queue *queue,
                                           enum td_overflow_cause cause)
{
    switch (cause) {
    case TD_OVERFLOW_CAUSE_CLOSED:
        return queue->has_when_closed ? &queue->when_closed : NULL;
    case TD_OVERFLOW_CAUSE_FULL:
        return queue->has_when_full ? &queue->when_full : NULL;
    case TD_OVERFLOW_CAUSE_MAX_WAIT:
        return queue->has_when_waited ? &queue->when_waited : NULL;
    case TD_OVERFLOW_CAUSE_NO_AGENT:
        return queue->has_when_no_agent ? &queue->when_no_agent : NULL;
    default:
        return NULL;
    }
}

const struct td_diversion *flow_diversion(const struct flow *flow,
                                          const struct td_interaction_state *state)
{
    if (state->diverted_by[0] != '\0') {
        const struct td_queue *queue = flow_queue(flow, state->diverted_by);
        return queue != NULL ? of_queue(queue, state->cause) : NULL;
    }
    const struct td_entry_point *entry = flow_entry_point(flow, state->entry_point);
    return entry != NULL && entry->has_when_closed && state->cause == TD_OVERFLOW_CAUSE_CLOSED
               ? &entry->when_closed
               : NULL;
}

static const char *timetable_of(const struct flow *flow, const struct td_interaction_state *state)
{
    const struct td_queue *queue = flow_queue(flow, state->diverted_by);
    const struct td_entry_point *entry = flow_entry_point(flow, state->entry_point);

    if (state->diverted_by[0] != '\0')
        return queue != NULL ? queue->timetable : "";
    return entry != NULL ? entry->timetable : "";
}

/* --- saying it --- */

static void note(struct flow *flow, struct flow_interaction *interaction,
                 enum td_overflow_cause cause, const char *queue)
{
    struct td_interaction_state *state = &interaction->state;

    state->cause = cause;
    TEXT(state->diverted_by, queue);
    const struct td_diversion *diversion = flow_diversion(flow, state);
    state->action = diversion != NULL ? diversion->action : TD_DIVERSION_ACTION_UNSPECIFIED;
}

static void tell(const struct flow *flow, const struct td_interaction_state *state,
                 struct td_interaction_event *event)
{
    const struct td_diversion *diversion = flow_diversion(flow, state);

    event->cause = state->cause;
    event->action = state->action;
    TEXT(event->reason, reason_of(state->cause));
    if (diversion != NULL)
        TEXT(event->to_queue, diversion->queue);
}

/* --- the end --- */

static enum td_release_reason release_reason(const struct td_interaction_state *state)
{
    if (state->action == TD_DIVERSION_ACTION_UNAVAILABLE)
        return TD_RELEASE_REASON_UNAVAILABLE;
    if (state->action == TD_DIVERSION_ACTION_BUSY ||
        state->action == TD_DIVERSION_ACTION_UNSPECIFIED)
        return TD_RELEASE_REASON_BUSY;
    return state->cause == TD_OVERFLOW_CAUSE_CLOSED ? TD_RELEASE_REASON_UNAVAILABLE
                                                    : TD_RELEASE_REASON_BUSY;
}

/* What its channel tells a caller who was not taken in. */
static void turn_away(struct flow *flow, const struct td_interaction_state *state)
{
    const struct td_diversion *diversion = flow_diversion(flow, state);
    uint32_t opens_s = state->cause == TD_OVERFLOW_CAUSE_CLOSED
                           ? flow_opens_in_s(flow, timetable_of(flow, state))
                           : 0;

    flow->turned_away = (struct flow_turned_away){
        .how = diversion == NULL                                        ? TD_TURN_AWAY_UNSPECIFIED
               : release_reason(state) == TD_RELEASE_REASON_UNAVAILABLE ? TD_TURN_AWAY_UNAVAILABLE
                                                                        : TD_TURN_AWAY_BUSY,
        .retry_after_s =
            diversion != NULL && diversion->retry_after_s > 0 ? diversion->retry_after_s : opens_s,
        .reason = reason_of(state->cause),
    };
}

/* @param by  Who ended it. */
static void end(struct flow *flow, struct flow_interaction *interaction, const char *by,
                bool release)
{
    const struct td_interaction_state *state = &interaction->state;
    struct flow_end over = {
        .outcome = interaction->voice_mail_ms > 0  ? TD_OUTCOME_VOICE_MAIL
                   : state->diverted_by[0] == '\0' ? TD_OUTCOME_CLOSED
                                                   : TD_OUTCOME_OVERFLOWED,
        .by = by,
        .reason = reason_of(state->cause),
        .at_unix_us = state->customer_left ? state->ended_at_unix_us : flow->now,
        .left = true,
        .release = release && !state->customer_left && flow->arriving != interaction,
        .release_reason = release_reason(state),
    };

    if (flow->arriving == interaction)
        turn_away(flow, state);
    flow_end(flow, interaction, &over);
}

/* --- the ways --- */

static void to_queue(struct flow *flow, struct flow_interaction *interaction, const char *queue)
{
    struct td_interaction_state *state = &interaction->state;
    bool from_queue = state->diverted_by[0] != '\0';

    flow_stop_dialog(flow, interaction); // Of the former queue; the new one has its own.
    state->waited = false;
    state->music = false;
    TEXT(state->queue, queue);
    if (from_queue)
        flow_move_queue(flow, interaction);
    else
        flow_enter_queue(flow, interaction);
}

static bool to_dialog(struct flow *flow, struct flow_interaction *interaction,
                      enum td_dialog_purpose purpose)
{
    struct td_interaction_state *state = &interaction->state;

    flow_stop_dialog(flow, interaction);
    state->dialog_restarts = 0;
    state->dialog_purpose = purpose;
    if (!flow_start_dialog(flow, interaction, flow_diversion_document(flow, state), purpose))
        return false;
    state->phase = TD_INTERACTION_PHASE_DIALOG;
    if (state->queued_at_unix_us > 0)
        state->left_queue_at_unix_us = flow->now;
    if (state->dialog_at_unix_us == 0)
        state->dialog_at_unix_us = flow->now;
    TEXT(flow_put_event(flow, interaction, "interaction.dialog")->document,
         flow_diversion_document(flow, state));
    if (purpose == TD_DIALOG_PURPOSE_VOICE_MAIL)
        flow_answer(flow, interaction); // Before that nobody's words would come through.
    return true;
}

static void divert(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;
    const struct td_diversion *diversion = flow_diversion(flow, state);
    enum td_diversion_action action =
        diversion != NULL ? diversion->action : TD_DIVERSION_ACTION_UNSPECIFIED;

    bool goes_on = false;

    if (action == TD_DIVERSION_ACTION_MESSAGE)
        goes_on = to_dialog(flow, interaction, TD_DIALOG_PURPOSE_MESSAGE);
    else if (action == TD_DIVERSION_ACTION_VOICE_MAIL)
        goes_on = to_dialog(flow, interaction, TD_DIALOG_PURPOSE_VOICE_MAIL);
    if (action == TD_DIVERSION_ACTION_QUEUE && state->overflows <= OVERFLOWS_MAX)
        to_queue(flow, interaction, diversion->queue);
    else if (!goes_on)
        end(flow, interaction, "system", true);
}

/* --- the occasions --- */

bool flow_entry_is_closed(struct flow *flow, struct flow_interaction *interaction)
{
    const struct td_entry_point *entry = flow_entry_point(flow, interaction->state.entry_point);

    if (entry == NULL || !entry->has_when_closed || flow_is_open(flow, entry->timetable))
        return false;
    note(flow, interaction, TD_OVERFLOW_CAUSE_CLOSED, "");
    tell(flow, &interaction->state, flow_put_event(flow, interaction, "interaction.diverted"));
    divert(flow, interaction);
    return true;
}

void flow_overflowed(struct flow *flow, struct flow_interaction *interaction,
                     enum td_overflow_cause cause, struct td_interaction_event *event)
{
    struct td_interaction_state *state = &interaction->state;

    note(flow, interaction, cause, state->queue);
    state->overflows++;
    tell(flow, state, event);
    interaction->diverting = true;
}

void flow_divert_due(struct flow *flow)
{
    for (uint32_t i = 0; i < flow->touched_count; i++) { // Grows while it is walked.
        struct flow_interaction *interaction = &flow->interactions[flow->touched[i]];

        while (interaction->used && interaction->diverting) {
            interaction->diverting = false;
            divert(flow, interaction);
        }
    }
}

void flow_leave_if_unstaffed(struct flow *flow, struct flow_interaction *interaction)
{
    const struct td_interaction_state *state = &interaction->state;
    const struct td_queue *queue = flow_queue(flow, state->queue);

    if (queue == NULL || !queue->has_when_no_agent || state->phase != TD_INTERACTION_PHASE_QUEUED ||
        interaction->channel_unsynced || td_routing_has_agent(flow->routing, state->interaction_id))
        return;
    interaction->unstaffed = true;
    flow_pair_interaction(flow, TD_ROUTING_WITHDRAWN, interaction, NULL);
    interaction->unstaffed = false;
}

/* --- its dialog --- */

bool flow_is_diverted(const struct td_interaction_state *state)
{
    return state->phase == TD_INTERACTION_PHASE_DIALOG &&
           (state->dialog_purpose == TD_DIALOG_PURPOSE_MESSAGE ||
            state->dialog_purpose == TD_DIALOG_PURPOSE_VOICE_MAIL);
}

void flow_diverted_ended(struct flow *flow, struct flow_interaction *interaction,
                         const struct td_dialog_ended *ended)
{
    bool left = interaction->state.customer_left || ended->result == TD_DIALOG_RESULT_HANG_UP;

    interaction->voice_mail_ms = ended->recorded_ms;
    end(flow, interaction, left ? "customer" : "system", true);
}

void flow_diverted_failed(struct flow *flow, struct flow_interaction *interaction)
{
    end(flow, interaction, interaction->state.customer_left ? "customer" : "system", true);
}

bool flow_awaits_last_word(struct flow *flow, struct flow_interaction *interaction,
                           uint64_t at_unix_us, const char *reason)
{
    struct td_interaction_state *state = &interaction->state;

    if (state->customer_left)
        return true;
    if (!flow_is_diverted(state) || state->dialog_purpose != TD_DIALOG_PURPOSE_VOICE_MAIL ||
        td_id_is_nil(state->dialog_id.id))
        return false;
    flow_touch(flow, interaction);
    state->customer_left = true;
    state->ended_at_unix_us = at_unix_us;
    TEXT(state->ended_by, "customer");
    TEXT(state->reason, reason);
    return true;
}

bool flow_look_after(struct flow *flow, struct flow_interaction *interaction)
{
    const struct td_interaction_state *state = &interaction->state;

    if (state->customer_left && flow->now > state->ended_at_unix_us + LAST_WORD_US) {
        flow_diverted_failed(flow, interaction);
        return true;
    }
    if (state->phase != TD_INTERACTION_PHASE_QUEUED)
        return false;
    flow_leave_if_unstaffed(flow, interaction);
    return interaction->diverting;
}
