#include "live_fixture.h"

#include "io/live_commit.h"

#define DEADLINE_MS 10000

struct outcome {
    uint32_t count;
    enum td_err err;
};

static void note(void *ctx, enum td_err err)
{
    struct outcome *outcome = ctx;

    outcome->count++;
    outcome->err = err;
}

static struct td_live_batch *make_batch(void)
{
    struct td_live_batch *batch = NULL;

    assert_int_equal(td_live_batch_create(&batch), TD_OK);
    return batch;
}

static struct outcome commit(struct live_fixture *fixture, struct td_live_batch *batch)
{
    struct outcome outcome = {0};

    assert_int_equal(td_live_commit(fixture->live, &batch, DEADLINE_MS, note, &outcome), TD_OK);
    assert_null(batch);
    assert_int_equal(outcome.count, 0);
    await(fixture->loop, outcome.count == 1);
    return outcome;
}

/* Sets `key` to 1. */
static struct td_live_batch *make_setting(const char *key)
{
    struct td_live_batch *batch = make_batch();

    td_live_batch_set(batch, key, td_live_text("1"), 0);
    return batch;
}

static void every_operation_is_carried_out(void **state)
{
    struct live_fixture *fixture = *state;
    struct td_live_batch *batch = make_batch();

    (void)run_words(fixture, "HSET h old 1");
    (void)run_words(fixture, "SET gone 1");
    td_live_batch_set(batch, "plain", td_live_text("p"), 0);
    td_live_batch_set(batch, "passing", td_live_text("q"), 60000);
    td_live_batch_del(batch, "gone");
    td_live_batch_hset(batch, "h", td_live_text("f"), td_bytes("a\r\n\0b", 5));
    td_live_batch_hset(batch, "h", td_live_text(""), td_live_text(""));
    td_live_batch_hdel(batch, "h", td_live_text("old"));
    td_live_batch_xadd(batch, "s", td_live_text("event"));
    assert_int_equal(td_live_batch_op_count(batch), 7);
    assert_int_equal(commit(fixture, batch).err, TD_OK);

    assert_string_equal(run_words(fixture, "GET plain").text, "p");
    assert_int_equal(run_words(fixture, "TTL plain").integer, -1);
    int64_t left_ms = run_words(fixture, "PTTL passing").integer;
    assert_true(left_ms > 50000 && left_ms <= 60000);
    assert_int_equal(run_words(fixture, "EXISTS gone").integer, 0);
    assert_int_equal(run_words(fixture, "HLEN h").integer, 2);
    assert_int_equal(run_words(fixture, "HSTRLEN h f").integer, 5);
    assert_int_equal(run_words(fixture, "XLEN s").integer, 1);
}

static void a_fence_lets_only_its_own_epoch_through(void **state)
{
    struct live_fixture *fixture = *state;
    static const struct {
        const char *before;
        enum td_err err;
    } cases[] = {{"DEL epoch", TD_ERR_STALE},
                 {"SET epoch 1700000000001", TD_ERR_STALE},
                 {"SET epoch 170000000000", TD_ERR_STALE},
                 {"SET epoch 1700000000000", TD_OK}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct td_live_batch *batch = make_batch();

        (void)run_words(fixture, cases[i].before);
        td_live_batch_set(batch, "a", td_live_text("1"), 0);
        td_live_batch_fence(batch, "epoch", UINT64_C(1700000000000));
        assert_int_equal(commit(fixture, batch).err, cases[i].err);
        assert_int_equal(run_words(fixture, "EXISTS a").integer, cases[i].err == TD_OK);
    }
}

static void a_condition_refuses_the_whole_batch(void **state)
{
    struct live_fixture *fixture = *state;

    (void)run_words(fixture, "HSET h taken 1");
    struct td_live_batch *batch = make_batch();
    td_live_batch_set(batch, "a", td_live_text("1"), 0);
    td_live_batch_absent(batch, "h", td_live_text("free"));
    td_live_batch_absent(batch, "h", td_live_text("taken"));
    assert_int_equal(commit(fixture, batch).err, TD_ERR_EXISTS);
    batch = make_batch();
    td_live_batch_set(batch, "a", td_live_text("1"), 0);
    td_live_batch_key_absent(batch, "h");
    assert_int_equal(commit(fixture, batch).err, TD_ERR_EXISTS);
    assert_int_equal(run_words(fixture, "EXISTS a").integer, 0);

    batch = make_batch();
    td_live_batch_absent(batch, "h", td_live_text("free"));
    td_live_batch_key_absent(batch, "other");
    td_live_batch_hset(batch, "h", td_live_text("free"), td_live_text("2"));
    assert_int_equal(commit(fixture, batch).err, TD_OK);
}

static void what_may_linger_goes_with_what_may_not_in_its_order(void **state)
{
    struct live_fixture *fixture = *state;
    struct outcome lingering = {0};
    struct outcome hurried = {0};
    struct td_live_batch *batch = make_batch();

    (void)commit(fixture, make_setting("warm"));
    uint64_t calls = td_live_stats(fixture->live).calls;
    td_live_batch_set(batch, "a", td_live_text("first"), 0);
    td_live_batch_linger(batch, DEADLINE_MS);
    assert_int_equal(td_live_commit(fixture->live, &batch, DEADLINE_MS, note, &lingering), TD_OK);
    assert_string_equal(run_words(fixture, "GET warm").text, "1"); // Redis has seen what was sent.
    assert_int_equal(run_words(fixture, "EXISTS a").integer, 0);
    assert_int_equal(lingering.count, 0);

    batch = make_batch();
    td_live_batch_set(batch, "a", td_live_text("second"), 0);
    assert_int_equal(td_live_commit(fixture->live, &batch, DEADLINE_MS, note, &hurried), TD_OK);
    await(fixture->loop, hurried.count == 1);
    assert_int_equal(lingering.count, 1);
    assert_int_equal(lingering.err, TD_OK);
    assert_string_equal(run_words(fixture, "GET a").text, "second");
    assert_int_equal(td_live_stats(fixture->live).calls, calls + 1);
}

static void what_lingers_alone_goes_when_its_time_is_over(void **state)
{
    struct live_fixture *fixture = *state;
    struct td_live_batch *patient = make_setting("patient");
    struct td_live_batch *brief = make_setting("brief");
    struct outcome outcomes[2] = {0};

    td_live_batch_linger(patient, DEADLINE_MS);
    td_live_batch_linger(brief, 1);
    uint64_t calls = td_live_stats(fixture->live).calls;
    assert_int_equal(td_live_commit(fixture->live, &patient, DEADLINE_MS, note, &outcomes[0]),
                     TD_OK);
    assert_int_equal(td_live_commit(fixture->live, &brief, DEADLINE_MS, note, &outcomes[1]), TD_OK);
    await(fixture->loop, outcomes[0].count == 1 && outcomes[1].count == 1);
    assert_int_equal(outcomes[0].err, TD_OK);
    assert_int_equal(outcomes[1].err, TD_OK);
    assert_int_equal(td_live_stats(fixture->live).calls, calls + 1);
}

/* All go in one call: they are committed in the same turn of the loop. */
static void a_refused_batch_does_not_hurt_its_neighbours(void **state)
{
    struct live_fixture *fixture = *state;
    struct outcome outcomes[5] = {0};
    static const enum td_err expected[5] = {TD_OK, TD_ERR_STALE, TD_ERR_EXISTS, TD_ERR_INVALID,
                                            TD_OK};

    (void)run_words(fixture, "SET epoch 7");
    (void)run_words(fixture, "SET text 1");
    uint64_t calls = td_live_stats(fixture->live).calls;
    for (uint32_t i = 0; i < 5; i++) {
        struct td_live_batch *batch = make_batch();
        char value[2] = {(char)('0' + i), '\0'};

        td_live_batch_fence(batch, "epoch", i == 1 ? 6 : 7);
        if (i == 2)
            td_live_batch_key_absent(batch, "text");
        if (i == 3)
            td_live_batch_hset(batch, "text", td_live_text("f"), td_live_text("v"));
        td_live_batch_hset(batch, "h", td_live_text(value), td_live_text(value));
        assert_int_equal(td_live_commit(fixture->live, &batch, DEADLINE_MS, note, &outcomes[i]),
                         TD_OK);
    }
    await(fixture->loop, outcomes[4].count == 1);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(outcomes[i].count, 1);
        assert_int_equal(outcomes[i].err, expected[i]);
    }
    assert_int_equal(td_live_stats(fixture->live).calls, calls + 1);
    assert_int_equal(run_words(fixture, "HLEN h").integer, 3);
}

static void a_condition_on_another_type_spoils_only_its_batch(void **state)
{
    struct live_fixture *fixture = *state;
    struct outcome outcomes[2] = {0};

    (void)run_words(fixture, "SET text 1");
    for (uint32_t i = 0; i < 2; i++) {
        struct td_live_batch *batch = make_batch();

        td_live_batch_absent(batch, i == 0 ? "text" : "h", td_live_text("f"));
        td_live_batch_hset(batch, "h", td_live_text("f"), td_live_text("v"));
        assert_int_equal(td_live_commit(fixture->live, &batch, DEADLINE_MS, note, &outcomes[i]),
                         TD_OK);
    }
    await(fixture->loop, outcomes[1].count == 1);
    assert_int_equal(outcomes[0].err, TD_ERR_INVALID);
    assert_int_equal(outcomes[1].err, TD_OK);
}

static void a_step_holds_thousands_of_operations(void **state)
{
    struct live_fixture *fixture = *state;
    struct td_live_batch *batch = make_batch();
    char field[16];

    for (int i = 0; i < TD_LIVE_BATCH_OPS_MAX; i++) {
        (void)snprintf(field, sizeof(field), "f%d", i);
        td_live_batch_hset(batch, "h", td_live_text(field), td_live_text("value"));
    }
    assert_int_equal(commit(fixture, batch).err, TD_OK);
    assert_int_equal(run_words(fixture, "HLEN h").integer, TD_LIVE_BATCH_OPS_MAX);
}

static void what_is_too_large_or_empty_is_refused(void **state)
{
    struct live_fixture *fixture = *state;
    struct td_live_batch *batch = make_batch();

    assert_int_equal(td_live_commit(fixture->live, &batch, 1000, note, NULL), TD_ERR_INVALID);
    assert_null(batch);
    batch = make_batch();
    for (int i = 0; i <= TD_LIVE_BATCH_OPS_MAX; i++)
        td_live_batch_del(batch, "x");
    assert_int_equal(td_live_commit(fixture->live, &batch, 1000, note, NULL), TD_ERR_LIMIT);

    char *large = calloc(1, TD_LIVE_BATCH_BYTES_MAX);
    assert_non_null(large);
    batch = make_batch();
    td_live_batch_set(batch, "x", td_bytes(large, TD_LIVE_BATCH_BYTES_MAX), 0);
    free(large);
    assert_int_equal(td_live_commit(fixture->live, &batch, 1000, note, NULL), TD_ERR_LIMIT);
}

static void a_full_queue_answers_busy(void **state)
{
    (void)state;
    struct live_fixture fixture = {.loop = make_loop()};
    struct outcome outcomes[3] = {0};

    private_redis_prepare(&fixture.redis);
    private_redis_start(&fixture.redis);
    fixture_connect(&fixture, (struct td_live_config){.committer = "c", .commit_batches_max = 2});
    for (uint32_t i = 0; i < 3; i++) {
        struct td_live_batch *batch = make_batch();

        td_live_batch_xadd(batch, "s", td_live_text("e"));
        assert_int_equal(td_live_commit(fixture.live, &batch, DEADLINE_MS, note, &outcomes[i]),
                         i < 2 ? TD_OK : TD_ERR_BUSY);
    }
    assert_int_equal(td_live_stats(fixture.live).refused, 1);
    await(fixture.loop, outcomes[1].count == 1);
    assert_int_equal(outcomes[2].count, 0);
    assert_int_equal(td_live_stats(fixture.live).batches_pending, 0);
    assert_int_equal(td_live_stats(fixture.live).bytes_pending, 0);
    fixture_teardown((void *[]){&fixture});
}

static void while_redis_is_away_a_batch_waits_until_its_deadline(void **state)
{
    struct live_fixture *fixture = *state;
    struct outcome short_wait = {0};
    struct outcome long_wait = {0};

    private_redis_kill(&fixture->redis);
    await(fixture->loop, !td_live_is_up(fixture->live));
    struct td_live_batch *batch = make_batch();
    td_live_batch_set(batch, "a", td_live_text("1"), 0);
    assert_int_equal(td_live_commit(fixture->live, &batch, 50, note, &short_wait), TD_OK);
    batch = make_batch();
    td_live_batch_set(batch, "b", td_live_text("1"), 0);
    assert_int_equal(td_live_commit(fixture->live, &batch, DEADLINE_MS, note, &long_wait), TD_OK);
    await(fixture->loop, short_wait.count == 1);
    assert_int_equal(short_wait.err, TD_ERR_UNAVAILABLE);
    assert_int_equal(long_wait.count, 0);
    private_redis_start(&fixture->redis);
    await(fixture->loop, long_wait.count == 1);
    assert_int_equal(long_wait.err, TD_OK);
    assert_int_equal(run_words(fixture, "EXISTS a").integer, 0);
    assert_int_equal(run_words(fixture, "EXISTS b").integer, 1);
}

/*
 * Redis stands still with the call in its socket; the connection is given up and the call is sent
 * again on the next one. When Redis goes on it finds the call twice.
 */
static void a_call_that_arrives_twice_is_applied_once(void **state)
{
    (void)state;
    struct live_fixture fixture = {.loop = make_loop()};

    private_redis_prepare(&fixture.redis);
    private_redis_start(&fixture.redis);
    fixture_connect(&fixture, (struct td_live_config){.committer = "c", .silence_ms = 50});
    for (int round = 1; round <= 10; round++) {
        struct outcome outcome = {0};
        struct td_live_batch *batch = make_batch();
        uint64_t connects = td_live_stats(fixture.live).connects;

        private_server_freeze(&fixture.redis.server, true);
        td_live_batch_xadd(batch, "s", td_live_text("e"));
        assert_int_equal(td_live_commit(fixture.live, &batch, DEADLINE_MS, note, &outcome), TD_OK);
        await(fixture.loop, !td_live_is_up(fixture.live));
        private_server_freeze(&fixture.redis.server, false);
        await(fixture.loop, outcome.count == 1);
        assert_int_equal(outcome.err, TD_OK);
        assert_true(td_live_stats(fixture.live).connects > connects);
        assert_int_equal(run_words(&fixture, "XLEN s").integer, round);
    }
    assert_true(td_live_stats(fixture.live).repeats >= 10);
    fixture_teardown((void *[]){&fixture});
}

static void a_batch_that_was_sent_and_given_up_is_unknown_and_not_sent_again(void **state)
{
    (void)state;
    struct live_fixture fixture = {.loop = make_loop()};
    struct outcome given_up = {0};
    struct outcome kept = {0};

    private_redis_prepare(&fixture.redis);
    private_redis_start(&fixture.redis);
    fixture_connect(&fixture, (struct td_live_config){.committer = "c", .silence_ms = 1000});
    private_server_freeze(&fixture.redis.server, true);
    struct td_live_batch *batch = make_batch();
    td_live_batch_xadd(batch, "s", td_live_text("given up"));
    assert_int_equal(td_live_commit(fixture.live, &batch, 200, note, &given_up), TD_OK);
    batch = make_batch();
    td_live_batch_xadd(batch, "s", td_live_text("kept"));
    assert_int_equal(td_live_commit(fixture.live, &batch, DEADLINE_MS, note, &kept), TD_OK);
    await(fixture.loop, given_up.count == 1);
    assert_int_equal(given_up.err, TD_ERR_TIMEOUT);
    // Killed before it could read the call; what it finds afterwards is the repeat.
    private_redis_kill(&fixture.redis);
    private_redis_start(&fixture.redis);
    await(fixture.loop, kept.count == 1);
    assert_int_equal(kept.err, TD_OK);
    assert_int_equal(run_words(&fixture, "XLEN s").integer, 1);
    fixture_teardown((void *[]){&fixture});
}

struct writer {
    struct live_fixture *fixture;
    uint32_t started;
    uint32_t done;
    uint32_t lost;
};

#define WRITES 3000

static void write_next(struct writer *writer);

static void on_written(void *ctx, enum td_err err)
{
    struct writer *writer = ctx;

    writer->done++;
    writer->lost += err != TD_OK;
    write_next(writer);
}

static void write_next(struct writer *writer)
{
    if (writer->started == WRITES)
        return;
    struct td_live_batch *batch = make_batch();
    char field[16];

    (void)snprintf(field, sizeof(field), "%u", writer->started++);
    td_live_batch_absent(batch, "h", td_live_text(field)); // A second application would show.
    td_live_batch_hset(batch, "h", td_live_text(field), td_live_text("1"));
    td_live_batch_xadd(batch, "s", td_live_text(field));
    assert_int_equal(td_live_commit(writer->fixture->live, &batch, DEADLINE_MS, on_written, writer),
                     TD_OK);
}

static void what_was_acknowledged_is_there_once_though_redis_is_killed_again_and_again(void **state)
{
    struct live_fixture *fixture = *state;
    struct writer writer = {.fixture = fixture};

    for (int i = 0; i < 50; i++)
        write_next(&writer);
    for (uint32_t kill = 1; kill <= 5; kill++) {
        await(fixture->loop, writer.done >= kill * (WRITES / 6));
        private_redis_kill(&fixture->redis);
        private_redis_start(&fixture->redis);
    }
    await(fixture->loop, writer.done == WRITES);
    assert_int_equal(writer.lost, 0);
    await(fixture->loop, td_live_is_up(fixture->live));
    assert_int_equal(run_words(fixture, "HLEN h").integer, WRITES);
    assert_int_equal(run_words(fixture, "XLEN s").integer, WRITES);
}

static void a_script_that_redis_forgot_is_loaded_again(void **state)
{
    struct live_fixture *fixture = *state;
    struct td_live_batch *batch = make_batch();

    (void)run_words(fixture, "SCRIPT FLUSH");
    td_live_batch_xadd(batch, "s", td_live_text("e"));
    assert_int_equal(commit(fixture, batch).err, TD_OK);
    assert_int_equal(run_words(fixture, "XLEN s").integer, 1);
}

static void a_redis_without_memory_refuses_before_anything_is_done(void **state)
{
    struct live_fixture *fixture = *state;
    struct td_live_batch *batch = make_batch();

    (void)run_words(fixture, "SET gone 1");
    (void)run_words(fixture, "CONFIG SET maxmemory 1");
    td_live_batch_del(batch, "gone"); // Needs no memory, so it alone would be let through.
    td_live_batch_xadd(batch, "s", td_live_text("e"));
    assert_int_equal(commit(fixture, batch).err, TD_ERR_LIMIT);
    (void)run_words(fixture, "CONFIG SET maxmemory 0");
    assert_int_equal(run_words(fixture, "EXISTS gone").integer, 1);
}

struct destroyer {
    struct live_fixture *fixture;
    struct outcome outcome;
};

static void destroy_it(void *ctx, enum td_err err)
{
    struct destroyer *destroyer = ctx;

    note(&destroyer->outcome, err);
    td_live_destroy(&destroyer->fixture->live);
}

static void a_callback_may_destroy_it_and_all_others_are_told(void **state)
{
    struct live_fixture *fixture = *state;
    struct destroyer destroyer = {.fixture = fixture};
    struct outcome same_call = {0};
    struct outcome next_call = {0};
    struct td_live_batch *batch = make_batch();

    td_live_batch_xadd(batch, "s", td_live_text("1"));
    assert_int_equal(td_live_commit(fixture->live, &batch, DEADLINE_MS, destroy_it, &destroyer),
                     TD_OK);
    batch = make_batch();
    td_live_batch_xadd(batch, "s", td_live_text("2"));
    assert_int_equal(td_live_commit(fixture->live, &batch, DEADLINE_MS, note, &same_call), TD_OK);
    await(fixture->loop, td_live_stats(fixture->live).calls == 1);
    batch = make_batch();
    td_live_batch_xadd(batch, "s", td_live_text("3"));
    assert_int_equal(td_live_commit(fixture->live, &batch, DEADLINE_MS, note, &next_call), TD_OK);
    await(fixture->loop, fixture->live == NULL);
    assert_int_equal(destroyer.outcome.err, TD_OK);
    assert_int_equal(same_call.count, 1);
    assert_int_equal(same_call.err, TD_OK);
    assert_int_equal(next_call.count, 1);
    assert_true(next_call.err == TD_ERR_TIMEOUT || next_call.err == TD_ERR_UNAVAILABLE);
}

struct insister {
    struct td_live *live;
    struct outcome outcome;
    enum td_err second;
};

static void commit_again(void *ctx, enum td_err err)
{
    struct insister *insister = ctx;
    struct td_live_batch *batch = make_batch();

    note(&insister->outcome, err);
    td_live_batch_xadd(batch, "s", td_live_text("again"));
    insister->second = td_live_commit(insister->live, &batch, DEADLINE_MS, note, NULL);
}

static void a_callback_of_the_end_may_not_begin_anew(void **state)
{
    struct live_fixture *fixture = *state;
    struct insister insister = {.live = fixture->live};
    struct td_live_batch *batch = make_batch();

    td_live_batch_xadd(batch, "s", td_live_text("once"));
    assert_int_equal(td_live_commit(fixture->live, &batch, DEADLINE_MS, commit_again, &insister),
                     TD_OK);
    td_live_destroy(&fixture->live);
    assert_int_equal(insister.outcome.count, 1);
    assert_int_equal(insister.outcome.err, TD_ERR_UNAVAILABLE);
    assert_int_equal(insister.second, TD_ERR_UNAVAILABLE);
}

#define WITH_REDIS(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REDIS(every_operation_is_carried_out),
        WITH_REDIS(a_fence_lets_only_its_own_epoch_through),
        WITH_REDIS(a_condition_refuses_the_whole_batch),
        WITH_REDIS(a_refused_batch_does_not_hurt_its_neighbours),
        WITH_REDIS(what_may_linger_goes_with_what_may_not_in_its_order),
        WITH_REDIS(what_lingers_alone_goes_when_its_time_is_over),
        WITH_REDIS(a_condition_on_another_type_spoils_only_its_batch),
        WITH_REDIS(a_step_holds_thousands_of_operations),
        WITH_REDIS(what_is_too_large_or_empty_is_refused),
        cmocka_unit_test(a_full_queue_answers_busy),
        WITH_REDIS(while_redis_is_away_a_batch_waits_until_its_deadline),
        cmocka_unit_test(a_call_that_arrives_twice_is_applied_once),
        cmocka_unit_test(a_batch_that_was_sent_and_given_up_is_unknown_and_not_sent_again),
        WITH_REDIS(what_was_acknowledged_is_there_once_though_redis_is_killed_again_and_again),
        WITH_REDIS(a_script_that_redis_forgot_is_loaded_again),
        WITH_REDIS(a_redis_without_memory_refuses_before_anything_is_done),
        WITH_REDIS(a_callback_of_the_end_may_not_begin_anew),
        WITH_REDIS(a_callback_may_destroy_it_and_all_others_are_told),
    };

    return cmocka_run_group_tests_name("io/live_commit", tests, NULL, NULL);
}
