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
