/*
 * What those who look on are told.
 */
#include "world.h"

static const struct td_interaction_status *find(const struct td_interaction_status *list,
                                                uint32_t count, uint64_t call)
{
    for (uint32_t i = 0; i < count; i++) {
        if (td_id_equal(list[i].interaction_id.id, call_id(call).id))
            return &list[i];
    }
    fail();
    return NULL;
}

static void each_interaction_is_listed_with_its_phase_and_since_when(void **state)
{
    struct world *world = *state;
    struct td_interaction_status list[8];
    uint32_t cursor = 0;

    (void)arrive(world, 1, "sales");
    world->now += 2 * SECOND;
    (void)arrive(world, 2, "sales");
    world->now += 3 * SECOND;
    make_ready(world, "ann");
    assert_int_equal(flow_list_interactions(world->flow, &cursor, list, 8), 2);

    const struct td_interaction_status *first = find(list, 2, 1);
    const struct td_interaction_status *second = find(list, 2, 2);
    assert_int_equal(first->phase, TD_INTERACTION_PHASE_OFFERED);
    assert_string_equal(first->agent, "ann");
    assert_string_equal(first->queue, "sales");
    assert_int_equal(first->arrived_at_unix_us, START_US);
    assert_int_equal(first->since_unix_us, world->now);
    assert_int_equal(second->phase, TD_INTERACTION_PHASE_QUEUED);
    assert_string_equal(second->agent, "");
    assert_int_equal(second->since_unix_us, START_US + 2 * SECOND);

    accept(world, 1, offer_of(world, 1));
    world->now += SECOND;
    connect_call(world, 1);
    cursor = 0;
    (void)flow_list_interactions(world->flow, &cursor, list, 8);
    assert_int_equal(find(list, 2, 1)->phase, TD_INTERACTION_PHASE_CONNECTED);
    assert_int_equal(find(list, 2, 1)->since_unix_us, world->now);
}

static void pages_bring_everything_once(void **state)
{
    struct world *world = *state;
    struct td_interaction_status list[2];
    uint32_t cursor = 0;
    uint32_t seen = 0;
    uint32_t count;

    for (uint64_t call = 1; call <= 5; call++)
        (void)arrive(world, call, "sales");
    do {
        count = flow_list_interactions(world->flow, &cursor, list, 2);
        for (uint32_t i = 0; i < count; i++) {
            for (uint64_t call = 1; call <= 5; call++)
                seen |= (uint32_t)td_id_equal(list[i].interaction_id.id, call_id(call).id) << call;
        }
    } while (count == 2);
    assert_int_equal(seen, 0x3e);
    assert_int_equal(flow_list_interactions(world->flow, &cursor, list, 2), 0);
    cursor = UINT32_MAX;
    assert_int_equal(flow_list_interactions(world->flow, &cursor, list, 2), 0);
}

static const struct td_interaction_event *said(const struct world *world, const char *topic)
{
    for (size_t i = world->event_count; i > 0; i--) {
        if (strcmp(world->events[i - 1].topic, topic) == 0)
            return &world->events[i - 1].said;
    }
    fail();
    return NULL;
}

static void a_decision_says_who_else_there_was(void **state)
{
    struct world *world = *state;

    make_ready(world, "ann");
    make_ready(world, "bob");
    make_ready(world, "cleo");
    (void)arrive(world, 1, "sales");

    const struct td_decision first = stored(world, 1).decision;
    assert_int_equal(first.agents_ready, 2); // The chosen one is not counted.
    assert_int_equal(first.agents_occupied, 0);
    assert_int_equal(first.agents_not_ready, 0);
    (void)arrive(world, 2, "sales");

    const struct td_decision second = stored(world, 2).decision;
    assert_int_equal(second.agents_ready, 1);
    assert_int_equal(second.agents_occupied, 1);
}

static void events_say_what_is_asked_from_then_on(void **state)
{
    struct world *world = *state;

    (void)arrive(world, 1, "sales");
    assert_string_not_equal(said(world, "interaction.queued")->expression, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_interaction_is_listed_with_its_phase_and_since_when),
        TEST(pages_bring_everything_once),
        TEST(a_decision_says_who_else_there_was),
        TEST(events_say_what_is_asked_from_then_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
