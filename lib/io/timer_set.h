/**
 * @file timer_set.h  All timers of one loop. For io/loop and io/timer only.
 *
 * A pairing heap (Fredman, Sedgewick, Sleator, Tarjan 1986) threaded through the timers themselves,
 * so that there is no table to grow and a timer can be taken out wherever it is.
 */
#ifndef TD_IO_TIMER_SET_H
#define TD_IO_TIMER_SET_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "io/timer.h"

struct td_timer_set {
    struct td_loop *loop;
    uv_timer_t timer; /* armed for the first timer that lies ahead */
    uv_idle_t soon;   /* active while a timer is due: libuv runs it once a turn, before it polls */
    struct td_timer *root;
    uint64_t sequence; /* of the last start */
    bool firing;
};

/** @param loop  Kept. Cannot fail: libuv's timers and idles only join lists. */
void td_timer_set_init(struct td_timer_set *set, struct td_loop *loop);

/** Closes the handles; no timer may be started afterwards. */
void td_timer_set_close(struct td_timer_set *set);

/** The timers of a loop; its own part of io/loop.c. */
struct td_timer_set *td_loop_timers(struct td_loop *loop);

/** The heap itself. */
void td_timer_heap_add(struct td_timer **root, struct td_timer *timer);
void td_timer_heap_remove(struct td_timer **root, struct td_timer *timer);

#endif
