// needs: service router
/*
 * A router takes over whatever records there are and then hears whatever messages there are: it
 * never fails, comes to rest, and what it stores it can load again.
 *
 * Input: pieces of [kind, length / 256, length % 256, bytes]. Kinds below RECORDS are stored
 * records, heard before the first message; the others are messages; a piece that is no such message
 * passes time.
 */
#include <stdlib.h>
#include <string.h>

#include "router/core/flow.h"

#define NOW UINT64_C(1800000000000000)
#define RECORDS 3
#define TURNS_MAX 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct td_routing_limits limits = {
    .agents = 8, .queues = 4, .interactions = 8, .expressions = 32, .names = 32, .texts = 64};

static struct td_queue queues[2] = {
    {.name = "a",
     .wrap_up_s = 5,
     .offer_lease_s = 5,
     .max_waiting = 2,
     .music = "m",
     .wait_dialog = "w",
     .record = true,
     .max_wait_s = 20,
     .has_recording_notice = true,
     .recording_notice = {.mode = TD_NOTICE_MODE_BEFORE_AGENT},
     .has_when_full = true,
     .when_full = {.action = TD_DIVERSION_ACTION_QUEUE, .queue = "b"},
     .has_when_waited = true,
     .when_waited = {.action = TD_DIVERSION_ACTION_VOICE_MAIL}},
    // Back to "a", which no company is allowed: it ends all the same.
    {.name = "b",
     .fit = "x",
     .has_when_no_agent = true,
     .when_no_agent = {.action = TD_DIVERSION_ACTION_QUEUE, .queue = "a"}}};
static struct td_entry_point entries[2] = {
    {.name = "a", .queue = "a", .dialog = "d"},
    {.name = "b",
     .queue = "b",
     .has_when_closed = true,
     .when_closed = {.action = TD_DIVERSION_ACTION_MESSAGE}}};
static struct td_agent_config agents[2] = {{.name = "a"}, {.name = "b"}};
static const struct td_company_config company = {.queues = queues,
                                                 .queues_count = 2,
                                                 .entry_points = entries,
                                                 .entry_points_count = 2,
                                                 .agents = agents,
                                                 .agents_count = 2};

struct run {
    struct flow *flow;
    struct flow_effects *effects;
    uint64_t now;
};

static bool is_pending(const void *ctx, struct td_interaction_id id, const char *type)
{
    (void)ctx;
    return (id.id.bytes[0] ^ (uint8_t)type[0]) & 1;
}

static struct td_arena *scratch(void)
{
    static _Alignas(max_align_t) uint8_t block[1 << 19];
    static struct td_arena arena;

    td_arena_init(&arena, block, sizeof(block));
    return &arena;
}

/* --- pieces --- */

static void load(struct run *run, uint8_t kind, struct td_bytes bytes)
{
    struct td_interaction_state interaction;
    struct td_agent_record agent;
    struct td_queue_record queue;

    if (kind == 0 && td_interaction_state_decode(scratch(), bytes, &interaction, NULL) == TD_OK)
        (void)!flow_load_interaction(run->flow, &interaction);
    if (kind == 1 && td_agent_record_decode(scratch(), bytes, &agent, NULL) == TD_OK)
        (void)!flow_load_agent(run->flow, &agent);
    if (kind == 2 && td_queue_record_decode(scratch(), bytes, &queue, NULL) == TD_OK)
        (void)!flow_load_queue(run->flow, &queue);
}

static void check_stored(const struct flow_effects *effects)
{
    struct td_interaction_state again;

    for (uint32_t i = 0; i < effects->count; i++) {
        if (effects->items[i].type != FLOW_PUT_INTERACTION)
            continue;
        struct td_arena *arena = scratch();
        struct td_bytes bytes =
            td_interaction_state_encode(arena, effects->items[i].as.interaction);
        if (td_interaction_state_decode(arena, bytes, &again, NULL) != TD_OK)
            abort();
    }
}

static void step(struct run *run, const struct flow_input *input)
{
    flow_step(run->flow, input, run->now, run->effects);
    check_stored(run->effects);
    for (int turn = 0; flow_wake_at_unix_us(run->flow) <= run->now; turn++) {
        if (turn == TURNS_MAX)
            abort(); // It never rests.
        flow_step(run->flow, &(struct flow_input){.type = FLOW_TIME}, run->now, run->effects);
        check_stored(run->effects);
    }
}

#define HEAR(number, input_type, message, member)                                                  \
    case number: {                                                                                 \
        struct td_##message said;                                                                  \
        if (td_##message##_decode(scratch(), bytes, &said, NULL) != TD_OK)                         \
            return;                                                                                \
        step(run, &(struct flow_input){                                                            \
                      .type = input_type, .member = &said, .service = "edge", .instance = "e"});   \
        return;                                                                                    \
    }

static void hear(struct run *run, uint8_t kind, struct td_bytes bytes)
{
    static const char *const services[] = {"edge", "media", "ivr"};

    switch (kind) {
        HEAR(3, FLOW_ARRIVED, interaction_arrived, arrived)
        HEAR(4, FLOW_ABANDONED, interaction_abandoned, abandoned)
        HEAR(5, FLOW_RINGING, offer_ringing, ringing)
        HEAR(6, FLOW_ACCEPTED, offer_accepted, accepted)
        HEAR(7, FLOW_DECLINED, offer_declined, declined)
        HEAR(8, FLOW_FAILED, offer_failed, failed)
        HEAR(9, FLOW_CONNECTED, interaction_connected, connected)
        HEAR(10, FLOW_ENDED, interaction_ended, ended)
        HEAR(11, FLOW_DIALOG_ENDED, dialog_ended, dialog_ended)
        HEAR(12, FLOW_AGENT_COMMAND, agent_command, agent_command)
        HEAR(13, FLOW_DEVICE_CHANGED, device_changed, device_changed)
        HEAR(14, FLOW_SYNC_ITEM, sync_item, sync)
        HEAR(15, FLOW_DIALOG_SYNC_ITEM, dialog_sync_item, dialog_sync)
    case 16:
    case 17:
    case 18:
        step(run,
             &(struct flow_input){.type = (enum flow_input_type)(FLOW_INSTANCE_UP + bytes.size % 2),
                                  .service = services[kind - 16],
                                  .instance = "e"});
        return;
    case 19:
        step(run, &(struct flow_input){.type = FLOW_SYNC_DONE,
                                       .service = services[bytes.size % 3],
                                       .instance = "e"});
        return;
    case 20:
        step(run, &(struct flow_input){.type = FLOW_SYNC_ENDED});
        return;
    default:
        run->now += bytes.size * UINT64_C(1000000);
        step(run, &(struct flow_input){.type = FLOW_TIME});
        return;
    }
}

/* The next piece; false at the end. */
static bool next(struct td_bytes *input, uint8_t *kind, struct td_bytes *piece)
{
    if (input->size < 3)
        return false;

    size_t length = (size_t)input->data[1] << 8 | input->data[2];
    *kind = input->data[0];
    length = length < input->size - 3 ? length : input->size - 3;
    *piece = td_bytes(input->data + 3, length);
    *input = td_bytes(input->data + 3 + length, input->size - 3 - length);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void *block;
    static void *effects;
    struct run run = {.now = NOW};
    struct td_bytes records = td_bytes(data, size);
    struct td_bytes messages = records;
    struct td_bytes piece;
    uint8_t kind;

    if (block == NULL) {
        block = malloc(flow_size(&limits));
        effects = malloc(FLOW_EFFECTS_SIZE);
    }
    run.effects = flow_effects_init(effects);
    struct flow_settings settings = {
        .limits = limits, .epoch = 1, .again_after_ms = 1000, .is_pending = is_pending};
    if (flow_init(block, &settings, &run.flow) != TD_OK)
        abort();
    flow_configure(run.flow, &company, NULL, NULL, NULL);
    while (next(&records, &kind, &piece))
        load(&run, kind, piece);
    flow_load_end(run.flow, run.now);
    while (next(&messages, &kind, &piece)) {
        if (kind >= RECORDS)
            hear(&run, kind, piece);
    }
    return 0;
}
