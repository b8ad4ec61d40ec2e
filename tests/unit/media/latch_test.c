#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/core/latch.h"

#define MS UINT64_C(1000000)

static const struct media_peer phone = {.address = {192, 0, 2, 10}, .port = 4000, .family = 4};
static const struct media_peer nat = {.address = {198, 51, 100, 1}, .port = 61000, .family = 4};
static const struct media_peer thief = {.address = {203, 0, 113, 66}, .port = 4000, .family = 4};
static const struct media_peer nobody = {0};

static enum media_latch_verdict hear(struct media_latch *latch, const struct media_peer *from,
                                     uint32_t ssrc, uint16_t sequence, uint64_t now_ms)
{
    const struct media_rtp rtp = {.ssrc = ssrc, .sequence = sequence};

    return media_latch_judge(latch, from, &rtp, now_ms * MS);
}

static struct media_latch latched_to_nat(void)
{
    struct media_latch latch;

    media_latch_init(&latch, &phone);
    for (uint16_t i = 0; i < MEDIA_LATCH_ROW; i++)
        (void)hear(&latch, &nat, 7, (uint16_t)(100 + i), i * 20U);
    assert_true(media_peer_equal(media_latch_target(&latch), &nat));
    return latch;
}

static void the_signalled_address_is_heard_from_its_first_packet(void **state)
{
    (void)state;
    struct media_latch latch;

    media_latch_init(&latch, &phone);
    assert_true(media_peer_equal(media_latch_target(&latch), &phone));
    assert_int_equal(hear(&latch, &phone, 7, 100, 0), MEDIA_LATCH_TAKEN);
    assert_int_equal(hear(&latch, &phone, 7, 101, 20), MEDIA_LATCH_HEARD);
    assert_int_equal(hear(&latch, &phone, 99, 5, 40),
                     MEDIA_LATCH_HEARD); // restarted: the same phone
}

static void a_nat_is_followed_after_three_packets_in_a_row(void **state)
{
    (void)state;
    struct media_latch latch;

    media_latch_init(&latch, &phone);
    assert_int_equal(hear(&latch, &nat, 7, 65535, 0), MEDIA_LATCH_REFUSED);
    assert_int_equal(hear(&latch, &nat, 7, 0, 20), MEDIA_LATCH_REFUSED);
    assert_true(media_peer_equal(media_latch_target(&latch), &phone));
    assert_int_equal(hear(&latch, &nat, 7, 1, 40), MEDIA_LATCH_TAKEN);
    assert_true(media_peer_equal(media_latch_target(&latch), &nat));
    assert_int_equal(hear(&latch, &nat, 7, 2, 60), MEDIA_LATCH_HEARD);
}

static void a_row_is_of_one_source_one_name_and_one_order(void **state)
{
    (void)state;
    struct media_latch latch;

    media_latch_init(&latch, &nobody);
    (void)hear(&latch, &nat, 7, 10, 0);
    (void)hear(&latch, &thief, 7, 11, 0);
    assert_int_equal(hear(&latch, &nat, 7, 12, 0), MEDIA_LATCH_REFUSED);
    (void)hear(&latch, &nat, 7, 13, 0);
    assert_int_equal(hear(&latch, &nat, 8, 14, 0), MEDIA_LATCH_REFUSED); // another SSRC
    (void)hear(&latch, &nat, 8, 15, 0);
    assert_int_equal(hear(&latch, &nat, 8, 17, 0), MEDIA_LATCH_REFUSED); // a gap
    assert_int_equal(media_latch_target(&latch)->family, 0);
}

static void nobody_breaks_into_a_talk(void **state)
{
    (void)state;
    struct media_latch latch = latched_to_nat();

    // While the phone talks, not even its own stream from elsewhere is taken.
    for (uint16_t i = 0; i < 100; i++) {
        assert_int_equal(hear(&latch, &nat, 7, (uint16_t)(103 + i), 60 + i * 20U),
                         MEDIA_LATCH_HEARD);
        assert_int_equal(hear(&latch, &thief, 7, (uint16_t)(104 + i), 61 + i * 20U),
                         MEDIA_LATCH_REFUSED);
    }
    // In its silence (hold), another stream is not either, even with numbers that go on.
    for (uint16_t i = 0; i < 100; i++)
        assert_int_equal(hear(&latch, &thief, 8, (uint16_t)(210 + i), 60000 + i * 20U),
                         MEDIA_LATCH_REFUSED);
    // Nor is the right name with numbers that do not go on.
    for (uint16_t i = 0; i < 100; i++)
        assert_int_equal(hear(&latch, &thief, 7, (uint16_t)(20000 + i), 70000 + i * 20U),
                         MEDIA_LATCH_REFUSED);
    assert_true(media_peer_equal(media_latch_target(&latch), &nat));
}

static void a_phone_that_changed_its_network_is_found_again(void **state)
{
    (void)state;
    struct media_latch latch = latched_to_nat(); // last: sequence 102 at 40 ms

    assert_int_equal(hear(&latch, &thief, 7, 110, 539), MEDIA_LATCH_REFUSED);
    assert_int_equal(hear(&latch, &thief, 7, 111, 540), MEDIA_LATCH_REFUSED);
    assert_int_equal(hear(&latch, &thief, 7, 112, 560), MEDIA_LATCH_REFUSED);
    assert_int_equal(hear(&latch, &thief, 7, 113, 580), MEDIA_LATCH_TAKEN); // three after the pause
}

static void the_signalled_address_beats_whoever_was_first(void **state)
{
    (void)state;
    struct media_latch latch = latched_to_nat();

    assert_int_equal(hear(&latch, &phone, 1, 1, 41), MEDIA_LATCH_TAKEN);
    assert_int_equal(hear(&latch, &nat, 7, 103, 60), MEDIA_LATCH_REFUSED);
}

static void a_port_alone_makes_another_source(void **state)
{
    (void)state;
    struct media_latch latch;
    struct media_peer other_port = phone;

    other_port.port++;
    media_latch_init(&latch, &phone);
    (void)hear(&latch, &phone, 7, 1, 0);
    assert_int_equal(hear(&latch, &other_port, 7, 2, 20), MEDIA_LATCH_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signalled_address_is_heard_from_its_first_packet),
        cmocka_unit_test(a_nat_is_followed_after_three_packets_in_a_row),
        cmocka_unit_test(a_row_is_of_one_source_one_name_and_one_order),
        cmocka_unit_test(nobody_breaks_into_a_talk),
        cmocka_unit_test(a_phone_that_changed_its_network_is_found_again),
        cmocka_unit_test(the_signalled_address_beats_whoever_was_first),
        cmocka_unit_test(a_port_alone_makes_another_source),
    };

    return cmocka_run_group_tests_name("media/latch", tests, NULL, NULL);
}
