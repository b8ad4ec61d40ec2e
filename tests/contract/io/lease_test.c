#include "live_fixture.h"

#include "io/lease.h"
#include "io/live_commit.h"

#define MS UINT64_C(1000000)

struct candidate {
    struct td_loop *loop;
    struct td_live *live;
    struct td_lease *lease;
    uint32_t acquisitions;
    uint32_t losses;
    enum td_lease_loss loss;
    uint64_t epoch;
    uint64_t lost_at_ns;
};

static void on_acquired(void *ctx, uint64_t epoch)
{
    struct candidate *candidate = ctx;

    assert_true(td_lease_is_held(candidate->lease));
    assert_int_equal(td_lease_epoch(candidate->lease), epoch);
    candidate->acquisitions++;
    candidate->epoch = epoch;
}

static void on_lost(void *ctx, enum td_lease_loss loss)
{
    struct candidate *candidate = ctx;

    assert_false(td_lease_is_held(candidate->lease));
    candidate->losses++;
    candidate->loss = loss;
    candidate->lost_at_ns = td_loop_now_ns();
}

static void stand(struct candidate *candidate, const char *owner, uint32_t lease_ms)
{
    const struct td_lease_config config = {.key = "site:router",
                                           .owner = owner,
                                           .lease_ms = lease_ms,
                                           .acquired = on_acquired,
                                           .lost = on_lost,
                                           .ctx = candidate};

    assert_int_equal(td_lease_create(candidate->loop, candidate->live, &config, &candidate->lease),
                     TD_OK);
}

/* A candidate of the fixture's loop, or of one of its own that can be held still. */
static void join_for(struct candidate *candidate, struct live_fixture *fixture, bool own_loop,
                     const char *owner, uint32_t lease_ms)
{
    const struct td_live_config config = {.address = fixture->redis.address};

    *candidate = (struct candidate){.loop = own_loop ? make_loop() : fixture->loop};
    assert_int_equal(td_live_create(candidate->loop, &config, &candidate->live), TD_OK);
    stand(candidate, owner, lease_ms);
}

static void join(struct candidate *candidate, struct live_fixture *fixture, bool own_loop,
                 const char *owner)
{
    join_for(candidate, fixture, own_loop, owner, 0);
}

static void leave(struct candidate *candidate, struct live_fixture *fixture)
{
    td_lease_destroy(&candidate->lease);
    td_live_destroy(&candidate->live);
    if (candidate->loop != fixture->loop)
        td_loop_destroy(&candidate->loop);
}

static void only_one_holds_it_and_the_standby_follows_a_release(void **state)
{
    struct live_fixture *fixture = *state;
    struct candidate first;
    struct candidate second;

    join_for(&first, fixture, false, "router-1", 20000);
    await(fixture->loop, first.acquisitions == 1);
    assert_true(first.epoch > UINT64_C(1600000000000)); // A wall clock in milliseconds.
    join(&second, fixture, false, "router-2");
    uint64_t until_ns = td_loop_now_ns() + 900 * MS;
    await(fixture->loop, td_loop_now_ns() > until_ns);
    assert_int_equal(second.acquisitions, 0);
    assert_int_equal(first.losses, 0);
    assert_true(td_lease_is_held(first.lease));

    uint64_t released_ns = td_loop_now_ns();
    leave(&first, fixture);
    await(fixture->loop, second.acquisitions == 1);
    assert_true(td_loop_now_ns() - released_ns < 10000 * MS); // It did not wait for the end.
    assert_true(second.epoch > first.epoch);
    leave(&second, fixture);
}

static void a_holder_that_stands_still_loses_it_and_sees_so_at_once(void **state)
{
    struct live_fixture *fixture = *state;
    struct candidate first;
    struct candidate second;

    join(&first, fixture, true, "router-1");
    await(first.loop, first.acquisitions == 1);
    join(&second, fixture, false, "router-2");
    uint64_t stopped_ns = td_loop_now_ns();
    await(fixture->loop, second.acquisitions == 1); // The loop of the first is not run.
    assert_true(td_loop_now_ns() - stopped_ns >= 100 * MS);
    assert_true(second.epoch > first.epoch);
    assert_false(td_lease_is_held(first.lease)); // Before any of its timers could fire.
    await(first.loop, first.losses == 1);
    leave(&first, fixture);
    leave(&second, fixture);
}

static void a_redis_that_does_not_answer_ends_it_by_our_own_clock(void **state)
{
    struct live_fixture *fixture = *state;
    struct candidate first;

    join(&first, fixture, false, "router-1");
    await(fixture->loop, first.acquisitions == 1);
    uint64_t frozen_ns = td_loop_now_ns();
    private_server_freeze(&fixture->redis.server, true);
    await(fixture->loop, first.losses == 1);
    private_server_freeze(&fixture->redis.server, false);
    assert_int_equal(first.loss, TD_LEASE_EXPIRED);
    assert_true(first.lost_at_ns - frozen_ns < 3000 * MS); // 400 ms, when nothing else runs.
    await(fixture->loop, first.acquisitions == 2);
    leave(&first, fixture);
}

static void a_restarted_redis_gives_it_out_again_with_a_higher_epoch(void **state)
{
    struct live_fixture *fixture = *state;
    struct candidate first;

    join(&first, fixture, false, "router-1");
    await(fixture->loop, first.acquisitions == 1);
    uint64_t epoch = first.epoch;
    private_redis_kill(&fixture->redis);
    await(fixture->loop, first.losses == 1);
    private_redis_start(&fixture->redis);
    await(fixture->loop, first.acquisitions == 2);
    assert_true(first.epoch > epoch);
    leave(&first, fixture);
}

static void who_is_told_that_another_has_it_stops_at_once(void **state)
{
    struct live_fixture *fixture = *state;
    struct candidate first;

    join(&first, fixture, false, "router-1");
    await(fixture->loop, first.acquisitions == 1);
    (void)run_words(fixture, "SET site:router:owner somebody");
    await(fixture->loop, first.losses == 1);
    assert_int_equal(first.loss, TD_LEASE_TAKEN);
    leave(&first, fixture);
}

static void the_epoch_grows_even_if_the_clock_went_back(void **state)
{
    struct live_fixture *fixture = *state;
    struct candidate first;

    (void)run_words(fixture, "SET site:router:epoch 9000000000000");
    join(&first, fixture, false, "router-1");
    await(fixture->loop, first.acquisitions == 1);
    assert_int_equal(first.epoch, UINT64_C(9000000000001));
    leave(&first, fixture);
}

static void note_commit(void *ctx, enum td_err err)
{
    enum td_err *result = ctx;

    *result = err;
}

static enum td_err commit_under(struct live_fixture *fixture, const struct candidate *candidate)
{
    struct td_live_batch *batch = NULL;
    enum td_err result = TD_ERR_BUSY; // Not among the answers.

    assert_int_equal(td_live_batch_create(&batch), TD_OK);
    td_live_batch_fence(batch, td_lease_fence_key(candidate->lease), candidate->epoch);
    td_live_batch_set(batch, "decision", td_live_text("1"), 0);
    assert_int_equal(td_live_commit(fixture->live, &batch, 5000, note_commit, &result), TD_OK);
    await(fixture->loop, result != TD_ERR_BUSY);
    return result;
}

static void its_epoch_is_a_fence(void **state)
{
    struct live_fixture *fixture = *state;
    struct candidate first;
    struct candidate second;

    join(&first, fixture, true, "router-1");
    await(first.loop, first.acquisitions == 1);
    assert_int_equal(commit_under(fixture, &first), TD_OK);
    join(&second, fixture, false, "router-2");
    await(fixture->loop, second.acquisitions == 1);
    assert_int_equal(commit_under(fixture, &first), TD_ERR_STALE);
    assert_int_equal(commit_under(fixture, &second), TD_OK);
    leave(&first, fixture);
    leave(&second, fixture);
}

static void times_that_contradict_each_other_are_refused(void **state)
{
    struct live_fixture *fixture = *state;
    struct td_lease *lease = NULL;
    struct td_lease_config config = {.key = "k",
                                     .owner = "o",
                                     .lease_ms = 400,
                                     .lost_after_ms = 400,
                                     .acquired = on_acquired,
                                     .lost = on_lost};

    assert_int_equal(td_lease_create(fixture->loop, fixture->live, &config, &lease),
                     TD_ERR_INVALID);
    config.lease_ms = 500;
    config.owner = "";
    assert_int_equal(td_lease_create(fixture->loop, fixture->live, &config, &lease),
                     TD_ERR_INVALID);
}

#define WITH_REDIS(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REDIS(only_one_holds_it_and_the_standby_follows_a_release),
        WITH_REDIS(a_holder_that_stands_still_loses_it_and_sees_so_at_once),
        WITH_REDIS(a_redis_that_does_not_answer_ends_it_by_our_own_clock),
        WITH_REDIS(a_restarted_redis_gives_it_out_again_with_a_higher_epoch),
        WITH_REDIS(who_is_told_that_another_has_it_stops_at_once),
        WITH_REDIS(the_epoch_grows_even_if_the_clock_went_back),
        WITH_REDIS(its_epoch_is_a_fence),
        WITH_REDIS(times_that_contradict_each_other_are_refused),
    };

    return cmocka_run_group_tests_name("io/lease", tests, NULL, NULL);
}
