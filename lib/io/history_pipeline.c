#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "io/history_private.h"

/* --- prepared statements --- */

bool td_history_is_prepared(const struct td_history *history,
                            const struct td_history_statement *statement)
{
    for (uint32_t i = 0; i < history->statement_count; i++) {
        if (history->statements[i] == statement)
            return true;
    }
    return false;
}

void td_history_set_prepared(struct td_history *history,
                             const struct td_history_statement *statement, bool prepared)
{
    if (prepared) {
        assert(history->statement_count < TD_HISTORY_STATEMENTS_MAX);
        history->statements[history->statement_count++] = statement;
        return;
    }
    for (uint32_t i = 0; i < history->statement_count; i++) {
        if (history->statements[i] == statement)
            history->statements[i] = history->statements[--history->statement_count];
    }
}

void td_history_prepare_refused(struct td_history *history,
                                const struct td_history_statement *statement,
                                const PGresult *result)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    (void)snprintf(history->prepare_message, sizeof(history->prepare_message),
                   "statement %.60s cannot be prepared: %.160s", statement->name,
                   message != NULL ? message : "no reason given");
    td_log_error(td_loop_log(history->loop), "statement.refused", td_str("name", statement->name),
                 td_str("reason", message));
}

/* --- sending --- */

static struct td_history_segment *segment_at(struct td_history *history, uint32_t index)
{
    return &history->segments[(history->segment_first + index) % history->segment_capacity];
}

static bool end_segment(struct td_history *history, struct td_history_segment segment)
{
    if (PQpipelineSync(history->link.conn) != 1)
        return false;
    assert(history->segment_count < history->segment_capacity);
    *segment_at(history, history->segment_count++) = segment;
    return true;
}

/* Under a synchronisation point of its own, so that a failing unit does not take it along. */
static bool prepare(struct td_history *history, const struct td_history_unit *unit,
                    const struct td_history_step *step)
{
    if (!td_history_unit_send_prepare(unit, step, history->link.conn))
        return false;
    td_history_set_prepared(history, step->statement, true);
    return end_segment(history, (struct td_history_segment){.kind = TD_HISTORY_PREPARE,
                                                            .statement = step->statement});
}

/* Without BEGIN: up to the synchronisation point everything is one transaction. */
static bool send_unit(struct td_history *history, struct td_history_unit *unit)
{
    unit->state = TD_HISTORY_UNIT_SENT;
    for (uint32_t i = 0; i < unit->step_count; i++) {
        if (!td_history_is_prepared(history, unit->steps[i].statement) &&
            !prepare(history, unit, &unit->steps[i]))
            return false;
    }
    for (uint32_t i = 0; i < unit->step_count; i++) {
        if (!td_history_unit_send_step(unit, &unit->steps[i], history->link.conn))
            return false;
    }
    return true;
}

/* In flight in any case, so that a broken connection finds it there. */
static bool launch(struct td_history *history, struct td_history_unit *unit)
{
    bool is_sent = send_unit(history, unit);

    history->units_in_flight++;
    if (is_sent)
        return end_segment(history,
                           (struct td_history_segment){.kind = TD_HISTORY_UNIT, .unit = unit});
    *segment_at(history, history->segment_count++) =
        (struct td_history_segment){.kind = TD_HISTORY_UNIT, .unit = unit};
    return false;
}

static bool send_listens(struct td_history *history)
{
    char sql[96];

    for (uint32_t i = 0; i < TD_HISTORY_LISTENS_MAX; i++) {
        struct td_history_listener *listener = &history->listeners[i];

        if (listener->channel == NULL || listener->is_asked)
            continue;
        (void)snprintf(sql, sizeof(sql), "LISTEN \"%.63s\"", listener->channel);
        listener->is_asked = true;
        if (PQsendQueryParams(history->link.conn, sql, 0, NULL, NULL, NULL, NULL, 1) != 1 ||
            !end_segment(history, (struct td_history_segment){.kind = TD_HISTORY_LISTEN,
                                                              .channel = listener->channel}))
            return false;
    }
    return true;
}

bool td_history_pipeline_send(struct td_history *history)
{
    bool is_sound = send_listens(history);

    while (is_sound && history->waiting.first != NULL &&
           history->units_in_flight < history->config.in_flight_max) {
        struct td_history_unit *unit = history->waiting.first;

        if (unit->has_copy && history->segment_count > 0)
            break; // It needs the connection for itself: what is in flight comes first.
        td_history_list_remove(&history->waiting, unit);
        if (unit->has_copy)
            return td_history_copy_start(history, unit);
        is_sound = launch(history, unit);
    }
    return is_sound;
}

/* --- reading --- */

static void take_result(struct td_history *history, const struct td_history_segment *segment,
                        PGresult *result)
{
    bool is_good = PQresultStatus(result) == PGRES_COMMAND_OK;

    if (segment->kind == TD_HISTORY_UNIT) {
        td_history_unit_take(segment->unit, result);
        return;
    }
    if (segment->kind == TD_HISTORY_PREPARE && !is_good) {
        td_history_set_prepared(history, segment->statement, false);
        td_history_prepare_refused(history, segment->statement, result);
    }
    for (uint32_t i = 0; i < TD_HISTORY_LISTENS_MAX && segment->kind == TD_HISTORY_LISTEN; i++) {
        struct td_history_listener *listener = &history->listeners[i];

        if (listener->channel != NULL && td_str_equal(listener->channel, segment->channel))
            listener->is_due = is_good;
    }
    PQclear(result);
}

static void finish_segment(struct td_history *history)
{
    struct td_history_segment segment = *segment_at(history, 0);

    history->segment_first = (history->segment_first + 1) % history->segment_capacity;
    history->segment_count--;
    if (segment.kind != TD_HISTORY_UNIT)
        return;
    history->units_in_flight--;
    td_history_finish(history, segment.unit, segment.unit->err);
}

bool td_history_pipeline_read(struct td_history *history)
{
    PGconn *conn = history->link.conn;

    // A broken connection is never busy and has no end of results.
    while (history->segment_count > 0 && PQisBusy(conn) == 0 && PQstatus(conn) == CONNECTION_OK) {
        PGresult *result = PQgetResult(conn);

        if (result == NULL)
            continue; // The end of one statement.
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            finish_segment(history);
        } else {
            take_result(history, segment_at(history, 0), result);
        }
    }
    return PQstatus(conn) == CONNECTION_OK;
}

/* --- losing --- */

/* Whether it can go back to the queue: nothing was told yet, and doing it twice does no harm. */
static bool may_repeat(const struct td_history *history, const struct td_history_unit *unit)
{
    return unit->is_repeatable && unit->fn != NULL && !history->is_destroyed;
}

static void lose(struct td_history *history, struct td_history_unit *unit)
{
    td_history_unit_reset(unit);
    if (may_repeat(history, unit)) {
        unit->state = TD_HISTORY_UNIT_WAITING;
        td_history_list_prepend(&history->waiting, unit);
    } else {
        td_history_finish(history, unit, TD_ERR_TIMEOUT);
    }
}

void td_history_pipeline_lost(struct td_history *history)
{
    // From the newest to the oldest, so that the oldest is in front again.
    while (history->segment_count > 0) {
        const struct td_history_segment *segment = segment_at(history, --history->segment_count);

        if (segment->kind == TD_HISTORY_UNIT)
            lose(history, segment->unit);
    }
    history->units_in_flight = 0;
    if (history->copying != NULL)
        lose(history, history->copying);
    history->copying = NULL;
    history->statement_count = 0;
    for (uint32_t i = 0; i < TD_HISTORY_LISTENS_MAX; i++) {
        history->listeners[i].is_asked = false;
        history->listeners[i].is_due = false;
    }
}
