#include <assert.h>

#include "core/routing/parts.h"

/* Points are counted in thousand millionths: exactly what ageing adds in a microsecond. */
#define UNITS_PER_POINT INT64_C(1000000000)
/* Ageing ends after some two years; keeps ranks within 64 bits. */
#define AGEING_MAX_US (UINT64_C(1) << 46)

#define POINTS_MAX (4 * (int64_t)TD_ROUTING_POINTS_MAX)

static_assert(TD_ROUTING_AGEING_MAX <= (INT64_MAX - POINTS_MAX * UNITS_PER_POINT) >> 46,
              "a rank fits 64 bits");

static int64_t rank(const struct td_routing *routing, const struct interaction *interaction)
{
    const struct queue *queue = &routing->queues[interaction->queue];
    uint64_t waited_us = 0;

    if (routing->now_unix_us > interaction->enqueued_at_unix_us)
        waited_us = routing->now_unix_us - interaction->enqueued_at_unix_us;
    if (waited_us > AGEING_MAX_US)
        waited_us = AGEING_MAX_US;
    return ((int64_t)queue->priority + interaction->value) * UNITS_PER_POINT +
           (int64_t)(waited_us * queue->ageing);
}

bool td_routing_ranks_before(const struct td_routing *routing, const struct interaction *a,
                             const struct interaction *b)
{
    int64_t rank_a = rank(routing, a);
    int64_t rank_b = rank(routing, b);

    if (rank_a != rank_b)
        return rank_a > rank_b;
    if (a->enqueued_at_unix_us != b->enqueued_at_unix_us)
        return a->enqueued_at_unix_us < b->enqueued_at_unix_us;
    return td_id_compare(a->id.id, b->id.id) < 0;
}

/* --- groups --- */

static uint32_t take_group(struct td_routing *routing, uint32_t queue, uint32_t expression)
{
    uint32_t slot = routing->group_free;

    // There are as many groups as interactions, and no group is empty: one is always left.
    if (slot != NONE)
        routing->group_free = routing->groups[slot].next;
    else
        slot = routing->group_used++;
    routing->groups[slot] = (struct group){
        .queue = queue,
        .expression = expression,
        .first = NONE,
        .last = NONE,
        .active_at = routing->active_groups.count,
        .next = routing->expressions[expression].groups,
    };
    routing->expressions[expression].groups = slot;
    routing->active_groups.slots[routing->active_groups.count++] = slot;
    return slot;
}

static uint32_t group_for(struct td_routing *routing, uint32_t queue, uint32_t expression)
{
    uint32_t slot = routing->expressions[expression].groups;

    while (slot != NONE && routing->groups[slot].queue != queue)
        slot = routing->groups[slot].next;
    return slot != NONE ? slot : take_group(routing, queue, expression);
}

static void give_group(struct td_routing *routing, uint32_t slot)
{
    struct group *group = &routing->groups[slot];
    struct slot_list *active = &routing->active_groups;
    uint32_t *link = &routing->expressions[group->expression].groups;

    while (*link != slot)
        link = &routing->groups[*link].next;
    *link = group->next;
    uint32_t last = active->slots[--active->count];
    active->slots[group->active_at] = last;
    routing->groups[last].active_at = group->active_at;
    group->next = routing->group_free;
    routing->group_free = slot;
}

/* The last one that comes before `interaction`; NONE when it comes first. Looks from both ends: who
   arrives belongs near the end, who comes back from an offer near the beginning. */
static uint32_t find_before(const struct td_routing *routing, const struct group *group,
                            const struct interaction *interaction)
{
    const struct interaction *all = routing->interactions;
    uint32_t head = group->first;
    uint32_t tail = group->last;

    while (tail != NONE) {
        if (td_routing_ranks_before(routing, &all[tail], interaction))
            return tail;
        if (td_routing_ranks_before(routing, interaction, &all[head]))
            return all[head].before;
        tail = all[tail].before;
        head = all[head].after;
    }
    return NONE;
}

static void enter_group(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];
    uint32_t expression = interaction->expressions[interaction->step];

    interaction->place = PLACE_GROUP;
    interaction->group = group_for(routing, interaction->queue, expression);
    struct group *group = &routing->groups[interaction->group];
    interaction->before = find_before(routing, group, interaction);
    uint32_t *link = interaction->before == NONE
                         ? &group->first
                         : &routing->interactions[interaction->before].after;
    interaction->after = *link;
    *link = slot;
    if (interaction->after == NONE)
        group->last = slot;
    else
        routing->interactions[interaction->after].before = slot;
}

static void leave_group(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];
    struct group *group = &routing->groups[interaction->group];

    if (interaction->before == NONE)
        group->first = interaction->after;
    else
        routing->interactions[interaction->before].after = interaction->after;
    if (interaction->after == NONE)
        group->last = interaction->before;
    else
        routing->interactions[interaction->after].before = interaction->before;
    if (group->first == NONE)
        give_group(routing, interaction->group);
}

/* --- special ones and dirty ones --- */

static void enter_special(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];

    interaction->place = PLACE_SPECIAL;
    interaction->special_at = routing->special.count;
    routing->special.slots[routing->special.count++] = slot;
}

static void leave_special(struct td_routing *routing, uint32_t slot)
{
    uint32_t at = routing->interactions[slot].special_at;
    uint32_t last = routing->special.slots[--routing->special.count];

    routing->special.slots[at] = last;
    routing->interactions[last].special_at = at;
}

void td_routing_set_dirty(struct td_routing *routing, uint32_t slot, bool dirty)
{
    struct slot_list *list = &routing->dirty;
    struct interaction *interaction = &routing->interactions[slot];

    if (dirty == (interaction->dirty_at != NONE))
        return;
    if (dirty) {
        interaction->dirty_at = list->count;
        list->slots[list->count++] = slot;
        return;
    }
    uint32_t last = list->slots[--list->count];
    list->slots[interaction->dirty_at] = last;
    routing->interactions[last].dirty_at = interaction->dirty_at;
    interaction->dirty_at = NONE;
}

/* --- places and times --- */

bool td_routing_is_excluded(const struct td_routing *routing, const struct interaction *interaction,
                            uint32_t agent)
{
    for (uint32_t i = 0; i < interaction->attempt_count; i++) {
        const struct attempt *attempt = &interaction->attempts[i];
        if (attempt->agent == agent &&
            attempt->said.not_again_before_unix_us > routing->now_unix_us)
            return true;
    }
    return false;
}

/* When the next agent may be offered it again; NEVER when there is none to wait for. */
static uint64_t next_exclusion_end(const struct td_routing *routing,
                                   const struct interaction *interaction)
{
    uint64_t end = NEVER;

    for (uint32_t i = 0; i < interaction->attempt_count; i++) {
        uint64_t until = interaction->attempts[i].said.not_again_before_unix_us;
        if (until > routing->now_unix_us && until < end)
            end = until;
    }
    return end;
}

static uint64_t step_end(const struct interaction *interaction)
{
    uint64_t end = interaction->steps_from_unix_us;

    if (interaction->preferring)
        return end;
    if (interaction->step + 1 == interaction->step_count)
        return NEVER;
    for (uint32_t i = 0; i <= interaction->step; i++)
        end += interaction->insist_ms[i] * US_PER_MS;
    return end;
}

uint64_t td_routing_waiting_due(const struct td_routing *routing,
                                const struct interaction *interaction)
{
    const struct queue *queue = &routing->queues[interaction->queue];
    uint64_t due = step_end(interaction);
    uint64_t again = next_exclusion_end(routing, interaction);

    if (again < due)
        due = again;
    if (queue->max_wait_ms > 0) {
        uint64_t overflow = interaction->entered_at_unix_us + queue->max_wait_ms * US_PER_MS;
        due = overflow < due ? overflow : due;
    }
    return interaction->untold ? 0 : due;
}

bool td_routing_advance(struct td_routing *routing, struct interaction *interaction)
{
    bool changed = false;

    while (step_end(interaction) <= routing->now_unix_us) {
        changed = true;
        if (!interaction->preferring)
            interaction->step++;
        interaction->preferring = false;
        interaction->preferred = NONE;
    }
    return changed;
}

void td_routing_place(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];

    assert(interaction->place == PLACE_NOWHERE);
    td_routing_build_expression(routing, interaction->expressions[interaction->step]);
    if (interaction->preferring || interaction->held ||
        next_exclusion_end(routing, interaction) != NEVER)
        enter_special(routing, slot);
    else
        enter_group(routing, slot);
    td_routing_set_dirty(routing, slot, true);
    td_routing_set_interaction_timer(routing, slot, td_routing_waiting_due(routing, interaction));
}

void td_routing_unplace(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];

    if (interaction->place == PLACE_GROUP)
        leave_group(routing, slot);
    else if (interaction->place == PLACE_SPECIAL)
        leave_special(routing, slot);
    interaction->place = PLACE_NOWHERE;
    td_routing_set_dirty(routing, slot, false);
}
