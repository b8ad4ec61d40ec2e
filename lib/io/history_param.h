/**
 * @file history_param.h  Parameters and rows in PostgreSQL's binary form. Private to
 * lib/io/history*. Pure.
 */
#ifndef TD_IO_HISTORY_PARAM_H
#define TD_IO_HISTORY_PARAM_H

#include <postgresql/libpq-fe.h>

#include "io/buffer.h"
#include "io/history_value.h"

/** A td_rows is libpq's PGresult under a name of ours. */
static inline PGresult *td_rows_result(const struct td_rows *rows)
{
    union {
        const struct td_rows *rows;
        PGresult *result;
    } same = {.rows = rows}; // libpq knows no const.

    return same.result;
}

/** The type's number in PostgreSQL. */
uint32_t td_param_oid(enum td_param_kind kind);

/** Appends the value's bytes; nothing for a null. */
void td_param_write(struct td_buffer *buffer, const struct td_param *param);

/** Appends a row of a binary COPY. */
void td_param_write_row(struct td_buffer *buffer, const struct td_param *params, uint32_t count);

/** What stands before the first row and after the last. */
struct td_bytes td_param_copy_header(void);
struct td_bytes td_param_copy_trailer(void);

#endif
