/**
 * @file outbox.h  customer.* events, from the table that they were written to with the customer
 * into the streams.
 *
 * A customer and the event that tells of it are one transaction; then the event is moved: read,
 * stored in its stream under its own id (once, however often it is tried), deleted. A context that
 * dies on the way leaves the row, which the next one moves. Several may do so at the same time. The
 * events of one customer keep their order, since no page holds two of one.
 */
#ifndef CONTEXT_OUTBOX_H
#define CONTEXT_OUTBOX_H

#include "io/timer.h"
#include "service/service.h"

/** Rows of one page: the view tandem.customer_outbox_next gives no more. */
#define OUTBOX_PAGE_MAX 256

struct outbox;

/** A row on its way into its stream. */
struct outbox_row {
    struct outbox *outbox;
    int64_t sequence;
    bool is_stored;
};

/** Caller's storage; lives as long as the service. */
struct outbox {
    struct td_service *service;
    struct td_timer timer;
    struct outbox_row rows[OUTBOX_PAGE_MAX];
    uint32_t count;
    uint32_t in_flight;
    bool busy;  /* a page is being read, stored or deleted */
    bool poked; /* meanwhile: there may be more */
    bool stopped;
    uint64_t *told;
};

/** Moves what is there, and looks again now and then. */
void outbox_start(struct outbox *outbox, struct td_service *service);
/** Rows that are not moved yet stay. */
void outbox_stop(struct outbox *outbox);

/** Something was committed: moves it now. */
void outbox_poke(struct outbox *outbox);

#endif
