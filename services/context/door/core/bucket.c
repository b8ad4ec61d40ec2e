#include "context/door/core/bucket.h"

#include <assert.h>

#define MICRO INT64_C(1000000)

static int64_t capacity(const struct door_bucket *bucket)
{
    return bucket->rate_per_s * MICRO;
}

/* A rate of R tokens a second is R millionths of a token in a microsecond: nothing is rounded. */
static void refill(struct door_bucket *bucket, uint64_t now_us)
{
    if (now_us <= bucket->at_us)
        return;
    uint64_t elapsed_us = now_us - bucket->at_us;
    uint64_t missing = (uint64_t)(capacity(bucket) - bucket->level_micro);

    bucket->at_us = now_us;
    // Compared before it is multiplied: after an idle night the product is too large.
    if (elapsed_us >= missing / bucket->rate_per_s + 1)
        bucket->level_micro = capacity(bucket);
    else
        bucket->level_micro += (int64_t)(elapsed_us * bucket->rate_per_s);
    if (bucket->level_micro > capacity(bucket))
        bucket->level_micro = capacity(bucket);
}

void door_bucket_init(struct door_bucket *bucket, uint32_t rate_per_s, uint64_t now_us)
{
    assert(rate_per_s >= 1 && rate_per_s <= DOOR_RATE_MAX);
    *bucket = (struct door_bucket){
        .level_micro = rate_per_s * MICRO, .at_us = now_us, .rate_per_s = rate_per_s};
}

void door_bucket_set_rate(struct door_bucket *bucket, uint32_t rate_per_s, uint64_t now_us)
{
    assert(rate_per_s >= 1 && rate_per_s <= DOOR_RATE_MAX);
    refill(bucket, now_us);
    bucket->rate_per_s = rate_per_s;
    if (bucket->level_micro > capacity(bucket))
        bucket->level_micro = capacity(bucket);
}

uint32_t door_bucket_wait_ms(struct door_bucket *bucket, uint64_t now_us)
{
    refill(bucket, now_us);
    if (bucket->level_micro >= MICRO)
        return 0;
    uint64_t missing = (uint64_t)(MICRO - bucket->level_micro);
    uint64_t per_ms = bucket->rate_per_s * UINT64_C(1000);
    uint64_t wait_ms = (missing + per_ms - 1) / per_ms;

    return wait_ms < UINT32_MAX ? (uint32_t)wait_ms : UINT32_MAX;
}

void door_bucket_take(struct door_bucket *bucket, uint32_t cost, uint64_t now_us)
{
    assert(cost <= DOOR_RATE_MAX);
    refill(bucket, now_us);
    // Debt ends at a minute's worth: nobody is locked out for longer for one second's excess.
    int64_t floor = -60 * capacity(bucket);

    bucket->level_micro -= cost * MICRO;
    if (bucket->level_micro < floor)
        bucket->level_micro = floor;
}
