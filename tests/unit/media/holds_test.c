/* Holds within a recording. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/core/holds.h"

#define SECOND UINT64_C(1000000000)

static void a_hold_has_its_place_and_its_length(void **state)
{
    (void)state;
    struct media_holds holds = {0};

    media_holds_set(&holds, true, 2 * SECOND);
    media_holds_set(&holds, true, 3 * SECOND); // By the other side as well: it goes on.
    assert_int_equal(holds.count, 0);
    assert_true(holds.open);
    media_holds_set(&holds, false, 5 * SECOND);
    media_holds_set(&holds, false, 6 * SECOND);
    assert_int_equal(holds.count, 1);
    assert_int_equal(holds.items[0].from_ns, 2 * SECOND);
    assert_int_equal(holds.items[0].duration_ns, 3 * SECOND);
}

static void a_clock_that_stands_makes_no_negative_length(void **state)
{
    (void)state;
    struct media_holds holds = {0};

    media_holds_set(&holds, true, 5 * SECOND);
    media_holds_set(&holds, false, 4 * SECOND);
    assert_int_equal(holds.items[0].duration_ns, 0);
}

static void more_than_are_kept_are_still_holds(void **state)
{
    (void)state;
    struct media_holds holds = {0};

    for (uint64_t i = 0; i < 2 * MEDIA_HOLDS_MAX; i++) {
        media_holds_set(&holds, true, 2 * i * SECOND);
        assert_true(holds.open);
        media_holds_set(&holds, false, (2 * i + 1) * SECOND);
    }
    assert_int_equal(holds.count, MEDIA_HOLDS_MAX);
    assert_int_equal(holds.items[MEDIA_HOLDS_MAX - 1].from_ns, 2 * (MEDIA_HOLDS_MAX - 1) * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_has_its_place_and_its_length),
        cmocka_unit_test(a_clock_that_stands_makes_no_negative_length),
        cmocka_unit_test(more_than_are_kept_are_still_holds),
    };

    return cmocka_run_group_tests_name("media/holds", tests, NULL, NULL);
}
