/**
 * @file tone.h  Sounds made here: the tone for speech that failed, and the music of a new site.
 *
 * Pure and the same on every machine with IEEE 754 arithmetic.
 */
#ifndef MEDIA_CORE_TONE_H
#define MEDIA_CORE_TONE_H

#include <stddef.h>
#include <stdint.h>

/** Two short falling tones: "something should have been said here". 0.6 s. */
#define MEDIA_FALLBACK_SAMPLES 4800
void media_tone_fallback(int16_t samples[MEDIA_FALLBACK_SAMPLES]);

/** "Speak now." 0.3 s. */
#define MEDIA_BEEP_SAMPLES 2400
void media_tone_beep(int16_t samples[MEDIA_BEEP_SAMPLES]);

/** A calm loop of 16 bars whose end joins its beginning. 32 s. */
#define MEDIA_MUSIC_SAMPLES 256000
void media_tone_music(int16_t samples[MEDIA_MUSIC_SAMPLES]);

#endif
