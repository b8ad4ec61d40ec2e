#include "live_fixture.h"

#include "io/live_commit.h"
#include "io/live_tail.h"

#define ENTRIES_MAX 20000

struct listener {
    struct td_live_tail *tail;
    uint32_t count;
    uint32_t pages;
    uint32_t gaps;
    uint32_t ups;
    uint32_t downs;
    uint32_t pause_at; /* pauses after this many; 0: never */
    uint32_t destroy_at;
    struct td_live_stream_id gap_after;
    struct td_live_stream_id gap_trimmed;
    struct td_live_stream_id last[2];
    uint32_t numbers[ENTRIES_MAX];
};

static void on_entry(void *ctx, uint32_t stream, struct td_live_stream_id id, struct td_bytes value)
{
    struct listener *listener = ctx;

    assert_true(stream < 2 && listener->count < ENTRIES_MAX);
    assert_true(td_live_stream_id_compare(id, listener->last[stream]) > 0);
    listener->last[stream] = id;
    listener->numbers[listener->count++] = (uint32_t)atoi((const char *)value.data);
    if (listener->count == listener->pause_at)
        td_live_tail_pause(listener->tail);
    if (listener->count == listener->destroy_at)
        td_live_tail_destroy(&listener->tail);
}

static void on_page_end(void *ctx)
{
    struct listener *listener = ctx;

    listener->pages++;
}

static void on_gap(void *ctx, uint32_t stream, struct td_live_stream_id after,
                   struct td_live_stream_id trimmed)
{
    struct listener *listener = ctx;

    assert_int_equal(stream, 0);
    listener->gaps++;
    listener->gap_after = after;
    listener->gap_trimmed = trimmed;
}

static void on_state(void *ctx, bool up)
{
    struct listener *listener = ctx;

    if (up)
        listener->ups++;
    else
        listener->downs++;
}

static void follow_resting(struct live_fixture *fixture, struct listener *listener,
                           struct td_live_stream_id from, uint32_t page_max, uint32_t rest_ms)
{
    const struct td_live_tail_stream streams[] = {{"s", from}, {"t", from}};
    const struct td_live_tail_config config = {.address = fixture->redis.address,
                                               .streams = streams,
                                               .stream_count = 2,
                                               .page_max = page_max,
                                               .rest_ms = rest_ms,
                                               .entry = on_entry,
                                               .page_end = on_page_end,
                                               .gap = on_gap,
                                               .state = on_state,
                                               .ctx = listener};

    assert_int_equal(td_live_tail_create(fixture->loop, &config, &listener->tail), TD_OK);
}

static void follow(struct live_fixture *fixture, struct listener *listener,
                   struct td_live_stream_id from, uint32_t page_max)
{
    follow_resting(fixture, listener, from, page_max, 0);
}

static struct listener *make_listener(void)
{
    static struct listener listener;

    listener = (struct listener){0};
    return &listener;
}

static const struct td_live_stream_id start = {0, 0};

static void add(struct live_fixture *fixture, const char *stream, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i <= to; i++) {
        char command[64];

        (void)snprintf(command, sizeof(command), "XADD %s %u-0 e %u", stream, i, i);
        (void)run_words(fixture, command);
    }
}

static void assert_counts_up(const struct listener *listener, uint32_t from, uint32_t to)
{
    assert_int_equal(listener->count, to - from + 1);
    for (uint32_t i = 0; i < listener->count; i++)
        assert_int_equal(listener->numbers[i], from + i);
}

static void what_was_there_and_what_comes_is_delivered_in_order(void **state)
{
    struct live_fixture *fixture = *state;
    struct listener *listener = make_listener();

    add(fixture, "s", 1, 20);
    follow(fixture, listener, start, 8);
    await(fixture->loop, listener->count == 20);
    assert_true(listener->pages >= 3);
    add(fixture, "s", 21, 25);
    await(fixture->loop, listener->count == 25);
    assert_counts_up(listener, 1, 25);
    assert_int_equal(td_live_tail_position(listener->tail, 0).unix_ms, 25);
    add(fixture, "t", 1, 1);
    await(fixture->loop, listener->count == 26);
    assert_int_equal(listener->ups, 1);
    assert_int_equal(listener->gaps, 0);
    td_live_tail_destroy(&listener->tail);
}

static void from_now_on_means_nothing_old(void **state)
{
    struct live_fixture *fixture = *state;
    struct listener *listener = make_listener();

    add(fixture, "s", 1, 5); // Stream t does not exist yet.
    follow(fixture, listener, TD_LIVE_FROM_NOW, 0);
    await(fixture->loop, listener->ups == 1);
    add(fixture, "s", 6, 6);
    await(fixture->loop, listener->count == 1);
    add(fixture, "t", 7, 7);
    await(fixture->loop, listener->count == 2);
    assert_counts_up(listener, 6, 7);
    td_live_tail_destroy(&listener->tail);
}

static void after_a_reconnect_it_goes_on_behind_the_last_one(void **state)
{
    struct live_fixture *fixture = *state;
    struct listener *listener = make_listener();

    follow(fixture, listener, TD_LIVE_FROM_NOW, 0);
    await(fixture->loop, listener->ups == 1);
    for (uint32_t round = 1; round <= 3; round++) {
        add(fixture, "s", round * 10, round * 10 + 4);
        await(fixture->loop, listener->count == round * 10 - 5);
        private_redis_kill(&fixture->redis);
        await(fixture->loop, listener->downs == round);
        private_redis_start(&fixture->redis);
        await(fixture->loop, td_live_is_up(fixture->live));
        add(fixture, "s", round * 10 + 5, round * 10 + 9);
        await(fixture->loop, listener->count == round * 10);
    }
    assert_counts_up(listener, 10, 39);
    assert_int_equal(listener->gaps, 0);
    td_live_tail_destroy(&listener->tail);
}

static void trim(struct live_fixture *fixture, uint64_t keep_from_ms);

static void a_stream_trimmed_beyond_the_position_is_a_gap(void **state)
{
    struct live_fixture *fixture = *state;
    struct listener *listener = make_listener();

    add(fixture, "s", 1, 10);
    trim(fixture, 8);
    follow(fixture, listener, (struct td_live_stream_id){3, 0}, 0);
    await(fixture->loop, listener->count == 3);
    assert_int_equal(listener->gaps, 1);
    assert_int_equal(listener->gap_after.unix_ms, 3);
    assert_int_equal(listener->gap_trimmed.unix_ms, 7);
    assert_counts_up(listener, 8, 10);

    trim(fixture, 11); // All was delivered: no gap.
    add(fixture, "s", 11, 11);
    await(fixture->loop, listener->count == 4);
    assert_int_equal(listener->gaps, 1);

    td_live_tail_pause(listener->tail); // Now it falls behind while connected.
    add(fixture, "s", 12, 20);
    trim(fixture, 15);
    td_live_tail_resume(listener->tail);
    await(fixture->loop, listener->gaps == 2);
    assert_int_equal(listener->gap_after.unix_ms, 11);
    assert_int_equal(listener->gap_trimmed.unix_ms, 14);
    await(fixture->loop, listener->count == 10);
    td_live_tail_destroy(&listener->tail);
}

static void nothing_is_delivered_while_paused_and_nothing_is_lost(void **state)
{
    struct live_fixture *fixture = *state;
    struct listener *listener = make_listener();

    add(fixture, "s", 1, 20);
    listener->pause_at = 5;
    follow(fixture, listener, start, 0);
    await(fixture->loop, listener->count == 5);
    (void)run_words(fixture, "PING");
    assert_int_equal(listener->count, 5);
    add(fixture, "s", 21, 22);
    td_live_tail_resume(listener->tail);
    await(fixture->loop, listener->count == 22);
    assert_counts_up(listener, 1, 22);

    td_live_tail_pause(listener->tail); // A read is waiting: its answer must not be lost.
    add(fixture, "s", 23, 24);
    (void)run_words(fixture, "PING");
    assert_int_equal(listener->count, 22);
    td_live_tail_resume(listener->tail);
    await(fixture->loop, listener->count == 24);
    assert_counts_up(listener, 1, 24);
    td_live_tail_destroy(&listener->tail);
}

/* Fifty that come one by one are read in a few pages; a full page is followed by the next at once.
 */
static void while_it_rests_entries_come_together(void **state)
{
    struct live_fixture *fixture = *state;
    struct listener *listener = make_listener();

    add(fixture, "s", 1, 25);
    follow_resting(fixture, listener, start, 10, 500);
    await(fixture->loop, listener->count == 25);
    assert_int_equal(listener->pages, 3);
    add(fixture, "s", 26, 75);
    await(fixture->loop, listener->count == 75);
    assert_true(listener->pages < 3 + 25);
    assert_counts_up(listener, 1, 75);
    td_live_tail_destroy(&listener->tail);
}

static void it_may_be_destroyed_from_a_callback(void **state)
{
    struct live_fixture *fixture = *state;
    struct listener *listener = make_listener();

    add(fixture, "s", 1, 20);
    listener->destroy_at = 5;
    follow(fixture, listener, start, 0);
    await(fixture->loop, listener->tail == NULL);
    (void)run_words(fixture, "PING");
    assert_int_equal(listener->count, 5);
}

static void a_frozen_redis_is_given_up_and_followed_again(void **state)
{
    struct live_fixture *fixture = *state;
    struct listener *listener = make_listener();

    follow(fixture, listener, start, 0);
    await(fixture->loop, listener->ups == 1);
    private_server_freeze(&fixture->redis.server, true);
    await(fixture->loop, listener->downs == 1);
    private_server_freeze(&fixture->redis.server, false);
    await(fixture->loop, listener->ups == 2 && td_live_is_up(fixture->live));
    add(fixture, "s", 1, 3);
    await(fixture->loop, listener->count == 3);
    td_live_tail_destroy(&listener->tail);
}

struct number {
    uint32_t told;
};

static void take_number(void *ctx, enum td_err err, uint64_t value)
{
    struct number *number = ctx;

    (void)value;
    assert_int_equal(err, TD_OK);
    number->told++;
}

static void trim(struct live_fixture *fixture, uint64_t keep_from_ms)
{
    struct number number = {0};

    assert_int_equal(td_live_trim(fixture->live, "s", (struct td_live_stream_id){keep_from_ms, 0},
                                  5000, take_number, &number),
                     TD_OK);
    await(fixture->loop, number.told == 1);
}

static void ignore(void *ctx, enum td_err err)
{
    (void)ctx;
    assert_int_equal(err, TD_OK);
}

/* What was acknowledged is delivered once, in order, while Redis is killed under load. */
static void under_load_and_kills_all_arrive_once_and_in_order(void **state)
{
    struct live_fixture *fixture = *state;
    struct listener *listener = make_listener();
    uint32_t sent = 0;

    follow(fixture, listener, start, 100);
    for (int kill = 0; kill < 3; kill++) {
        for (int i = 0; i < 2000; i++) {
            struct td_live_batch *batch = NULL;
            char text[16];

            (void)snprintf(text, sizeof(text), "%u", sent++);
            assert_int_equal(td_live_batch_create(&batch), TD_OK);
            td_live_batch_xadd(batch, "s", td_live_text(text));
            assert_int_equal(td_live_commit(fixture->live, &batch, 20000, ignore, NULL), TD_OK);
        }
        await(fixture->loop, listener->count >= sent - 1500);
        private_redis_kill(&fixture->redis);
        private_redis_start(&fixture->redis);
    }
    await(fixture->loop, listener->count == sent);
    assert_counts_up(listener, 0, sent - 1);
    assert_int_equal(listener->gaps, 0);
    td_live_tail_destroy(&listener->tail);
}

#define WITH_REDIS(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REDIS(what_was_there_and_what_comes_is_delivered_in_order),
        WITH_REDIS(from_now_on_means_nothing_old),
        WITH_REDIS(after_a_reconnect_it_goes_on_behind_the_last_one),
        WITH_REDIS(a_stream_trimmed_beyond_the_position_is_a_gap),
        WITH_REDIS(nothing_is_delivered_while_paused_and_nothing_is_lost),
        WITH_REDIS(while_it_rests_entries_come_together),
        WITH_REDIS(it_may_be_destroyed_from_a_callback),
        WITH_REDIS(a_frozen_redis_is_given_up_and_followed_again),
        WITH_REDIS(under_load_and_kills_all_arrive_once_and_in_order),
    };

    return cmocka_run_group_tests_name("io/live_tail", tests, NULL, NULL);
}
