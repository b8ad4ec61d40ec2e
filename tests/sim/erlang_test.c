/*
 * The simulation against queueing theory: with Poisson arrivals and exponential handling times and
 * patience, a single queue with the engine between must be what Erlang C (nobody gives up) and
 * Erlang A (birth-death chain) say. Each of the 37 figures must lie within its confidence interval
 * over SEEDS runs, all together at 95 %. The seeds are fixed: the answer is always the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "core/simulation/simulation.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SEEDS 8
#define DAYS 4
#define WARM_UP_S 3600
#define SLACK 2.17 /* t(7) at 0.05 / 37 over t(7) at 0.05: Bonferroni */
#define AGENTS_MAX 120
#define STATES_MAX 4000

struct setting {
    double per_hour;
    double handling_s;
    double patience_s; /* 0: never gives up */
    uint32_t agents;
};

/* From small and idle to large and overloaded. */
static const struct setting settings[] = {
    {210, 180, 0, 13},   {200, 180, 0, 14},    {400, 180, 0, 25},   {60, 120, 0, 3},
    {210, 180, 300, 13}, {210, 180, 300, 9},   {400, 180, 120, 20}, {1800, 180, 90, 88},
    {30, 240, 60, 1},    {1200, 240, 180, 95}, {600, 90, 30, 12},
};

/* --- theory ---------------------------------------------------------------------------------- */

struct theory {
    double probability_of_wait;
    double mean_wait_s; /* of all, whether served or not */
    double abandonment;
    double within_20_s; /* Erlang C alone */
    double occupancy;
};

/* Probabilities of the states of M/M/n+M, whose rates are known; without patience M/M/n. */
static struct theory solve(const struct setting *setting)
{
    static double probability[STATES_MAX];
    double lambda = setting->per_hour / 3600;
    double mu = 1 / setting->handling_s;
    double theta = setting->patience_s > 0 ? 1 / setting->patience_s : 0;
    double sum = 0;
    double waiting = 0;
    double busy = 0;
    struct theory theory = {0};

    for (uint32_t i = 0; i < STATES_MAX; i++) {
        double out = (i <= setting->agents ? i : setting->agents) * mu +
                     (i > setting->agents ? (i - setting->agents) * theta : 0);
        // Scaled by the state that is most likely, so that nothing overflows.
        probability[i] = i == 0 ? 1e-200 : probability[i - 1] * lambda / out;
        sum += probability[i];
    }
    for (uint32_t i = 0; i < STATES_MAX; i++) {
        double share = probability[i] / sum;
        if (i >= setting->agents) {
            theory.probability_of_wait += share;
            waiting += share * (i - setting->agents);
        }
        busy += share * (i < setting->agents ? i : setting->agents);
    }
    theory.mean_wait_s = waiting / lambda; // Little
    theory.abandonment = waiting * theta / lambda;
    theory.occupancy = busy / setting->agents;
    theory.within_20_s =
        1 - theory.probability_of_wait * exp(-(setting->agents * mu - lambda) * 20);
    return theory;
}

/* --- simulation ------------------------------------------------------------------------------ */

struct measured {
    double mean_wait_s[SEEDS];
    double abandonment[SEEDS];
    double within_20_s[SEEDS];
    double occupancy[SEEDS];
};

static void simulate(const struct setting *setting, struct measured *measured)
{
    static struct td_sim_result result;
    static char names[AGENTS_MAX][8];
    static struct td_sim_agent agents[AGENTS_MAX];
    const struct td_sim_rate rate = {.from_s = 0, .per_hour = setting->per_hour};
    const struct td_sim_demand demand = {
        .name = "calls",
        .queue = "Q",
        .rates = &rate,
        .rate_count = 1,
        .handling = {TD_SIM_EXPONENTIAL, setting->handling_s, 0},
        .patience = {TD_SIM_EXPONENTIAL, setting->patience_s, 0},
    };
    const struct td_routing_queue_config queue = {
        .name = "Q", .threshold_ms = 20000, .ageing = 1000, .lease_ms = 10000};
    struct td_sim_scenario scenario = {
        .queues = &queue,
        .queue_count = 1,
        .agents = agents,
        .agent_count = setting->agents,
        .demands = &demand,
        .demand_count = 1,
        .settings = td_routing_default_settings(),
        .duration_s = DAYS * TD_SIM_DAY_S,
        .warm_up_s = WARM_UP_S,
        .contacts_max = 5000,
    };
    struct td_sim_problem problem;

    for (uint32_t i = 0; i < setting->agents; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "a%u", i);
        agents[i] = (struct td_sim_agent){.config = {.name = names[i]}};
    }
    void *block = malloc(td_sim_size(&scenario));
    assert_non_null(block);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        enum td_err err = td_sim_run(&scenario, seed + 1, block, &result, NULL, NULL, &problem);
        const struct td_sim_figures *all = &result.all;
        assert_int_equal(err, TD_OK);
        assert_int_equal(all->refused, 0);
        assert_int_equal(all->offered,
                         all->answered + all->abandoned + all->overflowed + all->waiting);
        measured->mean_wait_s[seed] = all->wait_s / (double)(all->answered + all->abandoned);
        measured->abandonment[seed] = td_sim_abandonment(all);
        measured->within_20_s[seed] = td_sim_service_level(all);
        measured->occupancy[seed] = result.busy_s / result.staffed_s;
    }
    free(block);
}

static void check(const struct setting *setting, const char *what, const double *values,
                  double expected)
{
    struct td_sim_estimate estimate = td_sim_estimate(values, SEEDS);
    double off = fabs(estimate.mean - expected);

    // A figure that never varies (nobody gives up) has no interval: equal is equal.
    if (off <= estimate.half_width * SLACK + 1e-9)
        return;
    fail_msg("%.0f/h, %.0f s, patience %.0f s, %u agents: %s is %.5f, simulated %.5f +- %.5f",
             setting->per_hour, setting->handling_s, setting->patience_s, setting->agents, what,
             expected, estimate.mean, estimate.half_width);
}

static void the_simulation_is_what_queueing_theory_says(void **state)
{
    static struct measured measured;
    (void)state;

    for (size_t i = 0; i < COUNT(settings); i++) {
        struct theory theory = solve(&settings[i]);

        simulate(&settings[i], &measured);
        check(&settings[i], "mean wait", measured.mean_wait_s, theory.mean_wait_s);
        check(&settings[i], "abandonment", measured.abandonment, theory.abandonment);
        check(&settings[i], "occupancy", measured.occupancy, theory.occupancy);
        if (settings[i].patience_s <= 0)
            check(&settings[i], "within 20 s", measured.within_20_s, theory.within_20_s);
    }
}

/* --- published values ------------------------------------------------------------------------ */

static double value_of(const struct theory *theory, const char *measure)
{
    if (strcmp(measure, "mean_wait_s") == 0)
        return theory->mean_wait_s;
    if (strcmp(measure, "probability_of_wait") == 0)
        return theory->probability_of_wait;
    if (strcmp(measure, "service_level_20s") == 0)
        return theory->within_20_s;
    if (strcmp(measure, "occupancy") == 0)
        return theory->occupancy;
    fail_msg("the list of values has the unknown measure %s", measure);
    return 0;
}

/* What the simulation is compared with is itself compared with what others have published. */
static void the_theory_is_what_others_published(void **state)
{
    const char *suites = getenv("TANDEM_SUITES");
    char path[4096];
    char line[512];
    unsigned lines = 0;
    (void)state;

    if (suites == NULL) {
        (void)fputs("TANDEM_SUITES does not name the folder of the public data\n", stderr);
        skip();
    }
    (void)snprintf(path, sizeof(path), "%s/data/erlang.csv", suites);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file)); // names of the columns
    while (fgets(line, sizeof(line), file) != NULL) {
        char *rest = line;
        char *cells[7];
        for (size_t i = 0; i < COUNT(cells); i++)
            cells[i] = strsep(&rest, ",");
        const struct setting setting = {
            .per_hour = strtod(cells[1], NULL),
            .handling_s = strtod(cells[2], NULL),
            .patience_s = strtod(cells[3], NULL),
            .agents = (uint32_t)strtoul(cells[4], NULL, 10),
        };
        const struct theory theory = solve(&setting);
        double published = strtod(cells[6], NULL);
        // Five digits were published.
        assert_true(fabs(value_of(&theory, cells[5]) - published) < 1e-4 * published);
        lines++;
    }
    (void)fclose(file);
    assert_true(lines >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_theory_is_what_others_published),
        cmocka_unit_test(the_simulation_is_what_queueing_theory_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
