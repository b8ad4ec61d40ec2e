/**
 * @file decode.h  Audio files to samples: any format that GStreamer knows.
 *
 * The only file that includes GStreamer's headers. Blocking: for a worker thread.
 */
#ifndef MEDIA_DECODE_H
#define MEDIA_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** Loads what GStreamer needs, so that the first prompt does not wait for it. Any thread, once or
    more often. */
void decode_prepare(void);

/**
 * Decodes a file to 8 kHz, 16 bit, mono.
 *
 * @param samples  Receives the sound, owned by the caller: free().
 * @return TD_OK; TD_ERR_NOT_FOUND; TD_ERR_DENIED; TD_ERR_SYNTAX (no audio in it, or damaged);
 *         TD_ERR_LIMIT (longer than count_max); TD_ERR_TIMEOUT; TD_ERR_NO_MEMORY.
 */
enum td_err TD_MUST_CHECK decode_file(const char *path, size_t count_max, uint32_t deadline_ms,
                                      int16_t **samples, size_t *count);

#endif
