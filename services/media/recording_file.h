/**
 * @file recording_file.h  The WAV file of a recording. Blocking: for a worker thread, one at a
 * time.
 */
#ifndef MEDIA_RECORDING_FILE_H
#define MEDIA_RECORDING_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "media/core/tape.h"

#define RECORDING_PATH_SIZE 512

/** Fields but `err` and `frame_count` are private. */
struct recording_file {
    int fd;
    enum td_err err;      /**< The first failure; nothing is written after it. */
    uint64_t frame_count; /**< On disk. */
};

/** Makes the file, which must not exist, and the folders above it. */
void recording_file_open(struct recording_file *file, const char *path);

/** Appends frames and puts the header right. */
void recording_file_append(struct recording_file *file, const struct media_tape_frame *frames,
                           size_t count);

/** Waits until it is on disk, and closes it. */
void recording_file_close(struct recording_file *file);

#endif
