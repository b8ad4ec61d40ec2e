#include "router/core/flow_private.h"

#include <assert.h>

/* --- memory and effects of the step ------------------------------------------------------------
 */

void *flow_alloc(struct flow *flow, size_t size)
{
    void *memory = td_arena_alloc(&flow->effects->arena, size);

    assert(memory != NULL); // FLOW_EFFECTS_SIZE is the most that one step can put out.
    memset(memory, 0, size);
    return memory;
}

struct flow_effect *flow_put(struct flow *flow, enum flow_effect_type type)
{
    struct flow_effects *effects = flow->effects;

    assert(effects->count < FLOW_EFFECTS_MAX);
    struct flow_effect *effect = &effects->items[effects->count++];

    memset(effect, 0, sizeof(*effect));
    effect->type = type;
    effects->stored = effects->stored || type < FLOW_UPDATE;
    return effect;
}

struct td_id flow_new_id(struct flow *flow)
{
    uint64_t random[2];

    for (size_t i = 0; i < 2; i++) { // splitmix64
        uint64_t z = (flow->random += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        random[i] = z ^ (z >> 31);
    }
    return td_id_make(flow->now / US_PER_MS, (const uint8_t *)random);
}

/* --- touched: stored when the step ends --------------------------------------------------------
 */

void flow_touch(struct flow *flow, struct flow_interaction *interaction)
{
    if (interaction->touched)
        return;
    interaction->touched = true;
    flow->touched[flow->touched_count++] = interaction->slot;
}

void flow_touch_agent(struct flow *flow, struct flow_agent *agent)
{
    if (agent->touched)
        return;
    agent->touched = true;
    flow->touched_agents[flow->touched_agent_count++] = (uint32_t)(agent - flow->agents);
}

void flow_touch_queue(struct flow *flow, const char *name)
{
    for (uint32_t i = 0; i < flow->touched_queue_count; i++) {
        if (td_str_equal(flow->touched_queues[i], name))
            return;
    }
    // One engine step names at most as many queues as it has effects; the rest is only figures.
    if (flow->touched_queue_count <= TD_ROUTING_EFFECTS_MAX)
        td_str_clip(flow->touched_queues[flow->touched_queue_count++], TD_ROUTING_NAME_SIZE, name);
}

/* Its pairing state lies in the memory of this step, and is gone with it. */
static void put_interaction(struct flow *flow, struct flow_interaction *interaction)
{
    struct td_interaction_state *state = &interaction->state;
    struct td_routing_interaction_record *record = &flow->interaction_record;

    state->updated_at_unix_us = flow->now;
    state->has_pairing =
        td_routing_export_interaction(flow->routing, state->interaction_id, record) == TD_OK;
    if (state->has_pairing)
        flow_pairing_to_state(record,
                              flow_alloc(flow, record->step_count * sizeof(struct td_pairing_step)),
                              &state->pairing);

    struct flow_effect *effect = flow_put(flow, FLOW_PUT_INTERACTION);
    effect->interaction_id = state->interaction_id;
    effect->as.interaction = state;
}

static void put_agent(struct flow *flow, struct flow_agent *agent)
{
    struct td_routing_agent_record record;
    bool known = td_routing_export_agent(flow->routing, agent->record.agent, &record) == TD_OK;
    struct flow_effect *effect = flow_put(flow, known ? FLOW_PUT_AGENT : FLOW_DELETE_AGENT);

    if (known)
        flow_agent_to_state(&record, &agent->record);
    effect->name = agent->record.agent;
    effect->as.agent = &agent->record;
    if (!known && !agent->configured)
        flow_agent_drop(flow, agent);
}

static void put_queue(struct flow *flow, const char *name)
{
    struct td_routing_queue_record record;
    if (td_routing_export_queue(flow->routing, name, &record) != TD_OK)
        return; // Its last figures stay, should it come back.

    struct td_queue_record *queue = flow_alloc(flow, sizeof(*queue));
    td_str_clip(queue->queue, sizeof(queue->queue), record.name);
    queue->state_version = FLOW_STATE_VERSION;
    queue->answered = record.answered;
    queue->answered_in_time = record.answered_in_time;
    queue->abandoned = record.abandoned;
    queue->abandoned_in_time = record.abandoned_in_time;
    queue->overflowed = record.overflowed;
    queue->handling_us = record.handling_us;

    struct flow_effect *effect = flow_put(flow, FLOW_PUT_QUEUE);
    effect->name = queue->queue;
    effect->as.queue = queue;
}

void flow_put_records(struct flow *flow)
{
    for (uint32_t i = 0; i < flow->touched_count; i++) {
        struct flow_interaction *interaction = &flow->interactions[flow->touched[i]];

        // One that was closed has put its own deletion; its slot may serve another one by now.
        if (interaction->used && interaction->touched)
            put_interaction(flow, interaction);
        interaction->touched = false;
    }
    for (uint32_t i = 0; i < flow->touched_agent_count; i++) {
        struct flow_agent *agent = &flow->agents[flow->touched_agents[i]];

        agent->touched = false;
        put_agent(flow, agent);
    }
    for (uint32_t i = 0; i < flow->touched_queue_count; i++)
        put_queue(flow, flow->touched_queues[i]);
    flow->touched_count = 0;
    flow->touched_agent_count = 0;
    flow->touched_queue_count = 0;
}

/* --- events ------------------------------------------------------------------------------------
 */

struct td_interaction_event *flow_put_event(struct flow *flow, struct flow_interaction *interaction,
                                            const char *topic)
{
    struct td_interaction_state *state = &interaction->state;
    struct td_interaction_event *event = flow_alloc(flow, sizeof(*event));
    struct flow_effect *effect = flow_put(flow, FLOW_EVENT);

    effect->interaction_id = state->interaction_id;
    effect->topic = topic;
    effect->as.event = event;
    flow_touch(flow, interaction);

    event->interaction_id = state->interaction_id;
    event->version = ++state->version;
    event->epoch = flow->settings.epoch;
    event->at_unix_us = flow->now;
    event->phase = state->phase;
    event->channel = state->channel;
    td_str_clip(event->entry_point, sizeof(event->entry_point), state->entry_point);
    td_str_clip(event->queue, sizeof(event->queue), state->queue);
    td_str_clip(event->agent, sizeof(event->agent), state->agent);
    if (state->has_offer)
        event->offer_id = state->offer.offer_id;
    return event;
}

struct td_interaction_summary *flow_put_summary(struct flow *flow,
                                                struct flow_interaction *interaction)
{
    struct td_interaction_summary *summary = flow_alloc(flow, sizeof(*summary));
    struct flow_effect *effect = flow_put(flow, FLOW_CLOSED);

    interaction->state.version++;
    effect->interaction_id = interaction->state.interaction_id;
    effect->topic = "interaction.closed";
    effect->as.summary = summary;
    return summary;
}

void flow_put_agent_event(struct flow *flow, struct flow_agent *agent,
                          const struct td_agent_record *record)
{
    struct td_agent_record *copy = flow_alloc(flow, sizeof(*copy));
    struct flow_effect *effect = flow_put(flow, FLOW_AGENT);

    *copy = *record;
    effect->name = agent->record.agent;
    effect->topic = "agent.state";
    effect->as.agent = copy;
}

/* --- commands ----------------------------------------------------------------------------------
 */

const char *flow_channel_service(enum td_channel channel)
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
        [FLOW_DIALOG_START] = "DialogStart",
        [FLOW_DIALOG_STOP] = "DialogStop",
        [FLOW_PLAY] = "Play",
        [FLOW_LEG_RELEASE] = "LegRelease",
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
        flow, FLOW_OFFER, interaction, flow_channel_service(state->channel), state->offer.instance);
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
        put_about(flow, FLOW_CANCEL_OFFER, interaction, flow_channel_service(state->channel),
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
    const struct td_queue *queue = flow_queue(flow, state->queue);
    struct flow_command *command =
        put_about(flow, FLOW_CONNECT, interaction, flow_channel_service(state->channel),
                  state->channel_instance);
    struct td_connect *connect = flow_alloc(flow, sizeof(*connect));

    command->as.connect = connect;
    command->subject = state->offer.offer_id.id;
    connect->head = head_of(flow, command);
    connect->has_head = true;
    connect->offer_id = state->offer.offer_id;
    connect->agent_leg = state->agent_leg;
    connect->has_agent_leg = state->has_agent_leg;
    connect->record = queue != NULL && queue->record;
}

void flow_put_release(struct flow *flow, struct flow_interaction *interaction,
                      enum td_release_reason reason)
{
    const struct td_interaction_state *state = &interaction->state;
    struct flow_command *command =
        put_about(flow, FLOW_RELEASE, interaction, flow_channel_service(state->channel),
                  state->channel_instance);
    struct td_release *release = flow_alloc(flow, sizeof(*release));

    command->as.release = release;
    release->head = head_of(flow, command);
    release->has_head = true;
    release->reason = reason;
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

/* --- dialogs -----------------------------------------------------------------------------------
 */

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
    struct td_expr_value value = flow_value(attribute);
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
    put_variables(start, state);
}
