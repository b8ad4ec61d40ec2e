/**
 * @file gate.h  How much is heard of addresses that nobody has vouched for. Pure.
 *
 * Addresses of trunks, and those from where a phone has registered, are known and do not come here.
 * Of every other address a burst and then a rate of messages is heard, and so of all of them
 * together. One message too many is refused, which tells an honest peer to come later; what follows
 * within a second is dropped, since an answer to each would make us a loudspeaker for forged
 * addresses.
 */
#ifndef EDGE_CORE_GATE_H
#define EDGE_CORE_GATE_H

#include "edge/core/buckets.h"

/** Addresses told apart at a time. */
#define EDGE_GATE_SOURCES 8192

struct edge_gate_limits {
    uint32_t source_per_s;
    uint32_t source_burst;
    uint32_t all_per_s; /**< Their burst is twice that. */
};

struct edge_gate {
    struct edge_buckets sources;
    struct edge_buckets refusals;
    struct edge_buckets all;
    struct edge_bucket source_places[EDGE_GATE_SOURCES];
    struct edge_bucket refusal_places[EDGE_GATE_SOURCES];
    struct edge_bucket all_places[EDGE_BUCKETS_WAYS];
};

enum edge_gate_verdict {
    EDGE_GATE_PASS,
    EDGE_GATE_REFUSE, /**< Answer that it is too much. */
    EDGE_GATE_DROP    /**< Not a word. */
};

/** @param gate  Zeroed. @param limits  Each 1..1000000. */
void edge_gate_init(struct edge_gate *gate, const struct edge_gate_limits *limits);

/** One message. @param source  The address, well mixed. */
enum edge_gate_verdict edge_gate_decide(struct edge_gate *gate, uint64_t source, uint64_t now_us);

#endif
