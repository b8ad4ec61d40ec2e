/**
 * @file date.h  Days of the Gregorian calendar as numbers, day 0 being 1970-01-01. Pure.
 */
#ifndef TD_CORE_CALENDAR_DATE_H
#define TD_CORE_CALENDAR_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define TD_DAY_S 86400
#define TD_DAY_MIN 1440

struct td_date {
    int32_t year;
    uint32_t month; /**< 1..12 */
    uint32_t day;   /**< 1..31 */
};

/** Day of a date that exists. */
int64_t td_date_to_day(struct td_date date);
struct td_date td_date_of_day(int64_t day);
/** 0: Monday, 6: Sunday. */
uint32_t td_date_weekday(int64_t day);
bool td_date_is_leap(int32_t year);
uint32_t td_date_month_days(int32_t year, uint32_t month);

/** "2026-12-25", a day that exists in 1970..9999. @return TD_OK, TD_ERR_SYNTAX, TD_ERR_RANGE. */
enum td_err TD_MUST_CHECK td_date_parse(const char *text, int64_t *day);

/** Splits a moment into its day and the second of that day, before 1970 too. */
void td_date_split(int64_t unix_s, int64_t *day, int32_t *second);

#endif
