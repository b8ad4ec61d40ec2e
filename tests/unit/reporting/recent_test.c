#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reporting/core/recent.h"

static struct recent recent;

static struct td_id id(uint64_t number)
{
    struct td_id result = {{1}};

    memcpy(result.bytes + 8, &number, sizeof(number));
    return result;
}

static int setup(void **state)
{
    (void)state;
    memset(&recent, 0, sizeof(recent));
    return 0;
}

static void an_id_is_new_once(void **state)
{
    (void)state;
    assert_true(recent_add(&recent, id(1)));
    assert_false(recent_add(&recent, id(1)));
    assert_true(recent_add(&recent, id(2)));
    assert_false(recent_add(&recent, id(1)));
}

static void the_last_ones_are_known_and_those_before_forgotten(void **state)
{
    const uint64_t all = 3 * RECENT_MAX + 7;

    (void)state;
    for (uint64_t i = 0; i < all; i++) {
        assert_true(recent_add(&recent, id(i)));
        if (i >= 5)
            assert_false(recent_add(&recent, id(i - 5)));
    }
    for (uint64_t i = all - RECENT_MAX; i < all; i++)
        assert_false(recent_add(&recent, id(i)));
    assert_true(recent_add(&recent, id(all - RECENT_MAX - 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_id_is_new_once, setup),
        cmocka_unit_test_setup(the_last_ones_are_known_and_those_before_forgotten, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
