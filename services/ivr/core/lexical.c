#include "ivr/core/lexical.h"

#include <string.h>

#include "base/str.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ivr_is_blank(const char *text)
{
    while (is_space(*text))
        text++;
    return *text == '\0';
}

static bool is_reserved(const char *text)
{
    // ECMA-262 edition 5, section 7.6.1, and the literals.
    static const char *const words[] = {
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "function",
        "if",
        "import",
        "in",
        "instanceof",
        "new",
        "null",
        "return",
        "super",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "var",
        "void",
        "while",
        "with",
        "let",
        "static",
        "yield",
        "implements",
        "interface",
        "package",
        "private",
        "protected",
        "public",
        // Values and scopes that expressions must be able to rely on.
        "undefined",
        "NaN",
        "Infinity",
        "eval",
        "arguments",
        "session",
        "application",
        "document",
        "dialog",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (td_str_equal(words[i], text))
            return true;
    }
    return false;
}

bool ivr_is_name(const char *text)
{
    size_t length = 0;

    for (; text[length] != '\0'; length++) {
        char c = text[length];
        bool begins = is_letter(c) || c == '_' || c == '$' || ((unsigned char)c & 0x80U) != 0;

        if (!begins && !(length > 0 && is_digit(c)))
            return false;
    }
    return length > 0 && length < IVR_NAME_SIZE && !is_reserved(text);
}

/* Milliseconds of "digits[.digits]", scaled by `unit_ms`. */
static enum td_err parse_decimal(const char **text, uint32_t unit_ms, uint64_t *ms)
{
    const char *at = *text;
    uint64_t scale = unit_ms;

    *ms = 0;
    if (!is_digit(*at) && *at != '.')
        return TD_ERR_SYNTAX;
    for (; is_digit(*at); at++) {
        *ms = *ms * 10 + (uint64_t)(*at - '0') * unit_ms;
        if (*ms > IVR_TIME_MAX_MS)
            return TD_ERR_RANGE;
    }
    if (*at == '.') {
        at++;
        if (!is_digit(*at))
            return TD_ERR_SYNTAX;
        for (; is_digit(*at); at++) {
            scale /= 10; // Below a millisecond digits no longer count.
            *ms += (uint64_t)(*at - '0') * scale;
        }
    }
    *text = at;
    return TD_OK;
}

enum td_err ivr_time_parse(const char *text, uint32_t *ms)
{
    size_t length = strlen(text);
    bool milli = length >= 2 && td_str_equal(text + length - 2, "ms");
    uint64_t value;

    enum td_err err = parse_decimal(&text, milli ? 1 : 1000, &value);
    if (err != TD_OK)
        return err;
    if (!td_str_equal(text, milli ? "ms" : "s"))
        return TD_ERR_SYNTAX;
    if (value > IVR_TIME_MAX_MS)
        return TD_ERR_RANGE;
    *ms = (uint32_t)value;
    return TD_OK;
}

bool ivr_next_word(const char **list, char *word, size_t size)
{
    const char *at = *list;

    while (is_space(*at))
        at++;
    const char *start = at;
    while (*at != '\0' && !is_space(*at))
        at++;
    *list = at;
    if (at == start)
        return false;
    size_t length = (size_t)(at - start);
    (void)td_str_copy_span(word, size, start, length < size ? length : size - 1);
    return true;
}

bool ivr_event_matches(const char *pattern, const char *event)
{
    size_t length = strlen(pattern);

    // "error." means the same as "error".
    if (length > 0 && pattern[length - 1] == '.')
        length--;
    if (length == 0)
        return true;
    if (strncmp(pattern, event, length) != 0)
        return false;
    return event[length] == '\0' || event[length] == '.';
}

static bool is_document_name(const char *name)
{
    static const char suffix[] = ".vxml";
    size_t length = strlen(name);

    if (!is_letter(name[0]) && !is_digit(name[0]))
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];

        if (!is_letter(c) && !is_digit(c) && c != '.' && c != '_' && c != '-')
            return false;
    }
    return length >= sizeof(suffix) && td_str_equal(name + length - (sizeof(suffix) - 1), suffix);
}

enum td_err ivr_target_parse(const char *uri, struct ivr_target *target)
{
    struct ivr_target parsed = {{0}, {0}};
    const char *hash = strchr(uri, '#');
    size_t length = hash == NULL ? strlen(uri) : (size_t)(hash - uri);

    enum td_err err = td_str_copy_span(parsed.document, sizeof(parsed.document), uri, length);
    if (err == TD_OK && hash != NULL)
        err = td_str_copy(parsed.fragment, sizeof(parsed.fragment), hash + 1);
    if (err != TD_OK)
        return err;
    if (length > 0 && !is_document_name(parsed.document))
        return TD_ERR_SYNTAX;
    if (length == 0 && parsed.fragment[0] == '\0')
        return TD_ERR_SYNTAX;
    *target = parsed;
    return TD_OK;
}

bool ivr_is_language(const char *text)
{
    size_t length = 0;

    while (is_letter(text[length]) || is_digit(text[length]) || text[length] == '-')
        length++;
    return length > 0 && text[length] == '\0';
}

bool ivr_is_sound_name(const char *name)
{
    if (!is_letter(name[0]) && !is_digit(name[0]))
        return false;
    for (const char *at = name; *at != '\0'; at++) {
        bool plain = is_letter(*at) || is_digit(*at) || strchr("._/-", *at) != NULL;

        if (!plain || (*at == '.' && at[1] == '.'))
            return false;
    }
    return true;
}
