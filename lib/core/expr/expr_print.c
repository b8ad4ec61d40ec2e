#include <assert.h>
#include <string.h>

#include "core/expr/program.h"

/*
 * A postfix program read backwards meets an operator before its operands, the right one first. So
 * the text is written backwards too, from the end of the buffer: no recursion, no tree.
 */

/* An operator whose operands are being written. */
struct open_operator {
    uint8_t op;
    uint8_t left; /* operands still to write */
    bool parentheses;
};

struct printer {
    const struct td_expr_symbols *symbols;
    char *start;
    char *at; /* what is written begins here */
    bool full;
    struct open_operator open[TD_EXPR_NODES_MAX];
    uint32_t open_count;
};

static void put_span(struct printer *printer, const char *piece, size_t length)
{
    if (printer->full || length > (size_t)(printer->at - printer->start)) {
        printer->full = true;
        return;
    }
    printer->at -= length;
    memcpy(printer->at, piece, length);
}

static void put(struct printer *printer, const char *piece)
{
    put_span(printer, piece, strlen(piece));
}

static void put_quoted(struct printer *printer, const char *text)
{
    put(printer, "\"");
    for (size_t i = strlen(text); i > 0; i--) {
        put_span(printer, &text[i - 1], 1);
        if (text[i - 1] == '"' || text[i - 1] == '\\')
            put(printer, "\\");
    }
    put(printer, "\"");
}

static void put_value(struct printer *printer, const struct td_expr_node *node)
{
    struct td_expr_value value;
    char number[TD_EXPR_NUMBER_SIZE];

    if (!td_expr_cell_value(printer->symbols, node->cell, &value))
        return;
    if (node->kind == TD_EXPR_KIND_UNKNOWN)
        put(printer, value.text);
    else if (value.type == TD_EXPR_TEXT)
        put_quoted(printer, value.text);
    else if (value.type == TD_EXPR_NUMBER)
        put(printer, td_expr_number_format(value.number, number));
    else
        put(printer, value.boolean ? "true" : "false");
}

static void put_list(struct printer *printer, const struct td_expr_node *end, uint32_t count)
{
    put(printer, ")");
    for (uint32_t i = 1; i <= count; i++) {
        put_value(printer, end - i);
        put(printer, i < count ? ", " : " in (");
    }
}

/* Writes the leaf that ends at a node; returns how many nodes it takes. */
static uint32_t put_leaf(struct printer *printer, const struct td_expr_node *node)
{
    static const char *const signs[] = {
        [TD_EXPR_OP_EQ] = " = ",  [TD_EXPR_OP_NE] = " != ", [TD_EXPR_OP_LT] = " < ",
        [TD_EXPR_OP_LE] = " <= ", [TD_EXPR_OP_GT] = " > ",  [TD_EXPR_OP_GE] = " >= ",
    };

    if (!td_expr_has_name(node)) {
        put(printer, node->op == TD_EXPR_OP_TRUE ? "true" : "false");
        return 1;
    }
    if (node->op == TD_EXPR_OP_IN) {
        put_list(printer, node, node->count);
    } else if (node->op != TD_EXPR_OP_TAG) {
        put_value(printer, node);
        put(printer, signs[node->op]);
    }
    put(printer, td_expr_words_text(&printer->symbols->names, node->name));
    return 1U + node->count;
}

/* A right operand of the same strength keeps its parentheses: the same program comes back. */
static bool needs_parentheses(const struct printer *printer, uint8_t op)
{
    if (printer->open_count == 0)
        return false;
    const struct open_operator *outer = &printer->open[printer->open_count - 1];

    switch (outer->op) {
    case TD_EXPR_OP_NOT:
        return op != TD_EXPR_OP_NOT;
    case TD_EXPR_OP_AND:
        return op == TD_EXPR_OP_OR || (op == TD_EXPR_OP_AND && outer->left == 2);
    default:
        return op == TD_EXPR_OP_OR && outer->left == 2;
    }
}

static void open_operator(struct printer *printer, uint8_t op)
{
    bool parentheses = needs_parentheses(printer, op);

    if (parentheses)
        put(printer, ")");
    printer->open[printer->open_count++] = (struct open_operator){
        .op = op,
        .left = op == TD_EXPR_OP_NOT ? 1 : 2,
        .parentheses = parentheses,
    };
}

/* An operand is complete: so may be the operators it belongs to. */
static void close_operators(struct printer *printer)
{
    while (printer->open_count > 0) {
        struct open_operator *inner = &printer->open[printer->open_count - 1];
        if (--inner->left > 0) {
            put(printer, inner->op == TD_EXPR_OP_AND ? " and " : " or ");
            return;
        }
        if (inner->op == TD_EXPR_OP_NOT)
            put(printer, "not ");
        if (inner->parentheses)
            put(printer, "(");
        printer->open_count--;
    }
}

size_t td_expr_print(const struct td_expr *expr, const struct td_expr_symbols *symbols, char *text,
                     size_t size)
{
    assert(size > 0);
    struct printer printer = {
        .symbols = symbols,
        .start = text,
        .at = text + size - 1,
    };
    uint32_t left = expr->count;

    while (left > 0) {
        const struct td_expr_node *node = &expr->nodes[left - 1];
        if (node->op >= TD_EXPR_OP_NOT) {
            open_operator(&printer, node->op);
            left--;
        } else {
            left -= put_leaf(&printer, node);
            close_operators(&printer);
        }
    }
    size_t length = printer.full ? 0 : (size_t)(text + size - 1 - printer.at);
    memmove(text, printer.at, length);
    text[length] = '\0';
    return length;
}
