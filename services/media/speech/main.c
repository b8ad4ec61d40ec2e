/*
 * The speech worker: text in, 8 kHz samples out, one frame each, until the media service closes the
 * pipe. A process of its own, because the synthesiser's state is global and a text that trips it
 * must not take calls with it. Exit status: 0 told to end, 1 could not run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/worker.h"
#include "media/speech/core/resample.h"
#include "media/speech/frame.h"
#include "media/speech/voice.h"

static struct speech_resampler resampler;
static uint8_t reply[SPEECH_REPLY_MAX];
static int16_t resampled[SPEECH_SAMPLES_MAX];
static max_align_t received[(TD_FRAME_HEADER_SIZE + SPEECH_REQUEST_MAX) / sizeof(max_align_t) + 1];

/* Fills the reply's samples; the size of the reply. */
static size_t speak(const struct speech_request *request)
{
    const int16_t *samples = NULL;
    size_t count = 0;
    enum td_err err =
        voice_speak(request->text, request->ssml, request->language, &samples, &count);

    if (err == TD_OK && speech_resampled_count(&resampler, count) > SPEECH_SAMPLES_MAX)
        err = TD_ERR_LIMIT;
    memcpy(reply, &request->id, 4);
    reply[4] = err == TD_OK;
    if (err != TD_OK)
        return SPEECH_REPLY_HEADER;

    size_t bytes = speech_resampled_count(&resampler, count) * sizeof(*resampled);
    speech_resample(&resampler, samples, count, resampled);
    memcpy(reply + SPEECH_REPLY_HEADER, resampled, bytes);
    return SPEECH_REPLY_HEADER + bytes;
}

static enum td_err serve(struct td_worker *worker)
{
    struct td_bytes frame;
    enum td_err err;

    while ((err = td_worker_receive(worker, &frame)) == TD_OK) {
        struct speech_request request;

        err = speech_request_decode(frame, &request);
        if (err == TD_OK)
            err = td_worker_send(worker, td_bytes(reply, speak(&request)));
        if (err != TD_OK)
            return err;
    }
    return err;
}

int main(int argc, char **argv)
{
    struct td_worker worker;
    uint32_t rate_hz = 0;

    if (argc > 1) {
        (void)printf("usage: %s\n\nThe media service starts it: frames of media/speech/frame.h on "
                     "standard input and output.\n",
                     argv[0]);
        return strcmp(argv[1], "--help") == 0 ? 0 : 2;
    }
    if (td_worker_init(&worker, received, sizeof(received)) != TD_OK)
        return 1;
    if (voice_open(&rate_hz) != TD_OK || speech_resampler_init(&resampler, rate_hz) != TD_OK) {
        (void)fprintf(stderr, "speech: espeak-ng finds no voices\n");
        return 1;
    }
    return serve(&worker) == TD_ERR_UNAVAILABLE ? 0 : 1;
}
