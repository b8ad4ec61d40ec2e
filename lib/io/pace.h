/**
 * @file pace.h  How often a busy loop wakes up.
 *
 * A wake-up costs the same for one message as for twenty: system calls, the threads of libraries,
 * a commit of its own. So a loop that turns more than TD_PACE_BUSY_PER_S times a second rests
 * before it waits again, until TD_PACE_PERIOD_NS have passed since it did so last; what comes
 * meanwhile is handled together. A loop with little to do never rests: one call alone is as quick
 * as it can be. Network cards moderate their interrupts for the same reason.
 *
 * Pure; time is an argument.
 */
#ifndef TD_IO_PACE_H
#define TD_IO_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define TD_PACE_PERIOD_NS UINT64_C(2000000)
/** Resting begins above so many turns a second, and ends below so many. */
#define TD_PACE_BUSY_PER_S 1000
#define TD_PACE_IDLE_PER_S 350
/** For which turns are counted: longer than one call takes to be set up. */
#define TD_PACE_WINDOW_NS UINT64_C(500000000)

/** Zeroed is new. */
struct td_pace {
    uint64_t window_started_ns;
    uint64_t turned_ns; /**< When it was last asked, rest included. */
    uint32_t turns;
    bool resting;
};

/** To be asked once a turn, before waiting. @return Nanoseconds to rest; 0: none. */
uint64_t td_pace_rest_ns(struct td_pace *pace, uint64_t now_ns);

#endif
