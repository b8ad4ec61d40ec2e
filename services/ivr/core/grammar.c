#include "ivr/core/grammar.h"

#include <assert.h>
#include <string.h>

/* One path through the automaton: where it is, and the meaning it passed last (index + 1; 0 none).
 */
struct path {
    uint16_t state;
    uint16_t meaning;
};

struct paths {
    uint16_t count;
    struct path at[IVR_GRAMMAR_STATES_MAX];
    uint8_t seen[IVR_GRAMMAR_STATES_MAX];
};

uint16_t ivr_key_bit(char key)
{
    static const char keys[] = "0123456789*#ABCD";
    const char *found = key == '\0' ? NULL : strchr(keys, key);

    if (found == NULL)
        return 0;
    return (uint16_t)(1U << (found - keys));
}

static void clear_paths(struct paths *paths, const struct ivr_grammar *grammar)
{
    paths->count = 0;
    memset(paths->seen, 0, grammar->state_count);
}

/*
 * Adds a state and what it reaches without a key, in order of preference. Each state enters the
 * stack at most twice (a split pushes two), so twice the states bound it.
 */
static void add_path(const struct ivr_grammar *grammar, struct paths *paths, uint16_t state,
                     uint16_t meaning)
{
    struct path stack[2 * IVR_GRAMMAR_STATES_MAX];
    size_t depth = 0;

    stack[depth++] = (struct path){state, meaning};
    while (depth > 0) {
        struct path path = stack[--depth];
        const struct ivr_state *at = &grammar->states[path.state];

        if (paths->seen[path.state] != 0)
            continue;
        paths->seen[path.state] = 1;
        switch (at->kind) {
        case IVR_STATE_SPLIT:
            stack[depth++] = (struct path){at->other, path.meaning};
            stack[depth++] = (struct path){at->next, path.meaning};
            break;
        case IVR_STATE_MEAN:
            stack[depth++] = (struct path){at->next, (uint16_t)(at->other + 1)};
            break;
        default:
            paths->at[paths->count++] = path;
            break;
        }
    }
}

static void advance(const struct ivr_grammar *grammar, const struct paths *from, uint16_t keys,
                    struct paths *to)
{
    clear_paths(to, grammar);
    for (uint16_t i = 0; i < from->count; i++) {
        const struct ivr_state *at = &grammar->states[from->at[i].state];

        if (at->kind == IVR_STATE_KEYS && (at->keys & keys) != 0)
            add_path(grammar, to, at->next, from->at[i].meaning);
    }
}

static const struct path *accepting(const struct ivr_grammar *grammar, const struct paths *paths)
{
    for (uint16_t i = 0; i < paths->count; i++) {
        if (grammar->states[paths->at[i].state].kind == IVR_STATE_ACCEPT)
            return &paths->at[i];
    }
    return NULL;
}

static uint16_t possible_keys(const struct ivr_grammar *grammar, const struct paths *paths)
{
    uint16_t keys = 0;

    for (uint16_t i = 0; i < paths->count; i++) {
        const struct ivr_state *at = &grammar->states[paths->at[i].state];

        if (at->kind == IVR_STATE_KEYS)
            keys |= at->keys;
    }
    return keys;
}

/* Follows all keys at once: the number of steps to acceptance is that of the shortest input. */
static uint32_t count_needed(const struct ivr_grammar *grammar, struct paths *now,
                             struct paths *then, uint32_t limit)
{
    for (uint32_t needed = 1; needed <= limit; needed++) {
        advance(grammar, now, UINT16_MAX, then);
        if (accepting(grammar, then) != NULL)
            return needed;
        struct paths *swap = now;
        now = then;
        then = swap;
    }
    return 0;
}

void ivr_grammar_match(const struct ivr_grammar *grammar, const char *digits,
                       struct ivr_match *match)
{
    struct paths one;
    struct paths two;
    struct paths *now = &one;
    struct paths *then = &two;
    uint32_t count = 0;

    assert(grammar->state_count <= IVR_GRAMMAR_STATES_MAX);
    *match = (struct ivr_match){.accepted = false};
    clear_paths(now, grammar);
    add_path(grammar, now, grammar->start, 0);
    for (; digits[count] != '\0'; count++) {
        if (count == IVR_GRAMMAR_DIGITS_MAX)
            return;
        advance(grammar, now, ivr_key_bit(digits[count]), then);
        struct paths *swap = now;
        now = then;
        then = swap;
    }

    const struct path *best = accepting(grammar, now);
    match->accepted = best != NULL && count > 0; // Silence is no input.
    if (match->accepted && best->meaning > 0)
        match->meaning = grammar->meanings[best->meaning - 1];
    match->next_keys = possible_keys(grammar, now);
    match->digits_needed = count_needed(grammar, now, then, IVR_GRAMMAR_DIGITS_MAX - count);
    if (match->digits_needed == 0)
        match->next_keys = 0; // More keys could be pressed, but to no end.
}

void ivr_grammar_init(struct ivr_grammar *grammar, struct ivr_state *states, uint16_t state_limit,
                      struct ivr_meaning *meanings, uint16_t meaning_limit)
{
    assert(state_limit <= IVR_GRAMMAR_STATES_MAX);
    *grammar = (struct ivr_grammar){
        .states = states,
        .meanings = meanings,
        .state_limit = state_limit,
        .meaning_limit = meaning_limit,
        .start = IVR_STATE_NONE,
    };
}

struct ivr_grammar *ivr_grammar_copy(const struct ivr_grammar *grammar, struct td_arena *arena)
{
    struct ivr_grammar *copy = td_arena_alloc(arena, sizeof(*copy));
    struct ivr_state *states = td_arena_array(arena, grammar->state_count, sizeof(*states));
    struct ivr_meaning *meanings = td_arena_array(arena, grammar->meaning_count, sizeof(*meanings));

    if (copy == NULL || states == NULL || meanings == NULL)
        return NULL;
    memcpy(states, grammar->states, grammar->state_count * sizeof(*states));
    memcpy(meanings, grammar->meanings, grammar->meaning_count * sizeof(*meanings));
    *copy = *grammar;
    copy->states = states;
    copy->meanings = meanings;
    copy->state_limit = grammar->state_count;
    copy->meaning_limit = grammar->meaning_count;
    return copy;
}

static uint16_t add_state(struct ivr_grammar *grammar, struct ivr_state state)
{
    if (grammar->state_count == grammar->state_limit)
        return IVR_STATE_NONE;
    grammar->states[grammar->state_count] = state;
    return grammar->state_count++;
}

uint16_t ivr_grammar_accept(struct ivr_grammar *grammar)
{
    return add_state(grammar, (struct ivr_state){.kind = IVR_STATE_ACCEPT});
}

uint16_t ivr_grammar_keys(struct ivr_grammar *grammar, uint16_t keys, uint16_t next)
{
    if (next == IVR_STATE_NONE)
        return IVR_STATE_NONE;
    return add_state(grammar,
                     (struct ivr_state){.kind = IVR_STATE_KEYS, .keys = keys, .next = next});
}

uint16_t ivr_grammar_split(struct ivr_grammar *grammar, uint16_t first, uint16_t second)
{
    if (first == IVR_STATE_NONE || second == IVR_STATE_NONE)
        return IVR_STATE_NONE;
    return add_state(grammar,
                     (struct ivr_state){.kind = IVR_STATE_SPLIT, .next = first, .other = second});
}

uint16_t ivr_grammar_mean(struct ivr_grammar *grammar, struct ivr_meaning meaning, uint16_t next)
{
    if (next == IVR_STATE_NONE || grammar->meaning_count == grammar->meaning_limit)
        return IVR_STATE_NONE;
    uint16_t index = grammar->meaning_count++;

    grammar->meanings[index] = meaning;
    return add_state(grammar,
                     (struct ivr_state){.kind = IVR_STATE_MEAN, .next = next, .other = index});
}

uint16_t ivr_grammar_loop(struct ivr_grammar *grammar, uint16_t next)
{
    return ivr_grammar_split(grammar, next, next);
}

void ivr_grammar_close_loop(struct ivr_grammar *grammar, uint16_t loop, uint16_t first)
{
    if (loop == IVR_STATE_NONE || first == IVR_STATE_NONE)
        return;
    assert(loop < grammar->state_count && grammar->states[loop].kind == IVR_STATE_SPLIT);
    grammar->states[loop].next = first;
}
