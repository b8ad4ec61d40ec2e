#include "io/live_watch.h"

#include <stdlib.h>

#define FAREWELL_MS 200
#define HANDLES 4

struct td_live_watch {
    uv_poll_t poll;
    uv_prepare_t turn;        /* writes what one turn of the loop has asked for */
    uv_idle_t awake;          /* until then the loop does not wait */
    uv_timer_t farewell;      /* ends a connection that is only waiting for its last answers */
    int handles;              /* open; the last one's close callback frees the watch */
    redisAsyncContext *redis; /* NULL once hiredis is done with the socket */
    td_live_gone_fn gone;
    int events;
    bool is_writing; /* hiredis writes: if it asks for more, the socket is full */
};

static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct td_live_watch *watch = poll->data;

    if (status < 0) {
        redisAsyncFree(watch->redis); // An error of the socket; hiredis would never hear of it.
        return;
    }
    if (watch->redis != NULL && (events & UV_READABLE) != 0)
        redisAsyncHandleRead(watch->redis);
    if (watch->redis != NULL && (events & UV_WRITABLE) != 0)
        redisAsyncHandleWrite(watch->redis);
}

static void watch_events(struct td_live_watch *watch, int events)
{
    if (events == watch->events)
        return;
    watch->events = events;
    if (events == 0)
        (void)uv_poll_stop(&watch->poll);
    else
        (void)uv_poll_start(&watch->poll, events, on_socket);
}

static void add_read(void *data)
{
    struct td_live_watch *watch = data;

    watch_events(watch, watch->events | UV_READABLE);
}

static void del_read(void *data)
{
    struct td_live_watch *watch = data;

    watch_events(watch, watch->events & ~UV_READABLE);
}

/* A connected socket takes what is written nearly always. So it is tried before the loop waits, all
   commands of a turn at once, and only a full one is watched: two system calls and a turn less. */
static void on_turn(uv_prepare_t *turn)
{
    struct td_live_watch *watch = turn->data;

    (void)uv_prepare_stop(turn);
    (void)uv_idle_stop(&watch->awake);
    watch->is_writing = true;
    redisAsyncHandleWrite(watch->redis);
    watch->is_writing = false;
}

static void on_awake(uv_idle_t *awake)
{
    (void)awake; // That it is active is all that counts.
}

static void add_write(void *data)
{
    struct td_live_watch *watch = data;
    bool is_connected = (watch->redis->c.flags & REDIS_CONNECTED) != 0;

    if (!is_connected || watch->is_writing) {
        watch_events(watch, watch->events | UV_WRITABLE);
        return;
    }
    // Asked for by another handle of its kind, it runs in the next turn: hence the idle one.
    (void)uv_prepare_start(&watch->turn, on_turn);
    (void)uv_idle_start(&watch->awake, on_awake);
}

static void del_write(void *data)
{
    struct td_live_watch *watch = data;

    watch_events(watch, watch->events & ~UV_WRITABLE);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct td_live_watch *watch = handle->data;

    if (--watch->handles == 0)
        free(watch);
}

/* hiredis is about to close the socket, whoever wanted it. */
static void cleanup(void *data)
{
    struct td_live_watch *watch = data;
    redisAsyncContext *redis = watch->redis;

    watch->redis = NULL;
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
    uv_close((uv_handle_t *)&watch->turn, on_watch_closed);
    uv_close((uv_handle_t *)&watch->awake, on_watch_closed);
    uv_close((uv_handle_t *)&watch->farewell, on_watch_closed);
    if (redis->data != NULL)
        watch->gone(redis->data, redis);
}

enum td_err td_live_watch(struct td_loop *loop, redisAsyncContext *redis, td_live_gone_fn gone)
{
    struct td_live_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return TD_ERR_NO_MEMORY;
    watch->redis = redis;
    watch->gone = gone;
    watch->handles = HANDLES;
    watch->poll.data = watch;
    watch->turn.data = watch;
    watch->awake.data = watch;
    watch->farewell.data = watch;
    int rc = uv_poll_init(td_loop_uv(loop), &watch->poll, redis->c.fd);
    if (rc != 0) {
        free(watch);
        return td_err_from_errno(-rc);
    }
    (void)uv_prepare_init(td_loop_uv(loop), &watch->turn); // None of these can fail.
    (void)uv_idle_init(td_loop_uv(loop), &watch->awake);
    (void)uv_timer_init(td_loop_uv(loop), &watch->farewell);
    redis->ev.data = watch;
    redis->ev.addRead = add_read;
    redis->ev.delRead = del_read;
    redis->ev.addWrite = add_write;
    redis->ev.delWrite = del_write;
    redis->ev.cleanup = cleanup;
    return TD_OK;
}

static void on_farewell_over(uv_timer_t *timer)
{
    struct td_live_watch *watch = timer->data;

    redisAsyncFree(watch->redis);
}

void td_live_watch_leave(redisAsyncContext *redis)
{
    struct td_live_watch *watch = redis->ev.data;

    (void)uv_timer_start(&watch->farewell, on_farewell_over, FAREWELL_MS, 0);
    redisAsyncDisconnect(redis);
}
