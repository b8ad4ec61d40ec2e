/**
 * @file bridge.h  The one way from a foreign thread (GStreamer, a worker thread) to a loop.
 *
 * A bounded queue of items of one size, copied in and out, plus a wake-up of the loop. Any number
 * of threads may post; items of one thread arrive in its order. When the queue is full the item is
 * refused and counted: a foreign thread never waits for the loop.
 */
#ifndef TD_IO_BRIDGE_H
#define TD_IO_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"

struct td_bridge;

struct td_bridge_options {
    size_t item_size;  /**< At least 1. Items are copied as bytes. */
    uint32_t capacity; /**< Items that may wait, at least 1. */
    /** On the loop, once per item. `item` is borrowed and aligned for any type. */
    void (*on_item)(void *ctx, const void *item);
    /** For items still waiting at td_bridge_destroy(), so that they can give back what they own; on
       the loop's thread, within that call. NULL: they are just dropped. */
    void (*on_discard)(void *ctx, const void *item);
    void *ctx; /**< Kept. */
};

/** @return TD_OK, TD_ERR_NO_MEMORY, TD_ERR_INTERNAL. On the loop's thread. */
enum td_err TD_MUST_CHECK td_bridge_create(struct td_loop *loop,
                                           const struct td_bridge_options *options,
                                           struct td_bridge **bridge);

/**
 * Hands an item over. May be called from any thread, until the call of td_bridge_destroy().
 *
 * @param item  `item_size` bytes, copied.
 * @return TD_OK, or TD_ERR_LIMIT when the queue is full: the item was not taken.
 */
enum td_err TD_MUST_CHECK td_bridge_post(struct td_bridge *bridge, const void *item);

/** How many items were refused because the queue was full. Any thread. */
uint64_t td_bridge_refused(struct td_bridge *bridge);

/**
 * Closes and sets *bridge to NULL; NULL is ignored. On the loop's thread, also from on_item(). All
 * posting threads must have been stopped (joined, pipeline set to NULL) before.
 */
void td_bridge_destroy(struct td_bridge **bridge);

#endif
