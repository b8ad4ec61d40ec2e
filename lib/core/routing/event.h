/**
 * @file event.h  What happens to the routing engine. Plain data.
 *
 * Each event is allowed at any time: late, repeated or out of order. One that does not fit the
 * state changes nothing and is answered by TD_ROUTING_IGNORED.
 */
#ifndef TD_CORE_ROUTING_EVENT_H
#define TD_CORE_ROUTING_EVENT_H

#include "base/id.h"
#include "core/routing/config.h"

enum td_routing_event_type {
    /* Of interactions; `interaction` names it. */
    TD_ROUTING_ARRIVED,   /**< Enters a queue as `arrival` says. Known already: ignored. */
    TD_ROUTING_SEIZED,    /**< `agent` has begun it, ready or not, in wrap-up too: goes straight to
                               ASSIGNED in the queue of `arrival`, without an offer (version 1).
                             Ignored    when the agent is not free for it. Afterwards the agent is as
                             before. */
    TD_ROUTING_ABANDONED, /**< The customer gave up. After CONNECTED the same as RELEASED. */
    TD_ROUTING_WITHDRAWN, /**< Leaves the queue otherwise: moved, called back. Counts as overflowed;
                               after CONNECTED the same as RELEASED. */

    /* Of the offer `offer_version` of `interaction` to `agent`. Another version: ignored. */
    TD_ROUTING_ACCEPTED,  /**< The first one wins; now only CONNECTED is missing. */
    TD_ROUTING_DECLINED,  /**< Also: hung up before CONNECTED. */
    TD_ROUTING_NO_ANSWER, /**< The channel knows before the lease ends. */
    TD_ROUTING_FAILED,    /**< The device, not the person: not registered, unreachable, broken. */
    TD_ROUTING_BROKEN,    /**< Neither: something of ours failed, as no media port. Counts against
                               nobody, who keeps the place in the line. */
    TD_ROUTING_CONNECTED, /**< They talk: answered. Before ACCEPTED: that as well. */
    TD_ROUTING_RELEASED,  /**< They talk no more. Before CONNECTED: that as well.
                               `offer_version` 0 is any. */

    /* Of agents; `agent` names one. While busy the change is kept until wrap-up has ended (logging
       out: until the release); while an offer stands it is withdrawn. */
    TD_ROUTING_AGENT_READY,      /**< Logs in as well; ends wrap-up. */
    TD_ROUTING_AGENT_NOT_READY,  /**< Logs in as well; `reason`; ends wrap-up. */
    TD_ROUTING_AGENT_LOGGED_OUT, /**< */
    TD_ROUTING_AGENT_WRAPPED_UP, /**< Disposition given: what was kept takes effect, else ready. */
    TD_ROUTING_EVENT_COUNT
};

/** How an interaction enters a queue. All pointers borrowed. */
struct td_routing_arrival {
    const char *queue;
    const struct td_routing_requirement *requirement; /**< NULL: the queue's. */
    struct td_expr_references references; /**< "customer.x", "interaction.x" in expressions. */
    const char *preferred_agent;          /**< NULL: none. Need not meet the requirement. */
    /** How long to insist on that agent before the first step; skipped while logged out. 0: take
        the preferred agent if ready now, else go on at once. */
    uint32_t preferred_ms;
    int32_t value; /**< Points; see td_routing_queue_config.priority. */
    /** 0: now. Earlier: comes from another queue and keeps its place by this time. Steps and
        max_wait_ms count from now. */
    uint64_t enqueued_at_unix_us;
    bool held;        /**< As td_routing_hold, from the first moment on. */
    bool turned_away; /**< Came to the door of a closed queue: counted as if that were full. */
};

struct td_routing_event {
    enum td_routing_event_type type;
    struct td_interaction_id interaction;
    const char *agent; /**< Borrowed. */
    uint32_t offer_version;
    const char *reason; /**< Borrowed; clipped to TD_ROUTING_NAME_MAX. NULL as "". */
    const struct td_routing_arrival *arrival;
};

#endif
