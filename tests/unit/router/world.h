/*
 * A world around one flow: it stores what the flow wants stored, as bytes, keeps its commands and
 * events, and can crash: a new flow is made from what was stored. Included by each test of the
 * flow.
 */
#ifndef TESTS_ROUTER_WORLD_H
#define TESTS_ROUTER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "router/core/flow.h"

/* All of it is used by some test, not by each. */
#pragma GCC diagnostic ignored "-Wunused-function"

#define SECOND UINT64_C(1000000)
#define START_US (UINT64_C(1800000000) * SECOND)
#define WORLD_ITEMS 4096
#define WORLD_TEXT 64

struct world_record {
    char key[WORLD_TEXT];
    uint8_t *bytes;
    size_t size;
};

struct world_command {
    enum flow_command_type type;
    struct flow_command head;
    struct td_offer_id offer;         /* of Offer, CancelOffer, Connect, Release */
    struct td_dialog_id dialog;       /* of DialogStart, DialogStop */
    enum td_cancel_reason cancel;     /* of CancelOffer */
    char agent[WORLD_TEXT];           /* of Offer */
    char document[128];               /* of DialogStart; file of Play */
    struct td_variable variables[32]; /* of DialogStart */
    char language[16];                /* likewise */
    enum td_dialog_purpose purpose;   /* likewise */
    enum td_release_reason reason;    /* of Release */
    bool record;                      /* of Connect */
    bool done;
};

struct world_event {
    char topic[WORLD_TEXT];
    struct td_interaction_id id;
    char agent[WORLD_TEXT];
    char reason[128];
    enum td_interaction_phase phase;
    uint64_t version;
    struct td_interaction_event said; /* of interaction.*, but closed */
};

struct world {
    struct flow *flow;
    void *flow_block;
    void *effects_block;
    struct flow_effects *effects;
    uint64_t now;
    uint64_t epoch;
    struct td_company_config config;
    const struct td_calendar *calendar;
    struct td_queue queues[4];
    struct td_entry_point entries[6];
    struct td_agent_config agents[12];
    struct td_attribute attributes[12][4];

    struct world_record interactions[WORLD_ITEMS];
    size_t interaction_count;
    struct world_record people[64];
    size_t people_count;
    struct world_record figures[16];
    size_t figures_count;
    struct world_command commands[WORLD_ITEMS];
    size_t command_count;
    struct world_event events[WORLD_ITEMS * 4];
    size_t event_count;
    struct td_interaction_event said;     /* the last event of an interaction */
    struct td_agent_record said_of_agent; /* the last agent.state */
    struct td_interaction_summary closed[WORLD_ITEMS];
    size_t closed_count;
    size_t updates;
    struct td_sync_item asked; /* the last FLOW_DESCRIBE */
    size_t asked_count;
    size_t problems;
};

/* --- what was stored --- */

static struct world_record *world_find(struct world_record *records, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(records[i].key, key) == 0)
            return &records[i];
    }
    return NULL;
}

static void world_put(struct world_record *records, size_t *count, size_t max, const char *key,
                      struct td_bytes bytes)
{
    struct world_record *record = world_find(records, *count, key);

    if (record == NULL) {
        assert_true(*count < max);
        record = &records[(*count)++];
        memset(record, 0, sizeof(*record));
        td_str_clip(record->key, sizeof(record->key), key);
    }
    free(record->bytes);
    record->bytes = malloc(bytes.size + 1);
    assert_non_null(record->bytes);
    memcpy(record->bytes, bytes.data, bytes.size);
    record->size = bytes.size;
}

static void world_delete(struct world_record *records, size_t *count, const char *key)
{
    struct world_record *record = world_find(records, *count, key);

    if (record == NULL)
        return;
    free(record->bytes);
    *record = records[--*count];
}

/* --- effects --- */

static struct td_arena *world_arena(void)
{
    static _Alignas(max_align_t) uint8_t block[1 << 18];
    static struct td_arena arena;

    td_arena_init(&arena, block, sizeof(block));
    return &arena;
}

static void world_command(struct world *world, const struct flow_command *command)
{
    assert_true(world->command_count < WORLD_ITEMS);
    struct world_command *kept = &world->commands[world->command_count++];

    memset(kept, 0, sizeof(*kept));
    kept->type = command->type;
    kept->head = *command;
    switch (command->type) {
    case FLOW_OFFER:
        kept->offer = command->as.offer->offer_id;
        td_str_clip(kept->agent, sizeof(kept->agent), command->as.offer->agent);
        break;
    case FLOW_CANCEL_OFFER:
        kept->offer = command->as.cancel_offer->offer_id;
        kept->cancel = command->as.cancel_offer->reason;
        break;
    case FLOW_CONNECT:
        kept->offer = command->as.connect->offer_id;
        kept->record = command->as.connect->record;
        assert_true(command->as.connect->has_agent_leg);
        break;
    case FLOW_RELEASE:
        kept->offer = command->as.release->offer_id;
        kept->reason = command->as.release->reason;
        break;
    case FLOW_DIALOG_START:
        kept->dialog = command->as.dialog_start->dialog_id;
        td_str_clip(kept->document, sizeof(kept->document), command->as.dialog_start->document);
        memcpy(kept->variables, command->as.dialog_start->variables, sizeof(kept->variables));
        td_str_clip(kept->language, sizeof(kept->language), command->as.dialog_start->language);
        kept->purpose = command->as.dialog_start->purpose;
        break;
    case FLOW_DIALOG_STOP:
        kept->dialog = command->as.dialog_stop->dialog_id;
        break;
    case FLOW_PLAY:
        td_str_clip(kept->document, sizeof(kept->document), command->as.play->prompts[0].content);
        break;
    default:
        break;
    }
}

static struct world_event *world_event(struct world *world, const char *topic,
                                       struct td_interaction_id id)
{
    assert_true(world->event_count < WORLD_ITEMS * 4);
    struct world_event *event = &world->events[world->event_count++];

    memset(event, 0, sizeof(*event));
    td_str_clip(event->topic, sizeof(event->topic), topic);
    event->id = id;
    return event;
}

static void world_interaction_event(struct world *world, const struct flow_effect *effect)
{
    world->said = *effect->as.event;
    struct world_event *event = world_event(world, effect->topic, effect->interaction_id);

    td_str_clip(event->agent, sizeof(event->agent), effect->as.event->agent);
    td_str_clip(event->reason, sizeof(event->reason), effect->as.event->reason);
    event->phase = effect->as.event->phase;
    event->version = effect->as.event->version;
    event->said = *effect->as.event;
}

static void world_effect(struct world *world, const struct flow_effect *effect)
{
    char key[TD_ID_TEXT_SIZE];

    (void)td_id_format(effect->interaction_id.id, key);
    switch (effect->type) {
    case FLOW_PUT_INTERACTION:
        world_put(world->interactions, &world->interaction_count, WORLD_ITEMS, key,
                  td_interaction_state_encode(world_arena(), effect->as.interaction));
        break;
    case FLOW_DELETE_INTERACTION:
        world_delete(world->interactions, &world->interaction_count, key);
        break;
    case FLOW_PUT_AGENT:
        world_put(world->people, &world->people_count, 64, effect->name,
                  td_agent_record_encode(world_arena(), effect->as.agent));
        break;
    case FLOW_DELETE_AGENT:
        world_delete(world->people, &world->people_count, effect->name);
        break;
    case FLOW_PUT_QUEUE:
        world_put(world->figures, &world->figures_count, 16, effect->name,
                  td_queue_record_encode(world_arena(), effect->as.queue));
        break;
    case FLOW_EVENT:
        world_interaction_event(world, effect);
        break;
    case FLOW_CLOSED:
        (void)world_event(world, effect->topic, effect->interaction_id);
        assert_true(world->closed_count < WORLD_ITEMS);
        world->closed[world->closed_count++] = *effect->as.summary;
        break;
    case FLOW_AGENT:
        world->said_of_agent = *effect->as.agent;
        td_str_clip(world_event(world, effect->topic, effect->interaction_id)->agent, WORLD_TEXT,
                    effect->name);
        break;
    case FLOW_COMMAND:
        world_command(world, effect->as.command);
        break;
    case FLOW_UPDATE:
        world->updates++;
        break;
    case FLOW_DESCRIBE:
        world->asked = *effect->as.sync;
        world->asked_count++;
        break;
    default:
        fail();
    }
}

/* One step, and whatever is due at once after it. */
static void world_step(struct world *world, const struct flow_input *input)
{
    static const struct flow_input time = {.type = FLOW_TIME};
    struct td_interaction_arrived_reply arrived;
    struct td_agent_command_reply agent;

    flow_step(world->flow, input, world->now, world->effects);
    arrived = world->effects->arrived;
    agent = world->effects->agent;
    for (int turn = 0;; turn++) {
        for (uint32_t i = 0; i < world->effects->count; i++)
            world_effect(world, &world->effects->items[i]);
        if (flow_wake_at_unix_us(world->flow) > world->now)
            break;
        assert_true(turn < 10000); // A flow that never rests is a defect.
        flow_step(world->flow, &time, world->now, world->effects);
    }
    world->effects->arrived = arrived;
    world->effects->agent = agent;
}

static void world_wait(struct world *world, uint64_t us)
{
    uint64_t until = world->now + us;

    for (int turn = 0; turn < 100000; turn++) {
        uint64_t wake = flow_wake_at_unix_us(world->flow);
        if (wake > until)
            break;
        world->now = wake > world->now ? wake : world->now;
        world_step(world, &(struct flow_input){.type = FLOW_TIME});
    }
    world->now = until;
}

/* --- life --- */

static void world_problem(void *ctx, const struct flow_problem *problem)
{
    struct world *world = ctx;

    (void)problem;
    world->problems++;
}

static bool world_is_pending(const void *ctx, struct td_interaction_id id, const char *type)
{
    const struct world *world = ctx;

    for (size_t i = 0; i < world->command_count; i++) {
        if (!world->commands[i].done &&
            strcmp(flow_command_name(world->commands[i].type), type) == 0 &&
            td_id_equal(world->commands[i].head.interaction_id.id, id.id))
            return true;
    }
    return false;
}

static const struct td_routing_limits world_limits = {
    .agents = 32, .queues = 8, .interactions = 64, .expressions = 64, .names = 64, .texts = 256};

static void world_boot(struct world *world)
{
    struct flow_settings settings = {.limits = world_limits,
                                     .epoch = ++world->epoch,
                                     .seed = world->epoch * 7919,
                                     .retry_after_s = 5,
                                     .again_after_ms = 30000,
                                     .is_pending = world_is_pending,
                                     .ctx = world};

    assert_int_equal(flow_init(world->flow_block, &settings, &world->flow), TD_OK);
    flow_configure(world->flow, &world->config, world->calendar, world_problem, world);
}

static void world_up(struct world *world, const char *service, const char *instance)
{
    world_step(world, &(struct flow_input){
                          .type = FLOW_INSTANCE_UP, .service = service, .instance = instance});
}

static void world_gone(struct world *world, const char *service, const char *instance)
{
    world_step(world, &(struct flow_input){
                          .type = FLOW_INSTANCE_GONE, .service = service, .instance = instance});
}

/* Everything in memory is lost; another router has what was stored. No instance has spoken yet. */
static void world_crash(struct world *world)
{
    world_boot(world);
    for (size_t i = 0; i < world->interaction_count; i++) {
        struct td_interaction_state state;
        struct world_record *record = &world->interactions[i];

        assert_int_equal(td_interaction_state_decode(
                             world_arena(), td_bytes(record->bytes, record->size), &state, NULL),
                         TD_OK);
        assert_int_equal(flow_load_interaction(world->flow, &state), TD_OK);
    }
    for (size_t i = 0; i < world->people_count; i++) {
        struct td_agent_record state;
        struct world_record *record = &world->people[i];

        assert_int_equal(td_agent_record_decode(
                             world_arena(), td_bytes(record->bytes, record->size), &state, NULL),
                         TD_OK);
        assert_int_equal(flow_load_agent(world->flow, &state), TD_OK);
    }
    for (size_t i = 0; i < world->figures_count; i++) {
        struct td_queue_record state;
        struct world_record *record = &world->figures[i];

        assert_int_equal(td_queue_record_decode(
                             world_arena(), td_bytes(record->bytes, record->size), &state, NULL),
                         TD_OK);
        assert_int_equal(flow_load_queue(world->flow, &state), TD_OK);
    }
    flow_load_end(world->flow, world->now);
}

static void world_number(struct td_attribute *attribute, const char *name, double number)
{
    td_str_clip(attribute->name, sizeof(attribute->name), name);
    attribute->type = TD_ATTRIBUTE_TYPE_NUMBER;
    attribute->number = number;
}

static void world_queue(struct world *world, const char *name, uint32_t wrap_up_s,
                        uint32_t max_waiting)
{
    struct td_queue *queue = &world->queues[world->config.queues_count++];

    td_str_clip(queue->name, sizeof(queue->name), name);
    queue->threshold_s = 20;
    queue->target_percent = 80;
    queue->ageing_percent = 100;
    queue->wrap_up_s = wrap_up_s;
    queue->offer_lease_s = 10;
    queue->max_waiting = max_waiting;
    (void)snprintf(queue->fit, sizeof(queue->fit), "skill");
}

static void world_entry(struct world *world, const char *name, const char *queue,
                        const char *dialog)
{
    struct td_entry_point *entry = &world->entries[world->config.entry_points_count++];

    td_str_clip(entry->name, sizeof(entry->name), name);
    td_str_clip(entry->queue, sizeof(entry->queue), queue);
    td_str_clip(entry->dialog, sizeof(entry->dialog), dialog);
    entry->answer = TD_ANSWER_MODE_AT_DIALOG;
}

/* Queues "sales" (wrap-up 30 s), "plain" (none), "small" (one may wait); entries of the same names
   go straight to them, "menu" through a dialog; agents ann, bob, cleo, dan, the best first. */
static void world_configure(struct world *world)
{
    static const char *const names[] = {"ann", "bob", "cleo", "dan"};
    struct td_company_config *config = &world->config;

    config->queues = world->queues;
    config->entry_points = world->entries;
    config->agents = world->agents;
    world_queue(world, "sales", 30, 0);
    world_queue(world, "plain", 0, 0);
    world_queue(world, "small", 0, 1);
    (void)snprintf(world->queues[0].wait_dialog, 64, "wait.vxml");
    (void)snprintf(world->queues[0].music, 64, "music.wav");
    world->queues[0].record = true;
    world_entry(world, "sales", "sales", "");
    world_entry(world, "plain", "plain", "");
    world_entry(world, "small", "small", "");
    world_entry(world, "menu", "sales", "menu.vxml");
    world_entry(world, "lost", "nowhere", "");
    for (size_t i = 0; i < 4; i++) {
        struct td_agent_config *agent = &world->agents[config->agents_count++];

        td_str_clip(agent->name, sizeof(agent->name), names[i]);
        world_number(&world->attributes[i][0], "skill", (double)(9 - i));
        agent->attributes = world->attributes[i];
        agent->attributes_count = 1;
    }
}

static struct world *world_create(void)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->flow_block = malloc(flow_size(&world_limits));
    world->effects_block = malloc(FLOW_EFFECTS_SIZE);
    assert_non_null(world->flow_block);
    assert_non_null(world->effects_block);
    world->effects = flow_effects_init(world->effects_block);
    world->now = START_US;
    world_configure(world);
    world_boot(world);
    flow_load_end(world->flow, world->now);
    world_step(world, &(struct flow_input){.type = FLOW_SYNC_ENDED});
    world_up(world, "edge", "edge-1");
    world_up(world, "edge", "edge-2");
    world_up(world, "media", "media-1");
    world_up(world, "ivr", "ivr-1");
    assert_int_equal(world->problems, 0);
    return world;
}

static void world_destroy(struct world *world)
{
    for (size_t i = 0; i < world->interaction_count; i++)
        free(world->interactions[i].bytes);
    for (size_t i = 0; i < world->people_count; i++)
        free(world->people[i].bytes);
    for (size_t i = 0; i < world->figures_count; i++)
        free(world->figures[i].bytes);
    free(world->flow_block);
    free(world->effects_block);
    free(world);
}

static int world_setup(void **state)
{
    *state = world_create();
    return 0;
}

static int world_teardown(void **state)
{
    world_destroy(*state);
    return 0;
}

/* --- what others say --- */

static struct td_id world_id(uint64_t number)
{
    uint8_t random[10] = {0};

    for (size_t i = 0; i < 7; i++)
        random[9 - i] = (uint8_t)(number >> (8 * i));
    return td_id_make(START_US / 1000, random);
}

static struct td_interaction_id call_id(uint64_t number)
{
    return (struct td_interaction_id){world_id(number)};
}

static struct td_interaction_arrived world_arrival(uint64_t number, const char *entry)
{
    struct td_interaction_arrived arrived = {
        .interaction_id = call_id(number), .channel = TD_CHANNEL_VOICE, .has_leg = true};

    arrived.leg.leg_id.id = world_id(1000000 + number);
    (void)snprintf(arrived.leg.instance, sizeof(arrived.leg.instance), "media-1");
    (void)snprintf(arrived.channel_instance, sizeof(arrived.channel_instance), "edge-1");
    td_str_clip(arrived.entry_point, sizeof(arrived.entry_point), entry);
    (void)snprintf(arrived.caller, sizeof(arrived.caller), "+8613800000000");
    return arrived;
}

static struct td_interaction_arrived_reply arrive(struct world *world, uint64_t number,
                                                  const char *entry)
{
    struct td_interaction_arrived arrived = world_arrival(number, entry);

    world_step(world, &(struct flow_input){.type = FLOW_ARRIVED, .arrived = &arrived});
    return world->effects->arrived;
}

static struct td_observation_head world_head(const struct world *world, uint64_t number,
                                             const char *instance)
{
    struct td_observation_head head = {.interaction_id = call_id(number), .at_unix_us = world->now};

    td_str_clip(head.channel_instance, sizeof(head.channel_instance), instance);
    return head;
}

static void abandon(struct world *world, uint64_t number)
{
    struct td_interaction_abandoned abandoned = {.head = world_head(world, number, "edge-1")};

    world_step(world, &(struct flow_input){.type = FLOW_ABANDONED, .abandoned = &abandoned});
}

static void ring(struct world *world, uint64_t number, struct td_offer_id offer)
{
    struct td_offer_ringing ringing = {.head = world_head(world, number, "edge-1"),
                                       .offer_id = offer};

    world_step(world, &(struct flow_input){.type = FLOW_RINGING, .ringing = &ringing});
}

static void accept_at(struct world *world, uint64_t number, struct td_offer_id offer,
                      const char *instance)
{
    struct td_offer_accepted accepted = {
        .head = world_head(world, number, instance), .offer_id = offer, .has_leg = true};

    accepted.leg.leg_id.id = world_id(2000000 + number);
    (void)snprintf(accepted.leg.instance, sizeof(accepted.leg.instance), "media-1");
    world_step(world, &(struct flow_input){.type = FLOW_ACCEPTED, .accepted = &accepted});
}

static void accept(struct world *world, uint64_t number, struct td_offer_id offer)
{
    accept_at(world, number, offer, "edge-1");
}

static void decline(struct world *world, uint64_t number, struct td_offer_id offer)
{
    struct td_offer_declined declined = {.head = world_head(world, number, "edge-1"),
                                         .offer_id = offer};

    world_step(world, &(struct flow_input){.type = FLOW_DECLINED, .declined = &declined});
}

static void fail_offer(struct world *world, uint64_t number, struct td_offer_id offer,
                       enum td_offer_failure failure)
{
    struct td_offer_failed failed = {
        .head = world_head(world, number, "edge-1"), .offer_id = offer, .failure = failure};

    world_step(world, &(struct flow_input){.type = FLOW_FAILED, .failed = &failed});
}

static void connect_call(struct world *world, uint64_t number)
{
    struct td_interaction_connected connected = {.head = world_head(world, number, "edge-1")};

    world_step(world, &(struct flow_input){.type = FLOW_CONNECTED, .connected = &connected});
}

static void end_at(struct world *world, uint64_t number, enum td_ended_by by, const char *instance)
{
    struct td_interaction_ended ended = {.head = world_head(world, number, instance), .by = by};

    world_step(world, &(struct flow_input){.type = FLOW_ENDED, .ended = &ended});
}

static void end_call(struct world *world, uint64_t number, enum td_ended_by by)
{
    end_at(world, number, by, "edge-1");
}

static void end_dialog(struct world *world, uint64_t number, struct td_dialog_id dialog,
                       enum td_dialog_result result, const char *queue)
{
    struct td_dialog_ended ended = {
        .dialog_id = dialog, .interaction_id = call_id(number), .result = result};

    td_str_clip(ended.queue, sizeof(ended.queue), queue);
    world_step(world, &(struct flow_input){.type = FLOW_DIALOG_ENDED, .dialog_ended = &ended});
}

static struct td_agent_command_reply say(struct world *world, const char *agent,
                                         enum td_feature_action action, const char *argument)
{
    struct td_agent_command command = {.action = action};

    td_str_clip(command.agent, sizeof(command.agent), agent);
    td_str_clip(command.argument, sizeof(command.argument), argument);
    world_step(world, &(struct flow_input){.type = FLOW_AGENT_COMMAND, .agent_command = &command});
    return world->effects->agent;
}

static void device(struct world *world, const char *agent, bool registered, const char *instance)
{
    struct td_device_changed changed = {.registered = registered};

    td_str_clip(changed.agent, sizeof(changed.agent), agent);
    td_str_clip(changed.instance, sizeof(changed.instance), instance);
    world_step(world,
               &(struct flow_input){.type = FLOW_DEVICE_CHANGED, .device_changed = &changed});
}

static void make_ready_at(struct world *world, const char *agent, const char *instance)
{
    device(world, agent, true, instance);
    assert_true(say(world, agent, TD_FEATURE_ACTION_READY, "").accepted);
}

static void make_ready(struct world *world, const char *agent)
{
    make_ready_at(world, agent, "edge-1");
}

/* --- what can be seen --- */

/* The last command of that type for the call; fails when there is none. */
static struct world_command *command_of(struct world *world, enum flow_command_type type,
                                        uint64_t number)
{
    for (size_t i = world->command_count; i > 0; i--) {
        struct world_command *command = &world->commands[i - 1];

        if (command->type == type &&
            td_id_equal(command->head.interaction_id.id, call_id(number).id))
            return command;
    }
    fail_msg("no %s for call %u", flow_command_name(type), (unsigned)number);
    return NULL;
}

static size_t count_commands(const struct world *world, enum flow_command_type type,
                             uint64_t number)
{
    size_t count = 0;

    for (size_t i = 0; i < world->command_count; i++)
        count += world->commands[i].type == type &&
                 td_id_equal(world->commands[i].head.interaction_id.id, call_id(number).id);
    return count;
}

static struct td_offer_id offer_of(struct world *world, uint64_t number)
{
    return command_of(world, FLOW_OFFER, number)->offer;
}

static size_t count_events(const struct world *world, const char *topic, uint64_t number)
{
    size_t count = 0;

    for (size_t i = 0; i < world->event_count; i++)
        count += strcmp(world->events[i].topic, topic) == 0 &&
                 td_id_equal(world->events[i].id.id, call_id(number).id);
    return count;
}

/* As it was stored; fails when it was not. */
static struct td_interaction_state stored(struct world *world, uint64_t number)
{
    struct td_interaction_state state;
    char key[TD_ID_TEXT_SIZE];
    struct world_record *record = world_find(world->interactions, world->interaction_count,
                                             td_id_format(call_id(number).id, key));

    assert_non_null(record);
    assert_int_equal(td_interaction_state_decode(
                         world_arena(), td_bytes(record->bytes, record->size), &state, NULL),
                     TD_OK);
    return state;
}

static bool is_stored(struct world *world, uint64_t number)
{
    char key[TD_ID_TEXT_SIZE];

    return world_find(world->interactions, world->interaction_count,
                      td_id_format(call_id(number).id, key)) != NULL;
}

static struct td_interaction_summary *summary_of(struct world *world, uint64_t number)
{
    for (size_t i = 0; i < world->closed_count; i++) {
        if (td_id_equal(world->closed[i].interaction_id.id, call_id(number).id))
            return &world->closed[i];
    }
    fail_msg("call %u is not closed", (unsigned)number);
    return NULL;
}

static struct td_agent_status agent_of(const struct world *world, const char *name)
{
    struct td_agent_status status;

    assert_true(flow_find_agent(world->flow, name, &status));
    return status;
}

static struct td_router_queue_gauge gauge_of(const struct world *world, const char *name)
{
    struct td_router_queue_gauge gauge;
    uint32_t cursor = 0;

    while (flow_next_queue(world->flow, &cursor, world->now, &gauge)) {
        if (strcmp(gauge.queue, name) == 0)
            return gauge;
    }
    fail_msg("no queue %s", name);
    return gauge;
}

/* Call `number` talks to the agent who is offered it. */
static void talk(struct world *world, uint64_t number, const char *entry)
{
    (void)arrive(world, number, entry);
    accept(world, number, offer_of(world, number));
    connect_call(world, number);
    assert_int_equal(stored(world, number).phase, TD_INTERACTION_PHASE_CONNECTED);
}

#endif
