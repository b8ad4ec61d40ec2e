#include "io/live_commit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "io/live_committer.h"

#define BATCHES_MAX 20000
#define BYTES_MAX (64 * 1024 * 1024)
#define NS_PER_MS UINT64_C(1000000)

static struct td_live_stats *stats_of(struct td_live_committer *committer)
{
    return &committer->live->stats;
}

/* --- lists --- */

void td_live_batch_list_append(struct td_live_batch_list *list, struct td_live_batch *batch)
{
    batch->next = NULL;
    batch->prev = list->last;
    if (list->last == NULL)
        list->first = batch;
    else
        list->last->next = batch;
    list->last = batch;
}

void td_live_batch_list_remove(struct td_live_batch_list *list, struct td_live_batch *batch)
{
    if (batch->prev == NULL)
        list->first = batch->next;
    else
        batch->prev->next = batch->next;
    if (batch->next == NULL)
        list->last = batch->prev;
    else
        batch->next->prev = batch->prev;
}

/* --- telling --- */

/* In no list any more. The callback comes last: it may destroy everything. */
static void tell(struct td_live_batch *batch, enum td_err err)
{
    td_live_commit_fn fn = batch->fn;
    void *ctx = batch->ctx;
    struct td_live_stats *stats = stats_of(batch->committer);

    td_timer_stop(&batch->deadline);
    stats->batches_pending--;
    stats->bytes_pending -= (uint32_t)td_live_batch_size(batch);
    stats->batches += err == TD_OK;
    td_live_batch_destroy(&batch);
    if (fn != NULL)
        fn(ctx, err);
}

static void tell_answered(struct td_live_committer *committer)
{
    while (committer->answered.first != NULL) {
        struct td_live_batch *batch = committer->answered.first;

        td_live_batch_list_remove(&committer->answered, batch);
        tell(batch, batch->result);
    }
}

void td_live_committer_tell(struct td_live_committer *committer)
{
    committer->is_telling = true;
    tell_answered(committer);
    committer->is_telling = false;
    if (committer->is_destroyed)
        free(committer);
}

static void on_deadline(void *ctx)
{
    struct td_live_batch *batch = ctx;
    struct td_live_committer *committer = batch->committer;

    stats_of(committer)->timeouts++;
    if (batch->slot != TD_LIVE_NO_SLOT) {
        committer->call[batch->slot] = NULL;
        tell(batch, TD_ERR_TIMEOUT);
    } else {
        committer->hurried_count -= batch->linger_ms == 0;
        td_live_batch_list_remove(&committer->waiting, batch);
        tell(batch, TD_ERR_UNAVAILABLE);
    }
}

static void on_timer(void *ctx)
{
    td_live_call_proceed(ctx);
}

static void on_linger(void *ctx)
{
    struct td_live_committer *committer = ctx;

    committer->has_lingered = true;
    td_live_call_proceed(committer);
}

/* Sent at the end of this turn, with all that comes until then; not later than it would be
   otherwise, since sockets are written after the timers. */
static void hurry(struct td_live_committer *committer)
{
    committer->hurried_count++;
    if (!committer->is_sent && !td_timer_is_running(&committer->timer))
        td_timer_start(&committer->timer, 0);
}

static void linger(struct td_live_committer *committer, uint32_t linger_ms)
{
    uint64_t until_ns = td_loop_now_ns() + linger_ms * NS_PER_MS;

    if (td_timer_is_running(&committer->linger) && committer->linger_until_ns <= until_ns)
        return;
    committer->linger_until_ns = until_ns;
    td_timer_start(&committer->linger, linger_ms);
}

/* --- life --- */

struct td_live_committer *td_live_committer_create(struct td_live *live,
                                                   const struct td_live_config *config)
{
    struct td_live_committer *committer = calloc(1, sizeof(*committer));
    char *key = strdup(config->committer);

    if (committer == NULL || key == NULL) {
        free(committer);
        free(key);
        return NULL;
    }
    committer->live = live;
    committer->key = key;
    committer->batches_max =
        config->commit_batches_max != 0 ? config->commit_batches_max : BATCHES_MAX;
    committer->bytes_max = config->commit_bytes_max != 0 ? config->commit_bytes_max : BYTES_MAX;
    td_live_call_init(committer);
    td_timer_init(&committer->timer, live->loop, on_timer, committer);
    td_timer_init(&committer->linger, live->loop, on_linger, committer);
    return committer;
}

void td_live_committer_destroy(struct td_live_committer **committer)
{
    struct td_live_committer *self = *committer;

    if (self == NULL)
        return;
    td_timer_stop(&self->timer);
    td_timer_stop(&self->linger);
    tell_answered(self);
    for (uint32_t i = 0; i < self->call_count; i++) {
        if (self->call[i] != NULL)
            tell(self->call[i], TD_ERR_TIMEOUT);
    }
    while (self->waiting.first != NULL) {
        struct td_live_batch *batch = self->waiting.first;

        td_live_batch_list_remove(&self->waiting, batch);
        tell(batch, TD_ERR_UNAVAILABLE);
    }
    td_buffer_clear(&self->buffer);
    free(self->key);
    self->is_destroyed = true;
    if (!self->is_telling)
        free(self);
    *committer = NULL;
}

static enum td_err check_batch(const struct td_live *live, const struct td_live_batch *batch)
{
    const struct td_live_committer *committer = live->committer;
    size_t size = td_live_batch_size(batch);

    if (live->is_closing)
        return TD_ERR_UNAVAILABLE;
    if (committer == NULL || batch->op_count == 0)
        return TD_ERR_INVALID;
    if (batch->checks.failed || batch->ops.failed)
        return TD_ERR_NO_MEMORY;
    if (batch->op_count > TD_LIVE_BATCH_OPS_MAX || size > TD_LIVE_BATCH_BYTES_MAX ||
        batch->check_args > TD_LIVE_BATCH_OPS_MAX)
        return TD_ERR_LIMIT;
    if (live->stats.batches_pending >= committer->batches_max ||
        live->stats.bytes_pending + size > committer->bytes_max)
        return TD_ERR_BUSY;
    return TD_OK;
}

enum td_err td_live_commit(struct td_live *live, struct td_live_batch **batch, uint32_t deadline_ms,
                           td_live_commit_fn fn, void *ctx)
{
    struct td_live_batch *taken = *batch;
    struct td_live_committer *committer = live->committer;

    assert(deadline_ms > 0 && deadline_ms <= TD_LIVE_COMMIT_DEADLINE_MS_MAX);
    *batch = NULL;
    enum td_err err = check_batch(live, taken);
    if (err != TD_OK) {
        live->stats.refused += err == TD_ERR_BUSY;
        td_live_batch_destroy(&taken);
        return err;
    }
    taken->committer = committer;
    taken->fn = fn;
    taken->ctx = ctx;
    taken->slot = TD_LIVE_NO_SLOT;
    live->stats.batches_pending++;
    live->stats.bytes_pending += (uint32_t)td_live_batch_size(taken);
    td_live_batch_list_append(&committer->waiting, taken);
    td_timer_init(&taken->deadline, live->loop, on_deadline, taken);
    td_timer_start(&taken->deadline, deadline_ms);
    if (taken->linger_ms == 0)
        hurry(committer);
    else
        linger(committer, taken->linger_ms);
    return TD_OK;
}
