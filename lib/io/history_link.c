#include "io/history_link.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define PAUSE_MS_MIN 50
#define PAUSE_MS_MAX 2000
#define CONNECT_MS_MAX 5000
#define PARAMS_MAX 64
#define REASON_SIZE 256

static const struct td_log *log_of(const struct td_history_link *link)
{
    return td_loop_log(link->loop);
}

/* --- the socket: watched by a poll handle of its own life --- */

struct td_history_watch {
    uv_poll_t poll;               /* its close callback frees the watch */
    struct td_history_link *link; /* NULL: closing */
    int events;
};

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void unwatch(struct td_history_link *link)
{
    if (link->watch == NULL)
        return;
    uv_close((uv_handle_t *)&link->watch->poll, on_watch_closed);
    link->watch->link = NULL;
    link->watch = NULL;
}

static void on_socket(uv_poll_t *poll, int status, int events);

static bool watch_socket(struct td_history_link *link, int events)
{
    struct td_history_watch *watch = link->watch;

    if (watch == NULL) {
        watch = calloc(1, sizeof(*watch));
        if (watch == NULL)
            return false;
        if (uv_poll_init(td_loop_uv(link->loop), &watch->poll, PQsocket(link->conn)) != 0) {
            free(watch);
            return false;
        }
        watch->poll.data = watch;
        watch->link = link;
        link->watch = watch;
    }
    if (watch->events == events)
        return true;
    watch->events = events;
    return uv_poll_start(&watch->poll, events, on_socket) == 0;
}

/* --- losing --- */

static void pause_before_next(struct td_history_link *link)
{
    td_timer_start(&link->timer, link->pause_ms);
    link->pause_ms = link->pause_ms * 2 < PAUSE_MS_MAX ? link->pause_ms * 2 : PAUSE_MS_MAX;
}

static void finish(struct td_history_link *link)
{
    unwatch(link); // Before libpq closes the socket.
    PQfinish(link->conn);
    link->conn = NULL;
    link->is_up = false;
    link->is_room_awaited = false;
}

/* The first line, without its end: libpq's messages are made for terminals. */
static const char *message_of(const struct td_history_link *link, char text[REASON_SIZE])
{
    td_str_clip(text, REASON_SIZE,
                link->conn != NULL ? PQerrorMessage(link->conn) : "the host name is not known");
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void connecting_failed(struct td_history_link *link)
{
    char reason[REASON_SIZE];

    if (!link->is_refused_logged) // Once, not at each attempt.
        td_log_warn(log_of(link), "history.refused", td_str("reason", message_of(link, reason)));
    link->is_refused_logged = true;
    finish(link);
    pause_before_next(link);
}

void td_history_link_drop(struct td_history_link *link, const char *reason)
{
    td_log_warn(log_of(link), "history.lost", td_str("reason", reason));
    finish(link);
    pause_before_next(link);
    link->events.down(link->events.ctx); // Last: it may close the link.
}

static void drop_with_message(struct td_history_link *link)
{
    char reason[REASON_SIZE];

    td_history_link_drop(link, message_of(link, reason));
}

/* --- connecting --- */

/* NOTICE and the like: for people at a terminal. */
static void ignore_notice(void *ctx, const char *message)
{
    (void)ctx;
    (void)message;
}

static void connected(struct td_history_link *link)
{
    (void)PQsetNoticeProcessor(link->conn, ignore_notice, NULL);
    if (PQsetnonblocking(link->conn, 1) != 0 || PQenterPipelineMode(link->conn) != 1 ||
        !watch_socket(link, UV_READABLE)) {
        connecting_failed(link);
        return;
    }
    td_timer_stop(&link->timer);
    link->is_up = true;
    link->pause_ms = PAUSE_MS_MIN;
    link->is_refused_logged = false;
    td_log_info(log_of(link), "history.connected", td_str("database", PQdb(link->conn)));
    link->events.up(link->events.ctx);
}

static void connect_step(struct td_history_link *link)
{
    PostgresPollingStatusType next = PQconnectPoll(link->conn);

    // libpq may have gone on to another socket, even one of the same number: watch it anew.
    unwatch(link);
    switch (next) {
    case PGRES_POLLING_OK:
        connected(link);
        break;
    case PGRES_POLLING_READING:
    case PGRES_POLLING_WRITING:
        if (!watch_socket(link, next == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE))
            connecting_failed(link);
        break;
    default:
        connecting_failed(link);
        break;
    }
}

/* @param address  Of the unresolved host; NULL if it needs none. */
static void connect_to(struct td_history_link *link, const char *address)
{
    const char *names[PARAMS_MAX + 2] = {0};
    const char *values[PARAMS_MAX + 2] = {0};
    size_t count = 0;

    for (const PQconninfoOption *option = link->options;
         option->keyword != NULL && count < PARAMS_MAX; option++) {
        if (option->val == NULL)
            continue;
        names[count] = option->keyword;
        values[count++] = option->val;
    }
    if (address != NULL) {
        names[count] = "hostaddr";
        values[count] = address;
    }
    link->conn = PQconnectStartParams(names, values, 0);
    td_timer_start(&link->timer, CONNECT_MS_MAX);
    // As if PQconnectPoll had asked for writing (libpq's rule for the first step).
    if (link->conn == NULL || PQstatus(link->conn) == CONNECTION_BAD ||
        !watch_socket(link, UV_WRITABLE))
        connecting_failed(link);
}

static void on_resolved(void *ctx, const char *address)
{
    struct td_history_link *link = ctx;

    link->question = NULL;
    if (address != NULL)
        connect_to(link, address);
    else
        connecting_failed(link);
}

static void attempt(struct td_history_link *link)
{
    if (link->unresolved_host == NULL)
        connect_to(link, NULL);
    else if (td_resolve_start(link->loop, link->unresolved_host, link->attempt++, on_resolved, link,
                              &link->question) != TD_OK)
        pause_before_next(link);
}

static void on_timer(void *ctx)
{
    struct td_history_link *link = ctx;

    if (link->conn == NULL)
        attempt(link);
    else
        connecting_failed(link); // It takes too long.
}

/* --- traffic --- */

void td_history_link_flush(struct td_history_link *link)
{
    int left = PQflush(link->conn);
    int writable = left > 0 || link->is_room_awaited ? UV_WRITABLE : 0;

    if (left < 0 || !watch_socket(link, UV_READABLE | writable))
        drop_with_message(link);
}

void td_history_link_await_room(struct td_history_link *link)
{
    link->is_room_awaited = true;
}

/* @return false: the connection is gone. */
static bool on_writable(struct td_history_link *link, const struct td_history_watch *watch)
{
    bool is_awaited = link->is_room_awaited;

    link->is_room_awaited = false;
    td_history_link_flush(link);
    if (watch->link == NULL || !is_awaited)
        return watch->link != NULL;
    if ((watch->events & UV_WRITABLE) != 0)
        link->is_room_awaited = true; // Not all has left yet.
    else
        link->events.room(link->events.ctx);
    return watch->link != NULL;
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct td_history_watch *watch = poll->data;
    struct td_history_link *link = watch->link;

    if (!link->is_up) {
        connect_step(link); // libpq finds an error of the socket by itself.
        return;
    }
    if (status < 0) {
        td_history_link_drop(link, "the socket failed");
        return;
    }
    // Each step may have closed the link, and its memory may be gone; the watch's is not.
    if ((events & UV_WRITABLE) != 0 && !on_writable(link, watch))
        return;
    if ((events & UV_READABLE) == 0)
        return;
    if (PQconsumeInput(link->conn) == 0)
        drop_with_message(link);
    else
        link->events.input(link->events.ctx);
}

/* --- opening and closing --- */

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, keyword) == 0 && options->val != NULL)
            return options->val;
    }
    return "";
}

/* A single host name without an address beside it; sockets have a path, lists are left to libpq. */
static const char *host_to_resolve(const PQconninfoOption *options)
{
    const char *host = option_value(options, "host");

    if (host[0] == '\0' || host[0] == '/' || host[0] == '@' || strchr(host, ',') != NULL ||
        option_value(options, "hostaddr")[0] != '\0' || td_resolve_is_address(host))
        return NULL;
    return host;
}

enum td_err td_history_link_open(struct td_history_link *link, struct td_loop *loop,
                                 const char *conninfo, const struct td_history_link_events *events)
{
    char *fault = NULL;

    *link = (struct td_history_link){.loop = loop, .events = *events, .pause_ms = PAUSE_MS_MIN};
    link->options = PQconninfoParse(conninfo, &fault);
    PQfreemem(fault);
    if (link->options == NULL)
        return TD_ERR_INVALID;
    link->unresolved_host = host_to_resolve(link->options);
    td_timer_init(&link->timer, loop, on_timer, link);
    td_timer_start(&link->timer, 0);
    return TD_OK;
}

void td_history_link_close(struct td_history_link *link)
{
    td_timer_stop(&link->timer);
    td_resolve_cancel(&link->question);
    if (link->conn != NULL)
        finish(link);
    PQconninfoFree(link->options);
    link->options = NULL;
}
