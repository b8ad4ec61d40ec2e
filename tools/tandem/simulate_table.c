#include <math.h>

#include "tandem/simulate.h"

/* One policy beside the other, each figure with how far to trust it. */

static void print_estimate(FILE *out, struct td_sim_estimate estimate, int digits, bool is_signed)
{
    char text[48];

    (void)snprintf(text, sizeof(text), is_signed ? "%+.*f" : "%.*f", digits, estimate.mean);
    (void)fprintf(out, " %10s", text);
    (void)snprintf(text, sizeof(text), "+-%.*f", digits, estimate.half_width);
    (void)fprintf(out, " %-8s", estimate.half_width > 0 ? text : "");
}

/* Of everything, or a few that tell queues apart. */
static bool is_shown(uint32_t group, enum simulate_measure measure)
{
    switch (measure) {
    case MEASURE_OFFERED:
    case MEASURE_SERVICE_LEVEL:
    case MEASURE_ABANDONED:
    case MEASURE_ANSWER_S:
    case MEASURE_WAIT_P90_S:
        return true;
    default:
        return group == 0;
    }
}

static bool is_zero_everywhere(const struct simulate_outcome *outcome, uint32_t group,
                               enum simulate_measure measure)
{
    for (uint32_t policy = 0; policy < outcome->file->policy_count; policy++) {
        const double *values = simulate_values(outcome, policy, group, measure);

        for (uint32_t seed = 0; seed < outcome->seeds; seed++) {
            if (fabs(values[seed]) > 0)
                return false;
        }
    }
    return true;
}

static void print_line(const struct simulate_outcome *outcome, uint32_t group,
                       enum simulate_measure measure, FILE *out)
{
    const struct simulate_measure_text *text = &simulate_measures[measure];
    char name[48];

    (void)snprintf(name, sizeof(name), "%s%s%s", text->name, text->unit[0] != '\0' ? ", " : "",
                   text->unit);
    (void)fprintf(out, "  %-26s", name);
    for (uint32_t policy = 0; policy < outcome->file->policy_count; policy++)
        print_estimate(
            out, td_sim_estimate(simulate_values(outcome, policy, group, measure), outcome->seeds),
            text->digits, false);
    for (uint32_t policy = 1; policy < outcome->file->policy_count; policy++) {
        struct td_sim_estimate difference = simulate_difference(outcome, policy, group, measure);

        print_estimate(out, difference, text->digits, true);
        (void)fputc(fabs(difference.mean) > difference.half_width ? '*' : ' ', out);
    }
    (void)fputc('\n', out);
}

static void print_heading(const struct simulate_outcome *outcome, FILE *out)
{
    const struct simulate_file *file = outcome->file;
    char text[128];

    (void)fprintf(out, "%s: %u day%s, %u agents, %u run%s of each policy\n\n%-28s",
                  file->scenario.name, file->policies[0].duration_s / TD_SIM_DAY_S,
                  file->policies[0].duration_s > TD_SIM_DAY_S ? "s" : "",
                  file->policies[0].agent_count, outcome->seeds, outcome->seeds > 1 ? "s" : "", "");
    for (uint32_t policy = 0; policy < file->policy_count; policy++)
        (void)fprintf(out, " %-19.19s", file->policy_names[policy]);
    for (uint32_t policy = 1; policy < file->policy_count; policy++) {
        (void)snprintf(text, sizeof(text), "%s, more", file->policy_names[policy]);
        (void)fprintf(out, " %-20.20s", text);
    }
    (void)fputc('\n', out);
}

void simulate_print(const struct simulate_outcome *outcome, FILE *out)
{
    print_heading(outcome, out);
    for (uint32_t group = 0; group < outcome->groups; group++) {
        char name[128];

        if (group > 0 && outcome->groups == 3)
            break; // One queue, one demand: the same as all.
        (void)fprintf(out, "%s\n", simulate_group_name(outcome, group, name, sizeof(name)));
        for (int measure = 0; measure < MEASURE_COUNT; measure++) {
            if (is_shown(group, (enum simulate_measure)measure) &&
                !is_zero_everywhere(outcome, group, (enum simulate_measure)measure))
                print_line(outcome, group, (enum simulate_measure)measure, out);
        }
    }
    (void)fprintf(out, "\n+- is half of the 95 %% confidence interval over the runs.%s\n",
                  outcome->file->policy_count > 1
                      ? " Every policy met the same customers;\n* marks a difference that is more "
                        "than chance."
                      : "");
}
