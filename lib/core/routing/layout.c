#include <assert.h>
#include <stdalign.h>
#include <string.h>

#include "core/routing/parts.h"

#define AGENTS_MAX 131072
#define QUEUES_MAX 4096
#define INTERACTIONS_MAX 262144
#define EXPRESSIONS_MAX 65536

/* Where each part begins in the block, and where the block ends. */
struct layout {
    size_t symbols, cells;
    size_t agent_table, agents, ready, staffed, fresh;
    size_t queue_table, queues;
    size_t interaction_table, interactions, special, dirty;
    size_t expression_table, expressions, eligible;
    size_t groups, active_groups;
    size_t heap, heap_places, heap_times;
    size_t end;
};

static size_t place(struct layout *layout, size_t count, size_t size)
{
    size_t start = layout->end;
    size_t unit = alignof(max_align_t);

    layout->end += (count * size + unit - 1) / unit * unit;
    return start;
}

static size_t words_of(const struct td_routing_limits *limits)
{
    return ((size_t)limits->agents + 63) / 64;
}

static void lay_out_lists(struct layout *layout, const struct td_routing_limits *limits)
{
    size_t timers = (size_t)limits->interactions + limits->agents;

    layout->special = place(layout, limits->interactions, sizeof(uint32_t));
    layout->dirty = place(layout, limits->interactions, sizeof(uint32_t));
    layout->groups = place(layout, limits->interactions, sizeof(struct group));
    layout->active_groups = place(layout, limits->interactions, sizeof(uint32_t));
    layout->heap = place(layout, timers, sizeof(uint32_t));
    layout->heap_places = place(layout, timers, sizeof(uint32_t));
    layout->heap_times = place(layout, timers, sizeof(uint64_t));
}

static struct layout lay_out(const struct td_routing_limits *limits)
{
    struct layout layout = {0};
    size_t words = words_of(limits);

    place(&layout, 1, sizeof(struct td_routing));
    layout.symbols = place(&layout, td_expr_symbols_size(limits->names, limits->texts), 1);
    layout.cells = place(&layout, limits->names * words * 64, sizeof(int64_t));
    layout.agent_table = place(&layout, td_routing_table_size(limits->agents), 1);
    layout.agents = place(&layout, limits->agents, sizeof(struct agent));
    layout.ready = place(&layout, words, sizeof(uint64_t));
    layout.staffed = place(&layout, words, sizeof(uint64_t));
    layout.fresh = place(&layout, words, sizeof(uint64_t));
    layout.queue_table = place(&layout, td_routing_table_size(limits->queues), 1);
    layout.queues = place(&layout, limits->queues, sizeof(struct queue));
    layout.interaction_table = place(&layout, td_routing_table_size(limits->interactions), 1);
    layout.interactions = place(&layout, limits->interactions, sizeof(struct interaction));
    layout.expression_table = place(&layout, td_routing_table_size(limits->expressions), 1);
    layout.expressions = place(&layout, limits->expressions, sizeof(struct expression));
    layout.eligible = place(&layout, limits->expressions * words, sizeof(uint64_t));
    lay_out_lists(&layout, limits);
    return layout;
}

static bool within(uint32_t value, uint32_t max)
{
    return value >= 1 && value <= max;
}

size_t td_routing_size(const struct td_routing_limits *limits)
{
    bool right = within(limits->agents, AGENTS_MAX) && within(limits->queues, QUEUES_MAX) &&
                 within(limits->interactions, INTERACTIONS_MAX) &&
                 within(limits->expressions, EXPRESSIONS_MAX) &&
                 within(limits->names, TD_EXPR_NAMES_MAX) &&
                 within(limits->texts, TD_EXPR_TEXTS_MAX);

    return right ? lay_out(limits).end : 0;
}

struct td_routing_settings td_routing_default_settings(void)
{
    return (struct td_routing_settings){
        .no_answer_limit = 2,
        .device_failure_limit = 2,
        .retry_after_ms = 30000,
    };
}

static void *at(struct td_routing *routing, size_t offset)
{
    return (uint8_t *)routing + offset;
}

static void init_agents(struct td_routing *routing, const struct layout *layout)
{
    const struct td_routing_limits *limits = &routing->limits;

    td_expr_symbols_init(&routing->symbols, at(routing, layout->symbols), limits->names,
                         limits->texts);
    routing->words = (uint32_t)words_of(limits);
    routing->cells = at(routing, layout->cells);
    routing->attributes.cells = routing->cells;
    routing->attributes.rows = (size_t)routing->words * 64;
    td_routing_table_init(&routing->agent_table, at(routing, layout->agent_table), limits->agents);
    routing->agents = at(routing, layout->agents);
    routing->ready.words = at(routing, layout->ready);
    routing->staffed.words = at(routing, layout->staffed);
    routing->fresh.words = at(routing, layout->fresh);
    routing->fresh_from = routing->words;
}

static void init_waiting(struct td_routing *routing, const struct layout *layout)
{
    const struct td_routing_limits *limits = &routing->limits;

    td_routing_table_init(&routing->queue_table, at(routing, layout->queue_table), limits->queues);
    routing->queues = at(routing, layout->queues);
    td_routing_table_init(&routing->interaction_table, at(routing, layout->interaction_table),
                          limits->interactions);
    routing->interactions = at(routing, layout->interactions);
    routing->special.slots = at(routing, layout->special);
    routing->dirty.slots = at(routing, layout->dirty);
    td_routing_table_init(&routing->expression_table, at(routing, layout->expression_table),
                          limits->expressions);
    routing->expressions = at(routing, layout->expressions);
    routing->eligible = at(routing, layout->eligible);
    routing->groups = at(routing, layout->groups);
    routing->group_free = NONE;
    routing->active_groups.slots = at(routing, layout->active_groups);
}

static void init_timers(struct td_routing *routing, const struct layout *layout)
{
    size_t timers = (size_t)routing->limits.interactions + routing->limits.agents;

    routing->timers.heap = at(routing, layout->heap);
    routing->timers.at = at(routing, layout->heap_places);
    routing->timers.due_unix_us = at(routing, layout->heap_times);
    memset(routing->timers.at, 0xff, timers * sizeof(uint32_t)); // NONE: none runs
}

enum td_err td_routing_init(void *block, const struct td_routing_limits *limits,
                            const struct td_routing_settings *settings, struct td_routing **routing)
{
    if (td_routing_size(limits) == 0 || settings->no_answer_limit == 0 ||
        settings->device_failure_limit == 0 ||
        settings->retry_after_ms > TD_ROUTING_DURATION_MAX_MS)
        return TD_ERR_RANGE;

    struct layout layout = lay_out(limits);
    struct td_routing *engine = block;

    memset(engine, 0, sizeof(*engine));
    engine->limits = *limits;
    engine->settings = *settings;
    init_agents(engine, &layout);
    init_waiting(engine, &layout);
    init_timers(engine, &layout);
    *routing = engine;
    return TD_OK;
}
