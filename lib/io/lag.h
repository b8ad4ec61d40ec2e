/**
 * @file lag.h  How late a loop is, from the lengths of its turns.
 *
 * The measure is the second longest turn of the last 100 to 200 ms: a single long turn (the
 * scheduler took the processor away, a page was read from disk) is over when it is noticed and says
 * nothing about load; two within that time do. Pure: time is an argument.
 */
#ifndef TD_IO_LAG_H
#define TD_IO_LAG_H

#include <stdint.h>

#define TD_LAG_WINDOW_NS UINT64_C(100000000)

/** The two longest turns of one window. */
struct td_lag_window {
    uint64_t longest_ns;
    uint64_t second_ns;
};

/** Zeroed is the state of a loop that has not run yet. Fields are private. */
struct td_lag {
    struct td_lag_window now;
    struct td_lag_window before;
    uint64_t window_started_ns;
};

/** Takes the length of one turn that ended at `now_ns`. */
void td_lag_add(struct td_lag *lag, uint64_t busy_ns, uint64_t now_ns);

/** The lag at `now_ns`; it fades when the loop has been idle. */
uint64_t td_lag_ns(struct td_lag *lag, uint64_t now_ns);

#endif
