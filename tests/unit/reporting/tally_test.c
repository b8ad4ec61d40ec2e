#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reporting/core/tally.h"

#define ENTRIES 64

static struct tally tally;
static struct tally_entry entries[ENTRIES];

static int setup(void **state)
{
    (void)state;
    memset(entries, 0, sizeof(entries));
    tally_init(&tally, entries, ENTRIES);
    tally_configure(&tally, "sales", 20000);
    return 0;
}

static struct td_interaction_id id(unsigned n)
{
    struct td_interaction_id result = {{{0}}};

    memcpy(result.id.bytes + 8, &n, sizeof(n));
    result.id.bytes[0] = 1;
    return result;
}

static const struct tally_counts *sales(void)
{
    return &tally.queues[0].counts;
}

static uint64_t oldest_in_sales(void)
{
    uint64_t oldest[TALLY_QUEUES_MAX];

    tally_oldest(&tally, oldest);
    return oldest[0];
}

static void who_enters_waits_until_leaving_in_one_way(void **state)
{
    (void)state;
    tally_queued(&tally, id(1), "sales", 1000000);
    tally_queued(&tally, id(2), "sales", 2000000);
    tally_queued(&tally, id(3), "sales", 3000000);
    assert_int_equal(sales()->waiting, 3);
    assert_int_equal(oldest_in_sales(), 1000000);

    tally_left(&tally, id(1), TALLY_ANSWERED, 5000);
    tally_left(&tally, id(2), TALLY_ABANDONED, 30000);
    tally_closed(&tally, id(3));
    assert_int_equal(sales()->offered, 3);
    assert_int_equal(sales()->answered, 1);
    assert_int_equal(sales()->abandoned, 1);
    assert_int_equal(sales()->overflowed, 1);
    assert_int_equal(sales()->waiting, 0);
    assert_true(oldest_in_sales() == UINT64_MAX);
}

static void the_threshold_itself_is_within(void **state)
{
    (void)state;
    const uint64_t waits[] = {20000, 20001};

    for (unsigned i = 0; i < 2; i++) {
        tally_queued(&tally, id(i), "sales", 1);
        tally_left(&tally, id(i), TALLY_ANSWERED, waits[i]);
        tally_queued(&tally, id(10 + i), "sales", 1);
        tally_left(&tally, id(10 + i), TALLY_ABANDONED, waits[i]);
    }
    assert_int_equal(sales()->answered_within, 1);
    assert_int_equal(sales()->abandoned_after, 1);
    assert_int_equal(tally_service_level_permille(sales()), 333);
}

static void an_empty_day_is_perfect(void **state)
{
    (void)state;
    assert_int_equal(tally_service_level_permille(sales()), 1000);
}

static void what_comes_twice_counts_once(void **state)
{
    (void)state;
    tally_queued(&tally, id(1), "sales", 1);
    tally_queued(&tally, id(1), "sales", 1);
    tally_left(&tally, id(1), TALLY_ANSWERED, 1);
    tally_left(&tally, id(1), TALLY_ANSWERED, 1);
    tally_left(&tally, id(9), TALLY_ABANDONED, 1);
    assert_int_equal(sales()->offered, 1);
    assert_int_equal(sales()->answered, 1);
    assert_int_equal(sales()->abandoned, 0);
    assert_int_equal(tally.ignored, 3);
}

static void who_waits_at_midnight_is_offered_in_the_new_day(void **state)
{
    (void)state;
    tally_queued(&tally, id(1), "sales", 1);
    tally_queued(&tally, id(2), "sales", 1);
    tally_left(&tally, id(1), TALLY_ANSWERED, 1);
    tally_new_day(&tally);
    assert_int_equal(sales()->offered, 1);
    assert_int_equal(sales()->answered, 0);
    assert_int_equal(sales()->waiting, 1);
    tally_left(&tally, id(2), TALLY_ANSWERED, 1);
    assert_true(tally_is_consistent(sales()));
}

static void any_order_of_events_keeps_the_sum(void **state)
{
    (void)state;
    static const char *const queues[] = {"sales", "service", "cards"};

    srand(11);
    for (int i = 0; i < 200000; i++) {
        struct td_interaction_id who = id((unsigned)rand() % 50);

        switch (rand() % 8) {
        case 0:
        case 1:
        case 2:
            tally_queued(&tally, who, queues[rand() % 3], (uint64_t)i);
            break;
        case 7:
            if (rand() % 100 == 0)
                tally_new_day(&tally);
            else
                tally_closed(&tally, who);
            break;
        default:
            tally_left(&tally, who, (enum tally_leave)(rand() % 3), (uint64_t)rand() % 40000);
        }
        size_t waiting = 0;
        for (uint32_t q = 0; q < tally.queue_count; q++) {
            assert_true(tally_is_consistent(&tally.queues[q].counts));
            waiting += tally.queues[q].counts.waiting;
        }
        assert_int_equal(waiting, tally.entries_used);
        assert_true(waiting <= ENTRIES / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_enters_waits_until_leaving_in_one_way, setup),
        cmocka_unit_test_setup(the_threshold_itself_is_within, setup),
        cmocka_unit_test_setup(an_empty_day_is_perfect, setup),
        cmocka_unit_test_setup(what_comes_twice_counts_once, setup),
        cmocka_unit_test_setup(who_waits_at_midnight_is_offered_in_the_new_day, setup),
        cmocka_unit_test_setup(any_order_of_events_keeps_the_sum, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
