/**
 * @file playlist.h  What is played to a leg: sounds one after the other, in frames of 20 ms.
 *
 * A sound may still be on its way (decoded, synthesised) when its turn comes: the leg hears silence
 * until it is there, and that waiting is not counted as played. A sound that failed is skipped.
 *
 * Pure; the samples are borrowed: whoever hands them in keeps them until the list has ended.
 */
#ifndef MEDIA_CORE_PLAYLIST_H
#define MEDIA_CORE_PLAYLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/core/g711.h"

/** As many prompts as a request has, and a beep. */
#define MEDIA_SOUNDS_MAX 17

enum media_sound_state { MEDIA_SOUND_PENDING, MEDIA_SOUND_READY, MEDIA_SOUND_FAILED };

struct media_sound {
    enum media_sound_state state;
    const int16_t *samples; /**< NULL: silence. */
    uint64_t sample_count;
};

struct media_playlist {
    struct media_sound sounds[MEDIA_SOUNDS_MAX];
    uint32_t sound_count;
    bool loop;
    uint32_t index;    /**< The sound that plays. */
    uint64_t position; /**< In it. */
    uint64_t played;   /**< Samples in all. */
};

void media_playlist_init(struct media_playlist *playlist, bool loop);

/** Appends a sound that is not there yet. @return Its index. */
uint32_t media_playlist_add(struct media_playlist *playlist);

void media_playlist_ready(struct media_playlist *playlist, uint32_t index, const int16_t *samples,
                          uint64_t sample_count);
void media_playlist_failed(struct media_playlist *playlist, uint32_t index);

/**
 * The next frame; what no sound fills is silence.
 *
 * @return Whether there was anything to play or to wait for; false: the list has ended.
 */
bool media_playlist_next(struct media_playlist *playlist, int16_t samples[MEDIA_FRAME_SAMPLES]);

/** Whether every sound has failed (an empty list has not). */
bool media_playlist_is_hopeless(const struct media_playlist *playlist);

#endif
