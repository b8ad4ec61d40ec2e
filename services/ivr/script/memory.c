#include "ivr/script/memory.h"

#include <stdlib.h>

/* In front of each block: its size, padded so that the block keeps malloc's alignment. */
union header {
    size_t size;
    max_align_t alignment;
};

void *script_memory_alloc(void *memory, size_t size)
{
    return script_memory_realloc(memory, NULL, size);
}

void *script_memory_realloc(void *memory, void *block, size_t size)
{
    struct script_memory *account = memory;
    union header *old = block == NULL ? NULL : (union header *)block - 1;
    size_t old_size = old == NULL ? 0 : old->size;

    if (size == 0) {
        script_memory_free(memory, block);
        return NULL;
    }
    if (size > account->limit || account->used - old_size > account->limit - size)
        return NULL;
    union header *header = realloc(old, sizeof(*header) + size);
    if (header == NULL)
        return NULL;
    header->size = size;
    account->used = account->used - old_size + size;
    return header + 1;
}

void script_memory_free(void *memory, void *block)
{
    struct script_memory *account = memory;

    if (block == NULL)
        return;
    union header *header = (union header *)block - 1;
    account->used -= header->size;
    free(header);
}
