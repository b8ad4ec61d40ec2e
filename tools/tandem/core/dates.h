/**
 * @file dates.h  Dates as people give them on a command line. Pure.
 */
#ifndef TANDEM_CORE_DATES_H
#define TANDEM_CORE_DATES_H

#include <stdbool.h>

/** Whether `text` is a day of the calendar, "2026-11-22", from the year 1970 to 9999. */
bool dates_is_day(const char *text);

#endif
