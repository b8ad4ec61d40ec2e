/**
 * @file memory.h  Memory for one script: so much and no more.
 *
 * Beyond the limit an allocation fails, which the engine turns into an error of the script after
 * collecting garbage. The rest of the process never feels it.
 */
#ifndef IVR_SCRIPT_MEMORY_H
#define IVR_SCRIPT_MEMORY_H

#include <stddef.h>

struct script_memory {
    size_t used;
    size_t limit;
};

/* As malloc, realloc and free, with a struct script_memory in front. */
void *script_memory_alloc(void *memory, size_t size);
void *script_memory_realloc(void *memory, void *block, size_t size);
void script_memory_free(void *memory, void *block);

#endif
