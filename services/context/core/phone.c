#include "context/core/phone.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define DIGITS_MIN 7 /* shorter ones are extensions and service codes, of many people at once */
#define DIGITS_MAX 15

/* `text` up to a parameter or host part is one of the words that say "no number". */
static bool is_withheld(const char *text)
{
    static const char *const words[] = {"",           "anonymous", "unavailable",
                                        "restricted", "unknown",   "private",
                                        "withheld",   "blocked",   "coinphone"};
    size_t length = strcspn(text, "@;");

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i]) == length && strncasecmp(text, words[i], length) == 0)
            return true;
    }
    return false;
}

static const char *skip_scheme(const char *text)
{
    static const char *const schemes[] = {"tel:", "sip:", "sips:"};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
            return text + strlen(schemes[i]);
    }
    return text;
}

/* Digits of `text` up to a parameter or host part. @return false on anything else. */
static bool collect_digits(const char *text, char *digits, size_t size)
{
    size_t count = 0;

    for (; *text != '\0' && *text != ';' && *text != '@'; text++) {
        if (strchr("-.() /", *text) != NULL)
            continue;
        if (*text < '0' || *text > '9' || count + 1 >= size)
            return false;
        digits[count++] = *text;
    }
    digits[count] = '\0';
    return true;
}

enum context_phone context_phone_read(const char *text, const struct context_dialling *dialling,
                                      char e164[CONTEXT_E164_SIZE])
{
    char digits[32];
    const char *country = "";
    const char *rest = digits;

    text = skip_scheme(text + strspn(text, " "));
    if (is_withheld(text))
        return CONTEXT_PHONE_WITHHELD;
    bool is_international = *text == '+';
    if (!collect_digits(text + (is_international ? 1 : 0), digits, sizeof(digits)))
        return CONTEXT_PHONE_UNREADABLE;

    if (!is_international && td_str_starts_with(digits, dialling->international)) {
        rest = digits + strlen(dialling->international);
    } else if (!is_international) {
        country = dialling->country;
        if (td_str_starts_with(digits, dialling->trunk_prefix))
            rest = digits + strlen(dialling->trunk_prefix);
    }

    size_t length = strlen(rest);
    size_t total = strlen(country) + length;
    if (length < DIGITS_MIN || total > DIGITS_MAX || (country[0] == '\0' && rest[0] == '0'))
        return CONTEXT_PHONE_UNREADABLE;
    e164[0] = '+';
    memcpy(e164 + 1, country, total - length);
    memcpy(e164 + 1 + total - length, rest, length + 1);
    return CONTEXT_PHONE_NUMBER;
}
