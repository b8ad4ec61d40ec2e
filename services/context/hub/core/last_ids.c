#include "context/hub/core/last_ids.h"

#include <string.h>

#include "base/str.h"

/* Two topics with the same 64-bit hash would only show each other gaps that are none. */
static uint64_t key_of(const char *topic, uint32_t partition)
{
    uint64_t hash = td_str_hash(topic, strlen(topic)) * 31 + partition;

    return hash != 0 ? hash : 1;
}

struct hub_place hub_last_ids_swap(struct hub_last_ids *ids, const char *topic, uint32_t partition,
                                   struct hub_place place)
{
    uint64_t key = key_of(topic, partition);
    size_t oldest = key % HUB_LAST_IDS_SLOTS;

    for (size_t i = 0; i < HUB_LAST_IDS_PROBES; i++) {
        size_t slot = (key + i) % HUB_LAST_IDS_SLOTS;

        if (ids->slots[slot].key == key) {
            struct hub_place previous = ids->slots[slot].place;
            ids->slots[slot].place = place;
            return previous;
        }
        if (ids->slots[slot].key == 0) {
            oldest = slot;
            break;
        }
        if (ids->slots[slot].place.unix_ms < ids->slots[oldest].place.unix_ms)
            oldest = slot;
    }
    ids->slots[oldest].key = key;
    ids->slots[oldest].place = place;
    return (struct hub_place){0, 0};
}
