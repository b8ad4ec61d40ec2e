#include "base/text.h"

#include <assert.h>
#include <string.h>

void td_text_init(struct td_text *text, char *to, size_t size)
{
    assert(size > 0);
    *text = (struct td_text){.to = to, .size = size};
    to[0] = '\0';
}

void td_text_add_span(struct td_text *text, const char *piece, size_t length)
{
    if (text->cut || length >= text->size - text->length) {
        text->cut = true;
        return;
    }
    memcpy(text->to + text->length, piece, length);
    text->length += length;
    text->to[text->length] = '\0';
}

void td_text_add(struct td_text *text, const char *piece)
{
    td_text_add_span(text, piece, strlen(piece));
}

void td_text_add_u64(struct td_text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    td_text_add_span(text, digits + at, sizeof(digits) - at);
}
