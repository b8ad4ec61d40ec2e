#include "io/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "io/lag.h"
#include "io/pace.h"
#include "io/timer_set.h"

#define ID_COUNT_MAX 0xfff
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define CLOSE_MAX_MS 5000

/* One kind of complaint: a lasting trouble must not fill the disk with the same line. */
struct complaint {
    uint64_t written_at_ns;
    uint64_t unwritten;
};

struct td_loop {
    uv_loop_t uv;
    uv_prepare_t prepare; /* the end of one turn and the start of the next */
    struct td_timer_set timers;
    const struct td_log *log;
    uint64_t last_unix_us;
    uint64_t last_id_unix_ms; /* of the last id, and the counter it had */
    uint16_t last_id_count;
    uint64_t turn_started_ns; /* 0: no turn to measure yet */
    uint64_t turn_idle_ns;
    struct td_lag lag;
    bool is_paced;
    struct td_pace pace;
    struct complaint lagged;
    struct complaint slow;
    uint8_t random[256]; /* getrandom() fills up to this in one piece, always */
    size_t random_left;
};

static bool may_write(struct complaint *complaint, uint64_t now_ns, uint64_t *unwritten)
{
    if (complaint->written_at_ns != 0 && now_ns - complaint->written_at_ns < NS_PER_S) {
        complaint->unwritten++;
        return false;
    }
    *unwritten = complaint->unwritten;
    *complaint = (struct complaint){.written_at_ns = now_ns};
    return true;
}

static void judge_turn(struct td_loop *loop, uint64_t busy_ns, uint64_t now_ns)
{
    uint64_t unwritten;

    td_lag_add(&loop->lag, busy_ns, now_ns);
    if (busy_ns > TD_LOOP_LAG_LIMIT_MS * NS_PER_MS && may_write(&loop->lagged, now_ns, &unwritten))
        td_log_warn(loop->log, "loop.lagged", td_u64("busy_ms", busy_ns / NS_PER_MS),
                    td_u64("unwritten", unwritten));
}

/* Started before all other handles of its kind, and libuv runs the latest first: everything that a
   turn does is done, only the waiting is left.
   @return When it was over. */
static uint64_t rest(struct td_loop *loop, uint64_t now_ns)
{
    uint64_t rest_ns = loop->is_paced ? td_pace_rest_ns(&loop->pace, now_ns) : 0;
    const struct timespec duration = {.tv_nsec = (long)rest_ns};

    if (rest_ns == 0)
        return now_ns;
    (void)nanosleep(&duration, NULL); // A signal cuts it short, which does no harm.
    return uv_hrtime();
}

static void on_turn(uv_prepare_t *prepare)
{
    struct td_loop *loop = prepare->data;
    uint64_t now_ns = uv_hrtime();
    uint64_t idle_ns = uv_metrics_idle_time(&loop->uv);

    if (loop->turn_started_ns != 0) {
        uint64_t elapsed_ns = now_ns - loop->turn_started_ns;
        uint64_t waited_ns = idle_ns - loop->turn_idle_ns;

        judge_turn(loop, elapsed_ns > waited_ns ? elapsed_ns - waited_ns : 0, now_ns);
    }
    loop->turn_started_ns = rest(loop, now_ns);
    loop->turn_idle_ns = idle_ns;
}

enum td_err td_loop_create(const struct td_log *log, struct td_loop **loop)
{
    struct td_loop *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    int rc = uv_loop_init(&self->uv);
    if (rc != 0) {
        free(self);
        return td_err_from_errno(-rc);
    }
    // A peer that went away is an error code of the write, not our death.
    (void)signal(SIGPIPE, SIG_IGN);

    self->log = log;
    rc = uv_loop_configure(&self->uv, UV_METRICS_IDLE_TIME);
    assert(rc == 0);
    td_timer_set_init(&self->timers, self);
    uv_prepare_init(&self->uv, &self->prepare);
    self->prepare.data = self;
    uv_prepare_start(&self->prepare, on_turn);
    uv_unref((uv_handle_t *)&self->prepare);
    *loop = self;
    return TD_OK;
}

static void give_up_closing(uv_timer_t *timer)
{
    (void)fprintf(stderr, "handles still open at the end of the loop:\n");
    uv_print_all_handles(timer->loop, stderr);
    abort();
}

void td_loop_destroy(struct td_loop **loop)
{
    struct td_loop *self = *loop;
    uv_timer_t patience;

    if (self == NULL)
        return;
    *loop = NULL;

    uv_update_time(&self->uv); // The last turn may have been long ago.
    uv_timer_init(&self->uv, &patience);
    uv_timer_start(&patience, give_up_closing, CLOSE_MAX_MS, 0);
    uv_unref((uv_handle_t *)&patience);
    self->turn_started_ns = 0;
    while (uv_run(&self->uv, UV_RUN_DEFAULT) != 0)
        ; // A handler may have called td_loop_stop() once more.

    uv_close((uv_handle_t *)&patience, NULL);
    uv_close((uv_handle_t *)&self->prepare, NULL);
    td_timer_set_close(&self->timers);
    uv_run(&self->uv, UV_RUN_DEFAULT);
    if (uv_loop_close(&self->uv) != 0)
        give_up_closing(&patience);
    explicit_bzero(self->random, sizeof(self->random));
    free(self);
}

void td_loop_run(struct td_loop *loop)
{
    loop->turn_started_ns = 0;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void td_loop_pace(struct td_loop *loop)
{
    loop->is_paced = true;
}

void td_loop_stop(struct td_loop *loop)
{
    uv_stop(&loop->uv);
}

uv_loop_t *td_loop_uv(struct td_loop *loop)
{
    return &loop->uv;
}

const struct td_log *td_loop_log(const struct td_loop *loop)
{
    return loop->log;
}

uint64_t td_loop_now_unix_us(struct td_loop *loop)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    td_loop_advance(loop, (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    return loop->last_unix_us;
}

void td_loop_advance(struct td_loop *loop, uint64_t unix_us)
{
    if (unix_us > loop->last_unix_us)
        loop->last_unix_us = unix_us;
}

uint64_t td_loop_now_ns(void)
{
    return uv_hrtime();
}

static void refill(struct td_loop *loop)
{
    ssize_t size;

    do
        size = getrandom(loop->random, sizeof(loop->random), 0);
    while (size < 0 && errno == EINTR);
    if (size != (ssize_t)sizeof(loop->random))
        abort(); // A kernel without randomness: guessable ids would be worse than no service.
    loop->random_left = sizeof(loop->random);
}

void td_loop_random(struct td_loop *loop, void *buf, size_t size)
{
    uint8_t *out = buf;

    while (size > 0) {
        if (loop->random_left == 0)
            refill(loop);
        size_t part = size < loop->random_left ? size : loop->random_left;
        uint8_t *from = loop->random + sizeof(loop->random) - loop->random_left;

        memcpy(out, from, part);
        explicit_bzero(from, part);
        loop->random_left -= part;
        out += part;
        size -= part;
    }
}

/*
 * The 12 bits after the time count within a millisecond (RFC 9562 section 6.2, method 1), from a
 * random start in the lower half; when they run out the id takes the next millisecond.
 */
struct td_id td_loop_new_id(struct td_loop *loop)
{
    uint64_t unix_ms = td_loop_now_unix_us(loop) / 1000;
    uint8_t random[10];

    td_loop_random(loop, random, sizeof(random));
    uint16_t count = (uint16_t)((random[0] << 8 | random[1]) & (ID_COUNT_MAX >> 1));
    if (unix_ms <= loop->last_id_unix_ms) {
        unix_ms = loop->last_id_unix_ms + (loop->last_id_count == ID_COUNT_MAX);
        if (unix_ms == loop->last_id_unix_ms)
            count = (uint16_t)(loop->last_id_count + 1);
    }
    loop->last_id_unix_ms = unix_ms;
    loop->last_id_count = count;
    random[0] = (uint8_t)(count >> 8);
    random[1] = (uint8_t)count;
    return td_id_make(unix_ms, random);
}

uint32_t td_loop_lag_ms(struct td_loop *loop)
{
    uint64_t lag_ms = td_lag_ns(&loop->lag, uv_hrtime()) / NS_PER_MS;

    return lag_ms < UINT32_MAX ? (uint32_t)lag_ms : UINT32_MAX;
}

struct td_loop_span td_loop_begin(const char *handler)
{
    return (struct td_loop_span){.handler = handler, .started_ns = uv_hrtime()};
}

void td_loop_end(struct td_loop *loop, struct td_loop_span span)
{
    uint64_t now_ns = uv_hrtime();
    uint64_t busy_ns = now_ns - span.started_ns;
    uint64_t unwritten;

    if (busy_ns > TD_LOOP_LAG_LIMIT_MS * NS_PER_MS && may_write(&loop->slow, now_ns, &unwritten))
        td_log_warn(loop->log, "handler.slow", td_str("handler", span.handler),
                    td_u64("busy_ms", busy_ns / NS_PER_MS), td_u64("unwritten", unwritten));
}

struct td_timer_set *td_loop_timers(struct td_loop *loop)
{
    return &loop->timers;
}
