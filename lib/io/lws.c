#include "io/lws.h"

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

/* libuv walks handles in the order of their making: those of libwebsockets come after the `known`.
 */
struct census {
    struct td_lws *lws;
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
    struct td_lws *lws = census->lws;

    if (census->seen++ < census->known)
        return;
    if (handle->type == UV_POLL) {
        (void)uv_fileno(handle, &lws->wake_fd); // It does not listen, so this is its wake-up.
    } else if (handle->type == UV_IDLE || handle->type == UV_TIMER) {
        assert(lws->static_count < TD_LWS_STATICS_MAX);
        lws->statics[lws->static_count++] = handle;
    }
}

static void look_for_static(uv_handle_t *handle, void *arg)
{
    struct census *census = arg;

    for (size_t i = 0; i < census->lws->static_count; i++) {
        if (handle == census->lws->statics[i])
            census->found = true;
    }
}

enum td_err td_lws_open(struct td_lws *lws, struct td_loop *loop,
                        struct lws_context_creation_info *info)
{
    uv_loop_t *uv = td_loop_uv(loop);
    void *loops[] = {uv};
    struct census census = {.lws = lws};

    *lws = (struct td_lws){.open_handles = 2, .wake_fd = -1};
    info->options |= LWS_SERVER_OPTION_LIBUV;
    info->foreign_loops = loops;
    info->port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info->pcontext = &lws->context;
    // It would write to standard error, unstructured; what goes wrong is told by results.
    lws_set_log_level(0, NULL);
    uv_walk(uv, count_handle, &census);
    lws->context = lws_create_context(info);
    if (lws->context == NULL)
        return TD_ERR_INTERNAL;
    uv_walk(uv, note_own, &census);
    lws->vhost = lws_get_vhost_by_name(lws->context, "default");
    assert(lws->vhost != NULL);

    uv_check_init(uv, &lws->reaper);
    uv_idle_init(uv, &lws->hurry);
    lws->reaper.data = lws;
    lws->hurry.data = lws;
    return TD_OK;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct td_lws *lws = handle->data;

    if (--lws->open_handles == 0)
        lws->on_closed(lws);
}

static void on_hurry(uv_idle_t *hurry)
{
    (void)hurry; // That it is active is all that counts.
}

static void on_reaper(uv_check_t *reaper)
{
    struct td_lws *lws = reaper->data;
    struct census census = {.lws = lws};

    uv_walk(reaper->loop, look_for_static, &census);
    if (census.found)
        return;
    if (lws->context != NULL)
        lws_context_destroy(lws->context);
    assert(lws->context == NULL);
    uv_close((uv_handle_t *)&lws->reaper, on_handle_closed);
    uv_close((uv_handle_t *)&lws->hurry, on_handle_closed);
}

/* Takes the number that was just closed, for libwebsockets to close once more. */
static void hold_wake_fd(const struct td_lws *lws)
{
    int fd = fcntl(uv_backend_fd(lws->reaper.loop), F_DUPFD_CLOEXEC, lws->wake_fd);

    if (fd >= 0 && fd != lws->wake_fd)
        (void)close(fd); // Another thread was faster, or this version closes only once.
}

void td_lws_close(struct td_lws *lws, void (*on_closed)(struct td_lws *lws))
{
    lws->on_closed = on_closed;
    lws_context_destroy(lws->context);
    hold_wake_fd(lws);
    uv_check_start(&lws->reaper, on_reaper);
    uv_idle_start(&lws->hurry, on_hurry);
}
