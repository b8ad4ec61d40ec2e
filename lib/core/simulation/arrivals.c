#include "core/simulation/world.h"

#include <math.h>

#define DAY_US ((uint64_t)TD_SIM_DAY_S * SECOND_US)
/* A demand nobody has for so long is never had. */
#define DAYS_MAX 2

/* The rate in force at a second of the day, and until which second. */
static double rate_at(const struct td_sim_demand *demand, double second, double *until)
{
    uint32_t i = 0;

    while (i < demand->rate_count && demand->rates[i].from_s <= second)
        i++;
    *until = i < demand->rate_count ? demand->rates[i].from_s : TD_SIM_DAY_S;
    return demand->rates[(i > 0 ? i : demand->rate_count) - 1].per_hour / 3600;
}

/* An exponential amount of expected arrivals is used up along the rates (inversion). */
uint64_t world_next_arrival(const struct world *world, uint32_t number, uint64_t now_us)
{
    const struct td_sim_demand *demand = &world->scenario->demands[number];
    uint64_t since_us = now_us - MIDNIGHT_US;
    uint64_t day_us = since_us - since_us % DAY_US;
    double second = (double)(since_us % DAY_US) / (double)SECOND_US;
    double left =
        -log(td_sim_unit(world->seed, stream_of(number, ARRIVALS), world->arrivals[number]));

    for (uint32_t days = 0; days < DAYS_MAX && demand->rate_count > 0;) {
        double until;
        double rate = rate_at(demand, second, &until);

        if (rate > 0 && left <= rate * (until - second)) {
            double at = second + left / rate;
            return MIDNIGHT_US + day_us + (uint64_t)(at * (double)SECOND_US);
        }
        left -= rate * (until - second);
        second = until;
        if (second >= TD_SIM_DAY_S) {
            second = 0;
            day_us += DAY_US;
            days = rate > 0 ? 0 : days + 1;
        }
    }
    return TD_AGENDA_NEVER;
}

static bool is_within(const struct td_sim_shift *shift, uint32_t second)
{
    if (shift->from_s < shift->to_s)
        return second >= shift->from_s && second < shift->to_s;
    return second >= shift->from_s || second < shift->to_s;
}

static uint32_t second_of_day(uint64_t now_us)
{
    return (uint32_t)((now_us - MIDNIGHT_US) % DAY_US / SECOND_US);
}

bool world_is_on_shift(const struct td_sim_agent *agent, uint64_t now_us)
{
    for (uint32_t i = 0; i < agent->shift_count; i++) {
        if (is_within(&agent->shifts[i], second_of_day(now_us)))
            return true;
    }
    return agent->shift_count == 0;
}

/* From `second`, exclusive, forward to `to`. */
static uint32_t seconds_until(uint32_t second, uint32_t to)
{
    uint32_t ahead = (to % TD_SIM_DAY_S + TD_SIM_DAY_S - second) % TD_SIM_DAY_S;

    return ahead == 0 ? TD_SIM_DAY_S : ahead;
}

uint64_t world_next_shift_change(const struct td_sim_agent *agent, uint64_t now_us)
{
    uint32_t second = second_of_day(now_us);
    uint32_t least = TD_SIM_DAY_S + 1;

    for (uint32_t i = 0; i < agent->shift_count; i++) {
        uint32_t from = seconds_until(second, agent->shifts[i].from_s);
        uint32_t to = seconds_until(second, agent->shifts[i].to_s);

        least = from < least ? from : least;
        least = to < least ? to : least;
    }
    return agent->shift_count == 0 ? TD_AGENDA_NEVER : now_us + least * SECOND_US;
}
