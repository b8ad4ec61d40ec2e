/**
 * @file live_buffer.h  Commands in Redis's protocol (RESP), built piece by piece. Private.
 *
 * Out of memory is remembered: later pieces do nothing, and `failed` is asked once at the end.
 */
#ifndef TD_IO_LIVE_BUFFER_H
#define TD_IO_LIVE_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct td_live_buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool failed;
};

/** Frees the memory; the buffer is empty and usable again. */
void td_live_buffer_clear(struct td_live_buffer *buffer);

/** Bytes as they are. */
void td_live_buffer_raw(struct td_live_buffer *buffer, struct td_bytes bytes);

/** "*COUNT": an array of bulk strings follows. */
void td_live_buffer_array(struct td_live_buffer *buffer, uint64_t count);

/** One bulk string. */
void td_live_buffer_bulk(struct td_live_buffer *buffer, struct td_bytes bytes);
void td_live_buffer_bulk_text(struct td_live_buffer *buffer, const char *text);
void td_live_buffer_bulk_u64(struct td_live_buffer *buffer, uint64_t value);

#endif
