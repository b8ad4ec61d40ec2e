#include <string.h>

#include "base/str.h"
#include "core/routing/parts.h"

/* The two best agents for an interaction. */
struct choice {
    uint32_t best, second;
    int64_t best_fit, second_fit;
    uint32_t candidates;
};

/* --- which interaction comes first --- */

static bool meets_one_of(const struct td_routing *routing, uint32_t expression,
                         struct agent_set agents, uint32_t from, uint32_t to)
{
    struct agent_set eligible = eligible_set(routing, expression);

    for (uint32_t word = from; word < to; word++) {
        if ((agents.words[word] & eligible.words[word]) != 0)
            return true;
    }
    return false;
}

/* As above, for one that stands among the special ones. */
static bool special_meets_one_of(const struct td_routing *routing,
                                 const struct interaction *interaction, struct agent_set agents,
                                 uint32_t from, uint32_t to)
{
    uint32_t preferred = interaction->preferred;

    if (interaction->held)
        return false;
    if (interaction->preferring)
        return preferred != NONE && set_has(agents, preferred) &&
               !td_routing_is_excluded(routing, interaction, preferred);

    struct agent_set eligible = eligible_set(routing, interaction->expressions[interaction->step]);
    for (uint32_t word = from; word < to; word++) {
        uint64_t bits = agents.words[word] & eligible.words[word];
        for (; bits != 0; bits &= bits - 1) {
            uint32_t agent = 64 * word + (uint32_t)__builtin_ctzll(bits);
            if (!td_routing_is_excluded(routing, interaction, agent))
                return true;
        }
    }
    return false;
}

static bool can_be_served(const struct td_routing *routing, uint32_t slot)
{
    const struct interaction *interaction = &routing->interactions[slot];
    uint32_t to = words_used(routing);

    if (interaction->place == PLACE_SPECIAL)
        return special_meets_one_of(routing, interaction, routing->ready, 0, to);
    return meets_one_of(routing, interaction->expressions[interaction->step], routing->ready, 0,
                        to);
}

static void keep_first(const struct td_routing *routing, uint32_t slot, uint32_t *first)
{
    const struct interaction *all = routing->interactions;

    if (*first == NONE || td_routing_ranks_before(routing, &all[slot], &all[*first]))
        *first = slot;
}

/* Those who cannot be served leave the list: within a step agents only become fewer. */
static uint32_t first_of_dirty(struct td_routing *routing)
{
    uint32_t first = NONE;

    for (uint32_t i = routing->dirty.count; i > 0; i--) {
        uint32_t slot = routing->dirty.slots[i - 1];
        if (can_be_served(routing, slot))
            keep_first(routing, slot, &first);
        else
            td_routing_set_dirty(routing, slot, false);
    }
    return first;
}

static bool is_any_fresh(const struct td_routing *routing)
{
    for (uint32_t word = routing->fresh_from; word < routing->fresh_to; word++) {
        if (routing->fresh.words[word] != 0)
            return true;
    }
    return false;
}

static void first_for_fresh(const struct td_routing *routing, uint32_t *first)
{
    uint32_t from = routing->fresh_from;
    uint32_t to = routing->fresh_to;

    for (uint32_t i = 0; i < routing->active_groups.count; i++) {
        const struct group *group = &routing->groups[routing->active_groups.slots[i]];
        if (meets_one_of(routing, group->expression, routing->fresh, from, to))
            keep_first(routing, group->first, first);
    }
    for (uint32_t i = 0; i < routing->special.count; i++) {
        uint32_t slot = routing->special.slots[i];
        if (special_meets_one_of(routing, &routing->interactions[slot], routing->fresh, from, to))
            keep_first(routing, slot, first);
    }
}

static void end_freshness(struct td_routing *routing)
{
    for (uint32_t word = routing->fresh_from; word < routing->fresh_to; word++)
        routing->fresh.words[word] = 0;
    routing->fresh_from = routing->words;
    routing->fresh_to = 0;
}

/* --- which agent is best --- */

static bool is_better(const struct td_routing *routing, uint32_t a, int64_t fit_a, uint32_t b,
                      int64_t fit_b)
{
    const struct agent *all = routing->agents;

    if (fit_a != fit_b)
        return fit_a > fit_b;
    if (all[a].idle_since_unix_us != all[b].idle_since_unix_us)
        return all[a].idle_since_unix_us < all[b].idle_since_unix_us;
    return strcmp(all[a].name, all[b].name) < 0;
}

static void consider(const struct td_routing *routing, const struct interaction *interaction,
                     uint32_t agent, struct choice *choice)
{
    int64_t fit = td_expr_fit_value(&interaction->fit, &routing->attributes, agent);

    if (td_routing_is_excluded(routing, interaction, agent))
        return;
    choice->candidates++;
    if (choice->best == NONE || is_better(routing, agent, fit, choice->best, choice->best_fit)) {
        choice->second = choice->best;
        choice->second_fit = choice->best_fit;
        choice->best = agent;
        choice->best_fit = fit;
    } else if (choice->second == NONE ||
               is_better(routing, agent, fit, choice->second, choice->second_fit)) {
        choice->second = agent;
        choice->second_fit = fit;
    }
}

static struct choice choose(const struct td_routing *routing, const struct interaction *interaction)
{
    struct choice choice = {.best = NONE, .second = NONE};

    if (interaction->preferring) {
        consider(routing, interaction, interaction->preferred, &choice);
        return choice;
    }
    struct agent_set eligible = eligible_set(routing, interaction->expressions[interaction->step]);
    for (uint32_t word = 0; word < words_used(routing); word++) {
        uint64_t bits = routing->ready.words[word] & eligible.words[word];
        for (; bits != 0; bits &= bits - 1)
            consider(routing, interaction, 64 * word + (uint32_t)__builtin_ctzll(bits), &choice);
    }
    return choice;
}

/* --- the offer --- */

static uint64_t idle_us(const struct td_routing *routing, uint32_t agent)
{
    return routing->now_unix_us - routing->agents[agent].idle_since_unix_us;
}

static void describe_second(const struct td_routing *routing, const struct choice *choice,
                            struct td_routing_decision *decision)
{
    if (choice->second == NONE)
        return;
    td_str_clip(decision->second_agent, sizeof(decision->second_agent),
                routing->agents[choice->second].name);
    decision->second_fit = choice->second_fit;
    decision->second_idle_us = idle_us(routing, choice->second);
    if (choice->second_fit != choice->best_fit)
        decision->second = TD_ROUTING_SECOND_LESS_FIT;
    else if (decision->second_idle_us != decision->idle_us)
        decision->second = TD_ROUTING_SECOND_LESS_IDLE;
    else
        decision->second = TD_ROUTING_SECOND_BY_NAME;
}

static void describe(const struct td_routing *routing, const struct interaction *interaction,
                     const struct choice *choice, struct td_routing_effect *effect)
{
    struct td_routing_decision *decision = &effect->decision;

    decision->preferred = interaction->preferring;
    decision->step = interaction->step;
    decision->step_count = interaction->step_count;
    decision->candidates = choice->candidates;
    decision->waiting = routing->queues[interaction->queue].waiting;
    decision->wait_us = effect->wait_us;
    decision->fit = choice->best_fit;
    decision->idle_us = idle_us(routing, choice->best);
    describe_second(routing, choice, decision);
    decision->attempt_count = interaction->attempt_count;
    for (uint32_t i = 0; i < interaction->attempt_count; i++)
        decision->attempts[i] = interaction->attempts[i].said;
}

static void offer(struct td_routing *routing, uint32_t slot)
{
    struct interaction *interaction = &routing->interactions[slot];
    struct choice choice = choose(routing, interaction);

    td_routing_unplace(routing, slot);
    interaction->phase = TD_ROUTING_PHASE_OFFERED;
    interaction->agent = choice.best;
    interaction->offer_version++;
    interaction->offered_at_unix_us = routing->now_unix_us;
    interaction->lease_until_unix_us =
        routing->now_unix_us + routing->queues[interaction->queue].lease_ms * US_PER_MS;
    td_routing_set_interaction_timer(routing, slot, interaction->lease_until_unix_us);

    struct td_routing_effect *effect =
        td_routing_emit_interaction(routing, TD_ROUTING_OFFER, interaction);
    effect->until_unix_us = interaction->lease_until_unix_us;
    describe(routing, interaction, &choice, effect);
    td_routing_agent_offered(routing, choice.best, slot);
}

bool td_routing_match(struct td_routing *routing)
{
    uint32_t first = first_of_dirty(routing);

    if (is_any_fresh(routing))
        first_for_fresh(routing, &first);
    if (first == NONE) {
        end_freshness(routing);
        return false;
    }
    offer(routing, first);
    return true;
}
