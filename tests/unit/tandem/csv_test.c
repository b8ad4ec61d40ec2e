/* Unit tests of comma-separated values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tandem/core/csv.h"

static const char *put(const char *value, bool is_number, char to[128])
{
    struct td_text text;

    td_text_init(&text, to, 128);
    csv_put(&text, value, is_number);
    return to;
}

static void only_what_must_be_is_quoted(void **state)
{
    char to[128];

    (void)state;
    assert_string_equal(put("sales", false, to), "sales");
    assert_string_equal(put("", false, to), "");
    assert_string_equal(put("客户 服务", false, to), "客户 服务");
    assert_string_equal(put("a,b", false, to), "\"a,b\"");
    assert_string_equal(put("say \"hi\"", false, to), "\"say \"\"hi\"\"\"");
    assert_string_equal(put("two\r\nlines", false, to), "\"two\r\nlines\"");
}

static void a_formula_of_somebody_outside_is_text(void **state)
{
    char to[128];

    (void)state;
    assert_string_equal(put("=1+1", false, to), "'=1+1");
    assert_string_equal(put("+447700900123", false, to), "'+447700900123");
    assert_string_equal(put("@sum", false, to), "'@sum");
    assert_string_equal(put("-2", false, to), "'-2");
    assert_string_equal(put("\t=1", false, to), "'\t=1");
    assert_string_equal(put("=HYPERLINK(\"http://x\",\"y\")", false, to),
                        "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
}

static void a_number_of_ours_is_a_number(void **state)
{
    char to[128];

    (void)state;
    assert_string_equal(put("-2", true, to), "-2");
    assert_string_equal(put("98.5", true, to), "98.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_must_be_is_quoted),
        cmocka_unit_test(a_formula_of_somebody_outside_is_text),
        cmocka_unit_test(a_number_of_ours_is_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
