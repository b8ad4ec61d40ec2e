#include "media/core/tone.h"

#include <math.h>
#include <string.h>

#define RATE_HZ 8000.0
#define TWO_PI 6.283185307179586

/* 16 bars of 2 s, eight notes each: broken chords in C, the bass on the first. */
#define BAR_COUNT 16
#define NOTES_PER_BAR 8
#define NOTE_SAMPLES ((size_t)MEDIA_MUSIC_SAMPLES / BAR_COUNT / NOTES_PER_BAR)

struct note {
    double frequency_hz;
    double amplitude;
    double decay_s; /* to 1/e */
};

static double frequency_hz(int midi)
{
    return 440.0 * exp2((midi - 69) / 12.0);
}

static int16_t add_clipped(int16_t a, double b)
{
    double sum = a + b;

    return (int16_t)(sum > 32767.0 ? 32767.0 : sum < -32768.0 ? -32768.0 : sum);
}

/* A plucked string: a few harmonics, the higher ones softer and gone earlier. Wraps around. */
static void pluck(int16_t *samples, size_t size, size_t start, struct note note)
{
    size_t length = (size_t)(5 * note.decay_s * RATE_HZ);

    for (size_t i = 0; i < length; i++) {
        double t = (double)i / RATE_HZ;
        double attack = t < 0.008 ? t / 0.008 : 1.0;
        double value = 0;

        for (int harmonic = 1; harmonic <= 4 && harmonic * note.frequency_hz < 3400; harmonic++)
            value += sin(TWO_PI * harmonic * note.frequency_hz * t) *
                     exp(-t * harmonic / note.decay_s) / (harmonic * harmonic);
        size_t place = (start + i) % size;
        samples[place] = add_clipped(samples[place], note.amplitude * attack * value);
    }
}

void media_tone_music(int16_t samples[MEDIA_MUSIC_SAMPLES])
{
    // Bass and the four notes of each bar's chord, as MIDI numbers: C Am F G, then C Em F G7.
    static const int chords[8][5] = {
        {48, 60, 64, 67, 72}, {45, 57, 60, 64, 69}, {41, 57, 60, 65, 69}, {43, 55, 59, 62, 67},
        {48, 60, 64, 67, 76}, {40, 55, 59, 64, 67}, {41, 57, 60, 65, 72}, {43, 55, 59, 65, 67},
    };
    static const int pattern[NOTES_PER_BAR] = {1, 2, 3, 4, 3, 2, 4, 3};
    static const int melody[BAR_COUNT] = {76, 0, 72, 0, 74, 71, 0, 0, 79, 0, 76, 0, 77, 74, 0, 0};

    memset(samples, 0, MEDIA_MUSIC_SAMPLES * sizeof(*samples));
    for (size_t bar = 0; bar < BAR_COUNT; bar++) {
        const int *chord = chords[bar % 8];
        size_t start = bar * NOTES_PER_BAR * NOTE_SAMPLES;

        pluck(samples, MEDIA_MUSIC_SAMPLES, start,
              (struct note){frequency_hz(chord[0]), 3200, 0.9});
        for (size_t i = 0; i < NOTES_PER_BAR; i++)
            pluck(samples, MEDIA_MUSIC_SAMPLES, start + i * NOTE_SAMPLES,
                  (struct note){frequency_hz(chord[pattern[i]]), 2200, 0.45});
        if (melody[bar] != 0)
            pluck(samples, MEDIA_MUSIC_SAMPLES, start + (size_t)4 * NOTE_SAMPLES,
                  (struct note){frequency_hz(melody[bar]), 2600, 0.7});
    }
}

void media_tone_beep(int16_t samples[MEDIA_BEEP_SAMPLES])
{
    const size_t edge = 80; // 10 ms in and out: no click.

    for (size_t i = 0; i < MEDIA_BEEP_SAMPLES; i++) {
        size_t from_end = MEDIA_BEEP_SAMPLES - 1 - i;
        size_t near = i < from_end ? i : from_end;
        double gain = near < edge ? (double)near / (double)edge : 1.0;

        samples[i] = (int16_t)(9000 * gain * sin(TWO_PI * 1000 * (double)i / RATE_HZ));
    }
}

void media_tone_fallback(int16_t samples[MEDIA_FALLBACK_SAMPLES])
{
    memset(samples, 0, MEDIA_FALLBACK_SAMPLES * sizeof(*samples));
    pluck(samples, MEDIA_FALLBACK_SAMPLES, 0, (struct note){880, 6000, 0.055});
    pluck(samples, MEDIA_FALLBACK_SAMPLES, 2000, (struct note){659.26, 6000, 0.07});
}
