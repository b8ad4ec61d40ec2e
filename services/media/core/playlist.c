#include "media/core/playlist.h"

#include <assert.h>
#include <string.h>

void media_playlist_init(struct media_playlist *playlist, bool loop)
{
    *playlist = (struct media_playlist){.loop = loop};
}

uint32_t media_playlist_add(struct media_playlist *playlist)
{
    assert(playlist->sound_count < MEDIA_SOUNDS_MAX);
    playlist->sounds[playlist->sound_count] = (struct media_sound){.state = MEDIA_SOUND_PENDING};
    return playlist->sound_count++;
}

void media_playlist_ready(struct media_playlist *playlist, uint32_t index, const int16_t *samples,
                          uint64_t sample_count)
{
    assert(index < playlist->sound_count);
    playlist->sounds[index] = (struct media_sound){
        .state = MEDIA_SOUND_READY, .samples = samples, .sample_count = sample_count};
}

void media_playlist_failed(struct media_playlist *playlist, uint32_t index)
{
    assert(index < playlist->sound_count);
    playlist->sounds[index] = (struct media_sound){.state = MEDIA_SOUND_FAILED};
}

/* Whether a turn of a loop would ever produce a sample. */
static bool has_content(const struct media_playlist *playlist)
{
    for (uint32_t i = 0; i < playlist->sound_count; i++) {
        const struct media_sound *sound = &playlist->sounds[i];

        if (sound->state == MEDIA_SOUND_PENDING ||
            (sound->state == MEDIA_SOUND_READY && sound->sample_count > 0))
            return true;
    }
    return false;
}

/* The sound to play from now; NULL at the end of the list. */
static const struct media_sound *current(struct media_playlist *playlist)
{
    for (;;) {
        if (playlist->index == playlist->sound_count) {
            if (!playlist->loop || !has_content(playlist))
                return NULL;
            playlist->index = 0;
        }
        const struct media_sound *sound = &playlist->sounds[playlist->index];
        if (sound->state == MEDIA_SOUND_PENDING || playlist->position < sound->sample_count)
            return sound;
        playlist->index++;
        playlist->position = 0;
    }
}

static size_t copy_some(struct media_playlist *playlist, const struct media_sound *sound,
                        int16_t *samples, size_t count)
{
    uint64_t left = sound->sample_count - playlist->position;

    if (count > left)
        count = (size_t)left;
    if (sound->samples != NULL)
        memcpy(samples, sound->samples + playlist->position, count * sizeof(*samples));
    playlist->position += count;
    playlist->played += count;
    return count;
}

bool media_playlist_next(struct media_playlist *playlist, int16_t samples[MEDIA_FRAME_SAMPLES])
{
    size_t filled = 0;
    const struct media_sound *sound = current(playlist);

    memset(samples, 0, MEDIA_FRAME_SAMPLES * sizeof(*samples));
    if (sound == NULL)
        return false;
    while (filled < MEDIA_FRAME_SAMPLES && sound != NULL && sound->state == MEDIA_SOUND_READY) {
        filled += copy_some(playlist, sound, samples + filled, MEDIA_FRAME_SAMPLES - filled);
        sound = current(playlist);
    }
    return true;
}

bool media_playlist_is_hopeless(const struct media_playlist *playlist)
{
    for (uint32_t i = 0; i < playlist->sound_count; i++) {
        if (playlist->sounds[i].state != MEDIA_SOUND_FAILED)
            return false;
    }
    return playlist->sound_count > 0;
}
