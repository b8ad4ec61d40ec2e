/**
 * @file history_link.h  One connection to PostgreSQL that comes back by itself. Private to
 * lib/io/history*.
 *
 * Connects without blocking (names are resolved by io/resolve.h, the rest is libpq's), enters
 * pipeline mode and is up. It is tried again after 50 ms, 100 ms ... 2 s.
 */
#ifndef TD_IO_HISTORY_LINK_H
#define TD_IO_HISTORY_LINK_H

#include <postgresql/libpq-fe.h>

#include "io/resolve.h"
#include "io/timer.h"

struct td_history_watch;

struct td_history_link_events {
    void (*up)(void *ctx);
    /** The connection is finished: nothing of it may be used any more. */
    void (*down)(void *ctx);
    /** Something arrived; PQconsumeInput was called. */
    void (*input)(void *ctx);
    /** The socket takes more: after td_history_link_await_room, once. */
    void (*room)(void *ctx);
    void *ctx;
};

/** Fields are private. Must not move. */
struct td_history_link {
    struct td_loop *loop;
    struct td_history_link_events events;
    PQconninfoOption *options;
    const char *unresolved_host; /* in `options`; NULL: libpq need not ask a resolver */
    struct td_resolve *question;
    PGconn *conn;
    struct td_history_watch *watch;
    struct td_timer timer; /* pause; time-out of connecting */
    uint32_t pause_ms;
    unsigned attempt;
    bool is_up;
    bool is_room_awaited;
    bool is_refused_logged;
};

/** Starts connecting. @return TD_OK; TD_ERR_INVALID (conninfo). */
enum td_err TD_MUST_CHECK td_history_link_open(struct td_history_link *link, struct td_loop *loop,
                                               const char *conninfo,
                                               const struct td_history_link_events *events);

/** No event comes any more. The link's memory may go right after. */
void td_history_link_close(struct td_history_link *link);

/** Sends what libpq holds; the rest when the socket takes it. May bring `down`. */
void td_history_link_flush(struct td_history_link *link);

/** From the next flush on: `room` comes when everything has left, also if that is so already. */
void td_history_link_await_room(struct td_history_link *link);

/** Gives the connection up; `down` comes from within. */
void td_history_link_drop(struct td_history_link *link, const char *reason);

#endif
