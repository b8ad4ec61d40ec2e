#include "core/expr/fit.h"

#include <string.h>

#include "base/text.h"
#include "core/expr/lexer.h"

struct parser {
    struct td_expr_lexer lexer;
    struct td_expr_symbols *symbols;
    struct td_expr_fit *fit;
};

static enum td_expr_token_type token(const struct parser *parser)
{
    return parser->lexer.token.type;
}

static enum td_err parse_name(struct parser *parser, uint32_t *name)
{
    const struct td_expr_token *t = &parser->lexer.token;
    const char *text = parser->lexer.input + t->start;

    if (t->type != TD_EXPR_TOKEN_NAME)
        return td_expr_expected(&parser->lexer, "an attribute");
    if (td_expr_is_reference(text, t->length))
        return td_expr_complain(&parser->lexer, TD_ERR_SYNTAX,
                                "only attributes of agents can be weighed, not this");
    if (parser->fit->count == TD_EXPR_FIT_TERMS_MAX)
        return td_expr_complain(&parser->lexer, TD_ERR_LIMIT,
                                "at most 8 terms are allowed, more come");
    enum td_err err = td_expr_words_hold(&parser->symbols->names, text, t->length, name);
    if (err != TD_OK)
        return td_expr_complain(&parser->lexer, err, "there is no room for another name");
    td_expr_lexer_next(&parser->lexer);
    return TD_OK;
}

static enum td_err parse_weight(struct parser *parser, int64_t *weight)
{
    bool negative;

    if (token(parser) != TD_EXPR_TOKEN_TIMES)
        return TD_OK;
    td_expr_lexer_next(&parser->lexer);
    negative = token(parser) == TD_EXPR_TOKEN_MINUS;
    if (negative)
        td_expr_lexer_next(&parser->lexer);
    if (token(parser) != TD_EXPR_TOKEN_NUMBER)
        return td_expr_expected(&parser->lexer, "a number");
    if (parser->lexer.token.number > TD_EXPR_WEIGHT_MAX)
        return td_expr_complain(&parser->lexer, TD_ERR_RANGE,
                                "a weight is at most 1000, this one is larger");
    *weight = negative ? -parser->lexer.token.number : parser->lexer.token.number;
    td_expr_lexer_next(&parser->lexer);
    return TD_OK;
}

static enum td_err parse_term(struct parser *parser, bool negative)
{
    struct td_expr_fit *fit = parser->fit;
    uint32_t name = 0;
    int64_t weight = TD_EXPR_ONE;
    enum td_err err = parse_name(parser, &name);

    if (err != TD_OK)
        return err;
    err = parse_weight(parser, &weight);
    if (err != TD_OK) {
        td_expr_words_drop(&parser->symbols->names, name);
        return err;
    }
    fit->terms[fit->count].name = name;
    fit->terms[fit->count].weight = (int32_t)(negative ? -weight : weight);
    fit->count++;
    return TD_OK;
}

static enum td_err run(struct parser *parser)
{
    bool negative = token(parser) == TD_EXPR_TOKEN_MINUS;

    if (token(parser) == TD_EXPR_TOKEN_END)
        return TD_OK;
    if (negative)
        td_expr_lexer_next(&parser->lexer);
    for (;;) {
        enum td_err err = parse_term(parser, negative);
        if (err != TD_OK || token(parser) == TD_EXPR_TOKEN_END)
            return err;
        negative = token(parser) == TD_EXPR_TOKEN_MINUS;
        if (!negative && token(parser) != TD_EXPR_TOKEN_PLUS)
            return td_expr_expected(&parser->lexer, "+, -, * or the end");
        td_expr_lexer_next(&parser->lexer);
    }
}

static enum td_err check_length(struct parser *parser)
{
    char text[TD_EXPR_LENGTH_MAX + 1];

    if (parser->fit->count == 0 ||
        td_expr_fit_print(parser->fit, parser->symbols, text, sizeof(text)) > 0)
        return TD_OK;
    return td_expr_complain(&parser->lexer, TD_ERR_LIMIT,
                            "at most 1000 bytes are allowed, this is longer");
}

enum td_err td_expr_fit_parse(const char *text, size_t length, struct td_expr_symbols *symbols,
                              struct td_expr_fit *fit, struct td_expr_error *error)
{
    struct parser parser = {.symbols = symbols, .fit = fit};

    memset(fit, 0, sizeof(*fit));
    td_expr_lexer_init(&parser.lexer, text, length, error);
    enum td_err err = run(&parser);
    if (err == TD_OK)
        err = check_length(&parser);
    if (err != TD_OK) {
        td_expr_fit_release(symbols, fit);
        fit->count = 0;
    }
    return err;
}

void td_expr_fit_release(struct td_expr_symbols *symbols, const struct td_expr_fit *fit)
{
    for (uint32_t i = 0; i < fit->count; i++)
        td_expr_words_drop(&symbols->names, fit->terms[i].name);
}

static void print_term(struct td_text *text, const char *name, int64_t weight, bool first)
{
    if (weight < 0)
        td_text_add(text, first ? "-" : " - ");
    else if (!first)
        td_text_add(text, " + ");
    td_text_add(text, name);
    if (weight != TD_EXPR_ONE && weight != -TD_EXPR_ONE) {
        char number[TD_EXPR_NUMBER_SIZE];
        td_text_add(text, " * ");
        td_text_add(text, td_expr_number_format(weight < 0 ? -weight : weight, number));
    }
}

size_t td_expr_fit_print(const struct td_expr_fit *fit, const struct td_expr_symbols *symbols,
                         char *text, size_t size)
{
    struct td_text writer;

    td_text_init(&writer, text, size);
    for (uint32_t i = 0; i < fit->count; i++)
        print_term(&writer, td_expr_words_text(&symbols->names, fit->terms[i].name),
                   fit->terms[i].weight, i == 0);
    if (writer.cut)
        td_text_init(&writer, text, size);
    return writer.length;
}

int64_t td_expr_fit_value(const struct td_expr_fit *fit, const struct td_expr_table *table,
                          size_t row)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < fit->count; i++) {
        if (fit->terms[i].name >= table->names)
            continue;
        int64_t cell = table->cells[(size_t)fit->terms[i].name * table->rows + row];
        if (cell == td_expr_cell_boolean(true))
            cell = TD_EXPR_ONE;
        else if (!td_expr_cell_is_number(cell))
            cell = 0;
        // At most 10^12 * 10^6 a term: 8 of them divided by 1000 are far from overflow.
        sum += cell * fit->terms[i].weight / TD_EXPR_ONE;
    }
    return sum;
}
