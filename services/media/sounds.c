#include "media/sounds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "io/hash.h"
#include "media/sound_table.h"
#include "media/sound_task.h"

/* A failure is tried again after this. */
#define FAILURE_NS UINT64_C(10000000000)
#define PATH_SIZE SOUND_PATH_SIZE
#define FOLDER_SIZE 384
/* The folder of spoken texts is looked through once in so many new ones. */
#define WRITES_PER_TRIM 64

struct sounds {
    struct td_service *service;
    struct speech *speech;
    struct sound_tasks *tasks;
    char folder[FOLDER_SIZE];
    char cache[FOLDER_SIZE];
    struct sound_table table;
    uint64_t cache_bytes_max;
    uint32_t writes;
    uint64_t *kept_bytes;
    uint64_t *hits;
    uint64_t *made;
    uint64_t *failed;
};

/* --- making ------------------------------------------------------------------------------------
 */

/* Everybody who waits is told. @param samples  Taken; NULL on failure. */
static void made(struct sound *sound, enum td_err err, int16_t *samples, size_t count)
{
    struct sounds *sounds = sound->sounds;

    sound->err = err;
    sound->failed_at_ns = td_loop_now_ns();
    free(sound->text);
    sound->text = NULL;
    sound_table_fill(&sounds->table, sound, samples, err == TD_OK ? count : 0);
    ++*(err == TD_OK ? sounds->made : sounds->failed);
    while (sound->waiting != NULL) {
        struct sound_use *use = sound->waiting;

        sound->waiting = use->next;
        use->waiting = false;
        use->changed(use);
    }
    sound->uses--;
    sound_table_make_room(&sounds->table);
    *sounds->kept_bytes = sounds->table.bytes;
}

static void cache_path(const struct sound *sound, char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/%s.s16", sound->sounds->cache, sound->key);
}

static void on_stored(void *ctx, enum td_err err, int16_t *samples, size_t count)
{
    struct sounds *sounds = ctx;

    (void)samples;
    (void)count;
    if (err != TD_OK)
        td_log_warn(td_service_log(sounds->service), "speech.not_kept", td_failure(err));
    if (sounds->writes++ % WRITES_PER_TRIM == 0)
        sound_task_trim(sounds->tasks, sounds->cache, sounds->cache_bytes_max);
}

static void speech_failed(struct sound *sound, enum td_err err)
{
    td_log_error(td_service_log(sound->sounds->service), "speech.failed", td_failure(err),
                 td_str("language", sound->language));
    made(sound, err, NULL, 0);
}

static void on_spoken(void *ctx, enum td_err err, const int16_t *samples, size_t count)
{
    struct sound *sound = ctx;
    struct sounds *sounds = sound->sounds;
    int16_t *copy = samples != NULL ? malloc(count * sizeof(*copy) + 1) : NULL;
    char path[PATH_SIZE];

    if (copy == NULL) {
        speech_failed(sound, err != TD_OK ? err : TD_ERR_NO_MEMORY);
        return;
    }
    memcpy(copy, samples, count * sizeof(*copy));
    cache_path(sound, path);
    sound_task_write(sounds->tasks, path, copy, count,
                     (struct sound_done){.done = on_stored, .ctx = sounds});
    made(sound, TD_OK, copy, count);
}

static void on_read(void *ctx, enum td_err err, int16_t *samples, size_t count)
{
    struct sound *sound = ctx;
    const struct speech_order order = {.text = sound->text,
                                       .language = sound->language,
                                       .ssml = sound->ssml,
                                       .done = on_spoken,
                                       .ctx = sound};

    if (err == TD_OK) {
        made(sound, TD_OK, samples, count);
        return;
    }
    err = speech_order(sound->sounds->speech, &order);
    if (err != TD_OK)
        speech_failed(sound, err);
}

static void on_decoded(void *ctx, enum td_err err, int16_t *samples, size_t count)
{
    struct sound *sound = ctx;

    if (err != TD_OK)
        td_log_warn(td_service_log(sound->sounds->service), "sound.failed", td_failure(err));
    made(sound, err, samples, count);
}

static bool is_plain_name(const char *name)
{
    if (name[0] == '\0' || name[0] == '/')
        return false;
    for (const char *c = name; *c != '\0'; c++) {
        bool begins = c == name || c[-1] == '/';

        if ((unsigned char)*c < ' ' || (begins && c[0] == '.' && c[1] == '.'))
            return false;
    }
    return true;
}

static void make_text(struct sound *sound, const struct sound_order *order)
{
    char path[PATH_SIZE];

    sound->text = strdup(order->content);
    if (sound->text == NULL)
        abort();
    sound->ssml = order->kind == SOUND_SSML;
    td_str_clip(sound->language, sizeof(sound->language), order->language);
    cache_path(sound, path);
    sound_task_read(sound->sounds->tasks, path, (struct sound_done){.done = on_read, .ctx = sound});
}

static void make_file(struct sound *sound, const char *name)
{
    struct sounds *sounds = sound->sounds;
    const struct sound_done done = {.done = on_decoded, .ctx = sound};
    char path[PATH_SIZE] = ""; // Of a name that leaves the folder: not found.

    if (td_str_equal(name, "builtin/music")) {
        sound_task_music(sounds->tasks, done);
        return;
    }
    if (td_str_equal(name, "builtin/tone")) {
        sound_task_tone(sounds->tasks, done);
        return;
    }
    if (is_plain_name(name))
        (void)snprintf(path, sizeof(path), "%s/%s", sounds->folder, name);
    sound_task_decode(sounds->tasks, path, done);
}

/* What a sound is found under. A file that was replaced is another sound. */
static void key_of(const struct sounds *sounds, const struct sound_order *order,
                   char key[TD_HASH_TEXT_SIZE])
{
    char path[PATH_SIZE];
    char stamp[64] = "";
    struct stat status;

    if (order->kind == SOUND_FILE && is_plain_name(order->content)) {
        (void)snprintf(path, sizeof(path), "%s/%s", sounds->folder, order->content);
        if (stat(path, &status) == 0)
            (void)snprintf(stamp, sizeof(stamp), "%lld.%09ld %lld",
                           (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                           (long long)status.st_size);
    }
    const char *const texts[] = {order->kind == SOUND_FILE   ? "file"
                                 : order->kind == SOUND_SSML ? "ssml"
                                                             : "text",
                                 order->kind == SOUND_FILE ? stamp : order->language,
                                 order->content};
    if (td_hash_texts(TD_HASH_SHA256, texts, 3, key) != TD_OK)
        abort(); // Fails only where the library has no SHA-256.
}

/* --- use ---------------------------------------------------------------------------------------
 */

void sounds_use(struct sounds *sounds, const struct sound_order *order, struct sound_use *use)
{
    char key[TD_HASH_TEXT_SIZE];

    key_of(sounds, order, key);
    struct sound *sound = sound_table_find(&sounds->table, key);
    bool stale = sound != NULL && sound->err != TD_OK && sound->err != TD_ERR_BUSY &&
                 td_loop_now_ns() - sound->failed_at_ns > FAILURE_NS;
    bool make = sound == NULL || stale;

    if (sound == NULL)
        sound = sound_table_add(&sounds->table, key);
    sound_table_touch(&sounds->table, sound);
    sound->sounds = sounds;
    sound->uses++;
    use->sound = sound;
    if (!make) {
        ++*sounds->hits;
    } else {
        sound->err = TD_ERR_BUSY;
        sound->uses++;
        if (order->kind == SOUND_FILE)
            make_file(sound, order->content);
        else
            make_text(sound, order);
    }
    use->waiting = sound->err == TD_ERR_BUSY;
    if (use->waiting) {
        use->next = sound->waiting;
        sound->waiting = use;
    }
}

void sounds_drop(struct sound_use *use)
{
    struct sound *sound = use->sound;

    if (sound == NULL)
        return;
    if (use->waiting) {
        struct sound_use **link = &sound->waiting;

        while (*link != use)
            link = &(*link)->next;
        *link = use->next;
    }
    sound->uses--;
    use->sound = NULL;
    use->waiting = false;
}

enum td_err sounds_get(const struct sound_use *use, const int16_t **samples, size_t *count)
{
    const struct sound *sound = use->sound;

    if (sound->err == TD_OK) {
        *samples = sound->samples;
        *count = sound->count;
    }
    return sound->err;
}

/* --- life --------------------------------------------------------------------------------------
 */

enum td_err sounds_create(struct td_service *service, const struct sounds_config *config,
                          struct speech *speech, struct sounds **sounds)
{
    if (mkdir(config->cache, 0750) != 0 && errno != EEXIST)
        return td_err_from_errno(errno);

    struct sounds *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    self->service = service;
    self->speech = speech;
    self->table.bytes_max = (uint64_t)config->memory_mb << 20;
    self->cache_bytes_max = (uint64_t)config->cache_mb << 20;
    td_str_clip(self->folder, sizeof(self->folder), config->folder);
    td_str_clip(self->cache, sizeof(self->cache), config->cache);
    self->kept_bytes = td_service_gauge(service, "sounds_bytes", "Memory that sounds take.");
    self->hits = td_service_counter(service, "sounds_hits", "Prompts that were there already.");
    self->made =
        td_service_counter(service, "sounds_made", "Prompts that were read or spoken anew.");
    self->failed = td_service_counter(service, "sounds_failed", "Prompts that could not be made.");
    enum td_err err = sound_tasks_create(td_service_loop(service), &self->tasks);
    if (err != TD_OK) {
        free(self);
        return err;
    }
    sound_task_prepare(self->tasks);
    *sounds = self;
    return TD_OK;
}

void sounds_close(struct sounds *sounds, void (*done)(void *ctx), void *ctx)
{
    struct sound_tasks *tasks = sounds->tasks;

    sound_table_clear(&sounds->table);
    free(sounds);
    sound_tasks_close(tasks, done, ctx);
}
