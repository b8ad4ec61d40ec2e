#include "media/core/memo.h"

#define NS_PER_MS UINT64_C(1000000)

void media_memo_init(struct media_memo *memo, const struct media_memo_rules *rules)
{
    *memo = (struct media_memo){.rules = *rules, .state = MEDIA_MEMO_PROMPTING};
}

void media_memo_prompted(struct media_memo *memo, uint64_t now_ns)
{
    if (memo->state != MEDIA_MEMO_PROMPTING)
        return;
    memo->state = MEDIA_MEMO_LISTENING;
    memo->since_ns = now_ns;
}

static void end(struct media_memo *memo, enum media_memo_state how, uint64_t now_ns)
{
    memo->state = how;
    memo->ended_ns = now_ns;
}

static bool is_voice(const int16_t *samples, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (uint64_t)(samples[i] < 0 ? -(int32_t)samples[i] : samples[i]);
    return sum > (uint64_t)MEDIA_VOICE_LEVEL * count;
}

bool media_memo_hear(struct media_memo *memo, const int16_t *samples, size_t count, uint64_t now_ns)
{
    if (memo->state != MEDIA_MEMO_LISTENING && memo->state != MEDIA_MEMO_RECORDING)
        return false;
    if (is_voice(samples, count)) {
        if (memo->state == MEDIA_MEMO_LISTENING)
            memo->since_ns = now_ns;
        memo->state = MEDIA_MEMO_RECORDING;
        memo->voice_ns = now_ns;
    }
    return memo->state == MEDIA_MEMO_RECORDING;
}

bool media_memo_press(struct media_memo *memo, char key, uint64_t now_ns)
{
    if (memo->state == MEDIA_MEMO_PROMPTING) {
        if (memo->rules.barge_in)
            media_memo_prompted(memo, now_ns);
        return memo->rules.barge_in;
    }
    if (!memo->rules.any_key || media_memo_is_over(memo))
        return false;
    memo->key = key;
    end(memo, memo->state == MEDIA_MEMO_RECORDING ? MEDIA_MEMO_KEY : MEDIA_MEMO_EMPTY, now_ns);
    return false;
}

void media_memo_tick(struct media_memo *memo, uint64_t now_ns)
{
    const struct media_memo_rules *rules = &memo->rules;

    if (memo->state == MEDIA_MEMO_LISTENING &&
        now_ns - memo->since_ns >= rules->first_word_ms * NS_PER_MS)
        end(memo, MEDIA_MEMO_EMPTY, now_ns);
    else if (memo->state == MEDIA_MEMO_RECORDING &&
             now_ns - memo->since_ns >= rules->max_ms * NS_PER_MS)
        end(memo, MEDIA_MEMO_MAX, now_ns);
    else if (memo->state == MEDIA_MEMO_RECORDING &&
             now_ns - memo->voice_ns >= rules->final_silence_ms * NS_PER_MS)
        end(memo, MEDIA_MEMO_PAUSE, now_ns);
}

bool media_memo_is_over(const struct media_memo *memo)
{
    return memo->state >= MEDIA_MEMO_EMPTY;
}

uint32_t media_memo_length_ms(const struct media_memo *memo, uint64_t now_ns)
{
    uint64_t until = memo->ended_ns != 0 ? memo->ended_ns : now_ns;

    if (memo->state < MEDIA_MEMO_RECORDING || memo->state == MEDIA_MEMO_EMPTY)
        return 0;
    return (uint32_t)((until - memo->since_ns) / NS_PER_MS);
}
