#include "core/expr/fit.h"

#include <assert.h>

/*
 * Checking needs no symbols of the caller's: a condition has fewer words than nodes, so a table of
 * that size on the stack holds them all.
 */
#define WORDS TD_EXPR_NODES_MAX
#define BLOCK_SIZE ((size_t)20 * 1024)

struct scratch {
    max_align_t block[BLOCK_SIZE / sizeof(max_align_t)];
    struct td_expr_symbols symbols;
};

static void scratch_init(struct scratch *scratch)
{
    assert(td_expr_symbols_size(WORDS, WORDS) <= sizeof(scratch->block));
    td_expr_symbols_init(&scratch->symbols, scratch->block, WORDS, WORDS);
}

enum td_err td_expr_check(const char *text, size_t length, struct td_expr_error *error)
{
    struct scratch scratch;
    struct td_expr expr;

    scratch_init(&scratch);
    return td_expr_parse(text, length, &scratch.symbols, NULL, &expr, error);
}

enum td_err td_expr_fit_check(const char *text, size_t length, struct td_expr_error *error)
{
    struct scratch scratch;
    struct td_expr_fit fit;

    scratch_init(&scratch);
    return td_expr_fit_parse(text, length, &scratch.symbols, &fit, error);
}
