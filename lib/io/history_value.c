#include "io/history_value.h"

#include <assert.h>
#include <string.h>

#include "io/history_param.h"

/* Between 1970 and 2000, where PostgreSQL's time begins. */
#define EPOCH_US INT64_C(946684800000000)

/* Numbers of PostgreSQL's own types; they never change (pg_type.dat). */
enum oid {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_OID = 26,
    OID_JSON = 114,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043,
    OID_TIMESTAMPTZ = 1184,
    OID_UUID = 2950,
    OID_JSONB = 3802,
};

/* --- parameters --- */

struct td_param td_param_bool(bool value)
{
    return (struct td_param){.kind = TD_PARAM_BOOL, .as.boolean = value};
}

struct td_param td_param_i32(int32_t value)
{
    return (struct td_param){.kind = TD_PARAM_I32, .as.integer = value};
}

struct td_param td_param_i64(int64_t value)
{
    return (struct td_param){.kind = TD_PARAM_I64, .as.integer = value};
}

struct td_param td_param_f64(double value)
{
    return (struct td_param){.kind = TD_PARAM_F64, .as.real = value};
}

struct td_param td_param_text(const char *value)
{
    if (value == NULL)
        return td_param_null(TD_PARAM_TEXT);
    return (struct td_param){.kind = TD_PARAM_TEXT, .as.bytes = td_bytes(value, strlen(value))};
}

struct td_param td_param_bytes(struct td_bytes value)
{
    return (struct td_param){.kind = TD_PARAM_BYTES, .as.bytes = value};
}

struct td_param td_param_id(struct td_id value)
{
    return (struct td_param){.kind = TD_PARAM_ID, .as.id = value};
}

struct td_param td_param_unix_us(uint64_t value)
{
    return (struct td_param){.kind = TD_PARAM_UNIX_US, .as.integer = (int64_t)value};
}

struct td_param td_param_null(enum td_param_kind kind)
{
    return (struct td_param){.kind = kind, .is_null = true};
}

uint32_t td_param_oid(enum td_param_kind kind)
{
    static const uint32_t oids[TD_PARAM_KIND_COUNT] = {
        [TD_PARAM_BOOL] = OID_BOOL, [TD_PARAM_I32] = OID_INT4,
        [TD_PARAM_I64] = OID_INT8,  [TD_PARAM_F64] = OID_FLOAT8,
        [TD_PARAM_TEXT] = OID_TEXT, [TD_PARAM_BYTES] = OID_BYTEA,
        [TD_PARAM_ID] = OID_UUID,   [TD_PARAM_UNIX_US] = OID_TIMESTAMPTZ,
    };

    assert((size_t)kind < TD_PARAM_KIND_COUNT);
    return oids[kind];
}

/* The lowest `size` bytes, highest first. */
static void write_big_endian(struct td_buffer *buffer, uint64_t value, size_t size)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    td_buffer_add(buffer, td_bytes(bytes, size));
}

void td_param_write(struct td_buffer *buffer, const struct td_param *param)
{
    uint64_t bits = 0;

    if (param->is_null)
        return;
    switch (param->kind) {
    case TD_PARAM_BOOL:
        write_big_endian(buffer, param->as.boolean, 1);
        break;
    case TD_PARAM_I32:
        write_big_endian(buffer, (uint64_t)param->as.integer, 4);
        break;
    case TD_PARAM_I64:
        write_big_endian(buffer, (uint64_t)param->as.integer, 8);
        break;
    case TD_PARAM_UNIX_US:
        write_big_endian(buffer, (uint64_t)(param->as.integer - EPOCH_US), 8);
        break;
    case TD_PARAM_F64:
        memcpy(&bits, &param->as.real, sizeof(bits));
        write_big_endian(buffer, bits, 8);
        break;
    case TD_PARAM_ID:
        td_buffer_add(buffer, td_bytes(param->as.id.bytes, TD_ID_SIZE));
        break;
    default:
        td_buffer_add(buffer, param->as.bytes);
        break;
    }
}

static size_t size_of(const struct td_param *param)
{
    switch (param->kind) {
    case TD_PARAM_BOOL:
        return 1;
    case TD_PARAM_I32:
        return 4;
    case TD_PARAM_I64:
    case TD_PARAM_F64:
    case TD_PARAM_UNIX_US:
        return 8;
    case TD_PARAM_ID:
        return TD_ID_SIZE;
    default:
        return param->as.bytes.size;
    }
}

void td_param_write_row(struct td_buffer *buffer, const struct td_param *params, uint32_t count)
{
    write_big_endian(buffer, count, 2);
    for (uint32_t i = 0; i < count; i++) {
        write_big_endian(buffer, params[i].is_null ? UINT32_MAX : size_of(&params[i]), 4);
        td_param_write(buffer, &params[i]);
    }
}

struct td_bytes td_param_copy_header(void)
{
    static const char header[19] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; // no flags, no extension

    return td_bytes(header, sizeof(header));
}

struct td_bytes td_param_copy_trailer(void)
{
    return td_bytes("\377\377", 2);
}

/* --- rows --- */

static const PGresult *of(const struct td_rows *rows)
{
    return td_rows_result(rows);
}

uint32_t td_rows_count(const struct td_rows *rows)
{
    return (uint32_t)PQntuples(of(rows));
}

uint64_t td_rows_affected(const struct td_rows *rows)
{
    uint64_t count = 0;

    // libpq only reads it, but knows no const.
    for (const char *digit = PQcmdTuples(td_rows_result(rows)); *digit != '\0'; digit++)
        count = count * 10 + (uint64_t)(*digit - '0');
    return count;
}

bool td_rows_is_null(const struct td_rows *rows, uint32_t row, uint32_t column)
{
    assert(row < td_rows_count(rows) && (int)column < PQnfields(of(rows)));
    return PQgetisnull(of(rows), (int)row, (int)column) != 0;
}

static uint32_t type_of(const struct td_rows *rows, uint32_t column)
{
    return PQftype(of(rows), (int)column);
}

static struct td_bytes raw(const struct td_rows *rows, uint32_t row, uint32_t column)
{
    return td_bytes(PQgetvalue(of(rows), (int)row, (int)column),
                    (size_t)PQgetlength(of(rows), (int)row, (int)column));
}

/* Its sign is that of its own size. */
static int64_t read_big_endian(struct td_bytes bytes)
{
    uint64_t value = bytes.size > 0 && (bytes.data[0] & 0x80U) != 0 ? UINT64_MAX : 0;

    assert(bytes.size <= 8);
    for (size_t i = 0; i < bytes.size; i++)
        value = value << 8 | bytes.data[i];
    return (int64_t)value;
}

bool td_rows_bool(const struct td_rows *rows, uint32_t row, uint32_t column)
{
    assert(type_of(rows, column) == OID_BOOL);
    return !td_rows_is_null(rows, row, column) && raw(rows, row, column).data[0] != 0;
}

int64_t td_rows_i64(const struct td_rows *rows, uint32_t row, uint32_t column)
{
    uint32_t type = type_of(rows, column);

    assert(type == OID_INT8 || type == OID_INT4 || type == OID_INT2 || type == OID_OID);
    int64_t value =
        td_rows_is_null(rows, row, column) ? 0 : read_big_endian(raw(rows, row, column));
    return type == OID_OID ? (int64_t)(uint32_t)value : value;
}

double td_rows_f64(const struct td_rows *rows, uint32_t row, uint32_t column)
{
    uint32_t type = type_of(rows, column);
    double wide = 0;
    float narrow = 0;

    assert(type == OID_FLOAT8 || type == OID_FLOAT4);
    if (td_rows_is_null(rows, row, column))
        return 0;
    uint64_t bits = (uint64_t)read_big_endian(raw(rows, row, column));
    if (type == OID_FLOAT8) {
        memcpy(&wide, &bits, sizeof(wide));
        return wide;
    }
    uint32_t half = (uint32_t)bits;
    memcpy(&narrow, &half, sizeof(narrow));
    return (double)narrow;
}

const char *td_rows_text(const struct td_rows *rows, uint32_t row, uint32_t column)
{
    uint32_t type = type_of(rows, column);

    assert(type == OID_TEXT || type == OID_VARCHAR || type == OID_BPCHAR || type == OID_NAME ||
           type == OID_JSON || type == OID_JSONB);
    if (td_rows_is_null(rows, row, column))
        return "";
    const char *text = PQgetvalue(of(rows), (int)row, (int)column); // libpq terminates it.
    return type == OID_JSONB ? text + 1 : text;                     // jsonb: a version comes first.
}

struct td_bytes td_rows_bytes(const struct td_rows *rows, uint32_t row, uint32_t column)
{
    assert(type_of(rows, column) == OID_BYTEA);
    return td_rows_is_null(rows, row, column) ? td_bytes("", 0) : raw(rows, row, column);
}

struct td_id td_rows_id(const struct td_rows *rows, uint32_t row, uint32_t column)
{
    struct td_id id = {{0}};

    assert(type_of(rows, column) == OID_UUID);
    if (!td_rows_is_null(rows, row, column)) {
        struct td_bytes bytes = raw(rows, row, column);

        assert(bytes.size == TD_ID_SIZE);
        memcpy(id.bytes, bytes.data, TD_ID_SIZE);
    }
    return id;
}

uint64_t td_rows_unix_us(const struct td_rows *rows, uint32_t row, uint32_t column)
{
    assert(type_of(rows, column) == OID_TIMESTAMPTZ);
    if (td_rows_is_null(rows, row, column))
        return 0;
    int64_t unix_us = 0;
    if (__builtin_add_overflow(read_big_endian(raw(rows, row, column)), EPOCH_US, &unix_us))
        return INT64_MAX; // 'infinity'
    return unix_us > 0 ? (uint64_t)unix_us : 0;
}
