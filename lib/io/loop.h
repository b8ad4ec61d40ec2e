/**
 * @file loop.h  One event loop: libuv, plus the clocks, the randomness and the watch on its own
 * lag.
 *
 * A loop belongs to the thread that runs it, and nothing here may be called from another thread
 * (foreign threads hand over through io/bridge.h). Everything else in lib/io takes a loop at
 * creation and keeps it.
 *
 * **Time.** td_loop_now_unix_us() is the wall clock, but never goes back: not when the host's clock
 * is set, and not below what td_loop_advance() was told (a service raises it to the last committed
 * time, so that a fact is never older than one that was stored before it). Monotonic nanoseconds
 * only measure inside a process.
 *
 * **Lag.** Each turn of the loop is measured without the time spent waiting for events. A turn over
 * TD_LOOP_LAG_LIMIT_MS is logged as "loop.lagged", a single named handler over it as
 * "handler.slow", each at most once a second (with how many there were). td_loop_lag_ms() is the
 * *second* longest turn of the last 100 to 200 ms: one hiccup (the scheduler, a page fault) is not
 * overload.
 */
#ifndef TD_IO_LOOP_H
#define TD_IO_LOOP_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/id.h"
#include "base/log.h"

/** A loop or handler busy for longer than this keeps callers waiting who were promised better. */
#define TD_LOOP_LAG_LIMIT_MS 20

struct td_loop;

/**
 * @param log   Kept.
 * @param loop  Receives the loop, owned by the caller.
 * @return TD_OK, TD_ERR_NO_MEMORY, TD_ERR_INTERNAL or TD_ERR_LIMIT (no file descriptors left).
 */
enum td_err TD_MUST_CHECK td_loop_create(const struct td_log *log, struct td_loop **loop);

/**
 * Runs until all handles have closed, frees the loop and sets *loop to NULL; NULL is ignored.
 * Everything on the loop must have been destroyed before; a handle still open after 5 s is a bug:
 * it is printed and the process aborts.
 */
void td_loop_destroy(struct td_loop **loop);

/** Runs until td_loop_stop() is called or nothing is left that could happen. */
void td_loop_run(struct td_loop *loop);

/** From now on a busy loop wakes up once a millisecond at most (io/pace.h): for servers, not for
   those who wait for each answer before they ask again. */
void td_loop_pace(struct td_loop *loop);

/** Lets td_loop_run() return at the end of this turn. For callbacks of the loop. */
void td_loop_stop(struct td_loop *loop);

/** For modules that bring their own handles. Valid as long as the loop. */
uv_loop_t *td_loop_uv(struct td_loop *loop);

/** The log given at creation. */
const struct td_log *td_loop_log(const struct td_loop *loop);

/** Wall clock in microseconds since 1970; the same or greater with every call. */
uint64_t td_loop_now_unix_us(struct td_loop *loop);

/** From now on the wall clock is at least `unix_us`. */
void td_loop_advance(struct td_loop *loop, uint64_t unix_us);

/** Monotonic time of this host; any origin. May be called from any thread. */
uint64_t td_loop_now_ns(void);

/** Fills `buf` from the kernel's generator (buffered; used bytes are wiped). Cannot fail. */
void td_loop_random(struct td_loop *loop, void *buf, size_t size);

/** A new id of this moment; greater than every id this loop made before, so that what was made in
   one millisecond sorts in the order it was made. */
struct td_id td_loop_new_id(struct td_loop *loop);

/** How late the loop is now, as described above. */
uint32_t td_loop_lag_ms(struct td_loop *loop);

/** A named stretch of work, so that a slow one can be found in the log. */
struct td_loop_span {
    const char *handler; /* constant, "noun.verb" */
    uint64_t started_ns;
};

struct td_loop_span td_loop_begin(const char *handler);
void td_loop_end(struct td_loop *loop, struct td_loop_span span);

#endif
