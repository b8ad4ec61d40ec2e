/*
 * Events for one guest that is behind: it was away, or did not read as fast as events came. It has
 * a reader of the streams of its own, from the place it has got to, until that one is as far as the
 * reader of all. A full queue ends the reader; a moment later a new one goes on from the same
 * place. So a slow guest costs Redis some reading and loses nothing that is kept.
 */
#include "context/door/door.h"

#define FULL_RETRY_MS 100
#define LINE_RETRY_MS 250

static void end_reading(struct door_guest *guest)
{
    if (guest->own == NULL)
        return;
    td_live_tail_destroy(&guest->own);
    guest->door->readers--;
}

static void wait_again(struct door_guest *guest, uint32_t after_ms)
{
    end_reading(guest);
    guest->pace = DOOR_PACE_WAITING;
    td_timer_start(&guest->again, after_ms);
}

static void on_entry(void *ctx, uint32_t stream, struct td_live_stream_id id, struct td_bytes value)
{
    struct door_guest *guest = ctx;
    struct door *door = guest->door;
    struct td_arena *arena = td_service_arena(door->service);
    size_t mark = arena->used;
    struct td_envelope envelope;
    enum td_err err = TD_OK;

    if (td_envelope_decode(arena, value, &envelope, NULL) == TD_OK &&
        door_wants(guest, envelope.tenant, envelope.topic)) {
        const struct td_door_place place = door_place(stream, id);

        err = door_deliver(guest, door_pack_event(door, &place, value));
    }
    td_arena_rewind(arena, mark);
    if (err == TD_ERR_BUSY)
        wait_again(guest, FULL_RETRY_MS);
    else
        guest->sent[stream] = id;
}

static void on_gap(void *ctx, uint32_t stream, struct td_live_stream_id after,
                   struct td_live_stream_id trimmed)
{
    struct door_guest *guest = ctx;

    guest->sent[stream] = trimmed;
    door_say_gap(guest, stream, after, trimmed);
}

void door_reader_check(struct door_guest *guest)
{
    const struct door *door = guest->door;

    if (guest->own == NULL || !door->tail_up)
        return;
    for (uint32_t i = 0; i < TD_STREAMS; i++) {
        if (td_live_stream_id_compare(guest->sent[i], td_live_tail_position(door->tail, i)) < 0)
            return;
    }
    end_reading(guest);
    guest->pace = DOOR_PACE_LIVE;
}

static void on_page_end(void *ctx)
{
    door_reader_check(ctx);
}

static enum td_err open_reader(struct door_guest *guest)
{
    struct td_service *service = guest->door->service;
    char keys[TD_STREAMS][TD_KEY_SIZE];
    struct td_live_tail_stream streams[TD_STREAMS];

    for (unsigned i = 0; i < TD_STREAMS; i++)
        streams[i] = (struct td_live_tail_stream){
            td_stream_key(td_service_site(service), i, keys[i]), guest->sent[i]};
    const struct td_live_tail_config config = {
        .address = td_service_redis(service),
        .password = td_service_redis_password(service),
        .streams = streams,
        .stream_count = TD_STREAMS,
        .entry = on_entry,
        .page_end = on_page_end,
        .gap = on_gap,
        .ctx = guest,
    };
    return td_live_tail_create(td_service_loop(service), &config, &guest->own);
}

static void on_again(void *ctx)
{
    struct door_guest *guest = ctx;
    struct door *door = guest->door;

    if (door->readers >= door->config.readers_max || open_reader(guest) != TD_OK) {
        td_timer_start(&guest->again, LINE_RETRY_MS);
        return;
    }
    door->readers++;
    ++*door->behind;
    guest->pace = DOOR_PACE_READING;
}

void door_reader_start(struct door_guest *guest, uint32_t after_ms)
{
    td_timer_init(&guest->again, td_service_loop(guest->door->service), on_again, guest);
    wait_again(guest, after_ms);
}

void door_reader_stop(struct door_guest *guest)
{
    td_timer_stop(&guest->again);
    end_reading(guest);
    guest->pace = DOOR_PACE_LIVE;
}
