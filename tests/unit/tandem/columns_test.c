/* Unit tests of text in the columns of a terminal. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tandem/core/columns.h"

static const char *put(const char *text, uint32_t width, enum columns_side side, char to[256])
{
    struct td_text out;

    td_text_init(&out, to, 256);
    columns_put(&out, text, width, side);
    return to;
}

static void a_chinese_character_takes_two_columns_and_an_accent_none(void **state)
{
    (void)state;
    assert_int_equal(columns_width("sales"), 5);
    assert_int_equal(columns_width("客户服务"), 8);
    assert_int_equal(columns_width("VIP客户"), 7);
    assert_int_equal(columns_width("cafe\xcc\x81"), 4); // e and a combining acute
    assert_int_equal(columns_width(""), 0);
}

static void text_is_filled_up_on_the_side_that_is_free(void **state)
{
    char to[256];

    (void)state;
    assert_string_equal(put("7", 4, COLUMNS_RIGHT, to), "   7");
    assert_string_equal(put("客户", 6, COLUMNS_LEFT, to), "客户  ");
    assert_string_equal(put("客户", 6, COLUMNS_RIGHT, to), "  客户");
    assert_string_equal(put("exact", 5, COLUMNS_LEFT, to), "exact");
}

static void what_is_too_long_is_cut_between_characters_and_says_so(void **state)
{
    char to[256];

    (void)state;
    assert_string_equal(put("abcdef", 4, COLUMNS_LEFT, to), "abc~");
    assert_string_equal(put("客户服务", 6, COLUMNS_LEFT, to),
                        "客户 ~"); // Half a character is none.
    assert_string_equal(put("客户服务", 5, COLUMNS_LEFT, to), "客户~");
    assert_string_equal(put("ab", 1, COLUMNS_RIGHT, to), "~");
    assert_string_equal(put("ab", 0, COLUMNS_LEFT, to), "");
}

static void nothing_moves_the_cursor(void **state)
{
    char to[256];

    (void)state;
    assert_string_equal(put("a\033[2Jb\n", 8, COLUMNS_LEFT, to), "a?[2Jb? ");
    assert_string_equal(put("\xff\xe5\xae", 4, COLUMNS_LEFT, to), "??? "); // no UTF-8
    assert_string_equal(put("\xc2\x9b"
                            "x",
                            3, COLUMNS_LEFT, to),
                        "?x "); // CSI as one character
}

static int set_locale(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") == NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chinese_character_takes_two_columns_and_an_accent_none),
        cmocka_unit_test(text_is_filled_up_on_the_side_that_is_free),
        cmocka_unit_test(what_is_too_long_is_cut_between_characters_and_says_so),
        cmocka_unit_test(nothing_moves_the_cursor),
    };
    return cmocka_run_group_tests(tests, set_locale, NULL);
}
