#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "core/routing/parts.h"

/* Attributes on their way in: all held or none. */
struct held_attributes {
    uint32_t count;
    uint32_t names[TD_ROUTING_ATTRIBUTES_MAX];
    int64_t cells[TD_ROUTING_ATTRIBUTES_MAX];
};

uint32_t td_routing_find_agent(const struct td_routing *routing, const char *name)
{
    uint64_t hash = td_str_hash(name, strlen(name));
    uint32_t slot = td_routing_table_first(&routing->agent_table, hash);

    while (slot != NONE && !td_str_equal(routing->agents[slot].name, name))
        slot = routing->agent_table.next[slot];
    return slot;
}

/* Who was tried is remembered by name: also somebody who was taken out and put back. */
static void remember_in_interactions(struct td_routing *routing, uint32_t agent)
{
    for (uint32_t slot = 0; slot < routing->interaction_table.used; slot++) {
        struct interaction *interaction = &routing->interactions[slot];

        if (!interaction->in_use)
            continue;
        for (uint32_t i = 0; i < interaction->attempt_count; i++) {
            struct attempt *attempt = &interaction->attempts[i];
            if (td_str_equal(attempt->said.agent, routing->agents[agent].name))
                attempt->agent = agent;
        }
    }
}

uint32_t td_routing_add_agent(struct td_routing *routing, const char *name)
{
    uint32_t used = routing->agent_table.used;
    uint32_t slot = td_routing_table_take(&routing->agent_table, td_str_hash(name, strlen(name)));

    if (slot == NONE)
        return NONE;
    if (slot == used && slot % 64 == 0)
        td_routing_open_word(routing, slot / 64);
    routing->agents[slot] = (struct agent){
        .state = TD_ROUTING_LOGGED_OUT,
        .next = TD_ROUTING_READY,
        .interaction = NONE,
        .queue = NONE,
        .since_unix_us = routing->now_unix_us,
    };
    td_str_clip(routing->agents[slot].name, TD_ROUTING_NAME_SIZE, name);
    routing->state_counts[TD_ROUTING_LOGGED_OUT]++;
    td_routing_refresh_agent(routing, slot);
    remember_in_interactions(routing, slot);
    return slot;
}

static void clear_attributes(struct td_routing *routing, uint32_t slot)
{
    struct agent *agent = &routing->agents[slot];

    for (uint32_t i = 0; i < agent->attribute_count; i++) {
        int64_t *cell = &routing->cells[agent->names[i] * routing->attributes.rows + slot];
        td_expr_cell_drop(&routing->symbols, *cell);
        td_expr_words_drop(&routing->symbols.names, agent->names[i]);
        *cell = TD_EXPR_CELL_ABSENT;
    }
    agent->attribute_count = 0;
}

/* Nobody may take the next one who gets the slot for this agent. */
static void forget_in_interactions(struct td_routing *routing, uint32_t agent)
{
    for (uint32_t slot = 0; slot < routing->interaction_table.used; slot++) {
        struct interaction *interaction = &routing->interactions[slot];

        if (!interaction->in_use)
            continue;
        for (uint32_t i = 0; i < interaction->attempt_count; i++) {
            if (interaction->attempts[i].agent == agent)
                interaction->attempts[i].agent = NONE;
        }
        // One that insisted on this agent was told to go on as the agent logged out.
        if (interaction->preferred == agent)
            interaction->preferred = NONE;
    }
}

void td_routing_forget_agent(struct td_routing *routing, uint32_t slot)
{
    struct agent *agent = &routing->agents[slot];

    assert(agent->interaction == NONE);
    td_routing_enter_state(routing, slot, TD_ROUTING_LOGGED_OUT, "");
    td_routing_drop_work(routing, slot);
    td_routing_set_agent_timer(routing, slot, NEVER);
    forget_in_interactions(routing, slot);
    clear_attributes(routing, slot);
    routing->state_counts[TD_ROUTING_LOGGED_OUT]--;
    td_routing_table_give(&routing->agent_table, td_str_hash(agent->name, strlen(agent->name)),
                          slot);
    agent->name[0] = '\0';
}

/* --- configuration --- */

static void drop_held(struct td_routing *routing, const struct held_attributes *held)
{
    for (uint32_t i = 0; i < held->count; i++) {
        td_expr_words_drop(&routing->symbols.names, held->names[i]);
        td_expr_cell_drop(&routing->symbols, held->cells[i]);
    }
}

static bool is_held(const struct held_attributes *held, uint32_t name)
{
    for (uint32_t i = 0; i < held->count; i++) {
        if (held->names[i] == name)
            return true;
    }
    return false;
}

static enum td_err hold_attribute(struct td_routing *routing,
                                  const struct td_expr_attribute *attribute,
                                  struct held_attributes *held)
{
    uint32_t name;
    int64_t cell;

    if (!td_expr_name_is_valid(attribute->name))
        return TD_ERR_SYNTAX;
    enum td_err err = td_expr_words_hold(&routing->symbols.names, attribute->name,
                                         strlen(attribute->name), &name);
    if (err != TD_OK)
        return err;
    err = is_held(held, name) ? TD_ERR_SYNTAX
                              : td_expr_cell_hold(&routing->symbols, &attribute->value, &cell);
    if (err != TD_OK) {
        td_expr_words_drop(&routing->symbols.names, name);
        return err;
    }
    held->names[held->count] = name;
    held->cells[held->count++] = cell;
    return TD_OK;
}

static enum td_err hold_attributes(struct td_routing *routing,
                                   const struct td_routing_agent_config *config,
                                   struct held_attributes *held, struct td_routing_problem *problem)
{
    problem->field = "attributes";
    if (config->attribute_count > TD_ROUTING_ATTRIBUTES_MAX)
        return TD_ERR_LIMIT;
    for (size_t i = 0; i < config->attribute_count; i++) {
        problem->index = (uint32_t)i;
        enum td_err err = hold_attribute(routing, &config->attributes[i], held);
        if (err != TD_OK) {
            drop_held(routing, held);
            return err;
        }
    }
    td_routing_open_columns(routing);
    return TD_OK;
}

static void set_attributes(struct td_routing *routing, uint32_t slot,
                           const struct held_attributes *held)
{
    struct agent *agent = &routing->agents[slot];

    clear_attributes(routing, slot);
    for (uint32_t i = 0; i < held->count; i++) {
        agent->names[i] = held->names[i];
        routing->cells[held->names[i] * routing->attributes.rows + slot] = held->cells[i];
    }
    agent->attribute_count = held->count;
    td_routing_refresh_agent(routing, slot);
}

bool td_routing_name_is_valid(const char *name)
{
    return name != NULL && name[0] != '\0' && td_expr_text_is_valid(name);
}

enum td_err td_routing_put_agent(struct td_routing *routing,
                                 const struct td_routing_agent_config *config,
                                 struct td_routing_problem *problem)
{
    struct td_routing_problem unwanted = {0};
    struct td_routing_problem *explain = problem == NULL ? &unwanted : problem;
    struct held_attributes held = {0};

    *explain = (struct td_routing_problem){.field = "name"};
    if (!td_routing_name_is_valid(config->name))
        return TD_ERR_SYNTAX;
    enum td_err err = hold_attributes(routing, config, &held, explain);
    if (err != TD_OK)
        return err;

    uint32_t slot = td_routing_find_agent(routing, config->name);
    if (slot == NONE)
        slot = td_routing_add_agent(routing, config->name);
    if (slot == NONE) {
        drop_held(routing, &held);
        explain->field = "name";
        explain->index = 0;
        return TD_ERR_LIMIT;
    }
    routing->agents[slot].removed = false;
    set_attributes(routing, slot, &held);
    if (routing->agents[slot].state == TD_ROUTING_READY)
        td_routing_set_fresh(routing, slot);
    return TD_OK;
}

enum td_err td_routing_remove_agent(struct td_routing *routing, const char *name)
{
    uint32_t slot = td_routing_find_agent(routing, name);

    if (slot == NONE)
        return TD_ERR_NOT_FOUND;
    if (routing->agents[slot].interaction != NONE) {
        routing->agents[slot].removed = true;
        td_routing_end_insisting_on(routing, slot);
        return TD_OK;
    }
    td_routing_forget_agent(routing, slot);
    return TD_OK;
}
