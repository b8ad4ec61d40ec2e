/**
 * @file http_context.h  A context of libwebsockets on our loop, from its start to its last handle.
 *
 * Three things of libwebsockets 4.1 on a loop that is not its own are dealt with here.
 *
 * It closes in two steps: lws_context_destroy() starts to close its handles and must be called once
 * more when the loop has closed them all, which it does not tell. But the handles inside the
 * context (an idle, a timer) are closed last: they are known from what creation adds to the loop,
 * and awaited.
 *
 * It closes the descriptor of its wake-up twice, the second time a turn of the loop later, when the
 * number may be somebody else's. The number is therefore held by a duplicate of ours in between.
 *
 * A listener that cannot be bound leaves a context behind that crashes when it is closed. So it
 * never listens: connections are accepted by io/listener.h and given to lws_adopt_socket_vhost().
 */
#ifndef TD_IO_HTTP_CONTEXT_H
#define TD_IO_HTTP_CONTEXT_H

#include <libwebsockets.h>
#include <stddef.h>
#include <uv.h>

#include "base/err.h"
#include "io/loop.h"

#define TD_HTTP_CONTEXT_STATICS_MAX 8

/** Part of its owner; fields are private but for reading `context`. */
struct td_http_context {
    uv_check_t reaper;
    uv_idle_t hurry; /* active while closing, so that the reaper gets its turns */
    unsigned open_handles;
    struct lws_context *context; /* libwebsockets sets it to NULL at the very end */
    struct lws_vhost *vhost;
    const uv_handle_t *statics[TD_HTTP_CONTEXT_STATICS_MAX];
    size_t static_count;
    int wake_fd; /* of libwebsockets */
    void (*on_closed)(struct td_http_context *self);
};

/**
 * @param info  Borrowed; loop, port and what concerns closing are set here.
 * @return TD_OK, TD_ERR_INTERNAL (no memory, or the libuv plug-in of libwebsockets is missing).
 */
enum td_err TD_MUST_CHECK td_http_context_open(struct td_http_context *self, struct td_loop *loop,
                                               struct lws_context_creation_info *info);

/** Closes all connections. @param on_closed  From the loop, when nothing of it is left: may free
   `self`. Protocol callbacks run until then. Not from within one. */
void td_http_context_close(struct td_http_context *self,
                           void (*on_closed)(struct td_http_context *self));

#endif
