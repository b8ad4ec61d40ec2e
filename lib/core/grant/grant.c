#include "core/grant/grant.h"

#include <string.h>

static bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

bool td_pattern_is_valid(const char *pattern)
{
    bool has_dot = false;
    char before = '.';

    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c == '.' ? before == '.' : !is_word_character(*c))
            return false;
        has_dot = has_dot || *c == '.';
        before = *c;
    }
    return has_dot && strlen(pattern) < TD_PATTERN_SIZE;
}

/* @param length  Of the pattern. */
static bool names(const char *pattern, size_t length, const char *topic)
{
    if (length == 0 || strncmp(pattern, topic, length) != 0)
        return false;
    if (pattern[length - 1] == '.')
        return topic[length] != '\0'; // "crm." is no topic.
    return topic[length] == '\0';
}

bool td_pattern_matches(const char *pattern, const char *topic)
{
    return names(pattern, strlen(pattern), topic);
}

/* As `names`, but a prefix also covers itself. */
static bool covers(const char *granted, size_t length, const char *pattern)
{
    return names(granted, length, pattern) ||
           (strlen(pattern) == length && length > 0 && strncmp(granted, pattern, length) == 0);
}

static bool any(const char *grants, const char *text,
                bool (*test)(const char *granted, size_t length, const char *text))
{
    while (*grants != '\0') {
        size_t length = strcspn(grants, " ");

        if (test(grants, length, text))
            return true;
        grants += length;
        grants += strspn(grants, " ");
    }
    return false;
}

bool td_grants_topic(const char *grants, const char *topic)
{
    return any(grants, topic, names);
}

bool td_grants_pattern(const char *grants, const char *pattern)
{
    return any(grants, pattern, covers);
}

bool td_pattern_is_reserved(const char *pattern)
{
    static const char said_by_tandem[] =
        "interaction. agent. dialog. recording. customer. metrics. queue. device. config. journey. "
        "site.";

    return td_grants_pattern(said_by_tandem, pattern);
}
