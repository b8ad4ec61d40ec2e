#include "ivr/core/value.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

enum ivr_value_kind ivr_value_kind(const char *value)
{
    switch (value[0]) {
    case 'u':
        return IVR_VALUE_UNDEFINED;
    case 'n':
        return IVR_VALUE_NULL;
    case 't':
    case 'f':
        return IVR_VALUE_BOOLEAN;
    case '"':
        return IVR_VALUE_STRING;
    case '{':
    case '[':
        return IVR_VALUE_OBJECT;
    default:
        return IVR_VALUE_NUMBER;
    }
}

bool ivr_value_is_true(const char *value)
{
    switch (ivr_value_kind(value)) {
    case IVR_VALUE_UNDEFINED:
    case IVR_VALUE_NULL:
        return false;
    case IVR_VALUE_BOOLEAN:
        return value[0] == 't';
    case IVR_VALUE_NUMBER:
        return !td_str_equal(value, "0") && !td_str_equal(value, "-0") &&
               !td_str_equal(value, "NaN");
    case IVR_VALUE_STRING:
        return !td_str_equal(value, "\"\"");
    case IVR_VALUE_OBJECT:
        return true;
    }
    return false;
}

/* --- strings --- */

struct writer {
    char *text;
    size_t size;
    size_t used;
    bool full;
};

static void put(struct writer *out, char c)
{
    if (out->used + 1 >= out->size)
        out->full = true;
    else
        out->text[out->used++] = c;
}

static void put_utf8(struct writer *out, uint32_t code)
{
    if (code < 0x80) {
        put(out, (char)code);
    } else if (code < 0x800) {
        put(out, (char)(0xc0 | code >> 6));
        put(out, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        put(out, (char)(0xe0 | code >> 12));
        put(out, (char)(0x80 | (code >> 6 & 0x3f)));
        put(out, (char)(0x80 | (code & 0x3f)));
    } else {
        put(out, (char)(0xf0 | code >> 18));
        put(out, (char)(0x80 | (code >> 12 & 0x3f)));
        put(out, (char)(0x80 | (code >> 6 & 0x3f)));
        put(out, (char)(0x80 | (code & 0x3f)));
    }
}

static enum td_err finish(struct writer *out)
{
    out->text[out->full ? 0 : out->used] = '\0';
    return out->full ? TD_ERR_LIMIT : TD_OK;
}

/* Four hexadecimal digits; UINT32_MAX when they are not there. */
static uint32_t take_hex(const char **text)
{
    uint32_t code = 0;

    for (int i = 0; i < 4; i++) {
        char c = **text;
        uint32_t digit;

        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A') + 10;
        else
            return UINT32_MAX;
        code = code << 4 | digit;
        (*text)++;
    }
    return code;
}

/* `text` stands behind "\u". A pair of surrogates is one character; a lone one is none, and neither
   is the one that would end a C string. */
static uint32_t take_unicode(const char **text)
{
    uint32_t high = take_hex(text);

    if (high < 0xd800 || high > 0xdfff)
        return high == UINT32_MAX || high == 0 ? '?' : high;
    if (high > 0xdbff || (*text)[0] != '\\' || (*text)[1] != 'u')
        return '?';
    *text += 2;
    uint32_t low = take_hex(text);
    if (low < 0xdc00 || low > 0xdfff)
        return '?';
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static void put_escape(struct writer *out, const char **text)
{
    static const char letters[] = "bfnrt";
    static const char meanings[] = "\b\f\n\r\t";
    char c = *(*text)++;
    const char *found = c == '\0' ? NULL : strchr(letters, c);

    if (c == '\0')
        (*text)--; // A backslash at the end escapes nothing.
    else if (c == 'u')
        put_utf8(out, take_unicode(text));
    else
        put(out, (char)(found != NULL ? meanings[found - letters] : c));
}

static enum td_err unquote(const char *value, char *text, size_t size)
{
    struct writer out = {.text = text, .size = size};

    value++;
    while (*value != '\0' && *value != '"') {
        if (*value == '\\') {
            value++;
            put_escape(&out, &value);
        } else {
            put(&out, *value++);
        }
    }
    return finish(&out);
}

enum td_err ivr_value_to_string(const char *value, char *text, size_t size)
{
    switch (ivr_value_kind(value)) {
    case IVR_VALUE_STRING:
        return unquote(value, text, size);
    case IVR_VALUE_OBJECT:
        return TD_ERR_INVALID;
    default:
        // JSON writes numbers as ToString does.
        return td_str_copy(text, size, td_str_equal(value, "-0") ? "0" : value);
    }
}

/* Length of the UTF-8 sequence at `text` if it is a good one, else 0. */
static size_t utf8_length(const unsigned char *text)
{
    size_t length = 0;

    if (text[0] < 0x80)
        length = 1;
    else if (text[0] >= 0xc2 && text[0] < 0xe0)
        length = 2;
    else if (text[0] >= 0xe0 && text[0] < 0xf0)
        length = 3;
    else if (text[0] >= 0xf0 && text[0] < 0xf5)
        length = 4;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0U) != 0x80U)
            return 0;
    }
    return length;
}

enum td_err ivr_value_from_string(const char *text, char *value, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    struct writer out = {.text = value, .size = size};

    put(&out, '"');
    while (*text != '\0') {
        unsigned char c = (unsigned char)*text;
        size_t length = utf8_length((const unsigned char *)text);

        if (c == '"' || c == '\\') {
            put(&out, '\\');
            put(&out, (char)c);
        } else if (c < 0x20) {
            for (const char *at = "\\u00"; *at != '\0'; at++)
                put(&out, *at);
            put(&out, hex[c >> 4]);
            put(&out, hex[c & 15]);
        } else if (length == 0) {
            put(&out, '?');
        } else {
            for (size_t i = 0; i < length; i++)
                put(&out, text[i]);
        }
        text += length == 0 ? 1 : length;
    }
    put(&out, '"');
    return finish(&out);
}

/* Would ECMAScript write the number like this? Then nothing is lost when it becomes one. */
static bool is_plain_number(const char *text)
{
    size_t whole = strspn(text, "0123456789");
    size_t fraction = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    size_t length = whole + (fraction > 0 ? fraction + 1 : 0);

    return whole > 0 && whole + fraction <= 9 && text[length] == '\0' &&
           (whole == 1 || text[0] != '0') && (fraction == 0 || text[length - 1] != '0');
}

enum td_err ivr_value_guess(const char *text, char *value, size_t size)
{
    if (td_str_equal(text, "true") || td_str_equal(text, "false") || is_plain_number(text))
        return td_str_copy(value, size, text);
    return ivr_value_from_string(text, value, size);
}
