#include "io/frame.h"

#include <assert.h>
#include <string.h>

void td_frame_reader_init(struct td_frame_reader *reader, void *buf, size_t size)
{
    assert(size > TD_FRAME_HEADER_SIZE);
    *reader = (struct td_frame_reader){.buf = buf, .size = size};
}

void td_frame_reader_space(struct td_frame_reader *reader, uint8_t **space, size_t *size)
{
    // Whole frames have been taken, so what is left is the beginning of one: it always fits.
    if (reader->start > 0) {
        memmove(reader->buf, reader->buf + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    assert(reader->end < reader->size);
    *space = reader->buf + reader->end;
    *size = reader->size - reader->end;
}

void td_frame_reader_filled(struct td_frame_reader *reader, size_t size)
{
    assert(size <= reader->size - reader->end);
    reader->end += size;
}

enum td_err td_frame_take(struct td_frame_reader *reader, struct td_bytes *frame)
{
    const uint8_t *head = reader->buf + reader->start;
    size_t held = reader->end - reader->start;

    if (held < TD_FRAME_HEADER_SIZE)
        return TD_ERR_NOT_FOUND;
    size_t size =
        (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | (size_t)head[3];
    if (size > reader->size - TD_FRAME_HEADER_SIZE)
        return TD_ERR_LIMIT;
    if (size > held - TD_FRAME_HEADER_SIZE)
        return TD_ERR_NOT_FOUND;
    *frame = td_bytes(head + TD_FRAME_HEADER_SIZE, size);
    reader->start += TD_FRAME_HEADER_SIZE + size;
    return TD_OK;
}

void td_frame_header(uint8_t header[TD_FRAME_HEADER_SIZE], uint32_t size)
{
    header[0] = (uint8_t)(size >> 24);
    header[1] = (uint8_t)(size >> 16);
    header[2] = (uint8_t)(size >> 8);
    header[3] = (uint8_t)size;
}
