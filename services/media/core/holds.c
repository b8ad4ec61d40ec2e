#include "media/core/holds.h"

void media_holds_set(struct media_holds *holds, bool held, uint64_t at_ns)
{
    if (held == holds->open)
        return;
    holds->open = held;
    if (held) {
        holds->open_from_ns = at_ns;
        return;
    }
    if (holds->count == MEDIA_HOLDS_MAX)
        return;
    holds->items[holds->count++] = (struct media_hold){
        .from_ns = holds->open_from_ns,
        .duration_ns = at_ns > holds->open_from_ns ? at_ns - holds->open_from_ns : 0,
    };
}
