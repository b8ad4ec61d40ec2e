#include "io/bus_feed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "io/bus_message.h"

#define JOINED_PREFIX "\xffjoined."
#define JOINED_RANDOM_SIZE 12

struct td_bus_subscriber {
    struct td_bus_receiver receiver;
    void (*on_joined)(void *ctx);
    uint8_t joined_topic[sizeof(JOINED_PREFIX) - 1 + JOINED_RANDOM_SIZE];
};

static bool on_own_topic(struct td_bus_receiver *receiver, struct td_bytes topic)
{
    struct td_bus_subscriber *subscriber = (struct td_bus_subscriber *)receiver;

    if (topic.size == 0 || topic.data[0] != TD_BUS_RESERVED)
        return false;
    if (topic.size == sizeof(subscriber->joined_topic) &&
        memcmp(topic.data, subscriber->joined_topic, topic.size) == 0 &&
        subscriber->on_joined != NULL)
        subscriber->on_joined(receiver->ctx);
    return true;
}

static void set_filter(struct td_bus_subscriber *subscriber, int option, const void *prefix,
                       size_t size)
{
    struct td_bus_socket *socket = &subscriber->receiver.socket;
    int rc = zmq_setsockopt(socket->zmq, option, prefix, size);

    assert(rc == 0 || option == ZMQ_UNSUBSCRIBE);
    td_bus_socket_touch(socket);
}

/* ZeroMQ sends the subscriptions of a new connection in the order of their bytes: 0xFF is last. */
static void join(struct td_bus_subscriber *subscriber)
{
    uint8_t *random = subscriber->joined_topic + sizeof(JOINED_PREFIX) - 1;

    memcpy(subscriber->joined_topic, JOINED_PREFIX, sizeof(JOINED_PREFIX) - 1);
    td_loop_random(td_bus_loop(subscriber->receiver.socket.bus), random, JOINED_RANDOM_SIZE);
    set_filter(subscriber, ZMQ_SUBSCRIBE, subscriber->joined_topic,
               sizeof(subscriber->joined_topic));
}

enum td_err td_bus_subscriber_create(struct td_bus *bus,
                                     const struct td_bus_subscriber_options *options,
                                     struct td_bus_subscriber **subscriber)
{
    struct td_bus_subscriber *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    enum td_err err =
        td_bus_socket_open(&self->receiver.socket, bus, ZMQ_SUB, td_bus_receiver_work);
    if (err != TD_OK) {
        free(self);
        return err;
    }
    self->receiver.on_message = options->on_message;
    self->receiver.on_own = on_own_topic;
    self->receiver.ctx = options->ctx;
    self->on_joined = options->on_joined;
    join(self);
    *subscriber = self;
    return TD_OK;
}

enum td_err td_bus_subscribe(struct td_bus_subscriber *subscriber, const char *prefix)
{
    size_t size = strlen(prefix);

    if ((unsigned char)prefix[0] == TD_BUS_RESERVED)
        return TD_ERR_INVALID;
    if (size >= TD_BUS_TOPIC_SIZE)
        return TD_ERR_RANGE;
    set_filter(subscriber, ZMQ_SUBSCRIBE, prefix, size);
    return TD_OK;
}

void td_bus_unsubscribe(struct td_bus_subscriber *subscriber, const char *prefix)
{
    if ((unsigned char)prefix[0] != TD_BUS_RESERVED)
        set_filter(subscriber, ZMQ_UNSUBSCRIBE, prefix, strlen(prefix));
}

enum td_err td_bus_subscriber_connect(struct td_bus_subscriber *subscriber, const char *endpoint)
{
    return td_bus_socket_connect(&subscriber->receiver.socket, endpoint);
}

void td_bus_subscriber_disconnect(struct td_bus_subscriber *subscriber, const char *endpoint)
{
    (void)zmq_disconnect(subscriber->receiver.socket.zmq, endpoint);
    td_bus_socket_touch(&subscriber->receiver.socket);
}

enum td_err td_bus_subscriber_bind(struct td_bus_subscriber *subscriber, const char *endpoint,
                                   char resolved[TD_BUS_ENDPOINT_SIZE])
{
    return td_bus_socket_bind(&subscriber->receiver.socket, endpoint, resolved);
}

struct td_bus_feed_counts td_bus_subscriber_counts(const struct td_bus_subscriber *subscriber)
{
    return subscriber->receiver.counts;
}

void td_bus_subscriber_destroy(struct td_bus_subscriber **subscriber)
{
    if (*subscriber == NULL)
        return;
    td_bus_socket_close(&(*subscriber)->receiver.socket, td_bus_feed_free);
    *subscriber = NULL;
}
