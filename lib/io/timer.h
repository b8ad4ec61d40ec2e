/**
 * @file timer.h  One-shot and repeating timers whose memory belongs to the caller.
 *
 * All timers of a loop share one libuv handle, so a stopped timer is unknown to anybody: stopping
 * takes effect at once and the memory may go right after, without a close callback. Thousands are
 * fine: starting is O(1), stopping and firing O(log n) amortised, nothing is allocated. Timers fire
 * in the order of their time, those of the same time in the order of their starts; never early, and
 * never from within td_timer_start(). One loop, one thread.
 */
#ifndef TD_IO_TIMER_H
#define TD_IO_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "io/loop.h"

/** Called on the loop. The timer is stopped (one-shot) or already set again (repeating). */
typedef void (*td_timer_fn)(void *ctx);

/** Fields are private. May be part of another object; must not move while running. */
struct td_timer {
    struct td_loop *loop;
    td_timer_fn fn;
    void *ctx;
    uint64_t due_ns;
    uint64_t sequence;
    uint64_t repeat_ms;
    struct td_timer *child, *next, *prev; /* pairing heap: prev is the left sibling or the parent */
    bool running;
};

/** @param loop, fn, ctx  Kept. */
void td_timer_init(struct td_timer *timer, struct td_loop *loop, td_timer_fn fn, void *ctx);

/** Fires once after `after_ms`; 0: in the next turn of the loop. A running timer is set anew. */
void td_timer_start(struct td_timer *timer, uint64_t after_ms);

/** Fires every `every_ms` (at least 1), first after `every_ms`; missed times are skipped, not made
 * up. */
void td_timer_start_repeating(struct td_timer *timer, uint64_t every_ms);

/** At once; a timer that is not running is left alone. A zeroed timer counts as not running. */
void td_timer_stop(struct td_timer *timer);

bool td_timer_is_running(const struct td_timer *timer);

#endif
