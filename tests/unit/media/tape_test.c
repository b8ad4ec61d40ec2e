/*
 * The time line of recordings. Each packet's samples carry a number, so that a sample found at the
 * wrong place is seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/core/tape.h"

#define MS UINT64_C(1000000)
#define FRAMES_PER_MS 8
#define LENGTH_MAX (20 * 8000)

static struct media_tape_frame ring[MEDIA_TAPE_RING];
static struct media_tape_frame out[LENGTH_MAX + MEDIA_TAPE_BLOCK];
static size_t taken;

static struct media_tape make(void)
{
    struct media_tape tape;

    memset(ring, 0x55, sizeof(ring)); // What was in the memory before must not be heard.
    taken = 0;
    media_tape_init(&tape, ring, 1000 * MS);
    return tape;
}

static void write_from(struct media_tape *tape, enum media_channel channel, uint32_t ssrc,
                       uint32_t timestamp, int16_t value, uint64_t at_ms)
{
    int16_t samples[MEDIA_FRAME_SAMPLES];

    for (size_t i = 0; i < MEDIA_FRAME_SAMPLES; i++)
        samples[i] = value;
    media_tape_write(tape, channel, ssrc, timestamp, samples, MEDIA_FRAME_SAMPLES,
                     (1000 + at_ms) * MS);
}

static void write(struct media_tape *tape, uint32_t timestamp, int16_t value, uint64_t at_ms)
{
    write_from(tape, MEDIA_CUSTOMER, 1, timestamp, value, at_ms);
}

static void take_settled(struct media_tape *tape, uint64_t at_ms)
{
    while (media_tape_has_block(tape, (1000 + at_ms) * MS))
        taken += media_tape_take(tape, (1000 + at_ms) * MS, false, out + taken);
}

static size_t finish(struct media_tape *tape, uint64_t at_ms)
{
    size_t count;

    while ((count = media_tape_take(tape, (1000 + at_ms) * MS, true, out + taken)) > 0)
        taken += count;
    return taken;
}

static void assert_run(uint64_t from_ms, uint64_t to_ms, enum media_channel channel, int16_t value)
{
    for (size_t i = from_ms * FRAMES_PER_MS; i < to_ms * FRAMES_PER_MS; i++) {
        if (out[i].sample[channel] != value)
            fail_msg("frame %zu: %d, expected %d", i, out[i].sample[channel], value);
    }
}

static void silence_keeps_its_length(void **state)
{
    (void)state;
    struct media_tape tape = make();

    assert_int_equal(finish(&tape, 3000), 3000 * FRAMES_PER_MS);
    assert_run(0, 3000, MEDIA_CUSTOMER, 0);
    assert_run(0, 3000, MEDIA_AGENT, 0);
}

static void jitter_loss_and_order_do_not_warp_the_line(void **state)
{
    (void)state;
    struct media_tape tape = make();

    write(&tape, 5000, 1, 100);
    write(&tape, 5160, 2, 135); // 15 ms late
    /* 5320 is lost */
    write(&tape, 5640, 5, 175); // early, and before
    write(&tape, 5480, 4, 180); // the one that was sent first
    (void)finish(&tape, 400);
    assert_run(0, 100, MEDIA_CUSTOMER, 0);
    assert_run(100, 120, MEDIA_CUSTOMER, 1);
    assert_run(120, 140, MEDIA_CUSTOMER, 2);
    assert_run(140, 160, MEDIA_CUSTOMER, 0);
    assert_run(160, 180, MEDIA_CUSTOMER, 4);
    assert_run(180, 200, MEDIA_CUSTOMER, 5);
    assert_run(200, 400, MEDIA_CUSTOMER, 0);
    assert_run(0, 400, MEDIA_AGENT, 0);
}

static void the_two_sides_have_their_channels(void **state)
{
    (void)state;
    struct media_tape tape = make();

    write_from(&tape, MEDIA_CUSTOMER, 1, 0xffffffff - 100, 11, 0); // a timestamp that wraps
    write_from(&tape, MEDIA_AGENT, 2, 77, 22, 0);
    write_from(&tape, MEDIA_CUSTOMER, 1, 59, 12, 20);
    write_from(&tape, MEDIA_AGENT, 2, 237, 23, 20);
    (void)finish(&tape, 100);
    assert_run(0, 20, MEDIA_CUSTOMER, 11);
    assert_run(20, 40, MEDIA_CUSTOMER, 12);
    assert_run(0, 20, MEDIA_AGENT, 22);
    assert_run(20, 40, MEDIA_AGENT, 23);
}

static void a_burst_after_a_network_stall_lands_where_it_was_said(void **state)
{
    (void)state;
    struct media_tape tape = make();

    write(&tape, 0, 1, 0);
    for (uint32_t i = 1; i <= 40; i++) // 800 ms of speech arrive at once
        write(&tape, 160 * i, (int16_t)(1 + i), 830);
    (void)finish(&tape, 900);
    for (uint32_t i = 0; i <= 40; i++)
        assert_run(20 * i, 20 * i + 20, MEDIA_CUSTOMER, (int16_t)(1 + i));
}

static void a_hold_of_any_length_is_silence_and_the_voice_returns_in_place(void **state)
{
    (void)state;
    struct media_tape tape = make();

    write(&tape, 0, 1, 0);
    take_settled(&tape, 8000);
    write(&tape, 160, 2, 8000); // The phone's clock stood still meanwhile.
    take_settled(&tape, 16000);
    write(&tape, 160 + 64000, 3, 16000); // And here it went on.
    take_settled(&tape, 17000);
    assert_int_equal(finish(&tape, 17000), 17000 * FRAMES_PER_MS);
    assert_run(0, 20, MEDIA_CUSTOMER, 1);
    assert_run(20, 8000, MEDIA_CUSTOMER, 0);
    assert_run(8000, 8020, MEDIA_CUSTOMER, 2);
    assert_run(8020, 16000, MEDIA_CUSTOMER, 0);
    assert_run(16000, 16020, MEDIA_CUSTOMER, 3);
}

static void another_source_is_placed_when_it_is_heard(void **state)
{
    (void)state;
    struct media_tape tape = make();

    write_from(&tape, MEDIA_AGENT, 1, 1000, 1, 0);
    write_from(&tape, MEDIA_AGENT, 2, 99999999, 2, 100);
    media_tape_switch(&tape, MEDIA_AGENT); // The same name, and a clock started anew.
    write_from(&tape, MEDIA_AGENT, 2, 99999999, 3, 200);
    (void)finish(&tape, 300);
    assert_run(0, 20, MEDIA_AGENT, 1);
    assert_run(100, 120, MEDIA_AGENT, 2);
    assert_run(200, 220, MEDIA_AGENT, 3);
    assert_run(120, 200, MEDIA_AGENT, 0);
}

static void a_clock_that_runs_away_is_caught(void **state)
{
    (void)state;
    struct media_tape tape = make();

    write(&tape, 0, 1, 0);
    write(&tape, 0x40000000, 2, 20); // A leap of days is put where it was heard.
    write(&tape, 0x40000000 + 160, 3, 40);
    (void)finish(&tape, 100);
    assert_run(20, 40, MEDIA_CUSTOMER, 2);
    assert_run(40, 60, MEDIA_CUSTOMER, 3);
}

static void a_disk_that_does_not_take_costs_packets_but_no_time(void **state)
{
    (void)state;
    struct media_tape tape = make();

    for (uint32_t i = 0; i < 300; i++) // 6 s into a ring of 4 s
        write(&tape, 160 * i, (int16_t)(1 + i), 20 * i);
    assert_true(tape.dropped > 0);
    assert_int_equal(finish(&tape, 6000), 6000 * FRAMES_PER_MS);
    assert_run(0, 20, MEDIA_CUSTOMER, 1);
    assert_run(2000, 2020, MEDIA_CUSTOMER, 101);
    assert_run(5900, 6000, MEDIA_CUSTOMER, 0);
}

static void blocks_wait_for_late_packets_and_are_bounded(void **state)
{
    (void)state;
    struct media_tape tape = make();

    assert_false(media_tape_has_block(&tape, (1000 + 1499) * MS));
    assert_true(media_tape_has_block(&tape, (1000 + 1500) * MS));
    assert_int_equal(media_tape_take(&tape, (1000 + 3000) * MS, false, out), MEDIA_TAPE_BLOCK);
}

static void the_header_says_how_much_there_is(void **state)
{
    (void)state;
    static const uint8_t golden[MEDIA_WAV_HEADER_SIZE] = {
        'R', 'I', 'F', 'F', 0x24, 0x7d, 0,   0,   'W', 'A',  'V',  'E',  'f', 'm',  't',
        ' ', 16,  0,   0,   0,    1,    0,   2,   0,   0x40, 0x1f, 0,    0,   0x00, 0x7d,
        0,   0,   4,   0,   16,   0,    'd', 'a', 't', 'a',  0x00, 0x7d, 0,   0};
    uint8_t header[MEDIA_WAV_HEADER_SIZE];

    media_wav_header(8000, header); // one second: 32,000 bytes
    assert_memory_equal(header, golden, sizeof(golden));

    media_wav_header(UINT64_C(1) << 40, header); // more than the format can say
    assert_memory_equal(header + 40, ((const uint8_t[]){0xd3, 0xff, 0xff, 0xff}), 4);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Whatever is written when and how it is taken, the line is as long as it took, to the frame. */
static void the_length_is_always_the_time_that_passed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        uint64_t random = seed;
        struct media_tape tape = make();
        uint64_t now_ms = 0;

        while (now_ms < 15000) {
            write_from(&tape, (enum media_channel)(next_random(&random) % 2),
                       (uint32_t)(next_random(&random) % 3),
                       (uint32_t)next_random(&random) % 200000, 1, now_ms);
            now_ms += next_random(&random) % 60;
            if (next_random(&random) % 4 == 0)
                take_settled(&tape, now_ms);
        }
        assert_int_equal(finish(&tape, now_ms), now_ms * FRAMES_PER_MS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_keeps_its_length),
        cmocka_unit_test(jitter_loss_and_order_do_not_warp_the_line),
        cmocka_unit_test(the_two_sides_have_their_channels),
        cmocka_unit_test(a_burst_after_a_network_stall_lands_where_it_was_said),
        cmocka_unit_test(a_hold_of_any_length_is_silence_and_the_voice_returns_in_place),
        cmocka_unit_test(another_source_is_placed_when_it_is_heard),
        cmocka_unit_test(a_clock_that_runs_away_is_caught),
        cmocka_unit_test(a_disk_that_does_not_take_costs_packets_but_no_time),
        cmocka_unit_test(blocks_wait_for_late_packets_and_are_bounded),
        cmocka_unit_test(the_header_says_how_much_there_is),
        cmocka_unit_test(the_length_is_always_the_time_that_passed),
    };

    return cmocka_run_group_tests_name("media/tape", tests, NULL, NULL);
}
