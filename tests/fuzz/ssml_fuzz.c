// needs: service speech
/*
 * Texts of dialogs on their way to the synthesiser: any text becomes one <speak> that names a
 * voice, or is refused as too long; text without '<' passes unchanged inside it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/speech/core/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char begin[] = "<speak xml:lang=\"";
    static const char end[] = "</speak>";
    char text[1501];
    char respelt[SPEECH_WORDS_SIZE];
    char out[SPEECH_WORDS_SIZE];
    char voice[SPEECH_VOICE_SIZE];

    if (size >= sizeof(text))
        size = sizeof(text) - 1;
    memcpy(text, data, size);
    text[size] = '\0';
    speech_voice(text, voice);
    require(strlen(voice) < SPEECH_VOICE_SIZE);
    require(speech_respell(text, respelt, sizeof(respelt)) == TD_OK); // It never grows so much.
    if (speech_prepare_ssml(respelt, "en", out, sizeof(out)) != TD_OK)
        return 0;
    size_t length = strlen(out);
    require(strncmp(out, begin, strlen(begin)) == 0);
    require(length >= strlen(end) && strcmp(out + length - strlen(end), end) == 0);
    if (strchr(respelt, '<') == NULL)
        require(strstr(out, respelt) != NULL);
    return 0;
}
