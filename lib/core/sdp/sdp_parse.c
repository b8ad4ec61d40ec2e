#include "core/sdp/sdp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>
#include <strings.h>

/* A stretch of the text that is consumed from its front. */
struct span {
    const char *at;
    size_t size;
};

struct parser {
    struct td_sdp *sdp;
    struct td_sdp_media *media; /* the line whose attributes are read; NULL in the session part */
    struct td_sdp_address session_address;
    enum td_sdp_direction session_direction;
    bool has_session_address;
    bool has_media_address;
    bool has_time;
    unsigned line;
};

static struct span take_until(struct span *rest, char separator)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->at, separator, rest->size);
    struct span taken = {rest->at, end == NULL ? rest->size : (size_t)(end - rest->at)};
    size_t consumed = taken.size + (end != NULL);

    rest->at += consumed;
    rest->size -= consumed;
    return taken;
}

static bool span_is(struct span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.at, text, span.size) == 0;
}

static bool span_is_caseless(struct span span, const char *text)
{
    return span.size == strlen(text) && strncasecmp(span.at, text, span.size) == 0;
}

static enum td_err copy_token(char *to, size_t size, struct span span)
{
    if (span.size == 0)
        return TD_ERR_SYNTAX;
    if (span.size >= size)
        return TD_ERR_LIMIT;
    memcpy(to, span.at, span.size);
    to[span.size] = '\0';
    return TD_OK;
}

static enum td_err parse_number(struct span span, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;

    if (span.size == 0)
        return TD_ERR_SYNTAX;
    for (size_t i = 0; i < span.size; i++) {
        if (span.at[i] < '0' || span.at[i] > '9')
            return TD_ERR_SYNTAX;
        uint64_t digit = (uint64_t)(span.at[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return TD_ERR_RANGE;
        value = value * 10 + digit;
    }
    if (value > max)
        return TD_ERR_RANGE;
    *number = value;
    return TD_OK;
}

static enum td_err parse_u16(struct span span, uint16_t *number)
{
    uint64_t value = 0;
    enum td_err err = parse_number(span, UINT16_MAX, &value);

    if (err == TD_OK)
        *number = (uint16_t)value;
    return err;
}

/* "IN IP4 192.0.2.1": a numeric address, or a host name, which is kept as "unknown". */
static enum td_err parse_address(struct span rest, struct td_sdp_address *address)
{
    struct span net = take_until(&rest, ' ');
    struct span type = take_until(&rest, ' ');
    struct span host = take_until(&rest, '/'); // The rest is a multicast's time to live.
    char text[256];
    enum td_err err = copy_token(text, sizeof(text), host);

    if (err != TD_OK)
        return err;
    if (!span_is(net, "IN") || memchr(host.at, ' ', host.size) != NULL)
        return TD_ERR_SYNTAX;

    *address = (struct td_sdp_address){0};
    if (span_is(type, "IP4"))
        address->family = inet_pton(AF_INET, text, address->bytes) == 1 ? 4 : 0;
    else if (span_is(type, "IP6"))
        address->family = inet_pton(AF_INET6, text, address->bytes) == 1 ? 6 : 0;
    else
        return TD_ERR_SYNTAX;
    return TD_OK;
}

/* o=<username> <session id> <version> IN IP4 <address> */
static enum td_err parse_origin(struct parser *parser, struct span value)
{
    struct span user = take_until(&value, ' ');
    struct span id = take_until(&value, ' ');
    struct span version = take_until(&value, ' ');

    if (user.size == 0)
        return TD_ERR_SYNTAX;
    enum td_err err = parse_number(id, UINT64_MAX, &parser->sdp->session_id);
    if (err == TD_OK)
        err = parse_number(version, UINT64_MAX, &parser->sdp->session_version);
    if (err == TD_OK)
        err = parse_address(value, &parser->sdp->origin);
    return err;
}

static enum td_err parse_connection(struct parser *parser, struct span value)
{
    struct td_sdp_address address;
    enum td_err err = parse_address(value, &address);

    if (err != TD_OK)
        return err;
    if (parser->media == NULL) {
        parser->session_address = address;
        parser->has_session_address = true;
    } else if (!parser->has_media_address) { // More than one is a multicast layering: first wins.
        parser->media->address = address;
        parser->has_media_address = true;
    }
    return TD_OK;
}

/* t=<start> <stop>: calls have no schedule, so only the form matters. */
static enum td_err parse_time(struct parser *parser, struct span value)
{
    struct span start = take_until(&value, ' ');
    uint64_t ignored = 0;
    enum td_err err = parse_number(start, UINT64_MAX, &ignored);

    if (err == TD_OK)
        err = parse_number(value, UINT64_MAX, &ignored);
    if (err == TD_OK)
        parser->has_time = true;
    return err;
}

/* Payload types that need no rtpmap (RFC 3551 section 6). */
static enum td_sdp_codec static_codec(uint64_t payload_type)
{
    if (payload_type == 0)
        return TD_SDP_PCMU;
    return payload_type == 8 ? TD_SDP_PCMA : TD_SDP_OTHER;
}

static enum td_err add_format(struct td_sdp_media *media, struct span token)
{
    uint64_t payload_type = 0;
    enum td_err err = parse_number(token, 127, &payload_type);

    if (err != TD_OK)
        return err;
    for (size_t i = 0; i < media->format_count; i++) {
        if (media->formats[i].payload_type == payload_type)
            return TD_OK; // Named twice: the earlier place is the preference.
    }
    if (media->format_count == TD_SDP_FORMATS_MAX)
        return TD_ERR_LIMIT;
    media->formats[media->format_count++] = (struct td_sdp_format){
        .payload_type = (uint8_t)payload_type, .codec = static_codec(payload_type)};
    return TD_OK;
}

/* What the lines after an m= could only say at its end. */
static enum td_err finish_media(struct parser *parser)
{
    struct td_sdp_media *media = parser->media;

    if (media == NULL)
        return TD_OK;
    if (!parser->has_media_address) {
        if (!parser->has_session_address && media->port != 0)
            return TD_ERR_SYNTAX;
        media->address = parser->session_address;
    }
    if (media->rtcp_port == 0 && media->port != 0 && media->port < UINT16_MAX)
        media->rtcp_port = (uint16_t)(media->port + 1);
    if (media->rtcp_address.family == 0)
        media->rtcp_address = media->address;
    return TD_OK;
}

/* m=<type> <port>[/<count>] <protocol> <format> ... */
static enum td_err parse_media(struct parser *parser, struct span value)
{
    enum td_err err = finish_media(parser);
    if (err != TD_OK)
        return err;
    if (parser->sdp->media_count == TD_SDP_MEDIA_MAX)
        return TD_ERR_LIMIT;

    struct td_sdp_media *media = &parser->sdp->media[parser->sdp->media_count++];
    struct span type = take_until(&value, ' ');
    struct span ports = take_until(&value, ' ');
    struct span protocol = take_until(&value, ' ');
    struct span format = take_until(&value, ' ');

    *media = (struct td_sdp_media){.direction = parser->session_direction};
    parser->media = media;
    parser->has_media_address = false;
    err = copy_token(media->type, sizeof(media->type), type);
    if (err == TD_OK)
        err = parse_u16(take_until(&ports, '/'), &media->port);
    if (err == TD_OK)
        err = copy_token(media->protocol, sizeof(media->protocol), protocol);
    if (err == TD_OK)
        err = copy_token(media->first_format, sizeof(media->first_format), format);

    media->usable = span_is(type, "audio") && span_is(protocol, "RTP/AVP") && media->port != 0;
    while (err == TD_OK && media->usable) {
        err = add_format(media, format);
        if (value.size == 0)
            break;
        format = take_until(&value, ' ');
    }
    return err;
}

/* a=rtpmap:<payload type> <encoding>/<clock>[/<channels>] */
static enum td_err parse_rtpmap(struct td_sdp_media *media, struct span value)
{
    struct span number = take_until(&value, ' ');
    struct span encoding = take_until(&value, '/');
    struct span clock = take_until(&value, '/');
    enum td_sdp_codec codec = TD_SDP_OTHER;
    uint64_t payload_type = 0;
    uint64_t clock_hz = 0;
    enum td_err err = parse_number(number, 127, &payload_type);

    if (err == TD_OK && encoding.size == 0)
        err = TD_ERR_SYNTAX;
    if (err == TD_OK)
        err = parse_number(clock, UINT32_MAX, &clock_hz);
    if (err != TD_OK)
        return err;

    if (clock_hz == 8000 && (value.size == 0 || span_is(value, "1"))) {
        if (span_is_caseless(encoding, "PCMU"))
            codec = TD_SDP_PCMU;
        else if (span_is_caseless(encoding, "PCMA"))
            codec = TD_SDP_PCMA;
        else if (span_is_caseless(encoding, "telephone-event"))
            codec = TD_SDP_TELEPHONE_EVENT;
    }
    for (size_t i = 0; i < media->format_count; i++) {
        if (media->formats[i].payload_type == payload_type)
            media->formats[i].codec = codec;
    }
    return TD_OK;
}

/* a=rtcp:<port> [IN IP4 <address>] (RFC 3605) */
static enum td_err parse_rtcp(struct td_sdp_media *media, struct span value)
{
    enum td_err err = parse_u16(take_until(&value, ' '), &media->rtcp_port);

    if (err == TD_OK && value.size > 0)
        err = parse_address(value, &media->rtcp_address);
    return err;
}

static bool parse_direction(struct span name, enum td_sdp_direction *direction)
{
    static const char *const names[] = {
        [TD_SDP_INACTIVE] = "inactive",
        [TD_SDP_SENDONLY] = "sendonly",
        [TD_SDP_RECVONLY] = "recvonly",
        [TD_SDP_SENDRECV] = "sendrecv",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (span_is(name, names[i])) {
            *direction = (enum td_sdp_direction)i;
            return true;
        }
    }
    return false;
}

static enum td_err parse_attribute(struct parser *parser, struct span value)
{
    struct span name = take_until(&value, ':');
    enum td_sdp_direction *direction =
        parser->media == NULL ? &parser->session_direction : &parser->media->direction;

    if (name.size == 0)
        return TD_ERR_SYNTAX;
    if (parse_direction(name, direction) || parser->media == NULL || !parser->media->usable)
        return TD_OK;
    if (span_is(name, "rtpmap"))
        return parse_rtpmap(parser->media, value);
    if (span_is(name, "ptime"))
        return parse_u16(value, &parser->media->ptime_ms);
    if (span_is(name, "rtcp"))
        return parse_rtcp(parser->media, value);
    return TD_OK;
}

static enum td_err parse_line(struct parser *parser, char type, struct span value)
{
    static const char required[] = "vos"; // The first three lines, in this order.

    if (parser->line <= 3 && type != required[parser->line - 1])
        return TD_ERR_SYNTAX;
    switch (type) {
    case 'v':
        return parser->line == 1 && span_is(value, "0") ? TD_OK : TD_ERR_SYNTAX;
    case 'o':
        return parser->line == 2 ? parse_origin(parser, value) : TD_ERR_SYNTAX;
    case 's':
        return parser->line == 3 ? TD_OK : TD_ERR_SYNTAX;
    case 'c':
        return parse_connection(parser, value);
    case 't':
        return parser->media == NULL ? parse_time(parser, value) : TD_ERR_SYNTAX;
    case 'a':
        return parse_attribute(parser, value);
    case 'm':
        return parser->has_time ? parse_media(parser, value) : TD_ERR_SYNTAX;
    case 'i':
    case 'b':
    case 'k':
        return TD_OK;
    case 'u':
    case 'e':
    case 'p':
    case 'r':
    case 'z':
        return parser->media == NULL ? TD_OK : TD_ERR_SYNTAX;
    default:
        return TD_ERR_SYNTAX;
    }
}

static enum td_err parse_lines(struct parser *parser, struct span rest)
{
    while (rest.size > 0) {
        struct span line = take_until(&rest, '\n');

        parser->line++;
        if (line.size > 0 && line.at[line.size - 1] == '\r')
            line.size--;
        if (line.size < 2 || line.at[1] != '=' || memchr(line.at, '\0', line.size) != NULL ||
            memchr(line.at, '\r', line.size) != NULL)
            return TD_ERR_SYNTAX;
        enum td_err err = parse_line(parser, line.at[0], (struct span){line.at + 2, line.size - 2});
        if (err != TD_OK)
            return err;
    }

    enum td_err err = finish_media(parser);
    if (err == TD_OK && !parser->has_time) {
        parser->line = 0;
        err = TD_ERR_SYNTAX;
    }
    return err;
}

enum td_err td_sdp_parse(const char *text, size_t size, struct td_sdp *sdp, unsigned *bad_line)
{
    struct td_sdp parsed = {0};
    struct parser parser = {.sdp = &parsed, .session_direction = TD_SDP_SENDRECV};

    assert(sdp != NULL);
    *bad_line = 0;
    if (size > TD_SDP_TEXT_MAX)
        return TD_ERR_LIMIT;

    enum td_err err = parse_lines(&parser, (struct span){text, size});
    if (err == TD_OK)
        *sdp = parsed;
    else
        *bad_line = parser.line;
    return err;
}
