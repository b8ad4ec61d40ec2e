#include "io/live_buffer.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 256
#define DIGITS_MAX 20

void td_live_buffer_clear(struct td_live_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct td_live_buffer){0};
}

static bool reserve(struct td_live_buffer *buffer, size_t more)
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

void td_live_buffer_raw(struct td_live_buffer *buffer, struct td_bytes bytes)
{
    if (bytes.size == 0 || !reserve(buffer, bytes.size))
        return;
    memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
    buffer->size += bytes.size;
}

/* Decimal digits, written from the end of `room`. snprintf would take most of a commit's time. */
static struct td_bytes digits(uint64_t value, uint8_t room[DIGITS_MAX])
{
    uint8_t *at = room + DIGITS_MAX;

    do {
        *--at = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return td_bytes(at, (size_t)(room + DIGITS_MAX - at));
}

static void put_header(struct td_live_buffer *buffer, const char *mark, uint64_t value)
{
    uint8_t room[DIGITS_MAX];

    td_live_buffer_raw(buffer, td_bytes(mark, 1));
    td_live_buffer_raw(buffer, digits(value, room));
    td_live_buffer_raw(buffer, td_bytes("\r\n", 2));
}

void td_live_buffer_array(struct td_live_buffer *buffer, uint64_t count)
{
    put_header(buffer, "*", count);
}

void td_live_buffer_bulk(struct td_live_buffer *buffer, struct td_bytes bytes)
{
    put_header(buffer, "$", bytes.size);
    td_live_buffer_raw(buffer, bytes);
    td_live_buffer_raw(buffer, td_bytes("\r\n", 2));
}

void td_live_buffer_bulk_text(struct td_live_buffer *buffer, const char *text)
{
    td_live_buffer_bulk(buffer, td_bytes(text, strlen(text)));
}

void td_live_buffer_bulk_u64(struct td_live_buffer *buffer, uint64_t value)
{
    uint8_t room[DIGITS_MAX];

    td_live_buffer_bulk(buffer, digits(value, room));
}
