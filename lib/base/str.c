#include "base/str.h"

#include <assert.h>
#include <string.h>

enum td_err td_str_copy(char *to, size_t size, const char *from)
{
    return td_str_copy_span(to, size, from, strlen(from));
}

enum td_err td_str_copy_span(char *to, size_t size, const char *from, size_t length)
{
    assert(size > 0);
    if (length >= size) {
        to[0] = '\0';
        return TD_ERR_LIMIT;
    }
    memcpy(to, from, length);
    to[length] = '\0';
    return TD_OK;
}

void td_str_clip(char *to, size_t size, const char *from)
{
    assert(size > 0);
    size_t length = strlen(from);

    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)from[length] & 0xc0U) == 0x80U)
            length--; // A continuation byte would follow the cut: cut before its first byte.
    }
    memcpy(to, from, length);
    to[length] = '\0';
}

bool td_str_equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool td_str_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Length of the valid sequence at `text`, 0 if there is none. RFC 3629 section 4. */
static size_t utf8_sequence(const unsigned char *text, size_t length)
{
    static const struct {
        unsigned char first_min, first_max, second_min, second_max;
        size_t size;
    } forms[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
        if (text[0] < forms[f].first_min || text[0] > forms[f].first_max)
            continue;
        if (forms[f].size > length)
            return 0;
        if (forms[f].size > 1 && (text[1] < forms[f].second_min || text[1] > forms[f].second_max))
            return 0;
        for (size_t i = 2; i < forms[f].size; i++) {
            if ((text[i] & 0xc0U) != 0x80U)
                return 0;
        }
        return forms[f].size;
    }
    return 0;
}

bool td_str_is_utf8(const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t size = utf8_sequence((const unsigned char *)text + at, length - at);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

void td_str_repair_utf8(char *text)
{
    size_t length = strlen(text);

    for (size_t at = 0; at < length;) {
        size_t size = utf8_sequence((const unsigned char *)text + at, length - at);
        if (size == 0)
            text[at] = '?';
        at += size == 0 ? 1 : size;
    }
}

enum td_err td_str_to_u64(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t result = 0;

    if (*text == '\0')
        return TD_ERR_SYNTAX;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return TD_ERR_SYNTAX;
        uint64_t digit = (uint64_t)(*text - '0');
        if (result > (UINT64_MAX - digit) / 10)
            return TD_ERR_RANGE;
        result = result * 10 + digit;
    }
    if (result > max)
        return TD_ERR_RANGE;
    *value = result;
    return TD_OK;
}

uint64_t td_str_hash(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}
