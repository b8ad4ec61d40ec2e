/**
 * @file g711.h  ITU-T G.711: 8-bit codes of two laws and their 16-bit linear samples, 8 kHz.
 *
 * Pure.
 */
#ifndef MEDIA_CORE_G711_H
#define MEDIA_CORE_G711_H

#include <stddef.h>
#include <stdint.h>

#define MEDIA_RATE_HZ 8000
/** What one packet of this service holds: 20 ms. */
#define MEDIA_FRAME_SAMPLES 160
#define MEDIA_FRAME_MS 20

enum media_law {
    MEDIA_MULAW, /**< PCMU */
    MEDIA_ALAW,  /**< PCMA */
    MEDIA_LAW_COUNT
};

void media_g711_decode(enum media_law law, const uint8_t *codes, size_t count, int16_t *samples);
void media_g711_encode(enum media_law law, const int16_t *samples, size_t count, uint8_t *codes);

/** Code to code, without the way over samples. `converted` may be `codes`. */
void media_g711_convert(enum media_law from, enum media_law to, const uint8_t *codes, size_t count,
                        uint8_t *converted);

/** The code of sample 0. */
uint8_t media_g711_silence(enum media_law law);

#endif
