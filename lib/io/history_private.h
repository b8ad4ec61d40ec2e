/**
 * @file history_private.h  What the parts of a td_history share. Private to lib/io/history*.
 *
 * Units go from `waiting` into flight and then to `done`; callbacks run from `done` only, when no
 * call into libpq is on the stack, since they may destroy everything.
 */
#ifndef TD_IO_HISTORY_PRIVATE_H
#define TD_IO_HISTORY_PRIVATE_H

#include "io/history_link.h"
#include "io/history_unit.h"

#define TD_HISTORY_STATEMENTS_MAX 512
#define TD_HISTORY_MESSAGE_SIZE 256

struct td_history_unit_list {
    struct td_history_unit *first;
    struct td_history_unit *last;
};

/* What one synchronisation point of the pipeline ends. */
struct td_history_segment {
    enum { TD_HISTORY_PREPARE, TD_HISTORY_UNIT, TD_HISTORY_LISTEN } kind;
    const struct td_history_statement *statement;
    struct td_history_unit *unit;
    const char *channel;
};

struct td_history_listener {
    const char *channel; /* NULL: free */
    td_history_notify_fn fn;
    void *ctx;
    bool is_asked; /* on this connection */
    bool is_due;   /* listening has begun: to be told */
};

enum td_history_copy_phase {
    TD_HISTORY_COPY_BEGIN,
    TD_HISTORY_COPY_PREPARE,
    TD_HISTORY_COPY_STEP,
    TD_HISTORY_COPY_DATA, /* the server takes rows */
    TD_HISTORY_COPY_COMMIT,
    TD_HISTORY_COPY_ROLLBACK,
};

struct td_history {
    struct td_loop *loop;
    struct td_history_link link;
    struct td_history_config config; /* numbers and callbacks; its strings are not kept */
    struct td_timer turn;            /* the end of this turn of the loop: send what has come */
    struct td_timer overdue;
    uint32_t unit_count; /* not told yet */
    uint64_t bytes;
    struct td_history_unit_list waiting;
    struct td_history_unit_list done;

    /* In flight, oldest first: a ring. */
    struct td_history_segment *segments;
    uint32_t segment_capacity;
    uint32_t segment_first;
    uint32_t segment_count;
    uint32_t units_in_flight;

    /* Prepared on this connection, or about to be. */
    const struct td_history_statement *statements[TD_HISTORY_STATEMENTS_MAX];
    uint32_t statement_count;
    char prepare_message[TD_HISTORY_MESSAGE_SIZE]; /* of the last that was refused */

    struct td_history_listener listeners[TD_HISTORY_LISTENS_MAX];

    /* The unit with a copy that is done step by step, outside pipeline mode; NULL: none. */
    struct td_history_unit *copying;
    enum td_history_copy_phase copy_phase;
    uint32_t copy_step;
    uint32_t copy_sent; /* bytes of the step's rows */

    uint32_t holds; /* frames on the stack that still need the memory */
    bool is_destroyed;
};

/* --- history.c --- */

void td_history_finish(struct td_history *history, struct td_history_unit *unit, enum td_err err);

/* --- history_pipeline.c --- */

bool td_history_is_prepared(const struct td_history *history,
                            const struct td_history_statement *statement);
void td_history_set_prepared(struct td_history *history,
                             const struct td_history_statement *statement, bool prepared);
/** Logs why a statement was refused and remembers it for the unit that will miss it. */
void td_history_prepare_refused(struct td_history *history,
                                const struct td_history_statement *statement,
                                const PGresult *result);
/** Sends listens and waiting units. @return false: the connection is broken. */
bool td_history_pipeline_send(struct td_history *history);
/** Takes what has arrived. @return false: the connection is broken. */
bool td_history_pipeline_read(struct td_history *history);
/** The connection is gone: what is in flight is repeated or finished. */
void td_history_pipeline_lost(struct td_history *history);

/* --- history_copy.c --- */

/** Begins `copying`. @return false: the connection is broken. */
bool td_history_copy_start(struct td_history *history, struct td_history_unit *unit);
/** Takes what has arrived, or goes on sending rows. @return false: the connection is broken. */
bool td_history_copy_proceed(struct td_history *history);

/* --- lists --- */

void td_history_list_append(struct td_history_unit_list *list, struct td_history_unit *unit);
void td_history_list_prepend(struct td_history_unit_list *list, struct td_history_unit *unit);
void td_history_list_remove(struct td_history_unit_list *list, struct td_history_unit *unit);

#endif
