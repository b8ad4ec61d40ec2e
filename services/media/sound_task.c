#include "media/sound_task.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/str.h"
#include "media/core/tone.h"
#include "media/decode.h"
#include "media/sound_cache.h"

#define SAMPLES_MAX ((size_t)20 * 60 * 8000) /* 20 minutes */
#define DECODE_DEADLINE_MS 10000
#define AT_ONCE 2

struct task {
    struct task *next;
    struct sound_tasks *tasks;
    uv_work_t work;
    void (*run)(struct task *task);
    struct sound_done done;
    char path[SOUND_PATH_SIZE];
    uint64_t bytes_max;
    enum td_err err;
    int16_t *samples;
    size_t count;
};

struct sound_tasks {
    uv_loop_t *loop;
    struct task *first; /* waiting */
    struct task *last;
    uint32_t running;
    bool closing;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* --- in a thread -------------------------------------------------------------------------------
 */

static void run_prepare(struct task *task)
{
    (void)task;
    decode_prepare();
}

static void run_decode(struct task *task)
{
    task->err =
        decode_file(task->path, SAMPLES_MAX, DECODE_DEADLINE_MS, &task->samples, &task->count);
}

static void make(struct task *task, size_t count, void (*fill)(int16_t *samples))
{
    task->samples = malloc(count * sizeof(*task->samples));
    task->err = task->samples == NULL ? TD_ERR_NO_MEMORY : TD_OK;
    if (task->samples == NULL)
        return;
    fill(task->samples);
    task->count = count;
}

static void run_music(struct task *task)
{
    make(task, MEDIA_MUSIC_SAMPLES, media_tone_music);
}

static void run_tone(struct task *task)
{
    make(task, MEDIA_FALLBACK_SAMPLES, media_tone_fallback);
}

static void run_read(struct task *task)
{
    task->err = sound_cache_read(task->path, SAMPLES_MAX, &task->samples, &task->count);
}

static void run_write(struct task *task)
{
    task->err = sound_cache_write(task->path, task->samples, task->count);
    free(task->samples); // A copy: nobody waits for it.
    task->samples = NULL;
}

static void run_trim(struct task *task)
{
    sound_cache_trim(task->path, task->bytes_max);
}

static void run(uv_work_t *work)
{
    struct task *task = work->data;

    task->run(task);
}

/* --- on the loop -------------------------------------------------------------------------------
 */

static void start_waiting(struct sound_tasks *tasks);

static void finish_closing(struct sound_tasks *tasks)
{
    void (*closed)(void *) = tasks->closed;
    void *ctx = tasks->closed_ctx;

    free(tasks);
    closed(ctx);
}

static void on_end(uv_work_t *work, int status)
{
    struct task *task = work->data;
    struct sound_tasks *tasks = task->tasks;

    tasks->running--;
    if (status != 0)
        task->err = TD_ERR_INTERNAL;
    if (tasks->closing) {
        free(task->samples);
        free(task);
        if (tasks->running == 0)
            finish_closing(tasks);
        return;
    }
    if (task->done.done != NULL)
        task->done.done(task->done.ctx, task->err, task->samples, task->count);
    free(task);
    start_waiting(tasks);
}

static void start_waiting(struct sound_tasks *tasks)
{
    while (tasks->first != NULL && tasks->running < AT_ONCE) {
        struct task *task = tasks->first;

        tasks->first = task->next;
        tasks->running++;
        if (uv_queue_work(tasks->loop, &task->work, run, on_end) != 0)
            abort(); // Fails only without a callback.
    }
}

static void add(struct sound_tasks *tasks, const struct task *filled, const char *path)
{
    struct task *task = malloc(sizeof(*task));

    if (task == NULL)
        abort(); // Its end was promised.
    *task = *filled;
    task->tasks = tasks;
    task->work.data = task;
    // A path that does not fit is none: it will not be found.
    if (td_str_copy(task->path, sizeof(task->path), path) != TD_OK)
        task->path[0] = '\0';
    if (tasks->first == NULL)
        tasks->first = task;
    else
        tasks->last->next = task;
    tasks->last = task;
    start_waiting(tasks);
}

void sound_task_prepare(struct sound_tasks *tasks)
{
    add(tasks, &(struct task){.run = run_prepare}, "");
}

void sound_task_decode(struct sound_tasks *tasks, const char *path, struct sound_done done)
{
    add(tasks, &(struct task){.run = run_decode, .done = done}, path);
}

void sound_task_music(struct sound_tasks *tasks, struct sound_done done)
{
    add(tasks, &(struct task){.run = run_music, .done = done}, "");
}

void sound_task_tone(struct sound_tasks *tasks, struct sound_done done)
{
    add(tasks, &(struct task){.run = run_tone, .done = done}, "");
}

void sound_task_read(struct sound_tasks *tasks, const char *path, struct sound_done done)
{
    add(tasks, &(struct task){.run = run_read, .done = done}, path);
}

void sound_task_write(struct sound_tasks *tasks, const char *path, const int16_t *samples,
                      size_t count, struct sound_done done)
{
    int16_t *copy = malloc(count * sizeof(*copy) + 1);

    if (copy == NULL)
        abort(); // Its end was promised.
    memcpy(copy, samples, count * sizeof(*copy));
    add(tasks, &(struct task){.run = run_write, .done = done, .samples = copy, .count = count},
        path);
}

void sound_task_trim(struct sound_tasks *tasks, const char *folder, uint64_t bytes_max)
{
    add(tasks, &(struct task){.run = run_trim, .bytes_max = bytes_max}, folder);
}

/* --- life --------------------------------------------------------------------------------------
 */

enum td_err sound_tasks_create(struct td_loop *loop, struct sound_tasks **tasks)
{
    struct sound_tasks *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->loop = td_loop_uv(loop);
    *tasks = self;
    return TD_OK;
}

void sound_tasks_close(struct sound_tasks *tasks, void (*done)(void *ctx), void *ctx)
{
    tasks->closing = true;
    tasks->closed = done;
    tasks->closed_ctx = ctx;
    while (tasks->first != NULL) {
        struct task *task = tasks->first;
        tasks->first = task->next;
        free(task->samples);
        free(task);
    }
    if (tasks->running == 0)
        finish_closing(tasks);
}
