/* What begins and ends a message that is recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "media/core/memo.h"

#define MS UINT64_C(1000000)
#define START (7777 * MS)

static const struct media_memo_rules rules = {
    .max_ms = 10000, .final_silence_ms = 2000, .first_word_ms = 5000, .any_key = true};

static bool say(struct media_memo *memo, int16_t level, uint64_t now_ns)
{
    int16_t samples[160];

    for (int i = 0; i < 160; i++)
        samples[i] = (int16_t)(i % 2 == 0 ? level : -level);
    return media_memo_hear(memo, samples, 160, now_ns);
}

static struct media_memo listening(void)
{
    struct media_memo memo;

    media_memo_init(&memo, &rules);
    assert_false(say(&memo, 8000, START)); // While prompts are played nobody listens.
    media_memo_prompted(&memo, START);
    return memo;
}

static void who_says_nothing_leaves_nothing(void **state)
{
    struct media_memo memo = listening();

    (void)state;
    assert_false(say(&memo, MEDIA_VOICE_LEVEL, START + MS));
    media_memo_tick(&memo, START + 5000 * MS - 1);
    assert_false(media_memo_is_over(&memo));
    media_memo_tick(&memo, START + 5000 * MS);
    assert_int_equal(memo.state, MEDIA_MEMO_EMPTY);
    assert_int_equal(media_memo_length_ms(&memo, START + 9000 * MS), 0);
}

static void a_pause_ends_it_and_counts_from_the_last_word(void **state)
{
    struct media_memo memo = listening();

    (void)state;
    assert_true(say(&memo, MEDIA_VOICE_LEVEL + 1, START + 1000 * MS));
    assert_true(say(&memo, 0, START + 1500 * MS)); // A pause belongs to it.
    assert_true(say(&memo, 8000, START + 2500 * MS));
    media_memo_tick(&memo, START + 4500 * MS - 1);
    assert_false(media_memo_is_over(&memo));
    media_memo_tick(&memo, START + 4500 * MS);
    assert_int_equal(memo.state, MEDIA_MEMO_PAUSE);
    assert_int_equal(media_memo_length_ms(&memo, START + 9000 * MS), 3500);
    assert_false(say(&memo, 8000, START + 4600 * MS));
}

static void its_length_ends_it_while_somebody_speaks(void **state)
{
    struct media_memo memo = listening();

    (void)state;
    for (uint64_t ms = 0; ms < 10000; ms += 20) {
        assert_true(say(&memo, 8000, START + ms * MS));
        media_memo_tick(&memo, START + ms * MS);
    }
    media_memo_tick(&memo, START + 10000 * MS);
    assert_int_equal(memo.state, MEDIA_MEMO_MAX);
    assert_int_equal(media_memo_length_ms(&memo, START + 20000 * MS), 10000);
}

static void a_key_ends_it_and_before_the_first_word_there_is_nothing(void **state)
{
    struct media_memo memo = listening();

    (void)state;
    assert_true(say(&memo, 8000, START));
    assert_false(media_memo_press(&memo, '#', START + 700 * MS));
    assert_int_equal(memo.state, MEDIA_MEMO_KEY);
    assert_int_equal(memo.key, '#');
    assert_int_equal(media_memo_length_ms(&memo, START + 900 * MS), 700);

    memo = listening();
    (void)media_memo_press(&memo, '1', START + MS);
    assert_int_equal(memo.state, MEDIA_MEMO_EMPTY);
}

static void a_key_that_means_nothing_changes_nothing(void **state)
{
    struct media_memo memo;
    struct media_memo_rules deaf = rules;

    (void)state;
    deaf.any_key = false;
    media_memo_init(&memo, &deaf);
    assert_false(media_memo_press(&memo, '1', START)); // No barging in.
    assert_int_equal(memo.state, MEDIA_MEMO_PROMPTING);
    media_memo_prompted(&memo, START);
    (void)say(&memo, 8000, START);
    assert_false(media_memo_press(&memo, '1', START + MS));
    assert_int_equal(memo.state, MEDIA_MEMO_RECORDING);

    deaf.barge_in = true;
    media_memo_init(&memo, &deaf);
    assert_true(media_memo_press(&memo, '1', START));
    assert_int_equal(memo.state, MEDIA_MEMO_LISTENING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_says_nothing_leaves_nothing),
        cmocka_unit_test(a_pause_ends_it_and_counts_from_the_last_word),
        cmocka_unit_test(its_length_ends_it_while_somebody_speaks),
        cmocka_unit_test(a_key_ends_it_and_before_the_first_word_there_is_nothing),
        cmocka_unit_test(a_key_that_means_nothing_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
