#include "io/http.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "io/http_context.h"
#include "io/listener.h"

#define BODY_MAX_DEFAULT (UINT32_C(256) << 10)
#define HEADERS_SIZE 512
#define CHUNK_SIZE 16384
#define KEEP_ALIVE_S 5
#define STALLED_S 10
/** Descriptors of libwebsockets itself: its wake-up pipe. */
#define OWN_DESCRIPTORS 4

/* One connection; libwebsockets allocates it zeroed. */
struct session {
    uint8_t *body; /* behind LWS_PRE spare bytes; NULL: nothing to send */
    size_t size;
    size_t sent;
};

struct td_http {
    struct td_listener listener; /* first, so that it leads back here */
    struct td_http_context context;
    unsigned open_parts; /* listener and context: the last to close frees the server */
    struct td_loop *loop;
    struct lws_protocols protocols[2];
    struct td_http_route routes[TD_HTTP_ROUTES_MAX];
    size_t route_count;
    size_t body_max;
    char *scratch; /* where handlers write; body_max bytes */
    uint32_t connections;
};

void td_http_printf(struct td_http_answer *answer, const char *format, ...)
{
    size_t room = answer->capacity - answer->size;
    va_list args;

    va_start(args, format);
    int size = vsnprintf(answer->text + answer->size, room, format, args);
    va_end(args);
    if (size < 0 || (size_t)size >= room)
        answer->overflown = true;
    else
        answer->size += (size_t)size;
}

void td_http_text(struct td_http_answer *answer, struct td_text *text)
{
    td_text_init(text, answer->text, answer->capacity);
}

void td_http_take_text(struct td_http_answer *answer, const struct td_text *text)
{
    answer->size = text->length;
    answer->overflown = text->cut;
}

/* --- one request --- */

static const struct td_http_route *find_route(const struct td_http *http, const char *path)
{
    for (size_t i = 0; i < http->route_count; i++) {
        if (td_str_equal(http->routes[i].path, path))
            return &http->routes[i];
    }
    return NULL;
}

static void refuse(struct td_http_answer *answer, uint32_t status, const char *sentence)
{
    answer->status = status;
    answer->content_type = "text/plain; charset=utf-8";
    answer->size = 0;
    answer->overflown = false;
    td_http_printf(answer, "%s\n", sentence);
}

static struct td_http_answer make_answer(struct td_http *http, const char *path, bool readable)
{
    struct td_http_answer answer = {
        .status = 200,
        .content_type = "text/plain; charset=utf-8",
        .text = http->scratch,
        .capacity = http->body_max,
    };
    const struct td_http_route *route = find_route(http, path);

    if (!readable) {
        refuse(&answer, 405, "only GET and HEAD are answered here");
    } else if (route == NULL) {
        refuse(&answer, 404, "no such page");
    } else {
        struct td_loop_span span = td_loop_begin("http.request");

        route->fn(route->ctx, &answer);
        td_loop_end(http->loop, span);
        if (answer.overflown)
            refuse(&answer, 500, "the answer does not fit its buffer");
    }
    return answer;
}

static bool keep_body(struct session *session, const struct td_http_answer *answer)
{
    free(session->body);
    *session = (struct session){.body = malloc(LWS_PRE + answer->size)};
    if (session->body == NULL)
        return false;
    memcpy(session->body + LWS_PRE, answer->text, answer->size);
    session->size = answer->size;
    return true;
}

static void drop_body(struct session *session)
{
    free(session->body);
    *session = (struct session){0};
}

static bool write_headers(struct lws *wsi, const struct td_http_answer *answer)
{
    static const unsigned char no_store[] = "no-store";
    uint8_t headers[LWS_PRE + HEADERS_SIZE];
    uint8_t *start = headers + LWS_PRE;
    uint8_t *at = start;
    uint8_t *end = headers + sizeof(headers) - 1;

    return lws_add_http_common_headers(wsi, answer->status, answer->content_type, answer->size, &at,
                                       end) == 0 &&
           lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_CACHE_CONTROL, no_store,
                                        sizeof(no_store) - 1, &at, end) == 0 &&
           lws_finalize_write_http_header(wsi, start, &at, end) == 0;
}

/* Callbacks of libwebsockets return 0 to go on and -1 to close the connection. */
static int on_request(struct td_http *http, struct lws *wsi, struct session *session,
                      const char *path)
{
    bool is_head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    bool is_get = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0;
    struct td_http_answer answer = make_answer(http, path, is_get || is_head);

    if (!write_headers(wsi, &answer))
        return -1;
    if (is_head || answer.size == 0)
        return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
    if (!keep_body(session, &answer))
        return -1;
    (void)lws_callback_on_writable(wsi);
    return 0;
}

static int on_writable(struct lws *wsi, struct session *session)
{
    if (session->body == NULL)
        return 0;

    size_t left = session->size - session->sent;
    size_t part = left < CHUNK_SIZE ? left : CHUNK_SIZE;
    bool last = part == left;
    // The bytes before `part` are scratch to libwebsockets; they have been sent already.
    int written = lws_write(wsi, session->body + LWS_PRE + session->sent, part,
                            last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP);
    if (written < (int)part)
        return -1;
    session->sent += part;
    if (!last) {
        (void)lws_callback_on_writable(wsi);
        return 0;
    }
    drop_body(session);
    return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
    struct td_http *http = lws_context_user(lws_get_context(wsi));

    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return on_request(http, wsi, user, in);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return on_writable(wsi, user);
    case LWS_CALLBACK_CLOSED_HTTP:
        if (user != NULL)
            drop_body(user);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        http->connections--;
        return 0;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return -1; // Nobody speaks WebSocket here.
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, size);
    }
}

static void on_accept(struct td_listener *listener, int fd)
{
    struct td_http *http = (struct td_http *)listener; // Its first member.

    if (http->connections == TD_HTTP_CONNECTIONS_MAX) {
        (void)close(fd);
        return;
    }
    if (lws_adopt_socket_vhost(http->context.vhost, fd) != NULL)
        http->connections++; // Otherwise it has closed the descriptor.
}

/* --- life --- */

static void free_http(struct td_http *http)
{
    free(http->scratch);
    free(http);
}

static void close_part(struct td_http *http)
{
    if (--http->open_parts == 0)
        free_http(http);
}

static void on_listener_closed(struct td_listener *listener)
{
    close_part((struct td_http *)listener);
}

static void on_context_closed(struct td_http_context *context)
{
    close_part((struct td_http *)((char *)context - offsetof(struct td_http, context)));
}

static enum td_err open_context(struct td_http *http)
{
    struct lws_context_creation_info info = {
        .protocols = http->protocols,
        .user = http,
        .gid = -1,
        .uid = -1,
        .keepalive_timeout = KEEP_ALIVE_S,
        .timeout_secs = STALLED_S,
        .fd_limit_per_thread = TD_HTTP_CONNECTIONS_MAX + OWN_DESCRIPTORS,
        .server_string = "tandem",
    };

    return td_http_context_open(&http->context, http->loop, &info);
}

static enum td_err allocate(struct td_loop *loop, const struct td_http_options *options,
                            struct td_http **http)
{
    struct td_http *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->loop = loop;
    self->body_max = options->body_max_bytes != 0 ? options->body_max_bytes : BODY_MAX_DEFAULT;
    self->route_count = options->route_count;
    for (size_t i = 0; i < options->route_count; i++)
        self->routes[i] = options->routes[i];
    self->protocols[0] = (struct lws_protocols){
        .name = "http", .callback = on_event, .per_session_data_size = sizeof(struct session)};
    self->scratch = malloc(self->body_max);
    if (self->scratch == NULL) {
        free(self);
        return TD_ERR_NO_MEMORY;
    }
    *http = self;
    return TD_OK;
}

enum td_err td_http_create(struct td_loop *loop, const struct td_http_options *options,
                           struct td_http **http)
{
    const char *address = options->address != NULL ? options->address : "127.0.0.1";
    struct td_http *self;

    if (options->route_count > TD_HTTP_ROUTES_MAX)
        return TD_ERR_LIMIT;
    enum td_err err = allocate(loop, options, &self);
    if (err != TD_OK)
        return err;
    err = td_listener_open(&self->listener, loop, address, options->port, on_accept);
    if (err != TD_OK) {
        free_http(self);
        return err;
    }
    self->open_parts = 1;
    err = open_context(self);
    if (err != TD_OK) {
        td_listener_close(&self->listener, on_listener_closed);
        return err;
    }
    self->open_parts = 2;
    *http = self;
    return TD_OK;
}

uint16_t td_http_port(const struct td_http *http)
{
    return http->listener.port;
}

void td_http_destroy(struct td_http **http)
{
    struct td_http *self = *http;

    if (self == NULL)
        return;
    *http = NULL;

    td_listener_close(&self->listener, on_listener_closed);
    td_http_context_close(&self->context, on_context_closed);
}
