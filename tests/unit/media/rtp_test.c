#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media/core/rtp.h"

#define MS UINT64_C(1000000)

static enum td_err parse(const uint8_t *packet, size_t size, struct media_rtp *rtp,
                         struct td_bytes *payload)
{
    return media_rtp_parse(td_bytes(packet, size), rtp, payload);
}

static void a_packet_built_by_hand_is_read_field_by_field(void **state)
{
    (void)state;
    const uint8_t packet[] = {0x80, 0x88, 0x12, 0x34, 0xde, 0xad, 0xbe,
                              0xef, 0x01, 0x02, 0x03, 0x04, 0xd5, 0x55};
    struct media_rtp rtp;
    struct td_bytes payload;

    assert_int_equal(parse(packet, sizeof(packet), &rtp, &payload), TD_OK);
    assert_true(rtp.marker);
    assert_int_equal(rtp.payload_type, 8);
    assert_int_equal(rtp.sequence, 0x1234);
    assert_int_equal(rtp.timestamp, 0xdeadbeef);
    assert_int_equal(rtp.ssrc, 0x01020304);
    assert_ptr_equal(payload.data, packet + 12);
    assert_int_equal(payload.size, 2);
}

static void what_is_written_is_what_is_read(void **state)
{
    (void)state;
    const struct media_rtp rtp = {true, 101, 0xffff, 0x80000001, 0xfffffffe};
    uint8_t packet[MEDIA_RTP_HEADER_SIZE];
    struct media_rtp again;
    struct td_bytes payload;

    media_rtp_write(&rtp, packet);
    assert_int_equal(parse(packet, sizeof(packet), &again, &payload), TD_OK);
    assert_true(again.marker);
    assert_int_equal(again.payload_type, 101);
    assert_int_equal(again.sequence, 0xffff);
    assert_int_equal(again.timestamp, 0x80000001);
    assert_int_equal(again.ssrc, 0xfffffffe);
    assert_int_equal(payload.size, 0);
}

/* Two contributors, an extension of one word, and three bytes of padding around "abcd". */
static const uint8_t dressed[] = {0xb2, 0x00, 0, 1, 0,   0,   0,   2,   0, 0, 0, 3,
                                  9,    9,    9, 9, 8,   8,   8,   8,   0, 7, 0, 1,
                                  6,    6,    6, 6, 'a', 'b', 'c', 'd', 0, 0, 3};

static void contributors_extension_and_padding_are_taken_off(void **state)
{
    (void)state;
    struct media_rtp rtp;
    struct td_bytes payload;

    assert_int_equal(parse(dressed, sizeof(dressed), &rtp, &payload), TD_OK);
    assert_int_equal(payload.size, 4);
    assert_memory_equal(payload.data, "abcd", 4);
}

static void every_truncation_is_refused_or_stays_inside(void **state)
{
    (void)state;
    struct media_rtp rtp;
    struct td_bytes payload;

    for (size_t size = 0; size < sizeof(dressed); size++) {
        if (parse(dressed, size, &rtp, &payload) == TD_OK)
            assert_true(payload.data + payload.size <= dressed + size);
        if (size < 28) // Less than the header with all it announces.
            assert_int_equal(parse(dressed, size, &rtp, &payload), TD_ERR_SYNTAX);
    }
}

static void padding_may_fill_the_payload_but_not_the_header(void **state)
{
    (void)state;
    uint8_t packet[16] = {0xa0, [15] = 4};
    struct media_rtp rtp;
    struct td_bytes payload;

    assert_int_equal(parse(packet, sizeof(packet), &rtp, &payload), TD_OK);
    assert_int_equal(payload.size, 0);
    packet[15] = 5;
    assert_int_equal(parse(packet, sizeof(packet), &rtp, &payload), TD_ERR_SYNTAX);
    packet[15] = 0;
    assert_int_equal(parse(packet, sizeof(packet), &rtp, &payload), TD_ERR_SYNTAX);
}

static void other_versions_are_not_rtp(void **state)
{
    (void)state;
    uint8_t packet[12] = {0};
    struct media_rtp rtp;
    struct td_bytes payload;

    for (unsigned version = 0; version < 4; version++) {
        packet[0] = (uint8_t)(version << 6);
        assert_int_equal(parse(packet, sizeof(packet), &rtp, &payload),
                         version == 2 ? TD_OK : TD_ERR_SYNTAX);
    }
}

static void newer_is_told_around_the_wrap(void **state)
{
    (void)state;
    assert_true(media_rtp_is_newer(1, 0));
    assert_true(media_rtp_is_newer(0, 65535));
    assert_false(media_rtp_is_newer(65535, 0));
    assert_false(media_rtp_is_newer(7, 7));
    assert_true(media_rtp_is_newer(32767, 0));
    assert_false(media_rtp_is_newer(32769, 0));
}

static void receive(struct media_rtp_reception *reception, uint16_t sequence, uint32_t ssrc)
{
    const struct media_rtp rtp = {.sequence = sequence, .ssrc = ssrc};

    media_rtp_received(reception, &rtp, 0);
}

static void losses_are_counted_over_the_wrap_of_the_sequence(void **state)
{
    (void)state;
    struct media_rtp_reception reception = {0};

    for (uint32_t i = 0; i < 200; i++) {
        if (i % 4 != 1) // Every fourth is lost, but not the last.
            receive(&reception, (uint16_t)(65500 + i), 1);
    }
    struct media_rtp_report report = media_rtp_take_report(&reception);
    assert_int_equal(report.lost, 50);
    assert_int_equal(report.fraction_lost, 64); // of 256
    assert_int_equal(report.highest_sequence, 65500 + 199);
    assert_int_equal(media_rtp_lost(&reception), 50);

    receive(&reception, (uint16_t)(65500 + 200), 1);
    report = media_rtp_take_report(&reception);
    assert_int_equal(report.fraction_lost, 0); // since the last report
    assert_int_equal(report.lost, 50);
}

static void late_and_doubled_packets_make_up_for_losses(void **state)
{
    (void)state;
    struct media_rtp_reception reception = {0};

    receive(&reception, 10, 1);
    receive(&reception, 12, 1);
    assert_int_equal(media_rtp_lost(&reception), 1);
    receive(&reception, 11, 1);
    assert_int_equal(media_rtp_lost(&reception), 0);
    receive(&reception, 11, 1);
    assert_int_equal(media_rtp_take_report(&reception).lost, -1);
    assert_int_equal(media_rtp_lost(&reception), 0);
}

static void a_new_source_keeps_what_was_lost_before(void **state)
{
    (void)state;
    struct media_rtp_reception reception = {0};

    receive(&reception, 10, 1);
    receive(&reception, 15, 1); // four lost
    receive(&reception, 40000, 2);
    receive(&reception, 40002, 2); // one more
    assert_int_equal(media_rtp_lost(&reception), 5);
    receive(&reception, 100, 2); // a leap under the same name: no loss of 25,000
    assert_int_equal(media_rtp_lost(&reception), 5);
}

static void jitter_follows_the_estimator_of_the_rfc(void **state)
{
    (void)state;
    struct media_rtp_reception reception = {0};
    struct media_rtp rtp = {.ssrc = 1};
    double expected = 0;

    // Odd packets are 5 ms late: each differs from the one before by 40 units.
    for (uint16_t i = 0; i < 100; i++) {
        rtp.sequence = i;
        rtp.timestamp = 160U * i;
        media_rtp_received(&reception, &rtp, (20 * (uint64_t)i + (i % 2) * 5) * MS);
        if (i > 0)
            expected += (40 - expected) / 16;
    }
    uint32_t jitter = media_rtp_take_report(&reception).jitter;
    assert_in_range(jitter, (uint32_t)expected - 1, (uint32_t)expected + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_built_by_hand_is_read_field_by_field),
        cmocka_unit_test(what_is_written_is_what_is_read),
        cmocka_unit_test(contributors_extension_and_padding_are_taken_off),
        cmocka_unit_test(every_truncation_is_refused_or_stays_inside),
        cmocka_unit_test(padding_may_fill_the_payload_but_not_the_header),
        cmocka_unit_test(other_versions_are_not_rtp),
        cmocka_unit_test(newer_is_told_around_the_wrap),
        cmocka_unit_test(losses_are_counted_over_the_wrap_of_the_sequence),
        cmocka_unit_test(late_and_doubled_packets_make_up_for_losses),
        cmocka_unit_test(a_new_source_keeps_what_was_lost_before),
        cmocka_unit_test(jitter_follows_the_estimator_of_the_rfc),
    };

    return cmocka_run_group_tests_name("media/rtp", tests, NULL, NULL);
}
