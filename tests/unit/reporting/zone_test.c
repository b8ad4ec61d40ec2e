#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reporting/zone.h"

#define S UINT64_C(1000000)
#define HOUR (3600 * S)

static void a_day_is_the_zones_own(void **state)
{
    (void)state;
    uint64_t now = UINT64_C(1764000000) * S; // 2025-11-24 16:00 UTC, 00:00 on the 25th in Shanghai
    struct zone_day shanghai = zone_day_of("Asia/Shanghai", now);
    struct zone_day utc = zone_day_of("", now);

    assert_int_equal(shanghai.begin_unix_us, now);
    assert_int_equal(shanghai.end_unix_us, now + 24 * HOUR);
    assert_int_equal(utc.begin_unix_us, now - 16 * HOUR);
    assert_int_equal(zone_day_of("Asia/Shanghai", now - 1).end_unix_us, now);
}

static void a_day_with_a_clock_change_is_longer_or_shorter(void **state)
{
    (void)state;
    uint64_t spring = UINT64_C(1774771200) * S; // 2026-03-29 08:00 UTC
    uint64_t autumn = UINT64_C(1792915200) * S; // 2026-10-25 08:00 UTC
    struct zone_day shorter = zone_day_of("Europe/Berlin", spring);
    struct zone_day longer = zone_day_of("Europe/Berlin", autumn);

    assert_int_equal(shorter.end_unix_us - shorter.begin_unix_us, 23 * HOUR);
    assert_int_equal(longer.end_unix_us - longer.begin_unix_us, 25 * HOUR);
}

/* Every moment lies in its day, and the next day begins where this one ends. */
static void assert_days_meet(const char *zone, uint64_t from, uint64_t to)
{
    struct zone_day day = zone_day_of(zone, from);

    for (uint64_t at = from; at < to; at += HOUR / 4) {
        struct zone_day of_it = zone_day_of(zone, at);

        assert_true(of_it.begin_unix_us <= at && at < of_it.end_unix_us);
        if (at >= day.end_unix_us) {
            assert_int_equal(of_it.begin_unix_us, day.end_unix_us);
            day = of_it;
        }
        assert_int_equal(of_it.begin_unix_us, day.begin_unix_us);
    }
}

static void days_meet_where_clocks_change_at_midnight(void **state)
{
    (void)state;
    uint64_t spring = UINT64_C(1741392000) * S; // 2025-03-08: in Havana 00:00 of the 9th is skipped
    uint64_t autumn = UINT64_C(1761955200) * S; // 2025-11-01: 00:00 of the 2nd comes twice

    assert_days_meet("America/Havana", spring, spring + 60 * HOUR);
    assert_days_meet("America/Havana", autumn, autumn + 60 * HOUR);
    assert_days_meet("Asia/Beirut", UINT64_C(1743206400) * S, UINT64_C(1743422400) * S);
    assert_days_meet("Europe/Berlin", UINT64_C(1774656000) * S, UINT64_C(1774872000) * S);
    assert_int_equal(zone_day_of("America/Havana", spring + 36 * HOUR).end_unix_us -
                         zone_day_of("America/Havana", spring + 36 * HOUR).begin_unix_us,
                     23 * HOUR);
}

static void an_unknown_zone_is_utc(void **state)
{
    (void)state;
    uint64_t now = UINT64_C(1764000000) * S;

    assert_int_equal(zone_day_of("Middle/Earth", now).begin_unix_us,
                     zone_day_of("", now).begin_unix_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_the_zones_own),
        cmocka_unit_test(a_day_with_a_clock_change_is_longer_or_shorter),
        cmocka_unit_test(days_meet_where_clocks_change_at_midnight),
        cmocka_unit_test(an_unknown_zone_is_utc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
