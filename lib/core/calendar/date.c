#include "core/calendar/date.h"

#include <string.h>

#define DAYS_PER_ERA 146097  /* 400 years, after which the calendar repeats */
#define EPOCH_IN_ERAS 719468 /* days from 0000-03-01 to 1970-01-01 */

bool td_date_is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

uint32_t td_date_month_days(int32_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && td_date_is_leap(year) ? 1U : 0U);
}

/* Years begin in March here, so that the leap day is the last of its year. */
int64_t td_date_to_day(struct td_date date)
{
    int64_t year = (int64_t)date.year - (date.month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + day_of_era - EPOCH_IN_ERAS;
}

struct td_date td_date_of_day(int64_t day)
{
    int64_t days = day + EPOCH_IN_ERAS;
    int64_t era = (days >= 0 ? days : days - DAYS_PER_ERA + 1) / DAYS_PER_ERA;
    int64_t day_of_era = days - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    uint32_t civil = (uint32_t)(month < 10 ? month + 3 : month - 9);

    return (struct td_date){
        .year = (int32_t)(year_of_era + era * 400 + (civil <= 2)),
        .month = civil,
        .day = (uint32_t)(day_of_year - (153 * month + 2) / 5 + 1),
    };
}

uint32_t td_date_weekday(int64_t day)
{
    int64_t weekday = (day + 3) % 7; // 1970-01-01 was a Thursday.

    return (uint32_t)(weekday < 0 ? weekday + 7 : weekday);
}

void td_date_split(int64_t unix_s, int64_t *day, int32_t *second)
{
    int64_t rest = unix_s % TD_DAY_S;

    *day = unix_s / TD_DAY_S - (rest < 0);
    *second = (int32_t)(rest < 0 ? rest + TD_DAY_S : rest);
}

static bool read_digits(const char *text, uint32_t count, uint32_t *value)
{
    *value = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = *value * 10 + (uint32_t)(text[i] - '0');
    }
    return true;
}

enum td_err td_date_parse(const char *text, int64_t *day)
{
    uint32_t year;
    struct td_date date;

    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || !read_digits(text, 4, &year) ||
        !read_digits(text + 5, 2, &date.month) || !read_digits(text + 8, 2, &date.day))
        return TD_ERR_SYNTAX;
    date.year = (int32_t)year;
    if (date.year < 1970 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > td_date_month_days(date.year, date.month))
        return TD_ERR_RANGE;
    *day = td_date_to_day(date);
    return TD_OK;
}
