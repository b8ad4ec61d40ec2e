#include "callload/core/message.h"

#include <string.h>
#include <strings.h>

static struct load_span span_between(const char *from, const char *to)
{
    return (struct load_span){from, to > from ? (size_t)(to - from) : 0};
}

static struct load_span trim(struct load_span span)
{
    while (span.size > 0 && (span.at[0] == ' ' || span.at[0] == '\t')) {
        span.at++;
        span.size--;
    }
    while (span.size > 0 && (span.at[span.size - 1] == ' ' || span.at[span.size - 1] == '\r'))
        span.size--;
    return span;
}

bool load_span_is(struct load_span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.at, text, span.size) == 0;
}

/* Without regard to case, as names of headers are. */
static bool is_named(struct load_span span, const char *name)
{
    return span.size == strlen(name) && strncasecmp(span.at, name, span.size) == 0;
}

bool load_span_number(struct load_span span, uint64_t *number)
{
    size_t i = 0;

    *number = 0;
    for (; i < span.size && span.at[i] >= '0' && span.at[i] <= '9' && i < 18; i++)
        *number = *number * 10 + (uint64_t)(span.at[i] - '0');
    return i > 0;
}

struct load_span load_span_user(struct load_span address)
{
    const char *at = memmem(address.at, address.size, "sip:", 4);
    const char *end = address.at + address.size;

    if (at == NULL)
        return (struct load_span){address.at, 0};
    at += 4;
    const char *host = memchr(at, '@', (size_t)(end - at));
    return span_between(at, host != NULL ? host : at);
}

/* <sip:...> or a bare URI with parameters of the header behind it. */
static struct load_span uri_of(struct load_span address)
{
    const char *end = address.at + address.size;
    const char *open = memchr(address.at, '<', address.size);
    const char *close = open != NULL ? memchr(open, '>', (size_t)(end - open)) : NULL;

    if (close != NULL)
        return span_between(open + 1, close);
    const char *parameters = memchr(address.at, ';', address.size);
    return span_between(address.at, parameters != NULL ? parameters : end);
}

struct load_span load_span_parameter(struct load_span challenge, const char *name)
{
    const char *end = challenge.at + challenge.size;
    size_t length = strlen(name);

    for (const char *at = challenge.at; at + length + 1 < end; at++) {
        bool begins = at == challenge.at || at[-1] == ' ' || at[-1] == ',';

        if (!begins || at[length] != '=' || strncasecmp(at, name, length) != 0)
            continue;
        const char *value = at + length + 1;
        char stop = *value == '"' ? '"' : ',';
        value += *value == '"';
        const char *last = memchr(value, stop, (size_t)(end - value));
        return span_between(value, last != NULL ? last : end);
    }
    return (struct load_span){challenge.at, 0};
}

static void take_cseq(struct load_message *message, struct load_span value)
{
    const char *space = memchr(value.at, ' ', value.size);
    uint64_t number;

    if (space == NULL || !load_span_number(value, &number))
        return;
    message->cseq = (uint32_t)number;
    message->method = trim(span_between(space, value.at + value.size));
}

static void take_header(struct load_message *message, struct load_span name, struct load_span value)
{
    if (is_named(name, "Via") || is_named(name, "v")) {
        if (message->via_count < LOAD_VIAS_MAX)
            message->vias[message->via_count++] = value;
    } else if (is_named(name, "From") || is_named(name, "f")) {
        message->from = value;
    } else if (is_named(name, "To") || is_named(name, "t")) {
        message->to = value;
    } else if (is_named(name, "Call-ID") || is_named(name, "i")) {
        message->call_id = value;
    } else if (is_named(name, "CSeq")) {
        take_cseq(message, value);
    } else if (is_named(name, "Contact") || is_named(name, "m")) {
        message->contact = uri_of(value);
    } else if (is_named(name, "WWW-Authenticate") || is_named(name, "Proxy-Authenticate")) {
        if (message->challenge.size == 0)
            message->challenge = value;
    }
}

static bool take_first_line(struct load_message *message, struct load_span line)
{
    static const char version[] = "SIP/2.0 ";
    uint64_t status;

    if (line.size > sizeof(version) + 2 && memcmp(line.at, version, sizeof(version) - 1) == 0) {
        line.at += sizeof(version) - 1;
        line.size -= sizeof(version) - 1;
        if (!load_span_number(line, &status))
            return false;
        message->status = (int)status;
        return true;
    }
    message->user = load_span_user(line);
    return memchr(line.at, ' ', line.size) != NULL;
}

bool load_message_read(const char *text, size_t size, struct load_message *message)
{
    const char *end = text + size;
    bool is_first = true;

    *message = (struct load_message){0};
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        struct load_span line = trim(span_between(text, newline != NULL ? newline : end));
        const char *colon = memchr(line.at, ':', line.size);

        if (line.size == 0)
            break; // The body.
        if (is_first && !take_first_line(message, line))
            return false;
        if (!is_first && colon != NULL)
            take_header(message, trim(span_between(line.at, colon)),
                        trim(span_between(colon + 1, line.at + line.size)));
        is_first = false;
        text = newline != NULL ? newline + 1 : end;
    }
    return message->method.size > 0 && message->via_count > 0 && message->from.size > 0 &&
           message->to.size > 0 && message->call_id.size > 0;
}

static void add_line(struct td_text *out, const char *name, struct load_span value)
{
    td_text_add(out, name);
    td_text_add_span(out, value.at, value.size);
}

void load_add_response(struct td_text *out, const struct load_message *request, const char *status,
                       const char *to_tag)
{
    td_text_add(out, "SIP/2.0 ");
    td_text_add(out, status);
    for (size_t i = 0; i < request->via_count; i++)
        add_line(out, "\r\nVia: ", request->vias[i]);
    add_line(out, "\r\nFrom: ", request->from);
    add_line(out, "\r\nTo: ", request->to);
    if (to_tag[0] != '\0') {
        td_text_add(out, ";tag=");
        td_text_add(out, to_tag);
    }
    add_line(out, "\r\nCall-ID: ", request->call_id);
    td_text_add(out, "\r\nCSeq: ");
    td_text_add_u64(out, request->cseq);
    td_text_add(out, " ");
    td_text_add_span(out, request->method.at, request->method.size);
    td_text_add(out, "\r\n");
}

void load_add_body(struct td_text *out, const char *sdp)
{
    if (sdp == NULL) {
        td_text_add(out, "Content-Length: 0\r\n\r\n");
        return;
    }
    td_text_add(out, "Content-Type: application/sdp\r\nContent-Length: ");
    td_text_add_u64(out, strlen(sdp));
    td_text_add(out, "\r\n\r\n");
    td_text_add(out, sdp);
}
