/* Unit tests of routing: what a standby takes over, whole or contradictory. */
#include "routing_world.h"

static void configure(struct world *world)
{
    struct td_routing_queue_config config = queue_config("SALES");

    config.requirement =
        (struct td_routing_requirement){.step_count = 1, .steps = {{"skill >= 5", 0}}};
    put_queue(world, &config);
    put_agent(world, "ada", 6);
    put_agent(world, "ben", 7);
}

static struct world configured(void)
{
    struct world world = make_world();

    configure(&world);
    return world;
}

static struct td_routing_agent_record agent_record(const struct world *world, const char *name)
{
    struct td_routing_agent_record record;

    assert_int_equal(td_routing_export_agent(world->routing, name, &record), TD_OK);
    return record;
}

static void give_interaction(struct world *world,
                             const struct td_routing_interaction_record *record)
{
    assert_int_equal(td_routing_import_interaction(world->routing, record), TD_OK);
}

static void give_agent(struct world *world, const struct td_routing_agent_record *record)
{
    assert_int_equal(td_routing_import_agent(world->routing, record), TD_OK);
}

static void go_on(struct world *world)
{
    td_routing_import_end(world->routing, world->now_us);
    step(world, NULL);
}

static void a_standing_offer_is_taken_over_with_its_version_and_lease(void **state)
{
    (void)state;
    struct world active = configured();
    struct world standby = configured();

    ready(&active, "ada");
    arrive(&active, 1, "SALES");
    const struct td_routing_interaction_record interaction = record_of(&active, 1);
    const struct td_routing_agent_record agent = agent_record(&active, "ada");
    give_interaction(&standby, &interaction);
    give_agent(&standby, &agent);
    standby.now_us = active.now_us + 5 * SECOND;
    go_on(&standby);
    assert_int_equal(standby.effects.count, 0);
    assert_int_equal(td_routing_wake_at_unix_us(standby.routing), START_US + 15 * SECOND);
    offer_event(&standby, TD_ROUTING_ACCEPTED, 1, "ada", 1);
    expect_effect(&standby, TD_ROUTING_ASSIGNED, 1);
    end_world(&active);
    end_world(&standby);
}

static void a_lease_that_passed_meanwhile_ends_at_the_first_step(void **state)
{
    (void)state;
    struct world active = configured();
    struct world standby = configured();

    ready(&active, "ada");
    arrive(&active, 1, "SALES");
    const struct td_routing_interaction_record interaction = record_of(&active, 1);
    const struct td_routing_agent_record agent = agent_record(&active, "ada");
    give_agent(&standby, &agent);
    give_interaction(&standby, &interaction);
    standby.now_us = active.now_us + 16 * SECOND;
    go_on(&standby);
    assert_true(expect_effect(&standby, TD_ROUTING_OFFER_ENDED, 1)->withdraw);
    expect_agent(&standby, "ada", TD_ROUTING_READY, "");
    ready(&standby, "ben");
    expect_offer(&standby, 1, "ben", 2); // versions go on
    end_world(&active);
    end_world(&standby);
}

static void waiting_ones_keep_their_places(void **state)
{
    (void)state;
    struct world active = configured();
    struct world standby = configured();

    for (unsigned i = 1; i <= 3; i++) {
        active.now_us += SECOND;
        arrive(&active, i, "SALES");
    }
    for (unsigned i = 3; i >= 1; i--) { // read back in another order
        const struct td_routing_interaction_record interaction = record_of(&active, i);
        give_interaction(&standby, &interaction);
    }
    standby.now_us = active.now_us;
    go_on(&standby);
    ready(&standby, "ada");
    expect_offer(&standby, 1, "ada", 1);
    ready(&standby, "ben");
    expect_offer(&standby, 2, "ben", 1);
    end_world(&active);
    end_world(&standby);
}

static void counters_go_on(void **state)
{
    (void)state;
    struct world active = configured();
    struct world standby = configured();
    struct td_routing_queue_record queue;

    ready(&active, "ada");
    for (unsigned i = 1; i <= 4; i++)
        arrive(&active, i, "SALES");
    answer(&active, 1, "ada", 1);
    interaction_event(&active, TD_ROUTING_ABANDONED, 2);
    assert_int_equal(td_routing_export_queue(active.routing, "SALES", &queue), TD_OK);
    assert_int_equal(td_routing_import_queue(standby.routing, &queue), TD_OK);
    assert_int_equal(td_routing_import_queue(standby.routing, &queue), TD_ERR_EXISTS);
    for (unsigned i = 1; i <= 4; i++) {
        struct td_routing_interaction_record interaction;
        if (td_routing_export_interaction(active.routing, id_of(i), &interaction) == TD_OK)
            give_interaction(&standby, &interaction);
    }
    go_on(&standby);
    struct td_routing_queue_counts counts = counts_of(&standby, "SALES");
    assert_int_equal(counts.offered, 4);
    assert_int_equal(counts.answered, 1);
    assert_int_equal(counts.abandoned, 1);
    assert_int_equal(counts.waiting, 2);
    assert_int_equal(counts.talking, 1);
    end_world(&active);
    end_world(&standby);
}

static void an_interactions_word_counts_against_its_agents(void **state)
{
    (void)state;
    struct world active = configured();
    struct world standby = configured();

    ready(&active, "ada");
    struct td_routing_agent_record before = agent_record(&active, "ada");
    arrive(&active, 1, "SALES");
    answer(&active, 1, "ada", 1);
    const struct td_routing_interaction_record interaction = record_of(&active, 1);
    give_agent(&standby, &before); // says ready
    give_interaction(&standby, &interaction);
    go_on(&standby);
    expect_agent(&standby, "ada", TD_ROUTING_BUSY, "");
    assert_string_equal(effect_of(&standby, TD_ROUTING_AGENT_CHANGED)->agent, "ada");
    end_world(&active);
    end_world(&standby);
}

static void an_agent_whose_interaction_is_gone_goes_on(void **state)
{
    (void)state;
    struct world active = configured();
    struct world standby = configured();

    ready(&active, "ada");
    arrive(&active, 1, "SALES");
    answer(&active, 1, "ada", 1);
    agent_event(&active, TD_ROUTING_AGENT_NOT_READY, "ada", "lunch");
    const struct td_routing_agent_record agent = agent_record(&active, "ada");
    give_agent(&standby, &agent);
    go_on(&standby);
    expect_agent(&standby, "ada", TD_ROUTING_NOT_READY, "lunch");
    assert_non_null(effect_of(&standby, TD_ROUTING_AGENT_CHANGED));
    end_world(&active);
    end_world(&standby);
}

static void of_two_with_one_agent_the_one_further_on_keeps_it(void **state)
{
    (void)state;
    struct world active = configured();
    struct world standby = configured();

    ready(&active, "ada");
    arrive(&active, 1, "SALES");
    struct td_routing_interaction_record offered = record_of(&active, 1);
    answer(&active, 1, "ada", 1);
    const struct td_routing_interaction_record talking = record_of(&active, 1);
    offered.id = id_of(2);
    give_interaction(&standby, &offered);
    give_interaction(&standby, &talking);
    go_on(&standby);
    expect_phase(&standby, 1, TD_ROUTING_PHASE_CONNECTED);
    expect_phase(&standby, 2, TD_ROUTING_PHASE_WAITING);
    expect_effect(&standby, TD_ROUTING_RELAXED, 2); // so that its record is written anew
    end_world(&active);
    end_world(&standby);
}

static void what_the_configuration_lost_is_kept_while_in_use(void **state)
{
    (void)state;
    struct world active = configured();
    struct world standby = make_world(); // knows nobody
    struct td_routing_queue_counts counts;
    struct td_routing_agent_record record;

    ready(&active, "ben");
    arrive(&active, 1, "SALES");
    answer(&active, 1, "ben", 1);
    ready(&active, "ada");
    const struct td_routing_interaction_record interaction = record_of(&active, 1);
    const struct td_routing_agent_record ada = agent_record(&active, "ada");
    give_interaction(&standby, &interaction);
    give_agent(&standby, &ada);
    go_on(&standby);
    assert_int_equal(td_routing_export_agent(standby.routing, "ada", &record), TD_ERR_NOT_FOUND);
    expect_agent(&standby, "ben", TD_ROUTING_BUSY, "");
    assert_int_equal(counts_of(&standby, "SALES").talking, 1);
    offer_event(&standby, TD_ROUTING_RELEASED, 1, "ben", 1);
    assert_int_equal(td_routing_export_agent(standby.routing, "ben", &record), TD_ERR_NOT_FOUND);
    assert_int_equal(td_routing_count_queue(standby.routing, "SALES", &counts), TD_ERR_NOT_FOUND);
    end_world(&active);
    end_world(&standby);
}

static void who_insisted_on_an_agent_who_is_gone_goes_on(void **state)
{
    (void)state;
    struct world active = configured();
    struct world standby = configured();

    agent_event(&active, TD_ROUTING_AGENT_NOT_READY, "ada", "");
    arrive_as(&active, 1,
              &(struct td_routing_arrival){
                  .queue = "SALES", .preferred_agent = "ada", .preferred_ms = 60000});
    const struct td_routing_interaction_record interaction = record_of(&active, 1);
    assert_true(interaction.preferring);
    give_interaction(&standby, &interaction); // ada is logged out there
    standby.now_us = active.now_us;
    go_on(&standby);
    expect_effect(&standby, TD_ROUTING_RELAXED, 1);
    assert_false(record_of(&standby, 1).preferring);
    end_world(&active);
    end_world(&standby);
}

static void hostile_records_are_refused_and_take_nothing(void **state)
{
    (void)state;
    struct world active = configured();
    struct world standby = configured();

    arrive(&active, 1, "SALES");
    const struct td_routing_interaction_record good = record_of(&active, 1);
    struct td_routing_interaction_record bad = good;

    bad.phase = TD_ROUTING_PHASE_COUNT;
    assert_int_equal(td_routing_import_interaction(standby.routing, &bad), TD_ERR_RANGE);
    bad = good;
    bad.phase = TD_ROUTING_PHASE_OFFERED; // to nobody
    assert_int_equal(td_routing_import_interaction(standby.routing, &bad), TD_ERR_RANGE);
    bad = good;
    bad.step = 1;
    assert_int_equal(td_routing_import_interaction(standby.routing, &bad), TD_ERR_RANGE);
    bad = good;
    bad.step_count = TD_ROUTING_STEPS_MAX + 1;
    assert_int_equal(td_routing_import_interaction(standby.routing, &bad), TD_ERR_RANGE);
    bad = good;
    bad.attempt_count = TD_ROUTING_HISTORY_MAX + 1;
    assert_int_equal(td_routing_import_interaction(standby.routing, &bad), TD_ERR_RANGE);
    bad = good;
    memset(bad.queue, 'x', sizeof(bad.queue)); // not terminated
    assert_int_equal(td_routing_import_interaction(standby.routing, &bad), TD_ERR_RANGE);
    bad = good;
    strcpy(bad.steps[0].expression, "skill >=");
    assert_int_equal(td_routing_import_interaction(standby.routing, &bad), TD_ERR_SYNTAX);
    bad = good;
    memset(bad.fit, ' ', sizeof(bad.fit)); // not terminated
    assert_int_equal(td_routing_import_interaction(standby.routing, &bad), TD_ERR_RANGE);
    give_interaction(&standby, &good);
    assert_int_equal(td_routing_import_interaction(standby.routing, &good), TD_ERR_EXISTS);

    struct td_routing_agent_record agent = agent_record(&active, "ada");
    agent.state = TD_ROUTING_AGENT_STATE_COUNT;
    assert_int_equal(td_routing_import_agent(standby.routing, &agent), TD_ERR_RANGE);
    agent = agent_record(&active, "ada");
    agent.next = TD_ROUTING_BUSY;
    assert_int_equal(td_routing_import_agent(standby.routing, &agent), TD_ERR_RANGE);
    agent = agent_record(&active, "ada");
    give_agent(&standby, &agent);
    assert_int_equal(td_routing_import_agent(standby.routing, &agent), TD_ERR_EXISTS);
    go_on(&standby);
    assert_int_equal(counts_of(&standby, "SALES").waiting, 1);
    end_world(&active);
    end_world(&standby);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_standing_offer_is_taken_over_with_its_version_and_lease),
        cmocka_unit_test(a_lease_that_passed_meanwhile_ends_at_the_first_step),
        cmocka_unit_test(waiting_ones_keep_their_places),
        cmocka_unit_test(counters_go_on),
        cmocka_unit_test(an_interactions_word_counts_against_its_agents),
        cmocka_unit_test(an_agent_whose_interaction_is_gone_goes_on),
        cmocka_unit_test(of_two_with_one_agent_the_one_further_on_keeps_it),
        cmocka_unit_test(what_the_configuration_lost_is_kept_while_in_use),
        cmocka_unit_test(who_insisted_on_an_agent_who_is_gone_goes_on),
        cmocka_unit_test(hostile_records_are_refused_and_take_nothing),
    };

    return cmocka_run_group_tests_name("core/routing: records", tests, NULL, NULL);
}
