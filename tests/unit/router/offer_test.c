/*
 * Offers: who is asked, what is answered, and what comes too late.
 */
#include "world.h"

static void giving_up_while_it_rings_cancels_the_offer(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    ring(world, 1, offer_of(world, 1));
    ring(world, 1, offer_of(world, 1));
    assert_int_equal(count_events(world, "interaction.ringing", 1), 1);
    abandon(world, 1);

    assert_int_equal(command_of(world, FLOW_CANCEL_OFFER, 1)->cancel, TD_CANCEL_REASON_ABANDONED);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_ABANDONED);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
}

static void who_accepts_after_the_cancel_is_hung_up(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    struct td_offer_id offer = offer_of(world, 1);
    abandon(world, 1);
    accept(world, 1, offer);

    struct world_command *release = command_of(world, FLOW_RELEASE, 1);
    assert_true(td_id_equal(release->offer.id, offer.id));
    assert_true(release->head.version > command_of(world, FLOW_CANCEL_OFFER, 1)->head.version);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
    assert_int_equal(world->closed_count, 1);
}

static void a_declined_offer_goes_to_the_next_agent(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    make_ready(world, "bob");
    (void)arrive(world, 1, "sales");
    struct td_offer_id first = offer_of(world, 1);
    decline(world, 1, first);

    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "bob");
    assert_int_equal(stored(world, 1).declined, 1);
    accept(world, 1, first); // Too late: the offer is another one now.
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_OFFERED);
    assert_true(td_id_equal(command_of(world, FLOW_RELEASE, 1)->offer.id, first.id));
    assert_true(command_of(world, FLOW_RELEASE, 1)->head.version >
                command_of(world, FLOW_OFFER, 1)->head.version);
    accept(world, 1, offer_of(world, 1));
    assert_string_equal(stored(world, 1).agent, "bob");
}

static void the_why_line_names_who_did_not_take_it(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    make_ready(world, "bob");
    (void)arrive(world, 1, "sales");
    decline(world, 1, offer_of(world, 1));
    assert_string_equal(stored(world, 1).decision.why,
                        "bob was ready; there was no other (of 1 ready; waited 0.0 s; ann "
                        "declined).");
}

static void an_answer_to_a_stale_offer_changes_nothing(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    make_ready(world, "bob");
    (void)arrive(world, 1, "sales");
    struct td_offer_id first = offer_of(world, 1);
    decline(world, 1, first);
    uint64_t version = stored(world, 1).version;

    decline(world, 1, first);
    fail_offer(world, 1, first, TD_OFFER_FAILURE_NO_ANSWER);
    ring(world, 1, first);
    assert_int_equal(stored(world, 1).version, version);
    assert_int_equal(stored(world, 1).declined, 1);
}

static void two_offers_without_answer_make_the_agent_not_ready(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    fail_offer(world, 1, offer_of(world, 1), TD_OFFER_FAILURE_NO_ANSWER);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
    (void)arrive(world, 2, "sales");
    fail_offer(world, 2, offer_of(world, 2), TD_OFFER_FAILURE_NO_ANSWER);

    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_NOT_READY);
    assert_string_equal(agent_of(world, "ann").reason, "no_answer");
    assert_int_equal(stored(world, 1).no_answer, 1);
}

static void an_offer_that_nobody_answers_for_ends_with_its_lease(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    make_ready(world, "bob");
    (void)arrive(world, 1, "sales");
    world_wait(world, 10 * SECOND + FLOW_LEASE_GRACE_MS * 1000 + 1);

    assert_int_equal(command_of(world, FLOW_CANCEL_OFFER, 1)->cancel, TD_CANCEL_REASON_EXPIRED);
    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "bob");
    assert_int_equal(stored(world, 1).no_answer, 1);
}

static void a_phone_that_is_not_registered_makes_not_ready_at_once(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    fail_offer(world, 1, offer_of(world, 1), TD_OFFER_FAILURE_NOT_REGISTERED);

    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_NOT_READY);
    assert_string_equal(agent_of(world, "ann").reason, "device_gone");
    assert_false(agent_of(world, "ann").device_registered);
    assert_int_equal(stored(world, 1).device_failures, 1);
}

static void what_media_could_not_do_counts_against_nobody(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    for (uint64_t call = 1; call <= 3; call++) {
        (void)arrive(world, call, "sales");
        fail_offer(world, call, offer_of(world, call), TD_OFFER_FAILURE_MEDIA);
        assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
        assert_int_equal(stored(world, call).device_failures, 0);
    }
}

static void an_agent_who_hangs_up_in_set_up_leaves_the_customer_waiting(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    make_ready(world, "bob");
    (void)arrive(world, 1, "sales");
    accept(world, 1, offer_of(world, 1));
    decline(world, 1, offer_of(world, 1));

    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_OFFERED);
    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "bob");
    assert_int_equal(gauge_of(world, "sales").waiting, 1);
    assert_string_equal(stored(world, 1).agent, "");
}

static void giving_up_between_acceptance_and_talk_is_abandoned(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    struct td_offer_id offer = offer_of(world, 1);
    accept(world, 1, offer);
    abandon(world, 1);

    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_ABANDONED);
    assert_true(td_id_equal(command_of(world, FLOW_RELEASE, 1)->offer.id, offer.id));
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
}

static void an_offer_goes_to_the_instance_that_holds_the_phone(void **state)
{
    struct world *world = *state;

    make_ready_at(world, "ann", "edge-2");
    (void)arrive(world, 1, "sales");
    assert_string_equal(command_of(world, FLOW_OFFER, 1)->head.instance, "edge-2");
    accept_at(world, 1, offer_of(world, 1), "edge-2");
    assert_string_equal(command_of(world, FLOW_CONNECT, 1)->head.instance, "edge-1");
    connect_call(world, 1);

    end_at(world, 1, TD_ENDED_BY_AGENT, "edge-2"); // The customer's side must be told.
    assert_string_equal(command_of(world, FLOW_RELEASE, 1)->head.instance, "edge-2");
    assert_int_equal(count_commands(world, FLOW_RELEASE, 1), 2);
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_WRAP_UP);
}

static void an_offer_that_cannot_be_sent_fails(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    make_ready(world, "bob");
    (void)arrive(world, 1, "sales");
    struct flow_failure failure = {.interaction_id = call_id(1),
                                   .type = "Offer",
                                   .subject = offer_of(world, 1).id,
                                   .err = TD_ERR_TIMEOUT};
    world_step(world, &(struct flow_input){.type = FLOW_COMMAND_FAILED, .command = &failure});
    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "bob");
    assert_int_equal(stored(world, 1).device_failures, 0); // It was not the phone.
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(giving_up_while_it_rings_cancels_the_offer),
        TEST(who_accepts_after_the_cancel_is_hung_up),
        TEST(a_declined_offer_goes_to_the_next_agent),
        TEST(the_why_line_names_who_did_not_take_it),
        TEST(an_answer_to_a_stale_offer_changes_nothing),
        TEST(two_offers_without_answer_make_the_agent_not_ready),
        TEST(an_offer_that_nobody_answers_for_ends_with_its_lease),
        TEST(a_phone_that_is_not_registered_makes_not_ready_at_once),
        TEST(what_media_could_not_do_counts_against_nobody),
        TEST(an_agent_who_hangs_up_in_set_up_leaves_the_customer_waiting),
        TEST(giving_up_between_acceptance_and_talk_is_abandoned),
        TEST(an_offer_goes_to_the_instance_that_holds_the_phone),
        TEST(an_offer_that_cannot_be_sent_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
