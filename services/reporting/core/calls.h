/**
 * @file calls.h  What became of a tenant's interactions today. Pure; zeroed is empty.
 */
#ifndef REPORTING_CORE_CALLS_H
#define REPORTING_CORE_CALLS_H

#include <stdint.h>

#include "wire/interaction_wire.h"

struct calls {
    uint64_t arrived; /**< From outside. */
    uint64_t dialled; /**< By agents. */
    uint64_t diverted;
    uint64_t closed;
    uint64_t by_outcome[TD_OUTCOME_COUNT]; /**< 0: outcomes of later releases. */
    uint64_t short_abandoned;
    uint64_t transfers;
    uint64_t holds;
    uint64_t hold_ms;
};

void calls_arrived(struct calls *calls, enum td_direction direction);
void calls_closed(struct calls *calls, const struct td_interaction_summary *summary);

#endif
