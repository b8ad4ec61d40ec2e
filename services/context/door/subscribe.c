/* Subscriptions: checked against the grant one by one, all of a request or none. */
#include <string.h>

#include "base/str.h"
#include "context/door/door.h"

#define UNREADY_RETRY_MS 500
#define FUTURE_MS 60000 /* that the clocks of Redis and of this host may differ */

static int find_topic(const struct door_guest *guest, const char *topic)
{
    for (uint32_t i = 0; i < guest->topic_count; i++) {
        if (td_str_equal(guest->topics[i], topic))
            return (int)i;
    }
    return -1;
}

/* @return true: all of them may be subscribed; else it was refused. */
static bool check_topics(struct door_guest *guest, const struct td_door_request *request)
{
    const struct td_door_subscribe *subscribe = &request->subscribe;
    const struct door_client *client = guest->client;
    uint32_t added = 0;

    if (subscribe->topics_count == 0) {
        door_refuse(guest, request->number, TD_DOOR_STATUS_INVALID, 0, "topics: missing");
        return false;
    }
    for (uint32_t i = 0; i < subscribe->topics_count; i++) {
        const char *topic = subscribe->topics[i];

        if (!td_pattern_is_valid(topic)) {
            door_refuse(guest, request->number, TD_DOOR_STATUS_INVALID, 0,
                        "topics[%u]: expected a topic such as crm.order_placed, or with a dot at "
                        "its end all below, such as crm.",
                        i);
            return false;
        }
        if (!td_grants_pattern(client->subscribe, topic)) {
            door_refuse(guest, request->number, TD_DOOR_STATUS_DENIED, 0,
                        "topics: %s is not granted; client %s may subscribe to: %s", topic,
                        client->name, client->subscribe[0] != '\0' ? client->subscribe : "nothing");
            return false;
        }
        added += find_topic(guest, topic) < 0;
    }
    if (guest->topic_count + added <= DOOR_TOPICS_MAX)
        return true;
    door_refuse(guest, request->number, TD_DOOR_STATUS_INVALID, 0,
                "topics: at most %d of one connection", DOOR_TOPICS_MAX);
    return false;
}

/* @return NULL, or what is wrong with it. */
static const char *read_place(const struct door *door, const struct td_door_place *place,
                              struct td_live_stream_id *id)
{
    uint64_t now_ms = td_loop_now_unix_us(td_service_loop(door->service)) / 1000;

    if (place->partition >= TD_STREAMS)
        return "after.partition: expected 0 to 15";
    if (td_live_stream_id_parse(td_bytes(place->id, strlen(place->id)), id) != TD_OK)
        return "after.id: expected a place as it was given, such as 1763852400000-0";
    if (id->unix_ms > now_ms + FUTURE_MS)
        return "after.id: lies in the future";
    return NULL;
}

/* Where it begins: now, or behind what it has. */
static const char *set_places(struct door_guest *guest, const struct td_door_subscribe *subscribe)
{
    const struct door *door = guest->door;
    struct td_live_stream_id places[TD_STREAMS];

    if (guest->is_placed)
        return subscribe->after_count == 0
                   ? NULL
                   : "after: only in the first subscription of a connection";
    for (uint32_t i = 0; i < TD_STREAMS; i++)
        places[i] = td_live_tail_position(door->tail, i);
    for (uint32_t i = 0; i < subscribe->after_count; i++) {
        const struct td_door_place *place = &subscribe->after[i];
        struct td_live_stream_id id;
        const char *why = read_place(door, place, &id);

        if (why != NULL)
            return why;
        places[place->partition] = id;
    }
    memcpy(guest->sent, places, sizeof(places));
    guest->is_placed = true;
    if (subscribe->after_count > 0)
        door_reader_start(guest, 0);
    return NULL;
}

static void add_topics(struct door_guest *guest, const struct td_door_subscribe *subscribe)
{
    for (uint32_t i = 0; i < subscribe->topics_count; i++) {
        if (find_topic(guest, subscribe->topics[i]) < 0)
            td_str_clip(guest->topics[guest->topic_count++], TD_PATTERN_SIZE, subscribe->topics[i]);
    }
}

void door_subscribe(struct door_guest *guest, const struct td_door_request *request)
{
    struct td_door_answer answer = {.number = request->number, .status = TD_DOOR_STATUS_DONE};

    if (!check_topics(guest, request))
        return;
    if (!guest->door->tail_up) {
        door_refuse(guest, request->number, TD_DOOR_STATUS_BUSY, UNREADY_RETRY_MS,
                    "the event streams cannot be read now");
        return;
    }
    const char *why = set_places(guest, &request->subscribe);
    if (why != NULL) {
        door_refuse(guest, request->number, TD_DOOR_STATUS_INVALID, 0, "%s", why);
        return;
    }
    add_topics(guest, &request->subscribe);
    door_fill_places(guest, answer.places, &answer.places_count);
    door_answer(guest, &answer);
}

void door_unsubscribe(struct door_guest *guest, const struct td_door_request *request)
{
    const struct td_door_answer answer = {.number = request->number, .status = TD_DOOR_STATUS_DONE};

    for (uint32_t i = 0; i < request->unsubscribe.topics_count; i++) {
        int at = find_topic(guest, request->unsubscribe.topics[i]);

        if (at >= 0)
            memmove(guest->topics[at], guest->topics[--guest->topic_count], TD_PATTERN_SIZE);
    }
    door_answer(guest, &answer);
}
