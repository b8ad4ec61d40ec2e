/**
 * @file tally.h  What happened in each queue today, counted from the events of interactions.
 *
 * One tally for a tenant. Always: offered = answered + abandoned + overflowed + waiting, since
 * whoever waits is an entry of a table and leaves it in exactly one way. What arrives twice (events
 * are delivered at least once) or out of nowhere (its beginning was never seen) changes nothing.
 * Who waits when a day ends counts as offered in the new day.
 *
 * Each departure says by which threshold it is judged, so that the day is the same when it is
 * counted again after the queue was configured otherwise. Service levels: level.h.
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
#include "reporting/core/level.h"
#include "reporting/core/spread.h"
#include "wire/interaction_wire.h"

#define TALLY_QUEUES_MAX 1000
#define TALLY_NAME_SIZE 64

/** Causes of overflow that are told apart: by enum td_overflow_cause; those of later releases are
    the first, "unspecified". */
#define TALLY_CAUSES TD_OVERFLOW_CAUSE_COUNT

/** Times in ms; the sums are of the whole day. */
struct tally_counts {
    uint64_t offered;
    uint64_t answered;
    uint64_t abandoned;
    uint64_t overflowed;
    uint64_t waiting;
    uint64_t answered_within;
    uint64_t abandoned_after;
    uint64_t short_abandoned;
    uint64_t overflowed_by[TALLY_CAUSES];
    uint64_t to_voice_mail; /**< Of the overflowed. */
    uint64_t overflowed_in; /**< From another queue. */
    uint64_t transferred_in;
    uint64_t transferred_out;
    uint64_t declined;
    uint64_t no_answer;
    uint64_t device_failures;
    uint64_t wait_ms_sum;           /**< Of the answered. */
    uint64_t abandoned_wait_ms_sum; /**< Of the abandoned. */
    uint64_t most_wait_ms;          /**< Of all that left. */
    uint64_t talks;                 /**< Over, or gone on with somebody else. */
    uint64_t talk_ms_sum;           /**< Of these, holds included. */
    uint64_t holds;                 /**< Over. */
    uint64_t hold_ms_sum;
    uint64_t wrap_up_ms_sum; /**< Of wrap-ups that are over. */
    struct spread waits;     /**< Of the answered. */
};

struct tally_queue {
    char name[TALLY_NAME_SIZE];
    uint32_t threshold_ms;
    uint32_t short_abandon_ms;
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

struct tally_departure {
    enum tally_leave how;
    uint64_t wait_ms;          /**< As the owner measured it. */
    uint32_t threshold_ms;     /**< By which it is judged; 0: as the queue is configured now. */
    uint32_t short_abandon_ms; /**< Likewise. */
    enum td_overflow_cause cause;
    bool to_voice_mail;
    bool is_late; /**< It left before the day began, which is told only now. */
};

/** What became of an offer that was not accepted. */
enum tally_miss { TALLY_DECLINED, TALLY_NO_ANSWER, TALLY_DEVICE_FAILURE };

/** What agents do for a queue. */
enum tally_work { TALLY_TALK, TALLY_HOLD, TALLY_WRAP_UP };

/** From where to where. */
enum tally_way { TALLY_OVERFLOW, TALLY_TRANSFER };

/** @param entries  Zeroed; kept. @param size  Of it: a power of two, twice as many as may wait. */
void tally_init(struct tally *tally, struct tally_entry *entries, size_t size);

/** Whether one more who waits would find no room. */
bool tally_is_full(const struct tally *tally);
/** Goes on in a larger table; the one before is the caller's again. @param entries  As in
   tally_init. */
void tally_move(struct tally *tally, struct tally_entry *entries, size_t size);

/** Forgets what was counted and who waits; queues stay known. */
void tally_clear(struct tally *tally);

/** Makes the queue known, or changes by what it is judged. */
void tally_configure(struct tally *tally, const struct td_queue *queue);

void tally_queued(struct tally *tally, struct td_interaction_id interaction, const char *queue,
                  uint64_t at_unix_us);
void tally_left(struct tally *tally, struct td_interaction_id interaction,
                const struct tally_departure *departure);
/* About a queue by its name; empty, of nobody's queue: nothing. */
void tally_missed(struct tally *tally, const char *queue, enum tally_miss miss);
/** Some work for the queue is over. */
void tally_worked(struct tally *tally, const char *queue, enum tally_work work, uint64_t ms);
/** Somebody goes from one queue to another, or, where `to` is empty, elsewhere. An overflow is
    counted at the queue that is left by tally_left. */
void tally_moved(struct tally *tally, enum tally_way way, const char *from, const char *to);
/** Nothing follows: whoever still waits under this id overflowed. */
void tally_closed(struct tally *tally, struct td_interaction_id interaction, bool is_late);

/** A new day begins: all counts start again, with those who wait. */
void tally_new_day(struct tally *tally);

/** When in each queue the one who waits longest entered; UINT64_MAX where nobody waits. One pass
   over the table. @param oldest_unix_us  One for each queue. */
void tally_oldest(const struct tally *tally, uint64_t *oldest_unix_us);

/** What the service level is made of. */
struct level_counts tally_level_counts(const struct tally_counts *counts);

/** Whether the sum holds. */
bool tally_is_consistent(const struct tally_counts *counts);

#endif
