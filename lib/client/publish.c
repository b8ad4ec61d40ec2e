/*
 * Publishing: a window of events is on its way; each answer frees a place. What was refused for the
 * moment, and what was under way when a connection broke, is sent again with the same id.
 */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "client/private.h"

#define WINDOW 64
#define TRY_MS 5000
#define RETRY_MS 200
#define PAYLOAD_MAX 32768

struct place {
    size_t event;    /* index */
    uint64_t number; /* 0: free, or to be sent */
    bool is_used;
};

struct run {
    struct td_client *client;
    struct td_client_event *events;
    size_t count;
    size_t next; /* the first that was never sent */
    size_t open; /* without a final result */
    struct place window[WINDOW];
    uint64_t deadline_ms;
    uint64_t not_before_ms; /* the door asked to wait */
};

/* --- one event ---------------------------------------------------------------------------------
 */

static const char *why_invalid(const struct td_client_event *event)
{
    struct td_event_publish room;

    if (event->topic == NULL || strlen(event->topic) >= sizeof(room.topic))
        return "topic: missing, or over 127 bytes";
    if (event->key != NULL && strlen(event->key) >= sizeof(room.key))
        return "key: over 127 bytes";
    if (event->type != NULL && strlen(event->type) >= sizeof(room.type))
        return "type: over 63 bytes";
    if (event->size > PAYLOAD_MAX)
        return "size: over 32,768 bytes";
    return NULL;
}

static void settle(struct run *run, struct td_client_event *event, enum td_client_result result)
{
    event->result = result;
    run->open--;
}

static void begin_event(struct run *run, struct td_client_event *event)
{
    static const uint8_t none[TD_CLIENT_ID_SIZE];
    const char *fault = why_invalid(event);

    event->repeated = false;
    event->result = TD_CLIENT_UNREACHABLE; // Until somebody says otherwise.
    if (memcmp(event->id, none, sizeof(none)) == 0)
        td_client_new_id(event->id);
    if (fault != NULL) {
        settle(run, event, client_fail(run->client, TD_CLIENT_INVALID, "%s", fault));
    }
}

static bool send_event(struct run *run, struct place *place)
{
    const struct td_client_event *event = &run->events[place->event];
    struct td_door_request request = {.has_publish = true};

    td_str_clip(request.publish.topic, sizeof(request.publish.topic), event->topic);
    td_str_clip(request.publish.key, sizeof(request.publish.key),
                event->key != NULL ? event->key : "");
    td_str_clip(request.publish.type, sizeof(request.publish.type),
                event->type != NULL ? event->type : "application/json");
    memcpy(request.publish.event_id.id.bytes, event->id, TD_CLIENT_ID_SIZE);
    request.publish.payload = td_bytes(event->data, event->size);
    if (!client_send(run->client, &request))
        return false;
    place->number = request.number;
    return true;
}

/* --- the window --------------------------------------------------------------------------------
 */

static bool take_place(struct run *run, struct place *place)
{
    while (run->next < run->count && run->events[run->next].result != TD_CLIENT_UNREACHABLE)
        run->next++; // It was invalid.
    if (run->next == run->count)
        return false;
    *place = (struct place){.event = run->next++, .is_used = true};
    return true;
}

static void fill_window(struct run *run)
{
    for (size_t i = 0; i < WINDOW && client_now_ms() >= run->not_before_ms; i++) {
        struct place *place = &run->window[i];

        if (!place->is_used && !take_place(run, place))
            continue;
        if (place->number == 0 && !send_event(run, place))
            return; // The connection has no room: what comes next makes some.
    }
}

/* Nobody knows what became of them: all of them again. */
static void send_all_again(struct run *run)
{
    for (size_t i = 0; i < WINDOW; i++)
        run->window[i].number = 0;
}

static void take_answer(struct run *run, const struct td_door_answer *answer)
{
    struct place *place = NULL;

    for (size_t i = 0; i < WINDOW && place == NULL; i++) {
        if (run->window[i].is_used && run->window[i].number == answer->number)
            place = &run->window[i];
    }
    if (place == NULL || answer->number == 0) {
        // Of an earlier try; without a number it says why we are shown out.
        (void)client_fail(run->client, TD_CLIENT_REFUSED, "%s", answer->message);
        return;
    }
    struct td_client_event *event = &run->events[place->event];
    if (answer->status == TD_DOOR_STATUS_DONE) {
        event->repeated = answer->repeated;
        settle(run, event, TD_CLIENT_OK);
        place->is_used = false;
    } else if (answer->status == TD_DOOR_STATUS_BUSY ||
               answer->status == TD_DOOR_STATUS_UNAVAILABLE) {
        (void)client_fail(run->client, TD_CLIENT_UNREACHABLE, "%s", answer->message);
        place->number = 0;
        run->not_before_ms = client_now_ms() + answer->retry_after_ms;
    } else {
        settle(run, event, client_fail(run->client, TD_CLIENT_REFUSED, "%s", answer->message));
        place->is_used = false;
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* @return false: the connection is no good. */
static bool exchange(struct run *run)
{
    struct td_client *client = run->client;
    uint64_t now_ms = client_now_ms();
    uint64_t until_ms = earlier(run->deadline_ms, now_ms + TRY_MS);
    struct td_door_answer answer;

    fill_window(run);
    if (run->not_before_ms > now_ms)
        until_ms = earlier(until_ms, run->not_before_ms);
    if (client_wait_answer(client, until_ms, &answer)) {
        take_answer(run, &answer);
        return true;
    }
    return !client->is_lost && client_now_ms() - client->heard_at_ms < TRY_MS;
}

static enum td_client_result first_failure(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->events[i].result != TD_CLIENT_OK)
            return run->events[i].result;
    }
    return TD_CLIENT_OK;
}

static void reconnect(struct run *run)
{
    struct td_client *client = run->client;

    send_all_again(run);
    run->not_before_ms = client_now_ms() + RETRY_MS;
    if (!client_connect(client))
        client->is_lost = true; // The next round tries again.
}

/* The door will not know the key in a moment either. */
static void give_up(struct run *run)
{
    run->client->is_key_unknown = false;
    for (size_t i = 0; i < run->count; i++) {
        if (run->events[i].result == TD_CLIENT_UNREACHABLE)
            run->events[i].result = TD_CLIENT_WRONG_KEY;
    }
    (void)client_fail(run->client, TD_CLIENT_WRONG_KEY, "the door does not know this client's key");
}

enum td_client_result td_client_publish(struct td_client *client, struct td_client_event *events,
                                        size_t count, uint32_t patience_ms)
{
    struct run run = {.client = client,
                      .events = events,
                      .count = count,
                      .open = count,
                      .deadline_ms = client_now_ms() + patience_ms};

    (void)client_fail(client, TD_CLIENT_UNREACHABLE, "the door did not answer");
    for (size_t i = 0; i < count; i++)
        begin_event(&run, &events[i]);
    client->heard_at_ms = client_now_ms(); // It had no reason to say anything until now.
    while (run.open > 0 && client_now_ms() < run.deadline_ms && !client->is_key_unknown) {
        if (client->is_lost || !exchange(&run))
            reconnect(&run);
    }
    if (client->is_key_unknown)
        give_up(&run);
    return first_failure(&run);
}
