#include "router/core/flow.h"

#include <assert.h>

#include "router/core/flow_private.h"

#define ALIGN sizeof(max_align_t)
/** Agents of no configuration whose records are dropped in one step. */
#define DROP_CHUNK 64

static_assert(sizeof(struct flow_effects) <= FLOW_EFFECTS_SIZE / 4, "room for what they point to");

/* --- memory --- */

struct layout {
    size_t interactions, buckets, agents, agent_order, touched, touched_agents, routing, size;
};

static size_t take(size_t *at, size_t count, size_t size)
{
    size_t from = *at;

    *at += (count * size + ALIGN - 1) / ALIGN * ALIGN;
    return from;
}

static uint32_t bucket_count(uint32_t interactions)
{
    uint32_t count = 16;

    while (count < interactions)
        count *= 2;
    return count;
}

/* One queue more: FLOW_DIRECT_QUEUE. */
static struct td_routing_limits engine_limits(const struct td_routing_limits *limits)
{
    struct td_routing_limits engine = *limits;

    engine.queues++;
    return engine;
}

/* False when the engine refuses the limits, which are checked there. */
static bool lay_out(const struct td_routing_limits *limits, struct layout *layout)
{
    const struct td_routing_limits engine = engine_limits(limits);
    size_t routing = td_routing_size(&engine);
    size_t at = 0;
    if (routing == 0)
        return false;

    (void)take(&at, 1, sizeof(struct flow));
    layout->interactions = take(&at, limits->interactions, sizeof(struct flow_interaction));
    layout->buckets = take(&at, bucket_count(limits->interactions), sizeof(uint32_t));
    layout->agents = take(&at, limits->agents, sizeof(struct flow_agent));
    layout->agent_order = take(&at, limits->agents, sizeof(uint32_t));
    layout->touched = take(&at, limits->interactions, sizeof(uint32_t));
    layout->touched_agents = take(&at, limits->agents, sizeof(uint32_t));
    layout->routing = take(&at, 1, routing);
    layout->size = at;
    return true;
}

size_t flow_size(const struct td_routing_limits *limits)
{
    struct layout layout;

    return lay_out(limits, &layout) ? layout.size : 0;
}

struct flow_effects *flow_effects_init(void *block)
{
    struct flow_effects *effects = block;
    size_t head = (sizeof(*effects) + ALIGN - 1) / ALIGN * ALIGN;

    td_arena_init(&effects->arena, (uint8_t *)block + head, FLOW_EFFECTS_SIZE - head);
    effects->count = 0;
    effects->stored = false;
    return effects;
}

enum td_err flow_init(void *block, const struct flow_settings *settings, struct flow **flow)
{
    struct td_routing_settings rules = td_routing_default_settings();
    struct layout layout;
    if (!lay_out(&settings->limits, &layout))
        return TD_ERR_RANGE;

    struct flow *self = block;
    uint8_t *base = block;
    const struct td_routing_limits engine = engine_limits(&settings->limits);

    rules.retry_after_ms = settings->again_after_ms;
    memset(self, 0, sizeof(*self));
    self->settings = *settings;
    self->random = settings->seed;
    self->interactions = (struct flow_interaction *)(base + layout.interactions);
    self->buckets = (uint32_t *)(base + layout.buckets);
    self->bucket_mask = bucket_count(settings->limits.interactions) - 1;
    self->agents = (struct flow_agent *)(base + layout.agents);
    self->agent_order = (uint32_t *)(base + layout.agent_order);
    self->touched = (uint32_t *)(base + layout.touched);
    self->touched_agents = (uint32_t *)(base + layout.touched_agents);
    self->free_list = NONE;
    for (uint32_t i = 0; i <= self->bucket_mask; i++)
        self->buckets[i] = NONE;
    for (uint32_t i = 0; i < settings->limits.agents; i++)
        self->agent_order[i] = i;

    enum td_err err = td_routing_init(base + layout.routing, &engine, &rules, &self->routing);
    if (err == TD_OK)
        *flow = self;
    return err;
}

/* --- the step --- */

static const char *instance_of(const struct td_observation_head *head,
                               const struct flow_input *input)
{
    return head->channel_instance[0] != '\0' || input->instance == NULL ? head->channel_instance
                                                                        : input->instance;
}

static void command_failed(struct flow *flow, const struct flow_failure *failure)
{
    struct flow_interaction *interaction = flow_find(flow, failure->interaction_id);
    if (interaction == NULL)
        return;

    const struct td_interaction_state *state = &interaction->state;
    bool offer = state->has_offer && td_id_equal(state->offer.offer_id.id, failure->subject);

    if (td_str_equal(failure->type, flow_command_name(FLOW_OFFER)) && offer &&
        state->phase == TD_INTERACTION_PHASE_OFFERED)
        flow_fail_offer(flow, interaction,
                        failure->unknown ? TD_OFFER_FAILURE_UNKNOWN : TD_OFFER_FAILURE_MEDIA);
    else if (td_str_equal(failure->type, flow_command_name(FLOW_CONNECT)) && offer &&
             state->phase == TD_INTERACTION_PHASE_ACCEPTED)
        flow_lose(flow, interaction, "the channel could not connect it");
    else if (td_str_equal(failure->type, flow_command_name(FLOW_DIALOG_START)) &&
             td_id_equal(state->dialog_id.id, failure->subject))
        flow_dialog_failed(flow, interaction);
}

static void sync_done(struct flow *flow, const struct flow_input *input)
{
    struct flow_instance *instance = flow_instance_find(flow, input->service, input->instance);

    if (instance != NULL && instance->alive)
        instance->jobs |= JOB_SYNCED;
}

static void observe(struct flow *flow, const struct flow_input *input)
{
    switch (input->type) {
    case FLOW_ARRIVED:
        flow_arrive(flow, input->arrived);
        break;
    case FLOW_ABANDONED:
        flow_abandoned(flow, input->abandoned);
        break;
    case FLOW_RINGING:
        flow_ringing(flow, input->ringing);
        break;
    case FLOW_ACCEPTED:
        flow_accepted(flow, input->accepted, instance_of(&input->accepted->head, input));
        break;
    case FLOW_DECLINED:
        flow_declined(flow, input->declined);
        break;
    case FLOW_FAILED:
        flow_failed(flow, input->failed);
        break;
    case FLOW_CONNECTED:
        flow_connected(flow, input->connected);
        break;
    case FLOW_ENDED:
        flow_ended(flow, input->ended, instance_of(&input->ended->head, input));
        break;
    case FLOW_HELD:
        flow_held(flow, input->held);
        break;
    case FLOW_RESUMED:
        flow_resumed(flow, input->resumed);
        break;
    case FLOW_TRANSFER_ASKED:
        flow_transfer_asked(flow, input->transfer_asked);
        break;
    case FLOW_AGENT_LEFT:
        flow_agent_left(flow, input->agent_left);
        break;
    default:
        break;
    }
}

static void take_input(struct flow *flow, const struct flow_input *input)
{
    switch (input->type) {
    case FLOW_DIALOG_ENDED:
        flow_dialog_ended(flow, input->dialog_ended);
        break;
    case FLOW_AGENT_COMMAND:
        flow_agent_command(flow, input->agent_command, input->request_id);
        break;
    case FLOW_DEVICE_CHANGED:
        flow_device_changed(flow, input->device_changed);
        break;
    case FLOW_COMMAND_FAILED:
        command_failed(flow, input->command);
        break;
    case FLOW_INSTANCE_UP:
        flow_instance_up(flow, input->service, input->instance);
        break;
    case FLOW_INSTANCE_GONE:
        flow_instance_gone(flow, input->service, input->instance);
        break;
    case FLOW_SYNC_ITEM:
        flow_sync_item(flow, input->sync, input->instance);
        break;
    case FLOW_DESCRIBED:
        flow_described(flow, input->sync, input->arrived);
        break;
    case FLOW_DIALOG_SYNC_ITEM:
        flow_dialog_sync_item(flow, input->dialog_sync, input->instance);
        break;
    case FLOW_SYNC_DONE:
        sync_done(flow, input);
        break;
    case FLOW_SYNC_ENDED:
        flow->sync_end_due = true;
        break;
    default:
        observe(flow, input);
        break;
    }
}

/* Records of agents whom neither the configuration nor the engine knows any more. */
static void drop_agents(struct flow *flow)
{
    struct td_routing_agent_record record;
    uint32_t dropped = 0;

    for (uint32_t i = 0; i < flow->agent_slots && dropped < DROP_CHUNK; i++) {
        struct flow_agent *agent = &flow->agents[i];

        if (!agent->used || agent->configured ||
            td_routing_export_agent(flow->routing, agent->record.agent, &record) == TD_OK)
            continue;
        flow_touch_agent(flow, agent);
        dropped++;
    }
    flow->drop_due = dropped == DROP_CHUNK;
}

static void pass_time(struct flow *flow)
{
    flow_pair(flow, NULL);
    if (flow->drop_due)
        drop_agents(flow);
    flow_end_graces(flow);
    if (flow_sweep_is_due(flow))
        flow_sweep(flow);
    flow_update_dialogs(flow);
}

static void reset(struct flow *flow, struct flow_effects *effects, uint64_t now_unix_us)
{
    if (now_unix_us > flow->now)
        flow->now = now_unix_us;
    flow->effects = effects;
    effects->count = 0;
    effects->stored = false;
    memset(&effects->arrived, 0, sizeof(effects->arrived));
    memset(&effects->agent, 0, sizeof(effects->agent));
    memset(&effects->transfer, 0, sizeof(effects->transfer));
    td_arena_rewind(&effects->arena, 0);
}

/* What those hear who wait now is decided once, when all that this step does to them is done. */
static void treat_touched(struct flow *flow)
{
    for (uint32_t i = 0; i < flow->touched_count; i++) {
        struct flow_interaction *interaction = &flow->interactions[flow->touched[i]];

        if (interaction->used && interaction->touched)
            flow_treat(flow, interaction);
    }
}

void flow_step(struct flow *flow, const struct flow_input *input, uint64_t now_unix_us,
               struct flow_effects *effects)
{
    reset(flow, effects, now_unix_us);
    if (input->type == FLOW_TIME)
        pass_time(flow);
    else
        take_input(flow, input);
    flow_transfers_due(flow);
    flow_divert_due(flow);
    treat_touched(flow);

    if (effects->arrived.result == TD_ARRIVED_RESULT_ACCEPTED) {
        const struct flow_interaction *arrived = flow_find(flow, input->arrived->interaction_id);
        effects->arrived.version = arrived != NULL ? arrived->state.version : 0;
    }
    flow_put_records(flow);
    flow->effects = NULL;
}

uint64_t flow_wake_at_unix_us(const struct flow *flow)
{
    uint64_t wake = td_routing_wake_at_unix_us(flow->routing);

    if (flow->drop_due || flow_sweep_is_due(flow))
        return 0;
    if (flow_grace_ends_at(flow) < wake)
        wake = flow_grace_ends_at(flow);
    return wake < flow->update_at ? wake : flow->update_at;
}
