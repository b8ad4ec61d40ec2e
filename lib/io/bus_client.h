/**
 * @file bus_client.h  Sends requests to endpoints of the bus and matches their replies.
 *
 * One connection (DEALER) per endpoint, made by the first request to it and kept until
 * td_bus_forget(). ZeroMQ reconnects by itself; a peer that is away shows as TD_ERR_TIMEOUT.
 * Whoever learns that a peer is gone for good (its lease was lost) calls td_bus_forget().
 *
 * Every accepted request ends in exactly one call of its callback: with the reply, TD_ERR_TIMEOUT
 * at its deadline or TD_ERR_UNAVAILABLE. TD_ERR_TIMEOUT says nothing about what the server did: a
 * request in flight on a connection that breaks is lost, one that waits for a peer that is away may
 * be handled after its caller gave up. So requests carry ids and can be repeated with the same one.
 *
 * All memory besides connections is allocated at creation. One loop, one thread.
 */
#ifndef TD_IO_BUS_CLIENT_H
#define TD_IO_BUS_CLIENT_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"
#include "io/bus.h"

struct td_bus_client;

/** @param status  The server's status; TD_ERR_TIMEOUT and TD_ERR_UNAVAILABLE may be our own (empty
                   body then). @param body  Borrowed. */
typedef void (*td_bus_reply_fn)(void *ctx, enum td_err status, struct td_bytes body);

/** Set by name; a member left 0 takes the default. */
struct td_bus_client_options {
    uint32_t outstanding_max; /**< Requests without a reply. Default 4096. */
    uint32_t endpoints_max;   /**< Connections at a time. Default 64. */
};

struct td_bus_client_counts {
    uint64_t requests;  /**< Accepted. */
    uint64_t refused;   /**< td_bus_request() returned an error. */
    uint64_t replies;   /**< Matched, whatever their status. */
    uint64_t timeouts;  /**< Ended by their deadline. */
    uint64_t forgotten; /**< Ended by td_bus_forget() or td_bus_client_destroy(). */
    uint64_t late;      /**< Replies to requests that were no more. */
    uint64_t malformed; /**< Messages that were no reply. */
};

/** @param bus  Kept.  @param options  Borrowed; NULL for all defaults.
    @return TD_OK, TD_ERR_NO_MEMORY, TD_ERR_INTERNAL. */
enum td_err TD_MUST_CHECK td_bus_client_create(struct td_bus *bus,
                                               const struct td_bus_client_options *options,
                                               struct td_bus_client **client);

/** One request. Borrowed for the call, except `ctx`: kept. */
struct td_bus_call {
    const char *endpoint;
    struct td_id id;      /**< Unique among the requests outstanding at this endpoint. */
    struct td_bytes body; /**< Copied. */
    uint32_t deadline_ms; /**< At least 1. */
    td_bus_reply_fn on_reply;
    void *ctx;
};

/**
 * Sends a request. `on_reply` runs exactly once if TD_OK is returned and never otherwise; never
 * from within this call.
 *
 * @return TD_OK; TD_ERR_LIMIT (too many outstanding, or connections); TD_ERR_BUSY (the queue to
 * this endpoint is full); TD_ERR_EXISTS (id outstanding at this endpoint); TD_ERR_RANGE (body over
 * the bus's message_max_bytes); TD_ERR_INVALID (endpoint); TD_ERR_UNAVAILABLE (client is closing).
 */
enum td_err TD_MUST_CHECK td_bus_request(struct td_bus_client *client,
                                         const struct td_bus_call *call);

/** Closes the connection to an endpoint, if any. Its outstanding requests end with
    TD_ERR_UNAVAILABLE in the next turn of the loop. A later request connects anew. */
void td_bus_forget(struct td_bus_client *client, const char *endpoint);

uint32_t td_bus_client_outstanding(const struct td_bus_client *client);
struct td_bus_client_counts td_bus_client_counts(const struct td_bus_client *client);

/** Ends all outstanding requests with TD_ERR_UNAVAILABLE, within this call, closes and sets *client
   to NULL; NULL is ignored. May be called from a callback. */
void td_bus_client_destroy(struct td_bus_client **client);

#endif
