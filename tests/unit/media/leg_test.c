#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media/core/leg.h"

#define MS UINT64_C(1000000)

static const uint8_t seed_a[10] = {1, 1, 1, 1, 0, 1, 0, 0, 0, 1};
static const uint8_t seed_b[10] = {2, 2, 2, 2, 0, 2, 0, 0, 0, 2};
static const struct media_peer phone_a = {.address = {127, 0, 0, 1}, .port = 4000, .family = 4};
static const struct media_peer phone_b = {.address = {127, 0, 0, 1}, .port = 5000, .family = 4};

static const struct media_leg_terms mulaw = {
    .law = MEDIA_MULAW,
    .send_payload = 0,
    .receive_payload = 0,
    .send_event_payload = 101,
    .receive_event_payload = 101,
    .sends = true,
    .receives = true,
};
/* What the agent's phone agreed on: the other law, and other numbers in each direction. */
static const struct media_leg_terms alaw = {
    .law = MEDIA_ALAW,
    .send_payload = 8,
    .receive_payload = 8,
    .send_event_payload = 96,
    .receive_event_payload = 101,
    .sends = true,
    .receives = true,
};

static struct media_leg make(const uint8_t seed[10], const struct media_leg_terms *terms,
                             const struct media_peer *peer)
{
    struct media_leg leg;

    media_leg_init(&leg, seed);
    media_leg_negotiate(&leg, terms, peer);
    return leg;
}

static size_t build(uint8_t *packet, uint8_t payload_type, uint16_t sequence, const void *payload,
                    size_t size)
{
    const struct media_rtp rtp = {.payload_type = payload_type,
                                  .sequence = sequence,
                                  .timestamp = 160U * sequence,
                                  .ssrc = 77};

    media_rtp_write(&rtp, packet);
    memcpy(packet + MEDIA_RTP_HEADER_SIZE, payload, size);
    return MEDIA_RTP_HEADER_SIZE + size;
}

static struct media_arrival arrive(struct media_leg *leg, const struct media_peer *from,
                                   uint8_t payload_type, uint16_t sequence, uint8_t *packet)
{
    uint8_t codes[MEDIA_FRAME_SAMPLES];

    memset(codes, 0x80, sizeof(codes)); // loudest of mu-law
    size_t size = build(packet, payload_type, sequence, codes, sizeof(codes));
    return media_leg_receive(leg, from, td_bytes(packet, size), sequence * 20 * MS);
}

static void audio_passes_from_law_to_law_under_new_numbers(void **state)
{
    (void)state;
    struct media_leg a = make(seed_a, &mulaw, &phone_a);
    struct media_leg b = make(seed_b, &alaw, &phone_b);
    uint8_t in[MEDIA_RTP_PACKET_MAX];
    uint8_t out[MEDIA_RTP_PACKET_MAX];
    struct media_rtp rtp;
    struct td_bytes payload;

    struct media_arrival arrival = arrive(&a, &phone_a, 0, 9, in);
    assert_int_equal(arrival.kind, MEDIA_ARRIVAL_AUDIO);
    assert_true(arrival.moved);

    size_t size = media_leg_relay(&b, &arrival, 180 * MS, out);
    assert_int_equal(size, 172);
    assert_int_equal(media_rtp_parse(td_bytes(out, size), &rtp, &payload), TD_OK);
    assert_int_equal(rtp.payload_type, 8);
    assert_int_equal(rtp.ssrc, 0x02020202);
    assert_true(rtp.marker);
    assert_int_equal(payload.data[0], 0xaa); // loudest of A-law
    assert_false(arrive(&a, &phone_a, 0, 10, in).moved);
}

static void keys_are_told_once_and_pass_under_the_peers_number(void **state)
{
    (void)state;
    struct media_leg a = make(seed_a, &mulaw, &phone_a);
    struct media_leg b = make(seed_b, &alaw, &phone_b);
    const uint8_t event[] = {5, 0x0a, 0, 160};
    uint8_t in[MEDIA_RTP_PACKET_MAX];
    uint8_t out[MEDIA_RTP_PACKET_MAX];

    for (int i = 0; i < 3; i++) {
        size_t size = build(in, 101, 9, event, sizeof(event));
        struct media_arrival arrival = media_leg_receive(&a, &phone_a, td_bytes(in, size), 0);

        assert_int_equal(arrival.kind, MEDIA_ARRIVAL_EVENT);
        assert_int_equal(arrival.key, i == 0 ? '5' : '\0');
        assert_int_equal(media_leg_relay(&b, &arrival, 0, out), 16);
        assert_int_equal(out[1] & 0x7f, 96);
        assert_memory_equal(out + MEDIA_RTP_HEADER_SIZE, event, sizeof(event));
    }
}

static void a_peer_without_events_gets_none(void **state)
{
    (void)state;
    struct media_leg_terms plain = alaw;
    struct media_leg a = make(seed_a, &mulaw, &phone_a);
    const uint8_t event[] = {5, 0x0a, 0, 160};
    uint8_t in[MEDIA_RTP_PACKET_MAX];
    uint8_t out[MEDIA_RTP_PACKET_MAX];

    plain.send_event_payload = MEDIA_NO_PAYLOAD;
    struct media_leg b = make(seed_b, &plain, &phone_b);
    size_t size = build(in, 101, 9, event, sizeof(event));
    struct media_arrival arrival = media_leg_receive(&a, &phone_a, td_bytes(in, size), 0);
    assert_int_equal(media_leg_relay(&b, &arrival, 0, out), 0);
}

static void only_what_was_agreed_on_comes_in(void **state)
{
    (void)state;
    struct media_leg leg = make(seed_a, &mulaw, &phone_a);
    uint8_t packet[MEDIA_RTP_PACKET_MAX] = {0};

    assert_int_equal(arrive(&leg, &phone_a, 8, 1, packet).kind, MEDIA_ARRIVAL_FOREIGN);
    assert_int_equal(arrive(&leg, &phone_b, 0, 2, packet).kind, MEDIA_ARRIVAL_FOREIGN);
    assert_int_equal(leg.reception.received, 0);
    memset(packet, 0, sizeof(packet));
    assert_int_equal(media_leg_receive(&leg, &phone_a, td_bytes(packet, 40), 0).kind,
                     MEDIA_ARRIVAL_MALFORMED);
}

static void before_the_answer_nothing_comes_in_or_goes_out(void **state)
{
    (void)state;
    struct media_leg leg;
    int16_t samples[MEDIA_FRAME_SAMPLES] = {0};
    uint8_t packet[MEDIA_RTP_PACKET_MAX];

    media_leg_init(&leg, seed_a);
    for (uint16_t i = 0; i < 5; i++)
        assert_int_equal(arrive(&leg, &phone_a, 0, i, packet).kind, MEDIA_ARRIVAL_FOREIGN);
    assert_int_equal(media_leg_speak(&leg, samples, 0, packet), 0);
}

static void a_held_far_end_is_neither_heard_nor_told(void **state)
{
    (void)state;
    struct media_leg_terms held = mulaw;
    int16_t samples[MEDIA_FRAME_SAMPLES] = {0};
    uint8_t packet[MEDIA_RTP_PACKET_MAX];
    static const struct media_peer nowhere;
    static const struct media_peer nat = {.address = {10, 1, 1, 1}, .port = 9, .family = 4};
    struct media_leg leg = make(seed_a, &mulaw, &phone_a);

    for (uint16_t i = 0; i < 3; i++)
        (void)arrive(&leg, &nat, 0, i, packet);
    held.sends = false;
    held.receives = false;
    media_leg_negotiate(&leg, &held, &nowhere);
    assert_int_equal(media_leg_speak(&leg, samples, 0, packet), 0);
    assert_int_equal(arrive(&leg, &nat, 0, 3, packet).kind, MEDIA_ARRIVAL_UNWANTED);

    // Taken back: the way through the NAT is still known, and the stream goes on.
    media_leg_negotiate(&leg, &mulaw, &phone_a);
    assert_true(media_peer_equal(media_latch_target(&leg.latch), &nat));
    assert_int_equal(media_leg_speak(&leg, samples, 0, packet), 172);
}

static void a_new_address_in_the_description_is_where_packets_go(void **state)
{
    (void)state;
    struct media_leg leg = make(seed_a, &mulaw, &phone_a);
    uint8_t packet[MEDIA_RTP_PACKET_MAX];

    (void)arrive(&leg, &phone_a, 0, 1, packet);
    media_leg_negotiate(&leg, &mulaw, &phone_b);
    assert_true(media_peer_equal(media_latch_target(&leg.latch), &phone_b));
    assert_int_equal(arrive(&leg, &phone_a, 0, 2, packet).kind, MEDIA_ARRIVAL_FOREIGN);
    assert_int_equal(arrive(&leg, &phone_b, 0, 2, packet).kind, MEDIA_ARRIVAL_AUDIO);
}

static void the_largest_packet_passes_and_an_empty_one_does_not(void **state)
{
    (void)state;
    struct media_leg a = make(seed_a, &mulaw, &phone_a);
    struct media_leg b = make(seed_b, &alaw, &phone_b);
    uint8_t in[MEDIA_RTP_PACKET_MAX] = {0};
    uint8_t out[MEDIA_RTP_PACKET_MAX];

    (void)build(in, 0, 1, in, 0);
    struct media_arrival arrival = media_leg_receive(&a, &phone_a, td_bytes(in, sizeof(in)), 0);
    assert_int_equal(media_leg_relay(&b, &arrival, 0, out), MEDIA_RTP_PACKET_MAX);
    (void)build(in, 0, 2, in, 0);
    arrival = media_leg_receive(&a, &phone_a, td_bytes(in, MEDIA_RTP_HEADER_SIZE), 0);
    assert_int_equal(arrival.kind, MEDIA_ARRIVAL_UNWANTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(audio_passes_from_law_to_law_under_new_numbers),
        cmocka_unit_test(keys_are_told_once_and_pass_under_the_peers_number),
        cmocka_unit_test(a_peer_without_events_gets_none),
        cmocka_unit_test(only_what_was_agreed_on_comes_in),
        cmocka_unit_test(before_the_answer_nothing_comes_in_or_goes_out),
        cmocka_unit_test(a_held_far_end_is_neither_heard_nor_told),
        cmocka_unit_test(a_new_address_in_the_description_is_where_packets_go),
        cmocka_unit_test(the_largest_packet_passes_and_an_empty_one_does_not),
    };

    return cmocka_run_group_tests_name("media/leg", tests, NULL, NULL);
}
