/* Unit tests of conditions, fits and their words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/expr/expr.h"
#include "core/expr/fit.h"

#define NAMES 64
#define TEXTS 256
#define ROWS 128
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static max_align_t block[64 * 1024 / sizeof(max_align_t)];
static struct td_expr_symbols symbols;
static int64_t cells[NAMES * ROWS];
static const struct td_expr_table table = {.cells = cells, .rows = ROWS, .names = NAMES};

static int start(void **state)
{
    (void)state;
    if (td_expr_symbols_size(NAMES, TEXTS) > sizeof(block))
        return -1;
    td_expr_symbols_init(&symbols, block, NAMES, TEXTS);
    for (size_t i = 0; i < COUNT(cells); i++)
        cells[i] = TD_EXPR_CELL_ABSENT;
    return 0;
}

static struct td_expr_value number(int64_t thousandths)
{
    return (struct td_expr_value){.type = TD_EXPR_NUMBER, .number = thousandths};
}

static struct td_expr_value text(const char *value)
{
    return (struct td_expr_value){.type = TD_EXPR_TEXT, .text = value};
}

static struct td_expr_value tag(bool value)
{
    return (struct td_expr_value){.type = TD_EXPR_BOOLEAN, .boolean = value};
}

static void set(size_t row, const char *name, struct td_expr_value value)
{
    uint32_t id;

    assert_int_equal(td_expr_words_hold(&symbols.names, name, strlen(name), &id), TD_OK);
    assert_int_equal(td_expr_cell_hold(&symbols, &value, &cells[id * ROWS + row]), TD_OK);
}

static struct td_expr parse_with(const char *condition, const struct td_expr_references *references)
{
    struct td_expr expr;
    struct td_expr_error error;
    enum td_err err =
        td_expr_parse(condition, strlen(condition), &symbols, references, &expr, &error);

    if (err != TD_OK)
        fail_msg("%s: %s", condition, error.message);
    return expr;
}

static bool meets(const char *condition, size_t row)
{
    struct td_expr expr = parse_with(condition, NULL);
    bool met = td_expr_match(&expr, &table, row);
    uint64_t mask = td_expr_match64(&expr, &table, row / 64);

    assert_int_equal(met, mask >> row % 64 & 1U); // one by one and 64 at a time agree
    td_expr_release(&symbols, &expr);
    return met;
}

static void expect_print(const char *condition, const struct td_expr_references *references,
                         const char *canonical)
{
    struct td_expr expr = parse_with(condition, references);
    char printed[TD_EXPR_LENGTH_MAX + 1];
    char again[TD_EXPR_LENGTH_MAX + 1];

    assert_int_equal(td_expr_print(&expr, &symbols, printed, sizeof(printed)), strlen(canonical));
    assert_string_equal(printed, canonical);

    struct td_expr same = parse_with(printed, NULL);
    assert_true(td_expr_equal(&expr, &same));
    assert_true(td_expr_hash(&expr) == td_expr_hash(&same));
    td_expr_print(&same, &symbols, again, sizeof(again));
    assert_string_equal(again, printed);
    td_expr_release(&symbols, &same);
    td_expr_release(&symbols, &expr);
}

static void expect_error(const char *condition, enum td_err expected, const char *message)
{
    struct td_expr expr;
    struct td_expr_error error = {0};

    assert_int_equal(td_expr_parse(condition, strlen(condition), &symbols, NULL, &expr, &error),
                     expected);
    assert_string_equal(error.message, message);
    assert_int_equal(td_expr_check(condition, strlen(condition), NULL), expected);
}

static void expect_nothing_held(void)
{
    for (uint32_t id = 0; id < NAMES; id++)
        assert_int_equal(td_expr_words_holders(&symbols.names, id), 0);
    for (uint32_t id = 0; id < TEXTS; id++)
        assert_int_equal(td_expr_words_holders(&symbols.texts, id), 0);
}

static void the_example_of_the_header_means_what_it_says(void **state)
{
    (void)state;
    static const char condition[] = "language = \"zh\" and skill.wealth >= 7 and "
                                    "(site in (\"Beijing\", \"Shanghai\") or not trainee)";

    set(0, "language", text("zh"));
    set(0, "skill.wealth", number(7000));
    set(0, "site", text("Beijing"));
    set(0, "trainee", tag(true));
    set(65, "language", text("zh"));
    set(65, "skill.wealth", number(7000));
    set(65, "site", text("Wuhan"));
    set(66, "language", text("zh"));
    set(66, "skill.wealth", number(6999));
    set(66, "site", text("Beijing"));
    set(67, "language", text("zh"));
    set(67, "skill.wealth", number(9500));
    set(67, "site", text("Wuhan"));
    set(67, "trainee", tag(true));

    assert_true(meets(condition, 0));
    assert_true(meets(condition, 65));
    assert_false(meets(condition, 66));
    assert_false(meets(condition, 67));
    assert_false(meets(condition, 1));
}

static void comparisons_hold_at_their_boundaries(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        bool below, equal, above;
    } cases[] = {
        {"n = 2.5", false, true, false},       {"n != 2.5", true, false, true},
        {"n < 2.5", true, false, false},       {"n <= 2.5", true, true, false},
        {"n > 2.5", false, false, true},       {"n >= 2.5", false, true, true},
        {"n in (2.5, 9)", false, true, false},
    };

    set(0, "n", number(2499));
    set(1, "n", number(2500));
    set(2, "n", number(2501));
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(meets(cases[i].condition, 0), cases[i].below);
        assert_int_equal(meets(cases[i].condition, 1), cases[i].equal);
        assert_int_equal(meets(cases[i].condition, 2), cases[i].above);
    }
}

static void the_largest_numbers_compare_too(void **state)
{
    (void)state;
    set(0, "n", number(TD_EXPR_NUMBER_MAX));
    set(1, "n", number(-TD_EXPR_NUMBER_MAX));

    assert_true(meets("n >= 1000000000", 0));
    assert_false(meets("n > 1000000000", 0));
    assert_true(meets("n <= -1000000000", 1));
    assert_false(meets("n < -1000000000", 1));
    assert_true(meets("n != 0", 0));
    assert_true(meets("n != 0", 1));
}

static void an_absent_attribute_fails_each_comparison(void **state)
{
    (void)state;
    static const char *const comparisons[] = {
        "x",      "x = 1",     "x != 1",     "x < 1",     "x <= 1",    "x > 1",
        "x >= 1", "x = \"a\"", "x != \"a\"", "x = false", "x != true", "x in (1, \"a\", true)"};

    for (size_t i = 0; i < COUNT(comparisons); i++)
        assert_false(meets(comparisons[i], 5));
    assert_true(meets("not x", 5));
    assert_true(meets("not x >= 18", 5));
}

static void another_type_fails_each_comparison_like_absence(void **state)
{
    (void)state;
    set(0, "x", text("1"));
    set(1, "x", tag(true));
    set(2, "x", number(1000));

    assert_false(meets("x = 1", 0));
    assert_false(meets("x != 1", 0));
    assert_false(meets("x > 0", 0));
    assert_false(meets("x", 0));
    assert_false(meets("x != \"a\"", 1));
    assert_true(meets("x != false", 1));
    assert_false(meets("x != true", 1));
    assert_false(meets("x != \"1\"", 2));
    assert_true(meets("x in (\"1\", 1)", 0));
    assert_true(meets("x in (\"1\", 1)", 2));
    assert_false(meets("x in (\"1\", 1)", 1));
}

static void and_binds_stronger_than_or_and_not_strongest(void **state)
{
    (void)state;
    set(0, "a", tag(true));
    set(1, "b", tag(true));

    assert_true(meets("a or b and c", 0));
    assert_false(meets("(a or b) and c", 0));
    assert_true(meets("not b and a", 0));
    assert_false(meets("not (b or a)", 0));
    assert_true(meets("not not a", 0));
    assert_false(meets("b and not b or c", 1));
    assert_true(meets("NOT c AND b", 1));
    assert_true(meets("true", 1));
    assert_false(meets("false or not true", 1));
}

static void names_and_texts_may_be_chinese(void **state)
{
    (void)state;
    set(0, "语言", text("普通话"));

    assert_true(meets("语言 = \"普通话\"", 0));
    assert_true(meets("语言　=　\"普通话\"", 0)); // ideographic spaces
    assert_false(meets("语言 = \"粤语\"", 0));
    expect_error("语言 ＝ \"普通话\"", TD_ERR_SYNTAX,
                 "expected a plain sign instead of its full-width or curly form at column 4");
    expect_error("语言 = “普通话”", TD_ERR_SYNTAX,
                 "expected a plain sign instead of its full-width or curly form at column 6");
}

static void printing_gives_the_shortest_text_of_the_same_program(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        const char *canonical;
    } cases[] = {
        {"a", "a"},
        {"((a))", "a"},
        {"not(a)", "not a"},
        {"not (not a)", "not not a"},
        {"a and b and c", "a and b and c"},
        {"a and (b and c)", "a and (b and c)"},
        {"(a and b) or c", "a and b or c"},
        {"a and(b or c)", "a and (b or c)"},
        {"(a or b)and(c or d)or e", "(a or b) and (c or d) or e"},
        {"a or (b or c)", "a or (b or c)"},
        {"not (a and b)", "not (a and b)"},
        {"not a=1", "not a = 1"},
        {"a=1.500 AND b!=-0.050", "a = 1.5 and b != -0.05"},
        {"a in(1,\"x\",true)", "a in (1, \"x\", true)"},
        {"a = \"say \\\"\\\\\\\"\"", "a = \"say \\\"\\\\\\\"\""},
        {"a = false or true", "a = false or true"},
        {"a = customer.x", "a = customer.x"},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        expect_print(cases[i].written, NULL, cases[i].canonical);
    expect_nothing_held();
}

static void references_are_replaced_by_what_the_customer_has(void **state)
{
    (void)state;
    const struct td_expr_attribute known[] = {
        {"customer.language", text("zh")}, {"customer.age", number(61500)},
        {"customer.vip", tag(true)},       {"interaction.topic", text("a \"b\"")},
        {"customer.bad", text("a\nb")},
    };
    const struct td_expr_references references = {known, COUNT(known)};

    expect_print("language = customer.language", &references, "language = \"zh\"");
    expect_print("age < customer.age", &references, "age < 61.5");
    expect_print("topic in (interaction.topic, \"c\")", &references,
                 "topic in (\"a \\\"b\\\"\", \"c\")");
    expect_print("vip = customer.vip", &references, "vip = true");
    // Not known, not comparable or not printable: the comparison stays, and is false for everybody.
    expect_print("language = customer.other", &references, "language = customer.other");
    expect_print("age < customer.language", &references, "age < customer.language");
    expect_print("x = customer.bad", &references, "x = customer.bad");
    set(0, "language", text("customer.other"));
    assert_false(meets("language = customer.other", 0));
    assert_false(meets("language != customer.other", 0));
}

static void conditions_on_the_customer_are_decided_at_once(void **state)
{
    (void)state;
    const struct td_expr_attribute known[] = {{"customer.tier", text("gold")},
                                              {"customer.age", number(61500)},
                                              {"customer.vip", tag(true)}};
    const struct td_expr_references references = {known, COUNT(known)};

    expect_print("customer.tier = \"gold\" and a", &references, "true and a");
    expect_print("customer.tier = \"silver\" or a", &references, "false or a");
    expect_print("customer.tier != \"silver\"", &references, "true");
    expect_print("customer.tier in (\"silver\", \"gold\")", &references, "true");
    expect_print("customer.age > 61.5", &references, "false");
    expect_print("customer.age >= 61.5", &references, "true");
    expect_print("customer.vip", &references, "true");
    expect_print("not customer.other", &references, "not false");
    expect_print("customer.other != 1", &references, "false");
    expect_nothing_held();
}

static void errors_say_what_was_expected_and_where(void **state)
{
    (void)state;
    expect_error("", TD_ERR_SYNTAX, "expected an attribute, not or ( at column 1");
    expect_error("skill.wealth >=", TD_ERR_SYNTAX, "expected a number after >= at column 16");
    expect_error("skill = ", TD_ERR_SYNTAX, "expected a value after = at column 9");
    expect_error("语言 = )", TD_ERR_SYNTAX, "expected a value after = at column 6");
    expect_error("a >= \"x\"", TD_ERR_SYNTAX, "expected a number after >= at column 6");
    expect_error("a b", TD_ERR_SYNTAX, "expected and, or, the end after a at column 3");
    expect_error("(a b", TD_ERR_SYNTAX, "expected and, or, ) after a at column 4");
    expect_error("a and", TD_ERR_SYNTAX, "expected an attribute, not or ( after and at column 6");
    expect_error("b or (a", TD_ERR_SYNTAX, "the closing ) is missing of the ( at column 6");
    expect_error("a)", TD_ERR_SYNTAX, "this ) closes no ( at column 2");
    expect_error("a in 1", TD_ERR_SYNTAX, "expected ( after in at column 6");
    expect_error("a in ()", TD_ERR_SYNTAX, "expected a value after ( at column 7");
    expect_error("a in (1 2)", TD_ERR_SYNTAX, "expected , or ) after 1 at column 9");
    expect_error("a = other", TD_ERR_SYNTAX, "expected a value after = at column 5");
    expect_error("7 <= a", TD_ERR_SYNTAX, "expected an attribute, not or ( at column 1");
    expect_error("a = \"x", TD_ERR_SYNTAX, "the closing \" is missing of the text at column 5");
    expect_error("a = \"\\n\"", TD_ERR_SYNTAX,
                 "expected \" or \\ after the \\ in this text at column 5");
    expect_error("a = 1.2345", TD_ERR_SYNTAX,
                 "expected a number like 7 or 9.5 with at most 3 decimals at column 5");
    expect_error("a = 7x", TD_ERR_SYNTAX,
                 "expected a number like 7 or 9.5 with at most 3 decimals at column 5");
    expect_error("a = 1000000000.001", TD_ERR_RANGE,
                 "a number is at most 1000000000, this one is larger at column 5");
    expect_error("a = 99999999999999999999999999", TD_ERR_RANGE,
                 "a number is at most 1000000000, this one is larger at column 5");
    expect_error("a & b", TD_ERR_SYNTAX, "this character has no meaning here at column 3");
    expect_error("a = \"\xff\"", TD_ERR_SYNTAX, "expected UTF-8 at column 1");
    expect_nothing_held();
}

/* Repeats `piece`, with `first` before and `last` behind it. */
static const char *repeat(const char *first, const char *piece, size_t times, const char *last)
{
    static char long_text[4096];
    size_t length = strlen(first);

    memcpy(long_text, first, length);
    for (size_t i = 0; i < times; i++) {
        memcpy(long_text + length, piece, strlen(piece));
        length += strlen(piece);
    }
    memcpy(long_text + length, last, strlen(last) + 1);
    return long_text;
}

static void bounds_are_exact(void **state)
{
    (void)state;
    static const char too_long[] = "at most 1000 bytes are allowed, this is longer at column 1";
    char sixty_three[64];

    memset(sixty_three, 'x', 63);
    sixty_three[63] = '\0';
    assert_false(meets(sixty_three, 0));
    expect_error(repeat(sixty_three, "x", 1, ""), TD_ERR_RANGE,
                 "a name is at most 63 bytes long, this one is longer at column 1");
    assert_false(meets(repeat("a = \"", "y", 63, "\""), 0));
    expect_error(repeat("a = \"", "y", 64, "\""), TD_ERR_RANGE,
                 "a text is at most 63 bytes long, this one is longer at column 5");

    assert_false(meets(repeat("", " ", 999, "a"), 0));
    expect_error(repeat("", " ", 1000, "a"), TD_ERR_LIMIT, too_long);

    assert_false(meets(repeat("", "not ", 32, "a"), 0));
    expect_error(repeat("", "not ", 33, "a"), TD_ERR_LIMIT,
                 "parentheses and not nest at most 32 deep, more come at column 129");
    assert_false(meets(repeat(repeat("", "(", 32, "a"), ")", 32, ""), 0));
    expect_error(repeat("", "(", 33, "a"), TD_ERR_LIMIT,
                 "parentheses and not nest at most 32 deep, more come at column 33");

    // 64 tags and 63 operators; one more needs 129 nodes.
    assert_true(meets(repeat("true", " or a", 63, ""), 0));
    expect_error(repeat("true", " or a", 64, ""), TD_ERR_LIMIT,
                 "at most 128 operators and values are allowed, more come at column 325");
    assert_false(meets(repeat("a in (1", ",1", 126, ")"), 0));
    expect_error(repeat("a in (1", ",1", 127, ")"), TD_ERR_LIMIT,
                 "at most 128 operators and values are allowed, more come at column 262");
}

static void the_bound_on_length_holds_for_the_printed_form_too(void **state)
{
    (void)state;
    char value[64];
    const struct td_expr_attribute known[] = {{"customer.x", text(value)}};
    const struct td_expr_references references = {known, 1};
    const char *condition = repeat("a = customer.x", " or a = customer.x", 20, "");
    struct td_expr expr;
    struct td_expr_error error;

    memset(value, 'v', 63);
    value[63] = '\0';
    assert_int_equal(
        td_expr_parse(condition, strlen(condition), &symbols, &references, &expr, &error),
        TD_ERR_LIMIT);
    assert_string_equal(error.message, "at most 1000 bytes are allowed, with all values in place "
                                       "this is longer at column 375");
    expect_nothing_held();
}

static void full_symbols_refuse_and_hold_nothing(void **state)
{
    (void)state;
    struct td_expr_symbols small;
    struct td_expr expr;
    struct td_expr_error error;

    td_expr_symbols_init(&small, block, 2, 2);
    static const char names[] = "a and b and c";
    static const char texts[] = "a in (\"x\", \"y\", \"z\")";
    assert_int_equal(td_expr_parse(names, strlen(names), &small, NULL, &expr, &error),
                     TD_ERR_LIMIT);
    assert_string_equal(error.message, "there is no room for another name or text at column 13");
    assert_int_equal(td_expr_parse(texts, strlen(texts), &small, NULL, &expr, &error),
                     TD_ERR_LIMIT);
    for (uint32_t id = 0; id < 2; id++) {
        assert_int_equal(td_expr_words_holders(&small.names, id), 0);
        assert_int_equal(td_expr_words_holders(&small.texts, id), 0);
    }
}

static void words_are_counted_and_their_ids_used_again(void **state)
{
    (void)state;
    uint32_t a, b, c;

    assert_int_equal(td_expr_words_hold(&symbols.texts, "a", 1, &a), TD_OK);
    assert_int_equal(td_expr_words_hold(&symbols.texts, "ab", 2, &b), TD_OK);
    assert_int_not_equal(a, b);
    assert_int_equal(td_expr_words_hold(&symbols.texts, "ab", 1, &c), TD_OK);
    assert_int_equal(a, c);
    assert_int_equal(td_expr_words_holders(&symbols.texts, a), 2);
    td_expr_words_drop(&symbols.texts, a);
    assert_int_equal(td_expr_words_find(&symbols.texts, "a", 1), a);
    td_expr_words_drop(&symbols.texts, a);
    assert_int_equal(td_expr_words_find(&symbols.texts, "a", 1), TD_EXPR_NO_WORD);
    assert_int_equal(td_expr_words_hold(&symbols.texts, "c", 1, &c), TD_OK);
    assert_int_equal(c, a);
    assert_string_equal(td_expr_words_text(&symbols.texts, b), "ab");
    assert_int_equal(td_expr_symbols_size(0, 1), 0);
    assert_int_equal(td_expr_symbols_size(TD_EXPR_NAMES_MAX + 1, 1), 0);
    assert_int_equal(td_expr_symbols_size(1, TD_EXPR_TEXTS_MAX + 1), 0);
}

static void numbers_read_and_print_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        int64_t number;
        const char *printed;
    } cases[] = {
        {"0", 0, "0"},
        {"-0", 0, "0"},
        {"7", 7000, "7"},
        {"9.5", 9500, "9.5"},
        {"-0.001", -1, "-0.001"},
        {"10.010", 10010, "10.01"},
        {"007.100", 7100, "7.1"},
        {"1000000000", TD_EXPR_NUMBER_MAX, "1000000000"},
        {"-1000000000", -TD_EXPR_NUMBER_MAX, "-1000000000"},
    };
    static const char *const wrong[] = {"", "-", "1.", ".5", "1.2345", "1e3", "1 ", "+1", "--1"};
    char printed[TD_EXPR_NUMBER_SIZE];
    int64_t value;

    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(td_expr_number_parse(cases[i].written, strlen(cases[i].written), &value),
                         TD_OK);
        assert_int_equal(value, cases[i].number);
        assert_string_equal(td_expr_number_format(value, printed), cases[i].printed);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(td_expr_number_parse(wrong[i], strlen(wrong[i]), &value), TD_ERR_SYNTAX);
    assert_int_equal(td_expr_number_parse("1000000000.001", 14, &value), TD_ERR_RANGE);
}

static void names_are_told_from_what_is_none(void **state)
{
    (void)state;
    static const char *const right[] = {"a", "_x", "skill.wealth", "语言", "A9"};
    static const char *const wrong[] = {"",    "9a",   ".a",  "a b",  "and",
                                        "NOT", "true", "a-b", "a　b", "customer.x"};

    for (size_t i = 0; i < COUNT(right); i++)
        assert_true(td_expr_name_is_valid(right[i]));
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_false(td_expr_name_is_valid(wrong[i]));
}

static int64_t fit_of(const char *written, size_t row, const char *canonical)
{
    struct td_expr_fit fit;
    char printed[TD_EXPR_LENGTH_MAX + 1];

    assert_int_equal(td_expr_fit_parse(written, strlen(written), &symbols, &fit, NULL), TD_OK);
    td_expr_fit_print(&fit, &symbols, printed, sizeof(printed));
    assert_string_equal(printed, canonical);
    int64_t value = td_expr_fit_value(&fit, &table, row);
    td_expr_fit_release(&symbols, &fit);
    return value;
}

static void fit_is_the_weighted_sum(void **state)
{
    (void)state;
    set(3, "skill.wealth", number(9500));
    set(3, "skill.funds", number(-1001));
    set(3, "trainee", tag(true));
    set(3, "site", text("Beijing"));
    set(4, "trainee", tag(false));
    set(5, "big", number(TD_EXPR_NUMBER_MAX));

    assert_int_equal(fit_of("", 3, ""), 0);
    assert_int_equal(fit_of("skill.wealth * 2", 3, "skill.wealth * 2"), 19000);
    assert_int_equal(fit_of("skill.wealth*2+skill.funds", 3, "skill.wealth * 2 + skill.funds"),
                     17999);
    assert_int_equal(fit_of("skill.funds * 0.5", 3, "skill.funds * 0.5"), -500); // towards 0
    assert_int_equal(fit_of("-trainee*5 - skill.wealth * -1", 3, "-trainee * 5 + skill.wealth"),
                     4500);
    assert_int_equal(fit_of("site + nothing + trainee", 3, "site + nothing + trainee"), 1000);
    assert_int_equal(fit_of("trainee", 4, "trainee"), 0);
    static const char largest[] =
        "big * 1000 + big * 1000 + big * 1000 + big * 1000 + big * 1000 + "
        "big * 1000 + big * 1000 + big * 1000";
    assert_int_equal(fit_of(largest, 5, largest), 8 * TD_EXPR_NUMBER_MAX * 1000);
}

static void expect_fit_error(const char *written, enum td_err expected, const char *message)
{
    struct td_expr_fit fit;
    struct td_expr_error error = {0};

    assert_int_equal(td_expr_fit_parse(written, strlen(written), &symbols, &fit, &error), expected);
    assert_string_equal(error.message, message);
    assert_int_equal(td_expr_fit_check(written, strlen(written), NULL), expected);
}

static void a_wrong_fit_is_explained(void **state)
{
    (void)state;
    expect_fit_error("2 * a", TD_ERR_SYNTAX, "expected an attribute at column 1");
    expect_fit_error("a *", TD_ERR_SYNTAX, "expected a number after * at column 4");
    expect_fit_error("a b", TD_ERR_SYNTAX, "expected +, -, * or the end after a at column 3");
    expect_fit_error("a +", TD_ERR_SYNTAX, "expected an attribute after + at column 4");
    expect_fit_error("a * 1000.001", TD_ERR_RANGE,
                     "a weight is at most 1000, this one is larger at column 5");
    expect_fit_error("customer.x * 2", TD_ERR_SYNTAX,
                     "only attributes of agents can be weighed, not this at column 1");
    expect_fit_error("a+a+a+a+a+a+a+a+a", TD_ERR_LIMIT,
                     "at most 8 terms are allowed, more come at column 17");
    expect_nothing_held();
}

/* --- a property: random conditions against a naive evaluator of our own
 * ------------------------------ */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Attributes a..d of 64 rows: 0 absent, 1..5 numbers, 6..8 texts, 9 true, 10 false. */
static int facts[4][64];

static const struct td_expr_value facts_as_values[] = {
    {0},
    {.type = TD_EXPR_NUMBER, .number = 1000},
    {.type = TD_EXPR_NUMBER, .number = 2000},
    {.type = TD_EXPR_NUMBER, .number = 3000},
    {.type = TD_EXPR_NUMBER, .number = 4000},
    {.type = TD_EXPR_NUMBER, .number = 5000},
    {.type = TD_EXPR_TEXT, .text = "p"},
    {.type = TD_EXPR_TEXT, .text = "q"},
    {.type = TD_EXPR_TEXT, .text = "r"},
    {.type = TD_EXPR_BOOLEAN, .boolean = true},
    {.type = TD_EXPR_BOOLEAN, .boolean = false},
};
static const char *const facts_as_text[] = {"",      "1",     "2",     "3",    "4",    "5",
                                            "\"p\"", "\"q\"", "\"r\"", "true", "false"};

struct random_condition {
    char written[2000];
    bool rows[64];
};

static int type_of(int fact)
{
    return fact == 0 ? 0 : fact <= 5 ? 1 : fact <= 8 ? 2 : 3;
}

static bool compare(int left, const char *sign, int right)
{
    if (type_of(left) != type_of(right))
        return false;
    if (strcmp(sign, "=") == 0)
        return left == right;
    if (strcmp(sign, "!=") == 0)
        return left != right;
    if (strcmp(sign, "<") == 0)
        return left < right;
    if (strcmp(sign, "<=") == 0)
        return left <= right;
    if (strcmp(sign, ">") == 0)
        return left > right;
    return left >= right;
}

static void random_leaf(uint64_t *random, struct random_condition *condition)
{
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    size_t name = next_random(random) % 4;
    const char *sign = signs[next_random(random) % 6];
    int right = 1 + (int)(next_random(random) % (sign[0] == '<' || sign[0] == '>' ? 5 : 10));
    char letter[2] = {(char)('a' + name), '\0'};

    strcpy(condition->written, letter);
    strcat(strcat(strcat(condition->written, sign), " "), facts_as_text[right]);
    for (size_t row = 0; row < 64; row++)
        condition->rows[row] = compare(facts[name][row], sign, right);
}

/* Parentheses around every operand: the meaning is certain without knowing what binds stronger. */
static void join(struct random_condition *left, const char *word,
                 const struct random_condition *right)
{
    char written[4100];

    strcpy(written, "(");
    strcat(strcat(strcat(strcat(written, left->written), ") "), word), " (");
    strcat(strcat(written, right->written), ")");
    memcpy(left->written, written, strlen(written) + 1);
    for (size_t row = 0; row < 64; row++)
        left->rows[row] = word[0] == 'a' ? left->rows[row] && right->rows[row]
                                         : left->rows[row] || right->rows[row];
}

static void negate(struct random_condition *condition)
{
    char written[2100];

    strcpy(written, "not (");
    strcat(strcat(written, condition->written), ")");
    memcpy(condition->written, written, strlen(written) + 1);
    for (size_t row = 0; row < 64; row++)
        condition->rows[row] = !condition->rows[row];
}

static void grow(uint64_t *random, struct random_condition *condition)
{
    struct random_condition other;
    size_t leaves = 1 + next_random(random) % 8;

    random_leaf(random, condition);
    for (size_t i = 1; i < leaves; i++) {
        random_leaf(random, &other);
        if (next_random(random) % 4 == 0)
            negate(&other);
        if (next_random(random) % 2 == 0) {
            join(condition, next_random(random) % 2 == 0 ? "and" : "or", &other);
        } else {
            join(&other, next_random(random) % 2 == 0 ? "and" : "or", condition);
            *condition = other;
        }
        if (next_random(random) % 4 == 0)
            negate(condition);
    }
}

static void random_conditions_mean_what_a_naive_evaluator_says(void **state)
{
    (void)state;
    uint64_t random = 2;

    for (size_t name = 0; name < 4; name++) {
        char letter[2] = {(char)('a' + name), '\0'};
        for (size_t row = 0; row < 64; row++) {
            facts[name][row] = (int)(next_random(&random) % 11);
            if (facts[name][row] != 0)
                set(row, letter, facts_as_values[facts[name][row]]);
        }
    }
    for (int round = 0; round < 3000; round++) {
        struct random_condition condition;
        char printed[TD_EXPR_LENGTH_MAX + 1];

        grow(&random, &condition);
        struct td_expr expr = parse_with(condition.written, NULL);
        uint64_t mask = td_expr_match64(&expr, &table, 0);
        for (size_t row = 0; row < 64; row++) {
            assert_int_equal(mask >> row & 1U, condition.rows[row]);
            assert_int_equal(td_expr_match(&expr, &table, row), condition.rows[row]);
        }
        assert_int_not_equal(td_expr_print(&expr, &symbols, printed, sizeof(printed)), 0);
        struct td_expr again = parse_with(printed, NULL);
        assert_true(td_expr_equal(&expr, &again));
        td_expr_release(&symbols, &again);
        td_expr_release(&symbols, &expr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_example_of_the_header_means_what_it_says, start),
        cmocka_unit_test_setup(comparisons_hold_at_their_boundaries, start),
        cmocka_unit_test_setup(the_largest_numbers_compare_too, start),
        cmocka_unit_test_setup(an_absent_attribute_fails_each_comparison, start),
        cmocka_unit_test_setup(another_type_fails_each_comparison_like_absence, start),
        cmocka_unit_test_setup(and_binds_stronger_than_or_and_not_strongest, start),
        cmocka_unit_test_setup(names_and_texts_may_be_chinese, start),
        cmocka_unit_test_setup(printing_gives_the_shortest_text_of_the_same_program, start),
        cmocka_unit_test_setup(references_are_replaced_by_what_the_customer_has, start),
        cmocka_unit_test_setup(conditions_on_the_customer_are_decided_at_once, start),
        cmocka_unit_test_setup(errors_say_what_was_expected_and_where, start),
        cmocka_unit_test_setup(bounds_are_exact, start),
        cmocka_unit_test_setup(the_bound_on_length_holds_for_the_printed_form_too, start),
        cmocka_unit_test_setup(full_symbols_refuse_and_hold_nothing, start),
        cmocka_unit_test_setup(words_are_counted_and_their_ids_used_again, start),
        cmocka_unit_test_setup(numbers_read_and_print_exactly, start),
        cmocka_unit_test_setup(names_are_told_from_what_is_none, start),
        cmocka_unit_test_setup(fit_is_the_weighted_sum, start),
        cmocka_unit_test_setup(a_wrong_fit_is_explained, start),
        cmocka_unit_test_setup(random_conditions_mean_what_a_naive_evaluator_says, start),
    };

    return cmocka_run_group_tests_name("core/expr", tests, NULL, NULL);
}
