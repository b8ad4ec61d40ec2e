#include "core/calendar/zone.h"

#include "core/calendar/date.h"

/* --- the rule behind the table --- */

/* Day on which a date of the rule falls in a year. */
static int64_t day_in_year(const struct td_zone_date *date, int32_t year)
{
    int64_t first = td_date_to_day((struct td_date){year, 1, 1});

    if (date->kind == TD_ZONE_DAY_JULIAN)
        return first + date->day - 1 + (td_date_is_leap(year) && date->day > 59);
    if (date->kind == TD_ZONE_DAY_OF_YEAR)
        return first + date->day;

    int64_t month = td_date_to_day((struct td_date){year, date->month, 1});
    int64_t last = month + td_date_month_days(year, date->month) - 1;
    uint32_t wanted = (date->weekday + 6U) % 7; // Monday is 0 here.
    int64_t day = month + (wanted + 7 - td_date_weekday(month)) % 7 + (date->week - INT64_C(1)) * 7;

    return day > last ? day - 7 : day;
}

static int64_t begin_of_summer(const struct td_zone_rule *rule, int32_t year)
{
    return day_in_year(&rule->begins, year) * TD_DAY_S + rule->begins.time_s - rule->standard_s;
}

static int64_t end_of_summer(const struct td_zone_rule *rule, int32_t year)
{
    return day_in_year(&rule->ends, year) * TD_DAY_S + rule->ends.time_s - rule->summer_s;
}

static int32_t year_of(const struct td_zone_rule *rule, int64_t unix_s)
{
    int64_t day;
    int32_t second;

    td_date_split(unix_s + rule->standard_s, &day, &second);
    return td_date_of_day(day).year;
}

static int32_t rule_offset(const struct td_zone_rule *rule, int64_t unix_s)
{
    if (!rule->has_summer)
        return rule->standard_s;

    int32_t year = year_of(rule, unix_s);
    int64_t begin = begin_of_summer(rule, year);
    int64_t end = end_of_summer(rule, year);
    bool summer = begin < end ? unix_s >= begin && unix_s < end  // North
                              : unix_s >= begin || unix_s < end; // South: over the new year

    return summer ? rule->summer_s : rule->standard_s;
}

static bool rule_next_change(const struct td_zone_rule *rule, int64_t unix_s, int64_t *at_unix_s)
{
    int32_t year = year_of(rule, unix_s);
    bool found = false;

    for (int32_t i = -1; rule->has_summer && i <= 1; i++) {
        const int64_t changes[] = {begin_of_summer(rule, year + i), end_of_summer(rule, year + i)};

        for (uint32_t k = 0; k < 2; k++) {
            if (changes[k] > unix_s && (!found || changes[k] < *at_unix_s)) {
                *at_unix_s = changes[k];
                found = true;
            }
        }
    }
    return found;
}

/* --- the table --- */

/* How many changes happened up to this moment. */
static uint32_t changes_until(const struct td_zone *zone, int64_t unix_s)
{
    uint32_t low = 0;
    uint32_t high = zone->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (zone->at_unix_s[middle] <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t td_zone_offset(const struct td_zone *zone, int64_t unix_s)
{
    uint32_t done = changes_until(zone, unix_s);

    if (done == zone->count && zone->has_rule)
        return rule_offset(&zone->rule, unix_s);
    return done == 0 ? zone->first_offset_s : zone->offset_s[done - 1];
}

bool td_zone_next_change(const struct td_zone *zone, int64_t unix_s, int64_t *at_unix_s)
{
    uint32_t done = changes_until(zone, unix_s);

    if (done < zone->count) {
        *at_unix_s = zone->at_unix_s[done];
        return true;
    }
    return zone->has_rule && rule_next_change(&zone->rule, unix_s, at_unix_s);
}
