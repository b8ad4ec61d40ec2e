#include "core/expr/symbols.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"

#define NONE UINT32_MAX

struct td_expr_word {
    char text[TD_EXPR_WORD_MAX + 1];
    uint32_t holders; /* 0: free */
    uint32_t next;    /* in its bucket, or in the free list */
};

static uint32_t bucket_count(uint32_t capacity)
{
    uint32_t count = 8;

    while (count < capacity)
        count *= 2;
    return count;
}

static size_t aligned(size_t size)
{
    return (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
}

static size_t words_size(uint32_t capacity)
{
    return aligned(capacity * sizeof(struct td_expr_word)) +
           aligned(bucket_count(capacity) * sizeof(uint32_t));
}

size_t td_expr_symbols_size(uint32_t names, uint32_t texts)
{
    if (names == 0 || names > TD_EXPR_NAMES_MAX || texts == 0 || texts > TD_EXPR_TEXTS_MAX)
        return 0;
    return words_size(names) + words_size(texts);
}

static void words_init(struct td_expr_words *words, uint8_t *block, uint32_t capacity)
{
    uint32_t buckets = bucket_count(capacity);

    *words = (struct td_expr_words){
        .words = (struct td_expr_word *)(void *)block,
        .buckets = (uint32_t *)(void *)(block + aligned(capacity * sizeof(struct td_expr_word))),
        .bucket_mask = buckets - 1,
        .capacity = capacity,
        .free_list = NONE,
    };
    memset(words->buckets, 0xff, buckets * sizeof(uint32_t)); // NONE in each
}

void td_expr_symbols_init(struct td_expr_symbols *symbols, void *block, uint32_t names,
                          uint32_t texts)
{
    words_init(&symbols->names, block, names);
    words_init(&symbols->texts, (uint8_t *)block + words_size(names), texts);
}

static uint32_t *bucket_of(const struct td_expr_words *words, const char *text, size_t length)
{
    uint64_t hash = td_str_hash(text, length);

    return &words->buckets[(uint32_t)(hash ^ (hash >> 32)) & words->bucket_mask];
}

static bool same(const struct td_expr_word *word, const char *text, size_t length)
{
    return memcmp(word->text, text, length) == 0 && word->text[length] == '\0';
}

uint32_t td_expr_words_find(const struct td_expr_words *words, const char *text, size_t length)
{
    if (length > TD_EXPR_WORD_MAX)
        return TD_EXPR_NO_WORD;
    for (uint32_t id = *bucket_of(words, text, length); id != NONE; id = words->words[id].next) {
        if (same(&words->words[id], text, length))
            return id;
    }
    return TD_EXPR_NO_WORD;
}

static uint32_t take_slot(struct td_expr_words *words)
{
    uint32_t id = words->free_list;

    if (id != NONE) {
        words->free_list = words->words[id].next;
        return id;
    }
    return words->used < words->capacity ? words->used++ : NONE;
}

enum td_err td_expr_words_hold(struct td_expr_words *words, const char *text, size_t length,
                               uint32_t *id)
{
    if (length > TD_EXPR_WORD_MAX)
        return TD_ERR_RANGE;

    uint32_t found = td_expr_words_find(words, text, length);

    if (found == TD_EXPR_NO_WORD) {
        found = take_slot(words);
        if (found == NONE)
            return TD_ERR_LIMIT;
        struct td_expr_word *word = &words->words[found];
        uint32_t *bucket = bucket_of(words, text, length);
        // The rest is zeroed too: find compares up to TD_EXPR_WORD_MAX bytes.
        memset(word->text, 0, sizeof(word->text));
        memcpy(word->text, text, length);
        word->holders = 0;
        word->next = *bucket;
        *bucket = found;
    }
    words->words[found].holders++;
    *id = found;
    return TD_OK;
}

void td_expr_words_hold_again(struct td_expr_words *words, uint32_t id)
{
    assert(td_expr_words_holders(words, id) > 0);
    words->words[id].holders++;
}

void td_expr_words_drop(struct td_expr_words *words, uint32_t id)
{
    assert(td_expr_words_holders(words, id) > 0);
    struct td_expr_word *word = &words->words[id];

    if (--word->holders > 0)
        return;
    uint32_t *link = bucket_of(words, word->text, strlen(word->text));
    while (*link != id)
        link = &words->words[*link].next;
    *link = word->next;
    word->next = words->free_list;
    words->free_list = id;
}

const char *td_expr_words_text(const struct td_expr_words *words, uint32_t id)
{
    assert(td_expr_words_holders(words, id) > 0);
    return words->words[id].text;
}

uint32_t td_expr_words_used(const struct td_expr_words *words)
{
    return words->used;
}

uint32_t td_expr_words_holders(const struct td_expr_words *words, uint32_t id)
{
    return id < words->used ? words->words[id].holders : 0;
}
