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

/* How one character stands in a JSON string. @return Its length. */
static size_t json_character(unsigned char c, char to[6])
{
    static const char digits[] = "0123456789abcdef";

    if (c == '"' || c == '\\') {
        to[0] = '\\';
        to[1] = (char)c;
        return 2;
    }
    if (c >= 0x20 && c != 0x7f) {
        to[0] = (char)c;
        return 1;
    }
    memcpy(to, "\\u00", 4); // NOLINT(bugprone-not-null-terminated-result): the length is returned
    to[4] = digits[c >> 4];
    to[5] = digits[c & 15];
    return 6;
}

void td_text_add_json(struct td_text *text, const char *piece)
{
    size_t length = text->length;
    char character[6];

    td_text_add(text, "\"");
    for (; *piece != '\0'; piece++)
        td_text_add_span(text, character, json_character((unsigned char)*piece, character));
    td_text_add(text, "\"");
    if (text->cut) { // Half a string would be worse than none.
        text->length = length;
        text->to[length] = '\0';
    }
}
