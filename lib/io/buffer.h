/**
 * @file buffer.h  Bytes that grow.
 *
 * Out of memory is remembered: later pieces do nothing, and `failed` is asked once at the end.
 */
#ifndef TD_IO_BUFFER_H
#define TD_IO_BUFFER_H

#include <stdbool.h>

#include "base/bytes.h"

/** Zeroed: empty. `data` moves when it grows. */
struct td_buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool failed;
};

/** Frees the memory; the buffer is empty and usable again. */
void td_buffer_clear(struct td_buffer *buffer);

void td_buffer_add(struct td_buffer *buffer, struct td_bytes bytes);

#endif
