#include "core/sdp/sdp.h"

#include <assert.h>
#include <string.h>

/* What this side sends and would like to receive; every G.711 device can do it. */
#define PTIME_MS 20
/* Of the dynamic numbers the one that most devices use themselves. */
#define EVENT_PAYLOAD 101

static bool is_audio_codec(enum td_sdp_codec codec)
{
    return codec == TD_SDP_PCMU || codec == TD_SDP_PCMA;
}

static uint8_t static_payload(enum td_sdp_codec codec)
{
    return codec == TD_SDP_PCMU ? 0 : 8;
}

static const struct td_sdp_format *find_codec(const struct td_sdp_media *media,
                                              enum td_sdp_codec codec)
{
    for (size_t i = 0; i < media->format_count; i++) {
        if (media->formats[i].codec == codec)
            return &media->formats[i];
    }
    return NULL;
}

static const struct td_sdp_format *first_audio(const struct td_sdp_media *media)
{
    for (size_t i = 0; i < media->format_count; i++) {
        if (is_audio_codec(media->formats[i].codec))
            return &media->formats[i];
    }
    return NULL;
}

static uint8_t event_payload(const struct td_sdp_media *media)
{
    const struct td_sdp_format *event = find_codec(media, TD_SDP_TELEPHONE_EVENT);

    return event == NULL ? TD_SDP_NO_PAYLOAD : event->payload_type;
}

/* "Connect to 0.0.0.0": what hold looked like before RFC 3264. */
static bool is_nowhere(const struct td_sdp_address *address)
{
    static const uint8_t zero[16];

    return address->family != 0 && memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

/* What the peer does, seen from here: it sends what we receive. */
static enum td_sdp_direction mirrored(const struct td_sdp_media *media)
{
    unsigned theirs = (unsigned)media->direction;

    if (is_nowhere(&media->address))
        theirs &= ~(unsigned)TD_SDP_RECVONLY;
    return (enum td_sdp_direction)((theirs & TD_SDP_SENDONLY) << 1 |
                                   (theirs & TD_SDP_RECVONLY) >> 1);
}

static enum td_sdp_direction both(enum td_sdp_direction a, enum td_sdp_direction b)
{
    return (enum td_sdp_direction)((unsigned)a & (unsigned)b);
}

static void init_description(struct td_sdp *sdp, const struct td_sdp_local *local)
{
    assert(local->address.family == 4 || local->address.family == 6);
    assert(local->port % 2 == 0 && local->port != 0);
    *sdp = (struct td_sdp){.session_id = local->session_id,
                           .session_version = local->session_version,
                           .origin = local->address};
}

static struct td_sdp_media audio_line(const struct td_sdp_local *local)
{
    return (struct td_sdp_media){
        .type = "audio",
        .protocol = "RTP/AVP",
        .port = local->port,
        .usable = true,
        .direction = local->direction,
        .address = local->address,
        .rtcp_address = local->address,
        .rtcp_port = (uint16_t)(local->port + 1),
        .ptime_ms = PTIME_MS,
    };
}

static void add_format(struct td_sdp_media *media, uint8_t payload_type, enum td_sdp_codec codec)
{
    if (media->format_count == 0) {
        char *text = media->first_format;
        if (payload_type >= 100)
            *text++ = (char)('0' + payload_type / 100);
        if (payload_type >= 10)
            *text++ = (char)('0' + payload_type / 10 % 10);
        *text = (char)('0' + payload_type % 10);
    }
    media->formats[media->format_count++] =
        (struct td_sdp_format){.payload_type = payload_type, .codec = codec};
}

/* Nobody to send to: hold, or a group, which a call could be abused to flood. */
static bool is_unicast(const struct td_sdp_address *address)
{
    if (address->family == 0 || is_nowhere(address))
        return false;
    return address->family == 6 ? address->bytes[0] != 0xff : address->bytes[0] < 224;
}

static void take_remote(const struct td_sdp_media *media, struct td_sdp_agreement *agreement)
{
    if (!is_unicast(&media->address) || !is_unicast(&media->rtcp_address))
        return; // The caller's struct says "unknown"; the peer's first packets may tell.
    agreement->address = media->address;
    agreement->port = media->port;
    agreement->rtcp_address = media->rtcp_address;
    agreement->rtcp_port = media->rtcp_port;
}

int td_sdp_find_audio(const struct td_sdp *sdp)
{
    for (size_t i = 0; i < sdp->media_count; i++) {
        if (sdp->media[i].usable && first_audio(&sdp->media[i]) != NULL)
            return (int)i;
    }
    return -1;
}

void td_sdp_offer(const struct td_sdp_local *local, const enum td_sdp_codec *codecs,
                  size_t codec_count, struct td_sdp *offer)
{
    struct td_sdp_media media = audio_line(local);

    assert(codec_count >= 1 && codec_count <= 2);
    assert(codec_count == 1 || codecs[0] != codecs[1]);
    for (size_t i = 0; i < codec_count; i++) {
        assert(is_audio_codec(codecs[i]));
        add_format(&media, static_payload(codecs[i]), codecs[i]);
    }
    add_format(&media, EVENT_PAYLOAD, TD_SDP_TELEPHONE_EVENT);

    init_description(offer, local);
    offer->media_count = 1;
    offer->media[0] = media;
}

/* RFC 3264 section 6: a line is refused in its place, with port 0 and a format. */
static struct td_sdp_media refused_line(const struct td_sdp_media *offered,
                                        const struct td_sdp_local *local)
{
    struct td_sdp_media media = {.direction = TD_SDP_SENDRECV, .address = local->address};

    memcpy(media.type, offered->type, sizeof(media.type));
    memcpy(media.protocol, offered->protocol, sizeof(media.protocol));
    memcpy(media.first_format, offered->first_format, sizeof(media.first_format));
    media.rtcp_address = local->address;
    return media;
}

enum td_err td_sdp_answer(const struct td_sdp *offer, const struct td_sdp_local *local,
                          struct td_sdp *answer, struct td_sdp_agreement *agreement)
{
    int index = td_sdp_find_audio(offer);
    if (index < 0)
        return TD_ERR_NOT_FOUND;

    const struct td_sdp_media *offered = &offer->media[index];
    const struct td_sdp_format *audio = first_audio(offered);
    struct td_sdp_media media = audio_line(local);
    struct td_sdp_agreement agreed = {
        .codec = audio->codec,
        .send_payload = audio->payload_type,
        .receive_payload = audio->payload_type,
        .send_event_payload = event_payload(offered),
        .receive_event_payload = event_payload(offered),
        .direction = both(mirrored(offered), local->direction),
        .ptime_ms = offered->ptime_ms,
    };

    media.direction = agreed.direction;
    add_format(&media, audio->payload_type, audio->codec);
    if (agreed.send_event_payload != TD_SDP_NO_PAYLOAD)
        add_format(&media, agreed.send_event_payload, TD_SDP_TELEPHONE_EVENT);
    take_remote(offered, &agreed);

    init_description(answer, local);
    answer->media_count = offer->media_count;
    for (size_t i = 0; i < offer->media_count; i++)
        answer->media[i] = (int)i == index ? media : refused_line(&offer->media[i], local);
    *agreement = agreed;
    return TD_OK;
}

enum td_err td_sdp_accept(const struct td_sdp *offer, const struct td_sdp *answer,
                          struct td_sdp_agreement *agreement)
{
    assert(offer->media_count == 1);
    const struct td_sdp_media *offered = &offer->media[0];
    const struct td_sdp_media *answered = &answer->media[0];

    if (answer->media_count != 1 || strcmp(answered->type, "audio") != 0)
        return TD_ERR_INVALID;
    if (answered->port == 0)
        return TD_ERR_NOT_FOUND;

    const struct td_sdp_format *audio = answered->usable ? first_audio(answered) : NULL;
    const struct td_sdp_format *ours = audio == NULL ? NULL : find_codec(offered, audio->codec);
    if (ours == NULL)
        return TD_ERR_INVALID;

    bool events = event_payload(answered) != TD_SDP_NO_PAYLOAD;
    *agreement = (struct td_sdp_agreement){
        .codec = audio->codec,
        .send_payload = audio->payload_type,
        .receive_payload = ours->payload_type,
        .send_event_payload = event_payload(answered),
        .receive_event_payload = events ? event_payload(offered) : TD_SDP_NO_PAYLOAD,
        .direction = both(mirrored(answered), offered->direction),
        .ptime_ms = answered->ptime_ms,
    };
    take_remote(answered, agreement);
    return TD_OK;
}
