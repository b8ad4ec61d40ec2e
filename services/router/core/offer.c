#include "router/core/flow_private.h"

bool flow_has_offer(const struct flow_interaction *interaction, struct td_offer_id offer)
{
    return interaction->state.has_offer &&
           td_id_equal(interaction->state.offer.offer_id.id, offer.id);
}

/* The interaction whose offer, still open or accepted but not yet connected, is this one. */
static struct flow_interaction *
find_open(const struct flow *flow, const struct td_observation_head *head, struct td_offer_id offer)
{
    struct flow_interaction *interaction = flow_find(flow, head->interaction_id);

    if (interaction == NULL || !flow_has_offer(interaction, offer))
        return NULL;
    return interaction->state.phase == TD_INTERACTION_PHASE_OFFERED ||
                   interaction->state.phase == TD_INTERACTION_PHASE_ACCEPTED
               ? interaction
               : NULL;
}

void flow_ringing(struct flow *flow, const struct td_offer_ringing *ringing)
{
    struct flow_interaction *interaction = find_open(flow, &ringing->head, ringing->offer_id);

    if (interaction == NULL || interaction->state.offer.ringing ||
        interaction->state.phase != TD_INTERACTION_PHASE_OFFERED)
        return;
    interaction->state.offer.ringing = true;
    struct td_interaction_event *event = flow_put_event(flow, interaction, "interaction.ringing");
    td_str_clip(event->agent, sizeof(event->agent), interaction->state.offer.agent);
    const struct td_transfer_in_progress *transfer = &interaction->state.transfer;
    if (flow_is_transferring(&interaction->state) && !transfer->left)
        flow_put_transfer_update(flow, interaction, transfer, transfer->offer.instance,
                                 TD_TRANSFER_STATE_RINGING, TD_TRANSFER_REFUSAL_UNSPECIFIED);
}

void flow_accept(struct flow *flow, struct flow_interaction *interaction,
                 const struct td_media_leg *leg)
{
    interaction->state.agent_leg = *leg;
    interaction->state.has_agent_leg = true;
    interaction->offer_unsynced = false;
    flow_touch(flow, interaction);
    if (flow_is_dialled(&interaction->state))
        flow_dial_accepted(flow, interaction);
    else
        flow_pair_interaction(flow, TD_ROUTING_ACCEPTED, interaction, NULL);
}

/* An agent picked up what is not to be had any more: hang up again, else nobody would. */
static void hang_up(struct flow *flow, const struct td_offer_accepted *accepted,
                    const char *instance)
{
    struct flow_interaction *interaction = flow_find(flow, accepted->head.interaction_id);
    uint64_t version = flow->now; // Of one that is closed: above any that was ever used for it.

    if (interaction != NULL && flow_has_offer(interaction, accepted->offer_id))
        return; // Said again.
    if (interaction != NULL) {
        flow_touch(flow, interaction);
        version = ++interaction->state.version;
    }
    flow_put_release_offer(flow, accepted->head.interaction_id, version, instance,
                           accepted->offer_id);
}

void flow_accepted(struct flow *flow, const struct td_offer_accepted *accepted,
                   const char *instance)
{
    struct flow_interaction *interaction = find_open(flow, &accepted->head, accepted->offer_id);

    if (interaction == NULL)
        hang_up(flow, accepted, instance);
    else if (!accepted->has_leg)
        flow_fail_offer(flow, interaction, TD_OFFER_FAILURE_MEDIA);
    else if (interaction->state.phase == TD_INTERACTION_PHASE_OFFERED)
        flow_accept(flow, interaction, &accepted->leg);
}

void flow_declined(struct flow *flow, const struct td_offer_declined *declined)
{
    struct flow_interaction *interaction = find_open(flow, &declined->head, declined->offer_id);

    if (interaction == NULL)
        return;
    if (flow_is_dialled(&interaction->state))
        flow_dial_failed(flow, interaction, TD_TRANSFER_REFUSAL_DECLINED);
    else
        flow_pair_interaction(flow, TD_ROUTING_DECLINED, interaction, declined->reason);
}

/* A device that nobody can reach must not be offered anything, until it says that it is back. */
static void device_gone(struct flow *flow, const char *name)
{
    struct flow_agent *agent = flow_agent_find(flow, name);
    struct td_device_changed changed = {.registered = false};

    if (agent == NULL)
        return;
    td_str_clip(changed.agent, sizeof(changed.agent), name);
    td_str_clip(changed.instance, sizeof(changed.instance), agent->record.device_instance);
    flow_device_changed(flow, &changed);
}

void flow_break_offer(struct flow *flow, struct flow_interaction *interaction)
{
    if (flow_is_dialled(&interaction->state))
        flow_dial_failed(flow, interaction, TD_TRANSFER_REFUSAL_UNREACHABLE);
    else
        flow_pair_interaction(flow, TD_ROUTING_BROKEN, interaction, NULL);
}

void flow_fail_offer(struct flow *flow, struct flow_interaction *interaction,
                     enum td_offer_failure failure)
{
    char agent[sizeof(interaction->state.offer.agent)];

    if (flow_is_dialled(&interaction->state)) {
        flow_dial_failed(flow, interaction,
                         failure == TD_OFFER_FAILURE_NO_ANSWER ? TD_TRANSFER_REFUSAL_NO_ANSWER
                                                               : TD_TRANSFER_REFUSAL_UNREACHABLE);
        return;
    }
    td_str_clip(agent, sizeof(agent), interaction->state.offer.agent);
    switch (failure) {
    case TD_OFFER_FAILURE_UNSPECIFIED: // Hung up in set-up.
        flow_pair_interaction(flow, TD_ROUTING_DECLINED, interaction, NULL);
        return;
    case TD_OFFER_FAILURE_NO_ANSWER:
        flow_pair_interaction(flow, TD_ROUTING_NO_ANSWER, interaction, NULL);
        return;
    case TD_OFFER_FAILURE_MEDIA:
        flow_break_offer(flow, interaction);
        return;
    case TD_OFFER_FAILURE_NOT_REGISTERED:
    case TD_OFFER_FAILURE_UNKNOWN:
        flow_pair_interaction(flow, TD_ROUTING_FAILED, interaction, NULL);
        device_gone(flow, agent);
        return;
    default:
        flow_pair_interaction(flow, TD_ROUTING_FAILED, interaction, NULL);
        return;
    }
}

void flow_failed(struct flow *flow, const struct td_offer_failed *failed)
{
    struct flow_interaction *interaction = find_open(flow, &failed->head, failed->offer_id);

    if (interaction != NULL)
        flow_fail_offer(flow, interaction, failed->failure);
}
