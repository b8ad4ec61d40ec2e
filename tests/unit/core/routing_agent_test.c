/* Unit tests of routing: what agents ask for in each state, and configuration at run time. */
#include "routing_world.h"

static struct world world_of_one(void)
{
    struct world world = make_world();
    struct td_routing_queue_config config = queue_config("SALES");

    put_queue(&world, &config);
    put_agent(&world, "ada", 5);
    ready(&world, "ada");
    return world;
}

static void an_agent_logs_in_by_becoming_ready_or_not_ready(void **state)
{
    (void)state;
    struct world world = world_of_one();
    uint32_t counts[TD_ROUTING_AGENT_STATE_COUNT];

    put_agent(&world, "ben", 5);
    expect_agent(&world, "ben", TD_ROUTING_LOGGED_OUT, "");
    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ben", "logged_in");
    expect_agent(&world, "ben", TD_ROUTING_NOT_READY, "logged_in");
    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ben", "lunch");
    expect_agent(&world, "ben", TD_ROUTING_NOT_READY, "lunch");
    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ben", "lunch");
    expect_ignored(&world);
    ready(&world, "ben");
    ready(&world, "ben");
    expect_ignored(&world);
    td_routing_count_agents(world.routing, counts);
    assert_int_equal(counts[TD_ROUTING_READY], 2);
    assert_int_equal(counts[TD_ROUTING_NOT_READY], 0);
    assert_int_equal(counts[TD_ROUTING_LOGGED_OUT], 0);
    ready(&world, "nobody");
    expect_ignored(&world);
    end_world(&world);
}

static void leaving_while_an_offer_stands_withdraws_it(void **state)
{
    (void)state;
    static const struct {
        enum td_routing_event_type type;
        enum td_routing_agent_state state;
        const char *reason;
    } cases[] = {
        {TD_ROUTING_AGENT_NOT_READY, TD_ROUTING_NOT_READY, "lunch"},
        {TD_ROUTING_AGENT_LOGGED_OUT, TD_ROUTING_LOGGED_OUT, ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world world = world_of_one();
        arrive(&world, 1, "SALES");
        agent_event(&world, cases[i].type, "ada", "lunch");
        const struct td_routing_effect *ended = expect_effect(&world, TD_ROUTING_OFFER_ENDED, 1);
        assert_int_equal(ended->outcome, TD_ROUTING_OUTCOME_CANCELLED);
        assert_true(ended->withdraw);
        expect_agent(&world, "ada", cases[i].state, cases[i].reason);
        expect_phase(&world, 1, TD_ROUTING_PHASE_WAITING);
        ready(&world, "ada"); // the agent did not refuse: may be asked again at once
        expect_offer(&world, 1, "ada", 2);
        end_world(&world);
    }
}

static void what_is_asked_for_while_busy_comes_after_wrap_up(void **state)
{
    (void)state;
    struct world world = world_of_one();

    arrive(&world, 1, "SALES");
    answer(&world, 1, "ada", 1);
    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ada", "lunch");
    expect_agent(&world, "ada", TD_ROUTING_BUSY, "");
    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ada", "lunch");
    expect_ignored(&world);
    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
    expect_agent(&world, "ada", TD_ROUTING_WRAP_UP, "");
    pass(&world, 10 * SECOND);
    expect_agent(&world, "ada", TD_ROUTING_NOT_READY, "lunch");
    end_world(&world);
}

static void what_is_asked_for_while_busy_can_be_taken_back(void **state)
{
    (void)state;
    struct world world = world_of_one();

    arrive(&world, 1, "SALES");
    answer(&world, 1, "ada", 1);
    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ada", "lunch");
    ready(&world, "ada");
    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
    pass(&world, 10 * SECOND);
    expect_agent(&world, "ada", TD_ROUTING_READY, "");
    end_world(&world);
}

static void who_logs_out_while_talking_leaves_with_the_call(void **state)
{
    (void)state;
    struct world world = world_of_one();

    arrive(&world, 1, "SALES");
    answer(&world, 1, "ada", 1);
    agent_event(&world, TD_ROUTING_AGENT_LOGGED_OUT, "ada", NULL);
    expect_agent(&world, "ada", TD_ROUTING_BUSY, "");
    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
    expect_agent(&world, "ada", TD_ROUTING_LOGGED_OUT, "");
    end_world(&world);
}

static void wrap_up_ends_by_disposition_or_by_asking(void **state)
{
    (void)state;
    static const struct {
        enum td_routing_event_type type;
        enum td_routing_agent_state state;
    } cases[] = {
        {TD_ROUTING_AGENT_WRAPPED_UP, TD_ROUTING_READY},
        {TD_ROUTING_AGENT_READY, TD_ROUTING_READY},
        {TD_ROUTING_AGENT_NOT_READY, TD_ROUTING_NOT_READY},
        {TD_ROUTING_AGENT_LOGGED_OUT, TD_ROUTING_LOGGED_OUT},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world world = world_of_one();
        agent_event(&world, TD_ROUTING_AGENT_WRAPPED_UP, "ada", NULL);
        expect_ignored(&world);
        arrive(&world, 1, "SALES");
        answer(&world, 1, "ada", 1);
        offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
        agent_event(&world, cases[i].type, "ada", "");
        expect_agent(&world, "ada", cases[i].state, "");
        pass(&world, 60 * SECOND); // no timer is left over
        assert_int_equal(world.effects.count, 0);
        end_world(&world);
    }
}

static void a_queue_without_wrap_up_frees_the_agent_at_once(void **state)
{
    (void)state;
    struct world world = world_of_one();
    struct td_routing_queue_config config = queue_config("SALES");

    config.wrap_up_ms = 0;
    put_queue(&world, &config);
    arrive(&world, 1, "SALES");
    arrive(&world, 2, "SALES");
    answer(&world, 1, "ada", 1);
    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
    expect_offer(&world, 2, "ada", 1);
    end_world(&world);
}

static void new_attributes_count_at_once(void **state)
{
    (void)state;
    struct world world = world_of_one();
    const struct td_routing_requirement wanted = {.step_count = 1, .steps = {{"skill >= 7", 0}}};

    arrive_as(&world, 1, &(struct td_routing_arrival){.queue = "SALES", .requirement = &wanted});
    expect_no_offer(&world);
    put_agent(&world, "ada", 7);
    assert_int_equal(td_routing_wake_at_unix_us(world.routing), 0);
    pass(&world, 0);
    expect_offer(&world, 1, "ada", 1);
    put_agent(&world, "ada", 1); // too late: the offer stands
    answer(&world, 1, "ada", 1);
    expect_phase(&world, 1, TD_ROUTING_PHASE_CONNECTED);
    end_world(&world);
}

static void a_removed_agent_is_gone_at_once_or_after_the_call(void **state)
{
    (void)state;
    struct world world = world_of_one();
    struct td_routing_agent_record record;

    put_agent(&world, "ben", 5);
    arrive(&world, 1, "SALES");
    answer(&world, 1, "ada", 1);
    assert_int_equal(td_routing_remove_agent(world.routing, "ada"), TD_OK);
    assert_int_equal(td_routing_remove_agent(world.routing, "ben"), TD_OK);
    assert_int_equal(td_routing_remove_agent(world.routing, "ben"), TD_ERR_NOT_FOUND);
    expect_agent(&world, "ada", TD_ROUTING_BUSY, "");
    ready(&world, "ada"); // has nothing to say any more
    expect_ignored(&world);

    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
    const struct td_routing_effect *changed = effect_of(&world, TD_ROUTING_AGENT_CHANGED);
    assert_string_equal(changed->agent, "ada");
    assert_int_equal(changed->agent_state, TD_ROUTING_LOGGED_OUT);
    assert_int_equal(td_routing_export_agent(world.routing, "ada", &record), TD_ERR_NOT_FOUND);
    put_agent(&world, "ada", 5);
    expect_agent(&world, "ada", TD_ROUTING_LOGGED_OUT, "");
    end_world(&world);
}

static void a_removed_agent_who_comes_back_during_the_call_stays(void **state)
{
    (void)state;
    struct world world = world_of_one();

    arrive(&world, 1, "SALES");
    answer(&world, 1, "ada", 1);
    assert_int_equal(td_routing_remove_agent(world.routing, "ada"), TD_OK);
    put_agent(&world, "ada", 9);
    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
    expect_agent(&world, "ada", TD_ROUTING_WRAP_UP, "");
    end_world(&world);
}

static void the_next_agent_in_the_slot_inherits_nothing(void **state)
{
    (void)state;
    struct world world = world_of_one();

    arrive(&world, 1, "SALES");
    offer_event(&world, TD_ROUTING_DECLINED, 1, "ada", 1);
    expect_no_offer(&world);
    assert_int_equal(td_routing_remove_agent(world.routing, "ada"), TD_OK);
    put_agent_with(&world, "zoe", NULL, 0);
    ready(&world, "zoe");
    expect_offer(&world, 1, "zoe", 2); // ada's refusal is not hers
    end_world(&world);
}

static void who_is_taken_out_and_put_back_is_still_not_asked_again(void **state)
{
    (void)state;
    struct world world = world_of_one();

    arrive(&world, 1, "SALES");
    offer_event(&world, TD_ROUTING_DECLINED, 1, "ada", 1);
    assert_int_equal(td_routing_remove_agent(world.routing, "ada"), TD_OK);
    put_agent(&world, "ada", 5);
    ready(&world, "ada");
    expect_no_offer(&world);
    pass(&world, 30 * SECOND);
    expect_offer(&world, 1, "ada", 2);
    end_world(&world);
}

static void a_removed_queue_takes_nobody_in_and_serves_who_is_there(void **state)
{
    (void)state;
    struct world world = world_of_one();
    struct td_routing_queue_counts counts;

    arrive(&world, 1, "SALES");
    arrive(&world, 2, "SALES");
    assert_int_equal(td_routing_remove_queue(world.routing, "SALES"), TD_OK);
    assert_int_equal(td_routing_remove_queue(world.routing, "SALES"), TD_ERR_NOT_FOUND);
    arrive(&world, 3, "SALES");
    assert_int_equal(expect_effect(&world, TD_ROUTING_REFUSED, 3)->refusal,
                     TD_ROUTING_REFUSED_QUEUE);
    answer(&world, 1, "ada", 1);
    offer_event(&world, TD_ROUTING_RELEASED, 1, "ada", 1);
    pass(&world, 10 * SECOND);
    expect_offer(&world, 2, "ada", 1);
    assert_int_equal(counts_of(&world, "SALES").offered, 2);
    interaction_event(&world, TD_ROUTING_ABANDONED, 2);
    assert_int_equal(td_routing_count_queue(world.routing, "SALES", &counts), TD_ERR_NOT_FOUND);
    end_world(&world);
}

static void a_new_priority_counts_for_who_waits_already(void **state)
{
    (void)state;
    struct world world = world_of_one();
    struct td_routing_queue_config vip = queue_config("VIP");

    agent_event(&world, TD_ROUTING_AGENT_NOT_READY, "ada", "");
    put_queue(&world, &vip);
    arrive(&world, 1, "SALES");
    world.now_us += SECOND;
    arrive(&world, 2, "VIP");
    vip.priority = 5;
    put_queue(&world, &vip);
    ready(&world, "ada");
    expect_offer(&world, 2, "ada", 1);
    end_world(&world);
}

static void expect_bad_queue(struct world *world, const struct td_routing_queue_config *config,
                             enum td_err expected, const char *field)
{
    struct td_routing_problem problem;

    assert_int_equal(td_routing_put_queue(world->routing, config, &problem), expected);
    assert_string_equal(problem.field, field);
    assert_int_equal(td_routing_put_queue(world->routing, config, NULL), expected);
}

static void a_wrong_queue_is_refused_by_field(void **state)
{
    (void)state;
    struct world world = make_world();
    struct td_routing_queue_config config;

    config = queue_config("");
    expect_bad_queue(&world, &config, TD_ERR_SYNTAX, "name");
    config = queue_config("SALES");
    config.lease_ms = 999;
    expect_bad_queue(&world, &config, TD_ERR_RANGE, "lease_ms");
    config = queue_config("SALES");
    config.percent = 101;
    expect_bad_queue(&world, &config, TD_ERR_RANGE, "percent");
    config = queue_config("SALES");
    config.ageing = TD_ROUTING_AGEING_MAX + 1;
    expect_bad_queue(&world, &config, TD_ERR_RANGE, "ageing");
    config = queue_config("SALES");
    config.priority = -TD_ROUTING_POINTS_MAX - 1;
    expect_bad_queue(&world, &config, TD_ERR_RANGE, "priority");
    config = queue_config("SALES");
    config.requirement =
        (struct td_routing_requirement){.step_count = 2, .steps = {{"skill", 0}, {"skill >", 0}}};
    expect_bad_queue(&world, &config, TD_ERR_SYNTAX, "requirement");
    config = queue_config("SALES");
    config.requirement.fit = "2";
    expect_bad_queue(&world, &config, TD_ERR_SYNTAX, "fit");
    config = queue_config("SALES");
    config.requirement.step_count = TD_ROUTING_STEPS_MAX + 1;
    expect_bad_queue(&world, &config, TD_ERR_LIMIT, "requirement");
    for (uint32_t i = 0; i < small_limits.queues; i++) {
        char name[2] = {(char)('A' + i), '\0'};
        config = queue_config(name);
        put_queue(&world, &config);
    }
    config = queue_config("ONE TOO MANY");
    expect_bad_queue(&world, &config, TD_ERR_LIMIT, "name");
    end_world(&world);
}

static void expect_bad_agent(struct world *world, const struct td_routing_agent_config *config,
                             enum td_err expected, const char *field, uint32_t index)
{
    struct td_routing_problem problem;

    assert_int_equal(td_routing_put_agent(world->routing, config, &problem), expected);
    assert_string_equal(problem.field, field);
    assert_int_equal(problem.index, index);
}

static void a_wrong_agent_is_refused_and_the_old_one_stays(void **state)
{
    (void)state;
    struct world world = world_of_one();
    struct td_expr_attribute attributes[TD_ROUTING_ATTRIBUTES_MAX + 1];
    struct td_routing_agent_config config = {"ada", attributes, 2};
    const struct td_routing_requirement wanted = {.step_count = 1, .steps = {{"skill = 5", 0}}};

    attributes[0] = number_attribute("skill", 9);
    attributes[1] = number_attribute("skill", 8);
    expect_bad_agent(&world, &config, TD_ERR_SYNTAX, "attributes", 1);
    attributes[1].name = "not";
    expect_bad_agent(&world, &config, TD_ERR_SYNTAX, "attributes", 1);
    attributes[1].name = "customer.age";
    expect_bad_agent(&world, &config, TD_ERR_SYNTAX, "attributes", 1);
    attributes[1] = number_attribute("age", 2000000000);
    expect_bad_agent(&world, &config, TD_ERR_RANGE, "attributes", 1);
    config.attribute_count = COUNT(attributes);
    expect_bad_agent(&world, &config, TD_ERR_LIMIT, "attributes", 0);
    config = (struct td_routing_agent_config){"a\nb", NULL, 0};
    expect_bad_agent(&world, &config, TD_ERR_SYNTAX, "name", 0);

    arrive_as(&world, 1, &(struct td_routing_arrival){.queue = "SALES", .requirement = &wanted});
    expect_offer(&world, 1, "ada", 1);
    end_world(&world);
}

static void agents_beyond_the_limit_are_refused(void **state)
{
    (void)state;
    struct world world = make_world();
    char name[] = "a000";
    const struct td_routing_agent_config config = {name, NULL, 0};
    uint32_t cursor = 0;
    uint32_t count = 0;
    const char *listed;

    for (uint32_t i = 0; i < small_limits.agents; i++) {
        name[1] = (char)('0' + i / 100);
        name[2] = (char)('0' + i / 10 % 10);
        name[3] = (char)('0' + i % 10);
        assert_int_equal(td_routing_put_agent(world.routing, &config, NULL), TD_OK);
    }
    name[0] = 'b';
    assert_int_equal(td_routing_put_agent(world.routing, &config, NULL), TD_ERR_LIMIT);
    assert_int_equal(td_routing_remove_agent(world.routing, "a077"), TD_OK);
    while (td_routing_next_agent(world.routing, &cursor, &listed))
        count++;
    assert_int_equal(count, small_limits.agents - 1);
    assert_int_equal(td_routing_put_agent(world.routing, &config, NULL), TD_OK);
    end_world(&world);
}

static void limits_and_settings_have_bounds(void **state)
{
    (void)state;
    struct td_routing_limits limits = small_limits;
    struct td_routing_settings settings = td_routing_default_settings();
    struct td_routing *routing;
    max_align_t block[1];

    limits.agents = 0;
    assert_int_equal(td_routing_size(&limits), 0);
    limits.agents = 131073;
    assert_int_equal(td_routing_size(&limits), 0);
    assert_int_equal(td_routing_init(block, &limits, &settings, &routing), TD_ERR_RANGE);
    limits.agents = 131072;
    assert_int_not_equal(td_routing_size(&limits), 0);
    settings.no_answer_limit = 0;
    assert_int_equal(td_routing_init(block, &limits, &settings, &routing), TD_ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_agent_logs_in_by_becoming_ready_or_not_ready),
        cmocka_unit_test(leaving_while_an_offer_stands_withdraws_it),
        cmocka_unit_test(what_is_asked_for_while_busy_comes_after_wrap_up),
        cmocka_unit_test(what_is_asked_for_while_busy_can_be_taken_back),
        cmocka_unit_test(who_logs_out_while_talking_leaves_with_the_call),
        cmocka_unit_test(wrap_up_ends_by_disposition_or_by_asking),
        cmocka_unit_test(a_queue_without_wrap_up_frees_the_agent_at_once),
        cmocka_unit_test(new_attributes_count_at_once),
        cmocka_unit_test(a_removed_agent_is_gone_at_once_or_after_the_call),
        cmocka_unit_test(a_removed_agent_who_comes_back_during_the_call_stays),
        cmocka_unit_test(the_next_agent_in_the_slot_inherits_nothing),
        cmocka_unit_test(who_is_taken_out_and_put_back_is_still_not_asked_again),
        cmocka_unit_test(a_removed_queue_takes_nobody_in_and_serves_who_is_there),
        cmocka_unit_test(a_new_priority_counts_for_who_waits_already),
        cmocka_unit_test(a_wrong_queue_is_refused_by_field),
        cmocka_unit_test(a_wrong_agent_is_refused_and_the_old_one_stays),
        cmocka_unit_test(agents_beyond_the_limit_are_refused),
        cmocka_unit_test(limits_and_settings_have_bounds),
    };

    return cmocka_run_group_tests_name("core/routing: agents", tests, NULL, NULL);
}
