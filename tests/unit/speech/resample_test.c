#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>

#include "media/speech/core/resample.h"

#define COUNT 22050

static struct speech_resampler resampler;
static int16_t in[COUNT];
static int16_t out[COUNT];

/* Level of what a tone of this frequency becomes, against what it was [dB]. */
static double gain_db(uint32_t rate_hz, double frequency_hz)
{
    double energy_in = 0;
    double energy_out = 0;

    assert_int_equal(speech_resampler_init(&resampler, rate_hz), TD_OK);
    for (size_t i = 0; i < COUNT; i++) {
        in[i] =
            (int16_t)lrint(20000 * sin(2 * 3.141592653589793 * frequency_hz * (double)i / rate_hz));
        energy_in += (double)in[i] * in[i] / COUNT;
    }
    size_t count = speech_resampled_count(&resampler, COUNT);
    speech_resample(&resampler, in, COUNT, out);
    for (size_t i = count / 4; i < 3 * count / 4; i++) // Away from the edges.
        energy_out += 2.0 * out[i] * out[i] / (double)count;
    return 10 * log10((energy_out + 1e-9) / energy_in);
}

static void the_voice_band_passes_unchanged(void **state)
{
    (void)state;
    for (double hz = 200; hz <= 3400; hz += 200)
        assert_true(fabs(gain_db(22050, hz)) < 0.2);
    assert_true(fabs(gain_db(16000, 1000)) < 0.2);
}

static void nothing_above_folds_back_into_it(void **state)
{
    (void)state;
    for (double hz = 4050; hz < 11000; hz += 350)
        assert_true(gain_db(22050, hz) < -50);
}

static void a_constant_and_its_length_are_exact(void **state)
{
    (void)state;
    assert_int_equal(speech_resampler_init(&resampler, 22050), TD_OK);
    assert_int_equal(speech_resampled_count(&resampler, 22050), 8000);
    assert_int_equal(speech_resampled_count(&resampler, 22051), 8001);
    assert_int_equal(speech_resampled_count(&resampler, 0), 0);
    for (size_t i = 0; i < COUNT; i++)
        in[i] = 12345;
    speech_resample(&resampler, in, COUNT, out);
    for (size_t i = 100; i < 7900; i++)
        assert_in_range(out[i], 12344, 12346);
}

static void the_frequency_stays_what_it_was(void **state)
{
    (void)state;
    size_t crossings = 0;

    (void)gain_db(22050, 440);
    for (size_t i = 1; i < 8000; i++)
        crossings += (out[i - 1] < 0) != (out[i] < 0);
    assert_in_range(crossings, 878, 882);
}

static void loud_edges_are_clipped_not_wrapped(void **state)
{
    (void)state;
    assert_int_equal(speech_resampler_init(&resampler, 22050), TD_OK);
    for (size_t i = 0; i < COUNT; i++)
        in[i] = i / 50 % 2 == 0 ? INT16_MAX : INT16_MIN;
    speech_resample(&resampler, in, COUNT, out);
    for (size_t i = 100; i < 7900; i++) {
        size_t phase = i * 441 / 160 % 100;
        if (phase > 10 && phase < 40)
            assert_true(out[i] > 20000);
        if (phase > 60 && phase < 90)
            assert_true(out[i] < -20000);
    }
}

static void rates_that_cannot_be_are_refused(void **state)
{
    (void)state;
    assert_int_equal(speech_resampler_init(&resampler, 7999), TD_ERR_RANGE);
    assert_int_equal(speech_resampler_init(&resampler, 44100), TD_ERR_RANGE);
    assert_int_equal(speech_resampler_init(&resampler, 22051), TD_ERR_RANGE);
    assert_int_equal(speech_resampler_init(&resampler, 0), TD_ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_voice_band_passes_unchanged),
        cmocka_unit_test(nothing_above_folds_back_into_it),
        cmocka_unit_test(a_constant_and_its_length_are_exact),
        cmocka_unit_test(the_frequency_stays_what_it_was),
        cmocka_unit_test(loud_edges_are_clipped_not_wrapped),
        cmocka_unit_test(rates_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests_name("speech/resample", tests, NULL, NULL);
}
