#include "media/core/leg.h"

#include <string.h>

void media_leg_init(struct media_leg *leg, const uint8_t random[10])
{
    *leg = (struct media_leg){.negotiated = false};
    media_stream_init(&leg->stream, random);
    media_keypad_init(&leg->keypad);
}

void media_leg_negotiate(struct media_leg *leg, const struct media_leg_terms *terms,
                         const struct media_peer *signalled)
{
    // A far end that is only held or taken back keeps the source that was found behind its NAT.
    if (!leg->negotiated ||
        (signalled->family != 0 && !media_peer_equal(&leg->latch.signalled, signalled)))
        media_latch_init(&leg->latch, signalled);
    if (leg->negotiated && leg->terms.law != terms->law)
        media_stream_switch(&leg->stream);
    leg->terms = *terms;
    leg->negotiated = true;
}

static enum media_arrival_kind kind_of(const struct media_leg *leg, const struct media_rtp *rtp)
{
    if (rtp->payload_type == leg->terms.receive_payload)
        return MEDIA_ARRIVAL_AUDIO;
    if (rtp->payload_type == leg->terms.receive_event_payload)
        return MEDIA_ARRIVAL_EVENT;
    return MEDIA_ARRIVAL_FOREIGN;
}

struct media_arrival media_leg_receive(struct media_leg *leg, const struct media_peer *from,
                                       struct td_bytes packet, uint64_t now_ns)
{
    struct media_arrival arrival = {.kind = MEDIA_ARRIVAL_MALFORMED, .law = leg->terms.law};

    if (media_rtp_parse(packet, &arrival.rtp, &arrival.payload) != TD_OK)
        return arrival;
    arrival.kind = leg->negotiated ? kind_of(leg, &arrival.rtp) : MEDIA_ARRIVAL_FOREIGN;
    if (arrival.kind == MEDIA_ARRIVAL_FOREIGN)
        return arrival;

    enum media_latch_verdict verdict = media_latch_judge(&leg->latch, from, &arrival.rtp, now_ns);
    if (verdict == MEDIA_LATCH_REFUSED) {
        arrival.kind = MEDIA_ARRIVAL_FOREIGN;
        return arrival;
    }
    arrival.moved = verdict == MEDIA_LATCH_TAKEN;
    media_rtp_received(&leg->reception, &arrival.rtp, now_ns);
    if (!leg->terms.receives || arrival.payload.size == 0)
        arrival.kind = MEDIA_ARRIVAL_UNWANTED;
    else if (arrival.kind == MEDIA_ARRIVAL_EVENT)
        arrival.key = media_keypad_press(&leg->keypad, &arrival.rtp, arrival.payload);
    return arrival;
}

bool media_leg_can_send(const struct media_leg *leg)
{
    return leg->negotiated && leg->terms.sends && media_latch_target(&leg->latch)->family != 0;
}

size_t media_leg_relay(struct media_leg *leg, const struct media_arrival *arrival, uint64_t now_ns,
                       uint8_t packet[MEDIA_RTP_PACKET_MAX])
{
    bool audio = arrival->kind == MEDIA_ARRIVAL_AUDIO;
    uint8_t payload_type = audio ? leg->terms.send_payload : leg->terms.send_event_payload;
    struct media_rtp out;

    if (!media_leg_can_send(leg) || payload_type == MEDIA_NO_PAYLOAD ||
        arrival->payload.size > MEDIA_RTP_PACKET_MAX - MEDIA_RTP_HEADER_SIZE)
        return 0;
    if (!media_stream_relay(&leg->stream, &arrival->rtp,
                            audio ? (uint32_t)arrival->payload.size : 0, now_ns, &out))
        return 0;

    out.payload_type = payload_type;
    media_rtp_write(&out, packet);
    if (audio)
        media_g711_convert(arrival->law, leg->terms.law, arrival->payload.data,
                           arrival->payload.size, packet + MEDIA_RTP_HEADER_SIZE);
    else
        memcpy(packet + MEDIA_RTP_HEADER_SIZE, arrival->payload.data, arrival->payload.size);
    return MEDIA_RTP_HEADER_SIZE + arrival->payload.size;
}

size_t media_leg_speak(struct media_leg *leg, const int16_t samples[MEDIA_FRAME_SAMPLES],
                       uint64_t now_ns, uint8_t packet[MEDIA_RTP_PACKET_MAX])
{
    if (!media_leg_can_send(leg))
        return 0;

    struct media_rtp out = media_stream_local(&leg->stream, MEDIA_FRAME_SAMPLES, now_ns);
    out.payload_type = leg->terms.send_payload;
    media_rtp_write(&out, packet);
    media_g711_encode(leg->terms.law, samples, MEDIA_FRAME_SAMPLES, packet + MEDIA_RTP_HEADER_SIZE);
    return MEDIA_RTP_HEADER_SIZE + MEDIA_FRAME_SAMPLES;
}
