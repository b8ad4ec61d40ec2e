/**
 * @file bus_server.h  Answers requests that arrive at one endpoint of the bus.
 *
 * On the wire, ZeroMQ frames (ROUTER here, DEALER at the client):
 *     request  [id, 16 bytes][deadline_ms, u32 big endian][body]
 *     reply    [id][status, u8: enum td_err][body]
 *
 * Requests wait in an inbox and are handled in order of arrival, for at most 5 ms per turn of the
 * loop. The server answers TD_ERR_BUSY by itself when `inbox_max` requests are unanswered, when the
 * loop lags more than `lag_max_ms` (io/loop.h says what that is), or when for 100 ms no request had
 * waited less than `lag_max_ms` before it was handled (a standing queue, CoDel, RFC 8289). Requests
 * whose deadline passed before they were handled are dropped, malformed ones too; both are counted.
 *
 * Bounded memory, all allocated at creation (besides ZeroMQ's own buffers). One loop, one thread.
 */
#ifndef TD_IO_BUS_SERVER_H
#define TD_IO_BUS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"
#include "io/bus.h"

struct td_bus_server;

/** A handle, passed and kept by value. It never dangles while the server lives: after the reply or
    the deadline it names nothing and a reply to it is ignored. */
struct td_bus_request {
    struct td_bus_server *server;
    uint32_t slot;
    uint32_t generation;
};

/**
 * Handles one request and replies to it exactly once, now or later, from any callback of the loop.
 * @param body  Borrowed.
 */
typedef void (*td_bus_handler_fn)(void *ctx, struct td_bus_request request, struct td_bytes body);

struct td_bus_server_options {
    const char *endpoint;      /**< To bind, e.g. "tcp://127.0.0.1:*" for any free port. */
    const char *host_endpoint; /**< A second one, e.g. "ipc://@name"; NULL: none. */
    td_bus_handler_fn handler;
    void *ctx;          /**< Kept. */
    uint32_t inbox_max; /**< Unanswered requests. Default 1024. */
    /** Default TD_LOOP_LAG_LIMIT_MS; UINT32_MAX: never BUSY for being late. */
    uint32_t lag_max_ms;
    /** Longer deadlines count as this one. Default 60,000. */
    uint32_t deadline_max_ms;
};

/** What happened since creation; every request ends in exactly one of the second group. */
struct td_bus_server_counts {
    uint64_t requests;  /**< Well-formed requests received. */
    uint64_t malformed; /**< Messages that were no request. */

    uint64_t replied;       /**< Answered by the handler, in time. */
    uint64_t busy_full;     /**< Refused: inbox full. */
    uint64_t busy_late;     /**< Refused: loop or inbox late. */
    uint64_t expired_early; /**< Deadline passed before the handler saw it. */
    uint64_t expired;       /**< Deadline passed before the handler replied. */

    uint64_t undelivered; /**< Of the replies: the peer was gone or its queue full. */
    uint64_t late;        /**< td_bus_reply() to a request that was no more. */
};

/**
 * Binds and starts answering.
 *
 * @param bus      Kept.
 * @param options  Borrowed, with its strings.
 * @return TD_OK, TD_ERR_INVALID (endpoint), TD_ERR_EXISTS (address in use), TD_ERR_NO_MEMORY,
 *         TD_ERR_INTERNAL.
 */
enum td_err TD_MUST_CHECK td_bus_server_create(struct td_bus *bus,
                                               const struct td_bus_server_options *options,
                                               struct td_bus_server **server);

/** The endpoint with its real port. Valid as long as the server. */
const char *td_bus_server_endpoint(const struct td_bus_server *server);

/**
 * Replies. Ignored (and counted) when the request was answered before or its deadline has passed.
 *
 * @param status  TD_OK or why not; either may carry a body.
 * @param body    Borrowed. One over the bus's message_max_bytes is replaced by TD_ERR_LIMIT, empty.
 */
void td_bus_reply(struct td_bus_request request, enum td_err status, struct td_bytes body);

/** True until the request is answered or its deadline has passed: is it worth going on? */
bool td_bus_request_is_open(struct td_bus_request request);

/** The id the client gave it, the same in each retry; nil when the request is no longer open. */
struct td_id td_bus_request_id(struct td_bus_request request);

/** What is left of the deadline; 0 when the request is no longer open. */
uint32_t td_bus_request_left_ms(struct td_bus_request request);

/** Requests that are unanswered now. */
uint32_t td_bus_server_open_count(const struct td_bus_server *server);

struct td_bus_server_counts td_bus_server_counts(const struct td_bus_server *server);

/**
 * Closes the endpoint, drops all open requests (their clients time out) and sets *server to NULL;
 * NULL is ignored. May be called from the handler. Handles of its requests must not be used
 * afterwards.
 */
void td_bus_server_destroy(struct td_bus_server **server);

#endif
