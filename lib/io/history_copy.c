#include "io/history_param.h"
#include "io/history_private.h"

/*
 * libpq has no COPY in pipeline mode, so such a unit leaves it and is done step by step: BEGIN,
 * each statement and copy, COMMIT. It costs round trips, and nothing else is in flight meanwhile;
 * bulk writers have a connection of their own.
 */
#define CHUNK_SIZE 65536

static bool send_simple(struct td_history *history, enum td_history_copy_phase phase,
                        const char *sql)
{
    history->copy_phase = phase;
    return PQsendQuery(history->link.conn, sql) == 1;
}

bool td_history_copy_start(struct td_history *history, struct td_history_unit *unit)
{
    history->copying = unit;
    history->copy_step = 0;
    unit->state = TD_HISTORY_UNIT_SENT;
    return PQexitPipelineMode(history->link.conn) == 1 &&
           send_simple(history, TD_HISTORY_COPY_BEGIN, "BEGIN");
}

/* --- steps --- */

static bool send_step(struct td_history *history)
{
    const struct td_history_unit *unit = history->copying;
    const struct td_history_step *step = &unit->steps[history->copy_step];

    if (step->statement == NULL) {
        history->copy_sent = 0;
        return send_simple(history, TD_HISTORY_COPY_STEP, step->copy_sql);
    }
    if (!td_history_is_prepared(history, step->statement)) {
        history->copy_phase = TD_HISTORY_COPY_PREPARE;
        return td_history_unit_send_prepare(unit, step, history->link.conn);
    }
    history->copy_phase = TD_HISTORY_COPY_STEP;
    return td_history_unit_send_step(unit, step, history->link.conn);
}

static bool end(struct td_history *history)
{
    struct td_history_unit *unit = history->copying;

    history->copying = NULL;
    td_history_finish(history, unit, unit->err);
    return PQenterPipelineMode(history->link.conn) == 1;
}

/* The command in hand is over. */
static bool next_command(struct td_history *history)
{
    const struct td_history_unit *unit = history->copying;
    enum td_history_copy_phase phase = history->copy_phase;

    if (phase == TD_HISTORY_COPY_COMMIT || phase == TD_HISTORY_COPY_ROLLBACK)
        return end(history);
    if (unit->failure != NULL)
        return send_simple(history, TD_HISTORY_COPY_ROLLBACK, "ROLLBACK");
    if (phase == TD_HISTORY_COPY_STEP)
        history->copy_step++;
    return history->copy_step < unit->step_count
               ? send_step(history)
               : send_simple(history, TD_HISTORY_COPY_COMMIT, "COMMIT");
}

/* --- rows --- */

/* @return As PQputCopyData: 1 taken, 0 no room, -1 refused. */
static int put_next(PGconn *conn, struct td_history *history, const struct td_history_unit *unit)
{
    const struct td_history_step *step = &unit->steps[history->copy_step];
    struct td_bytes trailer = td_param_copy_trailer();
    uint32_t left = step->data_size - history->copy_sent;
    uint32_t size = left < CHUNK_SIZE ? left : CHUNK_SIZE;
    const uint8_t *rows = unit->data.data + step->data_at + history->copy_sent;

    if (left == 0)
        return PQputCopyData(conn, (const char *)trailer.data, (int)trailer.size);
    int taken = PQputCopyData(conn, (const char *)rows, (int)size);
    if (taken == 1)
        history->copy_sent += size;
    return taken;
}

/* Sends rows as long as the socket takes them; what the server has against them comes at the end.
 */
static bool send_rows(struct td_history *history)
{
    PGconn *conn = history->link.conn;
    const struct td_history_unit *unit = history->copying;
    uint32_t data_size = unit->steps[history->copy_step].data_size;
    bool has_trailer = false;

    while (!has_trailer) {
        has_trailer = history->copy_sent == data_size;
        if (PQflush(conn) == 1) {
            td_history_link_await_room(&history->link);
            return true;
        }
        // Nothing is held back, so libpq always has room; anything else is a broken connection.
        if (put_next(conn, history, unit) != 1)
            return false;
    }
    history->copy_phase = TD_HISTORY_COPY_STEP;
    return PQputCopyEnd(conn, NULL) == 1;
}

/* --- results --- */

static bool is_error(const PGresult *result)
{
    return PQresultStatus(result) == PGRES_FATAL_ERROR;
}

static void take_result(struct td_history *history, PGresult *result)
{
    struct td_history_unit *unit = history->copying;
    const struct td_history_statement *statement =
        history->copy_step < unit->step_count ? unit->steps[history->copy_step].statement : NULL;

    if (PQresultStatus(result) == PGRES_COPY_IN) {
        history->copy_phase = TD_HISTORY_COPY_DATA;
        PQclear(result);
        return;
    }
    if (history->copy_phase == TD_HISTORY_COPY_PREPARE && is_error(result))
        td_history_prepare_refused(history, statement, result);
    else if (history->copy_phase == TD_HISTORY_COPY_PREPARE)
        td_history_set_prepared(history, statement, true);
    if (history->copy_phase == TD_HISTORY_COPY_STEP || is_error(result))
        td_history_unit_take(unit, result);
    else
        PQclear(result);
}

bool td_history_copy_proceed(struct td_history *history)
{
    PGconn *conn = history->link.conn;
    bool is_sound = true;

    while (is_sound && history->copying != NULL) {
        if (history->copy_phase == TD_HISTORY_COPY_DATA) {
            is_sound = send_rows(history);
            if (history->copy_phase == TD_HISTORY_COPY_DATA)
                break; // The socket is full.
        }
        if (PQisBusy(conn) != 0)
            break;
        if (PQstatus(conn) != CONNECTION_OK)
            return false; // It has no end of results.
        PGresult *result = PQgetResult(conn);
        if (result != NULL)
            take_result(history, result);
        else
            is_sound = is_sound && next_command(history);
    }
    return is_sound;
}
