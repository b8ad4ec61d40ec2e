/* tandem simulate: what would happen, by the engine that decides what does happen. */
#include "tandem/simulate.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "tandem/command.h"

#define SEEDS_DEFAULT 5

const struct simulate_measure_text simulate_measures[MEASURE_COUNT] = {
    [MEASURE_OFFERED] = {"offered", "", 0},
    [MEASURE_ANSWERED] = {"answered", "", 0},
    [MEASURE_SERVICE_LEVEL] = {"service level", "%", 1},
    [MEASURE_ABANDONED] = {"abandoned", "%", 1},
    [MEASURE_OVERFLOWED] = {"overflowed", "", 0},
    [MEASURE_ANSWER_S] = {"speed of answer", "s", 1},
    [MEASURE_WAIT_P90_S] = {"wait, 90th percentile", "s", 1},
    [MEASURE_LONGEST_S] = {"longest wait", "s", 0},
    [MEASURE_OCCUPANCY] = {"occupancy", "%", 1},
    [MEASURE_WORTH_PER_HOUR] = {"worth per hour", "", 0},
    [MEASURE_COST_PER_HOUR] = {"cost per hour", "", 0},
};

struct options {
    const char *scenario;
    const char *csv;
    const char *page;
    uint32_t seeds;
};

/* --- values --- */

double *simulate_values(const struct simulate_outcome *outcome, uint32_t policy, uint32_t group,
                        enum simulate_measure measure)
{
    size_t at = ((size_t)policy * outcome->groups + group) * MEASURE_COUNT + (size_t)measure;

    return &outcome->values[at * outcome->seeds];
}

const char *simulate_group_name(const struct simulate_outcome *outcome, uint32_t group, char *text,
                                size_t size)
{
    const struct td_scenario *scenario = &outcome->file->scenario;

    if (group == 0)
        td_str_clip(text, size, "all");
    else if (group <= scenario->queues_count)
        (void)snprintf(text, size, "queue %s", scenario->queues[group - 1].name);
    else
        (void)snprintf(text, size, "demand %s",
                       scenario->demands[group - 1 - scenario->queues_count].name);
    return text;
}

struct td_sim_estimate simulate_difference(const struct simulate_outcome *outcome, uint32_t policy,
                                           uint32_t group, enum simulate_measure measure)
{
    const double *ours = simulate_values(outcome, policy, group, measure);
    const double *first = simulate_values(outcome, 0, group, measure);
    double differences[SIMULATE_SEEDS_MAX];

    for (uint32_t seed = 0; seed < outcome->seeds; seed++)
        differences[seed] = ours[seed] - first[seed];
    return td_sim_estimate(differences, outcome->seeds);
}

static void keep_figures(const struct simulate_outcome *outcome, uint32_t policy, uint32_t group,
                         uint32_t seed, const struct td_sim_figures *figures, double hours)
{
    const double values[MEASURE_COUNT] = {
        [MEASURE_OFFERED] = (double)figures->offered,
        [MEASURE_ANSWERED] = (double)figures->answered,
        [MEASURE_SERVICE_LEVEL] = 100 * td_sim_service_level(figures),
        [MEASURE_ABANDONED] = 100 * td_sim_abandonment(figures),
        [MEASURE_OVERFLOWED] = (double)figures->overflowed,
        [MEASURE_ANSWER_S] = td_sim_answer_s(figures),
        [MEASURE_WAIT_P90_S] = td_sim_wait_quantile_s(figures, 0.9),
        [MEASURE_LONGEST_S] = figures->longest_wait_s,
        [MEASURE_WORTH_PER_HOUR] = figures->worth / hours,
    };

    for (int measure = 0; measure < MEASURE_COUNT; measure++)
        simulate_values(outcome, policy, group, (enum simulate_measure)measure)[seed] =
            values[measure];
}

static void keep(const struct simulate_outcome *outcome, uint32_t policy, uint32_t seed,
                 const struct td_sim_result *result)
{
    const struct td_sim_scenario *scenario = &outcome->file->policies[policy];
    double hours = (scenario->duration_s - scenario->warm_up_s) / 3600.0;
    struct td_sim_quarter *quarters = &outcome->quarters[(size_t)policy * TD_SIM_QUARTERS];

    keep_figures(outcome, policy, 0, seed, &result->all, hours);
    for (uint32_t i = 0; i < scenario->queue_count; i++)
        keep_figures(outcome, policy, 1 + i, seed, &result->queues[i], hours);
    for (uint32_t i = 0; i < scenario->demand_count; i++)
        keep_figures(outcome, policy, 1 + scenario->queue_count + i, seed, &result->demands[i],
                     hours);
    simulate_values(outcome, policy, 0, MEASURE_OCCUPANCY)[seed] =
        result->staffed_s > 0 ? 100 * result->busy_s / result->staffed_s : 0;
    simulate_values(outcome, policy, 0, MEASURE_COST_PER_HOUR)[seed] = result->cost / hours;
    for (uint32_t i = 0; i < TD_SIM_QUARTERS; i++) {
        const struct td_sim_quarter *from = &result->quarters[i];

        quarters[i].offered += from->offered;
        quarters[i].answered += from->answered;
        quarters[i].answered_in_time += from->answered_in_time;
        quarters[i].abandoned += from->abandoned;
        quarters[i].abandoned_in_time += from->abandoned_in_time;
        quarters[i].answered_wait_s += from->answered_wait_s;
        quarters[i].staffed_s += from->staffed_s;
        quarters[i].busy_s += from->busy_s;
    }
}

/* --- running --- */

struct progress {
    uint32_t run;
    uint32_t runs;
};

static void show_progress(void *ctx, double done)
{
    const struct progress *progress = ctx;
    double all = (progress->run + done) / progress->runs;

    (void)fprintf(stderr, "\rsimulating: %3.0f %%", 100 * all);
}

static int refuse_scenario(const struct simulate_file *file, uint32_t policy, enum td_err err,
                           const struct td_sim_problem *problem)
{
    const struct td_sim_scenario *scenario = &file->policies[policy];
    const char *name = "";
    const char *message = problem->detail.error.message;

    if (strcmp(problem->kind, "queue") == 0)
        name = scenario->queues[problem->index].name;
    else if (strcmp(problem->kind, "agent") == 0)
        name = scenario->agents[problem->index].config.name;
    else if (strcmp(problem->kind, "demand") == 0)
        name = scenario->demands[problem->index].name;
    return command_fail(2, "policy \"%s\": %s %s: %s: %s", file->policy_names[policy],
                        problem->kind, name,
                        problem->detail.field != NULL ? problem->detail.field : "size",
                        message[0] != '\0' ? message : td_err_text(err));
}

static int run_all(struct simulate_outcome *outcome)
{
    static struct td_sim_result result;
    struct progress progress = {.runs = outcome->file->policy_count * outcome->seeds};
    bool is_watched = isatty(STDERR_FILENO) == 1;
    int status = 0;

    for (uint32_t policy = 0; policy < outcome->file->policy_count && status == 0; policy++) {
        const struct td_sim_scenario *scenario = &outcome->file->policies[policy];
        size_t size = td_sim_size(scenario);
        void *block = size > 0 ? malloc(size) : NULL;
        struct td_sim_problem problem;

        if (block == NULL)
            return command_fail(1, "the scenario is larger than the simulator");
        for (uint32_t seed = 0; seed < outcome->seeds && status == 0; seed++) {
            enum td_err err = td_sim_run(scenario, seed + 1, block, &result,
                                         is_watched ? show_progress : NULL, &progress, &problem);

            if (err != TD_OK)
                status = refuse_scenario(outcome->file, policy, err, &problem);
            else
                keep(outcome, policy, seed, &result);
            progress.run++;
        }
        free(block);
    }
    if (is_watched)
        (void)fputs("\r                   \r", stderr);
    return status;
}

/* --- the command --- */

static int write_file(const char *path, const struct simulate_outcome *outcome,
                      void (*write)(const struct simulate_outcome *, FILE *))
{
    FILE *out = path != NULL ? fopen(path, "w") : NULL;
    if (path == NULL)
        return 0;
    if (out == NULL)
        return command_fail(1, "%s cannot be written", path);
    write(outcome, out);
    return fclose(out) == 0 ? 0 : command_fail(1, "%s cannot be written", path);
}

static int report(const struct options *options, const struct simulate_outcome *outcome)
{
    simulate_print(outcome, stdout);
    int status = write_file(options->csv, outcome, simulate_write_csv);

    return status == 0 ? write_file(options->page, outcome, simulate_write_page) : status;
}

static int simulate(const struct options *options, struct simulate_file *file)
{
    uint32_t groups = 1 + file->scenario.queues_count + file->scenario.demands_count;
    size_t values = (size_t)file->policy_count * groups * MEASURE_COUNT * options->seeds;
    struct simulate_outcome outcome = {
        .file = file,
        .seeds = options->seeds,
        .groups = groups,
        .values = calloc(values, sizeof(double)),
        .quarters =
            calloc((size_t)file->policy_count * TD_SIM_QUARTERS, sizeof(struct td_sim_quarter)),
    };
    int status = 1;

    if (outcome.values != NULL && outcome.quarters != NULL) {
        status = run_all(&outcome);
        if (status == 0)
            status = report(options, &outcome);
    }
    free(outcome.values);
    free(outcome.quarters);
    return status;
}

static bool take_argument(struct options *options, int argc, char **argv, int *at)
{
    const char *name = argv[*at];
    const char *value = *at + 1 < argc ? argv[*at + 1] : NULL;
    uint64_t number;

    if (!td_str_starts_with(name, "--") && options->scenario == NULL) {
        options->scenario = name;
        return true;
    }
    if (value == NULL)
        return false;
    ++*at;
    if (td_str_equal(name, "--csv"))
        options->csv = value;
    else if (td_str_equal(name, "--html"))
        options->page = value;
    else if (td_str_equal(name, "--seeds") &&
             td_str_to_u64(value, SIMULATE_SEEDS_MAX, &number) == TD_OK && number > 0)
        options->seeds = (uint32_t)number;
    else
        return false;
    return true;
}

int command_simulate(const struct command_options *command, int argc, char **argv)
{
    struct options options = {.seeds = SEEDS_DEFAULT};
    struct simulate_file *file;
    char fault[TD_YAML_FAULT_SIZE];
    (void)command;

    for (int at = 0; at < argc; at++) {
        if (!take_argument(&options, argc, argv, &at))
            return command_fail(2, "usage: tandem simulate SCENARIO.yaml [--seeds 1..100] "
                                   "[--csv FILE] [--html FILE]");
    }
    if (options.scenario == NULL)
        return command_fail(2, "simulate: which scenario? deploy/scenarios has some");
    if (simulate_load(options.scenario, &file, fault) != TD_OK)
        return command_fail(2, "%s", fault);
    int status = simulate(&options, file);
    simulate_destroy(&file);
    return status;
}
