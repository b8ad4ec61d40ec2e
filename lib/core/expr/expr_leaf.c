#include <string.h>

#include "core/expr/parser.h"

static enum td_expr_token_type token(const struct td_expr_parser *parser)
{
    return parser->lexer.token.type;
}

static enum td_err check_hold(struct td_expr_parser *parser, enum td_err err)
{
    if (err == TD_ERR_LIMIT)
        return td_expr_complain(&parser->lexer, err, "there is no room for another name or text");
    return err;
}

/* A new last node, all bytes zero; NULL when there is no room. */
static struct td_expr_node *append(struct td_expr_parser *parser, enum td_expr_op op)
{
    struct td_expr *expr = parser->expr;

    if (expr->count == TD_EXPR_NODES_MAX)
        return NULL;
    struct td_expr_node *node = &expr->nodes[expr->count++];
    *node = (struct td_expr_node){.op = (uint8_t)op};
    return node;
}

static enum td_err too_many_nodes(struct td_expr_parser *parser)
{
    return td_expr_complain(&parser->lexer, TD_ERR_LIMIT,
                            "at most 128 operators and values are allowed, more come");
}

enum td_err td_expr_emit(struct td_expr_parser *parser, enum td_expr_op op)
{
    return append(parser, op) == NULL ? too_many_nodes(parser) : TD_OK;
}

/* --- values --- */

/* What a reference stands for; false when nothing is known that a condition could compare with. */
static bool look_up(const struct td_expr_parser *parser, const char *name, size_t length,
                    struct td_expr_value *value)
{
    const struct td_expr_references *references = parser->references;

    for (size_t i = 0; references != NULL && i < references->count; i++) {
        const struct td_expr_attribute *item = &references->items[i];
        if (strlen(item->name) != length || memcmp(item->name, name, length) != 0)
            continue;
        *value = item->value;
        if (value->type == TD_EXPR_NUMBER)
            return value->number >= -TD_EXPR_NUMBER_MAX && value->number <= TD_EXPR_NUMBER_MAX;
        return value->type == TD_EXPR_BOOLEAN ||
               (value->type == TD_EXPR_TEXT && td_expr_text_is_valid(value->text));
    }
    return false;
}

static bool is_reference(const struct td_expr_parser *parser)
{
    const struct td_expr_token *t = &parser->lexer.token;

    return t->type == TD_EXPR_TOKEN_NAME &&
           td_expr_is_reference(parser->lexer.input + t->start, t->length);
}

static enum td_err hold_reference(struct td_expr_parser *parser, struct td_expr_node *node,
                                  bool number)
{
    const struct td_expr_token *t = &parser->lexer.token;
    const char *name = parser->lexer.input + t->start;
    struct td_expr_value value;
    uint32_t id;

    if (look_up(parser, name, t->length, &value) && (!number || value.type == TD_EXPR_NUMBER))
        return check_hold(parser, td_expr_cell_hold(parser->symbols, &value, &node->cell));

    enum td_err err = td_expr_words_hold(&parser->symbols->texts, name, t->length, &id);
    if (err == TD_OK) {
        node->kind = TD_EXPR_KIND_UNKNOWN;
        node->cell = td_expr_cell_text(id);
    }
    return check_hold(parser, err);
}

static enum td_err hold_number(struct td_expr_parser *parser, struct td_expr_node *node)
{
    bool negative = token(parser) == TD_EXPR_TOKEN_MINUS;

    if (negative) {
        td_expr_lexer_next(&parser->lexer);
        if (token(parser) != TD_EXPR_TOKEN_NUMBER)
            return td_expr_expected(&parser->lexer, "a number");
    }
    node->cell = negative ? -parser->lexer.token.number : parser->lexer.token.number;
    return TD_OK;
}

static enum td_err hold_value(struct td_expr_parser *parser, struct td_expr_node *node, bool number)
{
    const struct td_expr_token *t = &parser->lexer.token;
    struct td_expr_value value = {.type = TD_EXPR_BOOLEAN};

    if (t->type == TD_EXPR_TOKEN_NUMBER || t->type == TD_EXPR_TOKEN_MINUS)
        return hold_number(parser, node);
    if (is_reference(parser))
        return hold_reference(parser, node, number);
    if (number || (t->type != TD_EXPR_TOKEN_TEXT && t->type != TD_EXPR_TOKEN_TRUE &&
                   t->type != TD_EXPR_TOKEN_FALSE))
        return td_expr_expected(&parser->lexer, number ? "a number" : "a value");
    if (t->type == TD_EXPR_TOKEN_TEXT) {
        value.type = TD_EXPR_TEXT;
        value.text = t->text;
    } else {
        value.boolean = t->type == TD_EXPR_TOKEN_TRUE;
    }
    return check_hold(parser, td_expr_cell_hold(parser->symbols, &value, &node->cell));
}

/* Appends the node only when its value holds, so that an error leaves nothing half held. */
static enum td_err parse_value(struct td_expr_parser *parser, enum td_expr_op op, bool number)
{
    struct td_expr_node node = {.op = (uint8_t)op};
    enum td_err err = hold_value(parser, &node, number);

    if (err != TD_OK)
        return err;
    struct td_expr_node *last = append(parser, op);
    if (last == NULL) {
        td_expr_cell_drop(parser->symbols, node.cell);
        return too_many_nodes(parser);
    }
    *last = node;
    td_expr_lexer_next(&parser->lexer);
    return TD_OK;
}

/* --- leaves --- */

/* Names a leaf's last node. Until here it counts as an item, which has no name to give back. */
static void name_leaf(struct td_expr_parser *parser, enum td_expr_op op, uint32_t name)
{
    struct td_expr_node *last = &parser->expr->nodes[parser->expr->count - 1];

    last->op = (uint8_t)op;
    last->name = name;
}

static enum td_err parse_list(struct td_expr_parser *parser, uint32_t name)
{
    uint16_t count = 0;
    enum td_err err;

    td_expr_lexer_next(&parser->lexer);
    if (token(parser) != TD_EXPR_TOKEN_OPEN)
        return td_expr_expected(&parser->lexer, "(");
    do {
        td_expr_lexer_next(&parser->lexer);
        err = parse_value(parser, TD_EXPR_OP_ITEM, false);
        if (err != TD_OK)
            return err;
        count++;
    } while (token(parser) == TD_EXPR_TOKEN_COMMA);
    if (token(parser) != TD_EXPR_TOKEN_CLOSE)
        return td_expr_expected(&parser->lexer, ", or )");
    // An operator without words until name_leaf has given it its name.
    err = td_expr_emit(parser, TD_EXPR_OP_TRUE);
    if (err != TD_OK)
        return err;
    parser->expr->nodes[parser->expr->count - 1].count = count;
    name_leaf(parser, TD_EXPR_OP_IN, name);
    td_expr_lexer_next(&parser->lexer);
    return TD_OK;
}

static enum td_err parse_comparison(struct td_expr_parser *parser, enum td_expr_op op,
                                    uint32_t name)
{
    td_expr_lexer_next(&parser->lexer);
    enum td_err err = parse_value(parser, TD_EXPR_OP_ITEM, op >= TD_EXPR_OP_LT);

    if (err == TD_OK)
        name_leaf(parser, op, name);
    return err;
}

/* What comes after a name; on TD_OK the name belongs to the leaf's last node. */
static enum td_err parse_rest(struct td_expr_parser *parser, uint32_t name)
{
    enum td_expr_token_type type = token(parser);

    if (type == TD_EXPR_TOKEN_IN)
        return parse_list(parser, name);
    if (type >= TD_EXPR_TOKEN_EQ && type <= TD_EXPR_TOKEN_GE) {
        int distance = (int)type - (int)TD_EXPR_TOKEN_EQ;
        return parse_comparison(parser, (enum td_expr_op)((int)TD_EXPR_OP_EQ + distance), name);
    }
    enum td_err err = td_expr_emit(parser, TD_EXPR_OP_TAG);
    if (err == TD_OK)
        name_leaf(parser, TD_EXPR_OP_TAG, name);
    return err;
}

/* The cell of a value for one test; a text that nobody holds equals none that somebody does. */
static int64_t cell_for_test(const struct td_expr_parser *parser, const struct td_expr_value *value)
{
    if (value->type == TD_EXPR_NUMBER)
        return value->number;
    if (value->type == TD_EXPR_BOOLEAN)
        return td_expr_cell_boolean(value->boolean);
    return td_expr_cell_text(
        td_expr_words_find(&parser->symbols->texts, value->text, strlen(value->text)));
}

/* A leaf about the customer, from node `first` on: true or false for every agent, now and later. */
static void decide(struct td_expr_parser *parser, uint32_t first, bool known,
                   const struct td_expr_value *value)
{
    struct td_expr *expr = parser->expr;
    bool met =
        known && td_expr_test_leaf(expr->nodes, expr->count - 1, cell_for_test(parser, value));

    td_expr_drop_nodes(parser->symbols, &expr->nodes[first], expr->count - first);
    expr->count = first + 1;
    expr->nodes[first] =
        (struct td_expr_node){.op = (uint8_t)(met ? TD_EXPR_OP_TRUE : TD_EXPR_OP_FALSE)};
}

enum td_err td_expr_parse_leaf(struct td_expr_parser *parser)
{
    const struct td_expr_token *t = &parser->lexer.token;
    const char *text = parser->lexer.input + t->start;
    uint32_t first = parser->expr->count;
    bool reference = is_reference(parser);
    struct td_expr_value value = {0};
    bool known = reference && look_up(parser, text, t->length, &value);
    uint32_t name;

    enum td_err err = td_expr_words_hold(&parser->symbols->names, text, t->length, &name);
    if (err != TD_OK)
        return check_hold(parser, err);
    td_expr_lexer_next(&parser->lexer);
    err = parse_rest(parser, name);
    if (err != TD_OK)
        td_expr_words_drop(&parser->symbols->names, name);
    else if (reference)
        decide(parser, first, known, &value);
    return err;
}
