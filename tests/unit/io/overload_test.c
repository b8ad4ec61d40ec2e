#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/overload.h"

#define MS UINT64_C(1000000)

static const uint64_t start_ns = UINT64_C(7000) * MS;

static void a_burst_is_served_however_long_its_tail_waits(void **state)
{
    (void)state;
    struct td_overload overload = {.wait_max_ns = 20 * MS};

    for (uint64_t t = 0; t < 100; t++)
        assert_false(td_overload_refuses(&overload, t * MS, start_ns + t * MS));
    assert_false(td_overload_refuses(&overload, 20 * MS, start_ns + 101 * MS));
    assert_false(td_overload_refuses(&overload, 21 * MS, start_ns + 200 * MS));
}

static void a_standing_queue_is_refused_after_one_interval(void **state)
{
    (void)state;
    struct td_overload overload = {.wait_max_ns = 20 * MS};

    assert_false(td_overload_refuses(&overload, 21 * MS, start_ns));
    assert_false(td_overload_refuses(&overload, 50 * MS, start_ns + 100 * MS - 1));
    assert_true(td_overload_refuses(&overload, 50 * MS, start_ns + 100 * MS));
}

static void one_that_comes_back_is_refused_at_once(void **state)
{
    (void)state;
    struct td_overload overload = {.wait_max_ns = 20 * MS};

    assert_false(td_overload_refuses(&overload, 30 * MS, start_ns));
    assert_true(td_overload_refuses(&overload, 30 * MS, start_ns + 100 * MS));
    assert_false(td_overload_refuses(&overload, 1 * MS, start_ns + 110 * MS));
    assert_true(td_overload_refuses(&overload, 30 * MS, start_ns + 1099 * MS));
    assert_false(td_overload_refuses(&overload, 1 * MS, start_ns + 1100 * MS));
    assert_false(td_overload_refuses(&overload, 30 * MS, start_ns + 2099 * MS));
}

/* Three times what can be served, in virtual time: most of the capacity must still do good work. */
static void goodput_holds_at_three_times_capacity(void **state)
{
    (void)state;
    enum { INBOX = 4096 };
    static uint64_t arrived_ns[INBOX];
    struct td_overload overload = {.wait_max_ns = 20 * MS};
    const uint64_t serve_ns = 100000, refuse_ns = 2000, every_ns = serve_ns / 3;
    const uint64_t end_ns = start_ns + 10000 * MS;
    uint64_t now_ns = start_ns, next_ns = start_ns, served = 0, longest_ns = 0;
    uint32_t first = 0, count = 0;

    while (now_ns < end_ns) {
        for (; next_ns <= now_ns; next_ns += every_ns) {
            assert_true(count < INBOX);
            arrived_ns[(first + count++) % INBOX] = next_ns;
        }
        if (count == 0) {
            now_ns = next_ns;
            continue;
        }
        uint64_t waited_ns = now_ns - arrived_ns[first];
        first = (first + 1) % INBOX;
        count--;
        if (td_overload_refuses(&overload, waited_ns, now_ns)) {
            now_ns += refuse_ns;
            continue;
        }
        served++;
        now_ns += serve_ns;
        if (now_ns > start_ns + 1000 * MS && waited_ns > longest_ns)
            longest_ns = waited_ns;
    }
    assert_true(served >= 10000 * MS / serve_ns * 90 / 100);
    assert_true(longest_ns <= 20 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_served_however_long_its_tail_waits),
        cmocka_unit_test(a_standing_queue_is_refused_after_one_interval),
        cmocka_unit_test(one_that_comes_back_is_refused_at_once),
        cmocka_unit_test(goodput_holds_at_three_times_capacity),
    };

    return cmocka_run_group_tests_name("io/overload", tests, NULL, NULL);
}
