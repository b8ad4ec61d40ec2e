#include "media/speech/voice.h"

#include <espeak-ng/speak_lib.h>
#include <string.h>

#include "media/speech/core/words.h"
#include "media/speech/frame.h"

/* Calm enough for a telephone [words per minute]. */
#define WORDS_PER_MINUTE 160
/* The library's full scale clips on a line that is meant for -15 dBm0 [percent]. */
#define VOLUME 60
/* At the synthesiser's rate; what is longer would not fit into a reply. */
#define SAMPLES_MAX (SPEECH_SAMPLES_MAX / 8 * 22)

static int16_t spoken[SAMPLES_MAX];
static size_t spoken_count;
static bool too_long;

static int on_samples(short *samples, int count, espeak_EVENT *events)
{
    (void)events;
    if (samples == NULL || count <= 0)
        return 0;
    if ((size_t)count > SAMPLES_MAX - spoken_count) {
        too_long = true;
        return 1; // Stops the synthesis.
    }
    memcpy(spoken + spoken_count, samples, (size_t)count * sizeof(*samples));
    spoken_count += (size_t)count;
    return 0;
}

enum td_err voice_open(uint32_t *rate_hz)
{
    int rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, NULL, espeakINITIALIZE_DONT_EXIT);

    if (rate <= 0)
        return TD_ERR_UNAVAILABLE;
    espeak_SetSynthCallback(on_samples);
    *rate_hz = (uint32_t)rate;
    return TD_OK;
}

/* Each time anew: SSML leaves the library with the voice it ended in. */
static enum td_err choose(const char *voice)
{
    char primary[SPEECH_VOICE_SIZE];

    if (espeak_SetVoiceByName(voice) != EE_OK) {
        size_t length = strcspn(voice, "-");

        memcpy(primary, voice, length);
        primary[length] = '\0';
        if (espeak_SetVoiceByName(primary) != EE_OK && espeak_SetVoiceByName("en") != EE_OK)
            return TD_ERR_INTERNAL;
    }
    (void)espeak_SetParameter(espeakRATE, WORDS_PER_MINUTE, 0);
    (void)espeak_SetParameter(espeakVOLUME, VOLUME, 0);
    return TD_OK;
}

enum td_err voice_speak(const char *text, bool ssml, const char *language, const int16_t **samples,
                        size_t *sample_count)
{
    char voice[SPEECH_VOICE_SIZE];
    char respelt[SPEECH_WORDS_SIZE];
    char prepared[SPEECH_WORDS_SIZE];
    unsigned flags = espeakCHARS_UTF8 | (ssml ? espeakSSML : 0U);

    speech_voice(language, voice);
    enum td_err err = speech_respell(text, respelt, sizeof(respelt));
    if (err == TD_OK && ssml)
        err = speech_prepare_ssml(respelt, voice, prepared, sizeof(prepared));
    if (err == TD_OK)
        err = choose(voice);
    if (err != TD_OK)
        return err;

    const char *words = ssml ? prepared : respelt;
    spoken_count = 0;
    too_long = false;
    if (espeak_Synth(words, strlen(words) + 1, 0, POS_CHARACTER, 0, flags, NULL, NULL) != EE_OK)
        return TD_ERR_INTERNAL;
    *samples = spoken;
    *sample_count = spoken_count;
    return too_long ? TD_ERR_LIMIT : TD_OK;
}
