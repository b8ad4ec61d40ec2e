#include "base/arena.h"

#include <assert.h>
#include <string.h>

#define ALIGNMENT _Alignof(max_align_t)

void td_arena_init(struct td_arena *arena, void *block, size_t size)
{
    assert((uintptr_t)block % ALIGNMENT == 0);
    *arena = (struct td_arena){.base = block, .size = size};
}

void *td_arena_alloc(struct td_arena *arena, size_t size)
{
    size_t start = (arena->used + ALIGNMENT - 1) & ~(ALIGNMENT - 1);

    if (start > arena->size || size > arena->size - start)
        return NULL;
    arena->used = start + size;
    return arena->base + start;
}

void *td_arena_array(struct td_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;

    void *memory = td_arena_alloc(arena, count * size);
    if (memory != NULL)
        memset(memory, 0, count * size);
    return memory;
}

void td_arena_rewind(struct td_arena *arena, size_t used)
{
    assert(used <= arena->used);
    arena->used = used;
}
