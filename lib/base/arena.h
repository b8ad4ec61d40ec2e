/**
 * @file arena.h  Bounded scratch memory: many small pieces, given back all at once.
 *
 * The caller provides the block, so a message from outside can never take more than was set aside
 * for it. Allocation is O(1); pieces are aligned for any type and not zeroed. No threads of its
 * own.
 */
#ifndef TD_BASE_ARENA_H
#define TD_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct td_arena {
    uint8_t *base;
    size_t size;
    size_t used;
};

/** @param block  Kept; aligned for max_align_t (as malloc's results are). */
void td_arena_init(struct td_arena *arena, void *block, size_t size);

/** Returns NULL when the rest is too small. Valid until the arena is rewound below it. */
void *td_arena_alloc(struct td_arena *arena, size_t size);

/** `count` pieces of `size` bytes, zeroed; NULL when the product overflows or does not fit. */
void *td_arena_array(struct td_arena *arena, size_t count, size_t size);

/** Gives back everything allocated since `used` had this value; 0 for all. */
void td_arena_rewind(struct td_arena *arena, size_t used);

/** An arena `name` of `size_` bytes on the stack, gone with the enclosing block. */
#define TD_ARENA_ON_STACK(name, size_)                                                             \
    max_align_t name##_block[((size_) + sizeof(max_align_t) - 1) / sizeof(max_align_t)];           \
    struct td_arena name;                                                                          \
    td_arena_init(&name, name##_block, sizeof(name##_block))

#endif
