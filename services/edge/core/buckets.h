/**
 * @file buckets.h  Token buckets by key in memory of a fixed size. Pure.
 *
 * Every key has a bucket of `burst` tokens that gets one back each `interval_us`; a key not seen
 * before has a full one. A bucket is kept as the time at which it will be full again, so one that
 * is full needs no memory: a new key takes the place of the fullest bucket of its set. Whoever
 * makes up more keys than there are places thus frees none of the emptiest ones; what that costs
 * the others must be bounded by a bucket over all. Constant time.
 */
#ifndef EDGE_CORE_BUCKETS_H
#define EDGE_CORE_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Places that a key may be at. */
#define EDGE_BUCKETS_WAYS 8

struct edge_bucket {
    uint64_t key;
    uint64_t full_at_us;
};

struct edge_buckets {
    struct edge_bucket *places;
    size_t place_count;
    uint64_t interval_us;
    uint64_t depth_us; /* of an empty bucket */
};

/**
 * @param places       Kept, zeroed.
 * @param place_count  A power of two, EDGE_BUCKETS_WAYS at least.
 * @param interval_us  At least 1. @param burst  At least 1.
 */
void edge_buckets_init(struct edge_buckets *buckets, struct edge_bucket *places, size_t place_count,
                       uint64_t interval_us, uint32_t burst);

/** Takes a token. @param key  Well mixed. @return False: there was none; nothing changes. */
bool edge_buckets_take(struct edge_buckets *buckets, uint64_t key, uint64_t now_us);

/** Whether there is a token to take. */
bool edge_buckets_has(const struct edge_buckets *buckets, uint64_t key, uint64_t now_us);

#endif
