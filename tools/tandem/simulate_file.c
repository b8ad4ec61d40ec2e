#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "core/calendar/opening.h"
#include "service/yaml_message.h"
#include "tandem/simulate.h"
#include "wire/pairing.h"

#define ARENA_MIN ((size_t)1 << 20)
#define ARENA_MAX ((size_t)1 << 32)
#define CONTACTS_DEFAULT 20000
#define DAYS_MAX 366
#define MINUTES_OF_DAY 1440
#define PEOPLE_SEED 1 /* who works there is the same in every run */
#define SHIFTS_MAX 8

struct loading {
    struct td_yaml *yaml;
    struct td_arena arena;
    struct simulate_file *file;
    const struct td_yaml_node *node; /* what is being looked at, for its line */
    char *fault;
};

static enum td_err refuse(struct loading *loading, enum td_err err, const char *field,
                          const char *expected)
{
    td_yaml_fault(loading->fault, loading->yaml, loading->node->line, "%s: expected %s", field,
                  expected);
    return err;
}

/* The element of a list of the scenario that is looked at from now on. */
static void look_at(struct loading *loading, const char *list, uint32_t index)
{
    const struct td_yaml_node *node = td_yaml_find(td_yaml_root(loading->yaml), list);

    node = node != NULL ? node->first : NULL;
    for (uint32_t i = 0; i < index && node != NULL; i++)
        node = node->next;
    loading->node = node != NULL ? node : td_yaml_root(loading->yaml);
}

/* --- times --- */

static enum td_err take_time(struct loading *loading, const char *field,
                             const struct td_scenario_time *from, struct td_sim_distribution *to)
{
    static const enum td_sim_distribution_kind kinds[] = {
        [TD_SCENARIO_SHAPE_UNSPECIFIED] = TD_SIM_EXPONENTIAL,
        [TD_SCENARIO_SHAPE_CONSTANT] = TD_SIM_CONSTANT,
        [TD_SCENARIO_SHAPE_EXPONENTIAL] = TD_SIM_EXPONENTIAL,
        [TD_SCENARIO_SHAPE_LOGNORMAL] = TD_SIM_LOGNORMAL,
    };

    if (!(from->mean_s >= 0 && from->mean_s <= 86400) ||
        !(from->deviation_s >= 0 && from->deviation_s <= 86400))
        return refuse(loading, TD_ERR_RANGE, field, "mean_s and deviation_s of 0 to 86400");
    if (from->shape == TD_SCENARIO_SHAPE_LOGNORMAL && from->deviation_s <= 0)
        return refuse(loading, TD_ERR_RANGE, field, "deviation_s above 0 beside lognormal");
    *to = (struct td_sim_distribution){kinds[from->shape], from->mean_s, from->deviation_s};
    return TD_OK;
}

/* Rates by the minute, joined where they are equal. */
static enum td_err take_rates(struct loading *loading, const struct td_scenario_demand *from,
                              struct td_sim_demand *to)
{
    double per_hour[MINUTES_OF_DAY] = {0};
    struct td_sim_rate *rates = td_arena_array(&loading->arena, MINUTES_OF_DAY, sizeof(*rates));
    if (rates == NULL)
        return TD_ERR_LIMIT;

    for (uint32_t i = 0; i < from->arrivals_count; i++) {
        const struct td_scenario_arrivals *arrivals = &from->arrivals[i];
        struct td_day_span span;

        if (td_day_span_parse(arrivals->during, &span) != TD_OK)
            return refuse(loading, TD_ERR_SYNTAX, "during", "a span such as \"08:00-12:30\"");
        if (!(arrivals->per_hour >= 0 && arrivals->per_hour <= 1e6))
            return refuse(loading, TD_ERR_RANGE, "per_hour", "0 to 1000000");
        uint32_t length = span.to_min > span.from_min
                              ? (uint32_t)span.to_min - span.from_min
                              : (uint32_t)(span.to_min + MINUTES_OF_DAY - span.from_min);
        for (uint32_t m = 0; m < length; m++)
            per_hour[(span.from_min + m) % MINUTES_OF_DAY] += arrivals->per_hour;
    }
    for (uint32_t m = 0; m < MINUTES_OF_DAY; m++) {
        if (m == 0 || fabs(per_hour[m] - per_hour[m - 1]) > 0)
            rates[to->rate_count++] = (struct td_sim_rate){m * 60, per_hour[m]};
    }
    to->rates = rates;
    return TD_OK;
}

/* --- demands --- */

static int find_queue(const struct td_scenario *scenario, const char *name)
{
    for (uint32_t i = 0; i < scenario->queues_count; i++) {
        if (td_str_equal(scenario->queues[i].name, name))
            return (int)i;
    }
    return -1;
}

static enum td_err take_references(struct loading *loading, const struct td_scenario_demand *from,
                                   struct td_sim_demand *to)
{
    size_t size = sizeof("interaction.") + sizeof(from->attributes[0].name);
    struct td_expr_attribute *items =
        td_arena_array(&loading->arena, from->attributes_count, sizeof(*items));
    char *names = td_arena_array(&loading->arena, from->attributes_count, size);
    if (items == NULL || names == NULL)
        return TD_ERR_LIMIT;

    for (uint32_t i = 0; i < from->attributes_count; i++) {
        (void)snprintf(names + i * size, size, "interaction.%s", from->attributes[i].name);
        items[i] =
            (struct td_expr_attribute){names + i * size, td_pairing_value(&from->attributes[i])};
    }
    to->references = (struct td_expr_references){items, from->attributes_count};
    return TD_OK;
}

static enum td_err take_demand(struct loading *loading, const struct td_scenario_demand *from,
                               struct td_sim_demand *to)
{
    if (find_queue(&loading->file->scenario, from->queue) < 0)
        return refuse(loading, TD_ERR_NOT_FOUND, "queue", "a queue of the scenario");
    if (!from->has_handling || from->handling.mean_s <= 0)
        return refuse(loading, TD_ERR_RANGE, "handling", "a mean_s above 0");
    if (from->value > TD_ROUTING_POINTS_MAX)
        return refuse(loading, TD_ERR_RANGE, "value", "at most 1000000");
    *to = (struct td_sim_demand){
        .name = from->name,
        .queue = from->queue,
        .value = (int32_t)from->value,
        .worth = from->worth,
    };
    enum td_err err = take_time(loading, "handling", &from->handling, &to->handling);
    if (err == TD_OK && from->has_patience)
        err = take_time(loading, "patience", &from->patience, &to->patience);
    if (err == TD_OK)
        err = take_rates(loading, from, to);
    return err == TD_OK ? take_references(loading, from, to) : err;
}

/* --- people --- */

static enum td_err take_shifts(struct loading *loading, const struct td_scenario_people *from,
                               struct td_sim_shift **shifts)
{
    *shifts = td_arena_array(&loading->arena, from->shifts_count, sizeof(**shifts));
    if (*shifts == NULL)
        return TD_ERR_LIMIT;
    for (uint32_t i = 0; i < from->shifts_count; i++) {
        struct td_day_span span;

        if (td_day_span_parse(from->shifts[i], &span) != TD_OK)
            return refuse(loading, TD_ERR_SYNTAX, "shifts", "spans such as \"08:00-16:00\"");
        (*shifts)[i] = (struct td_sim_shift){span.from_min * 60U, span.to_min * 60U % TD_SIM_DAY_S};
    }
    return TD_OK;
}

/* Evenly, in tenths, both ends included. */
static int64_t draw_tenth(const struct td_scenario_spread *spread, uint64_t stream, uint64_t index)
{
    double steps = floor((spread->to - spread->from) * 10 + 1.5);
    double step = floor(td_sim_unit(PEOPLE_SEED, stream, index) * steps);

    return (int64_t)llround((spread->from + step / 10) * (double)TD_EXPR_ONE);
}

static enum td_err take_agent(struct loading *loading, const struct td_scenario_people *from,
                              uint32_t group, uint32_t number, struct td_sim_agent *to)
{
    uint32_t count = from->attributes_count + from->spread_count;
    struct td_expr_attribute *attributes =
        td_arena_array(&loading->arena, count, sizeof(*attributes));
    char *name = td_arena_alloc(&loading->arena, TD_ROUTING_NAME_SIZE);
    if (attributes == NULL || name == NULL)
        return TD_ERR_LIMIT;

    (void)snprintf(name, TD_ROUTING_NAME_SIZE, "%s-%u", from->name, number + 1);
    for (uint32_t i = 0; i < from->attributes_count; i++)
        attributes[i] = (struct td_expr_attribute){from->attributes[i].name,
                                                   td_pairing_value(&from->attributes[i])};
    for (uint32_t i = 0; i < from->spread_count; i++) {
        uint64_t stream = (uint64_t)group * SHIFTS_MAX + i;

        attributes[from->attributes_count + i] = (struct td_expr_attribute){
            from->spread[i].name,
            {.type = TD_EXPR_NUMBER, .number = draw_tenth(&from->spread[i], stream, number)}};
    }
    to->config = (struct td_routing_agent_config){name, attributes, count};
    return TD_OK;
}

static enum td_err take_group(struct loading *loading, uint32_t group, struct td_sim_agent *agents)
{
    const struct td_scenario_people *from = &loading->file->scenario.people[group];
    struct td_sim_shift *shifts;
    enum td_err err = take_shifts(loading, from, &shifts);

    for (uint32_t i = 0; i < from->spread_count && err == TD_OK; i++) {
        if (!(from->spread[i].from >= -1e6 && from->spread[i].to <= 1e6 &&
              from->spread[i].from <= from->spread[i].to))
            err = refuse(loading, TD_ERR_RANGE, "spread", "from and to, the lower one first");
    }
    for (uint32_t i = 0; i < from->count && err == TD_OK; i++) {
        agents[i] = (struct td_sim_agent){.shifts = shifts,
                                          .shift_count = from->shifts_count,
                                          .cost_per_hour = from->cost_per_hour};
        err = take_agent(loading, from, group, i, &agents[i]);
    }
    return err;
}

static enum td_err take_people(struct loading *loading, struct td_sim_scenario *to)
{
    const struct td_scenario *scenario = &loading->file->scenario;
    uint64_t count = 0;

    for (uint32_t i = 0; i < scenario->people_count; i++)
        count += scenario->people[i].count;
    look_at(loading, "people", 0);
    if (count == 0 || count > TD_SIM_AGENTS_MAX)
        return refuse(loading, TD_ERR_RANGE, "people", "1 to 100000 agents in all");
    struct td_sim_agent *agents = td_arena_array(&loading->arena, count, sizeof(*agents));
    if (agents == NULL)
        return TD_ERR_LIMIT;
    to->agents = agents;
    to->agent_count = (uint32_t)count;
    for (uint32_t i = 0; i < scenario->people_count; i++) {
        look_at(loading, "people", i);
        enum td_err err = take_group(loading, i, agents);
        if (err != TD_OK)
            return err;
        agents += scenario->people[i].count;
    }
    return TD_OK;
}

/* --- queues and policies --- */

static const struct td_queue *queue_of(const struct td_scenario *scenario,
                                       const struct td_scenario_policy *policy, uint32_t index)
{
    for (uint32_t i = 0; policy != NULL && i < policy->queues_count; i++) {
        if (td_str_equal(policy->queues[i].name, scenario->queues[index].name))
            return &policy->queues[i];
    }
    return &scenario->queues[index];
}

static enum td_err check_policy(struct loading *loading, const struct td_scenario_policy *policy)
{
    const struct td_scenario *scenario = &loading->file->scenario;

    for (uint32_t i = 0; i < policy->queues_count; i++) {
        if (find_queue(scenario, policy->queues[i].name) < 0)
            return refuse(loading, TD_ERR_NOT_FOUND, "queues", "queues of the scenario only");
    }
    return TD_OK;
}

static enum td_err take_policy(struct loading *loading, const struct td_sim_scenario *common,
                               const struct td_scenario_policy *policy)
{
    struct simulate_file *file = loading->file;
    const struct td_scenario *scenario = &file->scenario;
    struct td_routing_queue_config *queues =
        td_arena_array(&loading->arena, scenario->queues_count, sizeof(*queues));
    if (queues == NULL)
        return TD_ERR_LIMIT;

    for (uint32_t i = 0; i < scenario->queues_count; i++)
        td_pairing_queue(queue_of(scenario, policy, i), &queues[i]);
    file->policies[file->policy_count] = *common;
    file->policies[file->policy_count].queues = queues;
    file->policies[file->policy_count].queue_count = scenario->queues_count;
    file->policy_names[file->policy_count++] = policy != NULL ? policy->name : "as it is";
    return TD_OK;
}

static enum td_err take_policies(struct loading *loading, const struct td_sim_scenario *common)
{
    const struct td_scenario *scenario = &loading->file->scenario;
    enum td_err err = TD_OK;

    loading->file->policy_count = 0;
    if (scenario->policies_count == 0)
        return take_policy(loading, common, NULL);
    for (uint32_t i = 0; i < scenario->policies_count && err == TD_OK; i++) {
        look_at(loading, "policies", i);
        err = check_policy(loading, &scenario->policies[i]);
        if (err == TD_OK)
            err = take_policy(loading, common, &scenario->policies[i]);
    }
    return err;
}

/* --- the whole --- */

static enum td_err take_common(struct loading *loading, struct td_sim_scenario *common)
{
    const struct td_scenario *scenario = &loading->file->scenario;
    uint32_t days = scenario->days > 0 ? scenario->days : 1;
    struct td_sim_demand *demands =
        td_arena_array(&loading->arena, scenario->demands_count, sizeof(*demands));
    enum td_err err = TD_OK;
    if (demands == NULL)
        return TD_ERR_LIMIT;

    loading->node = td_yaml_root(loading->yaml);
    if (days > DAYS_MAX || scenario->warm_up_min >= days * MINUTES_OF_DAY)
        return refuse(loading, TD_ERR_RANGE, "days", "1 to 366, and longer than warm_up_min");
    *common = (struct td_sim_scenario){
        .demands = demands,
        .demand_count = scenario->demands_count,
        .settings = td_routing_default_settings(),
        .duration_s = days * TD_SIM_DAY_S,
        .warm_up_s = scenario->warm_up_min * 60,
        .contacts_max = scenario->contacts_max > 0 ? scenario->contacts_max : CONTACTS_DEFAULT,
    };
    if (scenario->has_ring)
        err = take_time(loading, "ring", &scenario->ring, &common->ring);
    for (uint32_t i = 0; i < scenario->demands_count && err == TD_OK; i++) {
        look_at(loading, "demands", i);
        err = take_demand(loading, &scenario->demands[i], &demands[i]);
    }
    return err == TD_OK ? take_people(loading, common) : err;
}

static enum td_err read_all(struct loading *loading)
{
    struct td_sim_scenario common;
    enum td_err err =
        td_yaml_to_message(loading->yaml, td_yaml_root(loading->yaml), &td_scenario_wire, NULL,
                           &loading->arena, &loading->file->scenario, loading->fault);

    if (err == TD_OK)
        err = take_common(loading, &common);
    return err == TD_OK ? take_policies(loading, &common) : err;
}

/* How much memory a document needs is known when it is read: more until it fits. */
static enum td_err read_until_it_fits(struct loading *loading)
{
    enum td_err err = TD_ERR_LIMIT;

    for (size_t size = ARENA_MIN; size <= ARENA_MAX && err == TD_ERR_LIMIT; size *= 8) {
        free(loading->file->memory);
        loading->file->memory = malloc(size);
        if (loading->file->memory == NULL)
            return TD_ERR_NO_MEMORY;
        td_arena_init(&loading->arena, loading->file->memory, size);
        err = read_all(loading);
    }
    return err;
}

enum td_err simulate_load(const char *path, struct simulate_file **file,
                          char fault[TD_YAML_FAULT_SIZE])
{
    struct loading loading = {.file = calloc(1, sizeof(**file)), .fault = fault};
    if (loading.file == NULL)
        return TD_ERR_NO_MEMORY;

    enum td_err err = td_yaml_load(path, fault, &loading.yaml);
    if (err == TD_OK)
        err = read_until_it_fits(&loading);
    td_yaml_destroy(&loading.yaml);
    if (err != TD_OK)
        simulate_destroy(&loading.file);
    else
        *file = loading.file;
    return err;
}

void simulate_destroy(struct simulate_file **file)
{
    if (*file == NULL)
        return;
    free((*file)->memory);
    free(*file);
    *file = NULL;
}
