#include "io/buffer.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 256

void td_buffer_clear(struct td_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct td_buffer){0};
}

static bool reserve(struct td_buffer *buffer, size_t more)
{
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : CAPACITY_MIN;

    if (buffer->failed || more <= buffer->capacity - buffer->size)
        return !buffer->failed;
    while (capacity - buffer->size < more)
        capacity *= 2;
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void td_buffer_add(struct td_buffer *buffer, struct td_bytes bytes)
{
    if (bytes.size == 0 || !reserve(buffer, bytes.size))
        return;
    memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
    buffer->size += bytes.size;
}
