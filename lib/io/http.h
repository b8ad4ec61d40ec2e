/**
 * @file http.h  A tiny HTTP server for what operators read: /metrics, /health.
 *
 * GET (and HEAD) of a few fixed paths. The handler fills a bounded buffer at once; there is no body
 * to read, no TLS, no keep-alive wait beyond 5 s. libwebsockets on our own libuv loop. Not for
 * users: bind it to loopback. One loop, one thread.
 */
#ifndef TD_IO_HTTP_H
#define TD_IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "io/loop.h"

#define TD_HTTP_ROUTES_MAX 16
/** Open connections; more are refused. */
#define TD_HTTP_CONNECTIONS_MAX 16

struct td_http;

/** An answer being written by its handler. Preset: status 200, "text/plain; charset=utf-8", empty.
 */
struct td_http_answer {
    uint32_t status;
    const char *content_type; /**< A constant. */
    char *text;               /**< Body; room for `capacity` bytes. */
    size_t size;              /**< Of the body so far. */
    size_t capacity;
    bool overflown; /* private: something did not fit */
};

/** Appends as printf does; what does not fit turns the answer into a 500. */
void td_http_printf(struct td_http_answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Starts a text that is written straight into an empty answer, for those who build one piece by
   piece; td_http_take_text() ends it. */
void td_http_text(struct td_http_answer *answer, struct td_text *text);
void td_http_take_text(struct td_http_answer *answer, const struct td_text *text);

/** Fills the answer; must not keep it. */
typedef void (*td_http_fn)(void *ctx, struct td_http_answer *answer);

struct td_http_route {
    const char *path; /**< Exact, e.g. "/metrics"; kept. */
    td_http_fn fn;
    void *ctx; /**< Kept. */
};

struct td_http_options {
    const char *address;                /**< Default "127.0.0.1". */
    uint16_t port;                      /**< 0: any free one. */
    const struct td_http_route *routes; /**< Copied. */
    size_t route_count;                 /**< At most TD_HTTP_ROUTES_MAX. */
    size_t body_max_bytes;              /**< Of an answer. Default 256 KiB. */
};

/**
 * @param loop     Kept.
 * @param options  Borrowed.
 * @return TD_OK, TD_ERR_EXISTS (port in use), TD_ERR_INVALID (no address of this host),
 * TD_ERR_DENIED, TD_ERR_LIMIT (routes, descriptors), TD_ERR_NO_MEMORY, TD_ERR_INTERNAL (the libuv
 * plug-in of libwebsockets is missing, for instance).
 */
enum td_err TD_MUST_CHECK td_http_create(struct td_loop *loop,
                                         const struct td_http_options *options,
                                         struct td_http **http);

uint16_t td_http_port(const struct td_http *http);

/** Closes all connections and sets *http to NULL; NULL is ignored. Not from a route's handler. */
void td_http_destroy(struct td_http **http);

#endif
