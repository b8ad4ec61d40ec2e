#include "io/bus_feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/bus_message.h"

struct td_bus_publisher {
    struct td_bus_socket socket;
    struct td_bus_feed_counts counts;
    char endpoint[TD_BUS_ENDPOINT_SIZE];
};

/* XPUB drops silently for a slow subscriber, or refuses for all. So: ask it to refuse, count, and
   send once more with dropping allowed. From then on XPUB leaves that subscriber out by itself. */
static void publish(struct td_bus_publisher *publisher, struct td_bytes topic,
                    const char *stream_id, struct td_bytes body)
{
    if (td_bus_message_send(&publisher->socket, topic, stream_id, body) == TD_OK)
        return;
    publisher->counts.dropped++;
    td_bus_socket_set(&publisher->socket, ZMQ_XPUB_NODROP, 0);
    (void)td_bus_message_send(&publisher->socket, topic, stream_id, body);
    td_bus_socket_set(&publisher->socket, ZMQ_XPUB_NODROP, 1);
}

/* A subscription arrives as [1][topic]. One to a reserved topic asks "have you got all before
 * this?" */
static void on_subscription(struct td_bus_publisher *publisher, struct td_bytes frame)
{
    if (frame.size >= 2 && frame.size <= TD_BUS_TOPIC_SIZE && frame.data[0] == 1 &&
        frame.data[1] == TD_BUS_RESERVED)
        publish(publisher, td_bytes(frame.data + 1, frame.size - 1), NULL, td_bytes(NULL, 0));
}

static bool publisher_work(struct td_bus_socket *socket)
{
    for (int i = 0; i < TD_BUS_TURN_MESSAGES; i++) {
        zmq_msg_t frame;
        size_t count = td_bus_receive(socket, &frame, 1);

        if (count == 0)
            return false;
        if (count == 1)
            on_subscription((struct td_bus_publisher *)socket, td_bus_frame_bytes(&frame));
        td_bus_frames_close(&frame, count, 1);
    }
    return false;
}

static enum td_err open_publisher(struct td_bus *bus, struct td_bus_publisher **publisher)
{
    struct td_bus_publisher *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    enum td_err err = td_bus_socket_open(&self->socket, bus, ZMQ_XPUB, publisher_work);
    if (err != TD_OK) {
        free(self);
        return err;
    }
    td_bus_socket_set(&self->socket, ZMQ_XPUB_NODROP, 1);
    // Also repeated subscriptions: a subscriber may be back before its old connection is found
    // dead.
    td_bus_socket_set(&self->socket, ZMQ_XPUB_VERBOSE, 1);
    *publisher = self;
    return TD_OK;
}

enum td_err td_bus_publisher_bind(struct td_bus *bus, const char *endpoint,
                                  struct td_bus_publisher **publisher)
{
    struct td_bus_publisher *self;
    enum td_err err = open_publisher(bus, &self);

    if (err != TD_OK)
        return err;
    err = td_bus_socket_bind(&self->socket, endpoint, self->endpoint);
    if (err != TD_OK) {
        td_bus_publisher_destroy(&self);
        return err;
    }
    *publisher = self;
    return TD_OK;
}

enum td_err td_bus_publisher_connect(struct td_bus *bus, const char *endpoint,
                                     struct td_bus_publisher **publisher)
{
    struct td_bus_publisher *self;
    enum td_err err = open_publisher(bus, &self);

    if (err != TD_OK)
        return err;
    err = td_str_copy(self->endpoint, sizeof(self->endpoint), endpoint) == TD_OK
              ? td_bus_socket_connect(&self->socket, endpoint)
              : TD_ERR_INVALID;
    if (err != TD_OK) {
        td_bus_publisher_destroy(&self);
        return err;
    }
    *publisher = self;
    return TD_OK;
}

const char *td_bus_publisher_endpoint(const struct td_bus_publisher *publisher)
{
    return publisher->endpoint;
}

enum td_err td_bus_publish(struct td_bus_publisher *publisher, const struct td_bus_message *message)
{
    enum td_err err = td_bus_message_check(publisher->socket.bus, message);

    if (err != TD_OK)
        return err;
    publisher->counts.messages++;
    publish(publisher, td_bytes(message->topic, strlen(message->topic)), message->stream_id,
            message->body);
    return TD_OK;
}

struct td_bus_feed_counts td_bus_publisher_counts(const struct td_bus_publisher *publisher)
{
    return publisher->counts;
}

void td_bus_publisher_destroy(struct td_bus_publisher **publisher)
{
    if (*publisher == NULL)
        return;
    td_bus_socket_close(&(*publisher)->socket, td_bus_feed_free);
    *publisher = NULL;
}
