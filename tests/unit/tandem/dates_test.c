/* Unit tests of dates as people give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tandem/core/dates.h"

static void days_of_the_calendar_are_known(void **state)
{
    (void)state;
    assert_true(dates_is_day("2026-11-22"));
    assert_true(dates_is_day("2024-02-29"));
    assert_true(dates_is_day("2000-02-29"));
    assert_false(dates_is_day("2026-02-29"));
    assert_false(dates_is_day("2100-02-29"));
    assert_false(dates_is_day("2026-13-01"));
    assert_false(dates_is_day("2026-00-01"));
    assert_false(dates_is_day("2026-04-31"));
    assert_false(dates_is_day("2026-04-00"));
}

static void nothing_else_is_a_day(void **state)
{
    (void)state;
    assert_false(dates_is_day(""));
    assert_false(dates_is_day("22.11.2026"));
    assert_false(dates_is_day("2026-11-2"));
    assert_false(dates_is_day("2026-11-222"));
    assert_false(dates_is_day("2026-1a-22"));
    assert_false(dates_is_day("2026/11/22"));
    assert_false(dates_is_day("1969-12-31"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_of_the_calendar_are_known),
        cmocka_unit_test(nothing_else_is_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
