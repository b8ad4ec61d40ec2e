#include "core/expr/value.h"

#include <assert.h>
#include <string.h>

#include "core/expr/lexer.h"

/* Above every number; a text's id is below 2^32, so that the two ranges do not meet. */
#define TEXT_BASE (INT64_C(1) << 60)
#define BOOLEAN_BASE (INT64_C(1) << 61)

#define DECIMALS 3

bool td_expr_name_is_valid(const char *name)
{
    struct td_expr_lexer lexer;

    td_expr_lexer_init(&lexer, name, strlen(name), NULL);
    return lexer.token.type == TD_EXPR_TOKEN_NAME && lexer.token.length == strlen(name) &&
           !td_expr_is_reference(name, strlen(name));
}

static size_t digits_at(const char *text, size_t at, size_t length)
{
    size_t count = 0;

    while (at + count < length && text[at + count] >= '0' && text[at + count] <= '9')
        count++;
    return count;
}

/* Appends digits to a number; saturates far above TD_EXPR_NUMBER_MAX. */
static int64_t append_digits(int64_t number, const char *digits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (number <= TD_EXPR_NUMBER_MAX)
            number = number * 10 + (digits[i] - '0');
    }
    return number;
}

enum td_err td_expr_number_parse(const char *text, size_t length, int64_t *number)
{
    bool negative = length > 0 && text[0] == '-';
    size_t at = negative ? 1 : 0;
    size_t whole = digits_at(text, at, length);
    size_t point = at + whole;
    size_t decimals = 0;

    if (point < length) {
        decimals = digits_at(text, point + 1, length);
        if (text[point] != '.' || decimals == 0 || point + 1 + decimals != length)
            return TD_ERR_SYNTAX;
    }
    if (whole == 0 || decimals > DECIMALS)
        return TD_ERR_SYNTAX;

    int64_t result = append_digits(0, text + at, whole);
    result = append_digits(result, text + point + 1, decimals);
    result = append_digits(result, "000", DECIMALS - decimals);
    if (result > TD_EXPR_NUMBER_MAX)
        return TD_ERR_RANGE;
    *number = negative ? -result : result;
    return TD_OK;
}

const char *td_expr_number_format(int64_t number, char text[TD_EXPR_NUMBER_SIZE])
{
    assert(number >= -TD_EXPR_NUMBER_MAX && number <= TD_EXPR_NUMBER_MAX);
    char digits[TD_EXPR_NUMBER_SIZE];
    uint64_t rest = (uint64_t)(number < 0 ? -number : number);
    size_t at = sizeof(digits);
    bool shown = false; // a decimal that is not a trailing zero was seen

    digits[--at] = '\0';
    for (int place = 0; place < DECIMALS; place++, rest /= 10) {
        shown = shown || rest % 10 != 0;
        if (shown)
            digits[--at] = (char)('0' + rest % 10);
    }
    if (shown)
        digits[--at] = '.';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        digits[--at] = '-';
    memcpy(text, digits + at, sizeof(digits) - at);
    return text;
}

int64_t td_expr_cell_text(uint32_t text_id)
{
    return TEXT_BASE + text_id;
}

int64_t td_expr_cell_boolean(bool value)
{
    return BOOLEAN_BASE + value;
}

enum td_err td_expr_cell_hold(struct td_expr_symbols *symbols, const struct td_expr_value *value,
                              int64_t *cell)
{
    uint32_t text_id;
    enum td_err err;

    switch (value->type) {
    case TD_EXPR_NUMBER:
        if (value->number < -TD_EXPR_NUMBER_MAX || value->number > TD_EXPR_NUMBER_MAX)
            return TD_ERR_RANGE;
        *cell = value->number;
        return TD_OK;
    case TD_EXPR_BOOLEAN:
        *cell = td_expr_cell_boolean(value->boolean);
        return TD_OK;
    case TD_EXPR_TEXT:
        err = td_expr_words_hold(&symbols->texts, value->text, strlen(value->text), &text_id);
        if (err == TD_OK)
            *cell = td_expr_cell_text(text_id);
        return err;
    case TD_EXPR_TYPE_COUNT:
        break;
    }
    return TD_ERR_RANGE;
}

void td_expr_cell_drop(struct td_expr_symbols *symbols, int64_t cell)
{
    if (td_expr_cell_is_text(cell))
        td_expr_words_drop(&symbols->texts, td_expr_cell_text_id(cell));
}

bool td_expr_cell_is_number(int64_t cell)
{
    return cell >= -TD_EXPR_NUMBER_MAX && cell <= TD_EXPR_NUMBER_MAX;
}

bool td_expr_cell_is_text(int64_t cell)
{
    return cell >= TEXT_BASE && cell < BOOLEAN_BASE;
}

uint32_t td_expr_cell_text_id(int64_t cell)
{
    return (uint32_t)(cell - TEXT_BASE);
}

struct td_expr_range td_expr_range_of_type(int64_t cell)
{
    if (td_expr_cell_is_number(cell))
        return (struct td_expr_range){-TD_EXPR_NUMBER_MAX, TD_EXPR_NUMBER_MAX};
    if (td_expr_cell_is_text(cell))
        return (struct td_expr_range){TEXT_BASE, BOOLEAN_BASE - 1};
    return (struct td_expr_range){BOOLEAN_BASE, BOOLEAN_BASE + 1};
}

bool td_expr_cell_value(const struct td_expr_symbols *symbols, int64_t cell,
                        struct td_expr_value *value)
{
    if (cell == TD_EXPR_CELL_ABSENT)
        return false;
    *value = (struct td_expr_value){.type = TD_EXPR_BOOLEAN};
    if (td_expr_cell_is_number(cell)) {
        value->type = TD_EXPR_NUMBER;
        value->number = cell;
    } else if (td_expr_cell_is_text(cell)) {
        value->type = TD_EXPR_TEXT;
        value->text = td_expr_words_text(&symbols->texts, td_expr_cell_text_id(cell));
    } else {
        value->boolean = cell == td_expr_cell_boolean(true);
    }
    return true;
}
