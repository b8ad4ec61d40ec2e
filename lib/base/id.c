#include "base/id.h"

#include <string.h>

static const char hex[] = "0123456789abcdef";

struct td_id td_id_make(uint64_t unix_ms, const uint8_t random[10])
{
    struct td_id id;

    for (size_t i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(unix_ms >> (8 * (5 - i)));
    memcpy(id.bytes + 6, random, 10);
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0fU) | 0x70U); // version 7
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3fU) | 0x80U); // variant 10
    return id;
}

uint64_t td_id_unix_ms(struct td_id id)
{
    uint64_t unix_ms = 0;

    for (size_t i = 0; i < 6; i++)
        unix_ms = unix_ms << 8 | id.bytes[i];
    return unix_ms;
}

bool td_id_equal(struct td_id a, struct td_id b)
{
    return memcmp(a.bytes, b.bytes, TD_ID_SIZE) == 0;
}

bool td_id_is_nil(struct td_id id)
{
    return td_id_equal(id, (struct td_id){{0}});
}

int td_id_compare(struct td_id a, struct td_id b)
{
    return memcmp(a.bytes, b.bytes, TD_ID_SIZE);
}

uint64_t td_id_hash(struct td_id id)
{
    uint64_t high;
    uint64_t low;

    memcpy(&high, id.bytes, sizeof(high));
    memcpy(&low, id.bytes + 8, sizeof(low));
    // The finaliser of splitmix64 over both halves.
    uint64_t z = high ^ (low * UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static bool is_dash(size_t position)
{
    return position == 8 || position == 13 || position == 18 || position == 23;
}

const char *td_id_format(struct td_id id, char text[TD_ID_TEXT_SIZE])
{
    char *out = text;

    for (size_t i = 0; i < TD_ID_SIZE; i++) {
        if (is_dash((size_t)(out - text)))
            *out++ = '-';
        *out++ = hex[id.bytes[i] >> 4];
        *out++ = hex[id.bytes[i] & 15];
    }
    *out = '\0';
    return text;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum td_err td_id_parse(const char *text, struct td_id *id)
{
    struct td_id parsed = {{0}};
    size_t nibble = 0;

    for (size_t i = 0; i < TD_ID_TEXT_SIZE - 1; i++) {
        if (is_dash(i)) {
            if (text[i] != '-')
                return TD_ERR_SYNTAX;
            continue;
        }
        int value = hex_value(text[i]); // Also stops at an early terminator.
        if (value < 0)
            return TD_ERR_SYNTAX;
        parsed.bytes[nibble / 2] = (uint8_t)(parsed.bytes[nibble / 2] << 4 | value);
        nibble++;
    }
    if (text[TD_ID_TEXT_SIZE - 1] != '\0')
        return TD_ERR_SYNTAX;
    *id = parsed;
    return TD_OK;
}
