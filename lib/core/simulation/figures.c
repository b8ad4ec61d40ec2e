#include "core/simulation/figures.h"

#include <math.h>

double td_sim_service_level(const struct td_sim_figures *figures)
{
    uint64_t of = figures->answered + figures->abandoned - figures->abandoned_in_time;

    return of == 0 ? 1 : (double)figures->answered_in_time / (double)of;
}

double td_sim_abandonment(const struct td_sim_figures *figures)
{
    return figures->offered == 0 ? 0 : (double)figures->abandoned / (double)figures->offered;
}

double td_sim_answer_s(const struct td_sim_figures *figures)
{
    return figures->answered == 0 ? 0 : figures->answered_wait_s / (double)figures->answered;
}

void td_sim_add_wait(struct td_sim_figures *figures, double wait_s)
{
    double tenths = wait_s * 10;

    figures->waits[tenths < TD_SIM_WAIT_TENTHS ? (size_t)tenths : TD_SIM_WAIT_TENTHS]++;
}

double td_sim_wait_quantile_s(const struct td_sim_figures *figures, double share)
{
    double wanted = share * (double)figures->answered;
    uint64_t seen = 0;

    for (size_t i = 0; i < TD_SIM_WAIT_TENTHS; i++) {
        seen += figures->waits[i];
        if ((double)seen >= wanted)
            return (double)i / 10;
    }
    return figures->longest_wait_s;
}

/* 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom; the normal one beyond is within
   2 % of the true one. */
static double student(size_t degrees)
{
    static const double table[] = {
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
        2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
        2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    };

    return degrees <= sizeof(table) / sizeof(table[0]) ? table[degrees - 1] : 2.000;
}

struct td_sim_estimate td_sim_estimate(const double *values, size_t count)
{
    struct td_sim_estimate estimate = {0, 0};
    double squares = 0;

    if (count == 0)
        return estimate;
    for (size_t i = 0; i < count; i++)
        estimate.mean += values[i] / (double)count;
    if (count < 2)
        return estimate;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - estimate.mean) * (values[i] - estimate.mean);
    estimate.half_width = student(count - 1) * sqrt(squares / (double)(count - 1) / (double)count);
    return estimate;
}
