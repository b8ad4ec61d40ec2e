/**
 * @file bus_message.h  Messages of feeds to and from a socket. For io/bus_*.c only.
 */
#ifndef TD_IO_BUS_MESSAGE_H
#define TD_IO_BUS_MESSAGE_H

#include "io/bus_feed.h"
#include "io/bus_socket.h"

/** First byte of topics that belong to the bus itself. */
#define TD_BUS_RESERVED 0xff

/** @return TD_OK, or what td_bus_publish() says of a bad message. */
enum td_err TD_MUST_CHECK td_bus_message_check(const struct td_bus *bus,
                                               const struct td_bus_message *message);

/** @return TD_OK, TD_ERR_UNAVAILABLE: nothing was sent. */
enum td_err td_bus_message_send(struct td_bus_socket *socket, struct td_bytes topic,
                                const char *stream_id, struct td_bytes body);

/** A receiving socket; set the members, then open it with td_bus_receiver_work. */
struct td_bus_receiver {
    struct td_bus_socket socket; /* first: the socket is the receiver */
    td_bus_message_fn on_message;
    void *ctx;
    struct td_bus_feed_counts counts;
    /** Takes a message that is for the receiver itself; NULL: there are none. */
    bool (*on_own)(struct td_bus_receiver *receiver, struct td_bytes topic);
};

bool td_bus_receiver_work(struct td_bus_socket *socket);

/** To close with, for owners whose first member is the socket. */
void td_bus_feed_free(struct td_bus_socket *socket);

#endif
