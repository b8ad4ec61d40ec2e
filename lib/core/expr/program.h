/**
 * @file program.h  What the nodes of a parsed condition mean. For the files of this folder only.
 *
 * Postfix: operands come before their operator. `in` is a leaf whose `count` values stand before it
 * as ITEM nodes.
 */
#ifndef TD_CORE_EXPR_PROGRAM_H
#define TD_CORE_EXPR_PROGRAM_H

#include "core/expr/expr.h"

enum td_expr_op {
    TD_EXPR_OP_TRUE,
    TD_EXPR_OP_FALSE,
    TD_EXPR_OP_TAG,
    TD_EXPR_OP_EQ,
    TD_EXPR_OP_NE,
    TD_EXPR_OP_LT,
    TD_EXPR_OP_LE,
    TD_EXPR_OP_GT,
    TD_EXPR_OP_GE,
    TD_EXPR_OP_ITEM,
    TD_EXPR_OP_IN,
    TD_EXPR_OP_NOT,
    TD_EXPR_OP_AND,
    TD_EXPR_OP_OR
};

enum td_expr_kind {
    TD_EXPR_KIND_VALUE,
    TD_EXPR_KIND_UNKNOWN /* a reference that nothing is known for; its cell is its name, a text */
};

/** An unsatisfiable range. */
#define TD_EXPR_RANGE_EMPTY ((struct td_expr_range){1, 0})

static inline bool td_expr_has_name(const struct td_expr_node *node)
{
    return (node->op >= TD_EXPR_OP_TAG && node->op <= TD_EXPR_OP_GE) || node->op == TD_EXPR_OP_IN;
}

static inline bool td_expr_has_cell(const struct td_expr_node *node)
{
    return node->op >= TD_EXPR_OP_EQ && node->op <= TD_EXPR_OP_ITEM;
}

/** The leaf that ends at `nodes[index]`, for one cell. */
bool td_expr_test_leaf(const struct td_expr_node *nodes, uint32_t index, int64_t cell);

/** Gives back the words of `count` nodes. */
void td_expr_drop_nodes(struct td_expr_symbols *symbols, const struct td_expr_node *nodes,
                        uint32_t count);

#endif
