/* What a client may do in a second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "context/door/core/bucket.h"

#define SECOND UINT64_C(1000000)
#define START (UINT64_C(77) * SECOND)

static void a_seconds_worth_may_be_taken_at_once_and_no_more(void **state)
{
    struct door_bucket bucket;

    (void)state;
    door_bucket_init(&bucket, 10, START);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(door_bucket_wait_ms(&bucket, START), 0);
        door_bucket_take(&bucket, 1, START);
    }
    assert_int_equal(door_bucket_wait_ms(&bucket, START), 100);
}

static void the_wait_it_names_is_enough_and_a_little_less_is_not(void **state)
{
    struct door_bucket bucket;

    (void)state;
    door_bucket_init(&bucket, 3, START);
    door_bucket_take(&bucket, 3, START);
    uint32_t wait_ms = door_bucket_wait_ms(&bucket, START);
    assert_int_equal(wait_ms, 334); // A third of a second, rounded up.
    assert_int_not_equal(door_bucket_wait_ms(&bucket, START + 333000), 0);
    assert_int_equal(door_bucket_wait_ms(&bucket, START + wait_ms * UINT64_C(1000)), 0);
}

static void what_costs_more_is_paid_by_a_longer_wait(void **state)
{
    struct door_bucket bucket;

    (void)state;
    door_bucket_init(&bucket, 1000, START);
    door_bucket_take(&bucket, 5000, START); // 4,000 in debt.
    assert_int_equal(door_bucket_wait_ms(&bucket, START), 4001);
    assert_int_equal(door_bucket_wait_ms(&bucket, START + 4 * SECOND), 1);
    assert_int_equal(door_bucket_wait_ms(&bucket, START + 4 * SECOND + 1000), 0);
}

static void debt_ends_at_a_minutes_worth(void **state)
{
    struct door_bucket bucket;

    (void)state;
    door_bucket_init(&bucket, 1, START);
    door_bucket_take(&bucket, DOOR_RATE_MAX, START);
    assert_int_equal(door_bucket_wait_ms(&bucket, START), 61000);
}

static void a_long_rest_fills_it_once(void **state)
{
    struct door_bucket bucket;
    uint64_t later = START + UINT64_C(1000) * 365 * 86400 * SECOND;

    (void)state;
    door_bucket_init(&bucket, DOOR_RATE_MAX, START);
    door_bucket_take(&bucket, DOOR_RATE_MAX, START);
    assert_int_equal(door_bucket_wait_ms(&bucket, later), 0);
    door_bucket_take(&bucket, DOOR_RATE_MAX, later);
    assert_int_equal(door_bucket_wait_ms(&bucket, later), 1);
}

static void a_clock_that_steps_back_gives_nothing(void **state)
{
    struct door_bucket bucket;

    (void)state;
    door_bucket_init(&bucket, 1, START);
    door_bucket_take(&bucket, 1, START);
    assert_int_equal(door_bucket_wait_ms(&bucket, START - SECOND), 1000);
    assert_int_equal(door_bucket_wait_ms(&bucket, START + SECOND), 0);
}

static void another_rate_is_in_force_at_once(void **state)
{
    struct door_bucket bucket;

    (void)state;
    door_bucket_init(&bucket, 1000, START);
    door_bucket_set_rate(&bucket, 10, START); // What is left is a second's worth of the new one.
    door_bucket_take(&bucket, 10, START);
    assert_int_equal(door_bucket_wait_ms(&bucket, START), 100);
    door_bucket_set_rate(&bucket, 1000, START);
    assert_int_equal(door_bucket_wait_ms(&bucket, START), 1);
}

/* Over any stretch no more than the burst and the rate is let through, and nearly as much is. */
static void the_rate_holds_over_random_arrivals(void **state)
{
    struct door_bucket bucket;
    uint64_t seed = 42;
    uint64_t now_us = START;
    uint64_t taken = 0;

    (void)state;
    door_bucket_init(&bucket, 50, now_us);
    for (int i = 0; i < 100000; i++) {
        seed = seed * 6364136223846793005 + 1442695040888963407;
        now_us += (seed >> 40) % 5000; // 2.5 ms on average: eight times the rate.
        if (door_bucket_wait_ms(&bucket, now_us) == 0) {
            door_bucket_take(&bucket, 1, now_us);
            taken++;
        }
    }
    uint64_t allowed = 50 + (now_us - START) * 50 / SECOND;
    assert_true(taken <= allowed + 1 && taken + 2 >= allowed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seconds_worth_may_be_taken_at_once_and_no_more),
        cmocka_unit_test(the_wait_it_names_is_enough_and_a_little_less_is_not),
        cmocka_unit_test(what_costs_more_is_paid_by_a_longer_wait),
        cmocka_unit_test(debt_ends_at_a_minutes_worth),
        cmocka_unit_test(a_long_rest_fills_it_once),
        cmocka_unit_test(a_clock_that_steps_back_gives_nothing),
        cmocka_unit_test(another_rate_is_in_force_at_once),
        cmocka_unit_test(the_rate_holds_over_random_arrivals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
