#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reporting/core/spread.h"

static struct spread spread;

static int setup(void **state)
{
    (void)state;
    memset(&spread, 0, sizeof(spread));
    return 0;
}

static void nobody_has_no_percentile(void **state)
{
    (void)state;
    assert_int_equal(spread_permille(&spread, 500), 0);
}

static void small_values_are_exact(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 10; i++)
        spread_add(&spread, i);
    assert_int_equal(spread_permille(&spread, 500), 5);
    assert_int_equal(spread_permille(&spread, 900), 9);
    assert_int_equal(spread_permille(&spread, 901), 10);
    assert_int_equal(spread_permille(&spread, 1000), 10);
}

static void one_value_is_said_at_most_a_sixteenth_too_high(void **state)
{
    (void)state;
    srand(5);
    for (int i = 0; i < 100000; i++) {
        uint64_t value = ((uint64_t)rand() << 8 ^ (uint64_t)rand()) >> (rand() % 32);
        struct spread one = {0};

        if (value >= UINT64_C(1) << 28)
            continue;
        spread_add(&one, value);
        uint64_t said = spread_permille(&one, 500);
        assert_true(said >= value && said - value <= value / 16);
    }
}

static void endless_waits_have_the_last_slot(void **state)
{
    (void)state;
    spread_add(&spread, UINT64_MAX);
    assert_int_equal(spread_permille(&spread, 500), (UINT64_C(1) << 28) - 1);
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void percentiles_are_those_of_the_sorted_values(void **state)
{
    static uint64_t values[997];
    const size_t count = sizeof(values) / sizeof(values[0]);

    (void)state;
    srand(6);
    for (size_t i = 0; i < count; i++) {
        values[i] = (uint64_t)rand() % 60000;
        spread_add(&spread, values[i]);
    }
    qsort(values, count, sizeof(values[0]), compare);
    for (uint32_t permille = 1; permille <= 1000; permille += 37) {
        uint64_t exact = values[(count * permille + 999) / 1000 - 1];
        uint64_t said = spread_permille(&spread, permille);

        assert_true(said >= exact && said - exact <= exact / 16);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nobody_has_no_percentile, setup),
        cmocka_unit_test_setup(small_values_are_exact, setup),
        cmocka_unit_test_setup(one_value_is_said_at_most_a_sixteenth_too_high, setup),
        cmocka_unit_test_setup(endless_waits_have_the_last_slot, setup),
        cmocka_unit_test_setup(percentiles_are_those_of_the_sorted_values, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
