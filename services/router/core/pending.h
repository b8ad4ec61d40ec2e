/**
 * @file pending.h  Commands that are committed and may not have been carried out yet.
 *
 * A command is sent until it is answered or expires. Those of one interaction to one instance leave
 * in the order they were added, the next when the one before is done with, since a channel ignores
 * versions below the last one it saw. One that is added makes those before it about the same
 * subject void (CancelOffer its Offer, DialogStop its DialogStart, Release all): they are not sent
 * again, so that nothing is begun after its end.
 *
 * Pure: one block of the caller's, no clock. Threads: one loop. All O(1) but those that say so.
 */
#ifndef ROUTER_CORE_PENDING_H
#define ROUTER_CORE_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"

#define PENDING_RETRY_MIN_US UINT64_C(50000)
#define PENDING_RETRY_MAX_US UINT64_C(1000000)

struct pending;

enum pending_kind {
    PENDING_BEGINS,  /**< Offer, DialogStart: what ends its subject makes it void. */
    PENDING_CHANGES, /**< Connect, Play. */
    PENDING_ENDS,    /**< CancelOffer, Release, DialogStop, LegRelease. */
};

struct pending_command {
    struct td_command_id id;
    struct td_interaction_id interaction;
    char service[32];
    char instance[64];
    const char *type; /**< A constant: "Offer". */
    enum pending_kind kind;
    struct td_id subject; /**< Nil: the whole interaction. */
    uint64_t expires_at_unix_us;
    void *payload; /**< The caller's. */
};

/** Bytes of the block for so many commands. */
size_t pending_size(uint32_t capacity);
/** @param block  Kept; aligned for max_align_t; need not be zeroed. */
struct pending *pending_init(void *block, uint32_t capacity);

/**
 * Adds one; it may be sent from now on if nothing stands before it.
 *
 * @param command  Copied. @return TD_OK; TD_ERR_LIMIT (full); TD_ERR_EXISTS (id).
 */
enum td_err TD_MUST_CHECK pending_add(struct pending *pending,
                                      const struct pending_command *command);

/** The next one of the interaction to be sent now, which counts as in flight from then on; NULL
   when there is none. Valid until it is done. */
const struct pending_command *pending_take_next(struct pending *pending,
                                                struct td_interaction_id interaction,
                                                uint64_t now_unix_us);

/** Likewise of all interactions: for what waits to be sent again. O(commands). */
const struct pending_command *pending_take_due(struct pending *pending, uint64_t now_unix_us);

/** The next one that is done with without an answer: void or expired. It is removed by
    pending_done(). O(commands). */
const struct pending_command *pending_find_dead(struct pending *pending, uint64_t now_unix_us,
                                                bool *expired);

/** Of one in flight: it was not carried out, but may be later. */
void pending_retry(struct pending *pending, struct td_command_id id, uint64_t now_unix_us);

/** The instance is back: what waits to be sent there again is due at once. O(commands). */
void pending_resend(struct pending *pending, const char *instance);

/** Removes one. @param payload  Receives its payload. @return False when it is not there. */
bool pending_done(struct pending *pending, struct td_command_id id, void **payload);

const struct pending_command *pending_find(const struct pending *pending, struct td_command_id id);
/** Whether one of that type is there for the interaction. */
bool pending_has(const struct pending *pending, struct td_interaction_id interaction,
                 const char *type);

uint32_t pending_count(const struct pending *pending);

/** Any one that is there, to empty it; NULL at the end. */
const struct pending_command *pending_any(const struct pending *pending);

#endif
