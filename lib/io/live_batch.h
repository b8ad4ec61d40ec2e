/**
 * @file live_batch.h  A batch of live_commit.h from the inside. Private to lib/io/live*.
 */
#ifndef TD_IO_LIVE_BATCH_H
#define TD_IO_LIVE_BATCH_H

#include "io/buffer.h"
#include "io/live_commit.h"
#include "io/timer.h"

struct td_live_batch {
    /* Arguments of the script, already in RESP. Apart, since checks are made first. */
    struct td_buffer checks;
    struct td_buffer ops;
    uint32_t check_args;
    uint32_t op_args;
    uint32_t op_count;
    bool has_fence;
    uint32_t linger_ms;
    /* From here on set by the committer. */
    struct td_live_committer *committer;
    td_live_commit_fn fn;
    void *ctx;
    struct td_timer deadline;
    enum td_err result;
    uint32_t slot; /* in the call in flight; TD_LIVE_NO_SLOT while it waits */
    struct td_live_batch *next;
    struct td_live_batch *prev;
};

#define TD_LIVE_NO_SLOT UINT32_MAX

static inline size_t td_live_batch_size(const struct td_live_batch *batch)
{
    return batch->checks.size + batch->ops.size;
}

#endif
