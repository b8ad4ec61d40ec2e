/* Connections of clients, and what comes over them before it is known what it is. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "context/door/door.h"

#define CROWDED_RETRY_MS 1000

static uint64_t now_us(void)
{
    return td_loop_now_ns() / 1000;
}

static bool is_same(struct td_bus_guest a, struct td_bus_guest b)
{
    return a.slot == b.slot && a.generation == b.generation;
}

struct door_guest *door_find_guest(const struct door *door, struct td_bus_guest handle)
{
    struct door_guest *guest = door->guests;

    while (guest != NULL && !is_same(guest->handle, handle))
        guest = guest->next;
    return guest;
}

/* --- they come and go --------------------------------------------------------------------------
 */

/* Tells somebody who is no guest of ours. */
static void turn_away(struct door *door, struct td_bus_guest handle, struct door_client *client,
                      enum td_door_status status, const char *sentence)
{
    struct door_guest stranger = {.door = door, .handle = handle, .client = client};

    door_refuse(&stranger, 0, status, CROWDED_RETRY_MS, "%s", sentence);
    td_bus_door_cut(door->listener, handle);
}

static struct door_guest *admit(struct door *door, struct td_bus_guest handle,
                                const char *public_key)
{
    struct door_client *client = door_clients_find(door->clients, public_key);

    if (client == NULL) { // Removed since its connection was made.
        turn_away(door, handle, NULL, TD_DOOR_STATUS_DENIED, "this client was removed");
        return NULL;
    }
    if (client->connections >= client->connections_max) {
        turn_away(door, handle, client, TD_DOOR_STATUS_BUSY,
                  "this client has as many connections as it may have: close one");
        return NULL;
    }
    struct door_guest *guest = calloc(1, sizeof(*guest));
    if (guest == NULL) {
        turn_away(door, handle, client, TD_DOOR_STATUS_BUSY, "out of memory");
        return NULL;
    }
    guest->door = door;
    guest->handle = handle;
    guest->client = client;
    guest->next = door->guests;
    door->guests = guest;
    client->connections++;
    return guest;
}

static void free_guest(struct door_guest *guest)
{
    door_reader_stop(guest);
    if (guest->client != NULL)
        guest->client->connections--;
    free(guest);
}

void door_on_gone(void *ctx, struct td_bus_guest handle)
{
    struct door *door = ctx;
    struct door_guest **link = &door->guests;

    while (*link != NULL && !is_same((*link)->handle, handle))
        link = &(*link)->next;
    if (*link == NULL)
        return; // It was turned away.
    struct door_guest *guest = *link;
    *link = guest->next;
    free_guest(guest);
}

void door_forget_guests(struct door *door)
{
    while (door->guests != NULL) {
        struct door_guest *guest = door->guests;

        door->guests = guest->next;
        free_guest(guest);
    }
}

void door_client_removed(void *ctx, struct door_client *client)
{
    struct door *door = ctx;

    for (struct door_guest *guest = door->guests; guest != NULL; guest = guest->next) {
        if (guest->client != client)
            continue;
        door_refuse(guest, 0, TD_DOOR_STATUS_DENIED, 0, "this client was removed");
        door_reader_stop(guest);
        guest->client = NULL;
        guest->topic_count = 0;
        td_bus_door_cut(door->listener, guest->handle);
    }
    td_log_info(td_service_log(door->service), "client.removed", td_str("client", client->name),
                td_u64("tenant", client->tenant));
}

static void keep_granted(struct door_guest *guest)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < guest->topic_count; i++) {
        if (td_grants_pattern(guest->client->subscribe, guest->topics[i])) {
            memmove(guest->topics[kept++], guest->topics[i], sizeof(guest->topics[i]));
            continue;
        }
        door_refuse(guest, 0, TD_DOOR_STATUS_DENIED, 0,
                    "topics: %s is not granted any more; client %s may subscribe to: %s",
                    guest->topics[i], guest->client->name, guest->client->subscribe);
    }
    guest->topic_count = kept;
}

void door_client_changed(void *ctx, struct door_client *client)
{
    struct door *door = ctx;

    for (struct door_guest *guest = door->guests; guest != NULL; guest = guest->next) {
        if (guest->client == client)
            keep_granted(guest);
    }
}

/* --- requests ----------------------------------------------------------------------------------
 */

/* @return How long the client has to wait, 0 if it may ask this now. */
static uint32_t charge(struct door_client *client, size_t size)
{
    uint32_t requests_ms = door_bucket_wait_ms(&client->requests, now_us());
    uint32_t bytes_ms = door_bucket_wait_ms(&client->bytes, now_us());

    if (requests_ms == 0 && bytes_ms == 0) {
        door_bucket_take(&client->requests, 1, now_us());
        door_bucket_take(&client->bytes, (uint32_t)size, now_us());
    }
    return requests_ms > bytes_ms ? requests_ms : bytes_ms;
}

/* Telling it costs as much as serving it: who does not listen to that is not answered for ever. */
static void refuse_rate(struct door_guest *guest, uint64_t number, uint32_t wait_ms)
{
    struct door_client *client = guest->client;

    door_refuse(guest, number, TD_DOOR_STATUS_BUSY, wait_ms,
                "client %s may send %u requests and %u bytes a second", client->name,
                client->publish_per_s, client->bytes_per_s);
    door_bucket_take(&client->patience, 1, now_us());
    if (door_bucket_wait_ms(&client->patience, now_us()) > 0)
        td_bus_door_cut(guest->door->listener, guest->handle);
}

static void dispatch(struct door_guest *guest, const struct td_door_request *request)
{
    int kinds = request->has_publish + request->has_subscribe + request->has_unsubscribe;

    if (request->number == 0 || kinds != 1)
        door_refuse(guest, request->number, TD_DOOR_STATUS_INVALID, 0,
                    request->number == 0
                        ? "number: missing: the answer names the request by it"
                        : "expected exactly one of publish, subscribe, unsubscribe");
    else if (request->has_publish)
        door_publish(guest, request);
    else if (request->has_subscribe)
        door_subscribe(guest, request);
    else
        door_unsubscribe(guest, request);
}

void door_on_message(void *ctx, struct td_bus_guest handle, const char *public_key,
                     struct td_bytes body)
{
    struct door *door = ctx;
    struct td_arena *arena = td_service_arena(door->service);
    size_t mark = arena->used;
    struct td_door_request request = {0};
    const char *bad_field = "";
    struct door_guest *guest = door_find_guest(door, handle);

    if (guest == NULL)
        guest = admit(door, handle, public_key);
    if (guest == NULL || guest->client == NULL)
        return;
    enum td_err err = td_door_request_decode(arena, body, &request, &bad_field);
    uint32_t wait_ms = charge(guest->client, body.size);

    if (wait_ms > 0)
        refuse_rate(guest, err == TD_OK ? request.number : 0, wait_ms);
    else if (err != TD_OK)
        door_refuse(guest, 0, TD_DOOR_STATUS_INVALID, 0, "%s: %s", bad_field, td_err_text(err));
    else
        dispatch(guest, &request);
    td_arena_rewind(arena, mark);
}
