#include "live_fixture.h"

#include "io/registry.h"

#define MS UINT64_C(1000000)

struct instance {
    struct td_loop *loop;
    struct td_live *live;
    struct td_registry *registry;
    uint32_t changes[TD_REGISTRY_CHANGE_COUNT];
    char last[160]; /* "gone edge/edge-1 value" */
    bool destroys_itself;
};

static void on_changed(void *ctx, enum td_registry_change change,
                       const struct td_registration *registration)
{
    static const char *const names[] = {"appeared", "changed", "gone"};
    struct instance *instance = ctx;
    struct td_registration found;

    instance->changes[change]++;
    (void)snprintf(instance->last, sizeof(instance->last), "%s %s/%s %.*s", names[change],
                   registration->service, registration->instance, (int)registration->value.size,
                   (const char *)registration->value.data);
    assert_int_equal(
        td_registry_find(instance->registry, registration->service, registration->instance, &found),
        change != TD_REGISTRY_GONE);
    if (instance->destroys_itself)
        td_registry_destroy(&instance->registry);
}

static void join_for(struct instance *instance, struct live_fixture *fixture, bool own_loop,
                     const char *service, const char *name, uint32_t lease_ms)
{
    const struct td_live_config live = {.address = fixture->redis.address};
    const struct td_registry_config config = {.key = "site:instances",
                                              .service = service,
                                              .instance = name,
                                              .lease_ms = lease_ms,
                                              .changed = on_changed,
                                              .ctx = instance};

    *instance = (struct instance){.loop = own_loop ? make_loop() : fixture->loop};
    assert_int_equal(td_live_create(instance->loop, &live, &instance->live), TD_OK);
    assert_int_equal(
        td_registry_create(instance->loop, instance->live, &config, &instance->registry), TD_OK);
    if (name != NULL)
        assert_int_equal(td_registry_set(instance->registry, td_live_text(name)), TD_OK);
}

static void join(struct instance *instance, struct live_fixture *fixture, bool own_loop,
                 const char *service, const char *name)
{
    join_for(instance, fixture, own_loop, service, name, 0);
}

static void leave(struct instance *instance, struct live_fixture *fixture)
{
    td_registry_destroy(&instance->registry);
    td_live_destroy(&instance->live);
    if (instance->loop != fixture->loop)
        td_loop_destroy(&instance->loop);
}

static void wait_ms(struct live_fixture *fixture, uint64_t ms)
{
    uint64_t until_ns = td_loop_now_ns() + ms * MS;

    await(fixture->loop, td_loop_now_ns() > until_ns);
}

static void all_see_all_in_the_order_of_their_names(void **state)
{
    struct live_fixture *fixture = *state;
    struct instance edge;
    struct instance media;
    struct instance tool;

    join(&media, fixture, false, "media", "media-1");
    join(&edge, fixture, false, "edge", "edge-1");
    join(&tool, fixture, false, NULL, NULL);
    await(fixture->loop, td_registry_count(media.registry) == 2 &&
                             td_registry_count(edge.registry) == 2 &&
                             td_registry_count(tool.registry) == 2);
    struct td_registration first = td_registry_at(tool.registry, 0);
    assert_string_equal(first.service, "edge");
    assert_string_equal(first.instance, "edge-1");
    assert_int_equal(first.value.size, 6);
    assert_string_equal(td_registry_at(tool.registry, 1).service, "media");
    assert_int_equal(tool.changes[TD_REGISTRY_APPEARED], 2);
    assert_false(td_registry_find(tool.registry, "edge", "edge-2", &first));
    assert_true(td_registry_is_fresh(tool.registry));
    wait_ms(fixture, 1000); // Renewals keep all alive.
    assert_int_equal(tool.changes[TD_REGISTRY_GONE], 0);
    assert_int_equal(tool.changes[TD_REGISTRY_CHANGED], 0);
    leave(&edge, fixture);
    leave(&media, fixture);
    leave(&tool, fixture);
}

static void a_changed_value_goes_out_at_once(void **state)
{
    struct live_fixture *fixture = *state;
    struct instance edge;
    struct instance tool;

    join(&edge, fixture, false, "edge", "edge-1");
    join(&tool, fixture, false, NULL, NULL);
    await(fixture->loop, td_registry_count(tool.registry) == 1);
    assert_int_equal(td_registry_set(edge.registry, td_live_text("one")), TD_OK);
    assert_int_equal(td_registry_set(edge.registry, td_live_text("two")), TD_OK);
    await(fixture->loop, strcmp(tool.last, "changed edge/edge-1 two") == 0);
    assert_int_equal(tool.changes[TD_REGISTRY_APPEARED], 1);

    char large[TD_REGISTRY_VALUE_MAX + 1] = {0};
    assert_int_equal(td_registry_set(edge.registry, td_bytes(large, sizeof(large))), TD_ERR_LIMIT);
    leave(&edge, fixture);
    leave(&tool, fixture);
}

static void who_leaves_is_gone_soon(void **state)
{
    struct live_fixture *fixture = *state;
    struct instance edge;
    struct instance tool;

    join(&tool, fixture, false, NULL, NULL);
    join_for(&edge, fixture, false, "edge", "edge-1", 20000);
    await(fixture->loop, td_registry_count(tool.registry) == 1);
    wait_ms(fixture, 1000); // Beyond the patience after a connect.
    uint64_t left_ns = td_loop_now_ns();
    leave(&edge, fixture);
    await(fixture->loop, tool.changes[TD_REGISTRY_GONE] == 1);
    assert_string_equal(tool.last, "gone edge/edge-1 edge-1");
    assert_true(td_loop_now_ns() - left_ns < 10000 * MS); // Sooner than its lease would end.
    assert_int_equal(td_registry_count(tool.registry), 0);
    leave(&tool, fixture);
}

static void who_dies_is_gone_within_a_second(void **state)
{
    struct live_fixture *fixture = *state;
    struct instance edge;
    struct instance tool;

    join(&tool, fixture, false, NULL, NULL);
    wait_ms(fixture, 1000); // Beyond the patience after a connect.
    join(&edge, fixture, true, "edge", "edge-1");
    await(edge.loop, td_registry_count(edge.registry) == 1);
    uint64_t stopped_ns = td_loop_now_ns(); // From here on the loop of edge is not run.
    await(fixture->loop, td_registry_count(tool.registry) == 1);
    await(fixture->loop, tool.changes[TD_REGISTRY_GONE] == 1);
    assert_true(td_loop_now_ns() - stopped_ns < 3000 * MS);
    await(edge.loop, td_registry_is_fresh(edge.registry));
    await(fixture->loop, tool.changes[TD_REGISTRY_APPEARED] == 2); // It goes on and is back.
    leave(&edge, fixture);
    leave(&tool, fixture);
}

static void while_redis_is_away_the_list_stays_and_nobody_is_gone_after(void **state)
{
    struct live_fixture *fixture = *state;
    struct instance instances[3];
    struct instance dead;

    for (int i = 0; i < 3; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "e-%d", i);
        join(&instances[i], fixture, false, "edge", name);
    }
    join(&dead, fixture, true, "media", "dies");
    await(dead.loop, td_registry_count(dead.registry) >= 1);
    await(fixture->loop, td_registry_count(instances[0].registry) == 4 &&
                             td_registry_count(instances[2].registry) == 4);
    private_redis_kill(&fixture->redis);
    await(fixture->loop, !td_registry_is_fresh(instances[0].registry));
    wait_ms(fixture, 1000);
    assert_int_equal(td_registry_count(instances[0].registry), 4);
    assert_int_equal(instances[0].changes[TD_REGISTRY_GONE], 0);

    private_redis_start(&fixture->redis);
    uint64_t back_ns = td_loop_now_ns();
    await(fixture->loop, instances[0].changes[TD_REGISTRY_GONE] > 0);
    assert_true(td_loop_now_ns() - back_ns >= 800 * MS); // Only after the grace,
    wait_ms(fixture, 1000);
    for (int i = 0; i < 3; i++) { // and only who did not come back.
        assert_int_equal(instances[i].changes[TD_REGISTRY_GONE], 1);
        assert_int_equal(instances[i].changes[TD_REGISTRY_APPEARED], 4);
        assert_string_equal(instances[i].last, "gone media/dies dies");
        leave(&instances[i], fixture);
    }
    leave(&dead, fixture);
}

static void it_may_be_destroyed_from_its_callback(void **state)
{
    struct live_fixture *fixture = *state;
    struct instance edge;
    struct instance media;
    struct instance tool;

    join(&edge, fixture, false, "edge", "edge-1");
    join(&media, fixture, false, "media", "media-1");
    await(fixture->loop, td_registry_count(edge.registry) == 2);
    join(&tool, fixture, false, NULL, NULL);
    tool.destroys_itself = true;
    await(fixture->loop, tool.registry == NULL);
    assert_int_equal(tool.changes[TD_REGISTRY_APPEARED], 1);
    leave(&edge, fixture);
    leave(&media, fixture);
    leave(&tool, fixture);
}

static void names_are_checked(void **state)
{
    struct live_fixture *fixture = *state;
    struct td_registry *registry = NULL;
    struct td_registry_config config = {.key = "k", .service = "edge"};

    assert_int_equal(td_registry_create(fixture->loop, fixture->live, &config, &registry),
                     TD_ERR_INVALID);
    config.instance = "a/b";
    assert_int_equal(td_registry_create(fixture->loop, fixture->live, &config, &registry),
                     TD_ERR_INVALID);
    config.instance = "";
    assert_int_equal(td_registry_create(fixture->loop, fixture->live, &config, &registry),
                     TD_ERR_INVALID);
}

#define WITH_REDIS(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REDIS(all_see_all_in_the_order_of_their_names),
        WITH_REDIS(a_changed_value_goes_out_at_once),
        WITH_REDIS(who_leaves_is_gone_soon),
        WITH_REDIS(who_dies_is_gone_within_a_second),
        WITH_REDIS(while_redis_is_away_the_list_stays_and_nobody_is_gone_after),
        WITH_REDIS(it_may_be_destroyed_from_its_callback),
        WITH_REDIS(names_are_checked),
    };

    return cmocka_run_group_tests_name("io/registry", tests, NULL, NULL);
}
