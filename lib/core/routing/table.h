/**
 * @file table.h  Slots found by hash: how agents, queues, interactions and expressions are kept.
 * For the files of this folder only. Pure.
 *
 * The table knows slot numbers only; the objects lie in arrays of their owner's. O(1) on average.
 */
#ifndef TD_CORE_ROUTING_TABLE_H
#define TD_CORE_ROUTING_TABLE_H

#include <stddef.h>
#include <stdint.h>

/** No slot. */
#define TD_ROUTING_NONE UINT32_MAX

struct td_routing_table {
    uint32_t *buckets;
    uint32_t *next; /* in the bucket, or in the free list */
    uint32_t mask;
    uint32_t capacity;
    uint32_t used; /* slots ever used: objects behind it were never written */
    uint32_t free_list;
    uint32_t count;
};

/** Bytes of the block; a multiple of 8. */
size_t td_routing_table_size(uint32_t capacity);

/** @param block  Kept; aligned for uint32_t. */
void td_routing_table_init(struct td_routing_table *table, void *block, uint32_t capacity);

/** Takes a free slot and files it under the hash; TD_ROUTING_NONE when full. */
uint32_t td_routing_table_take(struct td_routing_table *table, uint64_t hash);

/** Gives a slot back that was filed under this hash. */
void td_routing_table_give(struct td_routing_table *table, uint64_t hash, uint32_t slot);

/** The first slot that may be filed under the hash; go on with `table->next[slot]`. */
uint32_t td_routing_table_first(const struct td_routing_table *table, uint64_t hash);

#endif
