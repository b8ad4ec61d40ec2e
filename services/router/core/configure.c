#include "router/core/flow_private.h"

#define DIRECT_LEASE_S 20
#define SHORT_ABANDON_DEFAULT_S UINT32_C(5)

uint32_t flow_short_abandon_ms(const struct td_queue *queue)
{
    return td_pairing_ms(queue->short_abandon_s > 0 ? queue->short_abandon_s
                                                    : SHORT_ABANDON_DEFAULT_S);
}

static uint32_t at_most(uint32_t value, uint32_t max)
{
    return value < max ? value : max;
}

/* --- queues --- */

static void put_queue(struct flow *flow, const struct td_queue *queue, flow_problem_fn *problem,
                      void *ctx)
{
    struct flow_problem report = {.kind = "queue", .name = queue->name};
    struct td_routing_queue_config config;

    td_pairing_queue(queue, &config);
    config.lease_ms = at_most(config.lease_ms, TD_ROUTING_DURATION_MAX_MS - FLOW_LEASE_GRACE_MS) +
                      FLOW_LEASE_GRACE_MS;
    report.err = td_routing_put_queue(flow->routing, &config, &report.detail);
    if (report.err != TD_OK && problem != NULL)
        problem(ctx, &report);
}

/* What agents call themselves, or are asked for by name. */
static void put_direct_queue(struct flow *flow, flow_problem_fn *problem, void *ctx)
{
    struct td_queue direct = {.offer_lease_s = DIRECT_LEASE_S};

    td_str_clip(direct.name, sizeof(direct.name), FLOW_DIRECT_QUEUE);
    if (flow->config->has_call_out)
        direct.wrap_up_s = flow->config->call_out.wrap_up_s;
    put_queue(flow, &direct, problem, ctx);
}

static void remove_queues(struct flow *flow)
{
    uint32_t cursor = 0;
    const char *name;

    while (td_routing_next_queue(flow->routing, &cursor, &name)) {
        if (flow_queue(flow, name) == NULL && !td_str_equal(name, FLOW_DIRECT_QUEUE))
            (void)td_routing_remove_queue(flow->routing, name);
    }
}

/* --- agents --- */

/* Most agents do not change when a configuration does, and changing one costs more than this. */
static uint64_t hash_agent(const struct td_agent_config *config)
{
    uint64_t hash = 1;

    for (uint32_t i = 0; i < config->attributes_count; i++) {
        const struct td_attribute *attribute = &config->attributes[i];
        struct td_expr_value value = td_pairing_value(attribute);
        uint64_t parts[4] = {
            hash,
            td_str_hash(attribute->name, strlen(attribute->name)),
            (uint64_t)value.type,
            value.type == TD_EXPR_TEXT ? td_str_hash(value.text, strlen(value.text))
                                       : (uint64_t)value.number,
        };
        hash = td_str_hash(parts, sizeof(parts));
    }
    return hash;
}

static enum td_err put_agent(struct flow *flow, const struct td_agent_config *agent,
                             struct td_routing_problem *detail)
{
    struct td_expr_attribute attributes[TD_ROUTING_ATTRIBUTES_MAX];
    uint32_t count = at_most(agent->attributes_count, TD_ROUTING_ATTRIBUTES_MAX);
    struct td_routing_agent_config config = {agent->name, attributes, count};

    for (uint32_t i = 0; i < count; i++)
        attributes[i] = (struct td_expr_attribute){agent->attributes[i].name,
                                                   td_pairing_value(&agent->attributes[i])};
    return td_routing_put_agent(flow->routing, &config, detail);
}

static void take_agent(struct flow *flow, const struct td_agent_config *config,
                       flow_problem_fn *problem, void *ctx)
{
    struct flow_problem report = {.kind = "agent", .name = config->name, .err = TD_ERR_LIMIT};
    struct flow_agent *agent = flow_agent_add(flow, config->name);
    uint64_t hash = hash_agent(config);

    if (agent != NULL) {
        bool same = agent->config_hash == hash;

        agent->configured = true;
        report.err = same ? TD_OK : put_agent(flow, config, &report.detail);
        if (report.err == TD_OK)
            agent->config_hash = hash;
    }
    if (report.err != TD_OK && problem != NULL)
        problem(ctx, &report);
}

static void remove_agents(struct flow *flow)
{
    for (uint32_t i = 0; i < flow->agent_count; i++) {
        struct flow_agent *agent = &flow->agents[flow->agent_order[i]];

        if (agent->configured || agent->config_hash == 0)
            continue;
        agent->config_hash = 0;
        (void)td_routing_remove_agent(flow->routing, agent->record.agent);
    }
    flow->drop_due = true;
}

void flow_configure(struct flow *flow, const struct td_company_config *config,
                    const struct td_calendar *calendar, flow_problem_fn *problem, void *ctx)
{
    flow->config = config;
    flow->calendar = calendar;
    flow_sort_config(flow);
    for (uint32_t i = 0; i < config->queues_count; i++)
        put_queue(flow, &config->queues[i], problem, ctx);
    put_direct_queue(flow, problem, ctx);
    remove_queues(flow);

    for (uint32_t i = 0; i < flow->agent_count; i++)
        flow->agents[flow->agent_order[i]].configured = false;
    for (uint32_t i = 0; i < config->agents_count; i++)
        take_agent(flow, &config->agents[i], problem, ctx);
    remove_agents(flow);
}
