/**
 * @file record.h  What outlives the process: one record per interaction, agent and queue.
 *
 * A standby takes the configuration, imports all records in any order, ends the import, and goes
 * on: places, steps and offers are as they were, and whatever came due meanwhile happens at its
 * first step. Plain data without pointers; times are unix_us.
 */
#ifndef TD_CORE_ROUTING_RECORD_H
#define TD_CORE_ROUTING_RECORD_H

#include "base/id.h"
#include "core/routing/effect.h"

enum td_routing_phase {
    TD_ROUTING_PHASE_WAITING,
    TD_ROUTING_PHASE_OFFERED,   /**< Waits still, as far as counting goes. */
    TD_ROUTING_PHASE_ASSIGNED,  /**< Accepted, not connected: waits still, likewise. */
    TD_ROUTING_PHASE_CONNECTED, /**< Answered. */
    TD_ROUTING_PHASE_COUNT
};

struct td_routing_interaction_record {
    struct td_interaction_id id;
    char queue[TD_ROUTING_NAME_SIZE];
    enum td_routing_phase phase;
    int32_t value;                /**< As it arrived, without the queue's priority. */
    uint64_t enqueued_at_unix_us; /**< Its place. */
    uint64_t entered_at_unix_us;  /**< This queue; the same unless it came from another one. */
    uint64_t steps_from_unix_us;  /**< When the first step is or was due. */
    uint32_t step;                /**< In force. */
    bool preferring;              /**< Insists on the preferred agent until steps_from. */
    char preferred_agent[TD_ROUTING_NAME_SIZE]; /**< Empty: none. */
    uint32_t step_count;
    struct td_routing_step_record {
        char expression[TD_EXPR_LENGTH_MAX + 1]; /**< Canonical, references replaced. */
        uint32_t insist_ms;
    } steps[TD_ROUTING_STEPS_MAX];
    char fit[TD_EXPR_LENGTH_MAX + 1];
    uint32_t offer_version;           /**< Of the latest offer; 0: none yet. */
    char agent[TD_ROUTING_NAME_SIZE]; /**< Who has the offer or the interaction; empty: nobody. */
    uint64_t offered_at_unix_us;
    uint64_t lease_until_unix_us;
    uint64_t accepted_at_unix_us;
    uint64_t connected_at_unix_us;
    uint32_t attempt_count;
    struct td_routing_attempt attempts[TD_ROUTING_HISTORY_MAX];
};

struct td_routing_agent_record {
    char name[TD_ROUTING_NAME_SIZE];
    enum td_routing_agent_state state;
    char reason[TD_ROUTING_NAME_SIZE]; /**< Of NOT_READY. */
    uint64_t since_unix_us;            /**< Of the state. */
    uint64_t until_unix_us;            /**< Of wrap-up. */
    uint64_t idle_since_unix_us;       /**< What longest idle is measured by. */
    /** What follows the present state: READY unless something else was asked for meanwhile. */
    enum td_routing_agent_state next;
    char next_reason[TD_ROUTING_NAME_SIZE];
    uint32_t no_answers;                  /**< In a row. */
    uint32_t device_failures;             /**< In a row. */
    struct td_interaction_id interaction; /**< Offered, talking or wrapped up; nil: none. */
    char queue[TD_ROUTING_NAME_SIZE];     /**< Of that interaction. */
};

/** Counters since the queue's first day. `offered` is not stored: it follows. */
struct td_routing_queue_record {
    char name[TD_ROUTING_NAME_SIZE];
    uint64_t answered;
    uint64_t answered_in_time; /**< Within threshold_ms. */
    uint64_t abandoned;
    uint64_t abandoned_in_time; /**< Before threshold_ms: not in the service level. */
    uint64_t overflowed;
    uint64_t handling_us; /**< Moving average from connected to released; 0: none yet. */
};

#endif
