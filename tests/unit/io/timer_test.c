#include <stdlib.h>

#include "await.h"

#include "io/timer.h"
#include "io/timer_set.h"

#define MS UINT64_C(1000000)
#define MANY 2000

static int order[16];
static size_t fired;

struct numbered {
    struct td_timer timer;
    struct td_loop *loop;
    int number;
};

static void note(void *ctx)
{
    struct numbered *numbered = ctx;

    assert_true(fired < 16);
    order[fired++] = numbered->number;
}

static void make(struct numbered *numbered, struct td_loop *loop, int number)
{
    numbered->loop = loop;
    numbered->number = number;
    td_timer_init(&numbered->timer, loop, note, numbered);
}

static void timers_fire_in_order_of_time_then_of_start(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct numbered timers[4];

    fired = 0;
    for (int i = 0; i < 4; i++)
        make(&timers[i], loop, i);
    td_timer_start(&timers[2].timer, 30);
    td_timer_start(&timers[0].timer, 10);
    td_timer_start(&timers[1].timer, 10);
    td_timer_start(&timers[3].timer, 0);
    assert_int_equal(fired, 0);
    await(loop, fired == 4);
    assert_int_equal(order[0], 3);
    assert_int_equal(order[1], 0);
    assert_int_equal(order[2], 1);
    assert_int_equal(order[3], 2);
    td_loop_destroy(&loop);
}

static void a_timer_never_fires_early(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();

    for (uint64_t after_ms = 1; after_ms <= 12; after_ms++) {
        struct numbered timer;
        uint64_t started_ns = td_loop_now_ns();

        fired = 0;
        make(&timer, loop, 0);
        td_timer_start(&timer.timer, after_ms);
        await(loop, fired == 1);
        assert_true(td_loop_now_ns() - started_ns >= after_ms * MS);
    }
    td_loop_destroy(&loop);
}

static void a_stopped_timer_may_be_freed_at_once(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct numbered *gone = malloc(sizeof(*gone));
    struct numbered stays;

    assert_non_null(gone);
    fired = 0;
    make(gone, loop, 1);
    make(&stays, loop, 2);
    td_timer_start(&gone->timer, 1);
    td_timer_start(&stays.timer, 2);
    td_timer_stop(&gone->timer);
    assert_false(td_timer_is_running(&gone->timer));
    free(gone);
    await(loop, fired == 1);
    assert_int_equal(order[0], 2);
    td_loop_destroy(&loop);
}

static void free_itself(void *ctx)
{
    fired++;
    free(ctx);
}

static void a_timer_may_free_itself_when_it_fires(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct td_timer *timer = malloc(sizeof(*timer));

    assert_non_null(timer);
    fired = 0;
    td_timer_init(timer, loop, free_itself, timer);
    td_timer_start(timer, 0);
    await(loop, fired == 1);
    td_loop_destroy(&loop);
}

static void stop_second(void *ctx)
{
    struct numbered *timers = ctx;

    fired++;
    td_timer_stop(&timers[1].timer);
}

static void a_callback_may_stop_a_timer_that_is_due(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct numbered timers[3];

    fired = 0;
    for (int i = 0; i < 3; i++)
        make(&timers[i], loop, i);
    td_timer_init(&timers[0].timer, loop, stop_second, timers);
    for (int i = 0; i < 3; i++)
        td_timer_start(&timers[i].timer, 0);
    await(loop, fired == 2);
    td_loop_run(loop);
    assert_int_equal(fired, 2);
    assert_int_equal(order[1], 2);
    td_loop_destroy(&loop);
}

static int rounds;

static void again_at_once(void *ctx)
{
    rounds++;
    td_timer_start(ctx, 0);
}

/* A libuv timer that restarts itself with 0 never lets the loop go on; ours must. */
static void a_timer_that_restarts_itself_does_not_starve_the_loop(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct td_timer busy;
    struct numbered other;

    rounds = 0;
    fired = 0;
    td_timer_init(&busy, loop, again_at_once, &busy);
    make(&other, loop, 1);
    td_timer_start(&busy, 0);
    td_timer_start(&other.timer, 2);
    await(loop, fired == 1);
    assert_true(rounds > 1);

    int before = rounds;
    uv_run(td_loop_uv(loop), UV_RUN_NOWAIT);
    assert_true(rounds - before <= 2);
    td_timer_stop(&busy);
    td_loop_destroy(&loop);
}

static void count_three(void *ctx)
{
    if (++rounds == 3)
        td_timer_stop(ctx);
}

static void a_repeating_timer_keeps_its_rhythm(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct td_timer timer;
    uint64_t started_ns = td_loop_now_ns();

    rounds = 0;
    td_timer_init(&timer, loop, count_three, &timer);
    td_timer_start_repeating(&timer, 7);
    td_loop_run(loop); // Ends by itself: a stopped timer keeps nothing alive.
    assert_int_equal(rounds, 3);
    assert_true(td_loop_now_ns() - started_ns >= 21 * MS);
    td_loop_destroy(&loop);
}

static void missed_times_are_skipped(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct td_timer timer;
    uint64_t until_ns = td_loop_now_ns() + 30 * MS;

    rounds = 0;
    td_timer_init(&timer, loop, count_three, &timer);
    td_timer_start_repeating(&timer, 5);
    while (td_loop_now_ns() < until_ns)
        ;
    uv_run(td_loop_uv(loop), UV_RUN_NOWAIT);
    assert_int_equal(rounds, 1);
    td_timer_stop(&timer);
    td_loop_destroy(&loop);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Against a plain table: random insertions, removals from anywhere and removals of the first. */
static void the_heap_always_gives_the_earliest(void **state)
{
    (void)state;
    static struct td_timer timers[MANY];

    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct td_timer *root = NULL;
        uint64_t random = seed;

        memset(timers, 0, sizeof(timers));
        for (size_t step = 0; step < MANY; step++) {
            struct td_timer *timer = &timers[next_random(&random) % 200];

            if (timer->running) {
                td_timer_heap_remove(&root, timer);
                timer->running = false;
            } else {
                timer->due_ns = next_random(&random) % 50;
                timer->sequence = step;
                timer->running = true;
                td_timer_heap_add(&root, timer);
            }

            const struct td_timer *first = NULL;
            for (size_t i = 0; i < 200; i++) {
                const struct td_timer *t = &timers[i];
                if (t->running && (first == NULL || t->due_ns < first->due_ns ||
                                   (t->due_ns == first->due_ns && t->sequence < first->sequence)))
                    first = t;
            }
            assert_ptr_equal(root, first);
            if (root != NULL && next_random(&random) % 4 == 0) {
                struct td_timer *taken = root;
                td_timer_heap_remove(&root, taken);
                taken->running = false;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_order_of_time_then_of_start),
        cmocka_unit_test(a_timer_never_fires_early),
        cmocka_unit_test(a_stopped_timer_may_be_freed_at_once),
        cmocka_unit_test(a_timer_may_free_itself_when_it_fires),
        cmocka_unit_test(a_callback_may_stop_a_timer_that_is_due),
        cmocka_unit_test(a_timer_that_restarts_itself_does_not_starve_the_loop),
        cmocka_unit_test(a_repeating_timer_keeps_its_rhythm),
        cmocka_unit_test(missed_times_are_skipped),
        cmocka_unit_test(the_heap_always_gives_the_earliest),
    };

    return cmocka_run_group_tests_name("io/timer", tests, NULL, NULL);
}
