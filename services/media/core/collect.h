/**
 * @file collect.h  Gathering the keys of one answer: how many, how long to wait, what ends it.
 *
 * The clock for the first key starts when the prompts have ended, that between keys with each key.
 * A key during the prompts starts it at once where barging in is allowed and is dropped where it is
 * not. Keys typed before the collection began are fed to it like any other.
 *
 * Pure; time is an argument.
 */
#ifndef MEDIA_CORE_COLLECT_H
#define MEDIA_CORE_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEDIA_DIGITS_MAX 64
#define MEDIA_TERMINATORS_MAX 12

struct media_collect_rules {
    uint32_t digits_max; /**< 1..MEDIA_DIGITS_MAX */
    uint32_t first_digit_ms;
    uint32_t inter_digit_ms;
    bool barge_in;
    char terminators[MEDIA_TERMINATORS_MAX + 1];
};

enum media_collect_state {
    MEDIA_COLLECT_PROMPTING, /**< Prompts are played. */
    MEDIA_COLLECT_WAITING,   /**< For the first or next key. */
    MEDIA_COLLECT_COMPLETE,  /**< By count or terminator. */
    MEDIA_COLLECT_TIMED_OUT, /**< `digits` has what came. */
};

struct media_collect {
    struct media_collect_rules rules;
    enum media_collect_state state;
    uint32_t digit_count;
    char digits[MEDIA_DIGITS_MAX + 1];
    char terminator; /**< '\0' unless one ended it. */
    uint64_t due_ns; /* while waiting */
};

void media_collect_init(struct media_collect *collect, const struct media_collect_rules *rules);

/** The prompts have been played (or there were none). */
void media_collect_prompted(struct media_collect *collect, uint64_t now_ns);

/** A key was pressed. @return Whether prompts that are still playing must stop now. */
bool media_collect_press(struct media_collect *collect, char key, uint64_t now_ns);

/** Looks at the clock. */
void media_collect_tick(struct media_collect *collect, uint64_t now_ns);

bool media_collect_is_over(const struct media_collect *collect);

/** Keys pressed while nobody collects, for the next collection; the oldest stay when it is full. */
struct media_typeahead {
    uint32_t count;
    char keys[32];
};

void media_typeahead_add(struct media_typeahead *typeahead, char key);
void media_typeahead_clear(struct media_typeahead *typeahead);

/** Feeds what was typed ahead into a collection until it is over; the rest stays.
    @return As media_collect_press. */
bool media_typeahead_feed(struct media_typeahead *typeahead, struct media_collect *collect,
                          uint64_t now_ns);

#endif
