/* Unit tests of the bounded string builder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static void pieces_and_numbers_line_up(void **state)
{
    (void)state;
    char to[64];
    struct td_text text;

    td_text_init(&text, to, sizeof(to));
    td_text_add(&text, "from ");
    td_text_add_u64(&text, 0);
    td_text_add_span(&text, " to many", 4);
    td_text_add_u64(&text, UINT64_MAX);

    assert_string_equal(to, "from 0 to 18446744073709551615");
    assert_int_equal(text.length, 30);
    assert_false(text.cut);
}

static void a_piece_that_does_not_fit_is_left_out_with_all_after_it(void **state)
{
    (void)state;
    char to[5];
    struct td_text text;

    td_text_init(&text, to, sizeof(to));
    td_text_add(&text, "abcd");
    assert_false(text.cut);
    td_text_add(&text, "e");
    assert_true(text.cut);
    assert_string_equal(to, "abcd");

    td_text_init(&text, to, sizeof(to));
    td_text_add(&text, "abcde");
    td_text_add(&text, "f");
    assert_true(text.cut);
    assert_string_equal(to, "");
}

static void a_json_string_is_escaped_and_whole_or_absent(void **state)
{
    (void)state;
    char to[32];
    struct td_text text;

    td_text_init(&text, to, sizeof(to));
    td_text_add(&text, "[");
    td_text_add_json(&text, "a\"b\\c\n\x7f\xe9\x99\x88");
    assert_string_equal(to, "[\"a\\\"b\\\\c\\u000a\\u007f\xe9\x99\x88\"");
    assert_false(text.cut);
    td_text_add_json(&text, "too long for it");
    assert_true(text.cut);
    assert_string_equal(to, "[\"a\\\"b\\\\c\\u000a\\u007f\xe9\x99\x88\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_and_numbers_line_up),
        cmocka_unit_test(a_json_string_is_escaped_and_whole_or_absent),
        cmocka_unit_test(a_piece_that_does_not_fit_is_left_out_with_all_after_it),
    };

    return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
