#include "core/simulation/random.h"

#include <math.h>

#define TWO_PI 6.283185307179586476925286766559

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t td_sim_bits(uint64_t seed, uint64_t stream, uint64_t index)
{
    const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);

    return mix(mix(mix(seed + golden) + (stream + 1) * golden) + (index + 1) * golden);
}

double td_sim_unit(uint64_t seed, uint64_t stream, uint64_t index)
{
    return ((double)(td_sim_bits(seed, stream, index) >> 11) + 0.5) / 9007199254740992.0; // 2^53
}

/* Box and Muller's: one of the two normal numbers of a pair of even ones. */
static double normal(uint64_t seed, uint64_t stream, uint64_t index)
{
    double radius = sqrt(-2 * log(td_sim_unit(seed, stream, 2 * index)));

    return radius * cos(TWO_PI * td_sim_unit(seed, stream, 2 * index + 1));
}

static double lognormal(const struct td_sim_distribution *distribution, double standard)
{
    double ratio = distribution->deviation_s / distribution->mean_s;
    double variance = log(1 + ratio * ratio);

    return exp(log(distribution->mean_s) - variance / 2 + sqrt(variance) * standard);
}

double td_sim_draw(const struct td_sim_distribution *distribution, uint64_t seed, uint64_t stream,
                   uint64_t index)
{
    if (distribution->mean_s <= 0)
        return 0;
    switch (distribution->kind) {
    case TD_SIM_EXPONENTIAL:
        return -distribution->mean_s * log(td_sim_unit(seed, stream, index));
    case TD_SIM_LOGNORMAL:
        return lognormal(distribution, normal(seed, stream, index));
    default:
        return distribution->mean_s;
    }
}
