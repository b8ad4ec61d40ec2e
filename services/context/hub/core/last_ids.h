/**
 * @file last_ids.h  Which event of a topic came before this one: what makes a gap visible.
 *
 * The hub stamps each event with its place in its stream and with the place of the event of the
 * same topic and partition that it published before. A subscriber that last saw another one has
 * missed something, and reads the stream. When the table is full an old topic's place is forgotten;
 * its next event then says "unknown" (0-0), as all do after a start of the hub.
 *
 * Pure, fixed size. A look-up probes at most HUB_LAST_IDS_PROBES slots.
 */
#ifndef HUB_CORE_LAST_IDS_H
#define HUB_CORE_LAST_IDS_H

#include <stdint.h>

#define HUB_LAST_IDS_SLOTS 16384 /* a power of two */
#define HUB_LAST_IDS_PROBES 8

struct hub_place {
    uint64_t unix_ms; /**< 0 with sequence 0: unknown. */
    uint64_t sequence;
};

/** Zeroed is empty. Private. */
struct hub_last_ids {
    struct {
        uint64_t key; /* hash of topic and partition; 0: free */
        struct hub_place place;
    } slots[HUB_LAST_IDS_SLOTS];
};

/** Records `place` as the last of the topic in that partition. @return The one before. */
struct hub_place hub_last_ids_swap(struct hub_last_ids *ids, const char *topic, uint32_t partition,
                                   struct hub_place place);

#endif
