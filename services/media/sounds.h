/**
 * @file sounds.h  Samples by what is to be heard: files, texts, and what is made here.
 *
 * Each sound is made once and kept in memory, up to a bound; the longest unused go first. Files are
 * decoded by GStreamer in a thread. Texts are spoken by the workers; what they said is kept on disk
 * too, under a hash of language and text, so that a restarted service greets at once. The folder of
 * these is bounded as well.
 *
 * Names below "builtin/" are no files: builtin/music is a calm loop, builtin/tone the two falling
 * notes that are heard where something could not be said.
 */
#ifndef MEDIA_SOUNDS_H
#define MEDIA_SOUNDS_H

#include <stdint.h>

#include "base/err.h"
#include "media/speech.h"
#include "service/service.h"

struct sounds;
struct sound;

struct sounds_config {
    const char *folder; /**< Of sound files. */
    const char *cache;  /**< Of spoken texts; made if it is not there. */
    uint32_t memory_mb; /**< Kept in memory while nobody uses it. */
    uint32_t cache_mb;  /**< Kept on disk. */
};

/** @param speech  Kept. */
enum td_err TD_MUST_CHECK sounds_create(struct td_service *service,
                                        const struct sounds_config *config, struct speech *speech,
                                        struct sounds **sounds);
/** All uses must have been dropped. `done` runs when no thread works for it any more, perhaps from
    within. */
void sounds_close(struct sounds *sounds, void (*done)(void *ctx), void *ctx);

enum sound_kind { SOUND_FILE, SOUND_TEXT, SOUND_SSML };

/** What is to be heard. Strings are borrowed for the call. */
struct sound_order {
    enum sound_kind kind;
    const char *content;  /**< Name of a file, or text. */
    const char *language; /**< Of a text. */
};

/** One user of one sound; part of the user's own memory. */
struct sound_use {
    struct sound *sound; /**< NULL: uses nothing. */
    /** Runs once, later, when a sound that was not there has been made or could not be. */
    void (*changed)(struct sound_use *use);
    struct sound_use *next; /* private */
    bool waiting;           /* private */
};

/**
 * Begins to use a sound: from now on it stays in memory.
 *
 * @param use  `changed` is set; drop it with sounds_drop(). Unused before.
 */
void sounds_use(struct sounds *sounds, const struct sound_order *order, struct sound_use *use);

/** Ends a use; one that uses nothing is left alone. */
void sounds_drop(struct sound_use *use);

/**
 * @param samples  Receives the samples, valid until the use is dropped.
 * @return TD_OK; TD_ERR_BUSY (not there yet: `changed` will run); otherwise why it could not be
 * made.
 */
enum td_err TD_MUST_CHECK sounds_get(const struct sound_use *use, const int16_t **samples,
                                     size_t *count);

#endif
