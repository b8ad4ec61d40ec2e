/* Unit tests of routing: turned away at the door, held from the first moment, nobody logged in. */
#include "routing_world.h"

static struct world two_queues(void)
{
    struct world world = make_world();
    struct td_routing_queue_config sales = queue_config("SALES");
    struct td_routing_queue_config other = queue_config("OTHER");

    put_queue(&world, &sales);
    put_queue(&world, &other);
    return world;
}

static void who_is_turned_away_counts_and_is_offered_to_nobody(void **state)
{
    (void)state;
    struct world world = two_queues();

    put_agent(&world, "ada", 5);
    ready(&world, "ada");
    arrive_as(&world, 1, &(struct td_routing_arrival){.queue = "SALES", .turned_away = true});
    assert_int_equal(expect_effect(&world, TD_ROUTING_LEFT, 1)->departure, TD_ROUTING_LEFT_FULL);
    expect_no_offer(&world);
    expect_gone(&world, 1);
    assert_int_equal(counts_of(&world, "SALES").offered, 1);
    assert_int_equal(counts_of(&world, "SALES").overflowed, 1);
    assert_int_equal(counts_of(&world, "SALES").waiting, 0);
    end_world(&world);
}

static void who_is_held_keeps_the_place_until_let_go(void **state)
{
    (void)state;
    struct world world = two_queues();

    put_agent(&world, "ada", 5);
    arrive_as(&world, 1, &(struct td_routing_arrival){.queue = "SALES", .held = true});
    pass(&world, SECOND);
    arrive(&world, 2, "SALES");
    ready(&world, "ada");
    expect_offer(&world, 2, "ada", 1);
    assert_int_equal(td_routing_hold(world.routing, id_of(1), false), TD_OK);
    interaction_event(&world, TD_ROUTING_ABANDONED, 2);
    pass(&world, 0);
    expect_phase(&world, 1, TD_ROUTING_PHASE_OFFERED);
    end_world(&world);
}

static bool has_agent(struct world *world, unsigned number)
{
    return td_routing_has_agent(world->routing, id_of(number));
}

static void who_is_not_ready_is_there_all_the_same(void **state)
{
    (void)state;
    static const struct td_routing_requirement skilled = {
        .step_count = 2, .steps = {{"skill >= 8", 20000}, {"skill >= 4", 0}}};
    struct world world = two_queues();

    put_agent(&world, "ada", 5);
    put_agent(&world, "ben", 1);
    arrive_as(&world, 1, &(struct td_routing_arrival){.queue = "SALES", .requirement = &skilled});
    assert_false(has_agent(&world, 1));
    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ben", NULL); // Would never be asked.
    assert_false(has_agent(&world, 1));
    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ada", NULL); // By the second step.
    assert_true(has_agent(&world, 1));
    agent_event(&world, TD_ROUTING_AGENT_LOGGED_OUT, "ada", NULL);
    assert_false(has_agent(&world, 1));
    assert_false(has_agent(&world, 2)); // Unknown.
    end_world(&world);
}

static void who_is_preferred_is_enough(void **state)
{
    (void)state;
    struct world world = two_queues();

    put_agent(&world, "ada", 1);
    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ada", NULL);
    arrive_as(&world, 1,
              &(struct td_routing_arrival){
                  .queue = "SALES",
                  .requirement = &(struct td_routing_requirement){.step_count = 1,
                                                                  .steps = {{"skill >= 8", 0}}},
                  .preferred_agent = "ada",
                  .preferred_ms = 5000});
    assert_true(has_agent(&world, 1));
    pass(&world, 5 * SECOND);
    assert_false(has_agent(&world, 1));
    end_world(&world);
}

static void who_comes_from_another_queue_is_before_those_who_came_later(void **state)
{
    (void)state;
    struct world world = two_queues();
    uint64_t began = world.now_us;

    put_agent(&world, "ada", 5);
    arrive(&world, 1, "SALES");
    pass(&world, 10 * SECOND);
    arrive(&world, 2, "OTHER");
    interaction_event(&world, TD_ROUTING_WITHDRAWN, 1);
    arrive_as(&world, 1,
              &(struct td_routing_arrival){.queue = "OTHER", .enqueued_at_unix_us = began});
    ready(&world, "ada");
    expect_offer(&world, 1, "ada", 1);
    assert_int_equal(counts_of(&world, "SALES").overflowed, 1);
    assert_int_equal(counts_of(&world, "OTHER").offered, 2);
    assert_int_equal(counts_of(&world, "OTHER").waiting, 2);
    end_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_turned_away_counts_and_is_offered_to_nobody),
        cmocka_unit_test(who_is_held_keeps_the_place_until_let_go),
        cmocka_unit_test(who_is_not_ready_is_there_all_the_same),
        cmocka_unit_test(who_is_preferred_is_enough),
        cmocka_unit_test(who_comes_from_another_queue_is_before_those_who_came_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
