/**
 * @file simulate.h  What the files of `tandem simulate` share.
 *
 *   simulate.c        the command: runs every policy over every seed
 *   simulate_file.c   SCENARIO.yaml as scenarios of core/simulation
 *   simulate_table.c  what came out, for people
 *   simulate_csv.c    the same for programs
 *   simulate_page.c   the same as a page with charts that needs nothing else
 */
#ifndef TANDEM_SIMULATE_H
#define TANDEM_SIMULATE_H

#include <stdio.h>

#include "core/simulation/simulation.h"
#include "io/config_yaml.h"
#include "wire/scenario_wire.h"

#define SIMULATE_POLICIES_MAX 8
#define SIMULATE_SEEDS_MAX 100

struct simulate_file {
    struct td_scenario scenario;
    uint32_t policy_count; /* at least 1 */
    struct td_sim_scenario policies[SIMULATE_POLICIES_MAX];
    const char *policy_names[SIMULATE_POLICIES_MAX];
    void *memory; /* of all of it */
};

/** @param fault  One sentence on failure. @return TD_OK; the file is destroyed by the caller. */
enum td_err TD_MUST_CHECK simulate_load(const char *path, struct simulate_file **file,
                                        char fault[TD_YAML_FAULT_SIZE]);
void simulate_destroy(struct simulate_file **file);

/* What one run is judged by. */
enum simulate_measure {
    MEASURE_OFFERED,
    MEASURE_ANSWERED,
    MEASURE_SERVICE_LEVEL, /* percent */
    MEASURE_ABANDONED,     /* percent of offered */
    MEASURE_OVERFLOWED,
    MEASURE_ANSWER_S, /* average speed of answer */
    MEASURE_WAIT_P90_S,
    MEASURE_LONGEST_S,
    MEASURE_OCCUPANCY,      /* percent */
    MEASURE_WORTH_PER_HOUR, /* of what was answered */
    MEASURE_COST_PER_HOUR,
    MEASURE_COUNT
};

extern const struct simulate_measure_text {
    const char *name;
    const char *unit;
    int digits;
} simulate_measures[MEASURE_COUNT];

/** All runs. Figures by group: all contacts, then each queue, then each demand. */
struct simulate_outcome {
    const struct simulate_file *file;
    uint32_t seeds;
    uint32_t groups;
    /** [policy][group][measure][seed] in this order; see simulate_values. */
    double *values;
    struct td_sim_quarter *quarters; /* [policy][quarter], all seeds together */
};

/** The values of one measure, by seed. */
double *simulate_values(const struct simulate_outcome *outcome, uint32_t policy, uint32_t group,
                        enum simulate_measure measure);
/** "all", "queue NAME" or "demand NAME". @return `text`. */
const char *simulate_group_name(const struct simulate_outcome *outcome, uint32_t group, char *text,
                                size_t size);
/** By how much the policy is above the first one: of the same seeds, so on the same days. */
struct td_sim_estimate simulate_difference(const struct simulate_outcome *outcome, uint32_t policy,
                                           uint32_t group, enum simulate_measure measure);

void simulate_print(const struct simulate_outcome *outcome, FILE *out);
void simulate_write_csv(const struct simulate_outcome *outcome, FILE *out);
void simulate_write_page(const struct simulate_outcome *outcome, FILE *out);

#endif
