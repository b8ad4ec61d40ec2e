/**
 * @file sound_task.h  The slow parts of sounds, in libuv's threads, two at a time.
 *
 * Two, because the same few threads write recordings, which must not wait behind a queue of
 * prompts. One loop gives tasks and gets their ends, in turns of its own; no locks.
 */
#ifndef MEDIA_SOUND_TASK_H
#define MEDIA_SOUND_TASK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/loop.h"

#define SOUND_PATH_SIZE 1024

struct sound_tasks;

enum td_err TD_MUST_CHECK sound_tasks_create(struct td_loop *loop, struct sound_tasks **tasks);
/** Drops what waits; ends of tasks are not told any more. `done` runs when no thread is at work,
    perhaps from within. */
void sound_tasks_close(struct sound_tasks *tasks, void (*done)(void *ctx), void *ctx);

/** Who is told of an end. */
struct sound_done {
    /** @param samples  Taken by the callee: free(). NULL when there are none. */
    void (*done)(void *ctx, enum td_err err, int16_t *samples, size_t count);
    void *ctx;
};

/** Loads what decoding needs, before the first caller waits for it. */
void sound_task_prepare(struct sound_tasks *tasks);
void sound_task_decode(struct sound_tasks *tasks, const char *path, struct sound_done done);
void sound_task_music(struct sound_tasks *tasks, struct sound_done done);
void sound_task_tone(struct sound_tasks *tasks, struct sound_done done);
void sound_task_read(struct sound_tasks *tasks, const char *path, struct sound_done done);
/** @param samples  Copied. */
void sound_task_write(struct sound_tasks *tasks, const char *path, const int16_t *samples,
                      size_t count, struct sound_done done);
void sound_task_trim(struct sound_tasks *tasks, const char *folder, uint64_t bytes_max);

#endif
