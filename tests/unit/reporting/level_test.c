#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reporting/core/level.h"

/* 100 left: 60 answered, 45 of them in time; 30 abandoned, 12 in time, 8 of these at once. */
static const struct level_counts day = {.answered = 60,
                                        .answered_within = 45,
                                        .abandoned = 30,
                                        .abandoned_within = 12,
                                        .short_abandoned = 8,
                                        .overflowed = 10};

static void each_formula_is_another_share(void **state)
{
    (void)state;
    assert_int_equal(level_permille(&day, TD_SERVICE_LEVEL_FORMULA_AFTER_THRESHOLD), 576); // 45/78
    assert_int_equal(level_permille(&day, TD_SERVICE_LEVEL_FORMULA_ANSWERED), 750);        // 45/60
    assert_int_equal(level_permille(&day, TD_SERVICE_LEVEL_FORMULA_OFFERED), 450);         // 45/100
    assert_int_equal(level_permille(&day, TD_SERVICE_LEVEL_FORMULA_NOT_SHORT), 489);       // 45/92
    assert_int_equal(level_permille(&day, TD_SERVICE_LEVEL_FORMULA_ABANDONED_WITHIN), 633); // 57/90
}

static void a_formula_of_a_later_release_is_the_default_one(void **state)
{
    struct td_queue queue = {.service_level = (enum td_service_level_formula)99};

    (void)state;
    assert_int_equal(level_formula(&queue), TD_SERVICE_LEVEL_FORMULA_AFTER_THRESHOLD);
    assert_int_equal(level_permille(&day, (enum td_service_level_formula)99), 576);
    queue.service_level = TD_SERVICE_LEVEL_FORMULA_OFFERED;
    assert_int_equal(level_formula(&queue), TD_SERVICE_LEVEL_FORMULA_OFFERED);
}

static void an_empty_day_is_perfect(void **state)
{
    const struct level_counts nothing = {0};
    const struct level_counts at_once = {
        .abandoned = 3, .abandoned_within = 3, .short_abandoned = 3};

    (void)state;
    for (int i = 0; i < TD_SERVICE_LEVEL_FORMULA_COUNT; i++)
        assert_int_equal(level_permille(&nothing, (enum td_service_level_formula)i), 1000);
    assert_int_equal(level_permille(&at_once, TD_SERVICE_LEVEL_FORMULA_AFTER_THRESHOLD), 1000);
    assert_int_equal(level_permille(&at_once, TD_SERVICE_LEVEL_FORMULA_NOT_SHORT), 1000);
    assert_int_equal(level_permille(&at_once, TD_SERVICE_LEVEL_FORMULA_OFFERED), 0);
}

static void short_is_five_seconds_unless_said_otherwise(void **state)
{
    struct td_queue queue = {.name = "sales"};

    (void)state;
    assert_int_equal(level_short_abandon_ms(&queue), 5000);
    queue.short_abandon_s = 2;
    assert_int_equal(level_short_abandon_ms(&queue), 2000);
    queue.short_abandon_s = UINT32_MAX;
    assert_int_equal(level_short_abandon_ms(&queue), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_formula_is_another_share),
        cmocka_unit_test(a_formula_of_a_later_release_is_the_default_one),
        cmocka_unit_test(an_empty_day_is_perfect),
        cmocka_unit_test(short_is_five_seconds_unless_said_otherwise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
