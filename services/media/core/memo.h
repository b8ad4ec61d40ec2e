/**
 * @file memo.h  Recording what one far end says: when it begins, and what ends it.
 *
 * The clock for the first word starts when the prompts have ended. What is said begins with the
 * first packet that is loud enough to be a voice, so that nothing is kept of somebody who says
 * nothing; from then on it ends with a pause that is long enough, with a key, or with its length.
 *
 * Pure; time is an argument.
 */
#ifndef MEDIA_CORE_MEMO_H
#define MEDIA_CORE_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Mean amplitude of a packet from which on it counts as a voice: about -40 dB of full scale. */
#define MEDIA_VOICE_LEVEL 320

struct media_memo_rules {
    uint32_t max_ms;
    uint32_t final_silence_ms;
    uint32_t first_word_ms;
    bool any_key;  /**< A key ends it. */
    bool barge_in; /**< A key ends the prompts. */
};

enum media_memo_state {
    MEDIA_MEMO_PROMPTING,
    MEDIA_MEMO_LISTENING, /**< Nothing was said yet. */
    MEDIA_MEMO_RECORDING,
    MEDIA_MEMO_EMPTY, /**< Over: nothing was said. */
    MEDIA_MEMO_PAUSE, /**< Over: by a pause. */
    MEDIA_MEMO_KEY,   /**< Over: by a key. */
    MEDIA_MEMO_MAX    /**< Over: by its length. */
};

struct media_memo {
    struct media_memo_rules rules;
    enum media_memo_state state;
    char key;          /**< That ended it. */
    uint64_t since_ns; /* listening or recording since */
    uint64_t voice_ns; /* heard last */
    uint64_t ended_ns; /* 0 while it runs */
};

void media_memo_init(struct media_memo *memo, const struct media_memo_rules *rules);

/** The prompts have been played (or there were none). */
void media_memo_prompted(struct media_memo *memo, uint64_t now_ns);

/** A packet of the far end. @return Whether it is part of what is recorded. */
bool media_memo_hear(struct media_memo *memo, const int16_t *samples, size_t count,
                     uint64_t now_ns);

/** A key was pressed. @return Whether prompts that are still playing must stop now. */
bool media_memo_press(struct media_memo *memo, char key, uint64_t now_ns);

/** Looks at the clock. */
void media_memo_tick(struct media_memo *memo, uint64_t now_ns);

bool media_memo_is_over(const struct media_memo *memo);

/** How much was recorded; of one that still runs, up to now. */
uint32_t media_memo_length_ms(const struct media_memo *memo, uint64_t now_ns);

#endif
