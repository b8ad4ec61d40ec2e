#include "io/live_batch.h"

#include <assert.h>
#include <stdlib.h>

#include "io/live_resp.h"

/* The letters are those of live_commit_lua.c. */

enum td_err td_live_batch_create(struct td_live_batch **batch)
{
    struct td_live_batch *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    *batch = self;
    return TD_OK;
}

void td_live_batch_destroy(struct td_live_batch **batch)
{
    if (*batch == NULL)
        return;
    td_buffer_clear(&(*batch)->checks);
    td_buffer_clear(&(*batch)->ops);
    free(*batch);
    *batch = NULL;
}

/* A batch that is too large already takes no more, so that it cannot eat the memory either. */
static bool has_room(const struct td_live_batch *batch)
{
    return td_live_batch_size(batch) <= TD_LIVE_BATCH_BYTES_MAX &&
           batch->op_count <= TD_LIVE_BATCH_OPS_MAX && batch->check_args <= TD_LIVE_BATCH_OPS_MAX;
}

static void check_begin(struct td_live_batch *batch, const char *letter, const char *key)
{
    td_live_resp_bulk_text(&batch->checks, letter);
    td_live_resp_bulk_text(&batch->checks, key);
    batch->check_args += 2;
}

static void op_begin(struct td_live_batch *batch, const char *letter, const char *key)
{
    td_live_resp_bulk_text(&batch->ops, letter);
    td_live_resp_bulk_text(&batch->ops, key);
    batch->op_args += 2;
    batch->op_count++;
}

static void op_arg(struct td_live_batch *batch, struct td_bytes arg)
{
    td_live_resp_bulk(&batch->ops, arg);
    batch->op_args++;
}

void td_live_batch_fence(struct td_live_batch *batch, const char *key, uint64_t epoch)
{
    assert(!batch->has_fence);
    batch->has_fence = true;
    check_begin(batch, "F", key);
    td_live_resp_bulk_u64(&batch->checks, epoch);
    batch->check_args++;
}

void td_live_batch_absent(struct td_live_batch *batch, const char *key, struct td_bytes field)
{
    if (!has_room(batch))
        return;
    check_begin(batch, "A", key);
    td_live_resp_bulk(&batch->checks, field);
    batch->check_args++;
}

void td_live_batch_key_absent(struct td_live_batch *batch, const char *key)
{
    if (has_room(batch))
        check_begin(batch, "K", key);
}

void td_live_batch_set(struct td_live_batch *batch, const char *key, struct td_bytes value,
                       uint64_t expire_ms)
{
    if (!has_room(batch))
        return;
    op_begin(batch, expire_ms != 0 ? "P" : "S", key);
    op_arg(batch, value);
    if (expire_ms != 0) {
        td_live_resp_bulk_u64(&batch->ops, expire_ms);
        batch->op_args++;
    }
}

void td_live_batch_del(struct td_live_batch *batch, const char *key)
{
    if (has_room(batch))
        op_begin(batch, "D", key);
}

void td_live_batch_hset(struct td_live_batch *batch, const char *key, struct td_bytes field,
                        struct td_bytes value)
{
    if (!has_room(batch))
        return;
    op_begin(batch, "H", key);
    op_arg(batch, field);
    op_arg(batch, value);
}

void td_live_batch_hdel(struct td_live_batch *batch, const char *key, struct td_bytes field)
{
    if (!has_room(batch))
        return;
    op_begin(batch, "h", key);
    op_arg(batch, field);
}

void td_live_batch_xadd(struct td_live_batch *batch, const char *stream, struct td_bytes value)
{
    if (!has_room(batch))
        return;
    op_begin(batch, "X", stream);
    op_arg(batch, value);
}

void td_live_batch_linger(struct td_live_batch *batch, uint32_t linger_ms)
{
    batch->linger_ms = linger_ms;
}

uint32_t td_live_batch_op_count(const struct td_live_batch *batch)
{
    return batch->op_count;
}
