/**
 * @file overload.h  Decides when an inbox has been late for too long to go on promising answers.
 *
 * The rule of CoDel (RFC 8289): a queue that now and then becomes short absorbs bursts and does
 * good; one that has stood for a whole interval only makes everybody late. So a long wait is
 * refused once no request had a short wait for TD_OVERLOAD_INTERVAL_NS, and from then on at once,
 * until it has been calm for ten intervals. Pure: time is an argument.
 */
#ifndef TD_IO_OVERLOAD_H
#define TD_IO_OVERLOAD_H

#include <stdbool.h>
#include <stdint.h>

#define TD_OVERLOAD_INTERVAL_NS UINT64_C(100000000)

/** Set `wait_max_ns`; the rest starts at zero and is private. */
struct td_overload {
    uint64_t wait_max_ns;
    uint64_t late_since_ns; /* 0: the last wait was short */
    uint64_t refused_at_ns; /* 0: never */
};

/** @param waited_ns  How long the request at the head of the inbox waited. @param now_ns  Not 0. */
bool td_overload_refuses(struct td_overload *overload, uint64_t waited_ns, uint64_t now_ns);

#endif
