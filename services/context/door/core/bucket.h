/**
 * @file bucket.h  What a client may do in a second: a token bucket with costs.
 *
 * Refills at a sustained rate up to one second's worth. Unlike core/admission it takes what an
 * action costs (bytes, say) and may be charged beyond nothing: who sent a large message pays with a
 * longer wait. Pure: no clock, no allocation.
 */
#ifndef DOOR_CORE_BUCKET_H
#define DOOR_CORE_BUCKET_H

#include <stdint.h>

/** Highest rate; keeps all arithmetic within 64 bits. */
#define DOOR_RATE_MAX UINT32_C(1000000000)

/** Private. */
struct door_bucket {
    int64_t level_micro; /* millionths of a token; below 0: in debt */
    uint64_t at_us;      /* up to when the level is accounted */
    uint32_t rate_per_s;
};

/** Starts full. @param rate_per_s  1 to DOOR_RATE_MAX. */
void door_bucket_init(struct door_bucket *bucket, uint32_t rate_per_s, uint64_t now_us);

/** Another rate from now on; what is left stays, up to a second's worth. */
void door_bucket_set_rate(struct door_bucket *bucket, uint32_t rate_per_s, uint64_t now_us);

/** How long until something may be taken; 0: now. Takes nothing. */
uint32_t door_bucket_wait_ms(struct door_bucket *bucket, uint64_t now_us);

/** Takes so many tokens, into debt if it must be; at most DOOR_RATE_MAX. */
void door_bucket_take(struct door_bucket *bucket, uint32_t cost, uint64_t now_us);

#endif
