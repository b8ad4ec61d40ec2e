/**
 * @file engine.h  Inside the routing engine. For the files of this folder only.
 *
 * Objects live in arrays and name each other by slot. Who may take an interaction is kept as bit
 * sets over agent slots: `ready` (and others) per engine, `eligible` per expression in use, built
 * when a step with it first comes into force and patched when an agent changes.
 *
 * An interaction that waits stands in one of two places:
 *   - in a *group*, all of one queue with one expression in force, sorted by rank. Every agent who
 *     may take one may take any, so only the first of each group has to be looked at;
 *   - among the *special* ones, which are looked at one by one: it insists on a preferred agent, or
 *     some agent may not be offered it just now.
 *
 * Who could have become pairable is marked and nothing else is searched: agents by `fresh` (a
 * subset of ready), interactions by the `dirty` list. At the end of a complete step both are empty,
 * and then no ready agent may take any waiting interaction.
 */
#ifndef TD_CORE_ROUTING_ENGINE_H
#define TD_CORE_ROUTING_ENGINE_H

#include "core/routing/routing.h"
#include "core/routing/table.h"

#define NONE TD_ROUTING_NONE
#define US_PER_MS UINT64_C(1000)
#define NEVER UINT64_MAX

struct agent {
    char name[TD_ROUTING_NAME_SIZE]; /* empty: the slot is free */
    bool removed; /* from the configuration; leaves when it has nothing to finish */
    bool imported;
    bool untold; /* changed by an import: an effect will name it in the next step */
    enum td_routing_agent_state state;
    enum td_routing_agent_state next;
    char reason[TD_ROUTING_NAME_SIZE];
    char next_reason[TD_ROUTING_NAME_SIZE];
    uint64_t since_unix_us;
    uint64_t until_unix_us;
    uint64_t idle_since_unix_us;
    uint32_t no_answers;
    uint32_t device_failures;
    uint32_t interaction; /* slot of what it was offered or talks on */
    struct td_interaction_id interaction_id;
    uint32_t queue; /* of that interaction, wrap-up included; counts as a user of it */
    uint32_t attribute_count;
    uint32_t names[TD_ROUTING_ATTRIBUTES_MAX];
};

struct queue {
    char name[TD_ROUTING_NAME_SIZE]; /* empty: the slot is free */
    bool closed;                     /* removed from the configuration */
    bool imported;
    uint32_t threshold_ms;
    uint32_t percent;
    int32_t priority;
    uint32_t ageing;
    uint32_t wrap_up_ms;
    uint32_t lease_ms;
    uint32_t max_wait_ms;
    uint32_t max_waiting;
    uint32_t handling_ms;
    enum td_routing_after_decline after_decline;
    uint32_t step_count;
    struct queue_step {
        char expression[TD_EXPR_LENGTH_MAX + 1];
        uint32_t insist_ms;
    } steps[TD_ROUTING_STEPS_MAX];
    char fit[TD_EXPR_LENGTH_MAX + 1];
    uint64_t offered;
    uint64_t answered;
    uint64_t answered_in_time;
    uint64_t abandoned;
    uint64_t abandoned_in_time;
    uint64_t overflowed;
    uint64_t handling_us; /* moving average of talk; 0: none yet */
    uint32_t waiting;
    uint32_t talking;
    uint32_t users; /* interactions and agents that name it */
    uint32_t first; /* of those waiting, in no order */
};

struct attempt {
    struct td_routing_attempt said;
    uint32_t agent; /* slot; NONE when that agent has been forgotten */
};

/* Where an interaction stands while it waits. */
enum place { PLACE_NOWHERE, PLACE_GROUP, PLACE_SPECIAL };

struct interaction {
    struct td_interaction_id id;
    bool in_use;
    bool untold; /* as an agent's */
    bool held;   /* td_routing_hold */
    enum td_routing_phase phase;
    uint32_t queue;
    int32_t value;
    uint64_t enqueued_at_unix_us;
    uint64_t entered_at_unix_us;
    uint64_t steps_from_unix_us;
    bool preferring;
    uint32_t preferred; /* agent */
    uint32_t step;
    uint32_t step_count; /* at least 1 */
    uint32_t expressions[TD_ROUTING_STEPS_MAX];
    uint32_t insist_ms[TD_ROUTING_STEPS_MAX];
    struct td_expr_fit fit;
    uint32_t offer_version;
    uint32_t agent;
    uint64_t offered_at_unix_us;
    uint64_t lease_until_unix_us;
    uint64_t accepted_at_unix_us;
    uint64_t connected_at_unix_us;
    uint32_t attempt_count;
    struct attempt attempts[TD_ROUTING_HISTORY_MAX];

    enum place place;
    uint32_t group;
    uint32_t before, after;              /* in its group */
    uint32_t special_at;                 /* in the list of special ones */
    uint32_t dirty_at;                   /* in the list of dirty ones; NONE: is not */
    uint32_t queue_previous, queue_next; /* among those waiting in its queue */
};

struct group {
    uint32_t queue;
    uint32_t expression;
    uint32_t first, last;
    uint32_t active_at; /* in the list of active groups */
    uint32_t next;      /* with the same expression, or free */
};

struct expression {
    struct td_expr program;
    uint64_t hash;
    uint32_t holders; /* 0: the slot is free */
    bool built;       /* `eligible` is valid */
    uint32_t groups;  /* the first one */
};

/* A list of slots in no order that names each place. */
struct slot_list {
    uint32_t *slots;
    uint32_t count;
};

/* Agents by slot. */
struct agent_set {
    uint64_t *words;
};

struct timers {
    uint32_t *heap;        /* timer numbers */
    uint32_t *at;          /* place of each timer in the heap; NONE: not running */
    uint64_t *due_unix_us; /* of each timer */
    uint32_t count;
};

struct td_routing {
    struct td_routing_limits limits;
    struct td_routing_settings settings;
    uint64_t now_unix_us;
    struct td_routing_effects *effects; /* only during a step */

    struct td_expr_symbols symbols;
    struct td_expr_table attributes; /* cells of all agents */
    int64_t *cells;                  /* the same, to write */

    struct td_routing_table agent_table;
    struct agent *agents;
    uint32_t state_counts[TD_ROUTING_AGENT_STATE_COUNT];
    struct agent_set ready, staffed, fresh;
    uint32_t fresh_from, fresh_to; /* words of `fresh` that may be set: from <= word < to */

    struct td_routing_table queue_table;
    struct queue *queues;

    struct td_routing_table interaction_table;
    struct interaction *interactions;
    struct slot_list special, dirty;

    struct td_routing_table expression_table;
    struct expression *expressions;
    uint64_t *eligible; /* by expression, then by word */
    uint32_t words;     /* of each agent set */
    struct td_expr parsed;

    struct group *groups;
    uint32_t group_used;
    uint32_t group_free;
    struct slot_list active_groups;

    struct timers timers; /* first the interactions', then the agents' */
};

/* --- sets --- */

static inline bool set_has(struct agent_set set, uint32_t agent)
{
    return (set.words[agent / 64] >> agent % 64 & 1U) != 0;
}

static inline void set_put(struct agent_set set, uint32_t agent, bool member)
{
    uint64_t bit = UINT64_C(1) << agent % 64;

    set.words[agent / 64] = member ? set.words[agent / 64] | bit : set.words[agent / 64] & ~bit;
}

/** Words that can have members: those of agent slots ever used. */
static inline uint32_t words_used(const struct td_routing *routing)
{
    return (routing->agent_table.used + 63) / 64;
}

static inline struct agent_set eligible_set(const struct td_routing *routing, uint32_t expression)
{
    return (struct agent_set){routing->eligible + (size_t)expression * routing->words};
}

#endif
