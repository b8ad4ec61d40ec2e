#include "io/bus_outstanding.h"

#include <assert.h>
#include <stdlib.h>

#define NOWHERE UINT32_MAX

static void init_pending(struct td_bus_outstanding *outstanding, struct td_loop *loop,
                         td_timer_fn on_timer, void *owner)
{
    for (uint32_t i = 0; i < outstanding->max; i++) {
        struct td_bus_pending *pending = &outstanding->pending[i];

        pending->owner = owner;
        pending->next = i + 1 < outstanding->max ? i + 1 : NOWHERE;
        td_timer_init(&pending->timer, loop, on_timer, pending);
    }
    for (uint32_t i = 0; i <= outstanding->bucket_mask; i++)
        outstanding->buckets[i] = NOWHERE;
}

enum td_err td_bus_outstanding_init(struct td_bus_outstanding *outstanding, uint32_t max,
                                    struct td_loop *loop, td_timer_fn on_timer, void *owner)
{
    uint32_t bucket_count = 1;

    assert(max <= UINT32_C(1) << 24);
    while (bucket_count < max)
        bucket_count *= 2;
    *outstanding = (struct td_bus_outstanding){.max = max, .bucket_mask = bucket_count - 1};
    outstanding->pending = calloc(max, sizeof(*outstanding->pending));
    outstanding->buckets = calloc(bucket_count, sizeof(*outstanding->buckets));
    if (outstanding->pending == NULL || outstanding->buckets == NULL) {
        td_bus_outstanding_fini(outstanding);
        return TD_ERR_NO_MEMORY;
    }
    init_pending(outstanding, loop, on_timer, owner);
    return TD_OK;
}

void td_bus_outstanding_fini(struct td_bus_outstanding *outstanding)
{
    free(outstanding->pending);
    free(outstanding->buckets);
    outstanding->pending = NULL;
    outstanding->buckets = NULL;
}

bool td_bus_outstanding_is_full(const struct td_bus_outstanding *outstanding)
{
    return outstanding->used == outstanding->max;
}

static uint32_t *bucket_of(const struct td_bus_outstanding *outstanding, struct td_id id)
{
    return &outstanding->buckets[td_id_hash(id) & outstanding->bucket_mask];
}

struct td_bus_pending *td_bus_outstanding_find(const struct td_bus_outstanding *outstanding,
                                               const void *peer, struct td_id id)
{
    uint32_t i = *bucket_of(outstanding, id);

    for (; i != NOWHERE; i = outstanding->pending[i].next) {
        struct td_bus_pending *pending = &outstanding->pending[i];

        if (pending->peer == peer && td_id_equal(pending->id, id))
            return pending;
    }
    return NULL;
}

void td_bus_outstanding_add(struct td_bus_outstanding *outstanding, const void *peer,
                            const struct td_bus_call *call)
{
    assert(!td_bus_outstanding_is_full(outstanding));
    uint32_t index = outstanding->free;
    struct td_bus_pending *pending = &outstanding->pending[index];
    uint32_t *bucket = bucket_of(outstanding, call->id);

    outstanding->free = pending->next;
    outstanding->used++;
    pending->used = true;
    pending->peer = peer;
    pending->id = call->id;
    pending->on_reply = call->on_reply;
    pending->ctx = call->ctx;
    pending->end = TD_ERR_TIMEOUT;
    pending->next = *bucket;
    *bucket = index;
    td_timer_start(&pending->timer, call->deadline_ms);
}

void td_bus_outstanding_remove(struct td_bus_outstanding *outstanding,
                               struct td_bus_pending *pending)
{
    uint32_t index = (uint32_t)(pending - outstanding->pending);
    uint32_t *link = bucket_of(outstanding, pending->id);

    while (*link != index)
        link = &outstanding->pending[*link].next;
    *link = pending->next;
    td_timer_stop(&pending->timer);
    pending->used = false;
    pending->next = outstanding->free;
    outstanding->free = index;
    outstanding->used--;
}

void td_bus_outstanding_forget(struct td_bus_outstanding *outstanding, const void *peer)
{
    for (uint32_t i = 0; i < outstanding->max; i++) {
        struct td_bus_pending *pending = &outstanding->pending[i];

        if (pending->used && pending->peer == peer) {
            pending->peer = NULL;
            pending->end = TD_ERR_UNAVAILABLE;
            td_timer_start(&pending->timer, 0);
        }
    }
}

struct td_bus_pending *td_bus_outstanding_any(const struct td_bus_outstanding *outstanding)
{
    for (uint32_t i = 0; outstanding->used > 0 && i < outstanding->max; i++) {
        if (outstanding->pending[i].used)
            return &outstanding->pending[i];
    }
    return NULL;
}
