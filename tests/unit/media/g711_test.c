/*
 * G.711 against its definition, written here once more from the recommendation's figures: the value
 * of a code is the middle of its interval, and a sample gets the code of the interval it lies in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/core/g711.h"

static int16_t decode(enum media_law law, uint8_t code)
{
    int16_t sample;

    media_g711_decode(law, &code, 1, &sample);
    return sample;
}

static uint8_t encode(enum media_law law, int16_t sample)
{
    uint8_t code;

    media_g711_encode(law, &sample, 1, &code);
    return code;
}

static uint8_t convert(enum media_law from, enum media_law to, uint8_t code)
{
    media_g711_convert(from, to, &code, 1, &code);
    return code;
}

static void golden_codes_of_the_recommendation(void **state)
{
    (void)state;
    assert_int_equal(decode(MEDIA_MULAW, 0xff), 0);
    assert_int_equal(decode(MEDIA_MULAW, 0x7f), 0);
    assert_int_equal(decode(MEDIA_MULAW, 0x80), 32124);
    assert_int_equal(decode(MEDIA_MULAW, 0x00), -32124);
    assert_int_equal(decode(MEDIA_MULAW, 0xf0), 120);
    assert_int_equal(decode(MEDIA_ALAW, 0xd5), 8);
    assert_int_equal(decode(MEDIA_ALAW, 0x55), -8);
    assert_int_equal(decode(MEDIA_ALAW, 0xaa), 32256);
    assert_int_equal(decode(MEDIA_ALAW, 0x2a), -32256);
    assert_int_equal(media_g711_silence(MEDIA_MULAW), encode(MEDIA_MULAW, 0));
    assert_int_equal(media_g711_silence(MEDIA_ALAW), encode(MEDIA_ALAW, 0));
}

/* Segments double their step; the sum over steps gives each value without a formula for it. */
static void values_are_the_middles_of_doubling_steps(void **state)
{
    (void)state;
    int mulaw_start = 0;
    int alaw_start = 0;

    for (int segment = 0; segment < 8; segment++) {
        int mulaw_step = 8 << segment;
        int alaw_step = segment == 0 ? 16 : 16 << (segment - 1);

        for (int i = 0; i < 16; i++) {
            uint8_t number = (uint8_t)(segment << 4 | i);
            // The first interval of mu-law is half as wide, around 0.
            int mulaw = number == 0 ? 0 : mulaw_start + mulaw_step / 2;
            mulaw_start += number == 0 ? mulaw_step / 2 : mulaw_step;

            assert_int_equal(decode(MEDIA_MULAW, (uint8_t)~number), mulaw);
            assert_int_equal(decode(MEDIA_MULAW, (uint8_t)(0x7f - number)), -mulaw);
            assert_int_equal(decode(MEDIA_ALAW, number ^ 0xd5), alaw_start + alaw_step / 2);
            assert_int_equal(decode(MEDIA_ALAW, number ^ 0x55), -alaw_start - alaw_step / 2);
            alaw_start += alaw_step;
        }
    }
}

static void every_code_survives_decoding_and_encoding(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        // Mu-law has two codes for 0; the negative one comes back as the positive one.
        uint8_t mulaw = code == 0x7f ? 0xff : (uint8_t)code;

        assert_int_equal(encode(MEDIA_MULAW, decode(MEDIA_MULAW, (uint8_t)code)), mulaw);
        assert_int_equal(encode(MEDIA_ALAW, decode(MEDIA_ALAW, (uint8_t)code)), code);
    }
}

/* No code is closer to a sample than the one chosen, by more than the convention for limits. */
static void every_sample_gets_a_nearest_code(void **state)
{
    (void)state;
    for (enum media_law law = MEDIA_MULAW; law < MEDIA_LAW_COUNT; law++) {
        int best_before = 0;

        for (int sample = INT16_MIN; sample <= INT16_MAX; sample++) {
            int chosen = decode(law, encode(law, (int16_t)sample));
            int distance = abs(chosen - sample);

            // Half the widest step at this size, where the largest codes also stand for the rest.
            int step = law == MEDIA_MULAW ? 8 : 16;
            while (step * 32 < abs(sample) + 132)
                step *= 2;
            assert_true(distance <= step || abs(sample) > 31600);
            assert_true(chosen >= best_before || sample == INT16_MIN);
            best_before = chosen;
        }
    }
}

static void converting_there_and_back_changes_little(void **state)
{
    (void)state;
    unsigned changed_mulaw = 0;
    unsigned changed_alaw = 0;

    for (unsigned code = 0; code < 256; code++) {
        uint8_t alaw = convert(MEDIA_MULAW, MEDIA_ALAW, (uint8_t)code);
        uint8_t mulaw = convert(MEDIA_ALAW, MEDIA_MULAW, (uint8_t)code);

        // The sign stays, and the size within one step of the coarser law.
        assert_int_equal(alaw & 0x80, code & 0x80);
        assert_int_equal(mulaw & 0x80, code & 0x80);
        int sample = decode(MEDIA_MULAW, (uint8_t)code);
        assert_true(abs(decode(MEDIA_ALAW, alaw) - sample) <= 8 + abs(sample) / 24);
        sample = decode(MEDIA_ALAW, (uint8_t)code);
        assert_true(abs(decode(MEDIA_MULAW, mulaw) - sample) <= 8 + abs(sample) / 24);

        changed_mulaw += convert(MEDIA_ALAW, MEDIA_MULAW, alaw) != code;
        changed_alaw += convert(MEDIA_MULAW, MEDIA_ALAW, mulaw) != code;
    }
    // Where one law is finer than the other, two codes share one: no table can do better.
    assert_int_equal(changed_mulaw, 16);
    assert_int_equal(changed_alaw, 16);
}

static void converting_within_a_law_copies(void **state)
{
    (void)state;
    uint8_t codes[256];
    uint8_t copy[256];

    for (unsigned code = 0; code < 256; code++)
        codes[code] = (uint8_t)code;
    media_g711_convert(MEDIA_ALAW, MEDIA_ALAW, codes, sizeof(codes), copy);
    assert_memory_equal(codes, copy, sizeof(codes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_codes_of_the_recommendation),
        cmocka_unit_test(values_are_the_middles_of_doubling_steps),
        cmocka_unit_test(every_code_survives_decoding_and_encoding),
        cmocka_unit_test(every_sample_gets_a_nearest_code),
        cmocka_unit_test(converting_there_and_back_changes_little),
        cmocka_unit_test(converting_within_a_law_copies),
    };

    return cmocka_run_group_tests_name("media/g711", tests, NULL, NULL);
}
