/**
 * @file config.h  What a tenant sets: capacities, agents, queues, requirements. Plain data.
 */
#ifndef TD_CORE_ROUTING_CONFIG_H
#define TD_CORE_ROUTING_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/expr/expr.h"
#include "core/expr/fit.h"

/** Longest name of an agent or queue and longest reason, in bytes; terminator excluded. */
#define TD_ROUTING_NAME_MAX 63
#define TD_ROUTING_NAME_SIZE (TD_ROUTING_NAME_MAX + 1)
/** Most attributes of one agent. */
#define TD_ROUTING_ATTRIBUTES_MAX 32
/** Most steps of one requirement. */
#define TD_ROUTING_STEPS_MAX 8
/** Longest duration anywhere here: a week. */
#define TD_ROUTING_DURATION_MAX_MS UINT32_C(604800000)
/** Largest magnitude of a value or priority, in points. */
#define TD_ROUTING_POINTS_MAX 1000000
/** Steepest ageing, in thousandths of a point per second waited. */
#define TD_ROUTING_AGEING_MAX 100000

/** Capacities; each at least 1. They fix the size of the engine's block. */
struct td_routing_limits {
    uint32_t agents;       /**< At most 131,072. */
    uint32_t queues;       /**< At most 4,096. */
    uint32_t interactions; /**< Waiting, offered and talking together; at most 262,144. */
    uint32_t expressions;  /**< Distinct ones in use at once; at most 65,536. */
    uint32_t names;        /**< Distinct attribute names; at most TD_EXPR_NAMES_MAX. */
    uint32_t texts;        /**< Distinct text values; at most TD_EXPR_TEXTS_MAX. */
};

/** Rules that hold for all queues. */
struct td_routing_settings {
    uint32_t no_answer_limit;      /**< That many in a row: not ready, reason "no_answer". 2. */
    uint32_t device_failure_limit; /**< Likewise, reason "device_failure". 2. */
    uint32_t
        retry_after_ms; /**< Until an interaction is offered to the same agent again. 30,000. */
};

/** The values in the comments above. */
struct td_routing_settings td_routing_default_settings(void);

struct td_routing_agent_config {
    const char *name;                           /**< Borrowed; 1..63 bytes, unique. */
    const struct td_expr_attribute *attributes; /**< Borrowed; names unique. */
    size_t attribute_count;                     /**< At most TD_ROUTING_ATTRIBUTES_MAX. */
};

/**
 * What an interaction asks of an agent: steps in the order in which they come into force. A step
 * replaces the one before it (so each should be weaker) when that has been insisted on for its
 * time; the last one stays. No step at all: anybody.
 */
struct td_routing_requirement {
    uint32_t step_count;
    struct td_routing_step {
        const char *expression; /**< Borrowed; see expr.h. Empty: anybody. */
        uint32_t insist_ms;     /**< Meaningless for the last step. */
    } steps[TD_ROUTING_STEPS_MAX];
    const char *fit; /**< Borrowed; see fit.h. NULL or empty: all suit alike. */
};

/** Where an agent goes who declines. */
enum td_routing_after_decline {
    TD_ROUTING_DECLINE_STAYS_READY, /**< At the end of the line. */
    TD_ROUTING_DECLINE_NOT_READY,   /**< Reason "declined". */
    TD_ROUTING_DECLINE_WRAP_UP,     /**< For the queue's wrap-up time. */
    TD_ROUTING_DECLINE_COUNT
};

struct td_routing_queue_config {
    const char *name;      /**< Borrowed; 1..63 bytes, unique. */
    uint32_t threshold_ms; /**< Service level: answered within this ... */
    uint32_t percent;      /**< ... for this share, 0..100. */
    /** For interactions that bring none. References are resolved as each enters. */
    struct td_routing_requirement requirement;
    int32_t priority;     /**< Points; added to the interaction's value. */
    uint32_t ageing;      /**< Thousandths of a point gained per second waited. */
    uint32_t wrap_up_ms;  /**< 0: none. */
    uint32_t lease_ms;    /**< How long an offer stands; 1,000 or more. */
    uint32_t max_wait_ms; /**< Then it overflows. 0: no bound. */
    uint32_t max_waiting; /**< More overflow on entry. 0: no bound. */
    uint32_t handling_ms; /**< First guess of talk and wrap-up, for expected waits. */
    enum td_routing_after_decline after_decline;
};

/** Which part of a configuration is wrong, for the person who wrote it. */
struct td_routing_problem {
    const char *field; /**< "name", "requirement", "fit", "attributes", "lease_ms" ...; static. */
    uint32_t index;    /**< Of the step or attribute. */
    struct td_expr_error error; /**< Of an expression; else its message is empty. */
};

#endif
