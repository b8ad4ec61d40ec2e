/**
 * @file holds.h  When, within a recording, one party held the other.
 *
 * Pure; time is an argument; constant time.
 */
#ifndef MEDIA_CORE_HOLDS_H
#define MEDIA_CORE_HOLDS_H

#include <stdbool.h>
#include <stdint.h>

/** Most holds of one recording that are kept (RecordingFinished.holds); later ones are not. */
#define MEDIA_HOLDS_MAX 32

struct media_hold {
    uint64_t from_ns; /**< Since the recording began. */
    uint64_t duration_ns;
};

/** All zero: none. Fields are to be read only. */
struct media_holds {
    struct media_hold items[MEDIA_HOLDS_MAX];
    uint32_t count; /**< That are over. */
    bool open;      /**< One runs: */
    uint64_t open_from_ns;
};

/** A hold begins, or goes on, or ends, at `at_ns` since the recording began. */
void media_holds_set(struct media_holds *holds, bool held, uint64_t at_ns);

#endif
