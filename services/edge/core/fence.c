#include "edge/core/fence.h"

#include <stdbool.h>

static bool seen(const struct edge_fence *fence, struct td_command_id id)
{
    uint32_t kept = fence->id_count < EDGE_FENCE_IDS ? fence->id_count : EDGE_FENCE_IDS;

    for (uint32_t i = 0; i < kept; i++) {
        if (td_id_equal(fence->ids[i].id, id.id))
            return true;
    }
    return false;
}

enum edge_fence_verdict edge_fence_pass(struct edge_fence *fence,
                                        const struct edge_command *command)
{
    if (command->epoch < fence->epoch)
        return EDGE_FENCE_STALE;
    fence->epoch = command->epoch;

    if (command->version < fence->version)
        return EDGE_FENCE_REPEATED;
    if (command->version > fence->version) {
        fence->version = command->version;
        fence->id_count = 0;
    } else if (seen(fence, command->id)) {
        return EDGE_FENCE_REPEATED;
    }
    fence->ids[fence->id_count++ % EDGE_FENCE_IDS] = command->id;
    return EDGE_FENCE_OBEY;
}
