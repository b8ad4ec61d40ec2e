#include "io/history_unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "io/history_param.h"

enum td_err td_history_unit_create(struct td_history_unit **unit)
{
    struct td_history_unit *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    *unit = self;
    return TD_OK;
}

void td_history_unit_reset(struct td_history_unit *unit)
{
    for (uint32_t i = 0; i < unit->row_set_count; i++)
        PQclear(td_rows_result(unit->rows[i]));
    PQclear(unit->failure);
    unit->failure = NULL;
    unit->row_set_count = 0;
    unit->err = TD_OK;
}

void td_history_unit_destroy(struct td_history_unit **unit)
{
    struct td_history_unit *self = *unit;

    if (self == NULL)
        return;
    *unit = NULL;
    td_history_unit_reset(self);
    td_buffer_clear(&self->data);
    free(self->rows);
    free(self->steps);
    free(self->values);
    free(self);
}

/* --- building --- */

/* Room for one more. @return false when out of memory: the unit remembers it. */
static bool grow(struct td_history_unit *unit, void **items, uint32_t count, uint32_t *capacity,
                 size_t size)
{
    uint32_t wanted = *capacity > 0 ? *capacity * 2 : 4;

    if (count < *capacity)
        return true;
    void *grown = realloc(*items, wanted * size);
    if (grown == NULL) {
        unit->failed = true;
        return false;
    }
    *items = grown;
    *capacity = wanted;
    return true;
}

/* A unit that is too large already takes no more, so that it cannot eat the memory either. */
static bool has_room(struct td_history_unit *unit)
{
    unit->failed = unit->failed || unit->data.failed;
    unit->is_too_large = unit->is_too_large || unit->step_count > TD_HISTORY_UNIT_STEPS_MAX ||
                         td_history_unit_size(unit) > TD_HISTORY_UNIT_BYTES_MAX;
    return !unit->failed && !unit->is_too_large;
}

static struct td_history_step *add_step(struct td_history_unit *unit)
{
    void *items = unit->steps;

    if (!has_room(unit) ||
        !grow(unit, &items, unit->step_count, &unit->step_capacity, sizeof(struct td_history_step)))
        return NULL;
    unit->steps = items;
    struct td_history_step *step = &unit->steps[unit->step_count++];
    *step = (struct td_history_step){.first_value = unit->value_count,
                                     .data_at = (uint32_t)unit->data.size};
    return step;
}

static void add_value(struct td_history_unit *unit, struct td_history_step *step,
                      const struct td_param *param)
{
    void *items = unit->values;
    uint32_t at = (uint32_t)unit->data.size;

    if (!grow(unit, &items, unit->value_count, &unit->value_capacity,
              sizeof(struct td_history_value)))
        return;
    unit->values = items;
    td_param_write(&unit->data, param);
    unit->values[unit->value_count++] =
        (struct td_history_value){.kind = param->kind,
                                  .is_null = param->is_null,
                                  .at = at,
                                  .size = (uint32_t)unit->data.size - at};
    step->value_count++;
}

void td_history_unit_add(struct td_history_unit *unit, const struct td_history_statement *statement,
                         const struct td_param *params, uint32_t param_count)
{
    struct td_history_step *step = add_step(unit);

    assert(param_count <= TD_HISTORY_PARAMS_MAX);
    if (step == NULL)
        return;
    step->statement = statement;
    for (uint32_t i = 0; i < param_count; i++)
        add_value(unit, step, &params[i]);
}

void td_history_unit_copy(struct td_history_unit *unit, const char *sql)
{
    struct td_history_step *step = add_step(unit);

    if (step == NULL)
        return;
    step->copy_sql = sql;
    unit->has_copy = true;
    td_buffer_add(&unit->data, td_param_copy_header());
    step->data_size = (uint32_t)unit->data.size - step->data_at;
}

void td_history_unit_row(struct td_history_unit *unit, const struct td_param *params,
                         uint32_t param_count)
{
    if (!has_room(unit))
        return;
    assert(unit->step_count > 0 && unit->steps[unit->step_count - 1].copy_sql != NULL);
    struct td_history_step *step = &unit->steps[unit->step_count - 1];
    td_param_write_row(&unit->data, params, param_count);
    step->data_size = (uint32_t)unit->data.size - step->data_at;
}

void td_history_unit_repeatable(struct td_history_unit *unit)
{
    unit->is_repeatable = true;
}

/* --- sending --- */

bool td_history_unit_send_prepare(const struct td_history_unit *unit,
                                  const struct td_history_step *step, PGconn *conn)
{
    Oid types[TD_HISTORY_PARAMS_MAX];

    for (uint32_t i = 0; i < step->value_count; i++)
        types[i] = td_param_oid(unit->values[step->first_value + i].kind);
    return PQsendPrepare(conn, step->statement->name, step->statement->sql, (int)step->value_count,
                         types) == 1;
}

bool td_history_unit_send_step(const struct td_history_unit *unit,
                               const struct td_history_step *step, PGconn *conn)
{
    const char *values[TD_HISTORY_PARAMS_MAX];
    int sizes[TD_HISTORY_PARAMS_MAX];
    int formats[TD_HISTORY_PARAMS_MAX];

    for (uint32_t i = 0; i < step->value_count; i++) {
        const struct td_history_value *value = &unit->values[step->first_value + i];

        // An empty value needs a place too: NULL would be a null.
        values[i] = value->is_null    ? NULL
                    : value->size > 0 ? (const char *)unit->data.data + value->at
                                      : "";
        sizes[i] = (int)value->size;
        formats[i] = 1;
    }
    return PQsendQueryPrepared(conn, step->statement->name, (int)step->value_count, values, sizes,
                               formats, 1) == 1;
}

/* --- results --- */

enum td_err td_history_err(const PGresult *result)
{
    static const struct {
        const char *prefix;
        enum td_err err;
    } codes[] = {
        {"23505", TD_ERR_EXISTS},    // unique violation
        {"23P01", TD_ERR_EXISTS},    // exclusion violation
        {"23503", TD_ERR_NOT_FOUND}, // foreign key violation
        {"23", TD_ERR_RANGE},        // other constraints
        {"22", TD_ERR_RANGE},        // data exceptions
        {"40", TD_ERR_BUSY},         // serialisation, deadlock
        {"53", TD_ERR_BUSY},         // insufficient resources
        {"55P03", TD_ERR_BUSY},      // lock not available
        {"57014", TD_ERR_BUSY},      // cancelled, statement time-out
        {"57P", TD_ERR_UNAVAILABLE}, // shutting down
        {"28", TD_ERR_DENIED},       // invalid authorization
        {"42501", TD_ERR_DENIED},    // insufficient privilege
    };
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    for (size_t i = 0; state != NULL && i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strncmp(state, codes[i].prefix, strlen(codes[i].prefix)) == 0)
            return codes[i].err;
    }
    return TD_ERR_INTERNAL;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

void td_history_unit_take(struct td_history_unit *unit, PGresult *result)
{
    if (is_good(result) && unit->failure == NULL && unit->row_set_count < unit->step_count) {
        unit->rows[unit->row_set_count++] = (const struct td_rows *)result;
        return;
    }
    if (!is_good(result) && unit->failure == NULL) {
        unit->failure = result;
        unit->err = td_history_err(result);
        return;
    }
    PQclear(result); // What followed an error.
}
