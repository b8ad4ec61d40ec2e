/*
 * The outgoing stream as the far end sees it: whatever happens behind it, one SSRC, numbers without
 * a gap that was not in the source, and a timestamp that goes with real time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/core/stream.h"

#define MS UINT64_C(1000000)

static const uint8_t start[10] = {0xca, 0xfe, 0xba, 0xbe, 0xff, 0xfe, 0xff, 0xff, 0xff, 0x00};

static struct media_stream make(void)
{
    struct media_stream stream;

    media_stream_init(&stream, start);
    return stream;
}

static struct media_rtp relay(struct media_stream *stream, uint16_t sequence, uint32_t timestamp,
                              uint64_t now_ms)
{
    const struct media_rtp rtp = {.ssrc = 5, .sequence = sequence, .timestamp = timestamp};
    struct media_rtp out;

    assert_true(media_stream_relay(stream, &rtp, 160, now_ms * MS, &out));
    return out;
}

static void packets_made_here_follow_each_other_over_both_wraps(void **state)
{
    (void)state;
    struct media_stream stream = make();
    struct media_rtp before = media_stream_local(&stream, 160, 0);

    assert_true(before.marker);
    assert_int_equal(before.ssrc, 0xcafebabe);
    for (uint64_t i = 1; i < 10; i++) {
        // The timer may be early or late by a few ms; the stream is not.
        struct media_rtp rtp = media_stream_local(&stream, 160, (20 * i + i % 3) * MS);

        assert_false(rtp.marker);
        assert_int_equal(rtp.sequence, (uint16_t)(before.sequence + 1));
        assert_int_equal(rtp.timestamp, before.timestamp + 160);
        before = rtp;
    }
}

static void a_switch_goes_on_with_real_time_and_a_marker(void **state)
{
    (void)state;
    struct media_stream stream = make();
    struct media_rtp prompt = media_stream_local(&stream, 160, 0);

    media_stream_switch(&stream);
    struct media_rtp music = media_stream_local(&stream, 160, 1000 * MS);
    assert_true(music.marker);
    assert_int_equal(music.sequence, (uint16_t)(prompt.sequence + 1));
    assert_int_equal(music.timestamp, prompt.timestamp + 8000);

    media_stream_switch(&stream);
    struct media_rtp agent = relay(&stream, 40000, 123456, 1007);
    assert_true(agent.marker);
    assert_int_equal(agent.ssrc, prompt.ssrc);
    assert_int_equal(agent.sequence, (uint16_t)(music.sequence + 1));
    assert_int_equal(agent.timestamp, music.timestamp + 160); // never inside what was said
}

static void losses_and_order_of_a_source_stay_visible(void **state)
{
    (void)state;
    struct media_stream stream = make();
    struct media_rtp first = relay(&stream, 65534, 1000, 0);

    assert_int_equal(relay(&stream, 1, 1000 + 3 * 160, 60).sequence,
                     (uint16_t)(first.sequence + 3));
    struct media_rtp late = relay(&stream, 0, 1000 + 2 * 160, 61);
    assert_int_equal(late.sequence, (uint16_t)(first.sequence + 2));
    assert_int_equal(late.timestamp, first.timestamp + 320);
    struct media_rtp next = relay(&stream, 2, 1000 + 4 * 160, 80);
    assert_int_equal(next.sequence, (uint16_t)(first.sequence + 4));
    assert_false(next.marker);
}

static void a_straggler_from_before_the_switch_is_not_sent(void **state)
{
    (void)state;
    struct media_stream stream = make();
    const struct media_rtp old = {.ssrc = 5, .sequence = 99, .timestamp = 840};
    struct media_rtp out;

    (void)relay(&stream, 100, 1000, 0);
    assert_false(media_stream_relay(&stream, &old, 160, MS, &out));
}

static void the_sources_own_markers_pass(void **state)
{
    (void)state;
    struct media_stream stream = make();
    struct media_rtp spurt = {.ssrc = 5, .sequence = 101, .timestamp = 9000, .marker = true};
    struct media_rtp out;

    (void)relay(&stream, 100, 1000, 0);
    assert_true(media_stream_relay(&stream, &spurt, 160, 1000 * MS, &out));
    assert_true(out.marker);
}

static void a_source_that_restarts_makes_no_jump(void **state)
{
    (void)state;
    struct media_stream stream = make();
    struct media_rtp before = relay(&stream, 100, 1000, 0);
    const struct media_rtp renamed = {.ssrc = 6, .sequence = 9, .timestamp = 5};
    struct media_rtp out;

    assert_true(media_stream_relay(&stream, &renamed, 160, 80 * MS, &out));
    assert_true(out.marker);
    assert_int_equal(out.sequence, (uint16_t)(before.sequence + 1));
    assert_int_equal(out.timestamp, before.timestamp + 640);

    // The same under one name: numbers leap, then the timestamp leaps.
    before = relay(&stream, 100, 1000, 100);
    before = relay(&stream, 30000, 1160, 120);
    assert_true(before.marker);
    struct media_rtp after = relay(&stream, 30001, 0x70000000, 140);
    assert_true(after.marker);
    assert_int_equal(after.sequence, (uint16_t)(before.sequence + 1));
    assert_int_equal(after.timestamp, before.timestamp + 160);
}

static void silence_of_a_source_is_no_leap(void **state)
{
    (void)state;
    struct media_stream stream = make();
    struct media_rtp before = relay(&stream, 100, 1000, 0);

    // One goes on with the clock over a pause of 10 s, the other stops it.
    struct media_rtp after = relay(&stream, 101, 1000 + 80000, 10000);
    assert_int_equal(after.timestamp, before.timestamp + 80000);
    assert_false(after.marker);
    after = relay(&stream, 102, 1000 + 80160, 20000);
    assert_int_equal(after.timestamp, before.timestamp + 80160);
}

static void the_packets_of_a_key_share_their_timestamp(void **state)
{
    (void)state;
    struct media_stream stream = make();
    struct media_rtp event = {.ssrc = 5, .sequence = 101, .timestamp = 1160, .marker = true};
    struct media_rtp out;
    struct media_rtp audio = relay(&stream, 100, 1000, 0);

    for (uint64_t i = 0; i < 8; i++, event.sequence++) {
        assert_true(media_stream_relay(&stream, &event, 0, (20 + 20 * i) * MS, &out));
        assert_int_equal(out.timestamp, audio.timestamp + 160);
        assert_int_equal(out.sequence, (uint16_t)(audio.sequence + 1 + i));
    }
    // What follows from here starts now, not at the start of the key.
    media_stream_switch(&stream);
    struct media_rtp prompt = media_stream_local(&stream, 160, 200 * MS);
    assert_int_equal(prompt.timestamp, audio.timestamp + 1600);
    assert_int_equal(prompt.sequence, (uint16_t)(out.sequence + 1));
}

/* Timers and phones are not in step: such a seam leaves no gap and no overlap. */
static void a_seam_of_some_milliseconds_is_closed(void **state)
{
    (void)state;
    struct media_stream stream = make();
    struct media_rtp silence = media_stream_local(&stream, 160, 0);
    struct media_rtp agent = relay(&stream, 700, 5, 13);

    assert_int_equal(agent.timestamp, silence.timestamp + 160);
    media_stream_switch(&stream);
    silence = media_stream_local(&stream, 160, 60 * MS);
    assert_int_equal(silence.timestamp, agent.timestamp + 160);
}

static void a_report_knows_what_time_it_is(void **state)
{
    (void)state;
    struct media_stream stream = make();
    struct media_rtp rtp = media_stream_local(&stream, 160, 1000 * MS);

    assert_int_equal(media_stream_timestamp(&stream, 1500 * MS), rtp.timestamp + 4000);
    assert_int_equal(stream.packets, 1);
    assert_int_equal(stream.octets, 160);
}

/* splitmix64, as in the other tests. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Any mix of sources without loss: sequence numbers are consecutive, timestamps never go back, and
   however often the source changes they stay within two packets of real time. */
static void any_mix_of_sources_is_one_clean_stream(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        uint64_t random = seed;
        struct media_stream stream = make();
        struct media_rtp source = {0};
        struct media_rtp before = media_stream_local(&stream, 160, 0);
        uint32_t first = before.timestamp;
        uint64_t now_ms = 0;
        unsigned kind = 0;

        for (int step = 0; step < 2000; step++) {
            struct media_rtp out;

            now_ms += 20;
            if (next_random(&random) % 50 == 0) { // Another source, perhaps after a pause.
                kind = (unsigned)(next_random(&random) % 2);
                source = (struct media_rtp){.ssrc = (uint32_t)next_random(&random),
                                            .sequence = (uint16_t)next_random(&random),
                                            .timestamp = (uint32_t)next_random(&random)};
                now_ms += next_random(&random) % 3000;
                media_stream_switch(&stream);
            }
            if (kind == 0) {
                out = media_stream_local(&stream, 160, now_ms * MS);
            } else {
                assert_true(media_stream_relay(&stream, &source, 160, now_ms * MS, &out));
                source.sequence++;
                source.timestamp += 160;
            }
            assert_int_equal(out.ssrc, before.ssrc);
            assert_int_equal(out.sequence, (uint16_t)(before.sequence + 1));
            assert_true((int32_t)(out.timestamp - before.timestamp) >= 160);
            assert_in_range(now_ms * 8 - (out.timestamp - first), 0, 320);
            before = out;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_made_here_follow_each_other_over_both_wraps),
        cmocka_unit_test(a_switch_goes_on_with_real_time_and_a_marker),
        cmocka_unit_test(losses_and_order_of_a_source_stay_visible),
        cmocka_unit_test(a_straggler_from_before_the_switch_is_not_sent),
        cmocka_unit_test(the_sources_own_markers_pass),
        cmocka_unit_test(a_source_that_restarts_makes_no_jump),
        cmocka_unit_test(silence_of_a_source_is_no_leap),
        cmocka_unit_test(the_packets_of_a_key_share_their_timestamp),
        cmocka_unit_test(a_seam_of_some_milliseconds_is_closed),
        cmocka_unit_test(a_report_knows_what_time_it_is),
        cmocka_unit_test(any_mix_of_sources_is_one_clean_stream),
    };

    return cmocka_run_group_tests_name("media/stream", tests, NULL, NULL);
}
