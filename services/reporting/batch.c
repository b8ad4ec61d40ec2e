#include "reporting/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX ((size_t)2 * BATCH_ENTRY_MAX)

enum td_err batch_init(struct batch *batch, uint32_t capacity)
{
    batch->capacity = capacity;
    batch->entries = calloc(capacity, sizeof(*batch->entries));
    batch->bytes = malloc(BYTES_MAX);
    return batch->entries != NULL && batch->bytes != NULL ? TD_OK : TD_ERR_NO_MEMORY;
}

void batch_fini(struct batch *batch)
{
    free(batch->entries);
    free(batch->bytes);
}

bool batch_is_full(const struct batch *batch)
{
    return batch->count == batch->capacity || batch->used > BYTES_MAX - BATCH_ENTRY_MAX;
}

void batch_add(struct batch *batch, uint32_t stream, struct td_live_stream_id id,
               struct td_bytes value)
{
    uint8_t *copy = batch->bytes + batch->used;

    assert(!batch_is_full(batch));
    assert(value.size <= BATCH_ENTRY_MAX);
    if (value.size > 0)
        memcpy(copy, value.data, value.size);
    batch->used += value.size;
    if (batch->count == 0)
        batch->first_unix_ms = id.unix_ms;
    batch->entries[batch->count++] = (struct rows_entry){.value = td_bytes(copy, value.size)};
    batch->positions[stream] = id;
}

void batch_clear(struct batch *batch)
{
    batch->count = 0;
    batch->used = 0;
    memset(batch->positions, 0, sizeof(batch->positions));
}
