#include <string.h>

#include "core/routing/parts.h"

/*
 * A binary heap that knows where each timer is, so that one can be moved or stopped. Timers that
 * are due together go by the ids of their owners, not by slots: a standby has other slots.
 */

static bool is_interaction(const struct td_routing *routing, uint32_t timer)
{
    return timer < routing->limits.interactions;
}

static bool owner_before(const struct td_routing *routing, uint32_t a, uint32_t b)
{
    uint32_t first_agent = routing->limits.interactions;

    if (is_interaction(routing, a) != is_interaction(routing, b))
        return is_interaction(routing, a);
    if (is_interaction(routing, a))
        return td_id_compare(routing->interactions[a].id.id, routing->interactions[b].id.id) < 0;
    return strcmp(routing->agents[a - first_agent].name, routing->agents[b - first_agent].name) < 0;
}

static bool before(const struct td_routing *routing, uint32_t a, uint32_t b)
{
    const uint64_t *due = routing->timers.due_unix_us;

    return due[a] != due[b] ? due[a] < due[b] : owner_before(routing, a, b);
}

static void put_at(struct timers *timers, uint32_t at, uint32_t timer)
{
    timers->heap[at] = timer;
    timers->at[timer] = at;
}

static void sift_up(struct td_routing *routing, uint32_t at)
{
    struct timers *timers = &routing->timers;
    uint32_t timer = timers->heap[at];

    while (at > 0 && before(routing, timer, timers->heap[(at - 1) / 2])) {
        put_at(timers, at, timers->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put_at(timers, at, timer);
}

static void sift_down(struct td_routing *routing, uint32_t at)
{
    struct timers *timers = &routing->timers;
    uint32_t timer = timers->heap[at];

    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count &&
            before(routing, timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!before(routing, timers->heap[child], timer))
            break;
        put_at(timers, at, timers->heap[child]);
        at = child;
    }
    put_at(timers, at, timer);
}

static void stop(struct td_routing *routing, uint32_t timer)
{
    struct timers *timers = &routing->timers;
    uint32_t at = timers->at[timer];

    timers->at[timer] = NONE;
    timers->count--;
    if (at == timers->count)
        return;
    put_at(timers, at, timers->heap[timers->count]);
    sift_down(routing, at);
    sift_up(routing, at);
}

static void set_timer(struct td_routing *routing, uint32_t timer, uint64_t due_unix_us)
{
    struct timers *timers = &routing->timers;

    if (due_unix_us == NEVER) {
        if (timers->at[timer] != NONE)
            stop(routing, timer);
        return;
    }
    timers->due_unix_us[timer] = due_unix_us;
    if (timers->at[timer] == NONE)
        put_at(timers, timers->count++, timer);
    sift_up(routing, timers->at[timer]);
    sift_down(routing, timers->at[timer]);
}

void td_routing_set_interaction_timer(struct td_routing *routing, uint32_t slot,
                                      uint64_t due_unix_us)
{
    set_timer(routing, slot, due_unix_us);
}

void td_routing_set_agent_timer(struct td_routing *routing, uint32_t slot, uint64_t due_unix_us)
{
    set_timer(routing, routing->limits.interactions + slot, due_unix_us);
}

uint64_t td_routing_next_due(const struct td_routing *routing)
{
    const struct timers *timers = &routing->timers;

    return timers->count == 0 ? NEVER : timers->due_unix_us[timers->heap[0]];
}

bool td_routing_first_timer(const struct td_routing *routing, uint32_t *slot)
{
    uint32_t timer = routing->timers.heap[0];
    bool interaction = is_interaction(routing, timer);

    *slot = interaction ? timer : timer - routing->limits.interactions;
    return interaction;
}
