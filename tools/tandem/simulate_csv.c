#include "tandem/simulate.h"

/* Names come from YAML: RFC 4180, and no cell begins like a formula. */
static void write_text(const char *text, FILE *out)
{
    (void)fputc('"', out);
    if (text[0] == '=' || text[0] == '+' || text[0] == '-' || text[0] == '@')
        (void)fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            (void)fputc('"', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

void simulate_write_csv(const struct simulate_outcome *outcome, FILE *out)
{
    (void)fputs("policy,group,measure,unit,seed,value\r\n", out);
    for (uint32_t policy = 0; policy < outcome->file->policy_count; policy++) {
        for (uint32_t at = 0; at < outcome->groups * MEASURE_COUNT * outcome->seeds; at++) {
            uint32_t group = at / outcome->seeds / MEASURE_COUNT;
            enum simulate_measure measure = at / outcome->seeds % MEASURE_COUNT;
            uint32_t seed = at % outcome->seeds;
            char name[128];

            write_text(outcome->file->policy_names[policy], out);
            (void)fputc(',', out);
            write_text(simulate_group_name(outcome, group, name, sizeof(name)), out);
            (void)fprintf(out, ",\"%s\",\"%s\",%u,%.6g\r\n", simulate_measures[measure].name,
                          simulate_measures[measure].unit, seed + 1,
                          simulate_values(outcome, policy, group, measure)[seed]);
        }
    }
}
