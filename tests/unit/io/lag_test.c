#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/lag.h"

#define MS UINT64_C(1000000)

static const uint64_t start_ns = UINT64_C(5000) * MS;

static void one_long_turn_is_no_lag(void **state)
{
    (void)state;
    struct td_lag lag = {0};

    td_lag_add(&lag, 300 * MS, start_ns);
    td_lag_add(&lag, 1 * MS, start_ns + 2 * MS);
    assert_int_equal(td_lag_ns(&lag, start_ns + 3 * MS), 1 * MS);
}

static void two_long_turns_are_the_lag_of_the_shorter(void **state)
{
    (void)state;
    struct td_lag lag = {0};

    td_lag_add(&lag, 30 * MS, start_ns);
    td_lag_add(&lag, 1 * MS, start_ns + 1 * MS);
    td_lag_add(&lag, 40 * MS, start_ns + 41 * MS);
    assert_int_equal(td_lag_ns(&lag, start_ns + 41 * MS), 30 * MS);
}

static void turns_in_neighbouring_windows_count_together(void **state)
{
    (void)state;
    struct td_lag lag = {0};

    td_lag_add(&lag, 30 * MS, start_ns);
    td_lag_add(&lag, 50 * MS, start_ns + 120 * MS);
    assert_int_equal(td_lag_ns(&lag, start_ns + 120 * MS), 30 * MS);
}

static void lag_fades_when_the_loop_is_idle(void **state)
{
    (void)state;
    struct td_lag lag = {0};

    td_lag_add(&lag, 30 * MS, start_ns);
    td_lag_add(&lag, 30 * MS, start_ns + 30 * MS);
    assert_int_equal(td_lag_ns(&lag, start_ns + 99 * MS), 30 * MS);
    assert_int_equal(td_lag_ns(&lag, start_ns + 199 * MS), 30 * MS);
    assert_int_equal(td_lag_ns(&lag, start_ns + 299 * MS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_long_turn_is_no_lag),
        cmocka_unit_test(two_long_turns_are_the_lag_of_the_shorter),
        cmocka_unit_test(turns_in_neighbouring_windows_count_together),
        cmocka_unit_test(lag_fades_when_the_loop_is_idle),
    };

    return cmocka_run_group_tests_name("io/lag", tests, NULL, NULL);
}
