#include "router/core/flow_private.h"

#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))

static bool is_pending(const struct flow *flow, struct td_interaction_id id,
                       enum flow_command_type type)
{
    return flow->settings.is_pending(flow->settings.ctx, id, flow_command_name(type));
}

void flow_hold(struct flow *flow, struct flow_interaction *interaction)
{
    interaction->held =
        td_routing_hold(flow->routing, interaction->state.interaction_id, true) == TD_OK;
}

void flow_release_hold(struct flow *flow, struct flow_interaction *interaction)
{
    if (!interaction->held || flow_is_noticing(interaction))
        return; // It hears first that it will be recorded.
    interaction->held = false;
    (void)td_routing_hold(flow->routing, interaction->state.interaction_id, false);
}

/* --- settled when an instance has said all, or was silent too long --- */

void flow_settle_channel(struct flow *flow, struct flow_interaction *interaction)
{
    interaction->channel_unsynced = false;
    flow_lose(flow, interaction, "the channel does not have it any more");
}

void flow_settle_offer(struct flow *flow, struct flow_interaction *interaction, bool alive)
{
    enum td_interaction_phase phase = interaction->state.phase;

    interaction->offer_unsynced = false;
    if (phase != TD_INTERACTION_PHASE_OFFERED && phase != TD_INTERACTION_PHASE_ACCEPTED)
        return;
    if (!alive || !is_pending(flow, interaction->state.interaction_id, FLOW_OFFER))
        flow_break_offer(flow, interaction);
}

void flow_settle_dialog(struct flow *flow, struct flow_interaction *interaction, bool alive)
{
    interaction->dialog_unsynced = false;
    if (!alive || !is_pending(flow, interaction->state.interaction_id, FLOW_DIALOG_START))
        flow_restart_dialog(flow, interaction);
}

void flow_settle_wrap_up(struct flow *flow, struct flow_interaction *interaction)
{
    const struct flow_agent *agent = flow_agent_find(flow, interaction->state.agent);

    if (interaction->state.phase != TD_INTERACTION_PHASE_WRAP_UP)
        return;
    if (agent == NULL || agent->record.state != TD_AGENT_STATE_WRAP_UP ||
        !td_id_equal(agent->record.interaction_id.id, interaction->state.interaction_id.id))
        flow_close(flow, interaction); // Nobody will end this wrap-up.
}

/* --- both know: the higher phase wins --- */

/* The channel has connected them under an offer that the router has no record of: it stays so. */
static void adopt_talk(struct flow *flow, struct flow_interaction *interaction,
                       const struct td_sync_item *item, const char *instance)
{
    struct td_interaction_state *state = &interaction->state;
    struct flow_agent *agent = flow_agent_find(flow, item->agent);
    uint64_t age_us = item->phase_age_ms * US_PER_MS;
    uint64_t at = age_us < flow->now ? flow->now - age_us : flow->now;

    flow_pair_interaction(flow, TD_ROUTING_WITHDRAWN, interaction, NULL);
    flow_stop_dialog(flow, interaction);
    state->phase = TD_INTERACTION_PHASE_CONNECTED;
    state->answered = true;
    state->connected_at_unix_us = at > state->arrived_at_unix_us ? at : state->arrived_at_unix_us;
    TEXT(state->agent, item->agent);
    state->agent_leg = item->agent_leg;
    state->has_agent_leg = item->has_agent_leg;
    state->has_offer = true;
    state->offer = (struct td_offer_state){.offer_id = item->offer_id, .made_at_unix_us = at};
    TEXT(state->offer.agent, item->agent);
    TEXT(state->offer.instance, instance);
    TEXT(flow_put_event(flow, interaction, "interaction.connected")->reason, "adopted");
    if (agent != NULL)
        flow_suspend(flow, agent, REASON_WITH_CUSTOMER);
}

static void release_offer(struct flow *flow, struct flow_interaction *interaction,
                          const char *instance, struct td_offer_id offer)
{
    if (td_id_is_nil(offer.id))
        return;
    flow_touch(flow, interaction);
    flow_put_release_offer(flow, interaction->state.interaction_id, ++interaction->state.version,
                           instance, offer);
}

/* The channel knows the router's own offer: what it has seen of it happened. */
static void advance(struct flow *flow, struct flow_interaction *interaction,
                    const struct td_sync_item *item)
{
    const struct td_interaction_state *state = &interaction->state;
    uint64_t age_us = item->phase_age_ms * US_PER_MS;

    interaction->offer_unsynced = false;
    if (item->phase >= TD_CHANNEL_PHASE_ACCEPTED && item->has_agent_leg &&
        state->phase == TD_INTERACTION_PHASE_OFFERED)
        flow_accept(flow, interaction, &item->agent_leg);
    if (item->phase == TD_CHANNEL_PHASE_CONNECTED && state->phase == TD_INTERACTION_PHASE_ACCEPTED)
        flow_connect(flow, interaction, age_us < flow->now ? flow->now - age_us : 0);
}

static void channel_said(struct flow *flow, struct flow_interaction *interaction,
                         const struct td_sync_item *item, const char *instance)
{
    struct td_interaction_state *state = &interaction->state;
    // What both have agreed on all the time needs no adoption: its messages are on the way.
    bool unsynced = interaction->channel_unsynced || state->phase == TD_INTERACTION_PHASE_ARRIVED;

    interaction->channel_unsynced = false;
    if (item->phase == TD_CHANNEL_PHASE_ENDED)
        return; // Stays held: its own word, which says why, is on the way.
    if (state->phase == TD_INTERACTION_PHASE_WRAP_UP) {
        flow_put_release(flow, interaction, TD_RELEASE_REASON_NORMAL);
        return;
    }
    flow_release_hold(flow, interaction);
    if (flow_is_former_offer(state, item->offer_id)) {
        // It has not heard of the transfer: they talk on.
        flow_transfer_failed(flow, interaction, TD_TRANSFER_REFUSAL_NOT_NOW);
        return;
    }
    if (flow_has_offer(interaction, item->offer_id))
        advance(flow, interaction, item);
    else if (item->phase == TD_CHANNEL_PHASE_CONNECTED && unsynced)
        adopt_talk(flow, interaction, item, instance);
    else
        release_offer(flow, interaction, instance, item->offer_id);
}

/* An instance that has only the agent's side. */
static void agent_side_said(struct flow *flow, struct flow_interaction *interaction,
                            const struct td_sync_item *item, const char *instance)
{
    if (item->phase == TD_CHANNEL_PHASE_ENDED ||
        flow_is_former_offer(&interaction->state, item->offer_id))
        return;
    if (flow_has_offer(interaction, item->offer_id) &&
        interaction->state.phase != TD_INTERACTION_PHASE_WRAP_UP)
        advance(flow, interaction, item);
    else
        release_offer(flow, interaction, instance, item->offer_id);
}

/* --- only the channel knows --- */

static void only_channel(struct flow *flow, const struct td_sync_item *item, const char *instance)
{
    if (item->phase == TD_CHANNEL_PHASE_ENDED || flow_was_closed(flow, item->interaction_id) ||
        is_pending(flow, item->interaction_id, FLOW_RELEASE))
        return; // It is over, and the channel will know or knows already.
    if (!item->customer_side) {
        if (!td_id_is_nil(item->offer_id.id))
            flow_put_release_offer(flow, item->interaction_id, flow->now, instance, item->offer_id);
        return;
    }
    struct td_sync_item *copy = flow_alloc(flow, sizeof(*copy));
    struct flow_effect *effect = flow_put(flow, FLOW_DESCRIBE);

    *copy = *item;
    effect->interaction_id = item->interaction_id;
    effect->instance = instance;
    effect->as.sync = copy;
}

void flow_sync_item(struct flow *flow, const struct td_sync_item *item, const char *instance)
{
    struct flow_interaction *interaction = flow_find(flow, item->interaction_id);

    if (interaction == NULL) {
        only_channel(flow, item, instance);
        return;
    }
    // Commands must not look like repeats to a channel that has seen more than was stored.
    if (interaction->state.version < item->version)
        interaction->state.version = item->version;
    if (item->customer_side && td_str_equal(instance, interaction->state.channel_instance))
        channel_said(flow, interaction, item, instance);
    else
        agent_side_said(flow, interaction, item, instance);
}

/* The whole of it, at a channel that alone knows of it. */
static void release_unknown(struct flow *flow, const struct td_sync_item *item,
                            const char *instance)
{
    flow_put_release_offer(flow, item->interaction_id, flow->now, instance,
                           (struct td_offer_id){0});
    flow_remember_closed(flow, item->interaction_id);
}

void flow_described(struct flow *flow, const struct td_sync_item *item,
                    const struct td_interaction_arrived *arrived)
{
    struct flow_interaction *interaction = flow_find(flow, item->interaction_id);
    const struct td_entry_point *entry = flow_entry_point(flow, arrived->entry_point);

    if (flow_was_closed(flow, item->interaction_id))
        return;
    if (interaction == NULL && arrived->direction == TD_DIRECTION_OUTBOUND &&
        item->phase != TD_CHANNEL_PHASE_CONNECTED) {
        release_unknown(flow, item, arrived->channel_instance);
        return; // Its agent may be busy elsewhere by now.
    }
    if (interaction == NULL) {
        interaction = flow_add(flow, item->interaction_id);
        if (interaction == NULL)
            return; // Full: its channel goes on with it as long as the customer likes.
        interaction->state.version = item->version;
        interaction->state.direction = arrived->direction;
        flow_fill(flow, interaction, arrived, entry);
        // Who has not been answered yet still asks, and is told to when the entry point says so.
        if (item->phase >= TD_CHANNEL_PHASE_ANSWERED)
            interaction->state.answered = true;
        if (item->phase != TD_CHANNEL_PHASE_CONNECTED)
            flow_begin(flow, interaction);
    }
    interaction = flow_find(flow, item->interaction_id);
    if (interaction != NULL)
        channel_said(flow, interaction, item, arrived->channel_instance);
}

void flow_dialog_sync_item(struct flow *flow, const struct td_dialog_sync_item *item,
                           const char *instance)
{
    struct flow_interaction *interaction = flow_find(flow, item->interaction_id);

    if (interaction != NULL && td_id_equal(interaction->state.dialog_id.id, item->dialog_id.id)) {
        interaction->dialog_unsynced = false;
        return;
    }
    flow_put_dialog_stop(flow, item->interaction_id, flow->now, instance, item->dialog_id);
}
