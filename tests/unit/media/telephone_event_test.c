#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/core/telephone_event.h"

static char send(struct media_keypad *keypad, uint32_t timestamp, uint8_t event, bool end,
                 uint16_t duration)
{
    const struct media_rtp rtp = {.ssrc = 9, .timestamp = timestamp};
    const uint8_t payload[] = {event, (uint8_t)(end ? 0x8a : 0x0a), (uint8_t)(duration >> 8),
                               (uint8_t)duration};

    return media_keypad_press(keypad, &rtp, td_bytes(payload, sizeof(payload)));
}

/* The example of RFC 4733 section 5: "911", each key reported several times. */
static void the_rfcs_911_is_three_keys(void **state)
{
    (void)state;
    static const struct {
        uint32_t timestamp;
        uint8_t event;
        uint16_t duration;
        bool end;
        char key;
    } packets[] = {
        {0, 9, 400, false, '9'},      {0, 9, 800, false, '\0'},    {0, 9, 1600, true, '\0'},
        {0, 9, 1600, true, '\0'},     {0, 9, 1600, true, '\0'},    {3200, 1, 400, false, '1'},
        {3200, 1, 1760, true, '\0'},  {11200, 1, 400, false, '1'}, {11200, 1, 1600, true, '\0'},
        {11200, 1, 1600, true, '\0'},
    };
    struct media_keypad keypad;

    media_keypad_init(&keypad);
    for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
        assert_int_equal(send(&keypad, packets[i].timestamp, packets[i].event, packets[i].end,
                              packets[i].duration),
                         packets[i].key);
}

static void every_key_has_its_letter_and_other_signals_have_none(void **state)
{
    (void)state;
    struct media_keypad keypad;

    media_keypad_init(&keypad);
    for (uint8_t event = 0; event < 16; event++)
        assert_int_equal(send(&keypad, 1000U * event, event, true, 800), "0123456789*#ABCD"[event]);
    for (unsigned event = 16; event < 256; event++)
        assert_int_equal(send(&keypad, 1000U * event, (uint8_t)event, true, 800), '\0');
}

static void one_packet_of_a_press_is_enough_whichever_arrives(void **state)
{
    (void)state;
    struct media_keypad keypad;

    media_keypad_init(&keypad);
    assert_int_equal(send(&keypad, 100, 5, true, 1600), '5');   // only an end arrived
    assert_int_equal(send(&keypad, 9000, 5, false, 160), '5');  // only a start: the end is lost
    assert_int_equal(send(&keypad, 20000, 5, false, 160), '5'); // the same key again
}

static void a_straggler_of_an_earlier_press_is_not_another_one(void **state)
{
    (void)state;
    struct media_keypad keypad;

    media_keypad_init(&keypad);
    assert_int_equal(send(&keypad, 0xfffffff0, 1, false, 160), '1');
    assert_int_equal(send(&keypad, 0x00000700, 2, false, 160), '2'); // around the wrap
    assert_int_equal(send(&keypad, 0xfffffff0, 1, true, 1600), '\0');
    assert_int_equal(send(&keypad, 0x00000700, 2, true, 1600), '\0');
}

static void a_long_press_in_two_segments_is_one_key(void **state)
{
    (void)state;
    struct media_keypad keypad;

    media_keypad_init(&keypad);
    assert_int_equal(send(&keypad, 1000, 7, false, 0xffff), '7');
    assert_int_equal(send(&keypad, 1000 + 0xffff, 7, false, 400), '\0');
    assert_int_equal(send(&keypad, 1000 + 0xffff, 7, true, 800), '\0');
    // After an end the same distance is a new press.
    assert_int_equal(send(&keypad, 1000 + 2 * 0xffff, 7, false, 400), '7');
}

static void another_sender_starts_anew(void **state)
{
    (void)state;
    struct media_keypad keypad;
    const struct media_rtp other = {.ssrc = 10, .timestamp = 5};
    const uint8_t payload[] = {3, 10, 0, 160};

    media_keypad_init(&keypad);
    assert_int_equal(send(&keypad, 1000, 3, false, 160), '3');
    assert_int_equal(media_keypad_press(&keypad, &other, td_bytes(payload, 4)), '3');
}

static void short_payloads_are_ignored(void **state)
{
    (void)state;
    const struct media_rtp rtp = {.timestamp = 5};
    const uint8_t payload[] = {3, 10, 0};
    struct media_keypad keypad;

    media_keypad_init(&keypad);
    assert_int_equal(media_keypad_press(&keypad, &rtp, td_bytes(payload, 3)), '\0');
    assert_int_equal(media_keypad_press(&keypad, &rtp, td_bytes(NULL, 0)), '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rfcs_911_is_three_keys),
        cmocka_unit_test(every_key_has_its_letter_and_other_signals_have_none),
        cmocka_unit_test(one_packet_of_a_press_is_enough_whichever_arrives),
        cmocka_unit_test(a_straggler_of_an_earlier_press_is_not_another_one),
        cmocka_unit_test(a_long_press_in_two_segments_is_one_key),
        cmocka_unit_test(another_sender_starts_anew),
        cmocka_unit_test(short_payloads_are_ignored),
    };

    return cmocka_run_group_tests_name("media/telephone_event", tests, NULL, NULL);
}
