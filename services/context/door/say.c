/* What guests are told. A message that finds a full queue is not sent; who needs it knows. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "context/door/door.h"

#define SENTENCE_SIZE 256

static enum td_err say(struct door_guest *guest, const struct td_door_message *message)
{
    struct td_arena *arena = td_service_arena(guest->door->service);
    size_t mark = arena->used;
    struct td_bytes packed = td_door_message_encode(arena, message);
    enum td_err err = td_bus_door_send(guest->door->listener, guest->handle, packed);

    td_arena_rewind(arena, mark);
    return err;
}

void door_answer(struct door_guest *guest, const struct td_door_answer *answer)
{
    const struct td_door_message message = {.answer = *answer, .has_answer = true};

    if (say(guest, &message) == TD_ERR_BUSY)
        td_bus_door_cut(guest->door->listener, guest->handle); // It asks and does not listen.
}

void door_refuse(struct door_guest *guest, uint64_t number, enum td_door_status status,
                 uint32_t retry_after_ms, const char *sentence, ...)
{
    struct td_door_answer answer = {
        .number = number, .status = status, .retry_after_ms = retry_after_ms};
    char text[SENTENCE_SIZE];
    va_list args;

    va_start(args, sentence);
    (void)vsnprintf(text, sizeof(text), sentence, args);
    va_end(args);
    td_str_clip(answer.message, sizeof(answer.message), text);
    ++*guest->door->refused;
    *guest->door->denied += status == TD_DOOR_STATUS_DENIED;
    if (guest->client != NULL)
        guest->client->refused++;
    door_answer(guest, &answer);
}

struct td_door_place door_place(uint32_t partition, struct td_live_stream_id id)
{
    struct td_door_place place = {.partition = partition};

    (void)td_live_stream_id_format(id, place.id);
    return place;
}

void door_say_gap(struct door_guest *guest, uint32_t partition, struct td_live_stream_id after,
                  struct td_live_stream_id until)
{
    const struct td_door_message message = {
        .gap = {.after = door_place(partition, after),
                .has_after = true,
                .until = door_place(partition, until),
                .has_until = true},
        .has_gap = true,
    };

    ++*guest->door->gaps;
    if (say(guest, &message) == TD_ERR_BUSY)
        td_bus_door_cut(guest->door->listener, guest->handle); // It would not learn of the gap.
}

void door_fill_places(const struct door_guest *guest, struct td_door_place *places, uint32_t *count)
{
    *count = guest->is_placed ? TD_STREAMS : 0;
    for (uint32_t i = 0; i < *count; i++)
        places[i] = door_place(i, guest->sent[i]);
}

void door_say_places(struct door_guest *guest)
{
    struct td_door_message message = {.has_places = true};

    door_fill_places(guest, message.places.places, &message.places.places_count);
    (void)say(guest, &message); // The next second says more.
}

struct td_bytes door_pack_event(struct door *door, const struct td_door_place *place,
                                struct td_bytes envelope)
{
    struct td_door_message message = {.event = {.envelope = envelope}, .has_event = true};

    if (place != NULL) {
        message.event.place = *place;
        message.event.has_place = true;
    }
    return td_door_message_encode(td_service_arena(door->service), &message);
}

/* @return false: its queue is full still. */
static bool told_of_dropped(struct door_guest *guest)
{
    const struct td_door_message message = {.gap = {.metrics_dropped = guest->metrics_dropped},
                                            .has_gap = true};

    if (guest->metrics_dropped > 0 && say(guest, &message) != TD_OK)
        return false;
    guest->metrics_dropped = 0;
    return true;
}

enum td_err door_deliver(struct door_guest *guest, struct td_bytes packed)
{
    if (!told_of_dropped(guest))
        return TD_ERR_BUSY;
    enum td_err err = td_bus_door_send(guest->door->listener, guest->handle, packed);

    if (err == TD_OK) {
        ++*guest->door->delivered;
        guest->client->delivered++;
    }
    return err;
}
