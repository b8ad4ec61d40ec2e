/**
 * @file history_unit.h  A unit of history.h from the inside. Private to lib/io/history*.
 */
#ifndef TD_IO_HISTORY_UNIT_H
#define TD_IO_HISTORY_UNIT_H

#include <postgresql/libpq-fe.h>

#include "io/buffer.h"
#include "io/history.h"
#include "io/timer.h"

/* A parameter in binary form. */
struct td_history_value {
    enum td_param_kind kind;
    bool is_null;
    uint32_t at; /* in the unit's data */
    uint32_t size;
};

struct td_history_step {
    const struct td_history_statement *statement; /* NULL: a copy */
    const char *copy_sql;
    uint32_t first_value;
    uint32_t value_count;
    uint32_t data_at; /* a copy's rows */
    uint32_t data_size;
};

enum td_history_unit_state {
    TD_HISTORY_UNIT_WAITING,
    TD_HISTORY_UNIT_SENT, /* in flight, or done step by step */
    TD_HISTORY_UNIT_DONE, /* result known, callback due */
};

struct td_history_unit {
    struct td_history_step *steps;
    uint32_t step_count;
    uint32_t step_capacity;
    struct td_history_value *values;
    uint32_t value_count;
    uint32_t value_capacity;
    struct td_buffer data;
    bool failed; /* out of memory */
    bool is_too_large;
    bool is_repeatable;
    bool has_copy;
    /* From here on set by the queue. */
    struct td_history *history;
    enum td_history_unit_state state;
    td_history_fn fn; /* NULL: was told already */
    void *ctx;
    struct td_timer deadline;
    const struct td_rows **rows; /* one for each step carried out */
    uint32_t row_set_count;
    PGresult *failure; /* the first error */
    enum td_err err;
    struct td_history_unit *next;
    struct td_history_unit *prev;
};

static inline size_t td_history_unit_size(const struct td_history_unit *unit)
{
    return unit->data.size + unit->step_count * sizeof(struct td_history_step) +
           unit->value_count * sizeof(struct td_history_value);
}

/** Sends one statement of a unit; it must be prepared. @return false: the connection is broken. */
bool td_history_unit_send_step(const struct td_history_unit *unit,
                               const struct td_history_step *step, PGconn *conn);

/** Asks to prepare a step's statement. @return false: the connection is broken. */
bool td_history_unit_send_prepare(const struct td_history_unit *unit,
                                  const struct td_history_step *step, PGconn *conn);

/** Forgets what was carried out, so that it can be sent again. */
void td_history_unit_reset(struct td_history_unit *unit);

/** Takes a result of a step, or an error. */
void td_history_unit_take(struct td_history_unit *unit, PGresult *result);

/** The error an SQLSTATE stands for. */
enum td_err td_history_err(const PGresult *result);

#endif
