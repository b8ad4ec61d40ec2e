/**
 * @file value.h  Typed values of attributes: a number, a text, a tag. Pure.
 *
 * Numbers are fixed decimals with three digits after the point in 64 bits, so that the same
 * expression over the same attributes gives the same answer on every machine.
 *
 * Inside the engine a value is one 64-bit *cell*, ordered so that every comparison is a range test:
 * numbers lie in -10^12 .. 10^12 (thousandths), texts and tags far above, "absent" far below.
 */
#ifndef TD_CORE_EXPR_VALUE_H
#define TD_CORE_EXPR_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/expr/symbols.h"

/** A number 1, in the units of td_expr_value.number. */
#define TD_EXPR_ONE INT64_C(1000)
/** Largest magnitude of a number, in the same units: a thousand million. */
#define TD_EXPR_NUMBER_MAX (INT64_C(1000000000) * TD_EXPR_ONE)
/** Room for any number as text, terminator included. */
#define TD_EXPR_NUMBER_SIZE 16

enum td_expr_type {
    TD_EXPR_NUMBER,
    TD_EXPR_TEXT,
    TD_EXPR_BOOLEAN, /**< A bare tag is the boolean true. */
    TD_EXPR_TYPE_COUNT
};

struct td_expr_value {
    enum td_expr_type type;
    int64_t number; /**< Thousandths. */
    bool boolean;
    const char *text; /**< Borrowed; at most TD_EXPR_WORD_MAX bytes. */
};

/** A fact of an agent, customer or interaction. */
struct td_expr_attribute {
    const char *name; /**< Borrowed; see td_expr_name_is_valid, or a reference of expr.h. */
    struct td_expr_value value;
};

/**
 * The name of an attribute of agents: letters (of any script), digits, `_` and `.`, no digit or
 * point first, no keyword, not beginning with "customer." or "interaction.", 1..63 bytes.
 */
bool td_expr_name_is_valid(const char *name);

/** May be a text value: UTF-8, no control characters, at most TD_EXPR_WORD_MAX bytes. */
bool td_expr_text_is_valid(const char *text);

/**
 * Reads `-12`, `9.5`, `0.125`.
 *
 * @return TD_OK, TD_ERR_SYNTAX (not such a number, more than three decimals), TD_ERR_RANGE.
 */
enum td_err TD_MUST_CHECK td_expr_number_parse(const char *text, size_t length, int64_t *number);

/** Shortest form: `9.5`, `-3`. @return `text`. */
const char *td_expr_number_format(int64_t number, char text[TD_EXPR_NUMBER_SIZE]);

/** The cell of an attribute that is not there. */
#define TD_EXPR_CELL_ABSENT INT64_MIN

/** Cells of the other types; for numbers the cell is the number. */
int64_t td_expr_cell_text(uint32_t text_id);
int64_t td_expr_cell_boolean(bool value);

bool td_expr_cell_is_number(int64_t cell);
bool td_expr_cell_is_text(int64_t cell);
/** The cell must be a text. */
uint32_t td_expr_cell_text_id(int64_t cell);

/** Cells from `min` to `max`, both included. */
struct td_expr_range {
    int64_t min;
    int64_t max;
};

/** All cells of the type that this cell has; it must not be absent. */
struct td_expr_range td_expr_range_of_type(int64_t cell);

/**
 * Makes the cell of a value and counts a holder of its text.
 *
 * @return TD_OK, TD_ERR_RANGE (number or text too large), TD_ERR_LIMIT (no room for the text).
 */
enum td_err TD_MUST_CHECK td_expr_cell_hold(struct td_expr_symbols *symbols,
                                            const struct td_expr_value *value, int64_t *cell);

/** Gives back what td_expr_cell_hold took. */
void td_expr_cell_drop(struct td_expr_symbols *symbols, int64_t cell);

/** The value of a cell; its text as td_expr_words_text. @return False when absent. */
bool td_expr_cell_value(const struct td_expr_symbols *symbols, int64_t cell,
                        struct td_expr_value *value);

#endif
