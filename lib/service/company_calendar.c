#include "service/company_calendar.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/zoneinfo.h"

/* A zone, read once for all timetables that name it. */
struct known_zone {
    const char *name;
    struct known_zone *next;
    struct td_zone zone;
};

struct td_company_calendar {
    struct td_calendar calendar;
    struct td_calendar_entry *entries;
    struct td_holiday_hours *holidays; /* of all timetables, one after the other */
    struct known_zone *zones;
};

__attribute__((format(printf, 5, 6))) static enum td_err refuse(struct td_calendar_fault *fault,
                                                                const char *list, uint32_t index,
                                                                const char *field,
                                                                const char *format, ...)
{
    va_list args;
    int used = snprintf(fault->sentence, sizeof(fault->sentence), "%s: ", field);

    fault->list = list;
    fault->index = index;
    fault->field = field;
    va_start(args, format);
    (void)vsnprintf(fault->sentence + used, sizeof(fault->sentence) - (size_t)used, format, args);
    va_end(args);
    return TD_ERR_SYNTAX;
}

/* --- zones --- */

static enum td_err read_zone(const char *name, struct td_zone *zone)
{
    uint8_t *file = malloc(TD_ZONE_FILE_MAX);
    struct td_bytes bytes;
    if (file == NULL)
        return TD_ERR_NO_MEMORY;

    enum td_err err = td_zoneinfo_read(name, file, TD_ZONE_FILE_MAX, &bytes);
    if (err == TD_OK)
        err = td_zone_parse(bytes, zone);
    free(file);
    return err;
}

enum td_err td_company_zone_check(const char *name)
{
    struct td_zone *zone = malloc(sizeof(*zone));
    enum td_err err = zone != NULL ? read_zone(name, zone) : TD_ERR_NO_MEMORY;

    free(zone);
    return err;
}

static enum td_err take_zone(struct td_company_calendar *calendar, const char *name,
                             const struct td_zone **zone)
{
    struct known_zone *known = calendar->zones;

    while (known != NULL && !td_str_equal(known->name, name))
        known = known->next;
    if (known == NULL) {
        known = calloc(1, sizeof(*known)); // Zeros are UTC.
        if (known == NULL)
            return TD_ERR_NO_MEMORY;
        known->name = name;
        known->next = calendar->zones;
        calendar->zones = known;
        enum td_err err = name[0] == '\0' ? TD_OK : read_zone(name, &known->zone);
        if (err != TD_OK)
            return err;
    }
    *zone = &known->zone;
    return TD_OK;
}

/* --- hours --- */

static enum td_err add_spans(const char (*spans)[12], uint32_t count, struct td_day_hours *hours,
                             struct td_calendar_fault *fault, const char *list, uint32_t index)
{
    for (uint32_t i = 0; i < count; i++) {
        if (hours->count == TD_DAY_SPANS_MAX)
            return refuse(fault, list, index, "spans", "a day has at most %d", TD_DAY_SPANS_MAX);
        if (td_day_span_parse(spans[i], &hours->spans[hours->count++]) != TD_OK)
            return refuse(fault, list, index, "spans",
                          "expected times such as 09:00-17:30, found \"%s\"", spans[i]);
    }
    return TD_OK;
}

static enum td_err add_week_hours(const struct td_week_hours *from, uint32_t index,
                                  struct td_opening *opening, struct td_calendar_fault *fault)
{
    uint8_t all = 0;

    for (uint32_t i = 0; i < from->days_count; i++) {
        uint8_t days;

        if (td_weekdays_parse(from->days[i], &days) != TD_OK)
            return refuse(fault, "week", index, "days",
                          "expected mon, tue, wed, thu, fri, sat, sun, or mon-fri, found \"%s\"",
                          from->days[i]);
        all |= days;
    }
    if (all == 0 || from->spans_count == 0)
        return refuse(fault, "week", index, all == 0 ? "days" : "spans", "expected at least one");
    for (uint32_t day = 0; day < 7; day++) {
        enum td_err err = (all & 1U << day) == 0
                              ? TD_OK
                              : add_spans(from->spans, from->spans_count, &opening->week[day],
                                          fault, "week", index);
        if (err != TD_OK)
            return err;
    }
    return TD_OK;
}

static enum td_err add_week(const struct td_timetable *from, struct td_opening *opening,
                            struct td_calendar_fault *fault)
{
    static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
    enum td_err err = TD_OK;

    for (uint32_t i = 0; i < from->week_count && err == TD_OK; i++)
        err = add_week_hours(&from->week[i], i, opening, fault);
    for (uint32_t day = 0; day < 7 && err == TD_OK; day++) {
        if (td_day_hours_overlap(&opening->week[day], &opening->week[(day + 1) % 7]))
            err = refuse(fault, NULL, 0, "week", "spans of %s overlap, or run into the next day's",
                         names[day]);
    }
    return err;
}

static enum td_err add_holiday(const struct td_holiday *from, uint32_t index,
                               struct td_holiday_hours *to, struct td_calendar_fault *fault)
{
    static const struct td_day_hours none;

    if (td_date_parse(from->date, &to->day) != TD_OK)
        return refuse(fault, "holidays", index, "date",
                      "expected a day such as 2026-12-25, found \"%s\"", from->date);
    to->hours.count = 0;
    enum td_err err =
        add_spans(from->spans, from->spans_count, &to->hours, fault, "holidays", index);
    if (err == TD_OK && td_day_hours_overlap(&to->hours, &none))
        err = refuse(fault, "holidays", index, "spans", "they overlap");
    return err;
}

static int compare_holidays(const void *a, const void *b)
{
    const struct td_holiday_hours *left = a;
    const struct td_holiday_hours *right = b;

    return (left->day > right->day) - (left->day < right->day);
}

static enum td_err add_holidays(const struct td_timetable *from, struct td_holiday_hours *holidays,
                                struct td_calendar_fault *fault)
{
    for (uint32_t i = 0; i < from->holidays_count; i++) {
        enum td_err err = add_holiday(&from->holidays[i], i, &holidays[i], fault);

        if (err != TD_OK)
            return err;
        for (uint32_t k = 0; k < i; k++) {
            if (holidays[k].day == holidays[i].day) {
                (void)refuse(fault, "holidays", i, "date", "%s stands twice",
                             from->holidays[i].date);
                return TD_ERR_EXISTS;
            }
        }
    }
    if (from->holidays_count > 0)
        qsort(holidays, from->holidays_count, sizeof(*holidays), compare_holidays);
    return TD_OK;
}

/* --- the whole --- */

static enum td_err add_timetable(struct td_company_calendar *calendar,
                                 const struct td_company_config *config, uint32_t index,
                                 struct td_holiday_hours *holidays, struct td_calendar_fault *fault)
{
    const struct td_timetable *from = &config->timetables[index];
    const char *zone = from->time_zone[0] != '\0' ? from->time_zone : config->time_zone;
    struct td_opening *opening = &calendar->entries[index].opening;

    fault->timetable = index;
    calendar->entries[index].name = from->name;
    enum td_err err = take_zone(calendar, zone, &opening->zone);
    if (err != TD_OK) {
        (void)refuse(fault, NULL, 0, "time_zone",
                     "expected a name such as Asia/Shanghai, found \"%s\"", zone);
        return err;
    }
    err = add_week(from, opening, fault);
    if (err == TD_OK)
        err = add_holidays(from, holidays, fault);
    opening->holidays = holidays;
    opening->holiday_count = from->holidays_count;
    return err;
}

static uint32_t count_holidays(const struct td_company_config *config)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < config->timetables_count; i++)
        count += config->timetables[i].holidays_count;
    return count;
}

enum td_err td_company_calendar_create(const struct td_company_config *config,
                                       struct td_company_calendar **calendar,
                                       struct td_calendar_fault *fault)
{
    struct td_company_calendar *self = calloc(1, sizeof(*self));
    struct td_holiday_hours *holidays;
    enum td_err err = TD_OK;

    *fault = (struct td_calendar_fault){.field = ""};
    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    self->entries = calloc(config->timetables_count + 1U, sizeof(*self->entries));
    self->holidays = calloc(count_holidays(config) + 1U, sizeof(*self->holidays));
    if (self->entries == NULL || self->holidays == NULL)
        err = TD_ERR_NO_MEMORY;
    holidays = self->holidays;
    for (uint32_t i = 0; i < config->timetables_count && err == TD_OK; i++) {
        err = add_timetable(self, config, i, holidays, fault);
        holidays += config->timetables[i].holidays_count;
    }
    self->calendar = (struct td_calendar){self->entries, config->timetables_count};
    if (err == TD_OK)
        *calendar = self;
    else
        td_company_calendar_destroy(&self);
    return err;
}

void td_company_calendar_destroy(struct td_company_calendar **calendar)
{
    struct td_company_calendar *self = *calendar;
    if (self == NULL)
        return;

    while (self->zones != NULL) {
        struct known_zone *zone = self->zones;

        self->zones = zone->next;
        free(zone);
    }
    free(self->entries);
    free(self->holidays);
    free(self);
    *calendar = NULL;
}

const struct td_calendar *td_company_calendar_get(const struct td_company_calendar *calendar)
{
    return calendar != NULL ? &calendar->calendar : NULL;
}
