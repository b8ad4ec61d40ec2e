#include <assert.h>

#include "core/expr/parser.h"

/*
 * Operator precedence with an explicit stack (Dijkstra's shunting yard) rather than recursive
 * descent: hostile nesting meets a bound of ours and not the end of the call stack.
 */

static enum td_expr_token_type token(const struct td_expr_parser *parser)
{
    return parser->lexer.token.type;
}

static enum td_err push(struct td_expr_parser *parser)
{
    enum td_expr_token_type type = token(parser);

    if (type == TD_EXPR_TOKEN_OPEN || type == TD_EXPR_TOKEN_NOT) {
        if (parser->depth == TD_EXPR_DEPTH_MAX)
            return td_expr_complain(&parser->lexer, TD_ERR_LIMIT,
                                    "parentheses and not nest at most 32 deep, more come");
        parser->depth++;
    }
    assert(parser->waiting_count < TD_EXPR_WAITING_MAX);
    parser->waiting[parser->waiting_count++] =
        (struct td_expr_waiting){.type = type, .start = parser->lexer.token.start};
    td_expr_lexer_next(&parser->lexer);
    return TD_OK;
}

static const struct td_expr_waiting *top(const struct td_expr_parser *parser)
{
    return parser->waiting_count == 0 ? NULL : &parser->waiting[parser->waiting_count - 1];
}

static int strength(enum td_expr_token_type type)
{
    switch (type) {
    case TD_EXPR_TOKEN_NOT:
        return 3;
    case TD_EXPR_TOKEN_AND:
        return 2;
    case TD_EXPR_TOKEN_OR:
        return 1;
    default:
        return 0; // An open parenthesis stops every operator.
    }
}

static enum td_expr_op op_of(enum td_expr_token_type type)
{
    if (type == TD_EXPR_TOKEN_NOT)
        return TD_EXPR_OP_NOT;
    return type == TD_EXPR_TOKEN_AND ? TD_EXPR_OP_AND : TD_EXPR_OP_OR;
}

/* Emits the operators on top that bind at least as strongly as `type` does. */
static enum td_err reduce(struct td_expr_parser *parser, enum td_expr_token_type type)
{
    while (top(parser) != NULL && strength(top(parser)->type) >= strength(type)) {
        enum td_expr_token_type last = top(parser)->type;
        enum td_err err = td_expr_emit(parser, op_of(last));

        if (err != TD_OK)
            return err;
        parser->waiting_count--;
        if (last == TD_EXPR_TOKEN_NOT)
            parser->depth--;
    }
    return TD_OK;
}

static enum td_err close_parenthesis(struct td_expr_parser *parser)
{
    enum td_err err = reduce(parser, TD_EXPR_TOKEN_OR);

    if (err != TD_OK)
        return err;
    if (top(parser) == NULL)
        return td_expr_complain(&parser->lexer, TD_ERR_SYNTAX, "this ) closes no (");
    parser->waiting_count--;
    parser->depth--;
    td_expr_lexer_next(&parser->lexer);
    return reduce(parser, TD_EXPR_TOKEN_NOT);
}

/* An operand, or what may stand before one. `done` says that one is complete. */
static enum td_err parse_operand(struct td_expr_parser *parser, bool *done)
{
    enum td_err err;

    *done = false;
    switch (token(parser)) {
    case TD_EXPR_TOKEN_OPEN:
    case TD_EXPR_TOKEN_NOT:
        return push(parser);
    case TD_EXPR_TOKEN_TRUE:
    case TD_EXPR_TOKEN_FALSE:
        err = td_expr_emit(parser, token(parser) == TD_EXPR_TOKEN_TRUE ? TD_EXPR_OP_TRUE
                                                                       : TD_EXPR_OP_FALSE);
        td_expr_lexer_next(&parser->lexer);
        break;
    case TD_EXPR_TOKEN_NAME:
        err = td_expr_parse_leaf(parser);
        break;
    default:
        return td_expr_expected(&parser->lexer, "an attribute, not or (");
    }
    *done = err == TD_OK;
    return err == TD_OK ? reduce(parser, TD_EXPR_TOKEN_NOT) : err;
}

/* What may follow an operand. `more` says that another operand must come. */
static enum td_err parse_operator(struct td_expr_parser *parser, bool *more)
{
    enum td_expr_token_type type = token(parser);

    *more = false;
    if (type == TD_EXPR_TOKEN_CLOSE)
        return close_parenthesis(parser);
    if (type != TD_EXPR_TOKEN_AND && type != TD_EXPR_TOKEN_OR)
        return td_expr_expected(&parser->lexer,
                                parser->depth > 0 ? "and, or, )" : "and, or, the end");
    *more = true;
    enum td_err err = reduce(parser, type);
    return err == TD_OK ? push(parser) : err;
}

static enum td_err finish(struct td_expr_parser *parser)
{
    enum td_err err = reduce(parser, TD_EXPR_TOKEN_OR);

    if (err != TD_OK || top(parser) == NULL)
        return err;
    return td_expr_complain_at(&parser->lexer, top(parser)->start, TD_ERR_SYNTAX,
                               "the closing ) is missing of the (");
}

static enum td_err run(struct td_expr_parser *parser)
{
    bool have_operand = false;
    enum td_err err = TD_OK;

    while (err == TD_OK && !(have_operand && token(parser) == TD_EXPR_TOKEN_END)) {
        bool more;
        if (have_operand) {
            err = parse_operator(parser, &more);
            have_operand = !more;
        } else {
            err = parse_operand(parser, &have_operand);
        }
    }
    return err == TD_OK ? finish(parser) : err;
}

/* With references replaced the text can be longer than what was written; it must be parseable too.
 */
static enum td_err check_length(struct td_expr_parser *parser)
{
    char text[TD_EXPR_LENGTH_MAX + 1];

    if (td_expr_print(parser->expr, parser->symbols, text, sizeof(text)) > 0)
        return TD_OK;
    return td_expr_complain(
        &parser->lexer, TD_ERR_LIMIT,
        "at most 1000 bytes are allowed, with all values in place this is longer");
}

enum td_err td_expr_parse(const char *text, size_t length, struct td_expr_symbols *symbols,
                          const struct td_expr_references *references, struct td_expr *expr,
                          struct td_expr_error *error)
{
    struct td_expr_parser parser = {.symbols = symbols, .references = references, .expr = expr};

    expr->count = 0;
    td_expr_lexer_init(&parser.lexer, text, length, error);
    enum td_err err = run(&parser);
    if (err == TD_OK)
        err = check_length(&parser);
    if (err != TD_OK) {
        td_expr_release(symbols, expr);
        expr->count = 0;
    }
    return err;
}
