/**
 * @file frame.h  What the media service and its speech worker say to each other, one frame each.
 *
 *   request   [id u32][is SSML u8][size of language u8][language][text]
 *   reply     [id u32][spoken u8][samples: 16 bit, 8 kHz, mono, order of this host]
 *
 * Both ends are of one build on one host; all the same, sizes are checked. Pure.
 */
#ifndef MEDIA_SPEECH_FRAME_H
#define MEDIA_SPEECH_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

#define SPEECH_LANGUAGE_MAX 15
#define SPEECH_TEXT_MAX 1500
#define SPEECH_REQUEST_HEADER 6
#define SPEECH_REQUEST_MAX (SPEECH_REQUEST_HEADER + SPEECH_LANGUAGE_MAX + SPEECH_TEXT_MAX)
#define SPEECH_REPLY_HEADER 5
/** Four minutes: slower than anybody would read the longest text. */
#define SPEECH_SAMPLES_MAX ((size_t)240 * 8000)
#define SPEECH_REPLY_MAX (SPEECH_REPLY_HEADER + SPEECH_SAMPLES_MAX * 2)

struct speech_request {
    uint32_t id;
    bool ssml;
    char language[SPEECH_LANGUAGE_MAX + 1]; /**< BCP 47 */
    char text[SPEECH_TEXT_MAX + 1];
};

/** @return Size of the frame. */
static inline size_t speech_request_encode(const struct speech_request *request,
                                           uint8_t frame[SPEECH_REQUEST_MAX])
{
    size_t language_size = strlen(request->language);
    size_t text_size = strlen(request->text);

    memcpy(frame, &request->id, 4);
    frame[4] = request->ssml;
    frame[5] = (uint8_t)language_size;
    memcpy(frame + SPEECH_REQUEST_HEADER, request->language, language_size);
    memcpy(frame + SPEECH_REQUEST_HEADER + language_size, request->text, text_size);
    return SPEECH_REQUEST_HEADER + language_size + text_size;
}

static inline enum td_err speech_request_decode(struct td_bytes frame,
                                                struct speech_request *request)
{
    if (frame.size < SPEECH_REQUEST_HEADER || frame.size > SPEECH_REQUEST_MAX)
        return TD_ERR_SYNTAX;

    size_t language_size = frame.data[5];
    size_t rest = frame.size - SPEECH_REQUEST_HEADER;
    if (language_size > SPEECH_LANGUAGE_MAX || language_size > rest ||
        rest - language_size > SPEECH_TEXT_MAX)
        return TD_ERR_SYNTAX;
    *request = (struct speech_request){.ssml = frame.data[4] != 0};
    memcpy(&request->id, frame.data, 4);
    memcpy(request->language, frame.data + SPEECH_REQUEST_HEADER, language_size);
    memcpy(request->text, frame.data + SPEECH_REQUEST_HEADER + language_size, rest - language_size);
    return TD_OK;
}

#endif
