/**
 * @file simulation.h  A contact centre in virtual time, around the very engine that serves live
 * calls.
 *
 * One run is a pure function of scenario and seed. Customers arrive, wait as long as they have
 * patience, and talk; agents come and go with their shifts and answer what rings. All that is
 * decided is decided by core/routing.
 *
 * Memory: one block of the caller's, td_sim_size(scenario) bytes. Cost: about five steps of the
 * engine and O(log contacts) for each contact.
 */
#ifndef TD_CORE_SIMULATION_SIMULATION_H
#define TD_CORE_SIMULATION_SIMULATION_H

#include "core/simulation/figures.h"
#include "core/simulation/scenario.h"

/** Most queues, demands and agents of a scenario. */
#define TD_SIM_QUEUES_MAX 1000
#define TD_SIM_DEMANDS_MAX 1000
#define TD_SIM_AGENTS_MAX 100000

/** Owned by the caller; the arrays in it live in the block of the run. */
struct td_sim_result {
    struct td_sim_figures all;
    struct td_sim_figures *queues;  /**< As in the scenario. */
    struct td_sim_figures *demands; /**< As in the scenario. */
    struct td_sim_quarter quarters[TD_SIM_QUARTERS];
    double staffed_s; /**< After the warm-up, as in a quarter; likewise below. */
    double busy_s;
    double cost;
    uint64_t decisions; /**< Offers made, warm-up included. */
};

/** Told now and then. @param done  Share of the run, 0 to 1. */
typedef void td_sim_progress_fn(void *ctx, double done);

/** What is wrong with a scenario, for the person who wrote it. */
struct td_sim_problem {
    const char *kind; /**< "queue", "agent", "demand" or "scenario"; static. */
    uint32_t index;
    struct td_routing_problem detail;
};

/** Bytes of the block; 0 when the scenario has too many of something. */
size_t td_sim_size(const struct td_sim_scenario *scenario);

/**
 * @param block     td_sim_size() bytes, aligned for max_align_t; need not be zeroed. Pages that are
 * not needed are not touched.
 * @param progress  May be NULL.
 * @param problem   Written unless TD_OK.
 * @return TD_OK; TD_ERR_LIMIT, TD_ERR_RANGE, TD_ERR_SYNTAX: `problem` says which part.
 */
enum td_err TD_MUST_CHECK td_sim_run(const struct td_sim_scenario *scenario, uint64_t seed,
                                     void *block, struct td_sim_result *result,
                                     td_sim_progress_fn *progress, void *ctx,
                                     struct td_sim_problem *problem);

#endif
