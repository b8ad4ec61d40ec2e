/**
 * @file spread.h  How durations are spread: counts in slots that grow with the value, so that a
 * percentile is known to a sixteenth. Pure.
 *
 * Below 16 ms each millisecond has a slot, above each power of two has 16. What is said is the
 * upper end of a slot: never less than the true value, and at most 1/16 more.
 */
#ifndef REPORTING_CORE_SPREAD_H
#define REPORTING_CORE_SPREAD_H

#include <stdint.h>

/** Up to 2^28 ms, three days; longer ones count as that. */
#define SPREAD_SLOTS (16 * 25)

/** Zeroed is empty. */
struct spread {
    uint64_t count;
    uint32_t slots[SPREAD_SLOTS];
};

void spread_add(struct spread *spread, uint64_t value_ms);

/** The value that `permille` of all are at or below; 0 while there are none. */
uint64_t spread_permille(const struct spread *spread, uint32_t permille);

#endif
