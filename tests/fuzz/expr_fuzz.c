/*
 * Any bytes parse to a verdict; what parses prints to a text that parses to the same program; both
 * ways of testing agree; nothing stays held; an error has a place and a sentence. The first byte
 * says whether references are known. Corpus in tests/fuzz/corpus/expr.
 */
#include <stdlib.h>
#include <string.h>

#include "core/expr/expr.h"
#include "core/expr/fit.h"

#define NAMES 160
#define TEXTS 160
#define ROWS 64

static max_align_t block[64 * 1024 / sizeof(max_align_t)];
static int64_t cells[NAMES * ROWS];

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void require_explained(const struct td_expr_error *error)
{
    require(error->column >= 1 && error->column <= TD_EXPR_LENGTH_MAX + 1);
    require(error->message[0] != '\0');
    require(memchr(error->message, '\0', sizeof(error->message)) != NULL);
}

static void require_nothing_held(const struct td_expr_symbols *symbols)
{
    for (uint32_t id = 0; id < NAMES; id++)
        require(td_expr_words_holders(&symbols->names, id) == 0);
    for (uint32_t id = 0; id < TEXTS; id++)
        require(td_expr_words_holders(&symbols->texts, id) == 0);
}

static void check_program(struct td_expr_symbols *symbols, const struct td_expr *expr)
{
    const struct td_expr_table table = {.cells = cells, .rows = ROWS, .names = NAMES};
    char text[TD_EXPR_LENGTH_MAX + 1];
    struct td_expr again;
    struct td_expr_error error;
    size_t length = td_expr_print(expr, symbols, text, sizeof(text));

    require(length > 0 && strlen(text) == length);
    require(td_expr_parse(text, length, symbols, NULL, &again, &error) == TD_OK);
    require(td_expr_equal(expr, &again));
    uint64_t mask = td_expr_match64(expr, &table, 0);
    for (size_t row = 0; row < ROWS; row++)
        require((mask >> row & 1U) == td_expr_match(&again, &table, row));
    td_expr_release(symbols, &again);
}

static void check_condition(struct td_expr_symbols *symbols, const char *text, size_t size,
                            const struct td_expr_references *references)
{
    struct td_expr_error error = {0};
    struct td_expr expr;

    if (td_expr_parse(text, size, symbols, references, &expr, &error) == TD_OK) {
        check_program(symbols, &expr);
        td_expr_release(symbols, &expr);
    } else {
        require_explained(&error);
    }
    require_nothing_held(symbols);
    // Without references nothing depends on whose symbols they are.
    if (references == NULL) {
        enum td_err err = td_expr_parse(text, size, symbols, NULL, &expr, &error);
        require(td_expr_check(text, size, NULL) == err);
        if (err == TD_OK)
            td_expr_release(symbols, &expr);
    }
}

static void check_fit(struct td_expr_symbols *symbols, const char *text, size_t size)
{
    struct td_expr_error error = {0};
    struct td_expr_fit fit;
    struct td_expr_fit again;
    char printed[TD_EXPR_LENGTH_MAX + 1];

    if (td_expr_fit_parse(text, size, symbols, &fit, &error) == TD_OK) {
        size_t length = td_expr_fit_print(&fit, symbols, printed, sizeof(printed));
        require(td_expr_fit_parse(printed, length, symbols, &again, &error) == TD_OK);
        require(memcmp(&fit, &again, sizeof(fit)) == 0);
        td_expr_fit_release(symbols, &again);
        td_expr_fit_release(symbols, &fit);
    } else {
        require_explained(&error);
    }
    require_nothing_held(symbols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct td_expr_attribute known[] = {
        {"customer.a", {.type = TD_EXPR_TEXT, .text = "say \"\\\""}},
        {"customer.b", {.type = TD_EXPR_NUMBER, .number = -TD_EXPR_NUMBER_MAX}},
        {"interaction.c", {.type = TD_EXPR_BOOLEAN, .boolean = true}},
        {"customer.d", {.type = TD_EXPR_TEXT, .text = "\n"}},
    };
    const struct td_expr_references references = {known, sizeof(known) / sizeof(known[0])};
    struct td_expr_symbols symbols;

    if (size == 0)
        return 0;
    td_expr_symbols_init(&symbols, block, NAMES, TEXTS);
    // Every value a condition may meet: absent, numbers, texts (ids are small), tags.
    for (size_t i = 0; i < NAMES * ROWS; i++) {
        const int64_t some[] = {TD_EXPR_CELL_ABSENT, 7000, td_expr_cell_text((uint32_t)(i % 5)),
                                td_expr_cell_boolean(i % 2 == 0)};
        cells[i] = some[(i / 3) % 4];
    }
    const char *text = (const char *)data + 1;
    check_condition(&symbols, text, size - 1, data[0] % 2 == 0 ? &references : NULL);
    check_fit(&symbols, text, size - 1);
    return 0;
}
