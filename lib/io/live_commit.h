/**
 * @file live_commit.h  Atomic writes to the live store, many owners' batches in one Redis step.
 *
 * A batch is a list of operations that are carried out all or none, under an optional fence and
 * optional conditions. td_live_commit queues it; one script call is in flight at a time and the
 * next collects everything that came meanwhile (group commit), so that the cost of the server's
 * fsync is shared. Batches of one call stay apart: a refused one does not hurt its neighbours.
 * Batches are applied in the order they were committed; what nobody waits for may linger, to spare
 * the server a step of its own.
 *
 * A call whose answer was lost is sent again after the reconnect; Redis remembers the last call of
 * each committer and its results for an hour, so nothing is applied twice.
 *
 * Results:
 *   TD_OK               on disk (with appendfsync always)
 *   TD_ERR_STALE        the fence did not hold: nothing was done
 *   TD_ERR_EXISTS       a condition did not hold: nothing was done
 *   TD_ERR_LIMIT        Redis is out of memory: nothing was done
 *   TD_ERR_INVALID      a key held another type: a defect; the batch's other operations were done
 *   TD_ERR_UNAVAILABLE  the deadline passed before it was sent: nothing was or will be done
 *   TD_ERR_TIMEOUT      the deadline passed after it was sent, or the connection was destroyed
 *                       meanwhile: it may or may not have been done
 */
#ifndef TD_IO_LIVE_COMMIT_H
#define TD_IO_LIVE_COMMIT_H

#include "io/live.h"

struct td_live_batch;

/** Limits of one batch; beyond them td_live_commit answers TD_ERR_LIMIT. */
#define TD_LIVE_BATCH_OPS_MAX 16384
#define TD_LIVE_BATCH_BYTES_MAX ((size_t)16 * 1024 * 1024)
/** Longest wait that may be asked for. */
#define TD_LIVE_COMMIT_DEADLINE_MS_MAX 600000

/** @param batch  Owned by the caller until it is committed. @return TD_OK or TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK td_live_batch_create(struct td_live_batch **batch);
void td_live_batch_destroy(struct td_live_batch **batch);

/*
 * What a batch does, in the order added. Everything is copied. A batch that grew beyond its limits
 * or out of memory remembers it, and td_live_commit returns it: no check is needed in between.
 */

/** Refuses the whole batch (TD_ERR_STALE) unless `key` holds exactly this epoch. Once per batch. */
void td_live_batch_fence(struct td_live_batch *batch, const char *key, uint64_t epoch);
/** Refuses the whole batch (TD_ERR_EXISTS) if the hash has this field. */
void td_live_batch_absent(struct td_live_batch *batch, const char *key, struct td_bytes field);
/** Refuses the whole batch (TD_ERR_EXISTS) if the key exists. */
void td_live_batch_key_absent(struct td_live_batch *batch, const char *key);

/** @param expire_ms  0: never. */
void td_live_batch_set(struct td_live_batch *batch, const char *key, struct td_bytes value,
                       uint64_t expire_ms);
void td_live_batch_del(struct td_live_batch *batch, const char *key);
void td_live_batch_hset(struct td_live_batch *batch, const char *key, struct td_bytes field,
                        struct td_bytes value);
void td_live_batch_hdel(struct td_live_batch *batch, const char *key, struct td_bytes field);
/** Appends an entry whose single field "e" holds `value`. */
void td_live_batch_xadd(struct td_live_batch *batch, const char *stream, struct td_bytes value);

/**
 * For a write that nobody waits for: it goes with the next one that somebody does wait for, or
 * after `linger_ms`, whichever is first. Its place in the order stays. Default 0: at once.
 */
void td_live_batch_linger(struct td_live_batch *batch, uint32_t linger_ms);

/** Operations so far, conditions and fence not counted. */
uint32_t td_live_batch_op_count(const struct td_live_batch *batch);

typedef void (*td_live_commit_fn)(void *ctx, enum td_err err);

/**
 * Queues a batch. While Redis is away it waits until its deadline.
 *
 * @param batch        Taken, also on failure; set to NULL.
 * @param deadline_ms  From now; 1 to TD_LIVE_COMMIT_DEADLINE_MS_MAX.
 * @return TD_OK; TD_ERR_BUSY (queue full: nothing was done); TD_ERR_LIMIT (batch too large);
 *         TD_ERR_INVALID (empty batch, or no committer in the configuration); TD_ERR_NO_MEMORY;
 *         TD_ERR_UNAVAILABLE (the connection is being destroyed).
 */
enum td_err TD_MUST_CHECK td_live_commit(struct td_live *live, struct td_live_batch **batch,
                                         uint32_t deadline_ms, td_live_commit_fn fn, void *ctx);

#endif
