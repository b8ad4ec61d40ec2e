#include "core/routing/table.h"

#include <assert.h>
#include <string.h>

static uint32_t bucket_count(uint32_t capacity)
{
    uint32_t count = 8;

    while (count < capacity)
        count *= 2;
    return count;
}

size_t td_routing_table_size(uint32_t capacity)
{
    size_t size = ((size_t)bucket_count(capacity) + capacity) * sizeof(uint32_t);

    return (size + 7) / 8 * 8;
}

void td_routing_table_init(struct td_routing_table *table, void *block, uint32_t capacity)
{
    uint32_t buckets = bucket_count(capacity);
    uint32_t *words = block;

    *table = (struct td_routing_table){
        .buckets = words,
        .next = words + buckets,
        .mask = buckets - 1,
        .capacity = capacity,
        .free_list = TD_ROUTING_NONE,
    };
    memset(words, 0xff, buckets * sizeof(uint32_t)); // TD_ROUTING_NONE in each
}

static uint32_t *bucket_of(const struct td_routing_table *table, uint64_t hash)
{
    return &table->buckets[(uint32_t)(hash ^ (hash >> 32)) & table->mask];
}

uint32_t td_routing_table_take(struct td_routing_table *table, uint64_t hash)
{
    uint32_t *bucket = bucket_of(table, hash);
    uint32_t slot = table->free_list;

    if (slot != TD_ROUTING_NONE)
        table->free_list = table->next[slot];
    else if (table->used < table->capacity)
        slot = table->used++;
    else
        return TD_ROUTING_NONE;
    table->next[slot] = *bucket;
    *bucket = slot;
    table->count++;
    return slot;
}

void td_routing_table_give(struct td_routing_table *table, uint64_t hash, uint32_t slot)
{
    uint32_t *link = bucket_of(table, hash);

    while (*link != slot) {
        assert(*link != TD_ROUTING_NONE);
        link = &table->next[*link];
    }
    *link = table->next[slot];
    table->next[slot] = table->free_list;
    table->free_list = slot;
    table->count--;
}

uint32_t td_routing_table_first(const struct td_routing_table *table, uint64_t hash)
{
    return *bucket_of(table, hash);
}
