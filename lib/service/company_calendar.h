/**
 * @file company_calendar.h  The timetables of a company, made ready to be asked (core/calendar).
 *
 * Reads the rules of the time zones that the timetables name from the system's database.
 */
#ifndef TD_SERVICE_COMPANY_CALENDAR_H
#define TD_SERVICE_COMPANY_CALENDAR_H

#include "base/err.h"
#include "core/calendar/opening.h"
#include "wire/config_wire.h"

/** Room for the sentence that says what is wrong. */
#define TD_CALENDAR_FAULT_SIZE 200

/** What of a timetable cannot be. */
struct td_calendar_fault {
    uint32_t timetable; /**< Which one. */
    const char *list;   /**< "week", "holidays", or NULL: `field` is the timetable's own. */
    uint32_t index;     /**< In that list. */
    const char *field;  /**< "spans" */
    char sentence[TD_CALENDAR_FAULT_SIZE]; /**< "spans: expected ..." */
};

struct td_company_calendar;

/**
 * @param config    Kept: the names in the calendar are its own.
 * @param calendar  Owned by the caller: td_company_calendar_destroy.
 * @param fault     Written on failure.
 * @return TD_OK, TD_ERR_SYNTAX, TD_ERR_RANGE, TD_ERR_EXISTS (a date twice), TD_ERR_NOT_FOUND (a
 *         zone), TD_ERR_NO_MEMORY.
 */
enum td_err TD_MUST_CHECK td_company_calendar_create(const struct td_company_config *config,
                                                     struct td_company_calendar **calendar,
                                                     struct td_calendar_fault *fault);
void td_company_calendar_destroy(struct td_company_calendar **calendar);

/** Valid as long as both the calendar and its configuration. @param calendar  May be NULL. */
const struct td_calendar *td_company_calendar_get(const struct td_company_calendar *calendar);

/** Whether the system knows this time zone. @return TD_OK, TD_ERR_NOT_FOUND, TD_ERR_SYNTAX. */
enum td_err TD_MUST_CHECK td_company_zone_check(const char *name);

#endif
