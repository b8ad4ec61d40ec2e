#include "io/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S UINT64_C(1000000000)

/* So many turns a second, evenly, when it does not rest. @return Turns within `duration_ns`. */
static uint32_t turn(struct td_pace *pace, uint64_t *now_ns, uint64_t per_s, uint64_t duration_ns)
{
    uint64_t until_ns = *now_ns + duration_ns;
    uint32_t turns = 0;

    for (; *now_ns < until_ns; turns++) {
        uint64_t rest_ns = td_pace_rest_ns(pace, *now_ns);

        assert_true(rest_ns <= TD_PACE_PERIOD_NS);
        *now_ns += rest_ns > S / per_s ? rest_ns : S / per_s;
    }
    return turns;
}

static void a_loop_with_little_to_do_never_rests(void **state)
{
    struct td_pace pace = {0};
    uint64_t now_ns = 5 * S;

    (void)state;
    assert_in_range(turn(&pace, &now_ns, 950, 10 * S), 9490, 9510);
    assert_false(pace.resting);
}

static void one_burst_of_a_call_among_quiet_is_not_busy(void **state)
{
    struct td_pace pace = {0};
    uint64_t now_ns = S;

    (void)state;
    for (int call = 0; call < 20; call++) {
        for (int i = 0; i < 100; i++, now_ns += S / 10000)
            assert_int_equal(td_pace_rest_ns(&pace, now_ns), 0);
        now_ns += S / 2;
    }
}

static void a_busy_loop_turns_once_in_a_period(void **state)
{
    struct td_pace pace = {0};
    uint64_t now_ns = S;

    (void)state;
    (void)turn(&pace, &now_ns, 20000, S);
    assert_true(pace.resting);
    assert_in_range(turn(&pace, &now_ns, 20000, S), 490, 510);
}

static void a_turn_that_took_a_period_needs_no_rest(void **state)
{
    struct td_pace pace = {.resting = true, .window_started_ns = S, .turned_ns = S};

    (void)state;
    assert_int_equal(td_pace_rest_ns(&pace, S + TD_PACE_PERIOD_NS), 0);
    assert_int_equal(td_pace_rest_ns(&pace, S + TD_PACE_PERIOD_NS + 300000),
                     TD_PACE_PERIOD_NS - 300000);
}

static void it_stops_resting_when_there_is_little_to_do_again(void **state)
{
    struct td_pace pace = {0};
    uint64_t now_ns = S;

    (void)state;
    (void)turn(&pace, &now_ns, 20000, S);
    (void)turn(&pace, &now_ns, 450, 2 * S);
    assert_true(pace.resting); // Not for a lull.
    (void)turn(&pace, &now_ns, 300, 2 * S);
    assert_false(pace.resting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_with_little_to_do_never_rests),
        cmocka_unit_test(one_burst_of_a_call_among_quiet_is_not_busy),
        cmocka_unit_test(a_busy_loop_turns_once_in_a_period),
        cmocka_unit_test(a_turn_that_took_a_period_needs_no_rest),
        cmocka_unit_test(it_stops_resting_when_there_is_little_to_do_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
