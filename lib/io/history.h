/**
 * @file history.h  The history: one connection to PostgreSQL, in pipeline mode, never blocking.
 *
 * Work is handed over in units. A unit is one transaction: a list of prepared statements, and bulk
 * copies if any. Units are carried out in the order they were queued; those without a copy follow
 * each other without waiting for answers. The connection is made in the background and tried again
 * with a growing pause (50 ms up to 2 s); meanwhile units wait until their deadlines.
 *
 * What a callback is told, once for each unit:
 *   TD_OK               committed
 *   TD_ERR_EXISTS       a unique key exists already; rolled back
 *   TD_ERR_NOT_FOUND    a foreign key points nowhere; rolled back
 *   TD_ERR_RANGE        a value does not fit its column, or a check failed; rolled back
 *   TD_ERR_BUSY         deadlock, serialisation, resources: rolled back, try again
 *   TD_ERR_DENIED, TD_ERR_INTERNAL  not permitted; wrong SQL: rolled back
 *   TD_ERR_UNAVAILABLE  the deadline passed before it was sent: nothing was or will be done
 *   TD_ERR_TIMEOUT      the deadline passed, or the connection was lost, after it was sent: it may
 *                       or may not have been done. A `repeatable` unit is sent again instead while
 *                       its deadline lasts, and reports this only at the end.
 *
 * Threads: one loop, no locks. A function that returns TD_OK runs its callback exactly once and
 * never from within the call.
 */
#ifndef TD_IO_HISTORY_H
#define TD_IO_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "io/history_value.h"
#include "io/loop.h"

struct td_history;

/** Zero in a number means its default. Strings are borrowed for the call. */
struct td_history_config {
    const char *conninfo;   /**< As libpq: "host=/run/x port=5432 dbname=tandem user=tandem". */
    uint32_t units_max;     /**< Units waiting or in flight; default 10,000. */
    uint32_t bytes_max;     /**< Their size; default 64 MiB. */
    uint32_t in_flight_max; /**< Units sent but not answered; default 64. */
    void (*state)(void *ctx, bool up); /**< Each change; may be NULL. Starts as down. */
    void *ctx;
};

/** Starts connecting. An absent server is no error.
    @return TD_OK; TD_ERR_INVALID (conninfo); TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK td_history_create(struct td_loop *loop,
                                            const struct td_history_config *config,
                                            struct td_history **history);

/** Closes; callbacks that are still due run from within this call with TD_ERR_UNAVAILABLE, or
    TD_ERR_TIMEOUT when already sent; units they queue are refused with TD_ERR_UNAVAILABLE. May be
    called from a callback. NULL is ignored. */
void td_history_destroy(struct td_history **history);

bool td_history_is_up(const struct td_history *history);

/** Units that wait or are in flight. */
uint32_t td_history_pending(const struct td_history *history);

/* --- statements and answers --- */

/** A statement, prepared on first use on each connection. Static: the pointer is kept. A parameter
    has the same kind in every use of the statement. */
struct td_history_statement {
    const char *name; /**< Unique in the process. */
    const char *sql;  /**< One statement with $1, $2 ... */
};

struct td_history_answer {
    const char *message; /**< For the log and for people; "" on TD_OK. */
    /** One for each statement and copy of the unit, in order. */
    const struct td_rows *const *steps;
    uint32_t step_count; /**< On an error: how many were carried out before it. */
};

/** @param answer  Never NULL. */
typedef void (*td_history_fn)(void *ctx, enum td_err err, const struct td_history_answer *answer);

/* --- units --- */

struct td_history_query {
    const struct td_history_statement *statement;
    const struct td_param *params; /**< Borrowed for the call. */
    uint32_t param_count;
    uint32_t deadline_ms; /**< From now. */
    bool repeatable;      /**< Doing it twice does no harm. */
};

/** A unit of one statement: a transaction of its own.
    @return TD_OK; TD_ERR_BUSY (queue full); TD_ERR_LIMIT; TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK td_history_query(struct td_history *history,
                                           const struct td_history_query *query, td_history_fn fn,
                                           void *ctx);

struct td_history_unit;

/** Limits of one unit; beyond them td_history_run answers TD_ERR_LIMIT. */
#define TD_HISTORY_UNIT_STEPS_MAX 4096
#define TD_HISTORY_UNIT_BYTES_MAX ((size_t)32 * 1024 * 1024)

/** @param unit  Owned by the caller until it is run. @return TD_OK or TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK td_history_unit_create(struct td_history_unit **unit);
void td_history_unit_destroy(struct td_history_unit **unit);

/*
 * Steps in the order added; everything but the statement is copied. A unit that grew beyond its
 * limits or out of memory remembers it, and td_history_run returns it.
 */
void td_history_unit_add(struct td_history_unit *unit, const struct td_history_statement *statement,
                         const struct td_param *params, uint32_t param_count);

/** Starts a bulk copy: "COPY staging (a, b) FROM STDIN (FORMAT binary)". Kept: static text. */
void td_history_unit_copy(struct td_history_unit *unit, const char *sql);
/** One row of the copy that was started last; kinds must match the columns exactly. */
void td_history_unit_row(struct td_history_unit *unit, const struct td_param *params,
                         uint32_t param_count);

/** For a unit that may be carried out twice without harm. */
void td_history_unit_repeatable(struct td_history_unit *unit);

/** Queues it. @param unit  Taken, also on failure; set to NULL.
    @return TD_OK; TD_ERR_BUSY; TD_ERR_LIMIT; TD_ERR_INVALID (no step); TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK td_history_run(struct td_history *history, struct td_history_unit **unit,
                                         uint32_t deadline_ms, td_history_fn fn, void *ctx);

/* --- notifications --- */

#define TD_HISTORY_LISTENS_MAX 8

/** @param payload  NULL: listening has begun (again); anything may have happened before. */
typedef void (*td_history_notify_fn)(void *ctx, const char *payload);

/** Listens on a channel, over all reconnects, until td_history_unlisten.
    @param channel  Kept: static text, a plain identifier.
    @return TD_OK; TD_ERR_LIMIT; TD_ERR_EXISTS (channel has a listener). */
enum td_err TD_MUST_CHECK td_history_listen(struct td_history *history, const char *channel,
                                            td_history_notify_fn fn, void *ctx);
void td_history_unlisten(struct td_history *history, const char *channel);

#endif
