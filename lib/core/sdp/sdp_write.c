#include "core/sdp/sdp.h"

#include <arpa/inet.h>
#include <assert.h>

#include "base/text.h"

static void append_address(struct td_text *text, const struct td_sdp_address *address)
{
    char numbers[INET6_ADDRSTRLEN];
    bool six = address->family == 6;

    (void)inet_ntop(six ? AF_INET6 : AF_INET, address->bytes, numbers, sizeof(numbers));
    td_text_add(text, six ? "IN IP6 " : "IN IP4 ");
    td_text_add(text, numbers);
    td_text_add(text, "\r\n");
}

static void append_format(struct td_text *text, const struct td_sdp_format *format)
{
    static const char *const encodings[TD_SDP_CODEC_COUNT] = {
        [TD_SDP_PCMU] = " PCMU/8000\r\n",
        [TD_SDP_PCMA] = " PCMA/8000\r\n",
        [TD_SDP_TELEPHONE_EVENT] = " telephone-event/8000\r\n",
    };

    td_text_add(text, "a=rtpmap:");
    td_text_add_u64(text, format->payload_type);
    td_text_add(text, encodings[format->codec]);
    if (format->codec == TD_SDP_TELEPHONE_EVENT) {
        td_text_add(text, "a=fmtp:");
        td_text_add_u64(text, format->payload_type);
        td_text_add(text,
                    " 0-15\r\n"); // The keys of a telephone; flash and modem tones are not ours.
    }
}

static void append_audio(struct td_text *text, const struct td_sdp_media *media)
{
    static const char *const directions[] = {
        [TD_SDP_INACTIVE] = "a=inactive\r\n",
        [TD_SDP_SENDONLY] = "a=sendonly\r\n",
        [TD_SDP_RECVONLY] = "a=recvonly\r\n",
        [TD_SDP_SENDRECV] = "a=sendrecv\r\n",
    };

    for (size_t i = 0; i < media->format_count; i++) {
        td_text_add(text, " ");
        td_text_add_u64(text, media->formats[i].payload_type);
    }
    td_text_add(text, "\r\n");
    for (size_t i = 0; i < media->format_count; i++)
        append_format(text, &media->formats[i]);
    td_text_add(text, "a=ptime:");
    td_text_add_u64(text, media->ptime_ms);
    td_text_add(text, "\r\n");
    td_text_add(text, directions[media->direction]);
}

static void append_media(struct td_text *text, const struct td_sdp_media *media)
{
    td_text_add(text, "m=");
    td_text_add(text, media->type);
    td_text_add(text, " ");
    td_text_add_u64(text, media->port);
    td_text_add(text, " ");
    td_text_add(text, media->protocol);
    if (media->usable) {
        append_audio(text, media);
    } else {
        td_text_add(text, " ");
        td_text_add(text, media->first_format);
        td_text_add(text, "\r\n");
    }
}

size_t td_sdp_write(const struct td_sdp *sdp, char written[TD_SDP_WRITTEN_MAX + 1])
{
    struct td_text text;

    td_text_init(&text, written, TD_SDP_WRITTEN_MAX + 1);
    td_text_add(&text, "v=0\r\no=tandem ");
    td_text_add_u64(&text, sdp->session_id);
    td_text_add(&text, " ");
    td_text_add_u64(&text, sdp->session_version);
    td_text_add(&text, " ");
    append_address(&text, &sdp->origin);
    td_text_add(&text, "s=-\r\nc=");
    append_address(&text, &sdp->origin); // All streams of a session end at one address.
    td_text_add(&text, "t=0 0\r\n");
    for (size_t i = 0; i < sdp->media_count; i++)
        append_media(&text, &sdp->media[i]);
    assert(!text.cut);
    return text.length;
}
