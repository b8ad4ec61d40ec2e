/*
 * Commands under way: their order, what makes them void, when they are sent again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "router/core/pending.h"

#define SECOND UINT64_C(1000000)
#define NOW (UINT64_C(1800000000) * SECOND)
#define CAPACITY 8

static struct td_id make_id(uint8_t number)
{
    return (struct td_id){.bytes = {number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, number}};
}

static struct td_command_id command_id(uint8_t number)
{
    return (struct td_command_id){make_id(number)};
}

static struct td_interaction_id call(uint8_t number)
{
    return (struct td_interaction_id){make_id(number)};
}

static int setup(void **state)
{
    void *block = malloc(pending_size(CAPACITY));

    assert_non_null(block);
    *state = pending_init(block, CAPACITY);
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

/* Command `number` about `subject` of call 1 to edge-1. */
static struct pending_command make(uint8_t number, const char *type, enum pending_kind kind,
                                   uint8_t subject)
{
    struct pending_command command = {.id = command_id(number),
                                      .interaction = call(1),
                                      .type = type,
                                      .kind = kind,
                                      .expires_at_unix_us = NOW + 10 * SECOND};

    td_str_clip(command.service, sizeof(command.service), "edge");
    td_str_clip(command.instance, sizeof(command.instance), "edge-1");
    if (subject > 0)
        command.subject = make_id(subject);
    return command;
}

static void add(struct pending *pending, struct pending_command command)
{
    assert_int_equal(pending_add(pending, &command), TD_OK);
}

static uint8_t take(struct pending *pending, uint64_t now)
{
    const struct pending_command *command = pending_take_next(pending, call(1), now);

    return command == NULL ? 0 : command->id.id.bytes[0];
}

static void finish(struct pending *pending, uint8_t number)
{
    void *payload = NULL;

    assert_true(pending_done(pending, command_id(number), &payload));
}

static void the_next_leaves_when_the_one_before_is_done(void **state)
{
    add(*state, make(1, "Offer", PENDING_BEGINS, 50));
    add(*state, make(2, "Connect", PENDING_CHANGES, 50));

    assert_int_equal(take(*state, NOW), 1);
    assert_int_equal(take(*state, NOW), 0);
    finish(*state, 1);
    assert_int_equal(take(*state, NOW), 2);
}

static void another_instance_or_interaction_does_not_wait(void **state)
{
    struct pending_command other_instance = make(2, "Connect", PENDING_CHANGES, 50);
    struct pending_command other_call = make(3, "Offer", PENDING_BEGINS, 51);

    td_str_clip(other_instance.instance, sizeof(other_instance.instance), "edge-2");
    other_call.interaction = call(2);
    add(*state, make(1, "Offer", PENDING_BEGINS, 50));
    add(*state, other_instance);
    add(*state, other_call);

    assert_int_equal(take(*state, NOW), 1);
    assert_int_equal(take(*state, NOW), 2);
    const struct pending_command *third = pending_take_due(*state, NOW);
    assert_non_null(third);
    assert_true(td_id_equal(third->id.id, command_id(3).id));
    assert_null(pending_take_due(*state, NOW));
}

static void an_end_makes_what_began_its_subject_void(void **state)
{
    bool expired = true;

    add(*state, make(1, "Offer", PENDING_BEGINS, 50));
    add(*state, make(2, "Offer", PENDING_BEGINS, 51));
    assert_int_equal(take(*state, NOW), 1);
    add(*state, make(3, "CancelOffer", PENDING_ENDS, 50));

    const struct pending_command *dead = pending_find_dead(*state, NOW, &expired);
    assert_non_null(dead);
    assert_true(td_id_equal(dead->id.id, command_id(1).id));
    assert_false(expired);
    finish(*state, 1);
    assert_null(pending_find_dead(*state, NOW, &expired));
    assert_int_equal(take(*state, NOW), 2); // The other offer stands.
    finish(*state, 2);
    assert_int_equal(take(*state, NOW), 3);
}

static void a_release_of_the_whole_makes_all_void_but_ends(void **state)
{
    bool expired;

    add(*state, make(1, "Connect", PENDING_CHANGES, 50));
    add(*state, make(2, "CancelOffer", PENDING_ENDS, 51));
    add(*state, make(3, "Release", PENDING_ENDS, 0));

    assert_true(pending_has(*state, call(1), "Release"));
    assert_false(pending_has(*state, call(1), "Connect"));
    assert_non_null(pending_find_dead(*state, NOW, &expired));
    assert_int_equal(take(*state, NOW), 2); // What is void does not stand before anything.
}

static void one_that_was_not_carried_out_is_sent_again_later_and_later(void **state)
{
    uint64_t now = NOW;
    uint64_t pause = PENDING_RETRY_MIN_US;
    struct pending_command command = make(1, "Release", PENDING_ENDS, 0);

    command.expires_at_unix_us = NOW + 100 * SECOND;
    add(*state, command);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(take(*state, now), 1);
        pending_retry(*state, command_id(1), now);
        assert_int_equal(take(*state, now + pause - 1), 0);
        now += pause;
        pause = 2 * pause < PENDING_RETRY_MAX_US ? 2 * pause : PENDING_RETRY_MAX_US;
    }
}

static void an_instance_that_is_back_is_told_at_once(void **state)
{
    add(*state, make(1, "Release", PENDING_ENDS, 0));
    assert_int_equal(take(*state, NOW), 1);
    pending_retry(*state, command_id(1), NOW);
    pending_resend(*state, "edge-2");
    assert_int_equal(take(*state, NOW), 0);
    pending_resend(*state, "edge-1");
    assert_int_equal(take(*state, NOW), 1);
}

static void one_that_is_late_is_not_sent_but_given_up(void **state)
{
    bool expired = false;

    add(*state, make(1, "Offer", PENDING_BEGINS, 50));
    assert_null(pending_find_dead(*state, NOW + 10 * SECOND - 1, &expired));
    assert_int_equal(take(*state, NOW + 10 * SECOND), 0);
    assert_non_null(pending_find_dead(*state, NOW + 10 * SECOND, &expired));
    assert_true(expired);
}

static void a_full_table_refuses_and_a_slot_can_be_used_again(void **state)
{
    struct pending_command more = make(CAPACITY + 1, "Offer", PENDING_BEGINS, 99);

    for (uint8_t i = 1; i <= CAPACITY; i++)
        add(*state, make(i, "Offer", PENDING_BEGINS, (uint8_t)(50 + i)));
    assert_int_equal(pending_add(*state, &more), TD_ERR_LIMIT);
    finish(*state, 3);
    assert_int_equal(pending_add(*state, &more), TD_OK);
    assert_int_equal(pending_add(*state, &more), TD_ERR_EXISTS);
    assert_int_equal(pending_count(*state), CAPACITY);
}

static void it_can_be_emptied(void **state)
{
    const struct pending_command *command;
    void *payload;

    for (uint8_t i = 1; i <= CAPACITY; i++)
        add(*state, make(i, "Offer", PENDING_BEGINS, 50));
    while ((command = pending_any(*state)) != NULL)
        assert_true(pending_done(*state, command->id, &payload));
    assert_int_equal(pending_count(*state), 0);
    assert_null(pending_take_due(*state, NOW));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_next_leaves_when_the_one_before_is_done),
        TEST(another_instance_or_interaction_does_not_wait),
        TEST(an_end_makes_what_began_its_subject_void),
        TEST(a_release_of_the_whole_makes_all_void_but_ends),
        TEST(one_that_was_not_carried_out_is_sent_again_later_and_later),
        TEST(an_instance_that_is_back_is_told_at_once),
        TEST(one_that_is_late_is_not_sent_but_given_up),
        TEST(a_full_table_refuses_and_a_slot_can_be_used_again),
        TEST(it_can_be_emptied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
