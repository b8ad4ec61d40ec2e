/**
 * @file symbols.h  The words of one tenant: attribute names and text values as small numbers.
 *
 * Comparing `site = "Beijing"` for every agent must not compare strings, so each name and each text
 * is stored once and stands for its id afterwards. Entries are counted: who puts a word in (an
 * expression, an agent's attribute) gives it back, and the last one frees its id; values that come
 * with customers can therefore never fill the table for good.
 *
 * Pure: one block of the caller's, no heap, no I/O. Threads: one object belongs to one event loop.
 * All functions O(1) on average.
 */
#ifndef TD_CORE_EXPR_SYMBOLS_H
#define TD_CORE_EXPR_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** Longest name or text in bytes, terminator excluded. */
#define TD_EXPR_WORD_MAX 63
/** Highest capacity of either table. */
#define TD_EXPR_NAMES_MAX UINT32_C(4096)
#define TD_EXPR_TEXTS_MAX UINT32_C(1000000)
/** The id of no word. */
#define TD_EXPR_NO_WORD UINT32_MAX

/** One counted table of words. Ids are below its capacity. Its fields are private. */
struct td_expr_words {
    struct td_expr_word *words;
    uint32_t *buckets;
    uint32_t bucket_mask;
    uint32_t capacity;
    uint32_t used;      /* slots ever used: those behind it were never written */
    uint32_t free_list; /* given back, linked through the words */
};

/** Attribute names and text values. */
struct td_expr_symbols {
    struct td_expr_words names;
    struct td_expr_words texts;
};

/** Bytes of the block that so many names and texts take; 0 when a capacity is 0 or above its MAX.
 */
size_t td_expr_symbols_size(uint32_t names, uint32_t texts);

/**
 * Starts empty.
 *
 * @param block  Kept; td_expr_symbols_size(names, texts) bytes, aligned for max_align_t; need not
 * be zeroed, and pages that are never used are never touched.
 */
void td_expr_symbols_init(struct td_expr_symbols *symbols, void *block, uint32_t names,
                          uint32_t texts);

/**
 * Finds or adds a word and counts one more holder.
 *
 * @return TD_OK, TD_ERR_RANGE when longer than TD_EXPR_WORD_MAX, TD_ERR_LIMIT when the table is
 * full.
 */
enum td_err TD_MUST_CHECK td_expr_words_hold(struct td_expr_words *words, const char *text,
                                             size_t length, uint32_t *id);

/** One holder more of a word that is held already. */
void td_expr_words_hold_again(struct td_expr_words *words, uint32_t id);

/** One holder fewer; the last one frees the id. */
void td_expr_words_drop(struct td_expr_words *words, uint32_t id);

/** The id of a word, or TD_EXPR_NO_WORD. */
uint32_t td_expr_words_find(const struct td_expr_words *words, const char *text, size_t length);

/** The text of a held word, terminated. Valid until its last holder drops it. */
const char *td_expr_words_text(const struct td_expr_words *words, uint32_t id);

/** Every id ever given out is below this. */
uint32_t td_expr_words_used(const struct td_expr_words *words);

/** How many hold the word now. 0: the id is free. */
uint32_t td_expr_words_holders(const struct td_expr_words *words, uint32_t id);

#endif
