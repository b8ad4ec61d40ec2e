#include "edge/core/sip_text.h"

#include <string.h>

void edge_text_add_quoted(struct td_text *text, const char *value)
{
    td_text_add(text, "\"");
    for (; *value != '\0'; value++) {
        bool control = (unsigned char)*value < ' ' || *value == 0x7f;

        if (*value == '"' || *value == '\\')
            td_text_add(text, "\\");
        td_text_add_span(text, control ? " " : value, 1);
    }
    td_text_add(text, "\"");
}

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("-_.!~*'()&=+$,", c) != NULL);
}

void edge_text_add_user(struct td_text *text, const char *user)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *user != '\0'; user++) {
        if (is_plain(*user)) {
            td_text_add_span(text, user, 1);
        } else {
            const unsigned char c = (unsigned char)*user;
            const char escaped[] = {'%', digits[c >> 4], digits[c & 15]};
            td_text_add_span(text, escaped, sizeof(escaped));
        }
    }
}

void edge_text_add_address(struct td_text *text, const char *display, const char *user,
                           const char *host)
{
    if (display[0] != '\0') {
        edge_text_add_quoted(text, display);
        td_text_add(text, " ");
    }
    td_text_add(text, "<sip:");
    if (user[0] != '\0') {
        edge_text_add_user(text, user);
        td_text_add(text, "@");
    }
    td_text_add(text, host);
    td_text_add(text, ">");
}

bool edge_text_is_request_line(const char *line, size_t length)
{
    size_t spaces = 0;
    size_t since = 0; // characters of this word

    for (size_t i = 0; i < length && line[i] != '\r' && line[i] != '\n'; i++) {
        bool space = line[i] == ' ' || line[i] == '\t';
        if (space && (since == 0 || line[i] == '\t'))
            return false;
        since = space ? 0 : since + 1;
        spaces += space;
    }
    return spaces == 2 && since > 0;
}

bool edge_text_is_address(const char *text, size_t length)
{
    bool quoted = false;
    bool inside = false;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"' && !inside)
            quoted = !quoted;
        else if (!quoted && (c == '<' || c == '>'))
            inside = c == '<';
        else if (inside && (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
            return false;
    }
    return true;
}
