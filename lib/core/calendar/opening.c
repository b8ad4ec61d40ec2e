#include "core/calendar/opening.h"

#include <string.h>

#include "base/str.h"

/* --- texts --- */

static bool read_clock(const char *text, uint16_t *minutes)
{
    for (uint32_t i = 0; i < 5; i++) {
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
            return false;
    }
    *minutes = (uint16_t)(((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 +
                          text[4] - '0');
    return text[3] <= '5';
}

enum td_err td_day_span_parse(const char *text, struct td_day_span *span)
{
    struct td_day_span read;

    if (strlen(text) != 11 || text[5] != '-' || !read_clock(text, &read.from_min) ||
        !read_clock(text + 6, &read.to_min))
        return TD_ERR_SYNTAX;
    if (read.from_min >= TD_DAY_MIN || read.to_min > TD_DAY_MIN || read.from_min == read.to_min)
        return TD_ERR_RANGE;
    if (read.to_min == 0)
        read.to_min = TD_DAY_MIN; // "22:00-00:00" ends with its day.
    *span = read;
    return TD_OK;
}

static bool read_weekday(const char *text, uint32_t *day)
{
    static const char names[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

    for (*day = 0; *day < 7; ++*day) {
        if (strncmp(text, names[*day], 3) == 0)
            return true;
    }
    return false;
}

enum td_err td_weekdays_parse(const char *text, uint8_t *days)
{
    size_t length = strlen(text);
    uint32_t first;
    uint32_t last;

    if ((length != 3 && length != 7) || !read_weekday(text, &first))
        return TD_ERR_SYNTAX;
    last = first;
    if (length == 7 && (text[3] != '-' || !read_weekday(text + 4, &last)))
        return TD_ERR_SYNTAX;
    *days = 0;
    for (uint32_t day = first;; day = (day + 1) % 7) {
        *days |= (uint8_t)(1U << day);
        if (day == last)
            return TD_OK;
    }
}

/* --- spans --- */

static uint32_t end_of(const struct td_day_span *span)
{
    return span->to_min > span->from_min ? span->to_min : span->to_min + (uint32_t)TD_DAY_MIN;
}

static bool share(uint32_t from_a, uint32_t to_a, uint32_t from_b, uint32_t to_b)
{
    return from_a < to_b && from_b < to_a;
}

bool td_day_hours_overlap(const struct td_day_hours *day, const struct td_day_hours *next)
{
    for (uint32_t i = 0; i < day->count; i++) {
        const struct td_day_span *a = &day->spans[i];

        for (uint32_t k = i + 1; k < day->count; k++) {
            if (share(a->from_min, end_of(a), day->spans[k].from_min, end_of(&day->spans[k])))
                return true;
        }
        for (uint32_t k = 0; k < next->count; k++) {
            const struct td_day_span *b = &next->spans[k];

            if (share(a->from_min, end_of(a), b->from_min + (uint32_t)TD_DAY_MIN,
                      end_of(b) + TD_DAY_MIN))
                return true;
        }
    }
    return false;
}

/* --- days --- */

static const struct td_day_hours *hours_of(const struct td_opening *opening, int64_t day)
{
    uint32_t low = 0;
    uint32_t high = opening->holiday_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (opening->holidays[middle].day == day)
            return &opening->holidays[middle].hours;
        if (opening->holidays[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return &opening->week[td_date_weekday(day)];
}

/* Minute of the day `hours` are of; those of the next day go on from 1440. */
static bool covers(const struct td_day_hours *hours, uint32_t minute)
{
    for (uint32_t i = 0; i < hours->count; i++) {
        if (minute >= hours->spans[i].from_min && minute < end_of(&hours->spans[i]))
            return true;
    }
    return false;
}

bool td_opening_is_open(const struct td_opening *opening, int64_t unix_s)
{
    int64_t day;
    int32_t second;

    td_date_split(unix_s + td_zone_offset(opening->zone, unix_s), &day, &second);
    uint32_t minute = (uint32_t)second / 60;
    return covers(hours_of(opening, day), minute) ||
           covers(hours_of(opening, day - 1), minute + TD_DAY_MIN);
}

/* The next moment at which something may open: a span begins, a day begins, the clock changes. */
static int64_t next_moment(const struct td_opening *opening, int64_t unix_s)
{
    int64_t day;
    int32_t second;
    int32_t next = TD_DAY_S;
    int64_t change;

    td_date_split(unix_s + td_zone_offset(opening->zone, unix_s), &day, &second);
    const struct td_day_hours *hours = hours_of(opening, day);
    for (uint32_t i = 0; i < hours->count; i++) {
        int32_t from = hours->spans[i].from_min * 60;
        if (from > second && from < next)
            next = from;
    }
    int64_t moment = unix_s + next - second;
    if (td_zone_next_change(opening->zone, unix_s, &change) && change < moment)
        return change;
    return moment;
}

bool td_opening_next(const struct td_opening *opening, int64_t unix_s, int64_t *opens_unix_s)
{
    int64_t last = unix_s + TD_OPENING_HORIZON_DAYS * (int64_t)TD_DAY_S;

    for (int64_t at = unix_s; at <= last; at = next_moment(opening, at)) {
        if (td_opening_is_open(opening, at)) {
            *opens_unix_s = at;
            return true;
        }
    }
    return false;
}

const struct td_opening *td_calendar_find(const struct td_calendar *calendar, const char *name)
{
    for (uint32_t i = 0; calendar != NULL && i < calendar->count; i++) {
        if (td_str_equal(calendar->entries[i].name, name))
            return &calendar->entries[i].opening;
    }
    return NULL;
}
