/**
 * @file effect.h  What the routing engine wants done and made known. Plain data, no pointers.
 *
 * **Every change of an interaction, an agent or a queue's counters is told by an effect that names
 * it.** So after each step the caller exports what its effects name (record.h), stores that
 * together with its events, and then performs the effects. An export that finds nothing: delete the
 * record.
 */
#ifndef TD_CORE_ROUTING_EFFECT_H
#define TD_CORE_ROUTING_EFFECT_H

#include "base/id.h"
#include "core/routing/config.h"

/** Most effects of one step; a step with more to do stops and asks to be called again at once. */
#define TD_ROUTING_EFFECTS_MAX 64
/** Former offers of an interaction that are remembered; older ones are forgotten. */
#define TD_ROUTING_HISTORY_MAX 6

enum td_routing_agent_state {
    TD_ROUTING_LOGGED_OUT,
    TD_ROUTING_NOT_READY,
    TD_ROUTING_READY,
    TD_ROUTING_OFFERED, /**< An offer stands. */
    TD_ROUTING_BUSY,    /**< Accepted or talking. */
    TD_ROUTING_WRAP_UP,
    TD_ROUTING_AGENT_STATE_COUNT
};

/** How an offer ended, other than by acceptance. */
enum td_routing_outcome {
    TD_ROUTING_OUTCOME_DECLINED,
    TD_ROUTING_OUTCOME_NO_ANSWER,
    TD_ROUTING_OUTCOME_FAILED,
    TD_ROUTING_OUTCOME_CANCELLED, /**< The customer or the agent left. */
    TD_ROUTING_OUTCOME_BROKEN,    /**< By us. */
    TD_ROUTING_OUTCOME_COUNT
};

enum td_routing_effect_type {
    TD_ROUTING_QUEUED,  /**< interaction, queue: accepted into the queue. */
    TD_ROUTING_REFUSED, /**< interaction, queue, refusal, problem: not taken; nothing changed. */
    TD_ROUTING_RELAXED, /**< interaction, queue, step: this step is in force now. */
    TD_ROUTING_OFFER, /**< interaction, queue, agent, offer_version, until (the lease), decision. */
    TD_ROUTING_OFFER_ENDED, /**< interaction, queue, agent, offer_version, outcome. `withdraw`: the
                                 channel does not know yet and must be told. */
    TD_ROUTING_ASSIGNED, /**< interaction, queue, agent, offer_version: accepted; connect them. */
    TD_ROUTING_ANSWERED, /**< interaction, queue, agent: connected; wait_us. */
    TD_ROUTING_LEFT,     /**< interaction, queue, agent if one had it, departure, wait_us; it is
                              unknown from now on. */
    TD_ROUTING_AGENT_CHANGED, /**< agent, agent_state, reason, since, until (wrap-up), interaction
                                   if it has one, queue of that or of what it has just finished. */
    TD_ROUTING_IGNORED,       /**< interaction, agent: the event did not fit; nothing changed. */
    TD_ROUTING_EFFECT_COUNT
};

enum td_routing_refusal {
    TD_ROUTING_REFUSED_QUEUE,       /**< No such queue. */
    TD_ROUTING_REFUSED_REQUIREMENT, /**< See `problem`. */
    TD_ROUTING_REFUSED_LIMIT,       /**< A capacity of td_routing_limits is exhausted. */
    TD_ROUTING_REFUSAL_COUNT
};

/** How an interaction left the engine. */
enum td_routing_departure {
    TD_ROUTING_LEFT_ABANDONED,
    TD_ROUTING_LEFT_FULL,      /**< Overflowed on entry: max_waiting, or turned away. */
    TD_ROUTING_LEFT_TIMED_OUT, /**< Overflowed: max_wait_ms. */
    TD_ROUTING_LEFT_WITHDRAWN, /**< Overflowed: taken out. */
    TD_ROUTING_LEFT_RELEASED,  /**< After having been answered. */
    TD_ROUTING_DEPARTURE_COUNT
};

/** A former offer of an interaction. */
struct td_routing_attempt {
    char agent[TD_ROUTING_NAME_SIZE];
    enum td_routing_outcome outcome;
    uint64_t at_unix_us;
    uint64_t not_again_before_unix_us; /**< For this agent. */
};

/** Why the runner-up came second. */
enum td_routing_second {
    TD_ROUTING_SECOND_NONE, /**< There was no other. */
    TD_ROUTING_SECOND_LESS_FIT,
    TD_ROUTING_SECOND_LESS_IDLE,
    TD_ROUTING_SECOND_BY_NAME, /**< Equal in all; names decide. */
    TD_ROUTING_SECOND_COUNT
};

/** Why this agent for this interaction: what the why-line is written from. */
struct td_routing_decision {
    bool preferred; /**< Was asked for by name; `step` says nothing then. */
    uint32_t step;  /**< In force, from 0; text by td_routing_print_step. */
    uint32_t step_count;
    uint32_t candidates; /**< Agents ready, eligible and not tried just now. */
    uint32_t waiting;    /**< Interactions waiting in its queue, itself included. */
    uint64_t wait_us;    /**< Since it was enqueued. */
    int64_t fit;         /**< Of the agent, thousandths. */
    uint64_t idle_us;    /**< Of the agent. */
    enum td_routing_second second;
    char second_agent[TD_ROUTING_NAME_SIZE]; /**< Who would have been next. */
    int64_t second_fit;
    uint64_t second_idle_us;
    uint32_t attempt_count; /**< Former offers, oldest first. */
    struct td_routing_attempt attempts[TD_ROUTING_HISTORY_MAX];
};

/** Fields that the type does not mention are zero. */
struct td_routing_effect {
    enum td_routing_effect_type type;
    struct td_interaction_id interaction;
    char queue[TD_ROUTING_NAME_SIZE];
    char agent[TD_ROUTING_NAME_SIZE];
    uint32_t offer_version;
    uint32_t step;
    enum td_routing_outcome outcome;
    bool withdraw;
    enum td_routing_refusal refusal;
    enum td_routing_departure departure;
    enum td_routing_agent_state agent_state;
    char reason[TD_ROUTING_NAME_SIZE];
    uint64_t since_unix_us;
    uint64_t until_unix_us;
    uint64_t wait_us;
    struct td_routing_problem problem;
    struct td_routing_decision decision;
};

struct td_routing_effects {
    uint32_t count;
    struct td_routing_effect items[TD_ROUTING_EFFECTS_MAX];
};

#endif
