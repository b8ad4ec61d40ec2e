/**
 * @file voice.h  espeak-ng behind three functions.
 *
 * The library's state is global, so there is one voice per process and the process is a worker. A
 * better engine takes this file's place.
 */
#ifndef MEDIA_SPEECH_VOICE_H
#define MEDIA_SPEECH_VOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** @param rate_hz  Receives the rate of what voice_speak gives.
    @return TD_OK, or TD_ERR_UNAVAILABLE when the library finds no data. */
enum td_err TD_MUST_CHECK voice_open(uint32_t *rate_hz);

/**
 * Speaks.
 *
 * @param language  BCP 47; an unknown one is read by the English voice.
 * @param samples   Receives the sound, valid until the next call.
 * @return TD_OK; TD_ERR_LIMIT (text or sound too long); TD_ERR_INTERNAL.
 */
enum td_err TD_MUST_CHECK voice_speak(const char *text, bool ssml, const char *language,
                                      const int16_t **samples, size_t *sample_count);

#endif
