#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "media/core/tone.h"

static int16_t music[MEDIA_MUSIC_SAMPLES];

static int loudest(const int16_t *samples, size_t count)
{
    int peak = 0;

    for (size_t i = 0; i < count; i++)
        peak = abs(samples[i]) > peak ? abs(samples[i]) : peak;
    return peak;
}

static void the_music_is_never_silent_nor_distorted(void **state)
{
    (void)state;
    media_tone_music(music);
    for (size_t i = 0; i + 4000 <= MEDIA_MUSIC_SAMPLES; i += 4000)
        assert_in_range(loudest(music + i, 4000), 800, 20000);
}

static void its_end_joins_its_beginning(void **state)
{
    (void)state;
    int largest_step = 0;

    media_tone_music(music);
    for (size_t i = 1; i < MEDIA_MUSIC_SAMPLES; i++) {
        int step = abs(music[i] - music[i - 1]);
        largest_step = step > largest_step ? step : largest_step;
    }
    assert_true(abs(music[0] - music[MEDIA_MUSIC_SAMPLES - 1]) <= largest_step);
    assert_true(loudest(music, 1600) > 800); // Notes of the last bar ring on into the first.
}

static void the_fallback_is_heard_and_ends_quietly(void **state)
{
    (void)state;
    int16_t samples[MEDIA_FALLBACK_SAMPLES];

    media_tone_fallback(samples);
    assert_in_range(loudest(samples, MEDIA_FALLBACK_SAMPLES), 3000, 15000);
    assert_true(loudest(samples + MEDIA_FALLBACK_SAMPLES - 80, 80) < 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_music_is_never_silent_nor_distorted),
        cmocka_unit_test(its_end_joins_its_beginning),
        cmocka_unit_test(the_fallback_is_heard_and_ends_quietly),
    };

    return cmocka_run_group_tests_name("media/tone", tests, NULL, NULL);
}
