/*
 * What the tests of routing share: an engine with its block, short words for events, and a look at
 * the effects of the last step. Included once per test program.
 */
#ifndef TANDEM_ROUTING_WORLD_H
#define TANDEM_ROUTING_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/routing/routing.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND UINT64_C(1000000)
#define START_US (UINT64_C(1700000000) * SECOND)

struct world {
    void *block;
    struct td_routing *routing;
    uint64_t now_us;
    struct td_routing_effects effects; /* of the last step */
};

static const struct td_routing_limits small_limits = {
    .agents = 130, .queues = 4, .interactions = 40, .expressions = 40, .names = 16, .texts = 64};

static inline struct world world_with(const struct td_routing_limits *limits,
                                      const struct td_routing_settings *settings)
{
    struct world world = {.now_us = START_US};
    size_t size = td_routing_size(limits);

    assert_int_not_equal(size, 0);
    world.block = malloc(size);
    assert_non_null(world.block);
    memset(world.block, 0x5a, size); // the engine must not count on zeroes
    assert_int_equal(td_routing_init(world.block, limits, settings, &world.routing), TD_OK);
    return world;
}

static inline struct world make_world(void)
{
    struct td_routing_settings settings = td_routing_default_settings();

    return world_with(&small_limits, &settings);
}

static inline void end_world(struct world *world)
{
    free(world->block);
}

static inline struct td_interaction_id id_of(unsigned number)
{
    struct td_interaction_id id = {0};

    id.id.bytes[0] = 1;
    id.id.bytes[14] = (uint8_t)(number >> 8);
    id.id.bytes[15] = (uint8_t)number;
    return id;
}

static inline unsigned number_of(struct td_interaction_id id)
{
    return (unsigned)id.id.bytes[14] << 8 | id.id.bytes[15];
}

/* --- configuration --- */

static inline struct td_routing_queue_config queue_config(const char *name)
{
    return (struct td_routing_queue_config){
        .name = name,
        .threshold_ms = 20000,
        .percent = 80,
        .ageing = 1000,
        .wrap_up_ms = 10000,
        .lease_ms = 15000,
        .handling_ms = 180000,
    };
}

static inline void put_queue(struct world *world, const struct td_routing_queue_config *config)
{
    struct td_routing_problem problem;

    if (td_routing_put_queue(world->routing, config, &problem) != TD_OK)
        fail_msg("queue %s: %s %s", config->name, problem.field, problem.error.message);
}

static inline struct td_expr_attribute number_attribute(const char *name, int64_t value)
{
    return (struct td_expr_attribute){name,
                                      {.type = TD_EXPR_NUMBER, .number = value * TD_EXPR_ONE}};
}

static inline struct td_expr_attribute text_attribute(const char *name, const char *value)
{
    return (struct td_expr_attribute){name, {.type = TD_EXPR_TEXT, .text = value}};
}

static inline struct td_expr_attribute tag_attribute(const char *name)
{
    return (struct td_expr_attribute){name, {.type = TD_EXPR_BOOLEAN, .boolean = true}};
}

static inline void put_agent_with(struct world *world, const char *name,
                                  const struct td_expr_attribute *attributes, size_t count)
{
    const struct td_routing_agent_config config = {name, attributes, count};

    assert_int_equal(td_routing_put_agent(world->routing, &config, NULL), TD_OK);
}

static inline void put_agent(struct world *world, const char *name, int skill)
{
    const struct td_expr_attribute attribute = number_attribute("skill", skill);

    put_agent_with(world, name, &attribute, 1);
}

/* --- events --- */

static inline void step(struct world *world, const struct td_routing_event *event)
{
    td_routing_step(world->routing, event, world->now_us, &world->effects);
}

static inline void pass(struct world *world, uint64_t us)
{
    world->now_us += us;
    step(world, NULL);
}

static inline void agent_event(struct world *world, enum td_routing_event_type type,
                               const char *agent, const char *reason)
{
    step(world, &(struct td_routing_event){.type = type, .agent = agent, .reason = reason});
}

static inline void ready(struct world *world, const char *agent)
{
    agent_event(world, TD_ROUTING_AGENT_READY, agent, NULL);
}

static inline void arrive_as(struct world *world, unsigned number,
                             const struct td_routing_arrival *arrival)
{
    step(world, &(struct td_routing_event){
                    .type = TD_ROUTING_ARRIVED, .interaction = id_of(number), .arrival = arrival});
}

static inline void arrive(struct world *world, unsigned number, const char *queue)
{
    arrive_as(world, number, &(struct td_routing_arrival){.queue = queue});
}

static inline void offer_event(struct world *world, enum td_routing_event_type type,
                               unsigned number, const char *agent, uint32_t version)
{
    step(world,
         &(struct td_routing_event){
             .type = type, .interaction = id_of(number), .agent = agent, .offer_version = version});
}

static inline void interaction_event(struct world *world, enum td_routing_event_type type,
                                     unsigned number)
{
    step(world, &(struct td_routing_event){.type = type, .interaction = id_of(number)});
}

/* Accepted and connected. */
static inline void answer(struct world *world, unsigned number, const char *agent, uint32_t version)
{
    offer_event(world, TD_ROUTING_ACCEPTED, number, agent, version);
    offer_event(world, TD_ROUTING_CONNECTED, number, agent, version);
}

/* --- what came of it --- */

/* The only effect of a type, or NULL. */
static inline const struct td_routing_effect *effect_of(const struct world *world,
                                                        enum td_routing_effect_type type)
{
    const struct td_routing_effect *found = NULL;

    for (uint32_t i = 0; i < world->effects.count; i++) {
        if (world->effects.items[i].type == type) {
            assert_null(found);
            found = &world->effects.items[i];
        }
    }
    return found;
}

static inline const struct td_routing_effect *
expect_effect(const struct world *world, enum td_routing_effect_type type, unsigned number)
{
    const struct td_routing_effect *effect = effect_of(world, type);

    assert_non_null(effect);
    assert_int_equal(number_of(effect->interaction), number);
    return effect;
}

static inline const struct td_routing_effect *
expect_offer(const struct world *world, unsigned number, const char *agent, uint32_t version)
{
    const struct td_routing_effect *effect = expect_effect(world, TD_ROUTING_OFFER, number);

    assert_string_equal(effect->agent, agent);
    assert_int_equal(effect->offer_version, version);
    return effect;
}

static inline void expect_no_offer(const struct world *world)
{
    assert_null(effect_of(world, TD_ROUTING_OFFER));
}

static inline void expect_ignored(const struct world *world)
{
    assert_int_equal(world->effects.count, 1);
    assert_int_equal(world->effects.items[0].type, TD_ROUTING_IGNORED);
}

static inline void expect_agent(const struct world *world, const char *name,
                                enum td_routing_agent_state state, const char *reason)
{
    struct td_routing_agent_record record;

    assert_int_equal(td_routing_export_agent(world->routing, name, &record), TD_OK);
    assert_int_equal(record.state, state);
    assert_string_equal(record.reason, reason);
}

static inline struct td_routing_interaction_record record_of(const struct world *world,
                                                             unsigned number)
{
    struct td_routing_interaction_record record;

    assert_int_equal(td_routing_export_interaction(world->routing, id_of(number), &record), TD_OK);
    return record;
}

static inline void expect_phase(const struct world *world, unsigned number,
                                enum td_routing_phase phase)
{
    assert_int_equal(record_of(world, number).phase, phase);
}

static inline void expect_gone(const struct world *world, unsigned number)
{
    struct td_routing_interaction_record record;

    assert_int_equal(td_routing_export_interaction(world->routing, id_of(number), &record),
                     TD_ERR_NOT_FOUND);
}

static inline struct td_routing_queue_counts counts_of(const struct world *world, const char *queue)
{
    struct td_routing_queue_counts counts;

    assert_int_equal(td_routing_count_queue(world->routing, queue, &counts), TD_OK);
    assert_int_equal(counts.offered,
                     counts.answered + counts.abandoned + counts.overflowed + counts.waiting);
    return counts;
}

#endif
