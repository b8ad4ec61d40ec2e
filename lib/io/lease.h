/**
 * @file lease.h  An exclusive lease in the live store: at most one holder, and each has an epoch.
 *
 * The epoch is the greater of the stored one + 1 and Redis's wall clock in ms, so it grows even
 * when the store was lost. It is the fence of live_commit.h: a holder that lost the lease without
 * noticing cannot write any more. The holder renews; who could not for `lost_after_ms` of its own
 * monotonic clock, counted from when the last successful renewal was *sent*, has lost it, whether
 * or not Redis answers: that lies before the lease's end in Redis. Who does not hold it asks for
 * it each `poll_ms`.
 *
 * Keys: "<key>:owner" (expires), "<key>:epoch" (stays; td_lease_fence_key).
 * Threads: one loop, no locks.
 */
#ifndef TD_IO_LEASE_H
#define TD_IO_LEASE_H

#include "io/live.h"

struct td_lease;

#define TD_LEASE_KEY_SIZE 160

enum td_lease_loss {
    TD_LEASE_EXPIRED, /**< Could not renew in time: Redis is away or slow, or this process stood. */
    TD_LEASE_TAKEN,   /**< Redis says that somebody else has it, or that nobody has. */
    TD_LEASE_LOSS_COUNT
};

/** Zero in a number means its default. */
struct td_lease_config {
    const char *key;        /**< Copied; at most 140 characters. */
    const char *owner;      /**< Copied; at most 63; unique to the process (not to its run). */
    uint32_t lease_ms;      /**< Default 600. */
    uint32_t renew_ms;      /**< Default 150. */
    uint32_t lost_after_ms; /**< Default 400; below lease_ms. */
    uint32_t poll_ms;       /**< Default 50. */
    void (*acquired)(void *ctx, uint64_t epoch);
    void (*lost)(void *ctx, enum td_lease_loss loss); /**< Polling goes on afterwards. */
    void *ctx;
};

/** @param live  Kept. @return TD_OK; TD_ERR_INVALID; TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK td_lease_create(struct td_loop *loop, struct td_live *live,
                                          const struct td_lease_config *config,
                                          struct td_lease **lease);

/** Gives a held lease back, so that a standby has it within its poll_ms. No callback runs after
    it. NULL is ignored. */
void td_lease_destroy(struct td_lease **lease);

/** Asks the monotonic clock, so it is right also when the loop stood still. */
bool td_lease_is_held(const struct td_lease *lease);

/** Of the last acquisition; 0 before the first. */
uint64_t td_lease_epoch(const struct td_lease *lease);

/** The key for td_live_batch_fence. Valid as long as the lease. */
const char *td_lease_fence_key(const struct td_lease *lease);

#endif
