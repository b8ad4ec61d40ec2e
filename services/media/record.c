/*
 * A message: what a leg's far end says alone. Its file is opened with the first word, so that there
 * is none of somebody who says nothing, and is told like any recording, with its kind.
 */
#include "base/str.h"
#include "media/media.h"

#define MAX_MS (30U * 60 * 1000)
#define MAX_DEFAULT_MS (3U * 60 * 1000)
#define FINAL_SILENCE_MS 3000
#define FIRST_WORD_MS 5000
/* Largest payload of a packet, in samples. */
#define SAMPLES_MAX 1500

struct media_memo_rules record_rules(const struct td_record *request)
{
    uint32_t max_ms = request->max_ms == 0 ? MAX_DEFAULT_MS : request->max_ms;

    return (struct media_memo_rules){
        .max_ms = max_ms < MAX_MS ? max_ms : MAX_MS,
        .final_silence_ms =
            request->final_silence_ms == 0 ? FINAL_SILENCE_MS : request->final_silence_ms,
        .first_word_ms = request->first_word_ms == 0 ? FIRST_WORD_MS : request->first_word_ms,
        .any_key = request->any_key,
        .barge_in = request->barge_in,
    };
}

static void begin(struct leg *leg)
{
    const struct recording_subject subject = {.tenant = leg->tenant,
                                              .interaction = leg->interaction,
                                              .number = ++leg->recordings,
                                              .kind = TD_RECORDING_KIND_VOICE_MAIL};

    leg->playback.recorded = true;
    leg->recording = recordings_start(leg->media->recordings, &subject, td_loop_now_ns());
    leg->channel = MEDIA_CUSTOMER;
    if (leg->recording != NULL)
        td_str_clip(leg->playback.file, sizeof(leg->playback.file), recording_name(leg->recording));
}

void record_hear(struct leg *leg, const struct media_arrival *arrival, uint64_t now_ns)
{
    int16_t samples[SAMPLES_MAX];
    size_t count = arrival->payload.size < SAMPLES_MAX ? arrival->payload.size : SAMPLES_MAX;

    if (leg->playback.playing != PLAYING_RECORD || arrival->kind != MEDIA_ARRIVAL_AUDIO)
        return;
    media_g711_decode(arrival->law, arrival->payload.data, count, samples);
    if (media_memo_hear(&leg->playback.memo, samples, count, now_ns) && !leg->playback.recorded)
        begin(leg); // What it was about goes into the file by the common way.
}

void record_end(struct leg *leg)
{
    if (leg->playback.playing != PLAYING_RECORD || leg->recording == NULL)
        return;
    recording_finish(leg->recording);
    leg->recording = NULL;
}

/* A message for which there was no file is none. */
static uint32_t length_ms(const struct leg *leg)
{
    const struct playback *playback = &leg->playback;

    return playback->file[0] != '\0' ? media_memo_length_ms(&playback->memo, td_loop_now_ns()) : 0;
}

void record_describe(const struct leg *leg, struct td_media_done *done)
{
    const struct media_memo *memo = &leg->playback.memo;

    done->recorded_ms = length_ms(leg);
    done->at_max = memo->state == MEDIA_MEMO_MAX;
    done->terminator[0] = memo->key;
    td_str_clip(done->file, sizeof(done->file), leg->playback.file);
}

void record_finish_if_over(struct leg *leg)
{
    const struct media_memo *memo = &leg->playback.memo;

    if (!media_memo_is_over(memo))
        return;
    if (memo->state == MEDIA_MEMO_EMPTY)
        play_finish(leg, TD_MEDIA_OUTCOME_SILENCE);
    else
        play_finish(leg, length_ms(leg) > 0 ? TD_MEDIA_OUTCOME_RECORDED : TD_MEDIA_OUTCOME_FAILED);
}
