/**
 * @file scenario.h  A contact centre to be simulated: who works when, who calls when. Plain data.
 *
 * Times of day are seconds from midnight; every day is alike. All pointers are borrowed and must
 * stay valid during a run.
 */
#ifndef TD_CORE_SIMULATION_SCENARIO_H
#define TD_CORE_SIMULATION_SCENARIO_H

#include "core/routing/routing.h"
#include "core/simulation/random.h"

#define TD_SIM_DAY_S 86400

/** So many an hour from this time of day on, until the next rate. */
struct td_sim_rate {
    uint32_t from_s;
    double per_hour;
};

/** One reason to contact the company. Arrivals are a Poisson process of the given rates. */
struct td_sim_demand {
    const char *name;
    const char *queue;
    struct td_expr_references references; /**< "interaction.x", "customer.x" of its customers. */
    const struct td_sim_rate *rates;      /**< Rising; before the first one the last one holds. */
    uint32_t rate_count;
    struct td_sim_distribution handling; /**< From connected to released. */
    struct td_sim_distribution patience; /**< Until the customer gives up; mean 0: never. */
    int32_t value;                       /**< Points of its rank; see routing.h. */
    double worth;                        /**< Of one that is answered, in money. */
};

/** From <= to within a day; to <= from: over midnight. */
struct td_sim_shift {
    uint32_t from_s;
    uint32_t to_s;
};

struct td_sim_agent {
    struct td_routing_agent_config config;
    const struct td_sim_shift *shifts; /**< Apart from each other. */
    uint32_t shift_count;              /**< 0: always there. */
    double cost_per_hour;
};

struct td_sim_scenario {
    const struct td_routing_queue_config *queues;
    uint32_t queue_count;
    const struct td_sim_agent *agents;
    uint32_t agent_count;
    const struct td_sim_demand *demands;
    uint32_t demand_count;
    struct td_routing_settings settings;
    struct td_sim_distribution ring; /**< From the offer until it is answered. */
    uint32_t duration_s;             /**< From midnight of the first day. */
    uint32_t warm_up_s;              /**< Who arrives before is served but not counted. */
    uint32_t contacts_max;           /**< Waiting and talking at once; more are refused. */
};

#endif
