/* Events from guests: checked here, stored and acknowledged by context. */
#include <stdlib.h>

#include "base/str.h"
#include "context/door/door.h"
#include "wire/context_wire.h"

#define STORE_DEADLINE_MS 4000
#define PENDING_RETRY_MS 50
#define BUSY_RETRY_MS 500
#define UNKNOWN_RETRY_MS 200

/* A publish without its answer: the guest, the client or both may have gone when it comes. */
struct pending {
    struct door *door;
    struct td_bus_guest handle;
    char public_key[TD_BUS_KEY_SIZE];
    uint64_t number;
};

static enum td_door_status status_of(enum td_err err, uint32_t *retry_after_ms)
{
    switch (err) {
    case TD_ERR_BUSY:
    case TD_ERR_LIMIT:
        *retry_after_ms = BUSY_RETRY_MS;
        return TD_DOOR_STATUS_BUSY;
    case TD_ERR_SYNTAX:
    case TD_ERR_RANGE:
    case TD_ERR_INVALID:
        return TD_DOOR_STATUS_INVALID;
    case TD_ERR_DENIED:
        return TD_DOOR_STATUS_DENIED;
    default: // Nobody there, or it died before it could say.
        *retry_after_ms = UNKNOWN_RETRY_MS;
        return TD_DOOR_STATUS_UNAVAILABLE;
    }
}

static void say_stored(struct door_guest *guest, uint64_t number, bool repeated)
{
    const struct td_door_answer answer = {
        .number = number, .status = TD_DOOR_STATUS_DONE, .repeated = repeated};

    ++*guest->door->published;
    guest->client->published++;
    door_answer(guest, &answer);
}

static void say_failed(struct door_guest *guest, uint64_t number, enum td_err err,
                       const char *message)
{
    uint32_t retry_after_ms = 0;
    enum td_door_status status = status_of(err, &retry_after_ms);

    if (message == NULL || message[0] == '\0')
        message = status == TD_DOOR_STATUS_UNAVAILABLE
                      ? "not known to be stored: publish it again with the same event_id"
                      : td_err_text(err);
    door_refuse(guest, number, status, retry_after_ms, "%s", message);
}

static void on_stored(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct pending *pending = ctx;
    struct door *door = pending->door;
    struct door_client *client = door_clients_find(door->clients, pending->public_key);
    struct door_guest *guest = door_find_guest(door, pending->handle);
    struct td_event_publish_reply reply = {0};

    if (client != NULL && client->pending > 0)
        client->pending--;
    if (err == TD_OK)
        err = td_event_publish_reply_decode(td_service_arena(door->service), payload, &reply, NULL);
    if (guest != NULL && guest->client != NULL && err == TD_OK)
        say_stored(guest, pending->number, reply.repeated);
    else if (guest != NULL && guest->client != NULL)
        say_failed(guest, pending->number, err, message);
    free(pending);
}

static void store(struct door_guest *guest, const struct td_door_request *request)
{
    struct door *door = guest->door;
    struct pending *pending = calloc(1, sizeof(*pending));

    if (pending == NULL) {
        say_failed(guest, request->number, TD_ERR_BUSY, "out of memory");
        return;
    }
    *pending = (struct pending){.door = door, .handle = guest->handle, .number = request->number};
    td_str_clip(pending->public_key, sizeof(pending->public_key), guest->client->public_key);
    guest->client->pending++;
    const struct td_call call = {
        .to = "context",
        .type = "EventPublish",
        .tenant = guest->client->tenant,
        .key = request->publish.key,
        .payload = td_event_publish_encode(td_service_arena(door->service), &request->publish),
        .deadline_ms = STORE_DEADLINE_MS,
    };
    td_call(door->service, &call, on_stored, pending);
}

void door_publish(struct door_guest *guest, const struct td_door_request *request)
{
    const struct door_client *client = guest->client;
    const struct td_event_publish *event = &request->publish;

    if (!td_grants_topic(client->publish, event->topic))
        door_refuse(guest, request->number, TD_DOOR_STATUS_DENIED, 0,
                    "topic: %s is not granted; client %s may publish: %s", event->topic,
                    client->name, client->publish[0] != '\0' ? client->publish : "nothing");
    else if (td_id_is_nil(event->event_id.id))
        door_refuse(guest, request->number, TD_DOOR_STATUS_INVALID, 0,
                    "event_id: missing: a UUID by which a repeat is known");
    else if (client->pending >= client->pending_max)
        door_refuse(guest, request->number, TD_DOOR_STATUS_BUSY, PENDING_RETRY_MS,
                    "client %s has %u events on their way, as many as it may have", client->name,
                    client->pending);
    else
        store(guest, request);
}
