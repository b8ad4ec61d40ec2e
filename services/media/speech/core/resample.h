/**
 * @file resample.h  From the synthesiser's rate down to 8 kHz.
 *
 * A polyphase filter: windowed sinc (Kaiser, about 60 dB), flat up to 3.4 kHz, nothing above 4 kHz
 * gets through to fold back into the voice. Deterministic and exact in length: n samples at
 * rate_hz give n * 8000 / rate_hz, rounded up.
 *
 * Pure; memory belongs to the caller.
 */
#ifndef MEDIA_SPEECH_CORE_RESAMPLE_H
#define MEDIA_SPEECH_CORE_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SPEECH_RATE_HZ 8000
#define SPEECH_PHASES_MAX 320
/** Input samples that one output sample looks at; enough up to 32 kHz. */
#define SPEECH_TAPS 192

/** 245 KB: not for the stack. Fields are private. */
struct speech_resampler {
    uint32_t phases; /* output rate over the common divisor */
    uint32_t step;   /* input rate over the common divisor */
    float taps[SPEECH_PHASES_MAX][SPEECH_TAPS];
};

/** @return TD_OK, or TD_ERR_RANGE for a rate below 8,000 or above 32,000, or one so odd that its
 *          ratio needs more than SPEECH_PHASES_MAX phases. */
enum td_err TD_MUST_CHECK speech_resampler_init(struct speech_resampler *resampler,
                                                uint32_t rate_hz);

/** How many samples `count` ones become. */
size_t speech_resampled_count(const struct speech_resampler *resampler, size_t count);

/** @param out  Receives speech_resampled_count() samples; clipped at 16 bits. */
void speech_resample(const struct speech_resampler *resampler, const int16_t *in, size_t count,
                     int16_t *out);

#endif
