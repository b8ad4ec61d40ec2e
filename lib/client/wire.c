/* The connection: one DEALER socket, and what ZeroMQ tells of it. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "client/private.h"

#define MONITORED (ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
#define QUEUE_MAX 1000
#define HEARTBEAT_MS 1000
#define HEARTBEAT_TIMEOUT_MS 4000

/* --- connecting --------------------------------------------------------------------------------
 */

static void set_option(void *socket, int option, int value)
{
    int rc = zmq_setsockopt(socket, option, &value, sizeof(value));

    assert(rc == 0); // Options and values are ours.
}

static bool set_key(void *socket, int option, const char *key)
{
    return zmq_setsockopt(socket, option, key, CLIENT_KEY_SIZE) == 0;
}

static bool open_socket(struct td_client *client)
{
    client->socket = zmq_socket(client->context, ZMQ_DEALER);
    if (client->socket == NULL)
        return false;
    set_option(client->socket, ZMQ_LINGER, 0);
    set_option(client->socket, ZMQ_SNDHWM, QUEUE_MAX);
    set_option(client->socket, ZMQ_RCVHWM, QUEUE_MAX);
    set_option(client->socket, ZMQ_IPV6, 1);
    set_option(client->socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
    set_option(client->socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS);
    return set_key(client->socket, ZMQ_CURVE_SERVERKEY, client->server_key) &&
           set_key(client->socket, ZMQ_CURVE_PUBLICKEY, client->public_key) &&
           set_key(client->socket, ZMQ_CURVE_SECRETKEY, client->secret_key);
}

static bool open_monitor(struct td_client *client)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "inproc://monitor.%u", ++client->connections);
    if (zmq_socket_monitor(client->socket, name, MONITORED) != 0)
        return false;
    client->monitor = zmq_socket(client->context, ZMQ_PAIR);
    if (client->monitor == NULL)
        return false;
    set_option(client->monitor, ZMQ_LINGER, 0);
    return zmq_connect(client->monitor, name) == 0;
}

void client_disconnect(struct td_client *client)
{
    if (client->monitor != NULL)
        (void)zmq_close(client->monitor);
    if (client->socket != NULL)
        (void)zmq_close(client->socket);
    client->monitor = NULL;
    client->socket = NULL;
}

/* What has come and was not taken is asked for again, from the places that were. */
bool client_connect(struct td_client *client)
{
    client_disconnect(client);
    client_forget_arrived(client);
    client->is_lost = false;
    client->is_subscribed = false;
    client->heard_at_ms = client_now_ms();
    return open_socket(client) && open_monitor(client) &&
           zmq_connect(client->socket, client->endpoint) == 0;
}

/* --- what comes --------------------------------------------------------------------------------
 */

void client_forget_arrived(struct td_client *client)
{
    while (client->first != NULL) {
        struct client_arrived *next = client->first->next;

        free(client->first);
        client->first = next;
    }
    client->last = &client->first;
    client->arrived = 0;
}

static void put_aside(struct td_client *client, struct td_bytes bytes)
{
    struct client_arrived *arrived =
        client->arrived < CLIENT_ARRIVED_MAX ? malloc(sizeof(*arrived) + bytes.size) : NULL;
    if (arrived == NULL) {
        client->is_lost = true; // Connected anew it comes again.
        return;
    }
    arrived->next = NULL;
    arrived->size = bytes.size;
    memcpy(arrived->bytes, bytes.data, bytes.size);
    *client->last = arrived;
    client->last = &arrived->next;
    client->arrived++;
}

static void take_monitored(struct td_client *client)
{
    zmq_msg_t frame;
    uint16_t event = 0;

    (void)zmq_msg_init(&frame);
    while (zmq_msg_recv(&frame, client->monitor, ZMQ_DONTWAIT) >= 0) {
        if (zmq_msg_size(&frame) >= sizeof(event) && zmq_msg_more(&frame)) {
            memcpy(&event, zmq_msg_data(&frame), sizeof(event));
            client->is_lost = true;
            client->is_key_unknown |= event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
        }
    }
    (void)zmq_msg_close(&frame);
}

/* @return Whether it was an answer: then it is in `answer`. */
static bool take_message(struct td_client *client, struct td_bytes bytes,
                         struct td_door_answer *answer)
{
    struct td_door_message message;
    bool is_answer;

    client->heard_at_ms = client_now_ms();
    td_arena_rewind(&client->arena, 0);
    if (td_door_message_decode(&client->arena, bytes, &message, NULL) != TD_OK)
        return false; // Of a later release.
    is_answer = message.has_answer;
    if (is_answer && answer != NULL)
        *answer = message.answer;
    else if (!is_answer || message.answer.number == 0)
        put_aside(client, bytes);
    return is_answer && answer != NULL;
}

static bool take_next(struct td_client *client, struct td_door_answer *answer, bool *is_answer)
{
    zmq_msg_t frame;

    (void)zmq_msg_init(&frame);
    bool came = zmq_msg_recv(&frame, client->socket, ZMQ_DONTWAIT) >= 0;
    if (came)
        *is_answer = take_message(
            client, (struct td_bytes){zmq_msg_data(&frame), zmq_msg_size(&frame)}, answer);
    (void)zmq_msg_close(&frame);
    return came;
}

static void poll_both(struct td_client *client, uint64_t until_ms)
{
    uint64_t now_ms = client_now_ms();
    zmq_pollitem_t items[] = {{client->socket, 0, ZMQ_POLLIN, 0},
                              {client->monitor, 0, ZMQ_POLLIN, 0}};

    (void)zmq_poll(items, 2, until_ms > now_ms ? (long)(until_ms - now_ms) : 0);
    if (items[1].revents != 0)
        take_monitored(client);
}

bool client_wait_answer(struct td_client *client, uint64_t until_ms, struct td_door_answer *answer)
{
    bool is_answer = false;

    while (!client->is_lost) {
        while (!is_answer && take_next(client, answer, &is_answer))
            ;
        if (is_answer)
            return true;
        if (client_now_ms() >= until_ms)
            return false;
        poll_both(client, until_ms);
    }
    return false;
}

void client_wait(struct td_client *client, uint64_t until_ms)
{
    bool is_answer = false;

    poll_both(client, until_ms);
    while (client->arrived < CLIENT_ARRIVED_MAX && take_next(client, NULL, &is_answer))
        ;
}

/* --- what goes ---------------------------------------------------------------------------------
 */

bool client_send(struct td_client *client, struct td_door_request *request)
{
    request->number = ++client->number;
    td_arena_rewind(&client->arena, 0);
    struct td_bytes bytes = td_door_request_encode(&client->arena, request);
    return zmq_send(client->socket, bytes.data, bytes.size, ZMQ_DONTWAIT) >= 0;
}
