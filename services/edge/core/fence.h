/**
 * @file fence.h  Which of a router's commands to obey: the channel's half of the contract.
 *
 * Commands carry (command id, interaction version, router epoch). A router that lost its lease has
 * a lower epoch and is refused. A command is obeyed once: a version below the last one came late
 * and is overtaken; at the last version, an id that was seen is a repeat (one commit may issue
 * several commands under one version). Pure.
 */
#ifndef EDGE_CORE_FENCE_H
#define EDGE_CORE_FENCE_H

#include <stdint.h>

#include "base/id.h"

/** Commands of one version that are told apart; a later one replaces the oldest. */
#define EDGE_FENCE_IDS 8

enum edge_fence_verdict { EDGE_FENCE_OBEY, EDGE_FENCE_REPEATED, EDGE_FENCE_STALE };

struct edge_command {
    struct td_command_id id;
    uint64_t version;
    uint64_t epoch;
};

/** All zero: nothing was seen. Fields are to be read only. */
struct edge_fence {
    uint64_t epoch;
    uint64_t version;
    uint32_t id_count; /* ever remembered at this version */
    struct td_command_id ids[EDGE_FENCE_IDS];
};

/** Decides, and remembers the command when it is to be obeyed. */
enum edge_fence_verdict edge_fence_pass(struct edge_fence *fence,
                                        const struct edge_command *command);

#endif
