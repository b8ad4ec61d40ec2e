/* A rule as POSIX writes it in TZ, with the hours of RFC 8536 (up to a week either way). */
#include "core/calendar/zone.h"

#define CLOCK_HOURS_MAX 167
#define OFFSET_HOURS_MAX 24
#define CHANGE_DEFAULT_S 7200

struct reader {
    const char *at;
    const char *end;
};

static bool take(struct reader *reader, char c)
{
    bool there = reader->at < reader->end && *reader->at == c;

    reader->at += there;
    return there;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(const struct reader *reader)
{
    return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

static bool read_number(struct reader *reader, uint32_t max, uint32_t *value)
{
    if (!is_digit(reader))
        return false;
    for (*value = 0; is_digit(reader) && *value <= max; reader->at++)
        *value = *value * 10 + (uint32_t)(*reader->at - '0');
    return *value <= max;
}

/* "CEST" or "<+0330>"; what it is called does not matter here. */
static bool read_name(struct reader *reader)
{
    const char *from = reader->at;

    if (take(reader, '<')) {
        while (reader->at < reader->end && *reader->at != '>')
            reader->at++;
        return take(reader, '>');
    }
    while (reader->at < reader->end && is_letter(*reader->at))
        reader->at++;
    return reader->at - from >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool read_clock(struct reader *reader, uint32_t hours_max, int32_t *seconds)
{
    bool negative = take(reader, '-');
    uint32_t hours;
    uint32_t minutes = 0;
    uint32_t rest = 0;

    if (!negative)
        (void)take(reader, '+');
    if (!read_number(reader, hours_max, &hours) ||
        (take(reader, ':') && (!read_number(reader, 59, &minutes) ||
                               (take(reader, ':') && !read_number(reader, 59, &rest)))))
        return false;
    *seconds = (int32_t)(hours * 3600 + minutes * 60 + rest);
    if (negative)
        *seconds = -*seconds;
    return true;
}

static bool read_month_day(struct reader *reader, struct td_zone_date *date)
{
    uint32_t month;
    uint32_t week;
    uint32_t weekday;

    if (!read_number(reader, 12, &month) || !take(reader, '.') || !read_number(reader, 5, &week) ||
        !take(reader, '.') || !read_number(reader, 6, &weekday) || month == 0 || week == 0)
        return false;
    date->kind = TD_ZONE_DAY_OF_MONTH;
    date->month = (uint8_t)month;
    date->week = (uint8_t)week;
    date->weekday = (uint8_t)weekday;
    return true;
}

static bool read_date(struct reader *reader, struct td_zone_date *date)
{
    uint32_t day = 0;
    bool read;

    *date = (struct td_zone_date){.time_s = CHANGE_DEFAULT_S};
    if (take(reader, 'M')) {
        read = read_month_day(reader, date);
    } else {
        date->kind = take(reader, 'J') ? TD_ZONE_DAY_JULIAN : TD_ZONE_DAY_OF_YEAR;
        read = read_number(reader, 365, &day) && (day > 0 || date->kind != TD_ZONE_DAY_JULIAN);
        date->day = (uint16_t)day;
    }
    return read && (!take(reader, '/') || read_clock(reader, CLOCK_HOURS_MAX, &date->time_s));
}

/* Offsets are written as what to add to local time: west is positive. */
static bool read_offset(struct reader *reader, int32_t *east_s)
{
    int32_t west_s;

    if (!read_clock(reader, OFFSET_HOURS_MAX, &west_s))
        return false;
    *east_s = -west_s;
    return true;
}

static bool read_summer(struct reader *reader, struct td_zone_rule *rule)
{
    rule->has_summer = true;
    rule->summer_s = rule->standard_s + 3600;
    if (!read_name(reader))
        return false;
    if (reader->at < reader->end && *reader->at != ',' && !read_offset(reader, &rule->summer_s))
        return false;
    return take(reader, ',') && read_date(reader, &rule->begins) && take(reader, ',') &&
           read_date(reader, &rule->ends);
}

enum td_err td_zone_rule_parse(const char *text, size_t length, struct td_zone_rule *rule)
{
    struct reader reader = {text, text + length};

    *rule = (struct td_zone_rule){.has_summer = false};
    if (!read_name(&reader) || !read_offset(&reader, &rule->standard_s) ||
        (reader.at < reader.end && !read_summer(&reader, rule)))
        return TD_ERR_SYNTAX;
    return reader.at == reader.end ? TD_OK : TD_ERR_SYNTAX;
}
