/**
 * @file bus_feed.h  One-way feeds: who publishes never waits, who listens may miss something and
 * can see it.
 *
 *     publisher (PUB)  --->  any number of subscribers (SUB), each with its topic prefixes
 *     push (PUSH)      --->  one sink (PULL): producers of metrics to the hub
 *
 * On the wire: [topic][stream id or empty][body]. The stream id names the place of an event in its
 * durable stream, so a listener sees a gap and reads the stream itself.
 *
 * A subscriber is told `on_joined` when, after each connect or reconnect, the publisher has taken
 * all its subscriptions: everything published from then on arrives (or is dropped and shows as a
 * gap), so that is the moment to read up from the stream. It works by a subscription to a topic of
 * the subscriber's own that the publisher answers; topics that start with the byte 0xFF are
 * therefore reserved.
 *
 * One loop, one thread.
 */
#ifndef TD_IO_BUS_FEED_H
#define TD_IO_BUS_FEED_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "io/bus.h"

/** One message of a feed. */
struct td_bus_message {
    const char *topic; /**< At most TD_BUS_TOPIC_SIZE - 1 bytes, no NUL, not starting with 0xFF. */
    const char *stream_id; /**< "" for none (NULL is taken as ""). */
    struct td_bytes body;
};

/** @param message  Borrowed, with all it points to. */
typedef void (*td_bus_message_fn)(void *ctx, const struct td_bus_message *message);

struct td_bus_feed_counts {
    uint64_t messages; /**< Sent or received, well-formed. */
    /** Publisher: times a subscriber's queue was found full; it then misses messages until it has
       read half of it (ZeroMQ does not tell how many; its stream ids do). Push: messages that had
       no connection or no room. */
    uint64_t dropped;
    uint64_t malformed; /**< Receiver: not three frames, or a topic or stream id out of bounds. */
};

/* --- publisher --- */

struct td_bus_publisher;

/** @param endpoint  To bind; "tcp://127.0.0.1:*" for a free port.
    @return TD_OK, TD_ERR_INVALID (endpoint), TD_ERR_EXISTS (in use), TD_ERR_NO_MEMORY,
   TD_ERR_INTERNAL. */
enum td_err TD_MUST_CHECK td_bus_publisher_bind(struct td_bus *bus, const char *endpoint,
                                                struct td_bus_publisher **publisher);

/** The same, but connects to a subscriber that was bound (td_bus_subscriber_bind()). */
enum td_err TD_MUST_CHECK td_bus_publisher_connect(struct td_bus *bus, const char *endpoint,
                                                   struct td_bus_publisher **publisher);

/** The endpoint with its real port. Valid as long as the publisher. */
const char *td_bus_publisher_endpoint(const struct td_bus_publisher *publisher);

/**
 * Sends to every subscriber of the topic. One whose queue is full misses it; the others do not.
 *
 * @return TD_OK, also when nobody listens; TD_ERR_RANGE (topic, stream id or body too long);
 *         TD_ERR_INVALID (reserved or empty topic).
 */
enum td_err td_bus_publish(struct td_bus_publisher *publisher,
                           const struct td_bus_message *message);

struct td_bus_feed_counts td_bus_publisher_counts(const struct td_bus_publisher *publisher);

/** Closes and sets *publisher to NULL; NULL is ignored. */
void td_bus_publisher_destroy(struct td_bus_publisher **publisher);

/* --- subscriber --- */

struct td_bus_subscriber;

struct td_bus_subscriber_options {
    td_bus_message_fn on_message;
    void (*on_joined)(void *ctx); /**< May be NULL. Once per (re)connection to a publisher. */
    void *ctx;                    /**< Kept. */
};

/** @param bus  Kept. @return TD_OK, TD_ERR_NO_MEMORY, TD_ERR_INTERNAL. */
enum td_err TD_MUST_CHECK td_bus_subscriber_create(struct td_bus *bus,
                                                   const struct td_bus_subscriber_options *options,
                                                   struct td_bus_subscriber **subscriber);

/** Adds a topic prefix ("" for everything). May be called before and after connecting.
    @return TD_OK, TD_ERR_RANGE (too long), TD_ERR_INVALID (reserved). */
enum td_err TD_MUST_CHECK td_bus_subscribe(struct td_bus_subscriber *subscriber,
                                           const char *prefix);
/** Takes back one td_bus_subscribe() of the same prefix. */
void td_bus_unsubscribe(struct td_bus_subscriber *subscriber, const char *prefix);

/** Connects to a publisher, of several too; reconnects by itself. @return TD_OK, TD_ERR_INVALID. */
enum td_err TD_MUST_CHECK td_bus_subscriber_connect(struct td_bus_subscriber *subscriber,
                                                    const char *endpoint);
/** Leaves a publisher; one never connected to is ignored. */
void td_bus_subscriber_disconnect(struct td_bus_subscriber *subscriber, const char *endpoint);

/** Binds for publishers that connect. @param resolved  Receives the endpoint with its real port. */
enum td_err TD_MUST_CHECK td_bus_subscriber_bind(struct td_bus_subscriber *subscriber,
                                                 const char *endpoint,
                                                 char resolved[TD_BUS_ENDPOINT_SIZE]);

struct td_bus_feed_counts td_bus_subscriber_counts(const struct td_bus_subscriber *subscriber);

/** Closes and sets *subscriber to NULL; NULL is ignored. May be called from its callbacks. */
void td_bus_subscriber_destroy(struct td_bus_subscriber **subscriber);

/* --- push and sink --- */

struct td_bus_push;
struct td_bus_sink;

/** @return TD_OK, TD_ERR_INVALID, TD_ERR_NO_MEMORY, TD_ERR_INTERNAL. Reconnects by itself. */
enum td_err TD_MUST_CHECK td_bus_push_create(struct td_bus *bus, const char *endpoint,
                                             struct td_bus_push **push);

/** @return TD_OK; TD_ERR_UNAVAILABLE when there is no connection or its queue is full (the message
   is dropped and counted: the next value is better than an old one); else as td_bus_publish(). */
enum td_err td_bus_push_send(struct td_bus_push *push, const struct td_bus_message *message);

struct td_bus_feed_counts td_bus_push_counts(const struct td_bus_push *push);
void td_bus_push_destroy(struct td_bus_push **push);

/** Binds. @param ctx  Kept. @return As td_bus_publisher_bind(). */
enum td_err TD_MUST_CHECK td_bus_sink_create(struct td_bus *bus, const char *endpoint,
                                             td_bus_message_fn on_message, void *ctx,
                                             struct td_bus_sink **sink);
const char *td_bus_sink_endpoint(const struct td_bus_sink *sink);
struct td_bus_feed_counts td_bus_sink_counts(const struct td_bus_sink *sink);
/** May be called from its callback. */
void td_bus_sink_destroy(struct td_bus_sink **sink);

#endif
