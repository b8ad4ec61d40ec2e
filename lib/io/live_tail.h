/**
 * @file live_tail.h  Follows streams of the live store from a position on, for ever.
 *
 * Holds a connection of its own, since a blocking read occupies one. Delivers every entry of each
 * stream once and in order; after a reconnect it goes on behind the last one delivered. When a
 * stream was trimmed beyond that place (by td_live_trim), `gap` says so before the next entry.
 * The position is the caller's to store.
 *
 * Threads: one loop, no locks. Callbacks may pause or destroy the tail.
 */
#ifndef TD_IO_LIVE_TAIL_H
#define TD_IO_LIVE_TAIL_H

#include "io/live_read.h"

struct td_live_tail;

#define TD_LIVE_TAIL_STREAMS_MAX 16

/** Start with what comes from now on, that is: after the first time Redis answers. */
#define TD_LIVE_FROM_NOW ((struct td_live_stream_id){UINT64_MAX, UINT64_MAX})

struct td_live_tail_stream {
    const char *key;               /**< Copied. */
    struct td_live_stream_id from; /**< Last one not wanted: {0, 0} for all; TD_LIVE_FROM_NOW. */
};

/** Any callback but `entry` may be NULL. `stream` is an index into `streams`. */
struct td_live_tail_config {
    const char *address;  /**< As in live.h. */
    const char *password; /**< NULL for none. */
    const struct td_live_tail_stream *streams;
    uint32_t stream_count; /**< 1 to TD_LIVE_TAIL_STREAMS_MAX. */
    uint32_t page_max;     /**< Entries of one stream read at a time; 0: 256; at most 1,000. */
    /** Rest after a reading that was not full, so that what comes meanwhile is read together: each
        reading costs Redis the same, whether it finds one entry or a hundred. 0: none. */
    uint32_t rest_ms;

    /** An entry; `value` (empty when the entry lacks the field "e") is valid until it returns. */
    void (*entry)(void *ctx, uint32_t stream, struct td_live_stream_id id, struct td_bytes value);
    /** All that was read at once has been delivered; more may follow at once. */
    void (*page_end)(void *ctx);
    /** Entries after `after` up to and including `trimmed` are gone for ever. */
    void (*gap)(void *ctx, uint32_t stream, struct td_live_stream_id after,
                struct td_live_stream_id trimmed);
    /** Up: connected and every position known. */
    void (*state)(void *ctx, bool up);
    void *ctx;
};

/** @return TD_OK; TD_ERR_INVALID (address, counts); TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK td_live_tail_create(struct td_loop *loop,
                                              const struct td_live_tail_config *config,
                                              struct td_live_tail **tail);

/** No callback runs after it. NULL is ignored. */
void td_live_tail_destroy(struct td_live_tail **tail);

/**
 * Delivers nothing more until td_live_tail_resume; what was read but not yet delivered is read
 * again then. For consumers that cannot keep up: the entries wait in Redis.
 */
void td_live_tail_pause(struct td_live_tail *tail);
void td_live_tail_resume(struct td_live_tail *tail);

/** The last entry delivered, or where the stream is read from; TD_LIVE_FROM_NOW if not known yet.
 */
struct td_live_stream_id td_live_tail_position(const struct td_live_tail *tail, uint32_t stream);

#endif
