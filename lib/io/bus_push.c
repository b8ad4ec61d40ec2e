#include "io/bus_feed.h"

#include <stdlib.h>
#include <string.h>

#include "io/bus_message.h"

struct td_bus_push {
    struct td_bus_socket socket;
    struct td_bus_feed_counts counts;
};

struct td_bus_sink {
    struct td_bus_receiver receiver;
    char endpoint[TD_BUS_ENDPOINT_SIZE];
};

enum td_err td_bus_push_create(struct td_bus *bus, const char *endpoint, struct td_bus_push **push)
{
    struct td_bus_push *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    enum td_err err = td_bus_socket_open(&self->socket, bus, ZMQ_PUSH, NULL);
    if (err != TD_OK) {
        free(self);
        return err;
    }
    // No queue for a sink that is away: old values would come first when it is back.
    td_bus_socket_set(&self->socket, ZMQ_IMMEDIATE, 1);
    err = td_bus_socket_connect(&self->socket, endpoint);
    if (err != TD_OK) {
        td_bus_push_destroy(&self);
        return err;
    }
    *push = self;
    return TD_OK;
}

enum td_err td_bus_push_send(struct td_bus_push *push, const struct td_bus_message *message)
{
    enum td_err err = td_bus_message_check(push->socket.bus, message);

    if (err != TD_OK)
        return err;
    err = td_bus_message_send(&push->socket, td_bytes(message->topic, strlen(message->topic)),
                              message->stream_id, message->body);
    if (err == TD_OK)
        push->counts.messages++;
    else
        push->counts.dropped++;
    return err;
}

struct td_bus_feed_counts td_bus_push_counts(const struct td_bus_push *push)
{
    return push->counts;
}

void td_bus_push_destroy(struct td_bus_push **push)
{
    if (*push == NULL)
        return;
    td_bus_socket_close(&(*push)->socket, td_bus_feed_free);
    *push = NULL;
}

enum td_err td_bus_sink_create(struct td_bus *bus, const char *endpoint,
                               td_bus_message_fn on_message, void *ctx, struct td_bus_sink **sink)
{
    struct td_bus_sink *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    enum td_err err =
        td_bus_socket_open(&self->receiver.socket, bus, ZMQ_PULL, td_bus_receiver_work);
    if (err != TD_OK) {
        free(self);
        return err;
    }
    self->receiver.on_message = on_message;
    self->receiver.ctx = ctx;
    err = td_bus_socket_bind(&self->receiver.socket, endpoint, self->endpoint);
    if (err != TD_OK) {
        td_bus_sink_destroy(&self);
        return err;
    }
    *sink = self;
    return TD_OK;
}

const char *td_bus_sink_endpoint(const struct td_bus_sink *sink)
{
    return sink->endpoint;
}

struct td_bus_feed_counts td_bus_sink_counts(const struct td_bus_sink *sink)
{
    return sink->receiver.counts;
}

void td_bus_sink_destroy(struct td_bus_sink **sink)
{
    if (*sink == NULL)
        return;
    td_bus_socket_close(&(*sink)->receiver.socket, td_bus_feed_free);
    *sink = NULL;
}
