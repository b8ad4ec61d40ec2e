#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "reporting/core/occurred.h"

#define NOW_MS UINT64_C(1764000000000)
#define DAY_MS UINT64_C(86400000)

static const uint8_t some[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

static void an_id_of_ours_says_when(void **state)
{
    (void)state;
    assert_int_equal(occurred_unix_us(td_id_make(NOW_MS - 5, some), NOW_MS * 1000),
                     (NOW_MS - 5) * 1000);
    assert_int_equal(occurred_unix_us(td_id_make(NOW_MS - DAY_MS, some), NOW_MS * 1000),
                     (NOW_MS - DAY_MS) * 1000);
    assert_int_equal(occurred_unix_us(td_id_make(NOW_MS + DAY_MS, some), NOW_MS * 1000),
                     (NOW_MS + DAY_MS) * 1000);
}

static void an_id_from_another_time_does_not(void **state)
{
    (void)state;
    assert_int_equal(occurred_unix_us(td_id_make(NOW_MS - DAY_MS - 1, some), NOW_MS * 1000),
                     NOW_MS * 1000);
    assert_int_equal(occurred_unix_us(td_id_make(NOW_MS + DAY_MS + 1, some), NOW_MS * 1000),
                     NOW_MS * 1000);
}

static void an_id_of_another_kind_does_not(void **state)
{
    (void)state;
    struct td_id random = td_id_make(NOW_MS, some);

    random.bytes[6] = (uint8_t)((random.bytes[6] & 0x0f) | 0x40); // UUID version 4
    assert_int_equal(occurred_unix_us(random, NOW_MS * 1000 + 7), NOW_MS * 1000 + 7);
}

static void no_time_is_beyond_what_can_be_stored(void **state)
{
    (void)state;
    struct td_id last;

    memset(last.bytes, 0xff, sizeof(last.bytes));
    assert_true(occurred_begun_unix_us(last) <= OCCURRED_MAX_UNIX_US);
    assert_int_equal(occurred_unix_us(last, UINT64_MAX), OCCURRED_MAX_UNIX_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_of_ours_says_when),
        cmocka_unit_test(an_id_from_another_time_does_not),
        cmocka_unit_test(an_id_of_another_kind_does_not),
        cmocka_unit_test(no_time_is_beyond_what_can_be_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
