/**
 * @file parts.h  What the files of the routing engine offer each other. For this folder only.
 */
#ifndef TD_CORE_ROUTING_PARTS_H
#define TD_CORE_ROUTING_PARTS_H

#include "core/routing/engine.h"

/* --- expressions.c: each text once, and who meets it --- */

enum td_err td_routing_hold_expression(struct td_routing *routing, const char *text,
                                       const struct td_expr_references *references, uint32_t *slot,
                                       struct td_expr_error *error);
void td_routing_drop_expression(struct td_routing *routing, uint32_t slot);
void td_routing_build_expression(struct td_routing *routing, uint32_t slot);
/** After a change of an agent's attributes. */
void td_routing_refresh_agent(struct td_routing *routing, uint32_t agent);
/** When the first agent slot of a word is used: nobody in it meets anything yet. */
void td_routing_open_word(struct td_routing *routing, uint32_t word);
/** Makes columns of names that were never used before. */
void td_routing_open_columns(struct td_routing *routing);

/* --- timers.c --- */

void td_routing_set_interaction_timer(struct td_routing *routing, uint32_t slot,
                                      uint64_t due_unix_us);
void td_routing_set_agent_timer(struct td_routing *routing, uint32_t slot, uint64_t due_unix_us);
/** NEVER when none runs. */
uint64_t td_routing_next_due(const struct td_routing *routing);
/** The timer that is due first; it keeps running. @return True: an interaction's, false: an
 * agent's. */
bool td_routing_first_timer(const struct td_routing *routing, uint32_t *slot);

/* --- effects.c --- */

/** A zeroed effect at the end of the list; there must be room. */
struct td_routing_effect *td_routing_emit(struct td_routing *routing,
                                          enum td_routing_effect_type type);
struct td_routing_effect *td_routing_emit_interaction(struct td_routing *routing,
                                                      enum td_routing_effect_type type,
                                                      const struct interaction *interaction);
struct td_routing_effect *td_routing_emit_agent(struct td_routing *routing,
                                                const struct agent *agent);
/** The answer to an event that does not fit. */
void td_routing_ignore(struct td_routing *routing, const struct td_routing_event *event);
/** For all that one more timer or pairing causes. */
bool td_routing_has_room(const struct td_routing *routing);

/* --- agents.c --- */

bool td_routing_name_is_valid(const char *name);
uint32_t td_routing_find_agent(const struct td_routing *routing, const char *name);
/** A new agent, logged out; NONE when full. */
uint32_t td_routing_add_agent(struct td_routing *routing, const char *name);
/** Must not have an offer or interaction. */
void td_routing_forget_agent(struct td_routing *routing, uint32_t slot);

/* --- agent_states.c --- */

/** May be pairable now: must be looked at. Only for one who is ready. */
void td_routing_set_fresh(struct td_routing *routing, uint32_t slot);
/** Whoever insists on this agent goes on to the first step, when timers are looked at next. */
void td_routing_end_insisting_on(struct td_routing *routing, uint32_t agent);
/** Sets the state and what hangs on it, without an effect. */
void td_routing_enter_state(struct td_routing *routing, uint32_t slot,
                            enum td_routing_agent_state state, const char *reason);
void td_routing_agent_offered(struct td_routing *routing, uint32_t slot, uint32_t interaction);
void td_routing_agent_accepted(struct td_routing *routing, uint32_t slot);
/** The offer ended without acceptance, or was accepted and not connected. */
void td_routing_agent_unpaired(struct td_routing *routing, uint32_t slot,
                               enum td_routing_outcome outcome);
/** The talk is over: wrap-up, if the queue has one. */
void td_routing_agent_released(struct td_routing *routing, uint32_t slot);
void td_routing_agent_event(struct td_routing *routing, const struct td_routing_event *event);
void td_routing_agent_timer(struct td_routing *routing, uint32_t slot);
/** Names no interaction and queue any more. */
void td_routing_drop_work(struct td_routing *routing, uint32_t slot);

/* --- queues.c --- */

uint32_t td_routing_find_queue(const struct td_routing *routing, const char *name);
/** A new queue, closed, with bounds that let everything pass; NONE when full. */
uint32_t td_routing_add_queue(struct td_routing *routing, const char *name);
void td_routing_use_queue(struct td_routing *routing, uint32_t slot);
/** The last user of a closed queue takes it along. */
void td_routing_leave_queue(struct td_routing *routing, uint32_t slot);
void td_routing_count_handling(struct queue *queue, uint64_t handling_us);

/* --- arrival.c, interactions.c --- */

uint32_t td_routing_find_interaction(const struct td_routing *routing, struct td_interaction_id id);
void td_routing_arrive(struct td_routing *routing, const struct td_routing_event *event);
/* seize.c */
void td_routing_seize(struct td_routing *routing, const struct td_routing_event *event);
/** Resolves a requirement into an interaction that has none; on error what is held is in it. */
enum td_err td_routing_hold_requirement(struct td_routing *routing, struct interaction *interaction,
                                        const struct td_routing_requirement *requirement,
                                        const struct td_expr_references *references,
                                        struct td_routing_problem *problem);
/** An interaction in the table that holds no word and names nobody yet; NONE when full. */
uint32_t td_routing_add_interaction(struct td_routing *routing, struct td_interaction_id id);
/** Gives back all it holds and forgets it. */
void td_routing_forget_interaction(struct td_routing *routing, uint32_t slot);
void td_routing_interaction_event(struct td_routing *routing, const struct td_routing_event *event);
void td_routing_interaction_timer(struct td_routing *routing, uint32_t slot);
/** Ends the offer that stands; the interaction waits again. */
void td_routing_end_offer(struct td_routing *routing, uint32_t slot,
                          enum td_routing_outcome outcome, bool withdraw);
void td_routing_link_waiting(struct td_routing *routing, uint32_t slot);

/* --- waiting.c: places, ranks, times of those who wait --- */

/** a comes before b. */
bool td_routing_ranks_before(const struct td_routing *routing, const struct interaction *a,
                             const struct interaction *b);
/** Finds the place that befits a waiting interaction, sets its timer and marks it dirty. */
void td_routing_place(struct td_routing *routing, uint32_t slot);
void td_routing_unplace(struct td_routing *routing, uint32_t slot);
void td_routing_set_dirty(struct td_routing *routing, uint32_t slot, bool dirty);
/** Brings preferred agent and steps up to now. @return Something changed. */
bool td_routing_advance(struct td_routing *routing, struct interaction *interaction);
/** May not be offered to this agent just now. */
bool td_routing_is_excluded(const struct td_routing *routing, const struct interaction *interaction,
                            uint32_t agent);
/** When something is due for an interaction that waits. */
uint64_t td_routing_waiting_due(const struct td_routing *routing,
                                const struct interaction *interaction);

/* --- match.c --- */

/** Makes the pairing that is first in rank. @return False: there is none. */
bool td_routing_match(struct td_routing *routing);

#endif
