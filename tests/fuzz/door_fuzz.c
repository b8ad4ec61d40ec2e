// needs: service door
/*
 * What a client can say at the door, a message after the other: [u16 size][bytes] each. The parts
 * of the door that read and judge it are the real ones; around them stand a listener that counts
 * answers, and a context that stores at once. Every message is answered, nothing reaches context
 * that was not granted, nothing is subscribed that was not granted.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "context/door/door.h"
#include "service/publish.h"
#include "wire/context_wire.h"

#define ARENA_SIZE (4U << 20)
#define SERVICE ((struct td_service *)&world)
#define LISTENER ((struct td_bus_door *)&world)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct td_loop *loop; // Never run: timers are set and stopped.

static struct {
    struct td_arena arena;
    struct door_client client;
    struct door door;
    uint64_t counters[8];
    unsigned answers;
    bool is_cut;
} world;

/* --- what stands around it ---------------------------------------------------------------------
 */

struct td_arena *td_service_arena(struct td_service *service)
{
    (void)service;
    return &world.arena;
}

struct td_loop *td_service_loop(struct td_service *service)
{
    (void)service;
    return loop;
}

const struct td_log *td_service_log(const struct td_service *service)
{
    (void)service;
    abort(); // Like all below it: what one client says gives no reason to.
}

const char *td_service_site(const struct td_service *service)
{
    (void)service;
    abort();
}

const char *td_service_redis(const struct td_service *service)
{
    (void)service;
    abort();
}

const char *td_service_redis_password(const struct td_service *service)
{
    (void)service;
    abort();
}

struct td_bus *td_service_bus(struct td_service *service)
{
    (void)service;
    abort();
}

void td_publish_follow(struct td_service *service, struct td_bus_subscriber *subscriber)
{
    (void)service;
    (void)subscriber;
    abort();
}

const char *td_stream_key(const char *site, unsigned partition, char key[TD_KEY_SIZE])
{
    (void)site;
    (void)partition;
    (void)key;
    abort();
}

enum td_err td_live_tail_create(struct td_loop *on, const struct td_live_tail_config *config,
                                struct td_live_tail **tail)
{
    (void)on;
    (void)config;
    (void)tail;
    abort();
}

void td_live_tail_destroy(struct td_live_tail **tail)
{
    assert(*tail == NULL);
}

struct td_live_stream_id td_live_tail_position(const struct td_live_tail *tail, uint32_t stream)
{
    (void)tail;
    return (struct td_live_stream_id){UINT64_C(1763852300000), stream};
}

struct door_client *door_clients_find(const struct door_clients *clients, const char *public_key)
{
    (void)clients;
    (void)public_key;
    return &world.client;
}

enum td_err td_bus_door_send(struct td_bus_door *door, struct td_bus_guest guest,
                             struct td_bytes body)
{
    static max_align_t block[65536 / sizeof(max_align_t)];
    struct td_arena arena;
    struct td_door_message message;

    (void)door;
    (void)guest;
    td_arena_init(&arena, block, sizeof(block));
    assert(td_door_message_decode(&arena, body, &message, NULL) == TD_OK);
    assert(message.has_answer && message.answer.status != TD_DOOR_STATUS_UNSPECIFIED);
    assert(message.answer.status == TD_DOOR_STATUS_DONE || message.answer.message[0] != '\0');
    world.answers++;
    return TD_OK;
}

void td_bus_door_cut(struct td_bus_door *door, struct td_bus_guest guest)
{
    (void)door;
    (void)guest;
    world.is_cut = true;
}

void td_call(struct td_service *service, const struct td_call *call, td_reply_fn *done, void *ctx)
{
    struct td_event_publish event;
    struct td_event_publish_reply reply = {.repeated = call->payload.size % 2 == 0};

    (void)service;
    assert(call->tenant == 7);
    assert(td_event_publish_decode(&world.arena, call->payload, &event, NULL) == TD_OK);
    assert(strncmp(event.topic, "crm.", 4) == 0 && event.topic[4] != '\0');
    assert(!td_id_is_nil(event.event_id.id));
    done(ctx, TD_OK, td_event_publish_reply_encode(&world.arena, &reply), "");
}

static const struct td_log log_of_none = {.level_min = TD_LOG_LEVEL_COUNT};

/* --- the messages ------------------------------------------------------------------------------
 */

static void set_up(void)
{
    static max_align_t block[ARENA_SIZE / sizeof(max_align_t)];
    struct door *door = &world.door;

    if (loop == NULL && td_loop_create(&log_of_none, &loop) != TD_OK)
        abort();
    memset(&world, 0, sizeof(world));
    td_arena_init(&world.arena, block, sizeof(block));
    world.client = (struct door_client){.name = "crm",
                                        .tenant = 7,
                                        .publish = "crm.",
                                        .subscribe = "crm. metrics.queue.",
                                        .publish_per_s = 50,
                                        .bytes_per_s = 100000,
                                        .pending_max = 4,
                                        .connections_max = 1};
    door_bucket_init(&world.client.requests, 50, 0);
    door_bucket_init(&world.client.bytes, 100000, 0);
    door_bucket_init(&world.client.patience, 50, 0);
    door->service = SERVICE;
    door->listener = LISTENER;
    door->tail_up = true;
    door->published = &world.counters[0];
    door->refused = &world.counters[1];
    door->denied = &world.counters[2];
    door->delivered = &world.counters[3];
}

static void check_subscribed(void)
{
    const struct door_guest *guest = world.door.guests;

    assert(guest != NULL && guest->next == NULL && guest->topic_count <= DOOR_TOPICS_MAX);
    for (uint32_t i = 0; i < guest->topic_count; i++) {
        assert(td_pattern_is_valid(guest->topics[i]));
        assert(td_grants_pattern("crm. metrics.queue.", guest->topics[i]));
        assert(!door_wants(guest, 8, guest->topics[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct td_bus_guest handle = {1, 1};

    set_up();
    while (size >= 2 && !world.is_cut) {
        size_t length = (size_t)data[0] << 8 | data[1];

        data += 2;
        size -= 2;
        length = length < size ? length : size;
        uint8_t *copy = malloc(length + 1); // Of its own: what lies behind it is nobody's.
        assert(copy != NULL);
        memcpy(copy, data, length);
        world.answers = 0;
        door_on_message(&world.door, handle, "key", td_bytes(copy, length));
        free(copy);
        assert(world.answers == 1);
        assert(world.arena.used == 0);
        check_subscribed();
        data += length;
        size -= length;
    }
    if (world.door.guests != NULL)
        door_on_gone(&world.door, handle);
    assert(world.door.guests == NULL && world.client.connections == 0);
    return 0;
}
