/*
 * How interactions arrive, what dialogs make of them, and what those hear who wait.
 */
#include "world.h"

/* --- arriving --- */

static void a_call_is_offered_to_the_best_in_the_step_of_its_arrival(void **state)
{
    struct world *world = *state;

    make_ready(world, "bob");
    make_ready(world, "ann");
    struct td_interaction_arrived_reply reply = arrive(world, 1, "sales");

    assert_int_equal(reply.result, TD_ARRIVED_RESULT_ACCEPTED);
    assert_true(reply.answer_now);
    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "ann");
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_OFFERED);
    assert_int_equal(reply.version, stored(world, 1).version);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_OFFERED);
    assert_int_equal(count_events(world, "interaction.arrived", 1), 1);
    assert_int_equal(count_events(world, "interaction.queued", 1), 1);
    assert_int_equal(count_events(world, "interaction.offered", 1), 1);
}

static void the_decision_says_why_and_who_was_next(void **state)
{
    struct world *world = *state;

    make_ready(world, "bob");
    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");

    struct td_decision decision = stored(world, 1).decision;
    assert_string_equal(decision.agent, "ann");
    assert_string_equal(decision.next_agent, "bob");
    assert_int_equal(decision.fit_milli, 9000);
    assert_int_equal(decision.next_fit_milli, 8000);
    assert_false(decision.by_release);
    assert_string_equal(decision.why, "ann was ready and fits best with 9; next was bob with 8 "
                                      "(of 2 ready; waited 0.0 s).");
}

static void an_arrival_said_twice_changes_nothing(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    struct td_interaction_arrived_reply first = arrive(world, 1, "sales");
    size_t events = world->event_count;
    struct td_interaction_arrived_reply second = arrive(world, 1, "sales");

    assert_memory_equal(&first, &second, sizeof(first));
    assert_int_equal(world->event_count, events);
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 1);
}

static void an_arrival_for_no_entry_point_is_refused(void **state)
{
    struct world *world = *state;
    struct td_interaction_arrived_reply reply = arrive(world, 1, "nothing");

    assert_int_equal(reply.result, TD_ARRIVED_RESULT_REFUSED);
    assert_int_equal(reply.retry_after_s, 5);
    assert_string_not_equal(reply.reason, "");
    assert_int_equal(world->interaction_count, 0);
    assert_int_equal(world->event_count, 0);
}

static void a_full_router_refuses_and_stores_nothing(void **state)
{
    struct world *world = *state;

    for (uint64_t i = 1; i <= world_limits.interactions; i++)
        assert_int_equal(arrive(world, i, "sales").result, TD_ARRIVED_RESULT_ACCEPTED);
    assert_int_equal(arrive(world, 1000, "sales").result, TD_ARRIVED_RESULT_REFUSED);
    assert_int_equal(world->interaction_count, world_limits.interactions);

    abandon(world, 1);
    assert_int_equal(arrive(world, 1001, "sales").result, TD_ARRIVED_RESULT_ACCEPTED);
}

static void a_full_queue_overflows_and_is_counted(void **state)
{
    struct world *world = *state;

    assert_int_equal(arrive(world, 1, "small").result, TD_ARRIVED_RESULT_ACCEPTED);
    assert_int_equal(arrive(world, 2, "small").result, TD_ARRIVED_RESULT_REFUSED);

    assert_int_equal(summary_of(world, 2)->outcome, TD_OUTCOME_OVERFLOWED);
    assert_int_equal(count_events(world, "interaction.queued", 2), 1);
    assert_int_equal(count_events(world, "interaction.overflowed", 2), 1);
    assert_int_equal(count_commands(world, FLOW_RELEASE, 2), 0);
    assert_false(is_stored(world, 2));
    struct td_router_queue_gauge gauge = gauge_of(world, "small");
    assert_int_equal(gauge.offered, 2);
    assert_int_equal(gauge.overflowed, 1);
    assert_int_equal(gauge.waiting, 1);
}

static void an_entry_point_without_a_queue_fails_and_says_so(void **state)
{
    struct world *world = *state;

    assert_int_equal(arrive(world, 1, "lost").result, TD_ARRIVED_RESULT_REFUSED);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_FAILED);
    assert_int_equal(summary_of(world, 1)->queued_at_unix_us, 0);
}

static void an_arrival_that_was_abandoned_before_it_came_is_refused(void **state)
{
    struct world *world = *state;

    abandon(world, 1);
    assert_int_equal(arrive(world, 1, "sales").result, TD_ARRIVED_RESULT_REFUSED);
    assert_int_equal(world->interaction_count, 0);
}

static void whoever_was_closed_a_moment_ago_is_not_brought_back(void **state)
{
    struct world *world = *state;

    for (uint64_t call = 1; call <= 3; call++) {
        (void)arrive(world, call, "sales");
        abandon(world, call);
    }
    for (uint64_t call = 1; call <= 3; call++)
        assert_int_equal(arrive(world, call, "sales").result, TD_ARRIVED_RESULT_REFUSED);
    assert_int_equal(world->closed_count, 3);
}

/* --- dialogs --- */

static void a_dialog_comes_first_and_its_result_decides(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    (void)arrive(world, 1, "menu");
    assert_string_equal(command_of(world, FLOW_DIALOG_START, 1)->document, "menu.vxml");
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_DIALOG);
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 0);

    end_dialog(world, 1, command_of(world, FLOW_DIALOG_START, 1)->dialog, TD_DIALOG_RESULT_TRANSFER,
               "plain");
    assert_string_equal(stored(world, 1).queue, "plain");
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 1);
}

static const char *variable_of(const struct world_command *start, const char *name)
{
    for (size_t i = 0; i < 32; i++) {
        if (strcmp(start->variables[i].name, name) == 0)
            return start->variables[i].value;
    }
    return "(none)";
}

static void a_dialog_is_told_who_calls_and_what_is_known(void **state)
{
    struct world *world = *state;
    struct td_interaction_arrived arrived = world_arrival(1, "menu");

    arrived.has_customer = true;
    (void)snprintf(arrived.customer.display_name, 64, "Ms Chen");
    (void)snprintf(arrived.customer.tier, 16, "gold");
    (void)snprintf(arrived.customer.language, 16, "zh");
    world_number(&arrived.customer.attributes[0], "accounts", 2);
    arrived.customer.attributes_count = 1;
    world_step(world, &(struct flow_input){.type = FLOW_ARRIVED, .arrived = &arrived});

    const struct world_command *start = command_of(world, FLOW_DIALOG_START, 1);
    assert_string_equal(variable_of(start, "customer_name"), "Ms Chen");
    assert_string_equal(variable_of(start, "customer_tier"), "gold");
    assert_string_equal(variable_of(start, "language"), "zh");
    assert_string_equal(variable_of(start, "accounts"), "2");
    assert_string_equal(variable_of(start, "position"), "(none)");

    (void)arrive(world, 2, "sales");
    assert_string_equal(variable_of(command_of(world, FLOW_DIALOG_START, 2), "position"), "1");
}

static void a_dialogs_requirement_and_attributes_are_asked_of_the_agent(void **state)
{
    struct world *world = *state;
    struct td_dialog_ended ended = {.interaction_id = call_id(1),
                                    .result = TD_DIALOG_RESULT_TRANSFER,
                                    .requirement = "skill <= interaction.wanted"};

    make_ready(world, "ann");
    make_ready(world, "cleo");
    (void)arrive(world, 1, "menu");
    ended.dialog_id = command_of(world, FLOW_DIALOG_START, 1)->dialog;
    ended.attributes_count = 1;
    world_number(&ended.attributes[0], "wanted", 7);
    world_step(world, &(struct flow_input){.type = FLOW_DIALOG_ENDED, .dialog_ended = &ended});

    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "cleo");
    assert_string_equal(stored(world, 1).decision.expression, "skill <= 7");
}

static void attributes_of_the_dialog_replace_those_of_the_entry_point(void **state)
{
    struct world *world = *state;
    struct td_attribute of_entry[2] = {{.name = ""}};
    struct td_dialog_ended ended = {
        .interaction_id = call_id(1), .result = TD_DIALOG_RESULT_TRANSFER, .attributes_count = 2};

    world_number(&of_entry[0], "product", 1);
    world_number(&of_entry[1], "region", 2);
    world->entries[3].attributes = of_entry;
    world->entries[3].attributes_count = 2;
    (void)arrive(world, 1, "menu");
    ended.dialog_id = command_of(world, FLOW_DIALOG_START, 1)->dialog;
    world_number(&ended.attributes[0], "region", 3);
    world_number(&ended.attributes[1], "topic", 4);
    world_step(world, &(struct flow_input){.type = FLOW_DIALOG_ENDED, .dialog_ended = &ended});

    struct td_interaction_state after = stored(world, 1);
    assert_int_equal(after.attributes_count, 3);
    assert_string_equal(after.attributes[1].name, "region");
    assert_true(after.attributes[1].number > 2.5);
    assert_string_equal(after.attributes[2].name, "topic");
}

static void a_requirement_that_cannot_be_read_gives_way_to_the_queues(void **state)
{
    struct world *world = *state;
    struct td_dialog_ended ended = {.interaction_id = call_id(1),
                                    .result = TD_DIALOG_RESULT_TRANSFER,
                                    .requirement = "skill >= >= 3"};

    make_ready(world, "ann");
    (void)arrive(world, 1, "menu");
    ended.dialog_id = command_of(world, FLOW_DIALOG_START, 1)->dialog;
    world_step(world, &(struct flow_input){.type = FLOW_DIALOG_ENDED, .dialog_ended = &ended});

    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 1);
}

static void a_preferred_agent_is_asked_first(void **state)
{
    struct world *world = *state;
    struct td_dialog_ended ended = {.interaction_id = call_id(1),
                                    .result = TD_DIALOG_RESULT_TRANSFER};
    struct td_attribute *attribute = &ended.attributes[0];

    make_ready(world, "ann");
    make_ready(world, "dan");
    (void)arrive(world, 1, "menu");
    ended.dialog_id = command_of(world, FLOW_DIALOG_START, 1)->dialog;
    ended.attributes_count = 1;
    (void)snprintf(attribute->name, sizeof(attribute->name), "routing.agent");
    (void)snprintf(attribute->text, sizeof(attribute->text), "dan");
    attribute->type = TD_ATTRIBUTE_TYPE_TEXT;
    world_step(world, &(struct flow_input){.type = FLOW_DIALOG_ENDED, .dialog_ended = &ended});

    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "dan");
    assert_int_equal(stored(world, 1).decision.step, 0);
}

static void a_dialog_that_served_the_customer_ends_the_call(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "menu");
    world->now += 30 * SECOND;
    end_dialog(world, 1, command_of(world, FLOW_DIALOG_START, 1)->dialog, TD_DIALOG_RESULT_DONE,
               "");

    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_SELF_SERVED);
    assert_int_equal(summary_of(world, 1)->dialog_ms, 30000);
    assert_string_equal(summary_of(world, 1)->queue, "");
    assert_int_equal(count_commands(world, FLOW_RELEASE, 1), 1);
    assert_false(is_stored(world, 1));
}

static void a_dialog_that_fails_leads_to_the_queue(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "menu");
    end_dialog(world, 1, command_of(world, FLOW_DIALOG_START, 1)->dialog, TD_DIALOG_RESULT_ERROR,
               "");
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_QUEUED);
    assert_string_equal(stored(world, 1).queue, "sales");
}

static void a_dialog_that_cannot_be_started_leads_to_the_queue(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "menu");
    struct flow_failure failure = {.interaction_id = call_id(1),
                                   .type = "DialogStart",
                                   .subject = command_of(world, FLOW_DIALOG_START, 1)->dialog.id,
                                   .err = TD_ERR_NOT_FOUND};
    world_step(world, &(struct flow_input){.type = FLOW_COMMAND_FAILED, .command = &failure});
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_QUEUED);
}

static void a_dialog_that_ends_twice_counts_once(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "menu");
    struct td_dialog_id dialog = command_of(world, FLOW_DIALOG_START, 1)->dialog;
    end_dialog(world, 1, dialog, TD_DIALOG_RESULT_TRANSFER, "");
    uint64_t version = stored(world, 1).version;
    end_dialog(world, 1, dialog, TD_DIALOG_RESULT_DONE, "");
    assert_int_equal(stored(world, 1).version, version);
}

static void giving_up_in_the_dialog_stops_it(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "menu");
    abandon(world, 1);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_LEFT_DIALOG);
    assert_int_equal(count_commands(world, FLOW_DIALOG_STOP, 1), 1);
    assert_int_equal(count_events(world, "interaction.abandoned", 1), 0);
}

/* --- waiting --- */

static void who_waits_hears_the_wait_dialog_until_accepted(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "sales");
    assert_string_equal(command_of(world, FLOW_DIALOG_START, 1)->document, "wait.vxml");
    assert_int_equal(count_commands(world, FLOW_PLAY, 1), 0);

    make_ready(world, "ann");
    assert_int_equal(count_commands(world, FLOW_DIALOG_STOP, 1), 0);
    accept(world, 1, offer_of(world, 1));
    assert_int_equal(count_commands(world, FLOW_DIALOG_STOP, 1), 1);
    assert_true(command_of(world, FLOW_CONNECT, 1)->head.version >
                command_of(world, FLOW_OFFER, 1)->head.version);
}

static void who_is_offered_at_once_hears_music(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    assert_string_equal(command_of(world, FLOW_PLAY, 1)->document, "music.wav");
    assert_int_equal(count_commands(world, FLOW_DIALOG_START, 1), 0);

    decline(world, 1, offer_of(world, 1)); // Nobody else: it really waits now.
    assert_int_equal(count_commands(world, FLOW_DIALOG_START, 1), 1);
}

static void a_wait_dialog_that_ends_is_not_begun_again(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "sales");
    end_dialog(world, 1, command_of(world, FLOW_DIALOG_START, 1)->dialog, TD_DIALOG_RESULT_DONE,
               "");
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_QUEUED);
    world_wait(world, 20 * SECOND);
    assert_int_equal(count_commands(world, FLOW_DIALOG_START, 1), 1);
}

static void position_is_told_again_when_it_changes(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "sales");
    (void)arrive(world, 2, "sales");
    world_wait(world, 11 * SECOND);
    assert_int_equal(world->updates, 0);
    abandon(world, 1);
    world_wait(world, 11 * SECOND);
    assert_int_equal(world->updates, 1);
}

static void giving_up_in_the_queue_is_abandoned(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "sales");
    world->now += 25 * SECOND;
    abandon(world, 1);

    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_ABANDONED);
    assert_int_equal(summary_of(world, 1)->wait_ms, 25000);
    assert_string_equal(summary_of(world, 1)->ended_by, "customer");
    assert_int_equal(count_events(world, "interaction.abandoned", 1), 1);
    assert_int_equal(count_commands(world, FLOW_DIALOG_STOP, 1), 1);
    assert_int_equal(gauge_of(world, "sales").abandoned, 1);
    assert_int_equal(gauge_of(world, "sales").waiting, 0);
}

/* A point of priority is worth a second of waiting. */
static const char *first_served(struct world *world, uint64_t plain_waits)
{
    world->queues[2].priority = 30; // "small"
    flow_configure(world->flow, &world->config, world->calendar, world_problem, world);
    (void)arrive(world, 1, "plain");
    world_wait(world, plain_waits * SECOND);
    (void)arrive(world, 2, "small");
    make_ready(world, "ann");
    return count_commands(world, FLOW_OFFER, 1) > 0 ? "plain" : "small";
}

static void priority_goes_before_waiting(void **state)
{
    assert_string_equal(first_served(*state, 28), "small");
}

static void waiting_overcomes_priority(void **state)
{
    assert_string_equal(first_served(*state, 32), "plain");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_is_offered_to_the_best_in_the_step_of_its_arrival),
        TEST(the_decision_says_why_and_who_was_next),
        TEST(an_arrival_said_twice_changes_nothing),
        TEST(an_arrival_for_no_entry_point_is_refused),
        TEST(a_full_router_refuses_and_stores_nothing),
        TEST(a_full_queue_overflows_and_is_counted),
        TEST(an_entry_point_without_a_queue_fails_and_says_so),
        TEST(an_arrival_that_was_abandoned_before_it_came_is_refused),
        TEST(whoever_was_closed_a_moment_ago_is_not_brought_back),
        TEST(a_dialog_comes_first_and_its_result_decides),
        TEST(a_dialog_is_told_who_calls_and_what_is_known),
        TEST(a_dialogs_requirement_and_attributes_are_asked_of_the_agent),
        TEST(attributes_of_the_dialog_replace_those_of_the_entry_point),
        TEST(a_requirement_that_cannot_be_read_gives_way_to_the_queues),
        TEST(a_preferred_agent_is_asked_first),
        TEST(a_dialog_that_served_the_customer_ends_the_call),
        TEST(a_dialog_that_fails_leads_to_the_queue),
        TEST(a_dialog_that_cannot_be_started_leads_to_the_queue),
        TEST(a_dialog_that_ends_twice_counts_once),
        TEST(giving_up_in_the_dialog_stops_it),
        TEST(who_waits_hears_the_wait_dialog_until_accepted),
        TEST(who_is_offered_at_once_hears_music),
        TEST(a_wait_dialog_that_ends_is_not_begun_again),
        TEST(position_is_told_again_when_it_changes),
        TEST(giving_up_in_the_queue_is_abandoned),
        TEST(priority_goes_before_waiting),
        TEST(waiting_overcomes_priority),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
