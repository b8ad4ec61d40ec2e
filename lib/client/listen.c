/* Listening: what came, in order, and where to go on after a break. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "client/private.h"

#define SILENCE_MS 5000 /* who has subscriptions hears something each second */
#define TRY_MS 5000
#define RETRY_MS 200

/* --- places ------------------------------------------------------------------------------------
 */

static void move_place(struct td_client *client, const struct td_door_place *place)
{
    if (place->partition < CLIENT_PARTITIONS)
        td_str_clip(client->places[place->partition], CLIENT_PLACE_SIZE, place->id);
}

static bool has_places(const struct td_client *client)
{
    for (uint32_t i = 0; i < CLIENT_PARTITIONS; i++) {
        if (client->places[i][0] != '\0')
            return true;
    }
    return false;
}

const char *td_client_places(const struct td_client *client, char text[TD_CLIENT_PLACES_SIZE])
{
    struct td_text to;

    td_text_init(&to, text, TD_CLIENT_PLACES_SIZE);
    for (uint32_t i = 0; i < CLIENT_PARTITIONS; i++) {
        if (client->places[i][0] == '\0')
            continue;
        td_text_add(&to, to.length > 0 ? " " : "");
        td_text_add_u64(&to, i);
        td_text_add(&to, "/");
        td_text_add(&to, client->places[i]);
    }
    return text;
}

/* "3/1763852400000-0 4/..." */
static bool read_places(struct td_client *client, const char *text)
{
    while (*text != '\0') {
        char *slash;
        unsigned long partition = strtoul(text, &slash, 10);
        size_t length = *slash == '/' ? strcspn(slash + 1, " ") : 0;

        if (length == 0 || partition >= CLIENT_PARTITIONS ||
            td_str_copy_span(client->places[partition], CLIENT_PLACE_SIZE, slash + 1, length) !=
                TD_OK)
            return false;
        text = slash + 1 + length;
        text += strspn(text, " ");
    }
    return true;
}

/* --- subscribing -------------------------------------------------------------------------------
 */

static void fill_request(const struct td_client *client, struct td_door_subscribe *subscribe)
{
    for (uint32_t i = 0; i < client->topic_count; i++)
        td_str_clip(subscribe->topics[i], sizeof(subscribe->topics[i]), client->topics[i]);
    subscribe->topics_count = client->topic_count;
    for (uint32_t i = 0; i < CLIENT_PARTITIONS && !client->is_subscribed; i++) {
        struct td_door_place *place = &subscribe->after[subscribe->after_count];

        if (client->places[i][0] == '\0')
            continue;
        place->partition = i;
        td_str_clip(place->id, sizeof(place->id), client->places[i]);
        subscribe->after_count++;
    }
}

static void note_subscribed(struct td_client *client, const struct td_door_answer *answer)
{
    bool begins = !has_places(client);

    client->is_subscribed = true;
    for (uint32_t i = 0; i < answer->places_count && begins; i++)
        move_place(client, &answer->places[i]);
}

static enum td_client_result ask_once(struct td_client *client, uint64_t until_ms,
                                      struct td_door_answer *answer)
{
    struct td_door_request request = {.has_subscribe = true};

    fill_request(client, &request.subscribe);
    if (!client_send(client, &request))
        return client_fail(client, TD_CLIENT_UNREACHABLE, "the connection takes nothing");
    do {
        if (!client_wait_answer(client, until_ms, answer))
            return client_fail(client, TD_CLIENT_UNREACHABLE, "the door did not answer");
    } while (answer->number != request.number && answer->number != 0);
    switch (answer->status) {
    case TD_DOOR_STATUS_DONE:
        return TD_CLIENT_OK;
    case TD_DOOR_STATUS_BUSY:
    case TD_DOOR_STATUS_UNAVAILABLE:
        return client_fail(client, TD_CLIENT_UNREACHABLE, "%s", answer->message);
    default:
        return client_fail(client, TD_CLIENT_REFUSED, "%s", answer->message);
    }
}

static enum td_client_result say_wrong_key(struct td_client *client)
{
    client->is_key_unknown = false;
    return client_fail(client, TD_CLIENT_WRONG_KEY, "the door does not know this client's key");
}

static void pause_for(struct td_client *client, uint32_t wait_ms, uint64_t deadline_ms)
{
    uint64_t until_ms = client_now_ms() + (wait_ms > 0 ? wait_ms : RETRY_MS);

    if (until_ms > deadline_ms)
        until_ms = deadline_ms;
    while (client_now_ms() < until_ms && !client->is_key_unknown && client->socket != NULL)
        client_wait(client, until_ms);
}

enum td_client_result client_subscribe_all(struct td_client *client, uint64_t until_ms)
{
    enum td_client_result result = TD_CLIENT_UNREACHABLE;

    while (result == TD_CLIENT_UNREACHABLE && !client->is_key_unknown &&
           client_now_ms() < until_ms) {
        uint64_t try_until_ms = client_now_ms() + TRY_MS;
        struct td_door_answer answer = {0};

        if (client->is_lost && !client_connect(client))
            client->is_lost = true;
        else
            result = ask_once(client, try_until_ms < until_ms ? try_until_ms : until_ms, &answer);
        if (result == TD_CLIENT_OK)
            note_subscribed(client, &answer);
        if (result != TD_CLIENT_UNREACHABLE)
            break;
        client->is_lost = client->is_lost || answer.number == 0;
        pause_for(client, answer.retry_after_ms, until_ms);
    }
    return client->is_key_unknown ? say_wrong_key(client) : result;
}

enum td_client_result td_client_subscribe(struct td_client *client, const char *topic,
                                          const char *places, uint32_t patience_ms)
{
    if (client->topic_count == TD_CLIENT_TOPICS_MAX)
        return client_fail(client, TD_CLIENT_INVALID, "topic: at most 32 of one client");
    if (places != NULL && !read_places(client, places))
        return client_fail(client, TD_CLIENT_INVALID, "places: not as td_client_places() gave it");
    if (td_str_copy(client->topics[client->topic_count], sizeof(client->topics[0]), topic) != TD_OK)
        return client_fail(client, TD_CLIENT_INVALID, "topic: over 127 bytes");

    client->topic_count++;
    enum td_client_result result = client_subscribe_all(client, client_now_ms() + patience_ms);
    if (result == TD_CLIENT_REFUSED)
        client->topic_count--;
    return result;
}

/* --- what came ---------------------------------------------------------------------------------
 */

static void show_event(struct td_client *client, const struct td_door_event *event,
                       struct td_client_message *message)
{
    const struct td_envelope *envelope = &client->envelope;

    *message = (struct td_client_message){
        .kind = event->has_place ? TD_CLIENT_EVENT : TD_CLIENT_FIGURES,
        .topic = envelope->topic,
        .key = envelope->key,
        .type = envelope->type,
        .time_unix_us = envelope->time_unix_us,
        .data = envelope->payload.data,
        .size = envelope->payload.size,
        .text = "",
    };
    memcpy(message->id, envelope->id.id.bytes, TD_CLIENT_ID_SIZE);
    if (event->has_place)
        move_place(client, &event->place);
}

static void show_gap(struct td_client *client, const struct td_door_gap *gap,
                     struct td_client_message *message)
{
    if (gap->has_until) {
        move_place(client, &gap->until);
        (void)snprintf(client->gap_text, sizeof(client->gap_text),
                       "events of partition %u behind %s up to %s were kept no longer",
                       gap->until.partition, gap->after.id, gap->until.id);
    } else {
        (void)snprintf(client->gap_text, sizeof(client->gap_text),
                       "%llu figures were not read fast enough",
                       (unsigned long long)gap->metrics_dropped);
    }
    *message = (struct td_client_message){.kind = TD_CLIENT_GAP,
                                          .topic = "",
                                          .key = "",
                                          .type = "",
                                          .text = client->gap_text,
                                          .figures_dropped = gap->metrics_dropped};
}

/* @return TD_CLIENT_NOTHING: it was not for the program. */
static enum td_client_result show(struct td_client *client, struct td_bytes bytes,
                                  struct td_client_message *message)
{
    struct td_door_message said;

    td_arena_rewind(&client->taken_arena, 0);
    if (td_door_message_decode(&client->taken_arena, bytes, &said, NULL) != TD_OK)
        return TD_CLIENT_NOTHING;
    if (said.has_answer) {
        client->is_lost = true;
        return client_fail(client, TD_CLIENT_REFUSED, "%s", said.answer.message);
    }
    if (said.has_gap) {
        show_gap(client, &said.gap, message);
        return TD_CLIENT_OK;
    }
    for (uint32_t i = 0; said.has_places && i < said.places.places_count; i++)
        move_place(client, &said.places.places[i]);
    if (!said.has_event || td_envelope_decode(&client->taken_arena, said.event.envelope,
                                              &client->envelope, NULL) != TD_OK)
        return TD_CLIENT_NOTHING;
    show_event(client, &said.event, message);
    return TD_CLIENT_OK;
}

static enum td_client_result take_first(struct td_client *client, struct td_client_message *message)
{
    free(client->taken);
    client->taken = client->first;
    client->first = client->first->next;
    if (client->first == NULL)
        client->last = &client->first;
    client->arrived--;
    return show(client, td_bytes(client->taken->bytes, client->taken->size), message);
}

static bool has_to_subscribe(struct td_client *client)
{
    if (client->is_subscribed && client_now_ms() - client->heard_at_ms > SILENCE_MS)
        client->is_lost = true;
    return client->is_lost || (client->topic_count > 0 && !client->is_subscribed);
}

enum td_client_result td_client_next(struct td_client *client, uint32_t timeout_ms,
                                     struct td_client_message *message)
{
    uint64_t until_ms = client_now_ms() + timeout_ms;
    enum td_client_result result = TD_CLIENT_NOTHING;

    do {
        while (client->first != NULL) {
            result = take_first(client, message);
            if (result != TD_CLIENT_NOTHING)
                return result;
        }
        if (has_to_subscribe(client)) {
            result = client_subscribe_all(client, until_ms);
            if (result == TD_CLIENT_REFUSED || result == TD_CLIENT_WRONG_KEY)
                return result;
        } else {
            client_wait(client, until_ms);
        }
    } while (client_now_ms() < until_ms || client->first != NULL);
    return TD_CLIENT_NOTHING;
}
