/**
 * @file routing.h  Pairs interactions with agents: the engine of one tenant.
 *
 * Model. An interaction waits in a queue with a requirement: first, perhaps, for one preferred
 * agent, then for anybody who meets its step in force. The rule that everything follows from:
 *
 *     After each event, in order of rank, each waiting interaction for which there is a ready agent
 *     takes the best of them, until nobody who waits can be served.
 *
 *   - *Rank*: queue priority + value + ageing * wait, highest first; then the earliest enqueued;
 * then the smaller id. Integers; a total order.
 *   - *Best*: highest fit; then idle the longest; then the smaller name (by bytes).
 *   - Who was offered an interaction and did not take it is not offered it again for
 * retry_after_ms.
 *
 * A pairing is an *offer* with a version and a lease. Accepted: the first answer with the version
 * in force wins. Declined, failed, not answered within the lease: the interaction is back in its
 * old place (with its old enqueue time). Its steps go on meanwhile.
 *
 * Counting per queue, at any moment: offered = answered + abandoned + overflowed + waiting, where
 * one being offered or not yet connected counts as waiting.
 *
 * Pure: one block of the caller's; no clock, heap, I/O or log. The same calls give the same effects
 * on every machine. Time may repeat; a step back counts as no step. Threads: one engine belongs to
 * one event loop.
 *
 * Complexity, with A agents, W waiting, G <= W different (queue, step in force) among them: arrival
 * O(A/64 + ready and eligible); an agent becoming ready O(G); timers O(log); the first use of an
 * expression and a change of an agent O(A * nodes / 64) and O(expressions). No work is proportional
 * to A * W. Capacity of an agent is one interaction at a time; more channels will be a field of the
 * arrival and of the agent, not another engine.
 */
#ifndef TD_CORE_ROUTING_ROUTING_H
#define TD_CORE_ROUTING_ROUTING_H

#include "core/routing/config.h"
#include "core/routing/effect.h"
#include "core/routing/event.h"
#include "core/routing/record.h"

struct td_routing;

/* --- life --- */

/** Bytes of the block that an engine with these capacities takes; 0 when one is out of bounds. */
size_t td_routing_size(const struct td_routing_limits *limits);

/**
 * Starts without agents, queues and interactions.
 *
 * @param block     Kept; td_routing_size(limits) bytes, aligned for max_align_t, need not be
 * zeroed. Much of it is touched only when used: map it rather than fill it.
 * @param settings  Borrowed.
 * @return TD_OK, or TD_ERR_RANGE when a limit or setting is out of bounds.
 */
enum td_err TD_MUST_CHECK td_routing_init(void *block, const struct td_routing_limits *limits,
                                          const struct td_routing_settings *settings,
                                          struct td_routing **routing);

/* --- configuration, at any time ---
 *
 * Each of these changes all or nothing. What follows from it (somebody may suit now) happens in the
 * next td_routing_step, for which td_routing_wake_at_unix_us asks at once. */

/**
 * Adds an agent (logged out) or changes one's attributes; the state is kept. An interaction the
 * agent has is not taken away, whatever its attributes are now.
 *
 * @param problem  Written unless TD_OK; may be NULL. Likewise below.
 * @return TD_OK, TD_ERR_RANGE, TD_ERR_SYNTAX (a name), TD_ERR_LIMIT.
 */
enum td_err TD_MUST_CHECK td_routing_put_agent(struct td_routing *routing,
                                               const struct td_routing_agent_config *config,
                                               struct td_routing_problem *problem);

/** Forgets an agent; one who has an offer or an interaction finishes it first and leaves then,
   without wrap-up. TD_ERR_NOT_FOUND: no such agent. */
enum td_err td_routing_remove_agent(struct td_routing *routing, const char *name);

/**
 * Adds or changes a queue. Interactions that are in it keep their requirement; all else applies to
 * them too from now on, but for leases and wrap-ups that are running.
 *
 * @return TD_OK, TD_ERR_RANGE, TD_ERR_SYNTAX, TD_ERR_LIMIT.
 */
enum td_err TD_MUST_CHECK td_routing_put_queue(struct td_routing *routing,
                                               const struct td_routing_queue_config *config,
                                               struct td_routing_problem *problem);

/** Closes a queue for arrivals and forgets it when its last interaction has gone. TD_ERR_NOT_FOUND.
 */
enum td_err td_routing_remove_queue(struct td_routing *routing, const char *name);

/* --- running --- */

/**
 * Takes one event and whatever is due; never fails, since every event has a defined answer.
 *
 * @param event    Borrowed; NULL: only time has passed.
 * @param effects  Overwritten. The event itself is always taken; when the effects are full, the
 * rest of what is due waits for the next step, for which td_routing_wake_at_unix_us asks at once.
 */
void td_routing_step(struct td_routing *routing, const struct td_routing_event *event,
                     uint64_t now_unix_us, struct td_routing_effects *effects);

/** When to step again without an event; 0 if at once, UINT64_MAX if never. */
uint64_t td_routing_wake_at_unix_us(const struct td_routing *routing);

/* --- asking --- */

/** Where a waiting interaction stands; for the wait dialog. */
struct td_routing_place {
    uint32_t position; /**< In its queue, from 1, those being offered included. */
    uint32_t waiting;  /**< In its queue. */
    uint32_t staffed;  /**< Agents logged in and not "not ready" who meet its step in force. */
    /** position * handling / staffed: how long until that many of them become free. `handling` is
       the average talk in this queue (moved by 1/16 with each) plus its wrap-up; handling_ms before
       the first. UINT64_MAX when staffed is 0. Takes no account of what else those agents serve. */
    uint64_t expected_wait_us;
};

/** O(W + A/64). TD_ERR_NOT_FOUND when it is unknown or talks already. */
enum td_err TD_MUST_CHECK td_routing_find_place(const struct td_routing *routing,
                                                struct td_interaction_id id, uint64_t now_unix_us,
                                                struct td_routing_place *place);

/**
 * Whether anybody is logged in, ready or not, who could be offered it: the one it prefers, or who
 * meets its step in force or a later one. O(steps * A), mostly O(steps * A/64). False also when it
 * is unknown.
 */
bool td_routing_has_agent(struct td_routing *routing, struct td_interaction_id id);

/** Counters of a queue; service level = answered_in_time / (answered + abandoned -
 * abandoned_in_time). */
struct td_routing_queue_counts {
    uint64_t offered;
    uint64_t answered;
    uint64_t answered_in_time;
    uint64_t abandoned;
    uint64_t abandoned_in_time;
    uint64_t overflowed;
    uint32_t waiting;
    uint32_t talking;
    uint64_t oldest_enqueued_at_unix_us; /**< Of those waiting; 0: nobody waits. */
    uint32_t threshold_ms;
    uint32_t percent;
};

/** O(W of the queue). TD_ERR_NOT_FOUND: no such queue. */
enum td_err TD_MUST_CHECK td_routing_count_queue(const struct td_routing *routing, const char *name,
                                                 struct td_routing_queue_counts *counts);

/** How many agents are in each state. O(1). */
void td_routing_count_agents(const struct td_routing *routing,
                             uint32_t counts[TD_ROUTING_AGENT_STATE_COUNT]);

/**
 * Writes a step of an interaction's requirement in canonical form, references replaced.
 *
 * @param text  TD_EXPR_LENGTH_MAX + 1 bytes suffice.
 * @return The length; 0 when there is no such interaction or step, or `size` does not suffice.
 */
size_t td_routing_print_step(const struct td_routing *routing, struct td_interaction_id id,
                             uint32_t step, char *text, size_t size);

/* Lists: start with *cursor = 0; false at the end. Names as in the records; O(1) amortised.
   Removing what was just returned is allowed meanwhile, adding is not. */
bool td_routing_next_interaction(const struct td_routing *routing, uint32_t *cursor,
                                 struct td_interaction_id *id);
bool td_routing_next_agent(const struct td_routing *routing, uint32_t *cursor, const char **name);
bool td_routing_next_queue(const struct td_routing *routing, uint32_t *cursor, const char **name);

/* --- records --- */

/** TD_ERR_NOT_FOUND: it is gone; delete its record. Likewise below. */
enum td_err TD_MUST_CHECK
td_routing_export_interaction(const struct td_routing *routing, struct td_interaction_id id,
                              struct td_routing_interaction_record *record);
enum td_err TD_MUST_CHECK td_routing_export_agent(const struct td_routing *routing,
                                                  const char *name,
                                                  struct td_routing_agent_record *record);
enum td_err TD_MUST_CHECK td_routing_export_queue(const struct td_routing *routing,
                                                  const char *name,
                                                  struct td_routing_queue_record *record);

/**
 * Take records into an engine that has its configuration and was not stepped yet. What the
 * configuration no longer has (a queue, an agent) is kept as if removed while in use. An agent's
 * record that finds nobody and is not in use is dropped.
 *
 * @return TD_OK, TD_ERR_EXISTS (imported twice), TD_ERR_LIMIT, TD_ERR_SYNTAX (an expression),
 *         TD_ERR_RANGE (a number, an unknown enum value). Then nothing was taken.
 */
enum td_err TD_MUST_CHECK td_routing_import_interaction(
    struct td_routing *routing, const struct td_routing_interaction_record *record);
enum td_err TD_MUST_CHECK td_routing_import_agent(struct td_routing *routing,
                                                  const struct td_routing_agent_record *record);
enum td_err TD_MUST_CHECK td_routing_import_queue(struct td_routing *routing,
                                                  const struct td_routing_queue_record *record);

/**
 * Ends the import: makes agents and interactions agree. Interactions are believed: an agent who is
 * said to have one that is not there becomes ready (or what `next` says); of two interactions that
 * name the same agent the one further on keeps it, the other one waits again.
 */
void td_routing_import_end(struct td_routing *routing, uint64_t now_unix_us);

/**
 * Lets an interaction go on under another id, in every phase, without a word: so that its customer
 * may be given to somebody else while the agent stays busy with what is left of it. What agents are
 * said to have keeps the former id until they change. TD_ERR_NOT_FOUND: no such interaction;
 * TD_ERR_EXISTS: there is one of the new id.
 */
enum td_err td_routing_rename(struct td_routing *routing, struct td_interaction_id from,
                              struct td_interaction_id to);

/**
 * Holds a waiting interaction back from being paired, or lets it go on (in the next step). Held, it
 * keeps its place and its counting, its steps go on, and every event means what it always means.
 * Not recorded: for a take-over, between the import and its channel's word that the customer is
 * still there. Allowed from the import on, and in every phase; holding one that is offered keeps it
 * from being offered again. TD_ERR_NOT_FOUND: no such interaction.
 */
enum td_err td_routing_hold(struct td_routing *routing, struct td_interaction_id id, bool held);

#endif
