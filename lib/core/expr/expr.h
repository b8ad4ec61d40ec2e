/**
 * @file expr.h  Conditions over attributes, as business people write them:
 *
 *     language = "zh" and skill.wealth >= 7 and (site in ("Beijing", "Shanghai") or not trainee)
 *
 * Grammar, weakest binding first; keywords in any case, names as in value.h, `#` is no comment:
 *
 *     condition  = condition "or" condition | condition "and" condition | "not" condition
 *                | "(" condition ")" | "true" | "false"
 *                | name                                  a tag: true when it is the boolean true
 *                | name ("=" | "!=" | "<" | "<=" | ">" | ">=") value
 *                | name "in" "(" value { "," value } ")"
 *     value      = number | "text" (with \" and \\) | "true" | "false" | reference
 *     reference  = "customer." name | "interaction." name
 *
 * An attribute that is absent, or of another type than the value, makes *each* comparison false,
 * `!=` too; so `not age >= 18` is true of somebody whose age is unknown, `age < 18` is not.
 * `<` and its kin compare numbers only.
 *
 * A reference is not looked up when the condition is tested but replaced when it is parsed, from
 * the attributes that the caller gives: a requirement is resolved once, when its interaction enters
 * the queue, and the why-line shows what was really asked. A value that is not given makes its
 * comparison false. On the left a reference decides there and then: `customer.tier = "gold"`
 * becomes `true` or `false`.
 *
 * A parsed condition is a flat program (postfix) without pointers. Pure; never recurses; parsing is
 * O(length), testing O(nodes).
 */
#ifndef TD_CORE_EXPR_EXPR_H
#define TD_CORE_EXPR_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/expr/symbols.h"
#include "core/expr/value.h"

/** Longest condition in bytes, as written and as printed with references replaced. */
#define TD_EXPR_LENGTH_MAX 1000
/** Most operators and values. */
#define TD_EXPR_NODES_MAX 128
/** Deepest nesting of parentheses and `not`. */
#define TD_EXPR_DEPTH_MAX 32

/** One step of a program. Private; 16 bytes without padding, so that programs compare by memcmp. */
struct td_expr_node {
    int64_t cell; /* the value compared with */
    uint32_t name;
    uint16_t count; /* of `in`: values before this node */
    uint8_t op;
    uint8_t kind; /* of value: cell, or reference without a value */
};

/** A parsed condition; its fields are private. Holds words of its symbols until released. */
struct td_expr {
    uint32_t count;
    struct td_expr_node nodes[TD_EXPR_NODES_MAX];
};

/** What is wrong with a text, for the person who wrote it. */
struct td_expr_error {
    uint32_t column;   /**< In characters, from 1. */
    char message[192]; /**< A sentence: "expected a value after >= at column 14". */
};

/** What references stand for. Borrowed. */
struct td_expr_references {
    const struct td_expr_attribute *items; /**< Names with their prefix: "customer.language". */
    size_t count;
};

/**
 * Parses a condition.
 *
 * @param text        Need not be terminated. UTF-8.
 * @param references  NULL: none is known.
 * @param error       Written unless TD_OK; may be NULL.
 * @return TD_OK, TD_ERR_SYNTAX, TD_ERR_RANGE (a value too large), TD_ERR_LIMIT (a bound above, or
 * the symbols are full). Then nothing is held.
 */
enum td_err TD_MUST_CHECK td_expr_parse(const char *text, size_t length,
                                        struct td_expr_symbols *symbols,
                                        const struct td_expr_references *references,
                                        struct td_expr *expr, struct td_expr_error *error);

/** Parses only to see whether it is right: for whoever checks a configuration. Results as above. */
enum td_err TD_MUST_CHECK td_expr_check(const char *text, size_t length,
                                        struct td_expr_error *error);

/** Gives back the words; the program must not be used again. */
void td_expr_release(struct td_expr_symbols *symbols, const struct td_expr *expr);

/** The same program; both over the same symbols. */
bool td_expr_equal(const struct td_expr *a, const struct td_expr *b);

/** For tables; over the same symbols. */
uint64_t td_expr_hash(const struct td_expr *expr);

/**
 * Writes the canonical form, which parses to the same program again.
 *
 * @param text  TD_EXPR_LENGTH_MAX + 1 bytes suffice.
 * @return The length; 0 and an empty text when `size` does not suffice.
 */
size_t td_expr_print(const struct td_expr *expr, const struct td_expr_symbols *symbols, char *text,
                     size_t size);

/**
 * The attributes of many: cells by name and row. A column begins at `cells + name * rows`; names
 * from `names` on are absent for all. `rows` is a multiple of 64.
 */
struct td_expr_table {
    const int64_t *cells;
    size_t rows;
    uint32_t names;
};

/** Tests rows `64 * word .. 64 * word + 63` at once. @return A bit for each row that meets it. */
uint64_t td_expr_match64(const struct td_expr *expr, const struct td_expr_table *table,
                         size_t word);

/** Tests one row. */
bool td_expr_match(const struct td_expr *expr, const struct td_expr_table *table, size_t row);

#endif
