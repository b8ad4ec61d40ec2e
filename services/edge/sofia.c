#include "edge/sofia.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <uv.h>

#include <sofia-sip/su_log.h>

#include "edge/sofia_amend.h"

/** Steps before a wait, each of which takes a few messages: what came together is done together. */
#define STEPS_MAX 64
/** Steps that find nothing to read: each does what the one before made ready. */
#define EMPTY_STEPS_MAX 2
#define HANDLES 3

struct edge_sofia {
    su_root_t *root;
    uv_poll_t readable;
    uv_prepare_t before_wait;
    uv_timer_t wake;
    int open_handles;
};

/*
 * libuv makes its descriptors by epoll_create1, sofia-sip by epoll_create: the dynamic linker finds
 * this definition for the latter. There is no other way to learn the descriptor.
 */
static int sofia_descriptor = -1;

int epoll_create(int size)
{
    (void)size;
    sofia_descriptor = epoll_create1(EPOLL_CLOEXEC);
    return sofia_descriptor;
}

static void log_nothing(void *stream, char const *format, va_list arguments)
{
    (void)stream;
    (void)format;
    (void)arguments; // sofia-sip's own words would break the log's one object per line.
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    (void)handle;
    (void)status;
    (void)events; // Waking up is all: the step before the next wait reads.
}

static void on_wake(uv_timer_t *handle)
{
    (void)handle;
}

static bool has_messages(void)
{
    struct pollfd sockets = {.fd = sofia_descriptor, .events = POLLIN};

    return poll(&sockets, 1, 0) > 0;
}

/* A wait of 0 means that a step did something, or that a timer is due within a millisecond: the
   latter is slept over, not spun over. What can be read wakes the loop anyway. */
static void step_before_wait(uv_prepare_t *handle)
{
    struct edge_sofia *sofia = handle->data;
    su_duration_t wait_ms = 0;
    int empty = 0;

    edge_sofia_amend_running(true);
    for (int i = 0; i < STEPS_MAX && wait_ms == 0 && empty < EMPTY_STEPS_MAX; i++) {
        wait_ms = su_root_step(sofia->root, 0);
        empty = wait_ms == 0 && has_messages() ? 0 : empty + 1;
    }
    edge_sofia_amend_running(false);
    if (wait_ms == SU_WAIT_FOREVER)
        (void)uv_timer_stop(&sofia->wake);
    else
        (void)uv_timer_start(&sofia->wake, on_wake, wait_ms > 0 ? (uint64_t)wait_ms : 1, 0);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct edge_sofia *sofia = handle->data;

    if (--sofia->open_handles == 0)
        free(sofia);
}

static void close_handle(struct edge_sofia *sofia, uv_handle_t *handle)
{
    handle->data = sofia;
    uv_close(handle, on_handle_closed);
}

static enum td_err watch(struct edge_sofia *sofia, uv_loop_t *loop)
{
    if (uv_poll_init(loop, &sofia->readable, sofia_descriptor) != 0)
        return TD_ERR_INTERNAL;
    if (uv_prepare_init(loop, &sofia->before_wait) != 0 || uv_timer_init(loop, &sofia->wake) != 0)
        abort(); // Neither can fail.
    sofia->open_handles = HANDLES;
    sofia->before_wait.data = sofia;
    return TD_OK;
}

enum td_err edge_sofia_create(struct td_loop *loop, struct edge_sofia **sofia)
{
    struct edge_sofia *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    sofia_descriptor = -1;
    if (su_init() != 0) {
        free(self);
        return TD_ERR_INTERNAL;
    }
    su_log_redirect(NULL, log_nothing, NULL);
    (void)sip_update_default_mclass(sip_extend_mclass(NULL)); // P-Asserted-Identity and its like.
    self->root = su_root_create(NULL);
    if (self->root == NULL || sofia_descriptor < 0) {
        if (self->root != NULL)
            su_root_destroy(self->root);
        su_deinit();
        free(self);
        return TD_ERR_INTERNAL;
    }
    (void)su_root_threading(self->root, 0);

    enum td_err err = watch(self, td_loop_uv(loop));
    if (err != TD_OK) {
        edge_sofia_destroy(&self);
        return err;
    }
    *sofia = self;
    return TD_OK;
}

void edge_sofia_run(struct edge_sofia *sofia)
{
    if (uv_poll_start(&sofia->readable, UV_READABLE, on_readable) != 0 ||
        uv_prepare_start(&sofia->before_wait, step_before_wait) != 0)
        abort(); // Both handles are open, which is all that is needed.
}

void edge_sofia_destroy(struct edge_sofia **sofia)
{
    struct edge_sofia *self = *sofia;

    if (self == NULL)
        return;
    *sofia = NULL;
    if (self->open_handles == 0) {
        su_root_destroy(self->root);
        su_deinit();
        free(self);
        return;
    }
    close_handle(self, (uv_handle_t *)&self->readable); // Before its descriptor goes.
    close_handle(self, (uv_handle_t *)&self->before_wait);
    close_handle(self, (uv_handle_t *)&self->wake);
    su_root_destroy(self->root);
    su_deinit();
}

su_root_t *edge_sofia_root(const struct edge_sofia *sofia)
{
    return sofia->root;
}
