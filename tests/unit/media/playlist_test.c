#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/core/playlist.h"

static int16_t ones[400];
static int16_t twos[160];

static int fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < 400; i++)
        ones[i] = 1;
    for (size_t i = 0; i < 160; i++)
        twos[i] = 2;
    return 0;
}

static void sounds_join_without_a_gap_and_the_end_is_filled_with_silence(void **state)
{
    (void)state;
    struct media_playlist list;
    int16_t frame[MEDIA_FRAME_SAMPLES];

    media_playlist_init(&list, false);
    media_playlist_ready(&list, media_playlist_add(&list), ones, 200);
    media_playlist_ready(&list, media_playlist_add(&list), twos, 100);

    assert_true(media_playlist_next(&list, frame));
    assert_int_equal(frame[159], 1);
    assert_true(media_playlist_next(&list, frame)); // 40 ones, 100 twos, 20 of silence
    assert_int_equal(frame[39], 1);
    assert_int_equal(frame[40], 2);
    assert_int_equal(frame[139], 2);
    assert_int_equal(frame[140], 0);
    assert_false(media_playlist_next(&list, frame));
    assert_int_equal(list.played, 300);
}

static void a_sound_on_its_way_is_waited_for_in_silence(void **state)
{
    (void)state;
    struct media_playlist list;
    int16_t frame[MEDIA_FRAME_SAMPLES];

    media_playlist_init(&list, false);
    media_playlist_ready(&list, media_playlist_add(&list), ones, 80);
    uint32_t coming = media_playlist_add(&list);
    assert_true(media_playlist_next(&list, frame));
    assert_int_equal(frame[79], 1);
    assert_int_equal(frame[80], 0);
    for (int i = 0; i < 10; i++) {
        assert_true(media_playlist_next(&list, frame));
        assert_int_equal(frame[0], 0);
    }
    media_playlist_ready(&list, coming, twos, 160);
    assert_true(media_playlist_next(&list, frame));
    assert_int_equal(frame[0], 2);
    assert_int_equal(list.played, 240);
}

static void a_failed_sound_is_skipped(void **state)
{
    (void)state;
    struct media_playlist list;
    int16_t frame[MEDIA_FRAME_SAMPLES];

    media_playlist_init(&list, false);
    media_playlist_failed(&list, media_playlist_add(&list));
    assert_true(media_playlist_is_hopeless(&list));
    media_playlist_ready(&list, media_playlist_add(&list), twos, 160);
    assert_false(media_playlist_is_hopeless(&list));
    assert_true(media_playlist_next(&list, frame));
    assert_int_equal(frame[0], 2);
    assert_false(media_playlist_next(&list, frame));
}

static void a_loop_goes_round_within_a_frame(void **state)
{
    (void)state;
    struct media_playlist list;
    int16_t frame[MEDIA_FRAME_SAMPLES];

    media_playlist_init(&list, true);
    media_playlist_ready(&list, media_playlist_add(&list), ones, 7);
    media_playlist_ready(&list, media_playlist_add(&list), twos, 3);
    for (int i = 0; i < 5; i++) {
        assert_true(media_playlist_next(&list, frame));
        for (size_t j = 0; j < MEDIA_FRAME_SAMPLES; j++)
            assert_int_equal(frame[j], j % 10 < 7 ? 1 : 2);
    }
}

static void a_loop_of_nothing_ends(void **state)
{
    (void)state;
    struct media_playlist list;
    int16_t frame[MEDIA_FRAME_SAMPLES];

    media_playlist_init(&list, true);
    assert_false(media_playlist_next(&list, frame));
    media_playlist_failed(&list, media_playlist_add(&list));
    media_playlist_ready(&list, media_playlist_add(&list), ones, 0);
    assert_false(media_playlist_next(&list, frame));
}

static void silence_is_a_sound_without_samples(void **state)
{
    (void)state;
    struct media_playlist list;
    int16_t frame[MEDIA_FRAME_SAMPLES];

    media_playlist_init(&list, false);
    media_playlist_ready(&list, media_playlist_add(&list), NULL, 320);
    assert_true(media_playlist_next(&list, frame));
    assert_true(media_playlist_next(&list, frame));
    assert_false(media_playlist_next(&list, frame));
    assert_int_equal(list.played, 320);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sounds_join_without_a_gap_and_the_end_is_filled_with_silence),
        cmocka_unit_test(a_sound_on_its_way_is_waited_for_in_silence),
        cmocka_unit_test(a_failed_sound_is_skipped),
        cmocka_unit_test(a_loop_goes_round_within_a_frame),
        cmocka_unit_test(a_loop_of_nothing_ends),
        cmocka_unit_test(silence_is_a_sound_without_samples),
    };

    return cmocka_run_group_tests_name("media/playlist", tests, fill, NULL);
}
