#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media/core/collect.h"

#define MS UINT64_C(1000000)

static struct media_collect make(uint32_t digits_max, bool barge_in)
{
    const struct media_collect_rules rules = {.digits_max = digits_max,
                                              .first_digit_ms = 5000,
                                              .inter_digit_ms = 2000,
                                              .barge_in = barge_in,
                                              .terminators = "#"};
    struct media_collect collect;

    media_collect_init(&collect, &rules);
    return collect;
}

static void the_count_completes_it(void **state)
{
    (void)state;
    struct media_collect collect = make(2, true);

    media_collect_prompted(&collect, 0);
    assert_false(media_collect_press(&collect, '4', 100 * MS));
    assert_false(media_collect_is_over(&collect));
    assert_false(media_collect_press(&collect, '2', 200 * MS));
    assert_int_equal(collect.state, MEDIA_COLLECT_COMPLETE);
    assert_string_equal(collect.digits, "42");
    assert_int_equal(collect.terminator, '\0');
    (void)media_collect_press(&collect, '9', 300 * MS);
    assert_string_equal(collect.digits, "42");
}

static void a_terminator_completes_it_and_is_no_digit(void **state)
{
    (void)state;
    struct media_collect collect = make(10, true);

    media_collect_prompted(&collect, 0);
    (void)media_collect_press(&collect, '*', MS);
    (void)media_collect_press(&collect, '#', MS);
    assert_int_equal(collect.state, MEDIA_COLLECT_COMPLETE);
    assert_string_equal(collect.digits, "*");
    assert_int_equal(collect.terminator, '#');
}

static void the_first_digits_time_counts_from_the_end_of_the_prompts(void **state)
{
    (void)state;
    struct media_collect collect = make(4, true);

    media_collect_tick(&collect, 100000 * MS); // A long prompt is no time-out.
    assert_int_equal(collect.state, MEDIA_COLLECT_PROMPTING);
    media_collect_prompted(&collect, 100000 * MS);
    media_collect_tick(&collect, 105000 * MS - 1);
    assert_int_equal(collect.state, MEDIA_COLLECT_WAITING);
    media_collect_tick(&collect, 105000 * MS);
    assert_int_equal(collect.state, MEDIA_COLLECT_TIMED_OUT);
    assert_string_equal(collect.digits, "");
}

static void the_next_digits_time_counts_from_the_last(void **state)
{
    (void)state;
    struct media_collect collect = make(4, true);

    media_collect_prompted(&collect, 0);
    (void)media_collect_press(&collect, '1', 4999 * MS);
    media_collect_tick(&collect, 6998 * MS);
    (void)media_collect_press(&collect, '2', 6998 * MS);
    media_collect_tick(&collect, 8998 * MS - 1);
    assert_int_equal(collect.state, MEDIA_COLLECT_WAITING);
    media_collect_tick(&collect, 8998 * MS);
    assert_int_equal(collect.state, MEDIA_COLLECT_TIMED_OUT);
    assert_string_equal(collect.digits, "12");
}

static void barging_in_stops_the_prompts_and_counts(void **state)
{
    (void)state;
    struct media_collect collect = make(4, true);

    assert_true(media_collect_press(&collect, '7', 1000 * MS));
    assert_false(media_collect_press(&collect, '8', 1100 * MS));
    media_collect_prompted(&collect, 1200 * MS); // The end of the prompts comes late: no new clock.
    media_collect_tick(&collect, 3100 * MS);
    assert_int_equal(collect.state, MEDIA_COLLECT_TIMED_OUT);
    assert_string_equal(collect.digits, "78");
}

static void without_barging_in_keys_during_prompts_are_dropped(void **state)
{
    (void)state;
    struct media_collect collect = make(1, false);

    assert_false(media_collect_press(&collect, '7', 0));
    assert_false(media_collect_press(&collect, '#', 0));
    media_collect_prompted(&collect, MS);
    (void)media_collect_press(&collect, '8', 2 * MS);
    assert_string_equal(collect.digits, "8");
}

static void the_longest_answer_fits(void **state)
{
    (void)state;
    struct media_collect collect = make(MEDIA_DIGITS_MAX, true);

    for (int i = 0; i < MEDIA_DIGITS_MAX; i++)
        (void)media_collect_press(&collect, '5', MS);
    assert_int_equal(collect.state, MEDIA_COLLECT_COMPLETE);
    assert_int_equal(strlen(collect.digits), MEDIA_DIGITS_MAX);
}

static void what_was_typed_ahead_answers_in_turn(void **state)
{
    (void)state;
    struct media_typeahead typeahead = {0};
    struct media_collect menu = make(1, true);
    struct media_collect number = make(4, true);

    for (const char *key = "312#"; *key != '\0'; key++)
        media_typeahead_add(&typeahead, *key);
    assert_true(media_typeahead_feed(&typeahead, &menu, 0));
    assert_string_equal(menu.digits, "3");
    assert_true(media_typeahead_feed(&typeahead, &number, 0));
    assert_string_equal(number.digits, "12");
    assert_int_equal(number.terminator, '#');
    assert_int_equal(typeahead.count, 0);
}

static void typing_ahead_is_bounded_and_leaves_nothing_behind(void **state)
{
    (void)state;
    static const struct media_typeahead empty;
    struct media_typeahead typeahead = {0};

    for (int i = 0; i < 100; i++)
        media_typeahead_add(&typeahead, '1');
    assert_int_equal(typeahead.count, sizeof(typeahead.keys));
    struct media_collect collect = make(MEDIA_DIGITS_MAX, true);
    (void)media_typeahead_feed(&typeahead, &collect, 0);
    assert_memory_equal(&typeahead, &empty, sizeof(empty));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_count_completes_it),
        cmocka_unit_test(a_terminator_completes_it_and_is_no_digit),
        cmocka_unit_test(the_first_digits_time_counts_from_the_end_of_the_prompts),
        cmocka_unit_test(the_next_digits_time_counts_from_the_last),
        cmocka_unit_test(barging_in_stops_the_prompts_and_counts),
        cmocka_unit_test(without_barging_in_keys_during_prompts_are_dropped),
        cmocka_unit_test(the_longest_answer_fits),
        cmocka_unit_test(what_was_typed_ahead_answers_in_turn),
        cmocka_unit_test(typing_ahead_is_bounded_and_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("media/collect", tests, NULL, NULL);
}
