/*
 * Talks and what follows them; and a configuration that changes meanwhile.
 */
#include "world.h"

/* --- talking --- */

static void a_talk_ends_in_wrap_up_and_then_closes(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    world->now += 3 * SECOND;
    accept(world, 1, offer_of(world, 1));
    connect_call(world, 1);
    world->now += 60 * SECOND;
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_WRAP_UP);
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_WRAP_UP);
    assert_int_equal(world->closed_count, 0);
    world_wait(world, 31 * SECOND);

    struct td_interaction_summary *summary = summary_of(world, 1);
    assert_int_equal(summary->outcome, TD_OUTCOME_ANSWERED);
    assert_int_equal(summary->wait_ms, 3000);
    assert_int_equal(summary->talk_ms, 60000);
    assert_int_equal(summary->wrap_up_ms, 30000);
    assert_string_equal(summary->agent, "ann");
    assert_string_equal(summary->ended_by, "customer");
    assert_true(summary->within_threshold);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
    assert_false(is_stored(world, 1));
}

static void a_channels_clock_that_is_wrong_makes_no_negative_times(void **state)
{
    struct world *world = *state;
    struct td_interaction_connected connected = {.head = world_head(world, 1, "edge-1")};
    struct td_interaction_ended ended = {.head = world_head(world, 1, "edge-1"),
                                         .by = TD_ENDED_BY_AGENT};

    make_ready(world, "ann");
    (void)arrive(world, 1, "plain");
    world->now += 2 * SECOND;
    accept(world, 1, offer_of(world, 1));
    connected.head.at_unix_us = START_US - 100 * SECOND;
    world_step(world, &(struct flow_input){.type = FLOW_CONNECTED, .connected = &connected});
    assert_int_equal(stored(world, 1).connected_at_unix_us, world->now);
    world->now += 5 * SECOND;
    ended.head.at_unix_us = world->now + 100 * SECOND;
    world_step(world, &(struct flow_input){.type = FLOW_ENDED, .ended = &ended});
    assert_int_equal(summary_of(world, 1)->wait_ms, 2000);
    assert_int_equal(summary_of(world, 1)->talk_ms, 5000);
}

static void hold(struct world *world, uint64_t number, enum td_party by, bool held)
{
    struct td_interaction_held begin = {.head = world_head(world, number, "edge-1"), .by = by};
    struct td_interaction_resumed end = {.head = world_head(world, number, "edge-1"), .by = by};
    struct flow_input input = {
        .type = held ? FLOW_HELD : FLOW_RESUMED, .held = &begin, .resumed = &end};

    world_step(world, &input);
}

static void a_hold_is_one_until_nobody_holds_and_ends_with_the_talk(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "plain");
    hold(world, 1, TD_PARTY_AGENT, true);
    world->now += 10 * SECOND;
    hold(world, 1, TD_PARTY_CUSTOMER, true);
    world->now += 5 * SECOND;
    hold(world, 1, TD_PARTY_AGENT, false);
    assert_int_equal(world->said.duration_ms, 0); // The customer still holds.
    world->now += 5 * SECOND;
    hold(world, 1, TD_PARTY_CUSTOMER, false);
    assert_int_equal(world->said.duration_ms, 20000);

    hold(world, 1, TD_PARTY_AGENT, true);
    world->now += 7 * SECOND;
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_int_equal(count_events(world, "interaction.resumed", 1), 3);
    assert_int_equal(count_events(world, "interaction.held", 1), 3);
    assert_int_equal(summary_of(world, 1)->holds, 2);
    assert_int_equal(summary_of(world, 1)->hold_ms, 27000);
    assert_int_equal(summary_of(world, 1)->talk_ms, 27000);
}

static void a_disposition_ends_the_wrap_up(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "sales");
    end_call(world, 1, TD_ENDED_BY_AGENT);
    assert_true(say(world, "ann", TD_FEATURE_ACTION_DISPOSITION, "sold").accepted);

    assert_string_equal(summary_of(world, 1)->disposition, "sold");
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
    assert_false(say(world, "ann", TD_FEATURE_ACTION_DISPOSITION, "sold").accepted);
}

static void a_disposition_given_while_talking_leaves_no_wrap_up(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "sales");
    assert_true(say(world, "ann", TD_FEATURE_ACTION_DISPOSITION, "sold").accepted);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_BUSY);
    end_call(world, 1, TD_ENDED_BY_AGENT);
    assert_string_equal(summary_of(world, 1)->disposition, "sold");
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
}

static void without_wrap_up_it_closes_with_the_talk(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "plain");
    end_call(world, 1, TD_ENDED_BY_AGENT);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_ANSWERED);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
    end_call(world, 1, TD_ENDED_BY_AGENT); // Said again.
    assert_int_equal(world->closed_count, 1);
}

static void versions_of_an_interaction_only_rise(void **state)
{
    struct world *world = *state;
    uint64_t last = 0;

    make_ready(world, "ann");
    make_ready(world, "bob");
    (void)arrive(world, 1, "sales");
    decline(world, 1, offer_of(world, 1));
    accept(world, 1, offer_of(world, 1));
    connect_call(world, 1);
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    for (size_t i = 0; i < world->event_count; i++) {
        if (!td_id_equal(world->events[i].id.id, call_id(1).id))
            continue;
        assert_true(world->events[i].version > last);
        last = world->events[i].version;
    }
    for (size_t i = 1; i < world->command_count; i++)
        assert_true(world->commands[i].head.version > world->commands[i - 1].head.version);
}

/* --- configuration --- */

static void a_queue_that_goes_keeps_who_is_in_it(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "plain");
    world->config.queues_count = 1; // Only "sales" is left.
    flow_configure(world->flow, &world->config, world->calendar, world_problem, world);
    make_ready(world, "ann");

    accept(world, 1, offer_of(world, 1));
    connect_call(world, 1);
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_ANSWERED);
    assert_int_equal(arrive(world, 2, "plain").result, TD_ARRIVED_RESULT_REFUSED);
}

static void an_agent_who_is_removed_finishes_first(void **state)
{
    struct world *world = *state;
    struct td_agent_status status;

    make_ready(world, "ann");
    make_ready(world, "bob");
    talk(world, 1, "plain");
    world->agents[0] = world->agents[3];
    world->config.agents_count = 1;
    flow_configure(world->flow, &world->config, world->calendar, world_problem, world);
    world_wait(world, SECOND);
    assert_null(world_find(world->people, world->people_count, "bob"));
    assert_non_null(world_find(world->people, world->people_count, "ann"));

    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_ANSWERED);
    assert_null(world_find(world->people, world->people_count, "ann"));
    assert_false(flow_find_agent(world->flow, "ann", &status));
}

static void what_a_bad_queue_says_is_reported_and_the_rest_is_taken(void **state)
{
    struct world *world = *state;

    (void)snprintf(world->queues[0].fit, sizeof(world->queues[0].fit), "skill *");
    flow_configure(world->flow, &world->config, world->calendar, world_problem, world);
    assert_int_equal(world->problems, 1);
    assert_int_equal(arrive(world, 1, "sales").result, TD_ARRIVED_RESULT_ACCEPTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_talk_ends_in_wrap_up_and_then_closes),
        TEST(a_channels_clock_that_is_wrong_makes_no_negative_times),
        TEST(a_hold_is_one_until_nobody_holds_and_ends_with_the_talk),
        TEST(a_disposition_ends_the_wrap_up),
        TEST(a_disposition_given_while_talking_leaves_no_wrap_up),
        TEST(without_wrap_up_it_closes_with_the_talk),
        TEST(versions_of_an_interaction_only_rise),
        TEST(a_queue_that_goes_keeps_who_is_in_it),
        TEST(an_agent_who_is_removed_finishes_first),
        TEST(what_a_bad_queue_says_is_reported_and_the_rest_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
