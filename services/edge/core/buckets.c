#include "edge/core/buckets.h"

#include <assert.h>

static struct edge_bucket *set_of(const struct edge_buckets *buckets, uint64_t key)
{
    return &buckets->places[key & (buckets->place_count - EDGE_BUCKETS_WAYS)];
}

static struct edge_bucket *find(const struct edge_buckets *buckets, uint64_t key)
{
    struct edge_bucket *set = set_of(buckets, key);

    for (size_t i = 0; i < EDGE_BUCKETS_WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
    }
    return NULL;
}

static struct edge_bucket *fullest(const struct edge_buckets *buckets, uint64_t key)
{
    struct edge_bucket *set = set_of(buckets, key);
    struct edge_bucket *best = &set[0];

    for (size_t i = 1; i < EDGE_BUCKETS_WAYS; i++) {
        if (set[i].full_at_us < best->full_at_us)
            best = &set[i];
    }
    return best;
}

static bool is_empty(const struct edge_buckets *buckets, uint64_t full_at_us, uint64_t now_us)
{
    return full_at_us > now_us && full_at_us - now_us > buckets->depth_us - buckets->interval_us;
}

void edge_buckets_init(struct edge_buckets *buckets, struct edge_bucket *places, size_t place_count,
                       uint64_t interval_us, uint32_t burst)
{
    assert(place_count >= EDGE_BUCKETS_WAYS);
    assert((place_count & (place_count - 1)) == 0);
    assert(interval_us > 0);
    assert(burst > 0);
    *buckets = (struct edge_buckets){.places = places,
                                     .place_count = place_count,
                                     .interval_us = interval_us,
                                     .depth_us = interval_us * burst};
}

bool edge_buckets_has(const struct edge_buckets *buckets, uint64_t key, uint64_t now_us)
{
    const struct edge_bucket *bucket = find(buckets, key);

    return bucket == NULL || !is_empty(buckets, bucket->full_at_us, now_us);
}

bool edge_buckets_take(struct edge_buckets *buckets, uint64_t key, uint64_t now_us)
{
    struct edge_bucket *bucket = find(buckets, key);

    if (bucket == NULL) {
        bucket = fullest(buckets, key);
        *bucket = (struct edge_bucket){.key = key};
    }
    if (is_empty(buckets, bucket->full_at_us, now_us))
        return false;
    if (bucket->full_at_us < now_us)
        bucket->full_at_us = now_us;
    bucket->full_at_us += buckets->interval_us;
    return true;
}
