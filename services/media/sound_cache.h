/**
 * @file sound_cache.h  Spoken texts on disk: one file of plain samples each. Blocking: for a worker
 * thread.
 */
#ifndef MEDIA_SOUND_CACHE_H
#define MEDIA_SOUND_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** @param samples  Owned by the caller: free(). @return TD_OK, TD_ERR_NOT_FOUND, other. */
enum td_err TD_MUST_CHECK sound_cache_read(const char *path, size_t count_max, int16_t **samples,
                                           size_t *count);

/** Whole or not at all: written beside and renamed. */
enum td_err TD_MUST_CHECK sound_cache_write(const char *path, const int16_t *samples, size_t count);

/** Removes the longest unused files until at most `bytes_max` are left. */
void sound_cache_trim(const char *folder, uint64_t bytes_max);

#endif
