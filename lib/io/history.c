#include "io/history.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/history_private.h"

#define UNITS_MAX 10000
#define BYTES_MAX (64 * 1024 * 1024)
#define IN_FLIGHT_MAX 64
/* How long a unit may be overdue before the connection is held to be dead. */
#define OVERDUE_MS 2000

/* --- lists --- */

void td_history_list_append(struct td_history_unit_list *list, struct td_history_unit *unit)
{
    unit->next = NULL;
    unit->prev = list->last;
    if (list->last == NULL)
        list->first = unit;
    else
        list->last->next = unit;
    list->last = unit;
}

void td_history_list_prepend(struct td_history_unit_list *list, struct td_history_unit *unit)
{
    unit->prev = NULL;
    unit->next = list->first;
    if (list->first == NULL)
        list->last = unit;
    else
        list->first->prev = unit;
    list->first = unit;
}

void td_history_list_remove(struct td_history_unit_list *list, struct td_history_unit *unit)
{
    if (unit->prev == NULL)
        list->first = unit->next;
    else
        unit->prev->next = unit->next;
    if (unit->next == NULL)
        list->last = unit->prev;
    else
        unit->next->prev = unit->prev;
}

/* --- telling --- */

static void release(struct td_history *history)
{
    if (--history->holds == 0 && history->is_destroyed)
        free(history);
}

void td_history_finish(struct td_history *history, struct td_history_unit *unit, enum td_err err)
{
    td_timer_stop(&unit->deadline);
    unit->state = TD_HISTORY_UNIT_DONE;
    unit->err = err;
    td_history_list_append(&history->done, unit);
}

static const char *message_of(const struct td_history *history, const struct td_history_unit *unit)
{
    const char *state = PQresultErrorField(unit->failure, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(unit->failure, PG_DIAG_MESSAGE_PRIMARY);

    if (unit->err == TD_OK)
        return "";
    if (state != NULL && td_str_equal(state, "26000")) // There is no such prepared statement.
        return history->prepare_message;
    return message != NULL ? message : td_err_text(unit->err);
}

/* In no list any more. */
static void tell(struct td_history *history, struct td_history_unit *unit)
{
    const struct td_history_answer answer = {.message = message_of(history, unit),
                                             .steps = unit->rows,
                                             .step_count = unit->row_set_count};
    td_history_fn fn = unit->fn;

    history->unit_count--;
    history->bytes -= td_history_unit_size(unit);
    if (fn != NULL)
        fn(unit->ctx, unit->err, &answer); // The unit is in no list: destroying spares it.
    td_history_unit_destroy(&unit);
}

static void tell_done(struct td_history *history)
{
    while (history->done.first != NULL) {
        struct td_history_unit *unit = history->done.first;

        td_history_list_remove(&history->done, unit);
        tell(history, unit);
    }
}

static void tell_listeners(struct td_history *history)
{
    for (uint32_t i = 0; i < TD_HISTORY_LISTENS_MAX && !history->is_destroyed; i++) {
        struct td_history_listener *listener = &history->listeners[i];

        if (!listener->is_due)
            continue;
        listener->is_due = false;
        listener->fn(listener->ctx, NULL);
    }
}

static void tell_notification(const struct td_history *history, const PGnotify *notification)
{
    for (uint32_t i = 0; i < TD_HISTORY_LISTENS_MAX; i++) {
        const struct td_history_listener *listener = &history->listeners[i];

        if (listener->channel != NULL && td_str_equal(listener->channel, notification->relname)) {
            listener->fn(listener->ctx, notification->extra);
            return;
        }
    }
}

static void tell_notifications(struct td_history *history)
{
    while (!history->is_destroyed && history->link.is_up) {
        PGnotify *notification = PQnotifies(history->link.conn);

        if (notification == NULL)
            return;
        tell_notification(history, notification);
        PQfreemem(notification);
    }
}

static void tell_all(struct td_history *history)
{
    tell_done(history);
    tell_listeners(history);
    tell_notifications(history);
}

/* --- traffic --- */

/* Sends what waits and can be sent now. @param is_sound  false: the connection is broken. */
static void go_on(struct td_history *history, bool is_sound)
{
    if (!history->link.is_up)
        return;
    if (is_sound && history->copying == NULL)
        is_sound = td_history_pipeline_send(history);
    if (is_sound)
        td_history_link_flush(&history->link);
    else
        td_history_link_drop(&history->link, "the connection broke off");
}

static void on_turn(void *ctx)
{
    struct td_history *history = ctx;

    history->holds++;
    go_on(history, true);
    tell_all(history);
    release(history);
}

static void on_input(void *ctx)
{
    struct td_history *history = ctx;

    history->holds++;
    go_on(history, history->copying != NULL ? td_history_copy_proceed(history)
                                            : td_history_pipeline_read(history));
    tell_all(history);
    release(history);
}

static void on_room(void *ctx)
{
    struct td_history *history = ctx;

    if (history->copying != NULL && history->copy_phase == TD_HISTORY_COPY_DATA)
        on_input(history);
}

static void tell_state(struct td_history *history, bool up)
{
    if (history->config.state != NULL)
        history->config.state(history->config.ctx, up);
}

static void on_up(void *ctx)
{
    struct td_history *history = ctx;

    td_timer_start(&history->turn, 0);
    tell_state(history, true);
}

static void on_down(void *ctx)
{
    struct td_history *history = ctx;

    history->holds++;
    td_history_pipeline_lost(history);
    tell_state(history, false);
    tell_done(history);
    release(history);
}

/* --- deadlines --- */

/* The oldest in flight was given up a while ago, and still there is no answer. */
static void on_overdue(void *ctx)
{
    struct td_history *history = ctx;
    const struct td_history_unit *oldest = history->copying;

    for (uint32_t i = 0; i < history->segment_count && oldest == NULL; i++)
        oldest = history->segments[(history->segment_first + i) % history->segment_capacity].unit;
    if (history->link.is_up && oldest != NULL && oldest->fn == NULL)
        td_history_link_drop(&history->link, "no answer");
}

static void on_deadline(void *ctx)
{
    struct td_history_unit *unit = ctx;
    struct td_history *history = unit->history;

    if (unit->state == TD_HISTORY_UNIT_WAITING) {
        td_history_list_remove(&history->waiting, unit);
        td_history_finish(history, unit, TD_ERR_UNAVAILABLE);
        history->holds++;
        tell_done(history);
        release(history);
        return;
    }

    const struct td_history_answer answer = {.message = td_err_text(TD_ERR_TIMEOUT)};
    td_history_fn fn = unit->fn;
    unit->fn = NULL; // It stays in flight, and its answer is for nobody.
    if (!td_timer_is_running(&history->overdue))
        td_timer_start(&history->overdue, OVERDUE_MS);
    fn(unit->ctx, TD_ERR_TIMEOUT, &answer);
}

/* --- queueing --- */

static enum td_err check_unit(const struct td_history *history, const struct td_history_unit *unit)
{
    size_t size = td_history_unit_size(unit);

    if (history->is_destroyed)
        return TD_ERR_UNAVAILABLE;
    if (unit->failed || unit->data.failed)
        return TD_ERR_NO_MEMORY;
    if (unit->is_too_large || unit->step_count > TD_HISTORY_UNIT_STEPS_MAX ||
        size > TD_HISTORY_UNIT_BYTES_MAX)
        return TD_ERR_LIMIT;
    if (unit->step_count == 0)
        return TD_ERR_INVALID;
    if (history->unit_count >= history->config.units_max ||
        history->bytes + size > history->config.bytes_max)
        return TD_ERR_BUSY;
    return TD_OK;
}

enum td_err td_history_run(struct td_history *history, struct td_history_unit **unit,
                           uint32_t deadline_ms, td_history_fn fn, void *ctx)
{
    struct td_history_unit *taken = *unit;

    assert(fn != NULL);
    *unit = NULL;
    enum td_err err = check_unit(history, taken);
    if (err == TD_OK) {
        taken->rows = calloc(taken->step_count, sizeof(void *));
        err = taken->rows != NULL ? TD_OK : TD_ERR_NO_MEMORY;
    }
    if (err != TD_OK) {
        td_history_unit_destroy(&taken);
        return err;
    }
    taken->history = history;
    taken->fn = fn;
    taken->ctx = ctx;
    taken->state = TD_HISTORY_UNIT_WAITING;
    history->unit_count++;
    history->bytes += td_history_unit_size(taken);
    td_history_list_append(&history->waiting, taken);
    td_timer_init(&taken->deadline, history->loop, on_deadline, taken);
    td_timer_start(&taken->deadline, deadline_ms);
    if (!td_timer_is_running(&history->turn))
        td_timer_start(&history->turn, 0); // Sent together with what else comes in this turn.
    return TD_OK;
}

enum td_err td_history_query(struct td_history *history, const struct td_history_query *query,
                             td_history_fn fn, void *ctx)
{
    struct td_history_unit *unit = NULL;
    enum td_err err = td_history_unit_create(&unit);

    if (err != TD_OK)
        return err;
    td_history_unit_add(unit, query->statement, query->params, query->param_count);
    if (query->repeatable)
        td_history_unit_repeatable(unit);
    return td_history_run(history, &unit, query->deadline_ms, fn, ctx);
}

/* --- listening --- */

static struct td_history_listener *find_listener(struct td_history *history, const char *channel)
{
    for (uint32_t i = 0; i < TD_HISTORY_LISTENS_MAX; i++) {
        struct td_history_listener *listener = &history->listeners[i];

        if (channel == NULL ? listener->channel == NULL
                            : listener->channel != NULL && td_str_equal(listener->channel, channel))
            return listener;
    }
    return NULL;
}

enum td_err td_history_listen(struct td_history *history, const char *channel,
                              td_history_notify_fn fn, void *ctx)
{
    struct td_history_listener *listener = find_listener(history, NULL);

    if (find_listener(history, channel) != NULL)
        return TD_ERR_EXISTS;
    if (listener == NULL)
        return TD_ERR_LIMIT;
    *listener = (struct td_history_listener){.channel = channel, .fn = fn, .ctx = ctx};
    if (!td_timer_is_running(&history->turn))
        td_timer_start(&history->turn, 0);
    return TD_OK;
}

void td_history_unlisten(struct td_history *history, const char *channel)
{
    struct td_history_listener *listener = find_listener(history, channel);

    if (listener != NULL) // The server goes on telling; nobody listens.
        *listener = (struct td_history_listener){0};
}

/* --- life --- */

static enum td_err open_parts(struct td_history *history, const struct td_history_config *config)
{
    const struct td_history_link_events events = {
        .up = on_up, .down = on_down, .input = on_input, .room = on_room, .ctx = history};

    history->config = *config;
    if (config->units_max == 0)
        history->config.units_max = UNITS_MAX;
    if (config->bytes_max == 0)
        history->config.bytes_max = BYTES_MAX;
    if (config->in_flight_max == 0)
        history->config.in_flight_max = IN_FLIGHT_MAX;
    history->segment_capacity =
        history->config.in_flight_max + TD_HISTORY_STATEMENTS_MAX + TD_HISTORY_LISTENS_MAX;
    history->segments = calloc(history->segment_capacity, sizeof(history->segments[0]));
    if (history->segments == NULL)
        return TD_ERR_NO_MEMORY;
    td_timer_init(&history->turn, history->loop, on_turn, history);
    td_timer_init(&history->overdue, history->loop, on_overdue, history);
    return td_history_link_open(&history->link, history->loop, config->conninfo, &events);
}

enum td_err td_history_create(struct td_loop *loop, const struct td_history_config *config,
                              struct td_history **history)
{
    struct td_history *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    self->loop = loop;
    enum td_err err = open_parts(self, config);
    if (err != TD_OK) {
        td_history_destroy(&self);
        return err;
    }
    *history = self;
    return TD_OK;
}

void td_history_destroy(struct td_history **history)
{
    struct td_history *self = *history;

    if (self == NULL)
        return;
    *history = NULL;
    self->holds++;
    td_timer_stop(&self->turn);
    td_timer_stop(&self->overdue);
    td_history_link_close(&self->link);
    self->is_destroyed = true;
    for (struct td_history_unit *unit = self->waiting.first; unit != NULL;
         unit = self->waiting.first) {
        td_history_list_remove(&self->waiting, unit);
        td_history_finish(self, unit, TD_ERR_UNAVAILABLE);
    }
    td_history_pipeline_lost(self);
    tell_done(self);
    free(self->segments);
    self->segments = NULL;
    release(self);
}

bool td_history_is_up(const struct td_history *history)
{
    return history->link.is_up;
}

uint32_t td_history_pending(const struct td_history *history)
{
    return history->unit_count;
}
