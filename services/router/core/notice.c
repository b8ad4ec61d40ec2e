/*
 * That a call is recorded is said before anybody is offered it: it keeps its place, held, while it
 * hears so. Where there is a notice, a call that did not hear it to its end is not recorded.
 */
#include "router/core/flow_private.h"

#define ATTRIBUTE_ANNOUNCED "recording.announced"

static const struct td_recording_notice *notice_of(const struct flow *flow,
                                                   const struct td_interaction_state *state)
{
    const struct td_entry_point *entry = flow_entry_point(flow, state->entry_point);
    const struct td_queue *queue = flow_queue(flow, state->queue);

    if (entry != NULL && entry->has_recording_notice)
        return &entry->recording_notice;
    return queue != NULL && queue->has_recording_notice ? &queue->recording_notice : NULL;
}

static bool said_by_dialog(const struct flow_interaction *interaction)
{
    const struct td_attribute *said = flow_attribute(interaction, ATTRIBUTE_ANNOUNCED);

    if (said == NULL)
        return false;
    switch (said->type) {
    case TD_ATTRIBUTE_TYPE_FLAG:
        return true;
    case TD_ATTRIBUTE_TYPE_TEXT:
        return td_str_equal(said->text, "true");
    default:
        return said->number > 0;
    }
}

bool flow_is_recorded(const struct flow *flow, const struct flow_interaction *interaction)
{
    const struct td_interaction_state *state = &interaction->state;
    const struct td_queue *queue = flow_queue(flow, state->queue);

    if (flow_is_outbound(state))
        return flow->config->has_call_out && flow->config->call_out.record;
    if (queue == NULL || !queue->record)
        return false;
    return notice_of(flow, state) == NULL || state->notice_given || said_by_dialog(interaction);
}

bool flow_wants_notice(const struct flow *flow, const struct flow_interaction *interaction)
{
    const struct td_interaction_state *state = &interaction->state;
    const struct td_recording_notice *notice = notice_of(flow, state);
    const struct td_queue *queue = flow_queue(flow, state->queue);

    return queue != NULL && queue->record && notice != NULL && state->has_leg &&
           notice->mode == TD_NOTICE_MODE_BEFORE_AGENT && !flow_is_recorded(flow, interaction);
}

bool flow_is_noticing(const struct flow_interaction *interaction)
{
    return !td_id_is_nil(interaction->state.dialog_id.id) &&
           interaction->state.dialog_purpose == TD_DIALOG_PURPOSE_NOTICE;
}

void flow_give_notice(struct flow *flow, struct flow_interaction *interaction)
{
    const struct td_recording_notice *notice = notice_of(flow, &interaction->state);

    if (notice == NULL || !flow_start_dialog(flow, interaction, flow_spoken_by(notice->dialog),
                                             TD_DIALOG_PURPOSE_NOTICE))
        flow_end_notice(flow, interaction, false);
}

void flow_end_notice(struct flow *flow, struct flow_interaction *interaction, bool given)
{
    interaction->state.notice_given = given;
    if (interaction->channel_unsynced)
        return;
    flow_release_hold(flow, interaction);
    flow->entering = interaction; // Whoever was ready all along is offered it at once.
    flow_pair(flow, NULL);
    flow->entering = NULL;
}

const struct td_spoken_text *flow_notice_text(const struct flow *flow,
                                              const struct td_interaction_state *state)
{
    const struct td_recording_notice *notice = notice_of(flow, state);

    return notice != NULL ? flow_pick_text(notice->texts, notice->texts_count, state->language)
                          : NULL;
}
