#include "media/sound_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static struct sound **bucket_of(struct sound_table *table, const char *key)
{
    return &table->buckets[td_str_hash(key, strlen(key)) % SOUND_BUCKETS];
}

struct sound *sound_table_find(const struct sound_table *table, const char *key)
{
    struct sound *sound = table->buckets[td_str_hash(key, strlen(key)) % SOUND_BUCKETS];

    while (sound != NULL && !td_str_equal(sound->key, key))
        sound = sound->in_bucket;
    return sound;
}

static void unlink_use_order(struct sound_table *table, struct sound *sound)
{
    *(sound->newer != NULL ? &sound->newer->older : &table->newest) = sound->older;
    *(sound->older != NULL ? &sound->older->newer : &table->oldest) = sound->newer;
    sound->newer = NULL;
    sound->older = NULL;
}

static void link_newest(struct sound_table *table, struct sound *sound)
{
    sound->older = table->newest;
    if (table->newest != NULL)
        table->newest->newer = sound;
    else
        table->oldest = sound;
    table->newest = sound;
}

static uint64_t bytes_of(const struct sound *sound)
{
    return sizeof(*sound) + sound->count * sizeof(*sound->samples);
}

struct sound *sound_table_add(struct sound_table *table, const char *key)
{
    struct sound *sound = calloc(1, sizeof(*sound));
    struct sound **bucket = bucket_of(table, key);

    if (sound == NULL)
        abort();
    td_str_clip(sound->key, sizeof(sound->key), key);
    sound->in_bucket = *bucket;
    *bucket = sound;
    link_newest(table, sound);
    table->bytes += bytes_of(sound);
    return sound;
}

void sound_table_touch(struct sound_table *table, struct sound *sound)
{
    unlink_use_order(table, sound);
    link_newest(table, sound);
}

void sound_table_fill(struct sound_table *table, struct sound *sound, int16_t *samples,
                      size_t count)
{
    table->bytes -= bytes_of(sound);
    free(sound->samples);
    sound->samples = samples;
    sound->count = count;
    table->bytes += bytes_of(sound);
}

static void remove_sound(struct sound_table *table, struct sound *sound)
{
    struct sound **link = bucket_of(table, sound->key);

    while (*link != sound)
        link = &(*link)->in_bucket;
    *link = sound->in_bucket;
    unlink_use_order(table, sound);
    table->bytes -= bytes_of(sound);
    free(sound->samples);
    free(sound->text);
    free(sound);
}

void sound_table_make_room(struct sound_table *table)
{
    struct sound *newer;

    for (struct sound *sound = table->oldest; sound != NULL && table->bytes > table->bytes_max;
         sound = newer) {
        newer = sound->newer;
        if (sound->uses == 0)
            remove_sound(table, sound);
    }
}

void sound_table_clear(struct sound_table *table)
{
    struct sound *older;

    for (struct sound *sound = table->newest; sound != NULL; sound = older) {
        older = sound->older;
        remove_sound(table, sound);
    }
}
