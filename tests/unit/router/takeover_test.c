/*
 * Another router takes over from what was stored: one test for each row of the table in the design,
 * and what happens to offers, dialogs and wrap-ups on the way.
 */
#include "world.h"

static struct td_sync_item item_of(uint64_t number, enum td_channel_phase phase)
{
    return (struct td_sync_item){
        .interaction_id = call_id(number), .phase = phase, .tenant = 1, .customer_side = true};
}

static void set_agent_side(struct td_sync_item *item, uint64_t number, struct td_offer_id offer,
                           const char *agent)
{
    item->offer_id = offer;
    td_str_clip(item->agent, sizeof(item->agent), agent);
    item->has_agent_leg = true;
    item->agent_leg.leg_id.id = world_id(2000000 + number);
    td_str_clip(item->agent_leg.instance, sizeof(item->agent_leg.instance), "media-1");
}

static void sync_item(struct world *world, const struct td_sync_item *item, const char *instance)
{
    world_step(world,
               &(struct flow_input){.type = FLOW_SYNC_ITEM, .sync = item, .instance = instance});
}

static void sync_done(struct world *world, const char *service, const char *instance)
{
    world_step(world, &(struct flow_input){
                          .type = FLOW_SYNC_DONE, .service = service, .instance = instance});
}

static void sync_ended(struct world *world)
{
    world_step(world, &(struct flow_input){.type = FLOW_SYNC_ENDED});
}

/* Another router, to which these two edges, media and ivr are known to live. */
static void take_over(struct world *world)
{
    world->now += SECOND;
    world_crash(world);
    world_up(world, "edge", "edge-1");
    world_up(world, "edge", "edge-2");
    world_up(world, "media", "media-1");
    world_up(world, "ivr", "ivr-1");
}

static void carry_out_all(struct world *world)
{
    for (size_t i = 0; i < world->command_count; i++)
        world->commands[i].done = true;
}

/* --- both know --- */

static void who_waits_keeps_the_place_and_is_offered_after_the_channels_word(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);

    (void)arrive(world, 1, "sales");
    (void)arrive(world, 2, "sales");
    uint64_t queued_at = stored(world, 1).queued_at_unix_us;
    take_over(world);
    make_ready(world, "ann");
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 0);

    sync_item(world, &item, "edge-1");
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 1);
    assert_int_equal(count_commands(world, FLOW_OFFER, 2), 0);
    assert_int_equal(stored(world, 1).queued_at_unix_us, queued_at);
    assert_int_equal(stored(world, 1).decision.wait_ms, 1000);
    assert_int_equal(count_commands(world, FLOW_DIALOG_START, 1), 1); // Its dialog went on.
}

static void what_was_asked_of_agents_is_still_asked(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);

    (void)arrive(world, 1, "sales");
    take_over(world);
    make_ready(world, "bob"); // Idle the longest, but ann suits better.
    world->now += SECOND;
    make_ready(world, "ann");
    sync_item(world, &item, "edge-1");
    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "ann");
}

static void a_new_call_does_not_wait_for_the_take_over(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "sales");
    take_over(world);
    make_ready(world, "ann");
    (void)arrive(world, 2, "sales");
    assert_int_equal(count_commands(world, FLOW_OFFER, 2), 1);
    assert_true(flow_is_syncing(world->flow));
}

static void an_accepted_offer_is_believed(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ACCEPTED);

    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    struct td_offer_id offer = offer_of(world, 1);
    carry_out_all(world);
    take_over(world);
    set_agent_side(&item, 1, offer, "ann");
    sync_item(world, &item, "edge-1");

    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_ACCEPTED);
    assert_int_equal(count_commands(world, FLOW_CONNECT, 1), 1);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_BUSY);
    accept(world, 1, offer); // The report itself arrives as well.
    assert_int_equal(count_commands(world, FLOW_CONNECT, 1), 1);
}

static void a_talk_that_began_meanwhile_is_believed(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_CONNECTED);

    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    struct td_offer_id offer = offer_of(world, 1);
    accept(world, 1, offer);
    carry_out_all(world);
    take_over(world);
    set_agent_side(&item, 1, offer, "ann");
    item.phase_age_ms = 400;
    sync_item(world, &item, "edge-1");

    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_CONNECTED);
    assert_int_equal(stored(world, 1).connected_at_unix_us, world->now - 400000);
    assert_int_equal(count_events(world, "interaction.connected", 1), 1);
}

static void a_talk_goes_on_where_the_channel_is_behind(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);

    make_ready(world, "ann");
    talk(world, 1, "sales");
    take_over(world);
    sync_item(world, &item, "edge-1");
    sync_done(world, "edge", "edge-1");
    sync_ended(world);

    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_CONNECTED);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_BUSY);
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_WRAP_UP);
}

static void an_end_that_is_being_reported_is_waited_for(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ENDED);

    (void)arrive(world, 1, "sales");
    take_over(world);
    make_ready(world, "ann");
    sync_item(world, &item, "edge-1");
    sync_done(world, "edge", "edge-1");
    sync_ended(world);
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 0);
    abandon(world, 1);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_ABANDONED);
}

static void commands_after_it_are_newer_than_what_the_channel_saw(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);

    (void)arrive(world, 1, "sales");
    take_over(world);
    item.version = 1000;
    sync_item(world, &item, "edge-1");
    make_ready(world, "ann");
    assert_true(command_of(world, FLOW_OFFER, 1)->head.version > 1000);
}

/* --- only the channel knows --- */

static void what_only_the_channel_knows_is_adopted_as_it_was(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);
    struct td_interaction_arrived arrived = world_arrival(1, "sales");

    arrived.arrived_at_unix_us = world->now - 7 * SECOND;
    item.version = 12;
    take_over(world);
    sync_item(world, &item, "edge-1");
    assert_int_equal(world->asked_count, 1);
    world_step(world, &(struct flow_input){
                          .type = FLOW_DESCRIBED, .sync = &world->asked, .arrived = &arrived});

    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_QUEUED);
    assert_int_equal(stored(world, 1).arrived_at_unix_us, arrived.arrived_at_unix_us);
    assert_true(stored(world, 1).version > 12);
    assert_int_equal(arrive(world, 1, "sales").result, TD_ARRIVED_RESULT_ACCEPTED);
    assert_int_equal(count_events(world, "interaction.arrived", 1), 1);
}

static void who_was_adopted_before_the_arrival_was_heard_is_still_told_to_answer(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ARRIVED);
    struct td_interaction_arrived arrived = world_arrival(1, "sales");

    take_over(world);
    sync_item(world, &item, "edge-1");
    world_step(world, &(struct flow_input){
                          .type = FLOW_DESCRIBED, .sync = &world->asked, .arrived = &arrived});
    assert_true(arrive(world, 1, "sales").answer_now);
}

static void a_talk_that_only_the_channel_knows_goes_on(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_CONNECTED);
    struct td_interaction_arrived arrived = world_arrival(1, "sales");

    make_ready(world, "ann");
    take_over(world);
    set_agent_side(&item, 1, (struct td_offer_id){world_id(5)}, "ann");
    sync_item(world, &item, "edge-1");
    world_step(world, &(struct flow_input){
                          .type = FLOW_DESCRIBED, .sync = &world->asked, .arrived = &arrived});

    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_CONNECTED);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_NOT_READY);
    (void)arrive(world, 2, "sales");
    assert_int_equal(count_commands(world, FLOW_OFFER, 2), 0);

    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_ANSWERED);
    assert_string_equal(summary_of(world, 1)->agent, "ann");
    assert_string_equal(command_of(world, FLOW_OFFER, 2)->agent, "ann");
}

static void a_talk_is_not_adopted_from_a_channel_that_never_was_in_doubt(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_CONNECTED);

    make_ready(world, "ann");
    (void)arrive(world, 1, "sales");
    set_agent_side(&item, 1, (struct td_offer_id){world_id(5)}, "bob");
    sync_item(world, &item, "edge-1"); // Said before, heard late.
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_OFFERED);
    accept(world, 1, offer_of(world, 1));
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_ACCEPTED);
}

static void what_is_being_released_is_not_adopted(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);

    (void)arrive(world, 1, "menu");
    end_dialog(world, 1, command_of(world, FLOW_DIALOG_START, 1)->dialog, TD_DIALOG_RESULT_DONE,
               "");
    take_over(world); // The Release is still pending.
    sync_item(world, &item, "edge-1");
    assert_int_equal(world->asked_count, 0);
}

static void an_agents_side_without_an_interaction_is_released(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ACCEPTED);

    take_over(world);
    set_agent_side(&item, 1, (struct td_offer_id){world_id(5)}, "ann");
    item.customer_side = false;
    sync_item(world, &item, "edge-2");
    assert_true(td_id_equal(command_of(world, FLOW_RELEASE, 1)->offer.id, world_id(5)));
    assert_int_equal(world->asked_count, 0);
}

static void an_offer_the_router_does_not_know_is_released(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_OFFERING);

    (void)arrive(world, 1, "sales");
    take_over(world);
    set_agent_side(&item, 1, (struct td_offer_id){world_id(5)}, "ann");
    sync_item(world, &item, "edge-1");
    assert_true(td_id_equal(command_of(world, FLOW_RELEASE, 1)->offer.id, world_id(5)));
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_QUEUED);
}

/* --- only the router knows --- */

static void what_the_channel_does_not_mention_is_lost(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "plain");
    (void)arrive(world, 2, "sales");
    take_over(world);
    sync_done(world, "edge", "edge-1");

    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_CHANNEL_LOST);
    assert_int_equal(summary_of(world, 2)->outcome, TD_OUTCOME_CHANNEL_LOST);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
    assert_int_equal(world->interaction_count, 0);
}

static void a_channel_that_says_nothing_is_dead(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "sales");
    take_over(world);
    (void)arrive(world, 2, "sales"); // New: its channel speaks, whatever it has not said.
    sync_ended(world);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_CHANNEL_LOST);
    assert_int_equal(stored(world, 2).phase, TD_INTERACTION_PHASE_QUEUED);
    assert_false(flow_is_syncing(world->flow));
}

static void an_offer_whose_edge_is_gone_is_made_to_another(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);

    make_ready_at(world, "ann", "edge-2");
    (void)arrive(world, 1, "sales");
    make_ready(world, "bob");
    carry_out_all(world);
    world_crash(world);
    world_up(world, "edge", "edge-1");
    world_up(world, "media", "media-1");
    sync_item(world, &item, "edge-1");
    sync_done(world, "edge", "edge-1");
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 1);
    sync_ended(world);

    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "bob");
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_OFFERED);
}

static void an_offer_that_may_not_have_left_stands(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);

    make_ready(world, "ann");
    (void)arrive(world, 1, "sales"); // Its Offer is still pending: it is sent again.
    struct td_offer_id offer = offer_of(world, 1);
    take_over(world);
    sync_item(world, &item, "edge-1");
    sync_done(world, "edge", "edge-1");
    sync_ended(world);
    assert_int_equal(count_commands(world, FLOW_OFFER, 1), 1);
    accept(world, 1, offer);
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_ACCEPTED);
}

static void an_offer_that_the_channel_has_lost_is_made_again(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);

    make_ready(world, "ann");
    make_ready(world, "bob");
    (void)arrive(world, 1, "sales");
    carry_out_all(world);
    take_over(world);
    sync_item(world, &item, "edge-1");
    sync_done(world, "edge", "edge-1");
    assert_string_equal(command_of(world, FLOW_OFFER, 1)->agent, "bob");
}

static void media_that_is_gone_takes_its_calls_along(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);

    (void)arrive(world, 1, "sales");
    world_crash(world);
    world_up(world, "edge", "edge-1");
    sync_item(world, &item, "edge-1");
    sync_done(world, "edge", "edge-1");
    sync_ended(world);
    assert_int_equal(summary_of(world, 1)->outcome, TD_OUTCOME_CHANNEL_LOST);
    assert_int_equal(count_commands(world, FLOW_RELEASE, 1), 1);
}

/* --- dialogs and wrap-up --- */

static void dialog_item(struct world *world, uint64_t number, struct td_dialog_id dialog)
{
    struct td_dialog_sync_item item = {.dialog_id = dialog, .interaction_id = call_id(number)};

    world_step(world, &(struct flow_input){.type = FLOW_DIALOG_SYNC_ITEM,
                                           .dialog_sync = &item,
                                           .instance = "ivr-1"});
}

static void a_dialog_goes_on(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);

    (void)arrive(world, 1, "menu");
    struct td_dialog_id dialog = command_of(world, FLOW_DIALOG_START, 1)->dialog;
    carry_out_all(world);
    take_over(world);
    dialog_item(world, 1, dialog);
    sync_item(world, &item, "edge-1");
    sync_done(world, "ivr", "ivr-1");
    sync_done(world, "edge", "edge-1");
    sync_ended(world);
    assert_int_equal(count_commands(world, FLOW_DIALOG_START, 1), 1);
    end_dialog(world, 1, dialog, TD_DIALOG_RESULT_TRANSFER, "plain");
    assert_string_equal(stored(world, 1).queue, "plain");
}

static void a_dialog_that_ivr_has_lost_begins_again(void **state)
{
    struct world *world = *state;
    struct td_sync_item item = item_of(1, TD_CHANNEL_PHASE_ANSWERED);

    (void)arrive(world, 1, "menu");
    carry_out_all(world);
    take_over(world);
    sync_item(world, &item, "edge-1");
    sync_done(world, "ivr", "ivr-1");
    assert_int_equal(count_commands(world, FLOW_DIALOG_START, 1), 2);
    assert_int_equal(stored(world, 1).phase, TD_INTERACTION_PHASE_DIALOG);
}

static void a_dialog_nobody_asked_for_is_stopped(void **state)
{
    struct world *world = *state;
    struct td_dialog_id dialog = {world_id(5)};

    take_over(world);
    dialog_item(world, 1, dialog);
    assert_true(td_id_equal(command_of(world, FLOW_DIALOG_STOP, 1)->dialog.id, dialog.id));
}

static void wrap_up_ends_when_it_would_have(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "sales");
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    world_wait(world, 10 * SECOND);
    take_over(world); // One second more.
    sync_done(world, "edge", "edge-1");
    sync_ended(world);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_WRAP_UP);
    world_wait(world, 18 * SECOND);
    assert_int_equal(world->closed_count, 0);
    world_wait(world, 2 * SECOND);
    assert_int_equal(summary_of(world, 1)->wrap_up_ms, 30000);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
}

static void an_agent_who_was_suspended_comes_back_after_it_too(void **state)
{
    struct world *world = *state;

    make_ready_at(world, "ann", "edge-2");
    world_gone(world, "edge", "edge-2");
    take_over(world);
    assert_int_equal(agent_of(world, "ann").state, TD_AGENT_STATE_READY);
}

static void figures_of_queues_are_kept(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    talk(world, 1, "plain");
    end_call(world, 1, TD_ENDED_BY_CUSTOMER);
    (void)arrive(world, 2, "small");
    abandon(world, 2);
    take_over(world);
    assert_int_equal(gauge_of(world, "plain").answered, 1);
    assert_int_equal(gauge_of(world, "small").abandoned, 1);
    assert_int_equal(gauge_of(world, "small").offered, 1);
}

static void a_record_of_a_later_release_is_refused(void **state)
{
    struct world *world = *state;
    struct td_interaction_state state_of_later;

    (void)arrive(world, 1, "sales");
    state_of_later = stored(world, 1);
    state_of_later.state_version = FLOW_STATE_VERSION + 1;
    world_boot(world);
    assert_int_equal(flow_load_interaction(world->flow, &state_of_later), TD_ERR_RANGE);
    state_of_later.state_version = FLOW_STATE_VERSION;
    assert_int_equal(flow_load_interaction(world->flow, &state_of_later), TD_OK);
    assert_int_equal(flow_load_interaction(world->flow, &state_of_later), TD_ERR_EXISTS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_waits_keeps_the_place_and_is_offered_after_the_channels_word),
        TEST(what_was_asked_of_agents_is_still_asked),
        TEST(a_new_call_does_not_wait_for_the_take_over),
        TEST(an_accepted_offer_is_believed),
        TEST(a_talk_that_began_meanwhile_is_believed),
        TEST(a_talk_goes_on_where_the_channel_is_behind),
        TEST(an_end_that_is_being_reported_is_waited_for),
        TEST(commands_after_it_are_newer_than_what_the_channel_saw),
        TEST(what_only_the_channel_knows_is_adopted_as_it_was),
        TEST(who_was_adopted_before_the_arrival_was_heard_is_still_told_to_answer),
        TEST(a_talk_that_only_the_channel_knows_goes_on),
        TEST(a_talk_is_not_adopted_from_a_channel_that_never_was_in_doubt),
        TEST(what_is_being_released_is_not_adopted),
        TEST(an_agents_side_without_an_interaction_is_released),
        TEST(an_offer_the_router_does_not_know_is_released),
        TEST(what_the_channel_does_not_mention_is_lost),
        TEST(a_channel_that_says_nothing_is_dead),
        TEST(an_offer_whose_edge_is_gone_is_made_to_another),
        TEST(an_offer_that_may_not_have_left_stands),
        TEST(an_offer_that_the_channel_has_lost_is_made_again),
        TEST(media_that_is_gone_takes_its_calls_along),
        TEST(a_dialog_goes_on),
        TEST(a_dialog_that_ivr_has_lost_begins_again),
        TEST(a_dialog_nobody_asked_for_is_stopped),
        TEST(wrap_up_ends_when_it_would_have),
        TEST(an_agent_who_was_suspended_comes_back_after_it_too),
        TEST(figures_of_queues_are_kept),
        TEST(a_record_of_a_later_release_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
