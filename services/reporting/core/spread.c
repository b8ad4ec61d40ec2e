#include "reporting/core/spread.h"

#define LINEAR 16 /* slots of the first 16 ms, and of each power of two behind them */
#define MOST_MS ((UINT64_C(1) << 28) - 1)

static uint32_t slot_of(uint64_t value_ms)
{
    uint32_t shift = 0;

    if (value_ms > MOST_MS)
        value_ms = MOST_MS;
    while (value_ms >> shift >= 2 * LINEAR)
        shift++;
    return value_ms < LINEAR ? (uint32_t)value_ms : LINEAR * shift + (uint32_t)(value_ms >> shift);
}

/* The largest value of a slot. */
static uint64_t end_of(uint32_t slot)
{
    if (slot < 2 * LINEAR)
        return slot;
    uint32_t shift = slot / LINEAR - 1;

    return ((uint64_t)(slot - LINEAR * shift + 1) << shift) - 1;
}

void spread_add(struct spread *spread, uint64_t value_ms)
{
    spread->slots[slot_of(value_ms)]++;
    spread->count++;
}

uint64_t spread_permille(const struct spread *spread, uint32_t permille)
{
    uint64_t wanted = (spread->count * permille + 999) / 1000;
    uint64_t seen = 0;

    for (uint32_t slot = 0; slot < SPREAD_SLOTS && spread->count > 0; slot++) {
        seen += spread->slots[slot];
        if (seen >= wanted && seen > 0)
            return end_of(slot);
    }
    return 0;
}
