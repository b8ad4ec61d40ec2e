/**
 * @file grammar.h  Which key presses a field or menu accepts, and what they mean.
 *
 * A grammar is a nondeterministic finite automaton over the sixteen DTMF keys, run by following all
 * paths at once (as in Thompson 1968, with the ordered paths of Pike so that the first alternative
 * wins). A path may pass meanings; the last one passed is the meaning of the input, and an input
 * without one means its own digits.
 *
 * Beside "is this accepted?" it answers what a collector must know: may more keys follow, which,
 * and how many are needed at least; so keys are asked for in as few steps as possible and never too
 * many.
 *
 * Pure. A match costs O(digits * states) and no memory beyond the stack.
 */
#ifndef IVR_CORE_GRAMMAR_H
#define IVR_CORE_GRAMMAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/** States of one grammar. */
#define IVR_GRAMMAR_STATES_MAX 1024U
/** Longest input. */
#define IVR_GRAMMAR_DIGITS_MAX 64U

/** Bit of a key in a mask of keys: "0123456789*#ABCD" from bit 0 on; 0 when it is no key. */
uint16_t ivr_key_bit(char key);
/** The keys 0 to 9. */
#define IVR_KEYS_DECIMAL UINT16_C(0x03ff)

enum ivr_meaning_kind {
    IVR_MEANING_DIGITS, /**< The digits themselves. */
    IVR_MEANING_TEXT,   /**< `text`. */
    IVR_MEANING_TRUE,
    IVR_MEANING_FALSE,
    IVR_MEANING_NODE /**< The choice of a menu at `node`. */
};

struct ivr_meaning {
    enum ivr_meaning_kind kind;
    const char *text; /**< Kept: lives in the document. */
    uint32_t node;
};

enum ivr_state_kind {
    IVR_STATE_KEYS,  /* any of `keys`, then `next` */
    IVR_STATE_SPLIT, /* `next` or `other`, the first preferred */
    IVR_STATE_MEAN,  /* pass meaning `other`, then `next` */
    IVR_STATE_ACCEPT
};

struct ivr_state {
    uint8_t kind;
    uint16_t keys;
    uint16_t next;
    uint16_t other;
};

/** Fields are private to grammar.c and its builder. */
struct ivr_grammar {
    struct ivr_state *states;
    struct ivr_meaning *meanings;
    uint16_t state_count, state_limit;
    uint16_t meaning_count, meaning_limit;
    uint16_t start;
    /** Event to throw instead of listening ("error.unsupported.builtin"), NULL if it can be used.
     */
    const char *unusable;
};

struct ivr_match {
    bool accepted;              /**< The digits are a complete input. */
    struct ivr_meaning meaning; /**< If accepted. */
    uint16_t next_keys;         /**< Keys that may follow; 0: none. */
    uint32_t digits_needed;     /**< Fewest further keys to the next acceptance; 0: none follow. */
};

/** Tries `digits`; other characters than keys are accepted by nobody. */
void ivr_grammar_match(const struct ivr_grammar *grammar, const char *digits,
                       struct ivr_match *match);

/*
 * Building, from the end to the start: each function puts states before `next` and returns where
 * they begin, or 0xffff when the grammar is full, which it then stays.
 */
#define IVR_STATE_NONE UINT16_C(0xffff)

/** @param states, meanings  Kept while building; `limit` of each. */
void ivr_grammar_init(struct ivr_grammar *grammar, struct ivr_state *states, uint16_t state_limit,
                      struct ivr_meaning *meanings, uint16_t meaning_limit);
uint16_t ivr_grammar_accept(struct ivr_grammar *grammar);
uint16_t ivr_grammar_keys(struct ivr_grammar *grammar, uint16_t keys, uint16_t next);
uint16_t ivr_grammar_split(struct ivr_grammar *grammar, uint16_t first, uint16_t second);
uint16_t ivr_grammar_mean(struct ivr_grammar *grammar, struct ivr_meaning meaning, uint16_t next);
/** A split whose preferred way is not known yet and leads to `next` as well until it is. */
uint16_t ivr_grammar_loop(struct ivr_grammar *grammar, uint16_t next);
/** Lets the loop lead back to `first`, made after it. */
void ivr_grammar_close_loop(struct ivr_grammar *grammar, uint16_t loop, uint16_t first);
/** Moves what was built into an arena. @return NULL when it does not fit. */
struct ivr_grammar *ivr_grammar_copy(const struct ivr_grammar *grammar, struct td_arena *arena);

#endif
