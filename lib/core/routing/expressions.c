#include <assert.h>
#include <string.h>

#include "core/routing/parts.h"

static uint32_t find(const struct td_routing *routing, const struct td_expr *program, uint64_t hash)
{
    uint32_t slot = td_routing_table_first(&routing->expression_table, hash);

    while (slot != NONE && !td_expr_equal(&routing->expressions[slot].program, program))
        slot = routing->expression_table.next[slot];
    return slot;
}

/* Files the program just parsed, or finds the one that is there; only one of the two holds words.
 */
static uint32_t intern(struct td_routing *routing)
{
    uint64_t hash = td_expr_hash(&routing->parsed);
    uint32_t slot = find(routing, &routing->parsed, hash);

    if (slot == NONE) {
        slot = td_routing_table_take(&routing->expression_table, hash);
        if (slot != NONE) {
            struct expression *expression = &routing->expressions[slot];
            expression->program.count = routing->parsed.count;
            memcpy(expression->program.nodes, routing->parsed.nodes,
                   routing->parsed.count * sizeof(routing->parsed.nodes[0]));
            expression->hash = hash;
            expression->holders = 1;
            expression->built = false;
            expression->groups = NONE;
            return slot;
        }
    } else {
        routing->expressions[slot].holders++;
    }
    td_expr_release(&routing->symbols, &routing->parsed);
    return slot;
}

enum td_err td_routing_hold_expression(struct td_routing *routing, const char *text,
                                       const struct td_expr_references *references, uint32_t *slot,
                                       struct td_expr_error *error)
{
    static const char anybody[] = "true";
    const char *condition = text == NULL || text[0] == '\0' ? anybody : text;
    enum td_err err = td_expr_parse(condition, strlen(condition), &routing->symbols, references,
                                    &routing->parsed, error);

    if (err != TD_OK)
        return err;
    td_routing_open_columns(routing);
    uint32_t found = intern(routing);
    if (found == NONE)
        return TD_ERR_LIMIT;
    *slot = found;
    return TD_OK;
}

void td_routing_drop_expression(struct td_routing *routing, uint32_t slot)
{
    struct expression *expression = &routing->expressions[slot];

    assert(expression->holders > 0);
    if (--expression->holders > 0)
        return;
    assert(expression->groups == NONE);
    td_expr_release(&routing->symbols, &expression->program);
    td_routing_table_give(&routing->expression_table, expression->hash, slot);
}

void td_routing_build_expression(struct td_routing *routing, uint32_t slot)
{
    struct expression *expression = &routing->expressions[slot];
    struct agent_set eligible = eligible_set(routing, slot);

    if (expression->built)
        return;
    for (uint32_t word = 0; word < words_used(routing); word++)
        eligible.words[word] = td_expr_match64(&expression->program, &routing->attributes, word);
    expression->built = true;
}

void td_routing_refresh_agent(struct td_routing *routing, uint32_t agent)
{
    for (uint32_t slot = 0; slot < routing->expression_table.used; slot++) {
        const struct expression *expression = &routing->expressions[slot];
        if (expression->holders == 0 || !expression->built)
            continue;
        set_put(eligible_set(routing, slot), agent,
                td_expr_match(&expression->program, &routing->attributes, agent));
    }
}

void td_routing_open_word(struct td_routing *routing, uint32_t word)
{
    routing->ready.words[word] = 0;
    routing->staffed.words[word] = 0;
    routing->fresh.words[word] = 0;
    for (uint32_t slot = 0; slot < routing->expression_table.used; slot++)
        eligible_set(routing, slot).words[word] = 0;
}

void td_routing_open_columns(struct td_routing *routing)
{
    uint32_t used = td_expr_words_used(&routing->symbols.names);
    size_t rows = routing->attributes.rows;

    // A name given back leaves its column as it was made: nobody has that attribute.
    for (; routing->attributes.names < used; routing->attributes.names++) {
        int64_t *column = routing->cells + routing->attributes.names * rows;
        for (size_t row = 0; row < rows; row++)
            column[row] = TD_EXPR_CELL_ABSENT;
    }
}
