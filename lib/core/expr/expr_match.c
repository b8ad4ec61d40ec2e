#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "core/expr/program.h"

/*
 * Every comparison is "does the cell lie in this range", so the inner loop has no branch on types.
 * A row of 64 agents makes one machine word; and, or, not are then single instructions for all 64.
 */

static_assert(sizeof(struct td_expr_node) == 16, "programs compare and hash as bytes");

/* Operands waiting for their operator: each needs a node of its own, and one less to join them. */
#define STACK_MAX (TD_EXPR_NODES_MAX / 2 + 1)

static struct td_expr_range range_of(const struct td_expr_node *node)
{
    int64_t cell = node->cell;

    if (node->op == TD_EXPR_OP_TAG) {
        cell = td_expr_cell_boolean(true);
        return (struct td_expr_range){cell, cell};
    }
    if (node->kind == TD_EXPR_KIND_UNKNOWN)
        return TD_EXPR_RANGE_EMPTY;
    switch (node->op) {
    case TD_EXPR_OP_NE:
        return td_expr_range_of_type(cell); // The value itself is taken out afterwards.
    case TD_EXPR_OP_LT:
        return (struct td_expr_range){-TD_EXPR_NUMBER_MAX, cell - 1};
    case TD_EXPR_OP_LE:
        return (struct td_expr_range){-TD_EXPR_NUMBER_MAX, cell};
    case TD_EXPR_OP_GT:
        return (struct td_expr_range){cell + 1, TD_EXPR_NUMBER_MAX};
    case TD_EXPR_OP_GE:
        return (struct td_expr_range){cell, TD_EXPR_NUMBER_MAX};
    default:
        return (struct td_expr_range){cell, cell};
    }
}

static uint64_t within(struct td_expr_range range, const int64_t *cells)
{
    uint64_t mask = 0;

    if (range.min > range.max)
        return 0;
    // Unsigned, so that one comparison tests both ends.
    uint64_t min = (uint64_t)range.min;
    uint64_t span = (uint64_t)range.max - min;
    for (unsigned i = 0; i < 64; i++)
        mask |= (uint64_t)((uint64_t)cells[i] - min <= span) << i;
    return mask;
}

static uint64_t match_node(const struct td_expr_node *node, const int64_t *cells)
{
    uint64_t mask = within(range_of(node), cells);

    if (node->op == TD_EXPR_OP_NE && node->kind == TD_EXPR_KIND_VALUE)
        mask &= ~within((struct td_expr_range){node->cell, node->cell}, cells);
    return mask;
}

static uint64_t match_leaf(const struct td_expr_node *nodes, uint32_t index, const int64_t *cells)
{
    const struct td_expr_node *node = &nodes[index];
    uint64_t mask = 0;

    if (node->op != TD_EXPR_OP_IN)
        return match_node(node, cells);
    for (uint32_t i = index - node->count; i < index; i++)
        mask |= match_node(&nodes[i], cells);
    return mask;
}

static bool test_node(const struct td_expr_node *node, int64_t cell)
{
    struct td_expr_range range = range_of(node);

    if (cell < range.min || cell > range.max)
        return false;
    return node->op != TD_EXPR_OP_NE || cell != node->cell;
}

bool td_expr_test_leaf(const struct td_expr_node *nodes, uint32_t index, int64_t cell)
{
    const struct td_expr_node *node = &nodes[index];

    if (node->op != TD_EXPR_OP_IN)
        return test_node(node, cell);
    for (uint32_t i = index - node->count; i < index; i++) {
        if (test_node(&nodes[i], cell))
            return true;
    }
    return false;
}

/* Applies an operator or a constant to the masks on the stack; returns their new count. */
static uint32_t apply(uint8_t op, uint64_t *stack, uint32_t depth)
{
    switch (op) {
    case TD_EXPR_OP_TRUE:
        stack[depth] = UINT64_MAX;
        return depth + 1;
    case TD_EXPR_OP_FALSE:
        stack[depth] = 0;
        return depth + 1;
    case TD_EXPR_OP_NOT:
        assert(depth >= 1);
        stack[depth - 1] = ~stack[depth - 1];
        return depth;
    case TD_EXPR_OP_AND:
        assert(depth >= 2);
        stack[depth - 2] &= stack[depth - 1];
        return depth - 1;
    case TD_EXPR_OP_OR:
        assert(depth >= 2);
        stack[depth - 2] |= stack[depth - 1];
        return depth - 1;
    default:
        return depth; // An item of `in`: its leaf looks at it.
    }
}

uint64_t td_expr_match64(const struct td_expr *expr, const struct td_expr_table *table, size_t word)
{
    uint64_t stack[STACK_MAX];
    uint32_t depth = 0;

    assert(64 * word < table->rows);
    for (uint32_t i = 0; i < expr->count; i++) {
        const struct td_expr_node *node = &expr->nodes[i];
        if (!td_expr_has_name(node)) {
            depth = apply(node->op, stack, depth);
        } else if (node->name >= table->names) {
            stack[depth++] = 0;
        } else {
            const int64_t *column = table->cells + (size_t)node->name * table->rows;
            stack[depth++] = match_leaf(expr->nodes, i, column + 64 * word);
        }
    }
    assert(depth == 1);
    return stack[0];
}

bool td_expr_match(const struct td_expr *expr, const struct td_expr_table *table, size_t row)
{
    uint64_t stack[STACK_MAX];
    uint32_t depth = 0;

    assert(row < table->rows);
    for (uint32_t i = 0; i < expr->count; i++) {
        const struct td_expr_node *node = &expr->nodes[i];
        if (!td_expr_has_name(node)) {
            depth = apply(node->op, stack, depth);
        } else {
            int64_t cell = node->name < table->names
                               ? table->cells[(size_t)node->name * table->rows + row]
                               : TD_EXPR_CELL_ABSENT;
            stack[depth++] = td_expr_test_leaf(expr->nodes, i, cell);
        }
    }
    assert(depth == 1);
    return (stack[0] & 1U) != 0;
}

bool td_expr_equal(const struct td_expr *a, const struct td_expr *b)
{
    return a->count == b->count && memcmp(a->nodes, b->nodes, a->count * sizeof(a->nodes[0])) == 0;
}

uint64_t td_expr_hash(const struct td_expr *expr)
{
    return td_str_hash(expr->nodes, expr->count * sizeof(expr->nodes[0]));
}

void td_expr_drop_nodes(struct td_expr_symbols *symbols, const struct td_expr_node *nodes,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (td_expr_has_name(&nodes[i]))
            td_expr_words_drop(&symbols->names, nodes[i].name);
        if (td_expr_has_cell(&nodes[i]))
            td_expr_cell_drop(symbols, nodes[i].cell);
    }
}

void td_expr_release(struct td_expr_symbols *symbols, const struct td_expr *expr)
{
    td_expr_drop_nodes(symbols, expr->nodes, expr->count);
}
