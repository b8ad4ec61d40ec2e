/**
 * @file recent.h  Which events were counted lately: one that is delivered twice counts once. Pure.
 *
 * The last RECENT_MAX ids in a ring and a table of them; O(1) expected.
 */
#ifndef REPORTING_CORE_RECENT_H
#define REPORTING_CORE_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"

#define RECENT_MAX 4096

/** Zeroed is empty. */
struct recent {
    struct td_id ring[RECENT_MAX];
    uint32_t table[4 * RECENT_MAX]; /* place in the ring + 1; 0: free */
    uint32_t next;
};

/** Notes the id. @return False when it is among the last ones already. */
bool recent_add(struct recent *recent, struct td_id id);

#endif
