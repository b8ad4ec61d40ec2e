// needs: service media
/*
 * Datagrams from anybody to a leg. The input is a script: [sender, size, bytes ...]; a packet of a
 * stranger never comes in while the phone talks, and whatever comes in leaves as valid RTP with the
 * far end's numbers, one behind the other.
 */
#include <stdlib.h>
#include <string.h>

#include "media/core/leg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t seed[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
static const struct media_peer peers[] = {
    {.address = {192, 0, 2, 1}, .port = 4000, .family = 4},
    {.address = {192, 0, 2, 2}, .port = 4000, .family = 4},
    {.address = {0x20, 0x01}, .port = 4000, .family = 6},
};
static const struct media_leg_terms terms = {
    .law = MEDIA_MULAW,
    .send_payload = 0,
    .receive_payload = 0,
    .send_event_payload = 101,
    .receive_event_payload = 101,
    .sends = true,
    .receives = true,
};
static const struct media_leg_terms other_terms = {
    .law = MEDIA_ALAW,
    .send_payload = 8,
    .receive_payload = 8,
    .send_event_payload = 96,
    .receive_event_payload = 101,
    .sends = true,
    .receives = true,
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_relayed(struct media_leg *to, const struct media_arrival *arrival,
                          uint64_t now_ns)
{
    uint8_t packet[MEDIA_RTP_PACKET_MAX];
    struct media_rtp rtp;
    struct td_bytes payload;
    size_t size = media_leg_relay(to, arrival, now_ns, packet);

    if (size == 0)
        return;
    require(media_rtp_parse(td_bytes(packet, size), &rtp, &payload) == TD_OK);
    require(rtp.ssrc == 0x01020304);
    require(rtp.payload_type == (arrival->kind == MEDIA_ARRIVAL_AUDIO ? 8 : 96));
    require(payload.size == arrival->payload.size);
}

static void check_arrival(const struct media_arrival *arrival, struct td_bytes packet)
{
    if (arrival->kind == MEDIA_ARRIVAL_MALFORMED)
        return;
    require(arrival->payload.data >= packet.data);
    require(arrival->payload.data + arrival->payload.size <= packet.data + packet.size);
    require(arrival->key == '\0' || strchr("0123456789*#ABCD", arrival->key) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct media_leg from;
    struct media_leg to;
    uint64_t now_ns = 0;

    media_leg_init(&from, seed);
    media_leg_negotiate(&from, &terms, &peers[0]);
    media_leg_init(&to, seed);
    media_leg_negotiate(&to, &other_terms, &peers[1]);

    while (size >= 2) {
        const struct media_peer *peer = &peers[data[0] % 3];
        size_t length = data[1] > size - 2 ? size - 2 : data[1];
        struct td_bytes packet = td_bytes(data + 2, length);

        now_ns += (uint64_t)(data[0] / 3) * 20000000;
        struct media_arrival arrival = media_leg_receive(&from, peer, packet, now_ns);
        check_arrival(&arrival, packet);
        if (arrival.kind == MEDIA_ARRIVAL_AUDIO || arrival.kind == MEDIA_ARRIVAL_EVENT) {
            require(media_peer_equal(media_latch_target(&from.latch), peer));
            check_relayed(&to, &arrival, now_ns);
        }
        data += 2 + length;
        size -= 2 + length;
    }
    return 0;
}
