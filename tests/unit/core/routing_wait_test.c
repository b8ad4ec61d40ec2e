/* Unit tests of routing: entering a queue, steps by time, preferred agents, places, overflow. */
#include "routing_world.h"

static const struct td_routing_requirement relaxing = {
    .step_count = 3,
    .steps = {{"skill >= 8", 20000}, {"skill >= 4", 10000}, {"", 0}},
};

static struct world plain_world(void)
{
    struct world world = make_world();
    struct td_routing_queue_config config = queue_config("SALES");

    put_queue(&world, &config);
    return world;
}

static void arrive_relaxing(struct world *world, unsigned number)
{
    arrive_as(world, number,
              &(struct td_routing_arrival){.queue = "SALES", .requirement = &relaxing});
}

static void steps_relax_at_their_times(void **state)
{
    (void)state;
    struct world world = plain_world();

    put_agent(&world, "ada", 5);
    put_agent(&world, "ben", 1);
    ready(&world, "ada");
    ready(&world, "ben");
    arrive_relaxing(&world, 1);
    expect_no_offer(&world);
    assert_int_equal(td_routing_wake_at_unix_us(world.routing), world.now_us + 20 * SECOND);
    pass(&world, 20 * SECOND - 1);
    assert_int_equal(world.effects.count, 0);
    pass(&world, 1);
    assert_int_equal(expect_effect(&world, TD_ROUTING_RELAXED, 1)->step, 1);
    const struct td_routing_effect *offer = expect_offer(&world, 1, "ada", 1);
    assert_int_equal(offer->decision.step, 1);
    assert_int_equal(offer->decision.step_count, 3);
    assert_int_equal(offer->decision.candidates, 1);
    end_world(&world);
}

static void steps_go_on_while_an_offer_stands(void **state)
{
    (void)state;
    struct world world = plain_world();

    put_agent(&world, "ada", 9);
    put_agent(&world, "ben", 1);
    ready(&world, "ben");
    arrive_relaxing(&world, 1);
    pass(&world, 18 * SECOND);
    ready(&world, "ada");
    expect_offer(&world, 1, "ada", 1);
    pass(&world, 15 * SECOND); // the lease ends at 33 s: the last step is in force since 30 s
    expect_effect(&world, TD_ROUTING_OFFER_ENDED, 1);
    assert_int_equal(expect_effect(&world, TD_ROUTING_RELAXED, 1)->step, 2);
    expect_offer(&world, 1, "ben", 2);
    end_world(&world);
}

static void late_steps_are_caught_up_at_once(void **state)
{
    (void)state;
    struct world world = plain_world();

    arrive_relaxing(&world, 1);
    pass(&world, 3600 * SECOND);
    assert_int_equal(world.effects.count, 1);
    assert_int_equal(expect_effect(&world, TD_ROUTING_RELAXED, 1)->step, 2);
    assert_int_equal(td_routing_wake_at_unix_us(world.routing), UINT64_MAX);
    end_world(&world);
}

static void a_requirement_is_resolved_with_the_customers_values(void **state)
{
    (void)state;
    struct world world = plain_world();
    const struct td_expr_attribute chinese = text_attribute("language", "zh");
    const struct td_expr_attribute customer = text_attribute("customer.language", "zh");
    const struct td_routing_requirement requirement = {
        .step_count = 1, .steps = {{"language = customer.language", 0}}};
    char text[TD_EXPR_LENGTH_MAX + 1];

    put_agent(&world, "ada", 5);
    put_agent_with(&world, "mei", &chinese, 1);
    ready(&world, "ada");
    ready(&world, "mei");
    arrive_as(&world, 1,
              &(struct td_routing_arrival){
                  .queue = "SALES", .requirement = &requirement, .references = {&customer, 1}});
    expect_offer(&world, 1, "mei", 1);
    assert_int_equal(td_routing_print_step(world.routing, id_of(1), 0, text, sizeof(text)), 15);
    assert_string_equal(text, "language = \"zh\"");
    assert_int_equal(td_routing_print_step(world.routing, id_of(1), 1, text, sizeof(text)), 0);
    end_world(&world);
}

static void without_a_requirement_the_queues_applies(void **state)
{
    (void)state;
    struct world world = make_world();
    struct td_routing_queue_config config = queue_config("SALES");
    const struct td_routing_requirement nothing = {0};

    config.requirement = relaxing;
    config.requirement.fit = "skill";
    put_queue(&world, &config);
    put_agent(&world, "ada", 5);
    ready(&world, "ada");
    arrive(&world, 1, "SALES");
    expect_no_offer(&world);
    assert_int_equal(record_of(&world, 1).step_count, 3);
    assert_string_equal(record_of(&world, 1).fit, "skill");
    arrive_as(&world, 2, &(struct td_routing_arrival){.queue = "SALES", .requirement = &nothing});
    expect_offer(&world, 2, "ada", 1); // a requirement without steps asks for anybody
    end_world(&world);
}

static void prefer(struct world *world, unsigned number, const char *agent, uint32_t ms)
{
    arrive_as(world, number,
              &(struct td_routing_arrival){.queue = "SALES",
                                           .requirement = &relaxing,
                                           .preferred_agent = agent,
                                           .preferred_ms = ms});
}

static void the_preferred_agent_is_waited_for(void **state)
{
    (void)state;
    struct world world = plain_world();

    put_agent(&world, "ada", 9);
    put_agent(&world, "ben", 1); // does not meet the requirement, and need not
    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ben", "lunch");
    ready(&world, "ada");
    prefer(&world, 1, "ben", 30000);
    expect_no_offer(&world);
    world.now_us += 10 * SECOND;
    ready(&world, "ben");
    const struct td_routing_effect *offer = expect_offer(&world, 1, "ben", 1);
    assert_true(offer->decision.preferred);
    assert_int_equal(offer->decision.candidates, 1);
    end_world(&world);
}

static void waiting_for_the_preferred_agent_ends_in_its_time(void **state)
{
    (void)state;
    struct world world = plain_world();

    put_agent(&world, "ada", 9);
    put_agent(&world, "ben", 1);
    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ben", "lunch");
    ready(&world, "ada");
    prefer(&world, 1, "ben", 30000);
    pass(&world, 30 * SECOND - 1);
    expect_no_offer(&world);
    pass(&world, 1);
    assert_int_equal(expect_effect(&world, TD_ROUTING_RELAXED, 1)->step, 0);
    assert_false(expect_offer(&world, 1, "ada", 1)->decision.preferred);
    end_world(&world);
}

static void a_preferred_agent_who_cannot_come_is_not_waited_for(void **state)
{
    (void)state;
    struct world world = plain_world();

    put_agent(&world, "ada", 9);
    put_agent(&world, "ben", 1);
    put_agent(&world, "cem", 9);
    ready(&world, "ada");
    ready(&world, "cem");
    prefer(&world, 1, "nobody", 30000);
    expect_offer(&world, 1, "ada", 1);
    prefer(&world, 2, "ben", 30000); // logged out
    expect_offer(&world, 2, "cem", 1);
    interaction_event(&world, TD_ROUTING_ABANDONED, 1);
    interaction_event(&world, TD_ROUTING_ABANDONED, 2);

    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ben", "lunch");
    prefer(&world, 3, "ben", 30000);
    expect_no_offer(&world);
    agent_event(&world, TD_ROUTING_AGENT_LOGGED_OUT, "ben", NULL); // goes home meanwhile
    expect_effect(&world, TD_ROUTING_RELAXED, 3);
    expect_offer(&world, 3, "ada", 1);
    end_world(&world);
}

static void a_preferred_agent_who_declines_is_not_waited_for(void **state)
{
    (void)state;
    struct world world = plain_world();

    put_agent(&world, "ada", 9);
    put_agent(&world, "ben", 1);
    ready(&world, "ada");
    ready(&world, "ben");
    prefer(&world, 1, "ben", 60000);
    expect_offer(&world, 1, "ben", 1);
    offer_event(&world, TD_ROUTING_DECLINED, 1, "ben", 1);
    expect_offer(&world, 1, "ada", 2);
    end_world(&world);
}

static void preferring_for_no_time_takes_who_is_ready(void **state)
{
    (void)state;
    struct world world = plain_world();

    put_agent(&world, "ada", 9);
    put_agent(&world, "ben", 1);
    ready(&world, "ada");
    ready(&world, "ben");
    prefer(&world, 1, "ben", 0);
    expect_offer(&world, 1, "ben", 1);
    prefer(&world, 2, "ben", 0); // has an offer now
    expect_offer(&world, 2, "ada", 1);
    end_world(&world);
}

static void whoever_waits_too_long_overflows(void **state)
{
    (void)state;
    struct world world = make_world();
    struct td_routing_queue_config config = queue_config("SALES");

    config.max_wait_ms = 20000;
    put_queue(&world, &config);
    put_agent(&world, "ada", 1);
    arrive(&world, 1, "SALES");
    pass(&world, 10 * SECOND);
    ready(&world, "ada");
    expect_offer(&world, 1, "ada", 1);
    pass(&world, 14 * SECOND); // while an offer stands, nobody is sent away
    assert_int_equal(world.effects.count, 0);
    pass(&world, 1 * SECOND);
    expect_effect(&world, TD_ROUTING_OFFER_ENDED, 1);
    assert_int_equal(expect_effect(&world, TD_ROUTING_LEFT, 1)->departure,
                     TD_ROUTING_LEFT_TIMED_OUT);
    assert_int_equal(counts_of(&world, "SALES").overflowed, 1);
    expect_gone(&world, 1);
    end_world(&world);
}

static void a_full_queue_overflows_on_entry(void **state)
{
    (void)state;
    struct world world = make_world();
    struct td_routing_queue_config config = queue_config("SALES");

    config.max_waiting = 2;
    put_queue(&world, &config);
    arrive(&world, 1, "SALES");
    arrive(&world, 2, "SALES");
    arrive(&world, 3, "SALES");
    assert_int_equal(expect_effect(&world, TD_ROUTING_LEFT, 3)->departure, TD_ROUTING_LEFT_FULL);
    assert_null(effect_of(&world, TD_ROUTING_QUEUED));
    assert_int_equal(counts_of(&world, "SALES").offered, 3);
    assert_int_equal(counts_of(&world, "SALES").overflowed, 1);
    expect_gone(&world, 3);
    end_world(&world);
}

static void refusals_say_why_and_change_nothing(void **state)
{
    (void)state;
    struct world world = plain_world();
    struct td_routing_requirement bad = relaxing;
    const struct td_routing_effect *refused;

    arrive(&world, 1, "NOWHERE");
    refused = expect_effect(&world, TD_ROUTING_REFUSED, 1);
    assert_int_equal(refused->refusal, TD_ROUTING_REFUSED_QUEUE);
    assert_string_equal(refused->queue, "NOWHERE");

    bad.steps[1].expression = "skill >= ";
    arrive_as(&world, 1, &(struct td_routing_arrival){.queue = "SALES", .requirement = &bad});
    refused = expect_effect(&world, TD_ROUTING_REFUSED, 1);
    assert_int_equal(refused->refusal, TD_ROUTING_REFUSED_REQUIREMENT);
    assert_string_equal(refused->problem.field, "requirement");
    assert_int_equal(refused->problem.index, 1);
    assert_string_equal(refused->problem.error.message, "expected a number after >= at column 10");

    bad = relaxing;
    bad.fit = "skill *";
    arrive_as(&world, 1, &(struct td_routing_arrival){.queue = "SALES", .requirement = &bad});
    refused = expect_effect(&world, TD_ROUTING_REFUSED, 1);
    assert_string_equal(refused->problem.field, "fit");

    expect_gone(&world, 1);
    assert_int_equal(counts_of(&world, "SALES").offered, 0);
    end_world(&world);
}

static void at_capacity_arrivals_are_refused_until_somebody_leaves(void **state)
{
    (void)state;
    struct world world = plain_world();

    for (unsigned i = 1; i <= small_limits.interactions; i++)
        arrive(&world, i, "SALES");
    arrive(&world, 99, "SALES");
    assert_int_equal(expect_effect(&world, TD_ROUTING_REFUSED, 99)->refusal,
                     TD_ROUTING_REFUSED_LIMIT);
    interaction_event(&world, TD_ROUTING_ABANDONED, 7);
    arrive(&world, 99, "SALES");
    expect_effect(&world, TD_ROUTING_QUEUED, 99);
    end_world(&world);
}

static void values_that_come_with_customers_never_fill_the_tables(void **state)
{
    (void)state;
    struct world world = plain_world();
    char name[] = "c000";
    const struct td_routing_requirement requirement = {
        .step_count = 1, .steps = {{"language = customer.language", 0}}};

    // Ten times as many different texts and expressions as there is room for.
    for (unsigned i = 0; i < 640; i++) {
        name[1] = (char)('0' + i / 100);
        name[2] = (char)('0' + i / 10 % 10);
        name[3] = (char)('0' + i % 10);
        const struct td_expr_attribute customer = text_attribute("customer.language", name);
        for (unsigned number = 1; number <= 2; number++) { // the same one twice at a time
            arrive_as(&world, number,
                      &(struct td_routing_arrival){.queue = "SALES",
                                                   .requirement = &requirement,
                                                   .references = {&customer, 1}});
            expect_effect(&world, TD_ROUTING_QUEUED, number);
        }
        interaction_event(&world, TD_ROUTING_ABANDONED, 2);
        interaction_event(&world, TD_ROUTING_ABANDONED, 1);
    }
    end_world(&world);
}

static void a_transferred_interaction_keeps_its_place_by_its_first_time(void **state)
{
    (void)state;
    struct world world = plain_world();

    put_agent(&world, "ada", 1);
    arrive(&world, 1, "SALES");
    world.now_us += 10 * SECOND;
    arrive_as(&world, 2,
              &(struct td_routing_arrival){.queue = "SALES",
                                           .enqueued_at_unix_us = world.now_us - 20 * SECOND});
    ready(&world, "ada");
    const struct td_routing_effect *offer = expect_offer(&world, 2, "ada", 1);
    assert_int_equal(offer->decision.wait_us, 20 * SECOND);
    end_world(&world);
}

static void place_and_expected_wait_follow_their_formula(void **state)
{
    (void)state;
    struct world world = plain_world();
    struct td_routing_place place;

    put_agent(&world, "ada", 5);
    put_agent(&world, "ben", 5);
    for (unsigned i = 1; i <= 3; i++)
        arrive(&world, i, "SALES");
    assert_int_equal(td_routing_find_place(world.routing, id_of(3), world.now_us, &place), TD_OK);
    assert_int_equal(place.position, 3);
    assert_int_equal(place.waiting, 3);
    assert_int_equal(place.staffed, 0);
    assert_int_equal(place.expected_wait_us, UINT64_MAX);

    ready(&world, "ada");
    ready(&world, "ben");
    assert_int_equal(td_routing_find_place(world.routing, id_of(3), world.now_us, &place), TD_OK);
    assert_int_equal(place.position, 3);
    assert_int_equal(place.staffed, 2);
    assert_int_equal(place.expected_wait_us, 3 * 180 * SECOND / 2); // the first guess

    answer(&world, 1, "ada", 1);
    world.now_us += 100 * SECOND;
    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
    assert_int_equal(td_routing_find_place(world.routing, id_of(3), world.now_us, &place), TD_OK);
    assert_int_equal(place.position, 2);
    assert_int_equal(place.expected_wait_us, 2 * (100 + 10) * SECOND / 2);
    assert_int_equal(td_routing_find_place(world.routing, id_of(1), world.now_us, &place),
                     TD_ERR_NOT_FOUND);
    end_world(&world);
}

static void a_held_interaction_keeps_its_place_and_is_not_offered(void **state)
{
    (void)state;
    struct world world = plain_world();

    put_agent(&world, "ada", 5);
    arrive(&world, 1, "SALES");
    world.now_us += SECOND;
    arrive(&world, 2, "SALES");
    assert_int_equal(td_routing_hold(world.routing, id_of(1), true), TD_OK);
    ready(&world, "ada");
    expect_offer(&world, 2, "ada", 1);
    interaction_event(&world, TD_ROUTING_ABANDONED, 2);
    expect_no_offer(&world);
    assert_int_equal(td_routing_hold(world.routing, id_of(1), false), TD_OK);
    assert_int_equal(td_routing_wake_at_unix_us(world.routing), 0);
    pass(&world, 0);
    expect_offer(&world, 1, "ada", 1);
    assert_int_equal(td_routing_hold(world.routing, id_of(9), true), TD_ERR_NOT_FOUND);
    end_world(&world);
}

static void a_step_with_more_to_do_than_fits_asks_to_be_called_again(void **state)
{
    (void)state;
    const struct td_routing_limits limits = {
        .agents = 200, .queues = 1, .interactions = 200, .expressions = 4, .names = 4, .texts = 4};
    const struct td_routing_settings settings = td_routing_default_settings();
    struct world world = world_with(&limits, &settings);
    struct td_routing_queue_config config = queue_config("SALES");
    uint32_t relaxed = 0;

    put_queue(&world, &config);
    for (unsigned i = 1; i <= 200; i++)
        arrive_relaxing(&world, i);
    world.now_us += 20 * SECOND;
    step(&world, NULL);
    assert_true(world.effects.count <= TD_ROUTING_EFFECTS_MAX);
    for (int i = 0; i < 100; i++) {
        relaxed += world.effects.count;
        if (td_routing_wake_at_unix_us(world.routing) != 0)
            break;
        step(&world, NULL);
    }
    assert_int_equal(relaxed, 200);
    assert_int_equal(td_routing_wake_at_unix_us(world.routing), world.now_us + 10 * SECOND);
    end_world(&world);
}

static void what_one_timer_causes_is_never_cut(void **state)
{
    (void)state;
    struct world world = plain_world();
    char name[] = "a00";
    uint32_t ended = 0;

    arrive_relaxing(&world, 1); // one effect, so that pairs of effects come at odd places
    for (unsigned i = 2; i <= 40; i++) {
        name[1] = (char)('0' + i / 10);
        name[2] = (char)('0' + i % 10);
        put_agent(&world, name, 1);
        arrive(&world, i, "SALES");
        ready(&world, name);
    }
    world.now_us += 29 * SECOND;
    do {
        step(&world, NULL);
        for (uint32_t i = 0; i < world.effects.count; i++)
            ended += world.effects.items[i].type == TD_ROUTING_OFFER_ENDED;
    } while (td_routing_wake_at_unix_us(world.routing) == 0);
    assert_int_equal(ended, 39);
    end_world(&world);
}

static void time_that_goes_back_counts_as_no_time(void **state)
{
    (void)state;
    struct world world = plain_world();

    put_agent(&world, "ada", 9);
    arrive_relaxing(&world, 1);
    world.now_us -= 3600 * SECOND;
    ready(&world, "ada");
    const struct td_routing_effect *offer = expect_offer(&world, 1, "ada", 1);
    assert_int_equal(offer->until_unix_us, START_US + 15 * SECOND);
    assert_int_equal(offer->decision.wait_us, 0);
    end_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_relax_at_their_times),
        cmocka_unit_test(steps_go_on_while_an_offer_stands),
        cmocka_unit_test(late_steps_are_caught_up_at_once),
        cmocka_unit_test(a_requirement_is_resolved_with_the_customers_values),
        cmocka_unit_test(without_a_requirement_the_queues_applies),
        cmocka_unit_test(the_preferred_agent_is_waited_for),
        cmocka_unit_test(waiting_for_the_preferred_agent_ends_in_its_time),
        cmocka_unit_test(a_preferred_agent_who_cannot_come_is_not_waited_for),
        cmocka_unit_test(a_preferred_agent_who_declines_is_not_waited_for),
        cmocka_unit_test(preferring_for_no_time_takes_who_is_ready),
        cmocka_unit_test(whoever_waits_too_long_overflows),
        cmocka_unit_test(a_full_queue_overflows_on_entry),
        cmocka_unit_test(refusals_say_why_and_change_nothing),
        cmocka_unit_test(at_capacity_arrivals_are_refused_until_somebody_leaves),
        cmocka_unit_test(values_that_come_with_customers_never_fill_the_tables),
        cmocka_unit_test(a_transferred_interaction_keeps_its_place_by_its_first_time),
        cmocka_unit_test(place_and_expected_wait_follow_their_formula),
        cmocka_unit_test(a_held_interaction_keeps_its_place_and_is_not_offered),
        cmocka_unit_test(a_step_with_more_to_do_than_fits_asks_to_be_called_again),
        cmocka_unit_test(what_one_timer_causes_is_never_cut),
        cmocka_unit_test(time_that_goes_back_counts_as_no_time),
    };

    return cmocka_run_group_tests_name("core/routing: waiting", tests, NULL, NULL);
}
