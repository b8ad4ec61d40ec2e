/**
 * @file tell.h  An interaction's events told on standard output: for people, or as one JSON object.
 */
#ifndef TANDEM_TELL_H
#define TANDEM_TELL_H

#include "base/arena.h"
#include "io/history.h"

/** Borrowed for the call. */
struct tell {
    struct td_id id;
    /** In order of time: occurred_at, the same as text, topic, source, type, payload. At least one.
     */
    const struct td_rows *rows;
    struct td_arena *arena;
    uint64_t now_unix_us; /**< For what is not over. */
    bool json;
};

/** Timeline with durations, legs, steps, and what it came to. */
void tell_interaction(const struct tell *tell);

/** Every offer: who, why, who was next, and what had been asked. */
void tell_why(const struct tell *tell);

#endif
