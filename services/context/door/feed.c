/* Events and figures to every guest that is up to date: read once, packed once, sent to each. */
#include "base/str.h"
#include "context/door/door.h"
#include "service/publish.h"

#define PLACES_EVERY_MS 1000
#define FULL_RETRY_MS 100
/* How long events may wait for others. */
#define REST_MS 10

bool door_wants(const struct door_guest *guest, uint32_t tenant, const char *topic)
{
    if (guest->client == NULL || guest->client->tenant != tenant)
        return false;
    for (uint32_t i = 0; i < guest->topic_count; i++) {
        if (td_pattern_matches(guest->topics[i], topic))
            return true;
    }
    return false;
}

/* --- events ------------------------------------------------------------------------------------
 */

static bool has_sent(const struct door_guest *guest, uint32_t stream, struct td_live_stream_id id)
{
    return td_live_stream_id_compare(guest->sent[stream], id) >= 0;
}

/* Once: the guests share what was packed. */
static void send_to_all(struct door *door, const struct td_envelope *envelope,
                        const struct td_door_place *place, struct td_live_stream_id id,
                        struct td_bytes value)
{
    struct td_bytes packed = td_bytes(NULL, 0);

    for (struct door_guest *guest = door->guests; guest != NULL; guest = guest->next) {
        if (guest->pace != DOOR_PACE_LIVE || !guest->is_placed ||
            has_sent(guest, place->partition, id) ||
            !door_wants(guest, envelope->tenant, envelope->topic))
            continue;
        if (packed.size == 0)
            packed = door_pack_event(door, place, value);
        if (door_deliver(guest, packed) == TD_ERR_BUSY)
            door_reader_start(guest, FULL_RETRY_MS);
        else
            guest->sent[place->partition] = id;
    }
}

static void on_entry(void *ctx, uint32_t stream, struct td_live_stream_id id, struct td_bytes value)
{
    struct door *door = ctx;
    struct td_arena *arena = td_service_arena(door->service);
    size_t mark = arena->used;
    struct td_envelope envelope;

    if (door->guests == NULL)
        return;
    if (td_envelope_decode(arena, value, &envelope, NULL) == TD_OK) {
        const struct td_door_place place = door_place(stream, id);

        send_to_all(door, &envelope, &place, id, value);
    } else {
        ++*door->unreadable;
    }
    td_arena_rewind(arena, mark);
}

static void on_gap(void *ctx, uint32_t stream, struct td_live_stream_id after,
                   struct td_live_stream_id trimmed)
{
    struct door *door = ctx;

    td_log_warn(td_service_log(door->service), "stream.trimmed", td_u64("partition", stream),
                td_u64("after_unix_ms", after.unix_ms), td_u64("trimmed_unix_ms", trimmed.unix_ms));
    for (struct door_guest *guest = door->guests; guest != NULL; guest = guest->next) {
        if (guest->pace != DOOR_PACE_LIVE || !guest->is_placed)
            continue;
        door_say_gap(guest, stream, after, trimmed);
        guest->sent[stream] = trimmed;
    }
}

static void on_tail_state(void *ctx, bool up)
{
    struct door *door = ctx;

    door->tail_up = up;
}

static enum td_err open_tail(struct door *door)
{
    char keys[TD_STREAMS][TD_KEY_SIZE];
    struct td_live_tail_stream streams[TD_STREAMS];

    for (unsigned i = 0; i < TD_STREAMS; i++)
        streams[i] = (struct td_live_tail_stream){
            td_stream_key(td_service_site(door->service), i, keys[i]), TD_LIVE_FROM_NOW};
    const struct td_live_tail_config config = {
        .address = td_service_redis(door->service),
        .password = td_service_redis_password(door->service),
        .streams = streams,
        .stream_count = TD_STREAMS,
        .rest_ms = REST_MS,
        .entry = on_entry,
        .gap = on_gap,
        .state = on_tail_state,
        .ctx = door,
    };
    return td_live_tail_create(td_service_loop(door->service), &config, &door->tail);
}

/* --- figures -----------------------------------------------------------------------------------
 */

static void send_metric(struct door *door, const struct td_envelope *envelope,
                        struct td_bytes value)
{
    struct td_bytes packed = td_bytes(NULL, 0);

    for (struct door_guest *guest = door->guests; guest != NULL; guest = guest->next) {
        if (!door_wants(guest, envelope->tenant, envelope->topic))
            continue;
        if (packed.size == 0)
            packed = door_pack_event(door, NULL, value);
        if (door_deliver(guest, packed) == TD_ERR_BUSY) {
            guest->metrics_dropped++;
            guest->client->dropped++;
            ++*door->dropped;
        }
    }
}

static void on_metric(void *ctx, const struct td_bus_message *message)
{
    struct door *door = ctx;
    struct td_arena *arena = td_service_arena(door->service);
    size_t mark = arena->used;
    struct td_envelope envelope;

    if (door->guests == NULL)
        return;
    if (td_envelope_decode(arena, message->body, &envelope, NULL) == TD_OK)
        send_metric(door, &envelope, message->body);
    else
        ++*door->unreadable;
    td_arena_rewind(arena, mark);
}

static enum td_err open_metrics(struct door *door)
{
    const struct td_bus_subscriber_options options = {.on_message = on_metric, .ctx = door};
    enum td_err err =
        td_bus_subscriber_create(td_service_bus(door->service), &options, &door->metrics);

    if (err == TD_OK)
        err = td_bus_subscribe(door->metrics, "metrics.");
    if (err == TD_OK)
        td_publish_follow(door->service, door->metrics);
    return err;
}

/* --- places ------------------------------------------------------------------------------------
 */

/* Whoever is up to date has been sent everything up to where the reader of all is. */
static void advance(struct door_guest *guest)
{
    const struct door *door = guest->door;

    for (uint32_t i = 0; i < TD_STREAMS && door->tail_up; i++) {
        struct td_live_stream_id position = td_live_tail_position(door->tail, i);

        if (!has_sent(guest, i, position))
            guest->sent[i] = position;
    }
}

static void on_places(void *ctx)
{
    struct door *door = ctx;

    for (struct door_guest *guest = door->guests; guest != NULL; guest = guest->next) {
        if (guest->topic_count == 0)
            continue;
        if (guest->pace == DOOR_PACE_LIVE && guest->is_placed)
            advance(guest);
        else if (guest->pace == DOOR_PACE_READING)
            door_reader_check(guest);
        door_say_places(guest);
    }
}

/* --- life --------------------------------------------------------------------------------------
 */

enum td_err door_feed_open(struct door *door)
{
    enum td_err err = open_tail(door);

    if (err == TD_OK)
        err = open_metrics(door);
    td_timer_init(&door->places, td_service_loop(door->service), on_places, door);
    td_timer_start_repeating(&door->places, PLACES_EVERY_MS);
    return err;
}

void door_feed_close(struct door *door)
{
    td_timer_stop(&door->places);
    if (door->metrics != NULL)
        td_publish_follow(door->service, NULL);
    td_bus_subscriber_destroy(&door->metrics);
    td_live_tail_destroy(&door->tail);
}
