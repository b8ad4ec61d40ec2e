/**
 * @file opening.h  Opening hours: is it open at a moment, and when does it open next.
 *
 * Model. Hours are what the clock on the wall of the zone shows. A day has spans; one that ends at
 * or before the time it begins goes on into the next day, and belongs to the day on which it
 * begins. A holiday's spans replace those of its weekday, but for what the day before still has
 * open. So an hour that a clock change skips opens nothing, and an hour that comes twice is open
 * twice.
 *
 * Pure; no heap. `is_open` is O(log changes + log holidays); `next_open` looks ahead day by day.
 */
#ifndef TD_CORE_CALENDAR_OPENING_H
#define TD_CORE_CALENDAR_OPENING_H

#include "core/calendar/date.h"
#include "core/calendar/zone.h"

#define TD_DAY_SPANS_MAX 8
/** How far next_open looks. */
#define TD_OPENING_HORIZON_DAYS 400

/** Minutes of the day: from 0..1439, to 1..1440; to <= from: of the next day. */
struct td_day_span {
    uint16_t from_min;
    uint16_t to_min;
};

struct td_day_hours {
    uint32_t count; /**< 0: closed. */
    struct td_day_span spans[TD_DAY_SPANS_MAX];
};

struct td_holiday_hours {
    int64_t day;
    struct td_day_hours hours;
};

struct td_opening {
    const struct td_zone *zone;
    struct td_day_hours week[7];             /**< Monday first. */
    const struct td_holiday_hours *holidays; /**< Rising by day, each once. */
    uint32_t holiday_count;
};

/** "09:00-17:30", "22:00-06:00", "00:00-24:00". @return TD_OK, TD_ERR_SYNTAX, TD_ERR_RANGE. */
enum td_err TD_MUST_CHECK td_day_span_parse(const char *text, struct td_day_span *span);

/** "mon", "mon-fri", "sat-mon": bit 0 is Monday. @return TD_OK or TD_ERR_SYNTAX. */
enum td_err TD_MUST_CHECK td_weekdays_parse(const char *text, uint8_t *days);

/** Whether two spans of these two days, one after the other, or of the first, share a minute. */
bool td_day_hours_overlap(const struct td_day_hours *day, const struct td_day_hours *next);

bool td_opening_is_open(const struct td_opening *opening, int64_t unix_s);

/** The first moment from this one on at which it is open. @return False: not within the horizon. */
bool td_opening_next(const struct td_opening *opening, int64_t unix_s, int64_t *opens_unix_s);

/** Timetables by name, as one company has them. */
struct td_calendar_entry {
    const char *name;
    struct td_opening opening;
};

struct td_calendar {
    const struct td_calendar_entry *entries;
    uint32_t count;
};

/** @param calendar  May be NULL. @return NULL when there is none of that name. */
const struct td_opening *td_calendar_find(const struct td_calendar *calendar, const char *name);

#endif
