/**
 * @file tenant.h  One tenant's figures of today: counted from events, in the order they come.
 *
 * Days follow the time of the events, not when they are read: whatever happened after midnight
 * counts in the new day, also when a day before is counted again from the history.
 */
#ifndef REPORTING_TENANT_H
#define REPORTING_TENANT_H

#include "base/arena.h"
#include "reporting/core/calls.h"
#include "reporting/core/recent.h"
#include "reporting/core/tally.h"
#include "reporting/states.h"
#include "reporting/zone.h"
#include "wire/config_wire.h"

struct tenant {
    uint32_t number;
    char zone[64];
    struct zone_day day;
    struct tally tally; /* its entries are of the heap */
    size_t entries_max;
    struct states states;
    struct calls calls;
    struct recent recent;
    enum td_service_level_formula formula[TALLY_QUEUES_MAX];
    uint32_t target_percent[TALLY_QUEUES_MAX]; /* service level aimed at */
    uint32_t mismatch_s[TALLY_QUEUES_MAX];     /* seconds in a row that the router said otherwise */
    struct tenant *next;
};

/** @param waiting_max  At one time. @return NULL when out of memory. */
struct tenant *tenant_create(uint32_t number, uint32_t waiting_max);
void tenant_destroy(struct tenant *tenant);

/** Its configuration, now or again. */
void tenant_configure(struct tenant *tenant, const struct td_company_config *config,
                      uint64_t now_unix_us);

/**
 * Forgets everything, to count again: from yesterday on, so that those are known who waited when
 * today began.
 * @return The moment from which on events are wanted.
 */
uint64_t tenant_begin(struct tenant *tenant, uint64_t now_unix_us);

/** Goes on to the day of `at_unix_us`, if that is a later one. */
void tenant_advance(struct tenant *tenant, uint64_t at_unix_us);

/** One event; borrowed. */
struct tenant_event {
    struct td_id id;
    const char *topic;
    uint64_t at_unix_us; /**< When it happened. */
    struct td_bytes payload;
};

/** Whether events of this topic are counted. Only services of Tandem may say them. */
bool tenant_counts(const char *topic);

/** Counts it, once; one of a day before changes nothing but who waits and who is in which state.
    @param arena  Scratch. */
void tenant_take(struct tenant *tenant, struct td_arena *arena, const struct tenant_event *event);

#endif
