#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/core/rtcp.h"

static const struct media_rtcp_own sender = {
    .ssrc = 0x11223344,
    .packets_sent = 1000,
    .octets_sent = 160000,
    .rtp_timestamp = 0x01020304,
    .now_unix_us = UINT64_C(1700000000500000),
    .heard = true,
    .report = {.ssrc = 0x55667788,
               .fraction_lost = 64,
               .lost = -2,
               .highest_sequence = 0x00010005,
               .jitter = 12},
    .last_sender_report = 0xaabbccdd,
    .since_sender_report = 0x00018000,
};

/* 2023-11-14T22:13:20.5Z in NTP: 1700000000 + 2208988800 = 0xe8fe6f80, and a half. */
static void a_senders_report_is_written_byte_for_byte(void **state)
{
    (void)state;
    static const uint8_t golden[] = {
        0x81, 200,  0,    12,   0x11, 0x22, 0x33, 0x44, 0xe8, 0xfe, 0x6f, 0x80, 0x80, 0,
        0,    0,    1,    2,    3,    4,    0,    0,    0x03, 0xe8, 0,    0x02, 0x71, 0,
        0x55, 0x66, 0x77, 0x88, 64,   0xff, 0xff, 0xfe, 0,    1,    0,    5,    0,    0,
        0,    12,   0xaa, 0xbb, 0xcc, 0xdd, 0,    1,    0x80, 0,    0x81, 202,  0,    6,
        0x11, 0x22, 0x33, 0x44, 1,    15,   't',  'a',  'n',  'd',  'e',  'm',  '-',  '1',
        '1',  '2',  '2',  '3',  '3',  '4',  '4',  0,    0,    0};
    uint8_t packet[MEDIA_RTCP_PACKET_MAX];

    assert_int_equal(media_rtcp_write(&sender, packet), sizeof(golden));
    assert_memory_equal(packet, golden, sizeof(golden));
}

static void our_own_report_is_understood_by_the_peer_it_is_about(void **state)
{
    (void)state;
    uint8_t packet[MEDIA_RTCP_PACKET_MAX];
    struct media_rtcp_peer peer;
    size_t size = media_rtcp_write(&sender, packet);

    assert_int_equal(media_rtcp_parse(td_bytes(packet, size), 0x55667788, &peer), TD_OK);
    assert_true(peer.sent);
    assert_int_equal(peer.ssrc, 0x11223344);
    assert_int_equal(peer.ntp_middle, 0x6f808000);
    assert_int_equal(peer.ntp_middle, media_rtcp_ntp_middle(sender.now_unix_us));
    assert_true(peer.reported);
    assert_int_equal(peer.fraction_lost, 64);
    assert_int_equal(peer.jitter, 12);
    assert_false(peer.goodbye);

    assert_int_equal(media_rtcp_parse(td_bytes(packet, size), 1, &peer), TD_OK);
    assert_false(peer.reported); // It is about somebody else.
}

static void who_never_sent_reports_as_a_receiver_and_may_leave(void **state)
{
    (void)state;
    struct media_rtcp_own own = sender;
    uint8_t packet[MEDIA_RTCP_PACKET_MAX];
    struct media_rtcp_peer peer;

    own.packets_sent = 0;
    own.goodbye = true;
    size_t size = media_rtcp_write(&own, packet);
    assert_int_equal(packet[1], 201);
    assert_int_equal(media_rtcp_parse(td_bytes(packet, size), 0x55667788, &peer), TD_OK);
    assert_false(peer.sent);
    assert_true(peer.reported);
    assert_true(peer.goodbye);

    own.heard = false;
    own.goodbye = false;
    size = media_rtcp_write(&own, packet);
    assert_int_equal(packet[0], 0x80);
    assert_int_equal(media_rtcp_parse(td_bytes(packet, size), 0x55667788, &peer), TD_OK);
    assert_false(peer.reported);
}

static void round_trip_is_that_of_the_rfcs_figure(void **state)
{
    (void)state;
    // RFC 3550 figure 2: A = 0xb710:8000, LSR = 0xb705:2000, DLSR = 5.25 s: 6.125 s.
    const struct media_rtcp_peer peer = {
        .reported = true, .last_sender_report = 0xb7052000, .since_sender_report = 0x00054000};
    uint64_t now_us = 0;

    // The moment whose middle bits are 0xb7108000: 0xb710 seconds into some 65536 s, and a half.
    uint64_t seconds = (UINT64_C(0xe8fe) << 16 | 0xb710) - UINT64_C(2208988800);
    now_us = seconds * 1000000 + 500000;
    assert_int_equal(media_rtcp_ntp_middle(now_us), 0xb7108000);
    assert_int_equal(media_rtcp_round_trip_us(&peer, now_us), 6125000);
}

static void no_round_trip_without_a_report_or_against_the_clock(void **state)
{
    (void)state;
    struct media_rtcp_peer peer = {.reported = true, .last_sender_report = 0};

    assert_int_equal(media_rtcp_round_trip_us(&peer, 1000000), 0);
    peer.last_sender_report = media_rtcp_ntp_middle(UINT64_C(1700000000000000));
    peer.since_sender_report = 0x20000; // 2 s, where only 1 s has passed
    assert_int_equal(media_rtcp_round_trip_us(&peer, UINT64_C(1700000001000000)), 0);
}

static void broken_compounds_are_refused(void **state)
{
    (void)state;
    uint8_t packet[MEDIA_RTCP_PACKET_MAX];
    size_t size = media_rtcp_write(&sender, packet);
    struct media_rtcp_peer peer;

    for (size_t cut = 1; cut < size; cut++) {
        uint8_t *exact = malloc(cut); // A sanitizer sees what reads on.

        assert_non_null(exact);
        memcpy(exact, packet, cut);
        if (cut != 52) // The end of the first part is an end.
            assert_int_equal(media_rtcp_parse(td_bytes(exact, cut), 1, &peer), TD_ERR_SYNTAX);
        free(exact);
    }
    packet[1] = 202; // Must begin with a report.
    assert_int_equal(media_rtcp_parse(td_bytes(packet, size), 1, &peer), TD_ERR_SYNTAX);
    packet[1] = 200;
    packet[0] = 0x01;
    assert_int_equal(media_rtcp_parse(td_bytes(packet, size), 1, &peer), TD_ERR_SYNTAX);
}

static void a_report_count_beyond_its_part_reads_nothing_more(void **state)
{
    (void)state;
    const uint8_t packet[] = {0x9f, 201, 0, 1, 0, 0, 0, 1};
    struct media_rtcp_peer peer;

    assert_int_equal(media_rtcp_parse(td_bytes(packet, sizeof(packet)), 0, &peer), TD_OK);
    assert_false(peer.reported);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_senders_report_is_written_byte_for_byte),
        cmocka_unit_test(our_own_report_is_understood_by_the_peer_it_is_about),
        cmocka_unit_test(who_never_sent_reports_as_a_receiver_and_may_leave),
        cmocka_unit_test(round_trip_is_that_of_the_rfcs_figure),
        cmocka_unit_test(no_round_trip_without_a_report_or_against_the_clock),
        cmocka_unit_test(broken_compounds_are_refused),
        cmocka_unit_test(a_report_count_beyond_its_part_reads_nothing_more),
    };

    return cmocka_run_group_tests_name("media/rtcp", tests, NULL, NULL);
}
