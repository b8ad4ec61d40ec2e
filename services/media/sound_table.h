/**
 * @file sound_table.h  Sounds by their key, the longest unused ones going first. For sounds.c only.
 *
 * A sound stays while it is used; what nobody uses is kept up to a bound of bytes. Finding is O(1).
 * One loop, no locks.
 */
#ifndef MEDIA_SOUND_TABLE_H
#define MEDIA_SOUND_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/hash.h"

#define SOUND_BUCKETS 4096

struct sound_use;
struct sounds;

struct sound {
    struct sounds *sounds;
    struct sound *in_bucket; /* private, as the next two */
    struct sound *newer;     /* by last use; the list of all */
    struct sound *older;
    char key[TD_HASH_TEXT_SIZE];
    enum td_err err; /* TD_ERR_BUSY until it is made */
    int16_t *samples;
    size_t count;
    uint32_t uses; /* the making of it is one, too */
    uint64_t failed_at_ns;
    struct sound_use *waiting;
    char *text; /* of a text on its way: what to speak, and in which language */
    char language[16];
    bool ssml;
};

/** Fields are private but `bytes`: of all sounds in memory. Starts zeroed but for bytes_max. */
struct sound_table {
    uint64_t bytes_max;
    uint64_t bytes;
    struct sound *buckets[SOUND_BUCKETS];
    struct sound *newest;
    struct sound *oldest;
};

/** The sound of that key, or NULL. */
struct sound *sound_table_find(const struct sound_table *table, const char *key);

/** A new one, empty, as the one used last. Aborts when out of memory: a prompt that is neither
   played nor failed would hold a dialog for ever. */
struct sound *sound_table_add(struct sound_table *table, const char *key);

/** It was used last. */
void sound_table_touch(struct sound_table *table, struct sound *sound);

/** Its samples are there (taken). */
void sound_table_fill(struct sound_table *table, struct sound *sound, int16_t *samples,
                      size_t count);

/** Frees the longest unused until the bound holds, or all that are left are used. */
void sound_table_make_room(struct sound_table *table);

/** Frees all, used or not. */
void sound_table_clear(struct sound_table *table);

#endif
