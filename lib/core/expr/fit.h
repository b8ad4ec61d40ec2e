/**
 * @file fit.h  How well somebody suits: a weighted sum of attributes.
 *
 *     skill.wealth * 2 + skill.funds - trainee * 5
 *
 *     fit  = [ "-" ] term { ("+" | "-") term }
 *     term = name [ "*" number ]
 *
 * A number counts with its value, a tag as 1; text, false and absent as 0. Pure, integers only.
 */
#ifndef TD_CORE_EXPR_FIT_H
#define TD_CORE_EXPR_FIT_H

#include "core/expr/expr.h"

#define TD_EXPR_FIT_TERMS_MAX 8
/** Largest weight, in thousandths; keeps every sum within 64 bits. */
#define TD_EXPR_WEIGHT_MAX (INT64_C(1000) * TD_EXPR_ONE)

/** Its fields are private. Holds names of its symbols until released. */
struct td_expr_fit {
    uint32_t count;
    struct td_expr_fit_term {
        uint32_t name;
        int32_t weight; /* thousandths */
    } terms[TD_EXPR_FIT_TERMS_MAX];
};

/** As td_expr_parse. An empty text is a fit without terms: everybody suits alike. */
enum td_err TD_MUST_CHECK td_expr_fit_parse(const char *text, size_t length,
                                            struct td_expr_symbols *symbols,
                                            struct td_expr_fit *fit, struct td_expr_error *error);

/** As td_expr_check. */
enum td_err TD_MUST_CHECK td_expr_fit_check(const char *text, size_t length,
                                            struct td_expr_error *error);

void td_expr_fit_release(struct td_expr_symbols *symbols, const struct td_expr_fit *fit);

/** As td_expr_print. */
size_t td_expr_fit_print(const struct td_expr_fit *fit, const struct td_expr_symbols *symbols,
                         char *text, size_t size);

/** The sum for one row, in thousandths, each term rounded towards 0. */
int64_t td_expr_fit_value(const struct td_expr_fit *fit, const struct td_expr_table *table,
                          size_t row);

#endif
