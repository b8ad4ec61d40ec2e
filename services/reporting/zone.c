#include "reporting/zone.h"

#include <stdlib.h>
#include <time.h>

static uint64_t midnight(struct tm day, int days_later)
{
    day.tm_mday += days_later;
    day.tm_hour = day.tm_min = day.tm_sec = 0;
    day.tm_isdst = -1; // Whatever holds at that midnight.
    return (uint64_t)mktime(&day) * 1000000;
}

struct zone_day zone_day_of(const char *name, uint64_t now_unix_us)
{
    time_t seconds = (time_t)(now_unix_us / 1000000);
    struct tm local;

    (void)setenv("TZ", name[0] != '\0' ? name : "UTC", 1);
    tzset();
    (void)localtime_r(&seconds, &local);
    struct zone_day day = {midnight(local, 0), midnight(local, 1)};
    (void)unsetenv("TZ");
    tzset();
    return day;
}
