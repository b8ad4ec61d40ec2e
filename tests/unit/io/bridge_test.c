#include <pthread.h>
#include <stdlib.h>

#include "await.h"

#include "io/bridge.h"

#define POSTERS 4
#define EACH 20000

struct item {
    uint32_t poster;
    uint32_t number;
    char padding[5]; /* an odd size: alignment is the bridge's business */
};

struct seen {
    struct td_bridge *bridge;
    uint32_t next[POSTERS];
    uint32_t count;
    uint32_t discarded;
};

static void on_item(void *ctx, const void *item)
{
    struct seen *seen = ctx;
    const struct item *it = item;

    assert_true(it->poster < POSTERS);
    assert_int_equal(it->number, seen->next[it->poster]);
    seen->next[it->poster]++;
    seen->count++;
}

static void on_discard(void *ctx, const void *item)
{
    struct seen *seen = ctx;

    (void)item;
    seen->discarded++;
}

static struct td_bridge *make_bridge(struct td_loop *loop, uint32_t capacity, struct seen *seen)
{
    struct td_bridge_options options = {
        .item_size = sizeof(struct item),
        .capacity = capacity,
        .on_item = on_item,
        .on_discard = on_discard,
        .ctx = seen,
    };

    memset(seen, 0, sizeof(*seen));
    assert_int_equal(td_bridge_create(loop, &options, &seen->bridge), TD_OK);
    return seen->bridge;
}

struct poster {
    struct td_bridge *bridge;
    uint32_t number;
    uint64_t refusals;
};

static void *post_all(void *arg)
{
    struct poster *poster = arg;

    for (uint32_t i = 0; i < EACH;) {
        struct item item = {.poster = poster->number, .number = i};

        if (td_bridge_post(poster->bridge, &item) == TD_OK)
            i++;
        else
            poster->refusals++;
    }
    return NULL;
}

/* Small enough a ring that posters meet it full as well as empty. */
static void items_of_all_threads_arrive_once_and_in_order(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen;
    struct td_bridge *bridge = make_bridge(loop, 64, &seen);
    struct poster posters[POSTERS];
    pthread_t threads[POSTERS];
    uint64_t refusals = 0;

    for (uint32_t i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){.bridge = bridge, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    await(loop, seen.count == POSTERS * EACH);
    for (uint32_t i = 0; i < POSTERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        refusals += posters[i].refusals;
    }
    assert_int_equal(td_bridge_refused(bridge), refusals);
    td_bridge_destroy(&seen.bridge);
    assert_int_equal(seen.discarded, 0);
    td_loop_destroy(&loop);
}

static void a_full_bridge_refuses_and_counts(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen;
    struct td_bridge *bridge = make_bridge(loop, 3, &seen);
    struct item item = {0};

    for (; item.number < 3; item.number++)
        assert_int_equal(td_bridge_post(bridge, &item), TD_OK);
    assert_int_equal(td_bridge_post(bridge, &item), TD_ERR_LIMIT);
    assert_int_equal(td_bridge_refused(bridge), 1);
    await(loop, seen.count == 3);
    assert_int_equal(td_bridge_post(bridge, &item), TD_OK);
    await(loop, seen.count == 4);
    td_bridge_destroy(&seen.bridge);
    td_loop_destroy(&loop);
}

static void what_waits_at_the_end_is_given_back(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen;
    struct td_bridge *bridge = make_bridge(loop, 8, &seen);
    struct item item = {0};

    assert_int_equal(td_bridge_post(bridge, &item), TD_OK);
    assert_int_equal(td_bridge_post(bridge, &item), TD_OK);
    td_bridge_destroy(&seen.bridge);
    assert_null(seen.bridge);
    assert_int_equal(seen.discarded, 2);
    td_loop_destroy(&loop);
    assert_int_equal(seen.count, 0);
}

static void destroy_first(void *ctx, const void *item)
{
    struct seen *seen = ctx;

    (void)item;
    seen->count++;
    td_bridge_destroy(&seen->bridge);
}

static void a_bridge_may_be_destroyed_by_its_own_callback(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen = {0};
    struct td_bridge_options options = {.item_size = sizeof(struct item),
                                        .capacity = 8,
                                        .on_item = destroy_first,
                                        .on_discard = on_discard,
                                        .ctx = &seen};
    struct item item = {0};

    assert_int_equal(td_bridge_create(loop, &options, &seen.bridge), TD_OK);
    assert_int_equal(td_bridge_post(seen.bridge, &item), TD_OK);
    assert_int_equal(td_bridge_post(seen.bridge, &item), TD_OK);
    await(loop, seen.count == 1);
    td_loop_destroy(&loop);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.discarded, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_of_all_threads_arrive_once_and_in_order),
        cmocka_unit_test(a_full_bridge_refuses_and_counts),
        cmocka_unit_test(what_waits_at_the_end_is_given_back),
        cmocka_unit_test(a_bridge_may_be_destroyed_by_its_own_callback),
    };

    return cmocka_run_group_tests_name("io/bridge", tests, NULL, NULL);
}
