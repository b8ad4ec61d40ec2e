/*
 * Agents: what they say, what their devices do, and what happens to them when a service is gone.
 */
#include "world.h"

static void ready_needs_a_phone(void **state)
{
    struct world *world = *state;
    struct td_agent_command_reply reply = say(world, "ann", TD_FEATURE_ACTION_READY, "");

    assert_false(reply.accepted);
    assert_string_equal(reply.message, "the phone is not registered");
    assert_int_equal(reply.state, TD_AGENT_STATE_LOGGED_OUT);
    make_ready(world, "ann");
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
}

static void logging_in_is_not_yet_being_ready(void **state)
{
    struct world *world = *state;

    assert_int_equal(say(world, "ann", TD_FEATURE_ACTION_LOG_IN, "").state,
                     TD_AGENT_STATE_NOT_READY);
    assert_string_equal(agent_of(world, "ann").reason, "logged_in");
    make_ready(world, "ann");
    assert_int_equal(say(world, "ann", TD_FEATURE_ACTION_LOG_IN, "").state, TD_AGENT_STATE_READY);
}

static void a_reason_is_kept(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    assert_true(say(world, "ann", TD_FEATURE_ACTION_NOT_READY, "lunch").accepted);
    assert_string_equal(agent_of(world, "ann").reason, "lunch");
    (void)arrive(world, 1, "sales");
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 0);
}

static void a_change_says_what_ended_and_since_when_it_was_so(void **state)
{
    struct world *world = *state;
    const struct td_agent_record *said = &world->said_of_agent;

    make_ready(world, "ann");
    (void)say(world, "ann", TD_FEATURE_ACTION_NOT_READY, "lunch");
    uint64_t lunch_at = world->now;
    world->now += 600 * SECOND;
    (void)say(world, "ann", TD_FEATURE_ACTION_READY, "");
    assert_int_equal(said->previous_state, TD_AGENT_STATE_NOT_READY);
    assert_string_equal(said->previous_reason, "lunch");
    assert_int_equal(said->previous_since_unix_us, lunch_at);

    talk(world, 1, "sales");
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_string_equal(said->queue, "sales");
    assert_string_equal(said->previous_queue, "sales");
    world_wait(world, 31 * SECOND);
    assert_int_equal(said->previous_state, TD_AGENT_STATE_WRAP_UP);
    assert_string_equal(said->previous_queue, "sales");
    assert_string_equal(said->queue, "");
    assert_true(td_id_equal(said->previous_interaction_id.id, call_id(1).id));
}

static void who_is_not_known_is_told_so(void **state)
{
    struct world *world = *state;

    assert_false(say(world, "zoe", TD_FEATURE_ACTION_READY, "").accepted);
    assert_int_equal(world->people_count, 0);
}

static void a_request_said_twice_is_answered_alike(void **state)
{
    struct world *world = *state;
    struct td_agent_command command = {
        .agent = "ann", .action = TD_FEATURE_ACTION_DISPOSITION, .argument = "sold"};
    struct flow_input input = {
        .type = FLOW_AGENT_COMMAND, .agent_command = &command, .request_id = world_id(77)};

    make_ready(world, "ann");
    talk(world, 1, "sales");
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    world_step(world, &input);
    assert_true(world->effects->agent.accepted);
    world_step(world, &input);
    assert_true(world->effects->agent.accepted);
    assert_int_equal(world->closed_count, 1);
}

static void what_is_said_while_talking_takes_effect_afterwards(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "plain");
    struct td_agent_command_reply reply = say(world, "ann", TD_FEATURE_ACTION_NOT_READY, "lunch");
    assert_true(reply.accepted);
    assert_int_equal(reply.state, TD_AGENT_STATE_BUSY);
    assert_string_not_equal(reply.message, "");
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_NOT_READY);
    assert_string_equal(agent_of(world, "ann").reason, "lunch");
}

static void logging_out_while_talking_waits_for_the_end(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "plain");
    (void)say(world, "ann", TD_FEATURE_ACTION_LOG_OUT, "");
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_BUSY);
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_LOGGED_OUT);
}

static void being_ready_ends_wrap_up_and_closes(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "sales");
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_true(say(world, "ann", TD_FEATURE_ACTION_READY, "").accepted);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
    assert_int_equal(world->closed_count, 1);
}

static void logging_out_in_wrap_up_closes(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "sales");
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    (void)say(world, "ann", TD_FEATURE_ACTION_LOG_OUT, "");
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_LOGGED_OUT);
    assert_int_equal(world->closed_count, 1);
}

static void saying_not_ready_while_it_rings_withdraws_the_offer(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    make_ready(world, "bob");
    (void)arrive(world, 1, "sales");
    (void)say(world, "ann", TD_FEATURE_ACTION_NOT_READY, "lunch");
    assert_int_equal(command_of(world, FLOW_CANCEL_OFFER, 1)->cancel, TD_CANCEL_REASON_AGENT_LEFT);
    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "bob");
}

/* --- devices --- */

static void a_phone_that_unregisters_sets_not_ready(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    device(world, "ann", false, "edge-1");
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_NOT_READY);
    assert_string_equal(agent_of(world, "ann").reason, "device_gone");
    device(world, "ann", true, "edge-1"); // The agent says when.
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_NOT_READY);
}

static void a_phone_that_moved_is_not_gone(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    device(world, "ann", true, "edge-2");
    device(world, "ann", false, "edge-1");
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
    assert_string_equal(agent_of(world, "ann").device_instance, "edge-2");
}

static void a_phone_that_unregisters_while_talking_counts_afterwards(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "plain");
    device(world, "ann", false, "edge-1");
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_BUSY);
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_NOT_READY);
}

/* --- services --- */

static void agents_of_an_edge_that_is_gone_come_back_with_it(void **state)
{
    struct world *world = *state;

    make_ready_at(world, "ann", "edge-2");
    make_ready_at(world, "bob", "edge-2");
    (void)say(world, "bob", TD_FEATURE_ACTION_NOT_READY, "lunch");
    world_gone(world, "edge", "edge-2");
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_NOT_READY);
    assert_false(say(world, "ann", TD_FEATURE_ACTION_READY, "").accepted);

    world_up(world, "edge", "edge-2");
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
    assert_string_equal(agent_of(world, "bob").reason, "lunch");
}

static void who_says_not_ready_meanwhile_does_not_come_back(void **state)
{
    struct world *world = *state;

    make_ready_at(world, "ann", "edge-2");
    world_gone(world, "edge", "edge-2");
    (void)say(world, "ann", TD_FEATURE_ACTION_NOT_READY, "lunch");
    world_up(world, "edge", "edge-2");
    assert_string_equal(agent_of(world, "ann").reason, "lunch");
}

/* One that talks at edge-2's ann, one that rings at edge-2's bob, one that waits with a dialog. */
static void three_calls(struct world *world)
{
    make_ready_at(world, "ann", "edge-2");
    make_ready_at(world, "bob", "edge-2");
    (void)arrive(world, 1, "plain");
    accept_at(world, 1, offer_of(world, 1), "edge-2");
    connect_call(world, 1);
    (void)arrive(world, 2, "plain");
    (void)arrive(world, 3, "sales");
}

static void calls_of_an_edge_that_stays_away_are_closed_and_their_agents_free(void **state)
{
    struct world *world = *state;

    three_calls(world);
    world_gone(world, "edge", "edge-1");
    world_wait(world, FLOW_GRACE_MS * 1000);

    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(summary_of(world, i)->outcome, TD_OUTCOME_CHANNEL_LOST);
        assert_false(is_stored(world, i));
    }
    assert_int_equal(count_commands(world, FLOW_LEG_RELEASE, 1), 2);
    assert_int_equal(count_commands(world, FLOW_RELEASE, 1), 2); // Both sides.
    assert_int_equal(count_commands(world, FLOW_CANCEL_OFFER, 2), 1);
    assert_int_equal(count_commands(world, FLOW_DIALOG_STOP, 3), 1);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
    assert_int_equal(agent_of(world, "bob").state, TD_AGENT_STATE_READY);
    assert_int_equal(gauge_of(world, "plain").waiting, 0);
}

static void calls_of_an_edge_that_comes_back_with_them_go_on(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = {
        .interaction_id = call_id(1), .phase = TD_CHANNEL_PHASE_CONNECTED, .customer_side = true};

    three_calls(world);
    item.offer_id = offer_of(world, 1);
    world_gone(world, "edge", "edge-1");
    make_ready_at(world, "cleo", "edge-2");
    assert_int_equal(count_commands(world, FLOW_OFFER, 3), 0); // Nobody knows whether it is there.
    world_up(world, "edge", "edge-1");
    world_step(world,
               &(struct flow_input){.type = FLOW_SYNC_ITEM, .sync = &item, .instance = "edge-1"});
    item.interaction_id = call_id(3);
    item.offer_id = (struct td_offer_id){0};
    item.phase = TD_CHANNEL_PHASE_ANSWERED;
    world_step(world,
               &(struct flow_input){.type = FLOW_SYNC_ITEM, .sync = &item, .instance = "edge-1"});
    world_step(world, &(struct flow_input){
                          .type = FLOW_SYNC_DONE, .service = "edge", .instance = "edge-1"});
    world_wait(world, FLOW_GRACE_MS * 1000);

    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_CONNECTED);
    assert_int_equal(summary_of(world, 2)->outcome, TD_OUTCOME_CHANNEL_LOST); // Not mentioned.
    assert_int_equal(count_commands(world, FLOW_OFFER, 3), 1);
    assert_int_equal(world->closed_count, 1);
}

static void what_was_not_answered_dies_with_its_edge_at_once(void **state)
{
    struct world *world = *state;

    world->entries[0].answer = TD_ANSWER_MODE_AT_AGENT;
    (void)arrive(world, 1, "sales");
    world_gone(world, "edge", "edge-1");
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_CHANNEL_LOST);
}

static void a_call_that_came_after_the_edge_was_back_is_not_taken_for_an_old_one(void **state)
{
    struct world *world = *state;
    struct td_interaction_arrived arrived = world_arrival(1, "sales");

    world->entries[0].answer = TD_ANSWER_MODE_AT_AGENT; // An old one would be closed at once.
    flow_step(
        world->flow,
        &(struct flow_input){.type = FLOW_INSTANCE_GONE, .service = "edge", .instance = "edge-1"},
        world->now, world->effects);
    flow_step(
        world->flow,
        &(struct flow_input){.type = FLOW_INSTANCE_UP, .service = "edge", .instance = "edge-1"},
        world->now, world->effects);
    world_step(world, &(struct flow_input){.type = FLOW_ARRIVED, .arrived = &arrived});
    world_wait(world, 10 * SECOND);
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_QUEUED);
}

static void the_agents_edge_gone_leaves_the_customer_waiting(void **state)
{
    struct world *world = *state;

    make_ready_at(world, "ann", "edge-2");
    (void)arrive(world, 1, "sales");
    make_ready(world, "bob");
    world_gone(world, "edge", "edge-2");
    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "bob");
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_NOT_READY);
}

static void the_agents_edge_gone_in_set_up_leaves_the_customer_waiting(void **state)
{
    struct world *world = *state;

    make_ready_at(world, "ann", "edge-2");
    (void)arrive(world, 1, "sales");
    accept_at(world, 1, offer_of(world, 1), "edge-2");
    make_ready(world, "bob");
    world_gone(world, "edge", "edge-2");
    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "bob");
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_OFFERED);
}

static void calls_of_a_media_that_is_gone_are_released(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "plain");
    world_gone(world, "media", "media-1");
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_CHANNEL_LOST);
    assert_int_equal(count_commands(world, FLOW_RELEASE, 1), 1);
    assert_int_equal(count_commands(world, FLOW_LEG_RELEASE, 1), 0);
}

static void a_dialog_of_an_ivr_that_is_gone_begins_again_elsewhere(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "menu");
    world_up(world, "ivr", "ivr-2");
    world_gone(world, "ivr", "ivr-1");
    assert_int_equal(count_commands(world, FLOW_DIALOG_START, 1), 2);
    assert_string_equal(command_of(world, FLOW_DIALOG_START, 1)->head.instance, "ivr-2");
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_DIALOG);

    world_gone(world, "ivr", "ivr-2"); // Nowhere left, and nobody comes: the queue, with music.
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_DIALOG);
    world_wait(world, FLOW_GRACE_MS * 1000);
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_QUEUED);
    assert_string_equal(command_of(world, FLOW_PLAY, 1)->document, "music.wav");
}

static void a_dialog_waits_a_moment_for_its_only_ivr(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "menu");
    struct td_dialog_id first = command_of(world, FLOW_DIALOG_START, 1)->dialog;
    world_gone(world, "ivr", "ivr-1");
    end_dialog(world, 1, first, TD_DIALOG_RESULT_TRANSFER, ""); // From the grave.
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_DIALOG);
    world_wait(world, SECOND);
    world_up(world, "ivr", "ivr-1");
    assert_int_equal(count_commands(world, FLOW_DIALOG_START, 1), 2);
    world_wait(world, FLOW_GRACE_MS * 1000);
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_DIALOG);

    world_gone(world, "ivr", "ivr-1"); // And a router that takes over knows that it waits.
    world_crash(world);
    world_up(world, "edge", "edge-1");
    world_up(world, "media", "media-1");
    world_up(world, "ivr", "ivr-1");
    assert_int_equal(count_commands(world, FLOW_DIALOG_START, 1), 3);
}

static void a_document_that_kills_every_ivr_is_given_up(void **state)
{
    struct world *world = *state;
    int killed = 0;

    world_up(world, "ivr", "ivr-2");
    (void)arrive(world, 1, "menu");
    for (; stored(world, 1).phase == TD_INTERACTION_PHASE_DIALOG && killed < 10; killed++) {
        struct td_interaction_state state_now = stored(world, 1);

        world_gone(world, "ivr", state_now.dialog_instance);
        world_up(world, "ivr", state_now.dialog_instance);
    }
    assert_int_equal(killed, 3);
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_QUEUED);
}

static void agents_are_listed_by_name_in_pages(void **state)
{
    struct world *world = *state;
    struct td_agent_status list[3];

    assert_int_equal(flow_list_agents(world->flow, "", list, 3), 3);
    assert_string_equal(list[0].agent, "ann");
    assert_string_equal(list[2].agent, "cleo");
    assert_int_equal(flow_list_agents(world->flow, "cleo", list, 3), 1);
    assert_string_equal(list[0].agent, "dan");
    assert_int_equal(flow_list_agents(world->flow, "dan", list, 3), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ready_needs_a_phone),
        TEST(logging_in_is_not_yet_being_ready),
        TEST(a_reason_is_kept),
        TEST(a_change_says_what_ended_and_since_when_it_was_so),
        TEST(who_is_not_known_is_told_so),
        TEST(a_request_said_twice_is_answered_alike),
        TEST(what_is_said_while_talking_takes_effect_afterwards),
        TEST(logging_out_while_talking_waits_for_the_end),
        TEST(being_ready_ends_wrap_up_and_closes),
        TEST(logging_out_in_wrap_up_closes),
        TEST(saying_not_ready_while_it_rings_withdraws_the_offer),
        TEST(a_phone_that_unregisters_sets_not_ready),
        TEST(a_phone_that_moved_is_not_gone),
        TEST(a_phone_that_unregisters_while_talking_counts_afterwards),
        TEST(agents_of_an_edge_that_is_gone_come_back_with_it),
        TEST(who_says_not_ready_meanwhile_does_not_come_back),
        TEST(calls_of_an_edge_that_stays_away_are_closed_and_their_agents_free),
        TEST(calls_of_an_edge_that_comes_back_with_them_go_on),
        TEST(what_was_not_answered_dies_with_its_edge_at_once),
        TEST(a_call_that_came_after_the_edge_was_back_is_not_taken_for_an_old_one),
        TEST(the_agents_edge_gone_leaves_the_customer_waiting),
        TEST(the_agents_edge_gone_in_set_up_leaves_the_customer_waiting),
        TEST(calls_of_a_media_that_is_gone_are_released),
        TEST(a_dialog_of_an_ivr_that_is_gone_begins_again_elsewhere),
        TEST(a_dialog_waits_a_moment_for_its_only_ivr),
        TEST(a_document_that_kills_every_ivr_is_given_up),
        TEST(agents_are_listed_by_name_in_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
