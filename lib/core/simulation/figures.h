/**
 * @file figures.h  What a simulation counts, and what follows from it.
 *
 * Pure. A figure of one run is a number; runs of several seeds give a mean and how far to trust it.
 */
#ifndef TD_CORE_SIMULATION_FIGURES_H
#define TD_CORE_SIMULATION_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#define TD_SIM_QUARTERS 96
/** Waits are counted in tenths of a second up to ten minutes; longer ones as the longest. */
#define TD_SIM_WAIT_TENTHS 6000

/** Contacts that arrived after the warm-up, by the queue or demand they belong to. */
struct td_sim_figures {
    uint64_t offered;
    uint64_t answered;
    uint64_t answered_in_time;
    uint64_t abandoned;
    uint64_t abandoned_in_time;
    uint64_t overflowed;
    uint64_t refused; /**< No room: see contacts_max. Not offered. */
    uint64_t waiting; /**< When the run ended. */
    double answered_wait_s;
    double wait_s; /**< Of all that left: answered, abandoned, overflowed. */
    double longest_wait_s;
    double handling_s;
    double worth;
    uint32_t waits[TD_SIM_WAIT_TENTHS + 1]; /**< Of those answered. */
};

/** One quarter of an hour of the day, all days together; by the time of arrival. */
struct td_sim_quarter {
    uint64_t offered;
    uint64_t answered;
    uint64_t answered_in_time;
    uint64_t abandoned;
    uint64_t abandoned_in_time;
    double answered_wait_s;
    double staffed_s; /**< Agents logged in and not "not ready". */
    double busy_s;    /**< Of it: offered, talking, wrapping up. */
};

/** Answered within the threshold, of answered and abandoned after it; 1 while nothing counts. */
double td_sim_service_level(const struct td_sim_figures *figures);
/** Abandoned of offered; 0 of none. */
double td_sim_abandonment(const struct td_sim_figures *figures);
/** Average speed of answer, seconds. */
double td_sim_answer_s(const struct td_sim_figures *figures);
/** The wait that this share of those answered did not exceed, seconds. */
double td_sim_wait_quantile_s(const struct td_sim_figures *figures, double share);

void td_sim_add_wait(struct td_sim_figures *figures, double wait_s);

/** A mean over runs, and half the width of its 95 % confidence interval (Student's t). */
struct td_sim_estimate {
    double mean;
    double half_width; /**< 0 of fewer than two runs. */
};

struct td_sim_estimate td_sim_estimate(const double *values, size_t count);

#endif
