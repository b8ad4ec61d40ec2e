/**
 * @file history_value.h  Values that go into the history (parameters) and come out of it (rows).
 *
 * Both travel in PostgreSQL's binary form, so nothing is quoted, escaped or rounded. Pure.
 */
#ifndef TD_IO_HISTORY_VALUE_H
#define TD_IO_HISTORY_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"

/* --- parameters --- */

#define TD_HISTORY_PARAMS_MAX 48

enum td_param_kind {
    TD_PARAM_BOOL,
    TD_PARAM_I32,     /**< int4 */
    TD_PARAM_I64,     /**< int8 */
    TD_PARAM_F64,     /**< float8 */
    TD_PARAM_TEXT,    /**< text, without zero bytes; cast in SQL for jsonb, arrays, inet ... */
    TD_PARAM_BYTES,   /**< bytea */
    TD_PARAM_ID,      /**< uuid */
    TD_PARAM_UNIX_US, /**< timestamptz */
    TD_PARAM_KIND_COUNT
};

/** Borrowed: what it points to is copied by the function that takes it. */
struct td_param {
    enum td_param_kind kind;
    bool is_null;
    union {
        bool boolean;
        int64_t integer; /* I32, I64, UNIX_US */
        double real;
        struct td_bytes bytes; /* TEXT, BYTES */
        struct td_id id;
    } as;
};

struct td_param td_param_bool(bool value);
struct td_param td_param_i32(int32_t value);
struct td_param td_param_i64(int64_t value);
struct td_param td_param_f64(double value);
struct td_param td_param_text(const char *value); /**< NULL: null. */
struct td_param td_param_bytes(struct td_bytes value);
struct td_param td_param_id(struct td_id value);
struct td_param td_param_unix_us(uint64_t value);
struct td_param td_param_null(enum td_param_kind kind);

/* --- rows: borrowed, valid until the callback returns --- */

struct td_rows;

uint32_t td_rows_count(const struct td_rows *rows);
/** Rows inserted, updated, deleted or copied. */
uint64_t td_rows_affected(const struct td_rows *rows);
bool td_rows_is_null(const struct td_rows *rows, uint32_t row, uint32_t column);
/*
 * One value; row and column must exist. A null gives 0, false, or empty. The column's type must be
 * the one named (cast in SQL: a mismatch is a defect and asserted).
 */
bool td_rows_bool(const struct td_rows *rows, uint32_t row, uint32_t column);
int64_t td_rows_i64(const struct td_rows *rows, uint32_t row, uint32_t column); /**< int2, 4, 8 */
double td_rows_f64(const struct td_rows *rows, uint32_t row, uint32_t column);  /**< float4, 8 */
const char *td_rows_text(const struct td_rows *rows, uint32_t row, uint32_t column);
struct td_bytes td_rows_bytes(const struct td_rows *rows, uint32_t row, uint32_t column);
struct td_id td_rows_id(const struct td_rows *rows, uint32_t row, uint32_t column);
uint64_t td_rows_unix_us(const struct td_rows *rows, uint32_t row, uint32_t column);

#endif
