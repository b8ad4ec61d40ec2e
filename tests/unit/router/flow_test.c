/*
 * The life of an interaction, in every order in which its messages can come.
 */
#include "world.h"

/* --- arriving ----------------------------------------------------------------------------------
 */

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

/* --- dialogs -----------------------------------------------------------------------------------
 */

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

/* --- waiting -----------------------------------------------------------------------------------
 */

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
    flow_configure(world->flow, &world->config, world_problem, world);
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

/* --- offers ------------------------------------------------------------------------------------
 */

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

/* --- talking -----------------------------------------------------------------------------------
 */

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

/* --- configuration -----------------------------------------------------------------------------
 */

static void a_queue_that_goes_keeps_who_is_in_it(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "plain");
    world->config.queues_count = 1; // Only "sales" is left.
    flow_configure(world->flow, &world->config, world_problem, world);
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
    flow_configure(world->flow, &world->config, world_problem, world);
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
    flow_configure(world->flow, &world->config, world_problem, world);
    assert_int_equal(world->problems, 1);
    assert_int_equal(arrive(world, 1, "sales").result, TD_ARRIVED_RESULT_ACCEPTED);
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
        TEST(a_talk_ends_in_wrap_up_and_then_closes),
        TEST(a_channels_clock_that_is_wrong_makes_no_negative_times),
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
