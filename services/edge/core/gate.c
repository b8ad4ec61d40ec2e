#include "edge/core/gate.h"

#define US_PER_S UINT64_C(1000000)
/** All have one bucket. */
#define ALL 0

void edge_gate_init(struct edge_gate *gate, const struct edge_gate_limits *limits)
{
    edge_buckets_init(&gate->sources, gate->source_places, EDGE_GATE_SOURCES,
                      US_PER_S / limits->source_per_s, limits->source_burst);
    edge_buckets_init(&gate->refusals, gate->refusal_places, EDGE_GATE_SOURCES, US_PER_S, 1);
    edge_buckets_init(&gate->all, gate->all_places, EDGE_BUCKETS_WAYS, US_PER_S / limits->all_per_s,
                      2 * limits->all_per_s);
}

enum edge_gate_verdict edge_gate_decide(struct edge_gate *gate, uint64_t source, uint64_t now_us)
{
    // Its own first: one address that says too much uses up nothing of the others.
    if (!edge_buckets_take(&gate->sources, source, now_us))
        return edge_buckets_take(&gate->refusals, source, now_us) ? EDGE_GATE_REFUSE
                                                                  : EDGE_GATE_DROP;
    return edge_buckets_take(&gate->all, ALL, now_us) ? EDGE_GATE_PASS : EDGE_GATE_DROP;
}
