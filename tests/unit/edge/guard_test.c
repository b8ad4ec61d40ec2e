/* How much is heard of strangers, how many wrong passwords are looked at, and what is no SIP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "edge/core/gate.h"
#include "edge/core/guesses.h"
#include "edge/core/sip_text.h"

#define S UINT64_C(1000000)
/** Clocks do not start at 0. */
#define T0 (1000 * S)

/* --- buckets --- */

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void a_bucket_gives_its_burst_and_then_its_rate(void **state)
{
    (void)state;
    struct edge_bucket places[EDGE_BUCKETS_WAYS] = {0};
    struct edge_buckets buckets;

    edge_buckets_init(&buckets, places, EDGE_BUCKETS_WAYS, S / 10, 3);
    for (int i = 0; i < 3; i++)
        assert_true(edge_buckets_take(&buckets, 7, T0));
    assert_false(edge_buckets_has(&buckets, 7, T0));
    assert_false(edge_buckets_take(&buckets, 7, T0 + S / 10 - 1));
    assert_true(edge_buckets_has(&buckets, 7, T0 + S / 10));
    assert_true(edge_buckets_take(&buckets, 7, T0 + S / 10));
    assert_false(edge_buckets_take(&buckets, 7, T0 + S / 10));
    for (int i = 0; i < 3; i++) // No more than the burst, however long it was quiet.
        assert_true(edge_buckets_take(&buckets, 7, T0 + 100 * S));
    assert_false(edge_buckets_take(&buckets, 7, T0 + 100 * S));
}

static void looking_takes_nothing_and_refusals_take_nothing(void **state)
{
    (void)state;
    struct edge_bucket places[EDGE_BUCKETS_WAYS] = {0};
    struct edge_buckets buckets;

    edge_buckets_init(&buckets, places, EDGE_BUCKETS_WAYS, S, 1);
    for (int i = 0; i < 10; i++)
        assert_true(edge_buckets_has(&buckets, 7, T0));
    assert_true(edge_buckets_take(&buckets, 7, T0));
    for (int i = 0; i < 10; i++)
        assert_false(edge_buckets_take(&buckets, 7, T0 + S - 1));
    assert_true(edge_buckets_take(&buckets, 7, T0 + S));
}

static void new_keys_take_the_places_of_the_fullest(void **state)
{
    (void)state;
    struct edge_bucket places[EDGE_BUCKETS_WAYS] = {0};
    struct edge_buckets buckets;

    edge_buckets_init(&buckets, places, EDGE_BUCKETS_WAYS, S, 5);
    for (int i = 0; i < 5; i++)
        assert_true(edge_buckets_take(&buckets, 7, T0));
    for (uint64_t key = 100; key < 1000; key++) // None says twice.
        assert_true(edge_buckets_take(&buckets, key, T0));
    assert_false(edge_buckets_take(&buckets, 7, T0));
}

static void no_key_ever_gets_more_than_its_due(void **state)
{
    (void)state;
    static struct edge_bucket places[256];
    struct edge_buckets buckets;
    uint64_t seed = 4711;
    uint64_t now = T0;
    uint32_t taken[8] = {0};

    edge_buckets_init(&buckets, places, 256, S / 4, 10);
    for (int i = 0; i < 20000; i++) {
        uint64_t key = next_random(&seed) % 8;
        now += next_random(&seed) % (S / 100);
        taken[key] += edge_buckets_take(&buckets, (key + 1) * UINT64_C(0x9e3779b97f4a7c15), now);
    }
    for (size_t key = 0; key < 8; key++) {
        uint64_t due = 10 + (now - T0) / (S / 4);
        assert_in_range(taken[key], due - 2, due + 1);
    }
}

/* --- the gate --- */

static const struct edge_gate_limits limits = {10, 20, 100};

static void a_loud_stranger_is_told_once_a_second_and_then_not_heard(void **state)
{
    (void)state;
    static struct edge_gate gate;
    int count[3] = {0};

    edge_gate_init(&gate, &limits);
    for (int i = 0; i < 5000; i++)
        count[edge_gate_decide(&gate, 1, T0 + (uint64_t)i * S / 5000)]++;
    assert_in_range(count[EDGE_GATE_PASS], 20, 30);
    assert_int_equal(count[EDGE_GATE_REFUSE], 1);
    assert_int_equal(edge_gate_decide(&gate, 2, T0 + S), EDGE_GATE_PASS);
}

static void many_strangers_together_are_heard_no_more_than_all_may_be(void **state)
{
    (void)state;
    static struct edge_gate gate;
    uint64_t seed = 1;
    int passed = 0;
    int refused = 0;

    memset(&gate, 0, sizeof(gate));
    edge_gate_init(&gate, &limits);
    for (int i = 0; i < 50000; i++) { // Each from an address of its own, for ten seconds.
        enum edge_gate_verdict verdict =
            edge_gate_decide(&gate, next_random(&seed), T0 + (uint64_t)i * S / 5000);
        passed += verdict == EDGE_GATE_PASS;
        refused += verdict == EDGE_GATE_REFUSE;
    }
    assert_in_range(passed, 1100, 1210);
    assert_int_equal(refused, 0); // Forged addresses are not answered.
}

/* --- passwords --- */

static void an_address_may_be_wrong_a_few_times_whoever_the_user(void **state)
{
    (void)state;
    static struct edge_guesses guesses;
    int heard = 0;

    edge_guesses_init(&guesses);
    for (uint64_t user = 1; user <= 100; user++) {
        struct edge_guess guess = {.source = 77, .user = user, .fresh = true};
        if (edge_guesses_allow(&guesses, &guess, T0)) {
            edge_guesses_note(&guesses, &guess, T0);
            heard++;
        }
    }
    assert_int_equal(heard, EDGE_GUESSES_SOURCE_BURST);
    struct edge_guess later = {.source = 77, .user = 1, .fresh = true};
    assert_true(edge_guesses_allow(&guesses, &later, T0 + EDGE_GUESSES_SOURCE_US));
}

static void many_addresses_together_guess_at_a_user_no_faster(void **state)
{
    (void)state;
    static struct edge_guesses guesses;
    int heard = 0;

    memset(&guesses, 0, sizeof(guesses));
    edge_guesses_init(&guesses);
    for (uint64_t source = 1; source <= 1000; source++) {
        struct edge_guess guess = {.source = source, .user = 5, .fresh = true};
        if (edge_guesses_allow(&guesses, &guess, T0)) {
            edge_guesses_note(&guesses, &guess, T0);
            heard++;
        }
    }
    assert_int_equal(heard, EDGE_GUESSES_USER_BURST);
}

static void exhaust(struct edge_guesses *guesses, struct edge_guess guess)
{
    for (int i = 0; i < 1000; i++)
        edge_guesses_note(guesses, &guess, T0);
}

static void nobody_keeps_a_phone_out_from_elsewhere(void **state)
{
    (void)state;
    static struct edge_guesses guesses;
    const struct edge_guess phone = {.source = 1, .user = 5, .familiar = true, .fresh = true};

    memset(&guesses, 0, sizeof(guesses));
    edge_guesses_init(&guesses);
    for (uint64_t source = 2; source < 500; source++)
        exhaust(&guesses, (struct edge_guess){.source = source, .user = 5, .fresh = true});
    assert_true(edge_guesses_allow(&guesses, &phone, T0));
}

static void a_forged_address_uses_up_only_what_old_nonces_may(void **state)
{
    (void)state;
    static struct edge_guesses guesses;
    struct edge_guess phone = {.source = 1, .user = 5, .familiar = true, .fresh = true};

    memset(&guesses, 0, sizeof(guesses));
    edge_guesses_init(&guesses);
    phone.fresh = false; // Who only forges the address never sees a nonce.
    exhaust(&guesses, phone);
    assert_false(edge_guesses_allow(&guesses, &phone, T0));
    phone.fresh = true;
    assert_true(edge_guesses_allow(&guesses, &phone, T0));
    phone.familiar = phone.fresh = false;
    exhaust(&guesses, phone);
    phone.fresh = true;
    assert_true(edge_guesses_allow(&guesses, &phone, T0));
}

/* --- texts --- */

static void a_first_line_has_one_space_between_its_words(void **state)
{
    (void)state;
    const struct {
        const char *line;
        bool sound;
    } cases[] = {
        {"INVITE sip:a@b SIP/2.0", true},
        {"INVITE sip:a@b SIP/2.0\r\n", true},
        {"INVITE sip:a@b SIP/2.0\r\nTo: a", true},
        {"INVITE  sip:a@b SIP/2.0", false},
        {"INVITE sip:a@b  SIP/2.0", false},
        {"INVITE sip:a@b SIP/2.0 ", false},
        {" INVITE sip:a@b SIP/2.0", false},
        {"INVITE\tsip:a@b SIP/2.0", false},
        {"INVITE sip:a@b; lr SIP/2.0", false},
        {"INVITE sip:a@b", false},
        {"", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(edge_text_is_request_line(cases[i].line, strlen(cases[i].line)),
                         cases[i].sound);
}

static void no_space_stands_within_angles(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool sound;
    } cases[] = {
        {"From: \"A < B\" <sip:a@b>;tag=1", true},
        {"From: \"A \\\" < \" <sip:a@b>", true},
        {"Contact: <sip:a@b> , <sip:c@d>", true},
        {"To: sip:a@b ;tag=1", true},
        {"To: \"W\" < sip:a@b>", false},
        {"To: \"W\" <sip:a@b >", false},
        {"Contact: <sip:a@b>, <sip:c@d\r\n >", false},
        {"", true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(edge_text_is_address(cases[i].text, strlen(cases[i].text)),
                         cases[i].sound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_gives_its_burst_and_then_its_rate),
        cmocka_unit_test(looking_takes_nothing_and_refusals_take_nothing),
        cmocka_unit_test(new_keys_take_the_places_of_the_fullest),
        cmocka_unit_test(no_key_ever_gets_more_than_its_due),
        cmocka_unit_test(a_loud_stranger_is_told_once_a_second_and_then_not_heard),
        cmocka_unit_test(many_strangers_together_are_heard_no_more_than_all_may_be),
        cmocka_unit_test(an_address_may_be_wrong_a_few_times_whoever_the_user),
        cmocka_unit_test(many_addresses_together_guess_at_a_user_no_faster),
        cmocka_unit_test(nobody_keeps_a_phone_out_from_elsewhere),
        cmocka_unit_test(a_forged_address_uses_up_only_what_old_nonces_may),
        cmocka_unit_test(a_first_line_has_one_space_between_its_words),
        cmocka_unit_test(no_space_stands_within_angles),
    };

    return cmocka_run_group_tests_name("edge/guard", tests, NULL, NULL);
}
