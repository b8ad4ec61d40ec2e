/**
 * @file tally.h  What happened in each queue today, counted from the events of interactions.
 *
 * One tally for a tenant. Always: offered = answered + abandoned + overflowed + waiting, since
 * whoever waits is an entry of a table and leaves it in exactly one way. What arrives twice (events
 * are delivered at least once) or out of nowhere (its beginning was never seen) changes nothing.
 * Who waits when a day ends counts as offered in the new day.
 *
 * Service level = answered within the threshold / (answered + abandoned after the threshold), so a
 * caller who hangs up at once neither helps nor harms.
 *
 * Pure: time and memory are the caller's. One event costs O(1) expected; a queue is found in
 * O(queues) at its first event and by index after.
 */
#ifndef REPORTING_CORE_TALLY_H
#define REPORTING_CORE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"

#define TALLY_QUEUES_MAX 1000
#define TALLY_NAME_SIZE 64

struct tally_counts {
    uint64_t offered;
    uint64_t answered;
    uint64_t abandoned;
    uint64_t overflowed;
    uint64_t waiting;
    uint64_t answered_within;
    uint64_t abandoned_after;
    uint64_t wait_ms_sum; /**< Of the answered. */
    uint64_t talk_ms_sum; /**< Of those whose talk is over. */
    uint64_t talks;
};

struct tally_queue {
    char name[TALLY_NAME_SIZE];
    uint32_t threshold_ms;
    struct tally_counts counts;
};

/** One interaction that waits. Private. */
struct tally_entry {
    struct td_interaction_id interaction; /* nil: free */
    uint32_t queue;
    uint64_t queued_at_unix_us;
};

struct tally {
    struct tally_queue queues[TALLY_QUEUES_MAX];
    uint32_t queue_count;
    struct tally_entry *entries; /* open addressing, linear probing; a power of two */
    size_t entries_size;
    size_t entries_used;
    uint64_t ignored; /**< Events that fitted nothing, or for which there was no room. */
};

/** How an interaction left its queue. */
enum tally_leave { TALLY_ANSWERED, TALLY_ABANDONED, TALLY_OVERFLOWED };

/** @param entries  Zeroed; kept. @param size  Of it: a power of two, twice as many as may wait. */
void tally_init(struct tally *tally, struct tally_entry *entries, size_t size);

/** Whether one more who waits would find no room. */
bool tally_is_full(const struct tally *tally);
/** Goes on in a larger table; the one before is the caller's again. @param entries  As in
   tally_init. */
void tally_move(struct tally *tally, struct tally_entry *entries, size_t size);

/** Forgets what was counted and who waits; queues stay known. */
void tally_clear(struct tally *tally);

/** Makes the queue known, or changes its threshold. */
void tally_configure(struct tally *tally, const char *queue, uint32_t threshold_ms);

void tally_queued(struct tally *tally, struct td_interaction_id interaction, const char *queue,
                  uint64_t at_unix_us);
/** @param wait_ms  As the owner measured it. */
void tally_left(struct tally *tally, struct td_interaction_id interaction, enum tally_leave how,
                uint64_t wait_ms);
/** A conversation of this queue is over. */
void tally_talked(struct tally *tally, const char *queue, uint64_t talk_ms);
/** Nothing follows: whoever still waits under this id overflowed. */
void tally_closed(struct tally *tally, struct td_interaction_id interaction);

/** A new day begins: all counts start again, with those who wait. */
void tally_new_day(struct tally *tally);

/** When in each queue the one who waits longest entered; UINT64_MAX where nobody waits. One pass
   over the table. @param oldest_unix_us  One for each queue. */
void tally_oldest(const struct tally *tally, uint64_t *oldest_unix_us);

/** In thousandths; 1000 while nothing counts. */
uint32_t tally_service_level_permille(const struct tally_counts *counts);

/** Whether the sum holds. */
bool tally_is_consistent(const struct tally_counts *counts);

#endif
