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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_the_zones_own),
        cmocka_unit_test(a_day_with_a_clock_change_is_longer_or_shorter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
