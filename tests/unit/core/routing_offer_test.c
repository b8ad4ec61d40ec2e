/* Unit tests of routing: who is paired with whom, and how an offer goes. Time is an argument. */
#include "routing_world.h"

/* A queue that asks for skill, best first. */
static struct world skilled_world(void)
{
    struct world world = make_world();
    struct td_routing_queue_config config = queue_config("SALES");

    config.requirement = (struct td_routing_requirement){
        .step_count = 1, .steps = {{"skill >= 5", 0}}, .fit = "skill * 2"};
    put_queue(&world, &config);
    return world;
}

static void the_best_fit_is_offered_first(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    put_agent(&world, "ben", 9);
    put_agent(&world, "cem", 4);
    ready(&world, "cem");
    world.now_us += SECOND;
    ready(&world, "ada");
    world.now_us += SECOND;
    ready(&world, "ben");
    world.now_us += SECOND;
    arrive(&world, 1, "SALES");

    const struct td_routing_effect *offer = expect_offer(&world, 1, "ben", 1);
    assert_int_equal(offer->until_unix_us, world.now_us + 15 * SECOND);
    assert_int_equal(offer->decision.candidates, 2);
    assert_int_equal(offer->decision.fit, 18000);
    assert_int_equal(offer->decision.idle_us, SECOND);
    assert_int_equal(offer->decision.second, TD_ROUTING_SECOND_LESS_FIT);
    assert_string_equal(offer->decision.second_agent, "ada");
    assert_int_equal(offer->decision.second_fit, 12000);
    assert_int_equal(offer->decision.second_idle_us, 2 * SECOND);
    expect_agent(&world, "ben", TD_ROUTING_OFFERED, "");
    end_world(&world);
}

static void of_equal_fit_the_longest_idle_is_offered_then_the_smaller_name(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ben", 7);
    put_agent(&world, "ada", 7);
    put_agent(&world, "cem", 7);
    ready(&world, "cem");
    world.now_us += 1;
    ready(&world, "ben");
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    const struct td_routing_effect *offer = expect_offer(&world, 1, "cem", 1);
    assert_int_equal(offer->decision.second, TD_ROUTING_SECOND_LESS_IDLE);
    assert_string_equal(offer->decision.second_agent, "ada");

    arrive(&world, 2, "SALES");
    offer = expect_offer(&world, 2, "ada", 1);
    assert_int_equal(offer->decision.second, TD_ROUTING_SECOND_BY_NAME);
    arrive(&world, 3, "SALES");
    offer = expect_offer(&world, 3, "ben", 1);
    assert_int_equal(offer->decision.second, TD_ROUTING_SECOND_NONE);
    assert_string_equal(offer->decision.second_agent, "");
    end_world(&world);
}

static void who_becomes_ready_takes_the_highest_rank_then_the_oldest(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    arrive(&world, 1, "SALES");
    world.now_us += 10 * SECOND;
    // A point is a second's worth of waiting: 9 are not enough to overtake, 11 are.
    arrive_as(&world, 2, &(struct td_routing_arrival){.queue = "SALES", .value = 9});
    arrive_as(&world, 3, &(struct td_routing_arrival){.queue = "SALES", .value = 11});
    arrive_as(&world, 4, &(struct td_routing_arrival){.queue = "SALES", .value = 11});

    ready(&world, "ada");
    const struct td_routing_effect *offer = expect_offer(&world, 3, "ada", 1);
    assert_int_equal(offer->decision.waiting, 4);
    offer_event(&world, TD_ROUTING_FAILED, 3, "ada", 1);
    expect_offer(&world, 4, "ada", 1);
    interaction_event(&world, TD_ROUTING_ABANDONED, 4);
    expect_offer(&world, 1, "ada", 1);
    interaction_event(&world, TD_ROUTING_ABANDONED, 1);
    expect_offer(&world, 2, "ada", 1);
    end_world(&world);
}

static void ageing_overtakes_priority_in_its_time(void **state)
{
    (void)state;
    struct world world = make_world();
    struct td_routing_queue_config vip = queue_config("VIP");
    struct td_routing_queue_config other = queue_config("OTHER");

    vip.priority = 100;
    vip.ageing = 0;
    other.ageing = 2000;
    put_queue(&world, &vip);
    put_queue(&world, &other);
    put_agent(&world, "ada", 0);
    put_agent(&world, "ben", 0);
    arrive(&world, 1, "OTHER");
    arrive(&world, 2, "VIP");
    world.now_us += 50 * SECOND - 1;
    ready(&world, "ada");
    expect_offer(&world, 2, "ada", 1);
    arrive(&world, 3, "VIP");
    world.now_us += 2; // now 1 is worth just over 100 points
    ready(&world, "ben");
    expect_offer(&world, 1, "ben", 1);
    end_world(&world);
}

static void an_accepted_offer_is_answered_and_wrapped_up(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    offer_event(&world, TD_ROUTING_ACCEPTED, 1, "ada", 1);
    expect_effect(&world, TD_ROUTING_ASSIGNED, 1);
    assert_int_equal(counts_of(&world, "SALES").waiting, 1);
    expect_agent(&world, "ada", TD_ROUTING_BUSY, "");

    world.now_us += 3 * SECOND;
    offer_event(&world, TD_ROUTING_CONNECTED, 1, "ada", 1);
    assert_int_equal(expect_effect(&world, TD_ROUTING_ANSWERED, 1)->wait_us, 3 * SECOND);
    assert_int_equal(counts_of(&world, "SALES").answered_in_time, 1);
    assert_int_equal(counts_of(&world, "SALES").talking, 1);

    world.now_us += 60 * SECOND;
    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
    const struct td_routing_effect *left = expect_effect(&world, TD_ROUTING_LEFT, 1);
    assert_int_equal(left->departure, TD_ROUTING_LEFT_RELEASED);
    assert_string_equal(left->agent, "ada");
    expect_gone(&world, 1);
    expect_agent(&world, "ada", TD_ROUTING_WRAP_UP, "");
    assert_int_equal(td_routing_wake_at_unix_us(world.routing), world.now_us + 10 * SECOND);
    pass(&world, 10 * SECOND - 1);
    expect_agent(&world, "ada", TD_ROUTING_WRAP_UP, "");
    pass(&world, 1);
    expect_agent(&world, "ada", TD_ROUTING_READY, "");
    assert_int_equal(td_routing_wake_at_unix_us(world.routing), UINT64_MAX);
    end_world(&world);
}

static void the_first_answer_wins_and_stale_versions_are_ignored(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    put_agent(&world, "ben", 5);
    ready(&world, "ada");
    ready(&world, "ben");
    arrive(&world, 1, "SALES");
    expect_offer(&world, 1, "ada", 1);
    offer_event(&world, TD_ROUTING_DECLINED, 1, "ada", 1);
    expect_offer(&world, 1, "ben", 2);

    offer_event(&world, TD_ROUTING_ACCEPTED, 1, "ada", 1); // had just declined
    expect_ignored(&world);
    offer_event(&world, TD_ROUTING_ACCEPTED, 1, "ada", 2); // not this agent's offer
    expect_ignored(&world);
    offer_event(&world, TD_ROUTING_ACCEPTED, 1, "ben", 1);
    expect_ignored(&world);
    offer_event(&world, TD_ROUTING_ACCEPTED, 1, "ben", 2);
    expect_effect(&world, TD_ROUTING_ASSIGNED, 1);
    offer_event(&world, TD_ROUTING_ACCEPTED, 1, "ben", 2);
    expect_ignored(&world);
    offer_event(&world, TD_ROUTING_CONNECTED, 1, "ben", 2);
    offer_event(&world, TD_ROUTING_CONNECTED, 1, "ben", 2);
    expect_ignored(&world);
    offer_event(&world, TD_ROUTING_DECLINED, 1, "ben", 2);
    expect_ignored(&world);
    end_world(&world);
}

static void who_declines_is_not_asked_again_for_a_while(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    arrive(&world, 2, "SALES");
    offer_event(&world, TD_ROUTING_DECLINED, 1, "ada", 1);
    const struct td_routing_effect *ended = expect_effect(&world, TD_ROUTING_OFFER_ENDED, 1);
    assert_int_equal(ended->outcome, TD_ROUTING_OUTCOME_DECLINED);
    assert_false(ended->withdraw);
    expect_offer(&world, 2, "ada", 1); // the other one is offered meanwhile
    interaction_event(&world, TD_ROUTING_ABANDONED, 2);
    expect_no_offer(&world);

    assert_int_equal(td_routing_wake_at_unix_us(world.routing), world.now_us + 30 * SECOND);
    pass(&world, 30 * SECOND - 1);
    expect_no_offer(&world);
    pass(&world, 1);
    const struct td_routing_effect *offer = expect_offer(&world, 1, "ada", 2);
    assert_int_equal(offer->decision.attempt_count, 1);
    assert_string_equal(offer->decision.attempts[0].agent, "ada");
    assert_int_equal(offer->decision.attempts[0].outcome, TD_ROUTING_OUTCOME_DECLINED);
    assert_int_equal(offer->decision.wait_us, 30 * SECOND);
    end_world(&world);
}

static void an_offer_that_comes_to_nothing_gives_the_old_place_back(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    put_agent(&world, "ben", 6);
    ready(&world, "ada");
    for (unsigned i = 1; i <= 4; i++) {
        arrive(&world, i, "SALES");
        world.now_us += SECOND;
    }
    offer_event(&world, TD_ROUTING_FAILED, 1, "ada", 1);
    expect_offer(&world, 2, "ada", 1);
    struct td_routing_place place;
    assert_int_equal(td_routing_find_place(world.routing, id_of(1), world.now_us, &place), TD_OK);
    assert_int_equal(place.position, 1);
    ready(&world, "ben");
    expect_offer(&world, 1, "ben", 2);
    end_world(&world);
}

static void a_lease_that_ends_is_no_answer_and_two_in_a_row_set_not_ready(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    arrive(&world, 2, "SALES");
    pass(&world, 15 * SECOND - 1);
    assert_int_equal(world.effects.count, 0);
    pass(&world, 1);
    const struct td_routing_effect *ended = expect_effect(&world, TD_ROUTING_OFFER_ENDED, 1);
    assert_int_equal(ended->outcome, TD_ROUTING_OUTCOME_NO_ANSWER);
    assert_true(ended->withdraw);
    expect_offer(&world, 2, "ada", 1);
    pass(&world, 15 * SECOND);
    expect_effect(&world, TD_ROUTING_OFFER_ENDED, 2);
    expect_no_offer(&world);
    expect_agent(&world, "ada", TD_ROUTING_NOT_READY, "no_answer");
    assert_int_equal(counts_of(&world, "SALES").waiting, 2);
    end_world(&world);
}

static void an_answer_between_two_misses_starts_the_count_anew(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    for (unsigned i = 1; i <= 4; i++)
        arrive(&world, i, "SALES");
    offer_event(&world, TD_ROUTING_NO_ANSWER, 1, "ada", 1);
    offer_event(&world, TD_ROUTING_FAILED, 2, "ada", 1); // counted apart
    expect_offer(&world, 3, "ada", 1);
    answer(&world, 3, "ada", 1);
    offer_event(&world, TD_ROUTING_RELEASED, 3, "ada", 0);
    agent_event(&world, TD_ROUTING_AGENT_WRAPPED_UP, "ada", NULL);
    expect_offer(&world, 4, "ada", 1);
    offer_event(&world, TD_ROUTING_NO_ANSWER, 4, "ada", 1);
    expect_agent(&world, "ada", TD_ROUTING_READY, "");
    end_world(&world);
}

static void what_we_broke_counts_against_nobody(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    for (unsigned i = 1; i <= 3; i++) {
        arrive(&world, i, "SALES");
        expect_offer(&world, i, "ada", 1);
        offer_event(&world, TD_ROUTING_BROKEN, i, "ada", 1);
        expect_agent(&world, "ada", TD_ROUTING_READY, "");
    }
    end_world(&world);
}

static void a_device_that_fails_twice_sets_not_ready_with_its_own_reason(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    arrive(&world, 2, "SALES");
    offer_event(&world, TD_ROUTING_FAILED, 1, "ada", 1);
    offer_event(&world, TD_ROUTING_FAILED, 2, "ada", 1);
    expect_agent(&world, "ada", TD_ROUTING_NOT_READY, "device_failure");
    ready(&world, "ada"); // and both counts start anew
    pass(&world, 30 * SECOND);
    expect_offer(&world, 1, "ada", 2);
    offer_event(&world, TD_ROUTING_FAILED, 1, "ada", 2);
    expect_offer(&world, 2, "ada", 2);
    end_world(&world);
}

static void declining_follows_the_rule_of_the_queue(void **state)
{
    (void)state;
    static const struct {
        enum td_routing_after_decline rule;
        enum td_routing_agent_state state;
        const char *reason;
    } cases[] = {
        {TD_ROUTING_DECLINE_STAYS_READY, TD_ROUTING_READY, ""},
        {TD_ROUTING_DECLINE_NOT_READY, TD_ROUTING_NOT_READY, "declined"},
        {TD_ROUTING_DECLINE_WRAP_UP, TD_ROUTING_WRAP_UP, ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world world = make_world();
        struct td_routing_queue_config config = queue_config("SALES");

        config.after_decline = cases[i].rule;
        put_queue(&world, &config);
        put_agent(&world, "ada", 6);
        ready(&world, "ada");
        arrive(&world, 1, "SALES");
        offer_event(&world, TD_ROUTING_DECLINED, 1, "ada", 1);
        expect_agent(&world, "ada", cases[i].state, cases[i].reason);
        expect_phase(&world, 1, TD_ROUTING_PHASE_WAITING);
        end_world(&world);
    }
}

static void who_hangs_up_before_being_connected_has_declined(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    put_agent(&world, "ben", 5);
    ready(&world, "ada");
    ready(&world, "ben");
    arrive(&world, 1, "SALES");
    offer_event(&world, TD_ROUTING_ACCEPTED, 1, "ada", 1);
    offer_event(&world, TD_ROUTING_DECLINED, 1, "ada", 1);
    expect_offer(&world, 1, "ben", 2);
    expect_agent(&world, "ada", TD_ROUTING_READY, "");
    assert_int_equal(counts_of(&world, "SALES").answered, 0);
    end_world(&world);
}

static void an_answer_that_comes_with_the_end_of_its_lease_counts(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    world.now_us += 16 * SECOND; // nobody stepped the engine meanwhile
    offer_event(&world, TD_ROUTING_ACCEPTED, 1, "ada", 1);
    expect_effect(&world, TD_ROUTING_ASSIGNED, 1);
    end_world(&world);
}

static void connected_without_accepted_is_both(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    offer_event(&world, TD_ROUTING_CONNECTED, 1, "ada", 1);
    expect_effect(&world, TD_ROUTING_ANSWERED, 1);
    assert_null(effect_of(&world, TD_ROUTING_ASSIGNED)); // they are connected already
    expect_agent(&world, "ada", TD_ROUTING_BUSY, "");
    offer_event(&world, TD_ROUTING_ACCEPTED, 1, "ada", 1);
    expect_ignored(&world);
    end_world(&world);
}

static void released_without_connected_is_answered_too(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 0); // of an offer: names no version
    expect_ignored(&world);
    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
    expect_effect(&world, TD_ROUTING_ANSWERED, 1);
    assert_int_equal(expect_effect(&world, TD_ROUTING_LEFT, 1)->departure,
                     TD_ROUTING_LEFT_RELEASED);
    assert_int_equal(counts_of(&world, "SALES").answered, 1);
    expect_agent(&world, "ada", TD_ROUTING_WRAP_UP, "");
    end_world(&world);
}

static void a_caller_who_gives_up_frees_the_agent_in_the_old_place(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    put_agent(&world, "ben", 6);
    ready(&world, "ada");
    world.now_us += SECOND;
    ready(&world, "ben");
    arrive(&world, 1, "SALES");
    expect_offer(&world, 1, "ada", 1);
    world.now_us += SECOND;
    interaction_event(&world, TD_ROUTING_ABANDONED, 1);
    const struct td_routing_effect *ended = expect_effect(&world, TD_ROUTING_OFFER_ENDED, 1);
    assert_int_equal(ended->outcome, TD_ROUTING_OUTCOME_CANCELLED);
    assert_true(ended->withdraw);
    assert_int_equal(expect_effect(&world, TD_ROUTING_LEFT, 1)->departure,
                     TD_ROUTING_LEFT_ABANDONED);
    arrive(&world, 2, "SALES");
    expect_offer(&world, 2, "ada", 1); // still idle the longest
    end_world(&world);
}

static void abandoned_is_told_apart_by_the_threshold(void **state)
{
    (void)state;
    struct world world = skilled_world();

    arrive(&world, 1, "SALES");
    arrive(&world, 2, "SALES");
    world.now_us += 20 * SECOND;
    interaction_event(&world, TD_ROUTING_ABANDONED, 1);
    world.now_us += 1;
    interaction_event(&world, TD_ROUTING_ABANDONED, 2);
    assert_int_equal(counts_of(&world, "SALES").abandoned, 2);
    assert_int_equal(counts_of(&world, "SALES").abandoned_in_time, 1);
    interaction_event(&world, TD_ROUTING_ABANDONED, 2);
    expect_ignored(&world);
    end_world(&world);
}

static void abandoned_while_talking_is_released(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    answer(&world, 1, "ada", 1);
    interaction_event(&world, TD_ROUTING_ABANDONED, 1);
    assert_int_equal(expect_effect(&world, TD_ROUTING_LEFT, 1)->departure,
                     TD_ROUTING_LEFT_RELEASED);
    assert_int_equal(counts_of(&world, "SALES").abandoned, 0);
    expect_agent(&world, "ada", TD_ROUTING_WRAP_UP, "");
    end_world(&world);
}

static void withdrawn_counts_as_overflowed(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    interaction_event(&world, TD_ROUTING_WITHDRAWN, 1);
    assert_int_equal(expect_effect(&world, TD_ROUTING_LEFT, 1)->departure,
                     TD_ROUTING_LEFT_WITHDRAWN);
    assert_int_equal(counts_of(&world, "SALES").overflowed, 1);
    expect_agent(&world, "ada", TD_ROUTING_READY, "");
    end_world(&world);
}

static void an_agent_may_be_offered_one_interaction_at_a_time(void **state)
{
    (void)state;
    struct world world = skilled_world();

    put_agent(&world, "ada", 6);
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    arrive(&world, 2, "SALES");
    expect_no_offer(&world);
    answer(&world, 1, "ada", 1);
    expect_no_offer(&world);
    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
    expect_no_offer(&world);
    pass(&world, 10 * SECOND);
    expect_offer(&world, 2, "ada", 1);
    end_world(&world);
}

static void the_same_arrival_twice_is_one(void **state)
{
    (void)state;
    struct world world = skilled_world();

    arrive(&world, 1, "SALES");
    arrive(&world, 1, "SALES");
    expect_ignored(&world);
    assert_int_equal(counts_of(&world, "SALES").offered, 1);
    end_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_fit_is_offered_first),
        cmocka_unit_test(of_equal_fit_the_longest_idle_is_offered_then_the_smaller_name),
        cmocka_unit_test(who_becomes_ready_takes_the_highest_rank_then_the_oldest),
        cmocka_unit_test(ageing_overtakes_priority_in_its_time),
        cmocka_unit_test(an_accepted_offer_is_answered_and_wrapped_up),
        cmocka_unit_test(the_first_answer_wins_and_stale_versions_are_ignored),
        cmocka_unit_test(who_declines_is_not_asked_again_for_a_while),
        cmocka_unit_test(an_offer_that_comes_to_nothing_gives_the_old_place_back),
        cmocka_unit_test(a_lease_that_ends_is_no_answer_and_two_in_a_row_set_not_ready),
        cmocka_unit_test(an_answer_between_two_misses_starts_the_count_anew),
        cmocka_unit_test(what_we_broke_counts_against_nobody),
        cmocka_unit_test(a_device_that_fails_twice_sets_not_ready_with_its_own_reason),
        cmocka_unit_test(declining_follows_the_rule_of_the_queue),
        cmocka_unit_test(who_hangs_up_before_being_connected_has_declined),
        cmocka_unit_test(an_answer_that_comes_with_the_end_of_its_lease_counts),
        cmocka_unit_test(connected_without_accepted_is_both),
        cmocka_unit_test(released_without_connected_is_answered_too),
        cmocka_unit_test(a_caller_who_gives_up_frees_the_agent_in_the_old_place),
        cmocka_unit_test(abandoned_is_told_apart_by_the_threshold),
        cmocka_unit_test(abandoned_while_talking_is_released),
        cmocka_unit_test(withdrawn_counts_as_overflowed),
        cmocka_unit_test(an_agent_may_be_offered_one_interaction_at_a_time),
        cmocka_unit_test(the_same_arrival_twice_is_one),
    };

    return cmocka_run_group_tests_name("core/routing: offers", tests, NULL, NULL);
}
