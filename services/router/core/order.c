#include "router/core/flow_private.h"

#include <assert.h>

/* --- commands --- */

static const char *channel_service(enum td_channel channel)
{
    (void)channel; // One channel so far; gateway and messaging will be others.
    return "edge";
}

const char *flow_command_name(enum flow_command_type type)
{
    static const char *const names[] = {
        [FLOW_OFFER] = "Offer",
        [FLOW_CANCEL_OFFER] = "CancelOffer",
        [FLOW_CONNECT] = "Connect",
        [FLOW_RELEASE] = "Release",
        [FLOW_TRANSFER_UPDATE] = "TransferUpdate",
        [FLOW_DIALOG_START] = "DialogStart",
        [FLOW_DIALOG_STOP] = "DialogStop",
        [FLOW_PLAY] = "Play",
        [FLOW_LEG_RELEASE] = "LegRelease",
        [FLOW_ANSWER] = "Answer",
    };

    assert((size_t)type < FLOW_COMMAND_TYPE_COUNT);
    return names[type];
}

static struct flow_command *put_command(struct flow *flow, enum flow_command_type type,
                                        const char *service, const char *instance)
{
    struct flow_command *command = flow_alloc(flow, sizeof(*command));
    struct flow_effect *effect = flow_put(flow, FLOW_COMMAND);

    effect->as.command = command;
    command->type = type;
    command->id = (struct td_command_id){flow_new_id(flow)};
    command->service = service;
    td_str_clip(command->instance, sizeof(command->instance), instance);
    command->expires_at_unix_us =
        flow->now + (type == FLOW_RELEASE || type == FLOW_DIALOG_STOP || type == FLOW_CANCEL_OFFER
                         ? RELEASE_TTL_US
                         : COMMAND_TTL_US);
    return command;
}

/* A command about an interaction that the router knows takes its next version. */
static struct flow_command *put_about(struct flow *flow, enum flow_command_type type,
                                      struct flow_interaction *interaction, const char *service,
                                      const char *instance)
{
    struct flow_command *command = put_command(flow, type, service, instance);

    flow_touch(flow, interaction);
    command->interaction_id = interaction->state.interaction_id;
    command->version = ++interaction->state.version;
    return command;
}

static struct td_command_head head_of(const struct flow *flow, const struct flow_command *command)
{
    return (struct td_command_head){
        .command_id = command->id,
        .interaction_id = command->interaction_id,
        .version = command->version,
        .epoch = flow->settings.epoch,
    };
}

void flow_put_offer(struct flow *flow, struct flow_interaction *interaction)
{
    const struct td_interaction_state *state = &interaction->state;
    const struct td_queue *queue = flow_queue(flow, state->queue);
    struct flow_command *command = put_about(
        flow, FLOW_OFFER, interaction, channel_service(state->channel), state->offer.instance);
    struct td_offer *offer = flow_alloc(flow, sizeof(*offer));
    uint64_t lease_ms = flow_ms(flow->now, state->offer.expires_at_unix_us);

    command->as.offer = offer;
    command->subject = state->offer.offer_id.id;
    command->expires_at_unix_us = state->offer.expires_at_unix_us;
    offer->head = head_of(flow, command);
    offer->has_head = true;
    offer->offer_id = state->offer.offer_id;
    td_str_clip(offer->agent, sizeof(offer->agent), state->offer.agent);
    offer->lease_ms =
        (uint32_t)(lease_ms > FLOW_LEASE_GRACE_MS ? lease_ms - FLOW_LEASE_GRACE_MS : lease_ms);
    offer->customer_leg = state->leg;
    offer->has_customer_leg = state->has_leg;
    td_str_clip(offer->queue, sizeof(offer->queue), state->queue);
    if (queue != NULL)
        td_str_clip(offer->queue_display_name, sizeof(offer->queue_display_name),
                    queue->display_name);
    td_str_clip(offer->number, sizeof(offer->number), state->offer.number);
    td_str_clip(offer->trunk, sizeof(offer->trunk), state->offer.trunk);
    td_str_clip(offer->caller, sizeof(offer->caller), state->caller);
    if (state->has_customer)
        td_str_clip(offer->customer_name, sizeof(offer->customer_name),
                    state->customer.display_name);
}

void flow_put_cancel(struct flow *flow, struct flow_interaction *interaction,
                     enum td_cancel_reason reason)
{
    const struct td_interaction_state *state = &interaction->state;
    struct flow_command *command =
        put_about(flow, FLOW_CANCEL_OFFER, interaction, channel_service(state->channel),
                  state->offer.instance);
    struct td_cancel_offer *cancel = flow_alloc(flow, sizeof(*cancel));

    command->as.cancel_offer = cancel;
    command->subject = state->offer.offer_id.id;
    cancel->head = head_of(flow, command);
    cancel->has_head = true;
    cancel->offer_id = state->offer.offer_id;
    cancel->reason = reason;
}

void flow_put_connect(struct flow *flow, struct flow_interaction *interaction)
{
    const struct td_interaction_state *state = &interaction->state;
    struct flow_command *command = put_about(
        flow, FLOW_CONNECT, interaction, channel_service(state->channel), state->channel_instance);
    struct td_connect *connect = flow_alloc(flow, sizeof(*connect));

    command->as.connect = connect;
    command->subject = state->offer.offer_id.id;
    connect->head = head_of(flow, command);
    connect->has_head = true;
    connect->offer_id = state->offer.offer_id;
    connect->agent_leg = state->agent_leg;
    connect->has_agent_leg = state->has_agent_leg;
    connect->record = flow_is_recorded(flow, interaction);
    td_str_clip(connect->music, sizeof(connect->music), flow_hold_music(flow, interaction));
}

void flow_put_release(struct flow *flow, struct flow_interaction *interaction,
                      enum td_release_reason reason)
{
    const struct td_interaction_state *state = &interaction->state;
    struct flow_command *command = put_about(
        flow, FLOW_RELEASE, interaction, channel_service(state->channel), state->channel_instance);
    struct td_release *release = flow_alloc(flow, sizeof(*release));

    command->as.release = release;
    release->head = head_of(flow, command);
    release->has_head = true;
    release->reason = reason;
}

void flow_answer(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;

    if (state->answered)
        return;
    state->answered = true;
    if (flow->arriving == interaction)
        return; // The answer to its arrival says so.

    struct flow_command *command = put_about(
        flow, FLOW_ANSWER, interaction, channel_service(state->channel), state->channel_instance);
    struct td_answer *answer = flow_alloc(flow, sizeof(*answer));

    command->as.answer = answer;
    answer->head = head_of(flow, command);
    answer->has_head = true;
}

void flow_put_release_offer(struct flow *flow, struct td_interaction_id id, uint64_t version,
                            const char *instance, struct td_offer_id offer)
{
    struct flow_command *command = put_command(flow, FLOW_RELEASE, "edge", instance);
    struct td_release *release = flow_alloc(flow, sizeof(*release));

    command->interaction_id = id;
    command->version = version;
    command->subject = offer.id;
    command->as.release = release;
    release->head = head_of(flow, command);
    release->has_head = true;
    release->reason = TD_RELEASE_REASON_NORMAL;
    release->offer_id = offer;
}

void flow_put_transfer_update(struct flow *flow, struct flow_interaction *interaction,
                              const struct td_transfer_in_progress *transfer, const char *instance,
                              enum td_transfer_state state, enum td_transfer_refusal why)
{
    struct flow_command *command = put_about(flow, FLOW_TRANSFER_UPDATE, interaction,
                                             channel_service(interaction->state.channel), instance);
    struct td_transfer_update *update = flow_alloc(flow, sizeof(*update));

    command->as.transfer_update = update;
    command->subject = transfer->offer.offer_id.id;
    update->head = head_of(flow, command);
    update->has_head = true;
    update->offer_id = transfer->offer.offer_id;
    update->state = state;
    update->reason = why;
    if (state != TD_TRANSFER_STATE_FAILED)
        return;
    update->agent_leg = transfer->leg;
    update->has_agent_leg = transfer->has_leg;
    update->record = flow_is_recorded(flow, interaction);
    td_str_clip(update->music, sizeof(update->music), flow_hold_music(flow, interaction));
}

void flow_put_dialog_stop(struct flow *flow, struct td_interaction_id id, uint64_t version,
                          const char *instance, struct td_dialog_id dialog)
{
    struct flow_command *command = put_command(flow, FLOW_DIALOG_STOP, "ivr", instance);
    struct td_dialog_stop *stop = flow_alloc(flow, sizeof(*stop));

    command->interaction_id = id;
    command->version = version;
    command->subject = dialog.id;
    command->as.dialog_stop = stop;
    stop->dialog_id = dialog;
    stop->epoch = flow->settings.epoch;
}

void flow_put_play(struct flow *flow, struct flow_interaction *interaction, const char *file)
{
    const struct td_media_leg *leg = &interaction->state.leg;
    struct flow_command *command = put_about(flow, FLOW_PLAY, interaction, "media", leg->instance);
    struct td_play *play = flow_alloc(flow, sizeof(*play));
    struct td_prompt *prompt = flow_alloc(flow, sizeof(*prompt));

    command->as.play = play;
    play->leg_id = leg->leg_id;
    play->request_id = command->id;
    play->prompts = prompt;
    play->prompts_count = 1;
    play->loop = true;
    prompt->kind = TD_PROMPT_KIND_FILE;
    td_str_clip(prompt->content, sizeof(prompt->content), file);
}

void flow_put_leg_release(struct flow *flow, struct flow_interaction *interaction,
                          const struct td_media_leg *leg)
{
    struct flow_command *command =
        put_about(flow, FLOW_LEG_RELEASE, interaction, "media", leg->instance);
    struct td_leg_release *release = flow_alloc(flow, sizeof(*release));

    command->as.leg_release = release;
    command->subject = leg->leg_id.id;
    release->leg_id = leg->leg_id;
}

/* --- dialogs --- */

static void put_variable(struct td_dialog_start *start, const char *name, const char *value)
{
    const uint32_t max = sizeof(start->variables) / sizeof(start->variables[0]);
    if (value[0] == '\0' || start->variables_count == max)
        return;

    struct td_variable *variable = &start->variables[start->variables_count++];
    td_str_clip(variable->name, sizeof(variable->name), name);
    td_str_clip(variable->value, sizeof(variable->value), value);
}

static void put_attribute(struct td_dialog_start *start, const struct td_attribute *attribute)
{
    struct td_expr_value value = td_pairing_value(attribute);
    char number[TD_EXPR_NUMBER_SIZE];

    if (value.type == TD_EXPR_TEXT)
        put_variable(start, attribute->name, value.text);
    else if (value.type == TD_EXPR_NUMBER)
        put_variable(start, attribute->name, td_expr_number_format(value.number, number));
    else
        put_variable(start, attribute->name, "true");
}

/* What the interaction itself says of the same name comes first. */
static void put_customer_attribute(struct td_dialog_start *start,
                                   const struct td_attribute *attribute)
{
    for (uint32_t i = 0; i < start->variables_count; i++) {
        if (td_str_equal(start->variables[i].name, attribute->name))
            return;
    }
    put_attribute(start, attribute);
}

/* What is to be said, in its own language. */
static void put_text(struct td_dialog_start *start, const struct td_spoken_text *text)
{
    if (text == NULL)
        return;
    put_variable(start, "message", text->text);
    td_str_clip(start->language, sizeof(start->language), text->language);
}

static void put_variables(struct td_dialog_start *start, const struct td_interaction_state *state)
{
    put_variable(start, "caller", state->caller);
    put_variable(start, "called", state->called);
    put_variable(start, "entry_point", state->entry_point);
    put_variable(start, "queue", state->queue);
    put_variable(start, "language", state->language);
    if (state->has_customer) {
        put_variable(start, "customer_name", state->customer.display_name);
        put_variable(start, "customer_tier", state->customer.tier);
        put_variable(start, "customer_id", state->customer.external_id);
    }
    for (uint32_t i = 0; i < state->attributes_count; i++)
        put_attribute(start, &state->attributes[i]);
    for (uint32_t i = 0; state->has_customer && i < state->customer.attributes_count; i++)
        put_customer_attribute(start, &state->customer.attributes[i]);
}

void flow_put_dialog_start(struct flow *flow, struct flow_interaction *interaction,
                           const char *document)
{
    const struct td_interaction_state *state = &interaction->state;
    struct flow_command *command =
        put_about(flow, FLOW_DIALOG_START, interaction, "ivr", state->dialog_instance);
    struct td_dialog_start *start = flow_alloc(flow, sizeof(*start));

    command->as.dialog_start = start;
    command->subject = state->dialog_id.id;
    start->dialog_id = state->dialog_id;
    start->interaction_id = state->interaction_id;
    start->leg = state->leg;
    start->has_leg = state->has_leg;
    td_str_clip(start->document, sizeof(start->document), document);
    td_str_clip(start->language, sizeof(start->language), state->language);
    start->purpose = state->dialog_purpose;
    start->epoch = flow->settings.epoch;
    if (state->dialog_purpose == TD_DIALOG_PURPOSE_WAIT)
        flow_place_variables(flow, interaction, start->variables, &start->variables_count);
    if (state->dialog_purpose == TD_DIALOG_PURPOSE_VOICE_MAIL ||
        state->dialog_purpose == TD_DIALOG_PURPOSE_MESSAGE) {
        put_variable(start, "cause", flow_cause_name(state->cause));
        put_text(start, flow_diversion_text(flow, state));
    }
    if (state->dialog_purpose == TD_DIALOG_PURPOSE_NOTICE)
        put_text(start, flow_notice_text(flow, state));
    put_variables(start, state);
}
