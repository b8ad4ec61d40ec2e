#include "reporting/zone.h"

#include <stdlib.h>
#include <time.h>

#define STEP_S 900 /* every change of clocks is at a full quarter of an hour */

/* The variable is never taken away again: that would move others under somebody who reads them. */
static void set_zone(const char *name)
{
    (void)setenv("TZ", name, 1);
    tzset();
}

static int day_of_month(time_t seconds)
{
    struct tm local;

    (void)localtime_r(&seconds, &local);
    return local.tm_mday;
}

/*
 * The first moment of the day of `local`, or of the next one. Where clocks change at midnight there
 * may be no such hour, and mktime() may give one of the day before; or it begins twice, and
 * mktime() may give the second.
 */
static time_t midnight(const struct tm *local, int days_later)
{
    struct tm day = {.tm_year = local->tm_year,
                     .tm_mon = local->tm_mon,
                     .tm_mday = local->tm_mday + days_later,
                     .tm_hour = 12,
                     .tm_isdst = -1};
    struct tm start = day;

    (void)mktime(&day); // Noon exists everywhere: what day is it?
    start.tm_hour = 0;
    time_t seconds = mktime(&start);
    while (day_of_month(seconds) != day.tm_mday)
        seconds += STEP_S;
    while (day_of_month(seconds - STEP_S) == day.tm_mday)
        seconds -= STEP_S;
    return seconds;
}

struct zone_day zone_day_of(const char *name, uint64_t now_unix_us)
{
    time_t seconds = (time_t)(now_unix_us / 1000000);
    struct tm local;

    set_zone(name[0] != '\0' ? name : "UTC");
    (void)localtime_r(&seconds, &local);
    struct zone_day day = {(uint64_t)midnight(&local, 0) * 1000000,
                           (uint64_t)midnight(&local, 1) * 1000000};
    set_zone("UTC");
    return day;
}
