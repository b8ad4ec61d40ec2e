#include "io/http_context.h"

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

/* libuv walks handles in the order of their making: what libwebsockets makes comes last. */
struct census {
    struct td_http_context *self;
    size_t known;
    size_t seen;
    bool found;
};

static void count_handle(uv_handle_t *handle, void *arg)
{
    struct census *census = arg;

    (void)handle;
    census->known++;
}

static void note_own(uv_handle_t *handle, void *arg)
{
    struct census *census = arg;
    struct td_http_context *self = census->self;

    if (census->seen++ < census->known)
        return;
    if (handle->type == UV_POLL) {
        (void)uv_fileno(handle, &self->wake_fd); // It does not listen, so this is its wake-up.
    } else if (handle->type == UV_IDLE || handle->type == UV_TIMER) {
        assert(self->static_count < TD_HTTP_CONTEXT_STATICS_MAX);
        self->statics[self->static_count++] = handle;
    }
}

static void look_for_static(uv_handle_t *handle, void *arg)
{
    struct census *census = arg;

    for (size_t i = 0; i < census->self->static_count; i++) {
        if (handle == census->self->statics[i])
            census->found = true;
    }
}

enum td_err td_http_context_open(struct td_http_context *self, struct td_loop *loop,
                                 struct lws_context_creation_info *info)
{
    uv_loop_t *uv = td_loop_uv(loop);
    void *loops[] = {uv};
    struct census census = {.self = self};

    *self = (struct td_http_context){.open_handles = 2, .wake_fd = -1};
    info->options |= LWS_SERVER_OPTION_LIBUV;
    info->foreign_loops = loops;
    info->port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info->pcontext = &self->context;
    // It would write to standard error, unstructured; what goes wrong is told by results.
    lws_set_log_level(0, NULL);
    uv_walk(uv, count_handle, &census);
    self->context = lws_create_context(info);
    if (self->context == NULL)
        return TD_ERR_INTERNAL;
    uv_walk(uv, note_own, &census);
    self->vhost = lws_get_vhost_by_name(self->context, "default");
    assert(self->vhost != NULL);

    uv_check_init(uv, &self->reaper);
    uv_idle_init(uv, &self->hurry);
    self->reaper.data = self;
    self->hurry.data = self;
    return TD_OK;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct td_http_context *self = handle->data;

    if (--self->open_handles == 0)
        self->on_closed(self);
}

static void on_hurry(uv_idle_t *hurry)
{
    (void)hurry; // That it is active is all that counts.
}

static void on_reaper(uv_check_t *reaper)
{
    struct td_http_context *self = reaper->data;
    struct census census = {.self = self};

    uv_walk(reaper->loop, look_for_static, &census);
    if (census.found)
        return;
    if (self->context != NULL)
        lws_context_destroy(self->context);
    assert(self->context == NULL);
    uv_close((uv_handle_t *)&self->reaper, on_handle_closed);
    uv_close((uv_handle_t *)&self->hurry, on_handle_closed);
}

/* Takes the number that was just closed, for libwebsockets to close once more. */
static void hold_wake_fd(const struct td_http_context *self)
{
    int fd = fcntl(uv_backend_fd(self->reaper.loop), F_DUPFD_CLOEXEC, self->wake_fd);

    if (fd >= 0 && fd != self->wake_fd)
        (void)close(fd); // Another thread was faster, or this version closes only once.
}

void td_http_context_close(struct td_http_context *self,
                           void (*on_closed)(struct td_http_context *self))
{
    self->on_closed = on_closed;
    lws_context_destroy(self->context);
    hold_wake_fd(self);
    uv_check_start(&self->reaper, on_reaper);
    uv_idle_start(&self->hurry, on_hurry);
}
