#include "core/simulation/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define EXPRESSIONS_MAX 4096
#define NAMES_MAX 512
#define TEXTS_MAX 16384
/* Of alignment, for each piece of the block. */
#define SLACK 64
#define PIECES 24

static struct td_routing_limits limits_of(const struct td_sim_scenario *scenario)
{
    return (struct td_routing_limits){
        .agents = scenario->agent_count > 0 ? scenario->agent_count : 1,
        .queues = scenario->queue_count > 0 ? scenario->queue_count : 1,
        .interactions = scenario->contacts_max,
        .expressions = EXPRESSIONS_MAX,
        .names = NAMES_MAX,
        .texts = TEXTS_MAX,
    };
}

static size_t appointments(const struct td_sim_scenario *scenario)
{
    return 2 * (size_t)scenario->contacts_max + scenario->demand_count + scenario->agent_count;
}

size_t world_size(const struct td_sim_scenario *scenario)
{
    const struct td_routing_limits limits = limits_of(scenario);
    size_t routing = td_routing_size(&limits);
    size_t per_agent = sizeof(struct worker) + sizeof(uint32_t);
    size_t per_demand = sizeof(uint64_t) + sizeof(uint32_t) + sizeof(struct td_sim_figures);

    if (routing == 0 || scenario->queue_count > TD_SIM_QUEUES_MAX ||
        scenario->demand_count > TD_SIM_DEMANDS_MAX || scenario->agent_count > TD_SIM_AGENTS_MAX)
        return 0;
    return routing + sizeof(struct td_routing_effects) +
           appointments(scenario) * (2 * sizeof(uint32_t) + sizeof(uint64_t)) +
           scenario->contacts_max * sizeof(struct contact) + scenario->agent_count * per_agent +
           scenario->demand_count * per_demand +
           scenario->queue_count * sizeof(struct td_sim_figures) + (size_t)PIECES * SLACK;
}

/* --- memory --- */

static enum td_err set_out(struct world *world, struct td_arena *arena)
{
    const struct td_sim_scenario *scenario = world->scenario;
    uint32_t agents = scenario->agent_count;

    world->contacts_max = scenario->contacts_max;
    world->effects = td_arena_alloc(arena, sizeof(*world->effects));
    world->contacts = td_arena_array(arena, world->contacts_max, sizeof(*world->contacts));
    world->arrivals = td_arena_array(arena, scenario->demand_count, sizeof(*world->arrivals));
    world->queue_index = td_arena_array(arena, scenario->demand_count, sizeof(uint32_t));
    world->workers = td_arena_array(arena, agents, sizeof(*world->workers));
    world->by_name = td_arena_array(arena, agents, sizeof(*world->by_name));
    world->result->queues =
        td_arena_array(arena, scenario->queue_count, sizeof(*world->result->queues));
    world->result->demands =
        td_arena_array(arena, scenario->demand_count, sizeof(*world->result->demands));
    if (world->effects == NULL || world->contacts == NULL || world->arrivals == NULL ||
        world->queue_index == NULL || world->workers == NULL || world->by_name == NULL ||
        world->result->queues == NULL || world->result->demands == NULL)
        return TD_ERR_LIMIT;
    return td_agenda_init(&world->agenda, arena, (uint32_t)appointments(scenario));
}

static void chain_contacts(struct world *world)
{
    for (uint32_t i = 0; i < world->contacts_max; i++)
        world->contacts[i].next_free = i + 1 < world->contacts_max ? i + 1 : NOBODY;
    world->free_contact = world->contacts_max > 0 ? 0 : NOBODY;
}

/* --- names --- */

static int compare_agents(const void *a, const void *b, void *ctx)
{
    const struct td_sim_agent *agents = ctx;

    return strcmp(agents[*(const uint32_t *)a].config.name,
                  agents[*(const uint32_t *)b].config.name);
}

static void sort_agents(struct world *world)
{
    for (uint32_t i = 0; i < world->scenario->agent_count; i++)
        world->by_name[i] = i;
    qsort_r(world->by_name, world->scenario->agent_count, sizeof(uint32_t), compare_agents,
            (void *)(uintptr_t)world->scenario->agents);
}

uint32_t world_find_agent(const struct world *world, const char *name)
{
    uint32_t from = 0;
    uint32_t to = world->scenario->agent_count;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        uint32_t agent = world->by_name[middle];
        int order = strcmp(world->scenario->agents[agent].config.name, name);

        if (order == 0)
            return agent;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NOBODY;
}

/* --- the engine --- */

static enum td_err make_engine(struct world *world, struct td_arena *arena)
{
    const struct td_routing_limits limits = limits_of(world->scenario);
    void *block = td_arena_alloc(arena, td_routing_size(&limits));
    if (block == NULL)
        return TD_ERR_LIMIT;

    return td_routing_init(block, &limits, &world->scenario->settings, &world->routing);
}

static enum td_err configure(struct world *world, struct td_sim_problem *problem)
{
    const struct td_sim_scenario *scenario = world->scenario;
    enum td_err err = TD_OK;

    problem->kind = "queue";
    for (uint32_t i = 0; i < scenario->queue_count && err == TD_OK; i++) {
        problem->index = i;
        err = td_routing_put_queue(world->routing, &scenario->queues[i], &problem->detail);
    }
    if (err != TD_OK)
        return err;
    problem->kind = "agent";
    for (uint32_t i = 0; i < scenario->agent_count && err == TD_OK; i++) {
        problem->index = i;
        err = td_routing_put_agent(world->routing, &scenario->agents[i].config, &problem->detail);
    }
    return err;
}

static enum td_err find_queues(struct world *world, struct td_sim_problem *problem)
{
    const struct td_sim_scenario *scenario = world->scenario;

    problem->kind = "demand";
    for (uint32_t i = 0; i < scenario->demand_count; i++) {
        uint32_t queue = 0;

        while (queue < scenario->queue_count &&
               !td_str_equal(scenario->queues[queue].name, scenario->demands[i].queue))
            queue++;
        problem->index = i;
        problem->detail.field = "queue";
        if (queue == scenario->queue_count)
            return TD_ERR_NOT_FOUND;
        world->queue_index[i] = queue;
    }
    return TD_OK;
}

enum td_err world_make(struct world *world, void *block, struct td_sim_problem *problem)
{
    struct td_arena arena;

    *problem = (struct td_sim_problem){.kind = "scenario"};
    td_arena_init(&arena, block, world_size(world->scenario));
    enum td_err err = set_out(world, &arena);
    if (err == TD_OK)
        err = make_engine(world, &arena);
    if (err != TD_OK)
        return err;
    chain_contacts(world);
    sort_agents(world);
    err = configure(world, problem);
    return err == TD_OK ? find_queues(world, problem) : err;
}
