/**
 * @file bus_outstanding.h  The requests of a client that have not ended, found by where they went
 * and their id. For io/bus_client.c only. A fixed number; all operations but forgetting are O(1).
 */
#ifndef TD_IO_BUS_OUTSTANDING_H
#define TD_IO_BUS_OUTSTANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "io/bus_client.h"
#include "io/timer.h"

struct td_bus_pending {
    void *owner;      /* the client */
    const void *peer; /* its connection; NULL once forgotten */
    bool used;
    struct td_id id;
    td_bus_reply_fn on_reply;
    void *ctx;
    enum td_err end; /* when the timer fires: why */
    struct td_timer timer;
    uint32_t next; /* in the bucket or in the free list */
};

struct td_bus_outstanding {
    struct td_bus_pending *pending;
    uint32_t max;
    uint32_t used;
    uint32_t free;
    uint32_t *buckets;
    uint32_t bucket_mask;
};

/** @param owner, on_timer, loop  Kept in each; on_timer gets the pending request. */
enum td_err TD_MUST_CHECK td_bus_outstanding_init(struct td_bus_outstanding *outstanding,
                                                  uint32_t max, struct td_loop *loop,
                                                  td_timer_fn on_timer, void *owner);
void td_bus_outstanding_fini(struct td_bus_outstanding *outstanding);

bool td_bus_outstanding_is_full(const struct td_bus_outstanding *outstanding);

/** NULL when there is none. */
struct td_bus_pending *td_bus_outstanding_find(const struct td_bus_outstanding *outstanding,
                                               const void *peer, struct td_id id);

/** Notes a request and starts its timer. Not when full. */
void td_bus_outstanding_add(struct td_bus_outstanding *outstanding, const void *peer,
                            const struct td_bus_call *call);

void td_bus_outstanding_remove(struct td_bus_outstanding *outstanding,
                               struct td_bus_pending *pending);

/** Lets the timers of all requests to `peer` fire in the next turn, with TD_ERR_UNAVAILABLE. */
void td_bus_outstanding_forget(struct td_bus_outstanding *outstanding, const void *peer);

/** Any one of them; NULL when there is none. O(max). */
struct td_bus_pending *td_bus_outstanding_any(const struct td_bus_outstanding *outstanding);

#endif
