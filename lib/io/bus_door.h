/**
 * @file bus_door.h  A listener for those whom nobody trusts: one ROUTER socket secured by CURVE.
 *
 * A guest is a connection that proved to own a key (CurveZMQ; ZAP, RFC 27, asks `admits` for it)
 * and sent its first message. A message is one frame each way. What strangers may cost is bounded:
 *
 *   connections       at most connections_max. When all are taken the oldest of those that have not
 *                     said anything yet gives way, so that who only connects keeps nobody out.
 *   silence           a handshake must be finished within handshake_ms, the first message said
 *                     within first_message_ms; else the connection is closed.
 *   one message       message_max_bytes; ZeroMQ closes a connection that sends more. So does this
 *                     module one that sends frames without end that never make a message.
 *   queues            queue_max messages for each guest in each direction; a full one refuses. Who
 *                     reads nothing for 30 s, not even heartbeats, is cut off.
 *
 * ZeroMQ can close no single connection of a ROUTER. So the descriptor (which it tells with each
 * message) is shut down underneath it, if it still is one of this listener's.
 *
 * One loop, one thread, and one door in a process: ZAP has one place in a ZeroMQ context.
 */
#ifndef TD_IO_BUS_DOOR_H
#define TD_IO_BUS_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "io/bus.h"
#include "io/bus_key.h"

struct td_bus_door;

/** A handle, passed and kept by value; after the guest has gone it names nobody. */
struct td_bus_guest {
    uint32_t slot;
    uint32_t generation;
};

/** Set by name; a number left 0 takes its default. */
struct td_bus_door_options {
    const char *endpoint;   /**< To bind: "tcp://127.0.0.1:7700"; port * for a free one. */
    const char *secret_key; /**< Of this door. Borrowed. */
    /** Whether the owner of this public key may enter; asked once for each connection. */
    bool (*admits)(void *ctx, const char *public_key);
    /** @param public_key, body  Borrowed. */
    void (*on_message)(void *ctx, struct td_bus_guest guest, const char *public_key,
                       struct td_bytes body);
    /** Once for each guest whose connection has ended; the handle still names it, for the last
       time. Not for those that are there when the door is destroyed. */
    void (*on_gone)(void *ctx, struct td_bus_guest guest);
    void *ctx;                  /**< Kept. */
    uint32_t connections_max;   /**< Default 1,000. */
    uint32_t queue_max;         /**< Default 1,000. */
    uint32_t message_max_bytes; /**< Default 64 KiB. */
    uint32_t handshake_ms;      /**< Default 2,000. */
    uint32_t first_message_ms;  /**< Default 10,000. */
};

struct td_bus_door_counts {
    uint64_t connections;  /**< Accepted. */
    uint64_t keys_refused; /**< `admits` said no. */
    uint64_t strangers;    /**< Ended without a message: no CURVE, another key, or just gone. */
    uint64_t crowded_out;  /**< Closed to make room. */
    uint64_t silent;       /**< Closed for saying nothing. */
    uint64_t cut;          /**< Closed by td_bus_door_cut(), or for frames without end. */
    uint64_t messages;     /**< From guests, well-formed. */
    uint64_t malformed;    /**< Not one frame. */
    uint32_t open;         /**< Connections now. */
    uint32_t guests;       /**< Of them, guests. */
};

/** @param bus  Kept. @return TD_OK; TD_ERR_INVALID (endpoint, key); TD_ERR_EXISTS (address in use,
    or a second door); TD_ERR_NO_MEMORY; TD_ERR_INTERNAL. */
enum td_err TD_MUST_CHECK td_bus_door_create(struct td_bus *bus,
                                             const struct td_bus_door_options *options,
                                             struct td_bus_door **door);

/** With its real port. Valid as long as the door. */
const char *td_bus_door_endpoint(const struct td_bus_door *door);
const char *td_bus_door_public_key(const struct td_bus_door *door);

/** @return TD_OK; TD_ERR_BUSY (its queue is full: it does not read); TD_ERR_NOT_FOUND (gone;
    `on_gone` follows if it has not run). */
enum td_err TD_MUST_CHECK td_bus_door_send(struct td_bus_door *door, struct td_bus_guest guest,
                                           struct td_bytes body);

/** Closes a guest's connection a moment later, so that what was sent before still gets out; nothing
    it says is heard any more. */
void td_bus_door_cut(struct td_bus_door *door, struct td_bus_guest guest);

struct td_bus_door_counts td_bus_door_counts(const struct td_bus_door *door);

/** Closes and sets *door to NULL; NULL is ignored. */
void td_bus_door_destroy(struct td_bus_door **door);

#endif
