#include "io/live_resp.h"

#include <string.h>

#define DIGITS_MAX 20

/* Decimal digits, written from the end of `room`. snprintf would take most of a commit's time. */
static struct td_bytes digits(uint64_t value, uint8_t room[DIGITS_MAX])
{
    size_t at = DIGITS_MAX;

    do {
        room[--at] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return td_bytes(room + at, DIGITS_MAX - at);
}

static void put_header(struct td_buffer *buffer, const char *mark, uint64_t value)
{
    uint8_t room[DIGITS_MAX];

    td_buffer_add(buffer, td_bytes(mark, 1));
    td_buffer_add(buffer, digits(value, room));
    td_buffer_add(buffer, td_bytes("\r\n", 2));
}

void td_live_resp_array(struct td_buffer *buffer, uint64_t count)
{
    put_header(buffer, "*", count);
}

void td_live_resp_bulk(struct td_buffer *buffer, struct td_bytes bytes)
{
    put_header(buffer, "$", bytes.size);
    td_buffer_add(buffer, bytes);
    td_buffer_add(buffer, td_bytes("\r\n", 2));
}

void td_live_resp_bulk_text(struct td_buffer *buffer, const char *text)
{
    td_live_resp_bulk(buffer, td_bytes(text, strlen(text)));
}

void td_live_resp_bulk_u64(struct td_buffer *buffer, uint64_t value)
{
    uint8_t room[DIGITS_MAX];

    td_live_resp_bulk(buffer, digits(value, room));
}
