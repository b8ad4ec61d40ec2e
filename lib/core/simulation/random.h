/**
 * @file random.h  Chance for simulations: seeded, and addressed by what it is drawn for.
 *
 * A draw is a pure function of (seed, stream, index), not of what was drawn before. So the nth
 * customer of a stream is as patient and as long-winded under every policy that is tried: policies
 * are compared on the same day (common random numbers), and a difference of a few permille shows
 * with few seeds.
 *
 * Pure; O(1). SplitMix64 (Steele, Lea, Flood 2014) over the mixed address.
 */
#ifndef TD_CORE_SIMULATION_RANDOM_H
#define TD_CORE_SIMULATION_RANDOM_H

#include <stdint.h>

enum td_sim_distribution_kind {
    TD_SIM_CONSTANT,
    TD_SIM_EXPONENTIAL,
    TD_SIM_LOGNORMAL, /**< What handling times look like (Brown et al. 2005). */
    TD_SIM_DISTRIBUTION_COUNT
};

struct td_sim_distribution {
    enum td_sim_distribution_kind kind;
    double mean_s;
    double deviation_s; /**< Standard deviation; of the lognormal alone. */
};

/** 64 even bits. */
uint64_t td_sim_bits(uint64_t seed, uint64_t stream, uint64_t index);

/** Evenly from (0, 1): neither end. */
double td_sim_unit(uint64_t seed, uint64_t stream, uint64_t index);

/** Seconds, 0 or more. */
double td_sim_draw(const struct td_sim_distribution *distribution, uint64_t seed, uint64_t stream,
                   uint64_t index);

#endif
