/*
 * The system's zones, read by us, against the same zones read by the C library.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "core/calendar/zone.h"
#include "io/zoneinfo.h"

#define STEP_S (11 * 3600 + 1234)

static uint8_t buffer[TD_ZONE_FILE_MAX];

static void read_zone(const char *name, struct td_zone *zone)
{
    struct td_bytes bytes;

    assert_int_equal(td_zoneinfo_read(name, buffer, sizeof(buffer), &bytes), TD_OK);
    assert_int_equal(td_zone_parse(bytes, zone), TD_OK);
}

static void agrees_with_the_c_library(const char *name)
{
    static struct td_zone zone;
    struct tm local;

    read_zone(name, &zone);
    assert_int_equal(setenv("TZ", name, 1), 0);
    tzset();
    for (time_t now = 0; now < (time_t)4200000000; now += STEP_S) { // 1970 to 2103
        assert_non_null(localtime_r(&now, &local));
        assert_int_equal(td_zone_offset(&zone, now), local.tm_gmtoff);
    }
}

static void offsets_are_those_of_the_c_library(void **state)
{
    static const char *const names[] = {"Europe/Berlin",
                                        "America/New_York",
                                        "Asia/Shanghai",
                                        "Asia/Kolkata",
                                        "Australia/Sydney",
                                        "Australia/Lord_Howe",
                                        "America/St_Johns",
                                        "Europe/Dublin",
                                        "Asia/Gaza",
                                        "America/Nuuk",
                                        "UTC"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        agrees_with_the_c_library(names[i]);
}

static void names_that_are_none_are_refused(void **state)
{
    struct td_bytes bytes;

    (void)state;
    assert_int_equal(td_zoneinfo_read("", buffer, sizeof(buffer), &bytes), TD_ERR_SYNTAX);
    assert_int_equal(td_zoneinfo_read("/etc/passwd", buffer, sizeof(buffer), &bytes),
                     TD_ERR_SYNTAX);
    assert_int_equal(td_zoneinfo_read("../../../etc/passwd", buffer, sizeof(buffer), &bytes),
                     TD_ERR_SYNTAX);
    assert_int_equal(td_zoneinfo_read("Europe", buffer, sizeof(buffer), &bytes), TD_ERR_NOT_FOUND);
    assert_int_equal(td_zoneinfo_read("Mars/Olympus", buffer, sizeof(buffer), &bytes),
                     TD_ERR_NOT_FOUND);
    assert_int_equal(td_zoneinfo_read("Europe/Berlin", buffer, 100, &bytes), TD_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_those_of_the_c_library),
        cmocka_unit_test(names_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
