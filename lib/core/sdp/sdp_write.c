#include "core/sdp/sdp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

struct writer {
    char *text;
    size_t size;
};

static void append_span(struct writer *writer, const char *text, size_t size)
{
    assert(size <= TD_SDP_WRITTEN_MAX - writer->size);
    memcpy(writer->text + writer->size, text, size);
    writer->size += size;
}

static void append(struct writer *writer, const char *text)
{
    append_span(writer, text, strlen(text));
}

static void append_number(struct writer *writer, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    append_span(writer, digits + at, sizeof(digits) - at);
}

static void append_address(struct writer *writer, const struct td_sdp_address *address)
{
    char text[INET6_ADDRSTRLEN];
    bool six = address->family == 6;

    (void)inet_ntop(six ? AF_INET6 : AF_INET, address->bytes, text, sizeof(text));
    append(writer, six ? "IN IP6 " : "IN IP4 ");
    append(writer, text);
    append(writer, "\r\n");
}

static void append_format(struct writer *writer, const struct td_sdp_format *format)
{
    static const char *const encodings[TD_SDP_CODEC_COUNT] = {
        [TD_SDP_PCMU] = " PCMU/8000\r\n",
        [TD_SDP_PCMA] = " PCMA/8000\r\n",
        [TD_SDP_TELEPHONE_EVENT] = " telephone-event/8000\r\n",
    };

    append(writer, "a=rtpmap:");
    append_number(writer, format->payload_type);
    append(writer, encodings[format->codec]);
    if (format->codec == TD_SDP_TELEPHONE_EVENT) {
        append(writer, "a=fmtp:");
        append_number(writer, format->payload_type);
        append(writer, " 0-15\r\n"); // The keys of a telephone; flash and modem tones are not ours.
    }
}

static void append_audio(struct writer *writer, const struct td_sdp_media *media)
{
    static const char *const directions[] = {
        [TD_SDP_INACTIVE] = "a=inactive\r\n",
        [TD_SDP_SENDONLY] = "a=sendonly\r\n",
        [TD_SDP_RECVONLY] = "a=recvonly\r\n",
        [TD_SDP_SENDRECV] = "a=sendrecv\r\n",
    };

    for (size_t i = 0; i < media->format_count; i++) {
        append(writer, " ");
        append_number(writer, media->formats[i].payload_type);
    }
    append(writer, "\r\n");
    for (size_t i = 0; i < media->format_count; i++)
        append_format(writer, &media->formats[i]);
    append(writer, "a=ptime:");
    append_number(writer, media->ptime_ms);
    append(writer, "\r\n");
    append(writer, directions[media->direction]);
}

static void append_media(struct writer *writer, const struct td_sdp_media *media)
{
    append(writer, "m=");
    append(writer, media->type);
    append(writer, " ");
    append_number(writer, media->port);
    append(writer, " ");
    append(writer, media->protocol);
    if (media->usable) {
        append_audio(writer, media);
    } else {
        append(writer, " ");
        append(writer, media->first_format);
        append(writer, "\r\n");
    }
}

size_t td_sdp_write(const struct td_sdp *sdp, char text[TD_SDP_WRITTEN_MAX + 1])
{
    struct writer writer = {.text = text};

    append(&writer, "v=0\r\no=tandem ");
    append_number(&writer, sdp->session_id);
    append(&writer, " ");
    append_number(&writer, sdp->session_version);
    append(&writer, " ");
    append_address(&writer, &sdp->origin);
    append(&writer, "s=-\r\nc=");
    append_address(&writer, &sdp->origin); // All streams of a session end at one address.
    append(&writer, "t=0 0\r\n");
    for (size_t i = 0; i < sdp->media_count; i++)
        append_media(&writer, &sdp->media[i]);
    text[writer.size] = '\0';
    return writer.size;
}
