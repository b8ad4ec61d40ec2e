#include <stdlib.h>

#include "await.h"

#include "io/timer.h"

#define MS UINT64_C(1000000)

static char lines[4096];

static void keep_line(const char *line, size_t size)
{
    size_t used = strlen(lines);

    assert_true(used + size < sizeof(lines));
    memcpy(lines + used, line, size);
    lines[used + size] = '\0';
}

static const struct td_log kept_log = {"test", TD_LOG_WARN, await_unix_ms, keep_line};

static void the_wall_clock_never_goes_back(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    uint64_t now_unix_us = td_loop_now_unix_us(loop);
    uint64_t committed_unix_us = now_unix_us + UINT64_C(3600000000);

    assert_true(now_unix_us > UINT64_C(1700000000000000));
    td_loop_advance(loop, now_unix_us - 5);
    assert_true(td_loop_now_unix_us(loop) >= now_unix_us);
    td_loop_advance(loop, committed_unix_us);
    assert_int_equal(td_loop_now_unix_us(loop), committed_unix_us);
    td_loop_destroy(&loop);
    assert_null(loop);
}

/* More than the buffer holds, in pieces that do not divide it; 64 equal bits would be a defect. */
static void random_bytes_do_not_repeat(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    uint64_t seen[100];

    for (size_t i = 0; i < 100; i++) {
        uint8_t piece[11];

        td_loop_random(loop, piece, sizeof(piece));
        memcpy(&seen[i], piece + 3, sizeof(seen[i]));
        for (size_t j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
    }
    uint8_t large[1000] = {0};
    static const uint8_t zeros[16];
    td_loop_random(loop, large, sizeof(large));
    assert_memory_not_equal(large + sizeof(large) - sizeof(zeros), zeros, sizeof(zeros));
    td_loop_destroy(&loop);
}

static void ids_carry_the_time_of_the_loop(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    uint64_t later_unix_us = td_loop_now_unix_us(loop) + UINT64_C(60000000);

    td_loop_advance(loop, later_unix_us);
    struct td_id first = td_loop_new_id(loop);
    struct td_id second = td_loop_new_id(loop);

    assert_int_equal(td_id_unix_ms(first), later_unix_us / 1000);
    assert_false(td_id_equal(first, second));
    td_loop_destroy(&loop);
}

static void be_busy(void *ctx)
{
    uint64_t until_ns = td_loop_now_ns() + (TD_LOOP_LAG_LIMIT_MS + 5) * MS;
    int *times = ctx;

    while (td_loop_now_ns() < until_ns)
        ;
    (*times)++;
}

static void ids_sort_in_the_order_they_were_made(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct td_id last = td_loop_new_id(loop);

    for (int i = 0; i < 20000; i++) { // many more than a millisecond has room for
        struct td_id id = td_loop_new_id(loop);
        assert_true(td_id_compare(last, id) < 0);
        last = id;
    }
    td_loop_destroy(&loop);
}

static void slow_handlers_are_reported_and_become_lag(void **state)
{
    (void)state;
    struct td_loop *loop;
    struct td_timer timer;
    int times = 0;

    lines[0] = '\0';
    assert_int_equal(td_loop_create(&kept_log, &loop), TD_OK);
    assert_int_equal(td_loop_lag_ms(loop), 0);
    td_timer_init(&timer, loop, be_busy, &times);
    td_timer_start_repeating(&timer, 1);
    await(loop, times >= 3);
    assert_true(td_loop_lag_ms(loop) >= TD_LOOP_LAG_LIMIT_MS);
    td_timer_stop(&timer);

    assert_non_null(strstr(lines, "\"event\":\"handler.slow\",\"handler\":\"timer\""));
    const char *lagged = strstr(lines, "\"event\":\"loop.lagged\"");
    assert_non_null(lagged);
    assert_null(strstr(lagged + 1, "\"event\":\"loop.lagged\"")); // once a second at most
    td_loop_destroy(&loop);
}

static void stop_from(void *ctx)
{
    td_loop_stop(ctx);
}

static void run_ends_by_stop_or_when_nothing_is_left(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct td_timer stop, never;

    td_loop_run(loop);

    td_timer_init(&stop, loop, stop_from, loop);
    td_timer_init(&never, loop, stop_from, loop);
    td_timer_start(&never, 3600 * 1000);
    td_timer_start(&stop, 0);
    td_loop_run(loop);
    assert_true(td_timer_is_running(&never));
    td_timer_stop(&never);
    td_loop_run(loop);
    td_loop_destroy(&loop);
    td_loop_destroy(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_never_goes_back),
        cmocka_unit_test(random_bytes_do_not_repeat),
        cmocka_unit_test(ids_carry_the_time_of_the_loop),
        cmocka_unit_test(ids_sort_in_the_order_they_were_made),
        cmocka_unit_test(slow_handlers_are_reported_and_become_lag),
        cmocka_unit_test(run_ends_by_stop_or_when_nothing_is_left),
    };

    return cmocka_run_group_tests_name("io/loop", tests, NULL, NULL);
}
