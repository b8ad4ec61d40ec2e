#include "io/bridge.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * A ring under a mutex. A lock-free ring would save some 30 ns an item, and cost a proof; the lock
 * is held for one copy only, never while a callback runs.
 */
struct td_bridge {
    uv_async_t wake; /* its close callback frees the bridge */
    struct td_loop *loop;
    struct td_bridge_options options;
    size_t stride; /* item size rounded up, so that every item is aligned */
    bool closed;   /* loop's thread only */

    pthread_mutex_t mutex; /* guards what follows */
    uint32_t first;
    uint32_t count;
    uint64_t refused;
    uint8_t *ring;
    void *taken; /* the item being handled; loop's thread only */
};

static void *place(const struct td_bridge *bridge, uint32_t index)
{
    return bridge->ring + (size_t)(index % bridge->options.capacity) * bridge->stride;
}

static bool take(struct td_bridge *bridge)
{
    (void)pthread_mutex_lock(&bridge->mutex);
    bool found = bridge->count > 0;

    if (found) {
        memcpy(bridge->taken, place(bridge, bridge->first), bridge->options.item_size);
        bridge->first = (bridge->first + 1) % bridge->options.capacity;
        bridge->count--;
    }
    (void)pthread_mutex_unlock(&bridge->mutex);
    return found;
}

static void on_wake(uv_async_t *wake)
{
    struct td_bridge *bridge = wake->data;
    uint32_t left = bridge->options.capacity; // Busy posters must not keep the loop here for ever.

    while (left > 0 && !bridge->closed && take(bridge)) {
        struct td_loop_span span = td_loop_begin("bridge.item");

        bridge->options.on_item(bridge->options.ctx, bridge->taken);
        td_loop_end(bridge->loop, span);
        left--;
    }
    if (left == 0 && !bridge->closed)
        (void)uv_async_send(wake);
}

static void on_closed(uv_handle_t *handle)
{
    struct td_bridge *bridge = handle->data;

    (void)pthread_mutex_destroy(&bridge->mutex);
    free(bridge->ring);
    free(bridge->taken);
    free(bridge);
}

static enum td_err allocate(struct td_bridge *bridge)
{
    size_t align = _Alignof(max_align_t);

    bridge->stride = (bridge->options.item_size + align - 1) / align * align;
    bridge->ring = calloc(bridge->options.capacity, bridge->stride);
    bridge->taken = malloc(bridge->stride);
    return bridge->ring != NULL && bridge->taken != NULL ? TD_OK : TD_ERR_NO_MEMORY;
}

enum td_err td_bridge_create(struct td_loop *loop, const struct td_bridge_options *options,
                             struct td_bridge **bridge)
{
    assert(options->item_size >= 1);
    assert(options->capacity >= 1);

    struct td_bridge *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->loop = loop;
    self->options = *options;
    enum td_err err = allocate(self);
    if (err == TD_OK)
        err = td_err_from_errno(-uv_async_init(td_loop_uv(loop), &self->wake, on_wake));
    if (err != TD_OK) {
        free(self->ring);
        free(self->taken);
        free(self);
        return err;
    }
    self->wake.data = self;
    (void)pthread_mutex_init(&self->mutex, NULL); // Cannot fail for default attributes on Linux.
    *bridge = self;
    return TD_OK;
}

enum td_err td_bridge_post(struct td_bridge *bridge, const void *item)
{
    (void)pthread_mutex_lock(&bridge->mutex);
    bool full = bridge->count == bridge->options.capacity;
    bool was_empty = bridge->count == 0;

    if (full) {
        bridge->refused++;
    } else {
        memcpy(place(bridge, bridge->first + bridge->count), item, bridge->options.item_size);
        bridge->count++;
    }
    (void)pthread_mutex_unlock(&bridge->mutex);

    if (full)
        return TD_ERR_LIMIT;
    if (was_empty)
        (void)uv_async_send(&bridge->wake);
    return TD_OK;
}

uint64_t td_bridge_refused(struct td_bridge *bridge)
{
    (void)pthread_mutex_lock(&bridge->mutex);
    uint64_t refused = bridge->refused;

    (void)pthread_mutex_unlock(&bridge->mutex);
    return refused;
}

void td_bridge_destroy(struct td_bridge **bridge)
{
    struct td_bridge *self = *bridge;

    if (self == NULL)
        return;
    *bridge = NULL;

    self->closed = true;
    while (take(self)) {
        if (self->options.on_discard != NULL)
            self->options.on_discard(self->options.ctx, self->taken);
    }
    uv_close((uv_handle_t *)&self->wake, on_closed);
}
