/**
 * @file bus.h  The bus of one loop: ZeroMQ's context and the weaving of its sockets into libuv.
 *
 * What is spoken on it: requests and replies (io/bus_server.h, io/bus_client.h) and feeds of events
 * and metrics (io/bus_feed.h). The bus carries bytes between endpoints such as
 * "tcp://127.0.0.1:7001", "ipc:///run/x" or "inproc://x" and knows nothing of their meaning.
 *
 * Nothing blocks: what cannot be sent is refused or dropped and counted. No message over
 * `message_max_bytes` is sent or accepted (a peer that tries is disconnected by ZeroMQ).
 */
#ifndef TD_IO_BUS_H
#define TD_IO_BUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "io/loop.h"

/** Longest endpoint text, terminator included. */
#define TD_BUS_ENDPOINT_SIZE 128
/** Longest topic and longest stream id of a feed, terminator included. */
#define TD_BUS_TOPIC_SIZE 128
#define TD_BUS_STREAM_ID_SIZE 64

/** Set by name; a member left 0 takes the default. */
struct td_bus_options {
    uint32_t message_max_bytes; /**< Per frame. Default 1 MiB. */
    uint32_t queue_max;         /**< Messages waiting per peer and direction. Default 4096. */
};

struct td_bus;

/**
 * @param loop     Kept.
 * @param options  Borrowed; NULL for all defaults.
 * @return TD_OK, TD_ERR_NO_MEMORY, TD_ERR_INTERNAL.
 */
enum td_err TD_MUST_CHECK td_bus_create(struct td_loop *loop, const struct td_bus_options *options,
                                        struct td_bus **bus);

/** Sets *bus to NULL; NULL is ignored. Everything on the bus must have been destroyed before. */
void td_bus_destroy(struct td_bus **bus);

#endif
