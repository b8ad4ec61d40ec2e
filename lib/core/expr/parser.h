/**
 * @file parser.h  Parsing conditions: leaves in one file, operators in the other. For this folder
 * only.
 */
#ifndef TD_CORE_EXPR_PARSER_H
#define TD_CORE_EXPR_PARSER_H

#include "core/expr/lexer.h"
#include "core/expr/program.h"

/* Parentheses and `not` are bounded by depth; of `and` and `or` one each may wait at every level.
 */
#define TD_EXPR_WAITING_MAX (TD_EXPR_DEPTH_MAX + 2 * (TD_EXPR_DEPTH_MAX + 1))

struct td_expr_parser {
    struct td_expr_lexer lexer;
    struct td_expr_symbols *symbols;
    const struct td_expr_references *references;
    struct td_expr *expr;
    struct td_expr_waiting {
        enum td_expr_token_type type; /* OPEN, NOT, AND, OR */
        size_t start;
    } waiting[TD_EXPR_WAITING_MAX];
    uint32_t waiting_count;
    uint32_t depth;
};

/** Appends an operator or a constant. */
enum td_err td_expr_emit(struct td_expr_parser *parser, enum td_expr_op op);

/** Parses a tag or a comparison, the present token being its name, and appends it. */
enum td_err td_expr_parse_leaf(struct td_expr_parser *parser);

#endif
