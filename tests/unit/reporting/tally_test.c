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
    const struct td_queue sales = {.name = "sales", .threshold_s = 20};

    (void)state;
    memset(entries, 0, sizeof(entries));
    tally_init(&tally, entries, ENTRIES);
    tally_configure(&tally, &sales);
    return 0;
}

static struct td_interaction_id id(unsigned n)
{
    struct td_interaction_id result = {{{0}}};

    memcpy(result.id.bytes + 8, &n, sizeof(n));
    result.id.bytes[0] = 1;
    return result;
}

static void leave(struct td_interaction_id who, enum tally_leave how, uint64_t wait_ms)
{
    tally_left(&tally, who, &(struct tally_departure){.how = how, .wait_ms = wait_ms});
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

    leave(id(1), TALLY_ANSWERED, 5000);
    leave(id(2), TALLY_ABANDONED, 30000);
    tally_closed(&tally, id(3), false);
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
        leave(id(i), TALLY_ANSWERED, waits[i]);
        tally_queued(&tally, id(10 + i), "sales", 1);
        leave(id(10 + i), TALLY_ABANDONED, waits[i]);
    }
    assert_int_equal(sales()->answered_within, 1);
    assert_int_equal(sales()->abandoned_after, 1);
    const struct level_counts parts = tally_level_counts(sales());
    assert_int_equal(parts.abandoned_within, 1);
    assert_int_equal(level_permille(&parts, TD_SERVICE_LEVEL_FORMULA_AFTER_THRESHOLD), 333);
}

static void each_departure_is_judged_by_what_was_in_force(void **state)
{
    (void)state;
    const struct tally_departure strict = {
        .how = TALLY_ABANDONED, .wait_ms = 4000, .threshold_ms = 3000, .short_abandon_ms = 4000};
    struct tally_departure lenient = strict;

    lenient.threshold_ms = 4000;
    lenient.short_abandon_ms = 3999;
    for (unsigned i = 0; i < 2; i++) {
        tally_queued(&tally, id(i), "sales", 1);
        tally_left(&tally, id(i), i == 0 ? &strict : &lenient);
    }
    assert_int_equal(sales()->abandoned_after, 1);
    assert_int_equal(sales()->short_abandoned, 1);
    tally_queued(&tally, id(2), "sales", 1);
    leave(id(2), TALLY_ABANDONED, 5000); // Five seconds are short where nobody says otherwise.
    assert_int_equal(sales()->short_abandoned, 2);
}

static void who_left_yesterday_did_not_wait_at_midnight(void **state)
{
    (void)state;
    const struct tally_departure late = {.how = TALLY_ANSWERED, .wait_ms = 3000, .is_late = true};

    tally_queued(&tally, id(1), "sales", 1);
    tally_queued(&tally, id(2), "sales", 1);
    tally_new_day(&tally);
    tally_left(&tally, id(1), &late);
    tally_closed(&tally, id(2), true);
    assert_int_equal(sales()->offered, 0);
    assert_int_equal(sales()->answered, 0);
    assert_int_equal(sales()->overflowed, 0);
    assert_true(tally_is_consistent(sales()));
}

static void causes_of_overflow_add_up(void **state)
{
    (void)state;
    const enum td_overflow_cause causes[] = {TD_OVERFLOW_CAUSE_FULL, TD_OVERFLOW_CAUSE_MAX_WAIT,
                                             TD_OVERFLOW_CAUSE_FULL, (enum td_overflow_cause)77};
    uint64_t sum = 0;

    for (unsigned i = 0; i < 4; i++) {
        tally_queued(&tally, id(i), "sales", 1);
        tally_left(&tally, id(i),
                   &(struct tally_departure){
                       .how = TALLY_OVERFLOWED, .cause = causes[i], .to_voice_mail = i == 0});
    }
    for (unsigned i = 0; i < TALLY_CAUSES; i++)
        sum += sales()->overflowed_by[i];
    assert_int_equal(sum, sales()->overflowed);
    assert_int_equal(sales()->overflowed_by[TD_OVERFLOW_CAUSE_FULL], 2);
    assert_int_equal(sales()->overflowed_by[TD_OVERFLOW_CAUSE_UNSPECIFIED], 1);
    assert_int_equal(sales()->to_voice_mail, 1);
}

static void work_counts_for_its_queue_and_for_no_other(void **state)
{
    (void)state;
    tally_worked(&tally, "sales", TALLY_TALK, 60000);
    tally_worked(&tally, "sales", TALLY_HOLD, 5000);
    tally_worked(&tally, "sales", TALLY_WRAP_UP, 20000);
    tally_worked(&tally, "", TALLY_TALK, 1000); // From agent to agent: of no queue.
    tally_missed(&tally, "sales", TALLY_NO_ANSWER);
    tally_missed(&tally, "", TALLY_DECLINED);
    tally_moved(&tally, TALLY_TRANSFER, "sales", "cards");
    tally_moved(&tally, TALLY_TRANSFER, "sales", "");
    tally_moved(&tally, TALLY_OVERFLOW, "sales", "cards");
    assert_int_equal(tally.queue_count, 2);
    assert_int_equal(sales()->talks, 1);
    assert_int_equal(sales()->talk_ms_sum, 60000);
    assert_int_equal(sales()->holds, 1);
    assert_int_equal(sales()->hold_ms_sum, 5000);
    assert_int_equal(sales()->wrap_up_ms_sum, 20000);
    assert_int_equal(sales()->no_answer, 1);
    assert_int_equal(sales()->declined, 0);
    assert_int_equal(sales()->transferred_out, 2);
    assert_int_equal(tally.queues[1].counts.transferred_in, 1);
    assert_int_equal(tally.queues[1].counts.overflowed_in, 1);
    assert_int_equal(sales()->overflowed, 0);
}

static void what_comes_twice_counts_once(void **state)
{
    (void)state;
    tally_queued(&tally, id(1), "sales", 1);
    tally_queued(&tally, id(1), "sales", 1);
    leave(id(1), TALLY_ANSWERED, 1);
    leave(id(1), TALLY_ANSWERED, 1);
    leave(id(9), TALLY_ABANDONED, 1);
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
    leave(id(1), TALLY_ANSWERED, 1);
    tally_new_day(&tally);
    assert_int_equal(sales()->offered, 1);
    assert_int_equal(sales()->answered, 0);
    assert_int_equal(sales()->waiting, 1);
    leave(id(2), TALLY_ANSWERED, 1);
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
                tally_closed(&tally, who, rand() % 20 == 0);
            break;
        default:
            leave(who, (enum tally_leave)(rand() % 3), (uint64_t)rand() % 40000);
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
        cmocka_unit_test_setup(each_departure_is_judged_by_what_was_in_force, setup),
        cmocka_unit_test_setup(who_left_yesterday_did_not_wait_at_midnight, setup),
        cmocka_unit_test_setup(causes_of_overflow_add_up, setup),
        cmocka_unit_test_setup(work_counts_for_its_queue_and_for_no_other, setup),
        cmocka_unit_test_setup(what_comes_twice_counts_once, setup),
        cmocka_unit_test_setup(who_waits_at_midnight_is_offered_in_the_new_day, setup),
        cmocka_unit_test_setup(any_order_of_events_keeps_the_sum, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
