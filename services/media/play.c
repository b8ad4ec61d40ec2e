#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "media/media.h"

#define NS_PER_MS UINT64_C(1000000)
#define SAMPLES_PER_MS 8
#define FIRST_DIGIT_MS 5000
#define INTER_DIGIT_MS 3000
/* The sound of a key is longer than its first packet: so long nothing is passed on after a secret.
 */
#define PRIVATE_NS (500 * NS_PER_MS)

/* --- prompts -----------------------------------------------------------------------------------
 */

static void settle(struct prompt *prompt);

static void on_sound(struct sound_use *use)
{
    settle((struct prompt *)((char *)use - offsetof(struct prompt, use)));
}

static void use_sound(struct prompt *prompt, const struct sound_order *order)
{
    prompt->use = (struct sound_use){.changed = on_sound};
    sounds_use(prompt->leg->media->sounds, order, &prompt->use);
}

static void use_text(struct prompt *prompt, enum sound_kind kind, const char *text,
                     const char *language)
{
    use_sound(prompt, &(struct sound_order){kind, text, language});
}

/* What could not be played is spoken, what could not be spoken is a tone. */
static void use_substitute(struct prompt *prompt)
{
    struct td_prompt *fallback = prompt->fallback;

    sounds_drop(&prompt->use);
    if (fallback != NULL) {
        prompt->fallback = NULL;
        use_text(prompt, SOUND_TEXT, fallback->fallback, fallback->language);
        free(fallback);
    } else {
        prompt->leg->playback.failures++;
        ++*prompt->leg->media->counters.prompts_failed;
        prompt->failed = true;
        use_sound(prompt, &(struct sound_order){SOUND_FILE, "builtin/tone", ""});
    }
    settle(prompt);
}

static void settle(struct prompt *prompt)
{
    struct media_playlist *list = &prompt->leg->playback.list;
    const int16_t *samples = NULL;
    size_t count = 0;
    enum td_err err = sounds_get(&prompt->use, &samples, &count);

    if (err == TD_ERR_BUSY)
        return;
    if (err == TD_OK)
        media_playlist_ready(list, prompt->index, samples, count);
    else if (!prompt->failed)
        use_substitute(prompt);
    else
        media_playlist_failed(list, prompt->index);
}

/* Keeps what is spoken when a file cannot be played. */
static struct td_prompt *keep_fallback(const struct td_prompt *wanted)
{
    struct td_prompt *kept = wanted->fallback[0] == '\0' ? NULL : malloc(sizeof(*kept));

    if (kept != NULL)
        *kept = *wanted;
    return kept;
}

static void add_prompt(struct leg *leg, const struct td_prompt *wanted)
{
    uint32_t index = media_playlist_add(&leg->playback.list);
    struct prompt *prompt = &leg->playback.prompts[index];

    *prompt = (struct prompt){.leg = leg, .index = index};
    switch (wanted->kind) {
    case TD_PROMPT_KIND_SILENCE:
        media_playlist_ready(&leg->playback.list, index, NULL,
                             (uint64_t)wanted->duration_ms * SAMPLES_PER_MS);
        return;
    case TD_PROMPT_KIND_FILE:
        prompt->fallback = keep_fallback(wanted);
        use_sound(prompt, &(struct sound_order){SOUND_FILE, wanted->content, ""});
        break;
    case TD_PROMPT_KIND_SSML:
        use_text(prompt, SOUND_SSML, wanted->content, wanted->language);
        break;
    default:
        use_text(prompt, SOUND_TEXT, wanted->content, wanted->language);
    }
    settle(prompt);
}

static void add_prompts(struct leg *leg, const struct td_prompt *prompts, uint32_t count, bool loop)
{
    media_playlist_init(&leg->playback.list, loop);
    for (uint32_t i = 0; i < count; i++)
        add_prompt(leg, &prompts[i]);
    leg->playback.prompting = true;
    media_stream_switch(&leg->core.stream);
    hear_begin(leg);
}

/* Nothing of the list is heard any more. */
static void drop_prompts(struct playback *playback)
{
    for (uint32_t i = 0; i < playback->list.sound_count; i++) {
        sounds_drop(&playback->prompts[i].use);
        free(playback->prompts[i].fallback);
        playback->prompts[i].fallback = NULL;
    }
    playback->prompting = false;
}

/* --- begin and end -----------------------------------------------------------------------------
 */

void play_stop(struct leg *leg)
{
    record_end(leg);
    drop_prompts(&leg->playback);
    if (leg->playback.sensitive)
        leg->private_until_ns = td_loop_now_ns() + PRIVATE_NS;
    leg->playback = (struct playback){.playing = PLAYING_NOTHING}; // Digits are a secret: wiped.
}

void play_prompts(struct leg *leg, const struct td_play *request)
{
    play_stop(leg);
    if (!request->barge_in)
        media_typeahead_clear(&leg->typeahead);
    leg->playback.playing = PLAYING_PROMPTS;
    leg->playback.barge_in = request->barge_in;
    leg->playback.request_id = request->request_id;
    td_str_clip(leg->playback.notify, sizeof(leg->playback.notify), request->notify);
    add_prompts(leg, request->prompts, request->prompts_count, request->loop);
}

void play_collect(struct leg *leg, const struct td_collect *request)
{
    struct playback *playback = &leg->playback;
    struct media_collect_rules rules = {
        .digits_max = request->digits_max,
        .first_digit_ms = request->first_digit_ms == 0 ? FIRST_DIGIT_MS : request->first_digit_ms,
        .inter_digit_ms = request->inter_digit_ms == 0 ? INTER_DIGIT_MS : request->inter_digit_ms,
        .barge_in = request->barge_in,
    };

    play_stop(leg);
    td_str_clip(rules.terminators, sizeof(rules.terminators), request->terminators);
    media_collect_init(&playback->collect, &rules);
    playback->playing = PLAYING_COLLECT;
    playback->barge_in = request->barge_in;
    playback->sensitive = request->sensitive;
    playback->request_id = request->request_id;
    td_str_clip(playback->notify, sizeof(playback->notify), request->notify);
    add_prompts(leg, request->prompts, request->prompts_count, false);
    if (!request->barge_in)
        media_typeahead_clear(&leg->typeahead);
    else if (media_typeahead_feed(&leg->typeahead, &playback->collect, td_loop_now_ns()))
        drop_prompts(playback);
}

/* Behind the prompts. */
static void add_beep(struct leg *leg)
{
    uint32_t index = media_playlist_add(&leg->playback.list);

    leg->playback.prompts[index] = (struct prompt){.leg = leg, .index = index};
    media_playlist_ready(&leg->playback.list, index, leg->media->beep, MEDIA_BEEP_SAMPLES);
}

void play_record(struct leg *leg, const struct td_record *request)
{
    struct playback *playback = &leg->playback;
    struct media_memo_rules rules = record_rules(request);

    play_stop(leg);
    media_typeahead_clear(&leg->typeahead);
    media_memo_init(&playback->memo, &rules);
    playback->playing = PLAYING_RECORD;
    playback->barge_in = request->barge_in;
    playback->request_id = request->request_id;
    td_str_clip(playback->notify, sizeof(playback->notify), request->notify);
    add_prompts(leg, request->prompts, request->prompts_count, false);
    if (request->beep)
        add_beep(leg);
}

void play_finish(struct leg *leg, enum td_media_outcome outcome)
{
    const struct playback *playback = &leg->playback;
    struct td_media_done done = {.leg_id = leg->id,
                                 .request_id = playback->request_id,
                                 .outcome = outcome,
                                 .played_ms = (uint32_t)(playback->list.played / SAMPLES_PER_MS)};

    if (playback->playing == PLAYING_COLLECT) {
        td_str_clip(done.digits, sizeof(done.digits), playback->collect.digits);
        done.terminator[0] = playback->collect.terminator;
    } else if (playback->playing == PLAYING_RECORD) {
        record_describe(leg, &done);
    }
    notify(leg, playback->notify, "MediaDone",
           td_media_done_encode(td_service_arena(leg->media->service), &done));
    play_stop(leg);
}

/* --- as time goes by ---------------------------------------------------------------------------
 */

static enum td_media_outcome outcome_of_list(const struct playback *playback)
{
    if (playback->failures > 0 && playback->failures == playback->list.sound_count)
        return TD_MEDIA_OUTCOME_FAILED;
    return TD_MEDIA_OUTCOME_FINISHED;
}

bool play_next(struct leg *leg, int16_t samples[MEDIA_FRAME_SAMPLES], uint64_t now_ns)
{
    struct playback *playback = &leg->playback;

    if (!playback->prompting)
        return false;
    if (playback->playing == PLAYING_PROMPTS && playback->barge_in && leg->typeahead.count > 0) {
        play_finish(leg, TD_MEDIA_OUTCOME_BARGE_IN); // Typed before it began.
        return false;
    }
    if (media_playlist_next(&playback->list, samples))
        return true;
    playback->prompting = false;
    if (playback->playing == PLAYING_PROMPTS)
        play_finish(leg, outcome_of_list(playback));
    else if (playback->playing == PLAYING_RECORD)
        media_memo_prompted(&playback->memo, now_ns);
    else
        media_collect_prompted(&playback->collect, now_ns);
    return false;
}

static void finish_if_over(struct leg *leg)
{
    const struct media_collect *collect = &leg->playback.collect;

    if (media_collect_is_over(collect))
        play_finish(leg, collect->state == MEDIA_COLLECT_COMPLETE ? TD_MEDIA_OUTCOME_DIGITS
                                                                  : TD_MEDIA_OUTCOME_TIMEOUT);
}

void play_tick(struct leg *leg, uint64_t now_ns)
{
    if (leg->playback.playing == PLAYING_RECORD) {
        media_memo_tick(&leg->playback.memo, now_ns);
        record_finish_if_over(leg);
        return;
    }
    if (leg->playback.playing != PLAYING_COLLECT)
        return;
    media_collect_tick(&leg->playback.collect, now_ns);
    finish_if_over(leg);
}

void play_key(struct leg *leg, char key, uint64_t now_ns)
{
    struct playback *playback = &leg->playback;

    ++*leg->media->counters.digits;
    switch (playback->playing) {
    case PLAYING_COLLECT:
        if (media_collect_press(&playback->collect, key, now_ns))
            drop_prompts(playback);
        finish_if_over(leg);
        break;
    case PLAYING_RECORD:
        if (media_memo_press(&playback->memo, key, now_ns))
            drop_prompts(playback);
        record_finish_if_over(leg);
        break;
    case PLAYING_PROMPTS:
        if (playback->barge_in) {
            media_typeahead_add(&leg->typeahead, key);
            play_finish(leg, TD_MEDIA_OUTCOME_BARGE_IN);
        }
        break;
    case PLAYING_NOTHING:
        if (leg->other == NULL) // In a talk it is meant for the other party.
            media_typeahead_add(&leg->typeahead, key);
    }
}
