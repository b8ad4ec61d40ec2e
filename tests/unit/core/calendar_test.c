/*
 * Opening hours at the moments where wrong code differs: both clock changes, spans over midnight,
 * holidays, zones of half an hour, zones without summer time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/calendar/opening.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define SYDNEY "AEST-10AEDT,M10.1.0,M4.1.0/3"
#define SHANGHAI "CST-8"
#define KOLKATA "IST-5:30"
#define HOUR INT64_C(3600)

static void make_zone(struct td_zone *zone, const char *rule)
{
    memset(zone, 0, sizeof(*zone));
    zone->has_rule = true;
    assert_int_equal(td_zone_rule_parse(rule, strlen(rule), &zone->rule), TD_OK);
}

/* A moment in UTC. */
static int64_t at(const char *date, int hour, int minute)
{
    int64_t day;

    assert_int_equal(td_date_parse(date, &day), TD_OK);
    return day * TD_DAY_S + hour * HOUR + minute * 60;
}

static void add_span(struct td_day_hours *hours, const char *text)
{
    assert_int_equal(td_day_span_parse(text, &hours->spans[hours->count++]), TD_OK);
}

/* The same span each day. */
static struct td_opening daily(const struct td_zone *zone, const char *span)
{
    struct td_opening opening = {.zone = zone};

    for (uint32_t i = 0; i < 7; i++)
        add_span(&opening.week[i], span);
    return opening;
}

/* --- dates --- */

static void every_day_of_centuries_comes_back(void **state)
{
    (void)state;
    struct td_date last = {1899, 12, 31};
    int64_t day = td_date_to_day((struct td_date){1900, 1, 1});

    for (; day < td_date_to_day((struct td_date){2200, 1, 1}); day++) {
        struct td_date date = td_date_of_day(day);
        bool same_month = date.month == last.month;

        assert_int_equal(td_date_to_day(date), day);
        assert_int_equal(date.day, same_month ? last.day + 1 : 1);
        if (!same_month && last.year >= 1900)
            assert_int_equal(last.day, td_date_month_days(last.year, last.month));
        last = date;
    }
    assert_int_equal(td_date_weekday(0), 3);
    assert_int_equal(td_date_weekday(-4), 6);
}

static void dates_that_do_not_exist_are_refused(void **state)
{
    int64_t day;

    (void)state;
    assert_int_equal(td_date_parse("2028-02-29", &day), TD_OK);
    assert_int_equal(td_date_parse("2026-02-29", &day), TD_ERR_RANGE);
    assert_int_equal(td_date_parse("2100-02-29", &day), TD_ERR_RANGE);
    assert_int_equal(td_date_parse("2026-13-01", &day), TD_ERR_RANGE);
    assert_int_equal(td_date_parse("2026-04-31", &day), TD_ERR_RANGE);
    assert_int_equal(td_date_parse("2026-4-1", &day), TD_ERR_SYNTAX);
    assert_int_equal(td_date_parse("01.04.2026", &day), TD_ERR_SYNTAX);
}

/* --- zones --- */

static void berlin_changes_at_one_in_utc(void **state)
{
    struct td_zone zone;
    int64_t change;

    (void)state;
    make_zone(&zone, BERLIN);
    assert_int_equal(td_zone_offset(&zone, at("2026-03-29", 0, 59)), 3600);
    assert_int_equal(td_zone_offset(&zone, at("2026-03-29", 1, 0)), 7200);
    assert_int_equal(td_zone_offset(&zone, at("2026-10-25", 0, 59)), 7200);
    assert_int_equal(td_zone_offset(&zone, at("2026-10-25", 1, 0)), 3600);
    assert_true(td_zone_next_change(&zone, at("2026-03-29", 1, 0), &change));
    assert_int_equal(change, at("2026-10-25", 1, 0));
    assert_true(td_zone_next_change(&zone, at("2026-12-31", 12, 0), &change));
    assert_int_equal(change, at("2027-03-28", 1, 0));
}

static void summer_in_the_south_goes_over_the_new_year(void **state)
{
    struct td_zone zone;

    (void)state;
    make_zone(&zone, SYDNEY);
    assert_int_equal(td_zone_offset(&zone, at("2026-01-01", 0, 0)), 11 * 3600);
    assert_int_equal(td_zone_offset(&zone, at("2026-12-31", 23, 0)), 11 * 3600);
    assert_int_equal(td_zone_offset(&zone, at("2026-07-01", 0, 0)), 10 * 3600);
    assert_int_equal(td_zone_offset(&zone, at("2026-04-04", 15, 59)), 11 * 3600);
    assert_int_equal(td_zone_offset(&zone, at("2026-04-04", 16, 0)), 10 * 3600);
}

static void rules_of_every_form_are_read(void **state)
{
    static const char *const wrong[] = {"",
                                        "C-1",
                                        "CET",
                                        "CET-25",
                                        "CET-1CEST",
                                        "CET-1CEST,",
                                        "<+03-3",
                                        "CET-1CEST,M3.5.0",
                                        "CET-1X,J1,J2",
                                        "CET-1CEST,M13.1.0,M1.1.0",
                                        "CET-1CEST,M3.6.0,M1.1.0",
                                        "CET-1CEST,J0,J2",
                                        "CET-1CEST,J1,J366",
                                        "CET-1CEST,0,365x"};
    struct td_zone_rule rule;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(td_zone_rule_parse(wrong[i], strlen(wrong[i]), &rule), TD_ERR_SYNTAX);

    assert_int_equal(td_zone_rule_parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 31, &rule), TD_OK);
    assert_int_equal(rule.standard_s, -7200);
    assert_int_equal(rule.summer_s, -3600);
    assert_int_equal(rule.begins.time_s, -3600);
    assert_int_equal(td_zone_rule_parse("IST-5:30", 8, &rule), TD_OK);
    assert_int_equal(rule.standard_s, 19800);
    assert_false(rule.has_summer);
}

/* --- a file, made by hand: two changes, and a footer --- */

static size_t put_u32(uint8_t *to, size_t pos, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[pos + (size_t)i] = (uint8_t)(value >> (24 - 8 * i));
    return pos + 4;
}

static size_t put_header(uint8_t *to, size_t pos, uint32_t times, uint32_t types, uint32_t chars)
{
    memset(to + pos, 0, 44);
    to[pos] = 'T', to[pos + 1] = 'Z', to[pos + 2] = 'i', to[pos + 3] = 'f', to[pos + 4] = '2';
    (void)put_u32(to, pos + 32, times);
    (void)put_u32(to, pos + 36, types);
    (void)put_u32(to, pos + 40, chars);
    return pos + 44;
}

static size_t put_type(uint8_t *to, size_t pos, int32_t offset)
{
    pos = put_u32(to, pos, (uint32_t)offset);
    to[pos++] = 0;
    to[pos++] = 0;
    return pos;
}

static size_t make_file(uint8_t *file)
{
    size_t pos = put_header(file, 0, 0, 1, 1);

    pos = put_type(file, pos, 0);
    file[pos++] = 0;
    pos = put_header(file, pos, 2, 2, 1);
    pos = put_u32(file, put_u32(file, pos, 0), 1000);
    pos = put_u32(file, put_u32(file, pos, 0), 2000);
    file[pos++] = 1;
    file[pos++] = 0;
    pos = put_type(file, pos, 3600);
    pos = put_type(file, pos, -7200);
    file[pos++] = 0;
    memcpy(file + pos, "\nXYZ-3\n", 7);
    return pos + 7;
}

static void a_file_gives_its_changes_and_then_its_footer(void **state)
{
    uint8_t file[256];
    struct td_zone zone;

    (void)state;
    assert_int_equal(td_zone_parse(td_bytes(file, make_file(file)), &zone), TD_OK);
    assert_int_equal(td_zone_offset(&zone, 999), 3600);
    assert_int_equal(td_zone_offset(&zone, 1000), -7200);
    assert_int_equal(td_zone_offset(&zone, 1999), -7200);
    assert_int_equal(td_zone_offset(&zone, 2000), 10800); // The footer, not the type.
}

static void a_file_cut_anywhere_or_with_a_tail_is_refused(void **state)
{
    uint8_t file[256];
    struct td_zone zone;
    size_t size = make_file(file);

    (void)state;
    for (size_t cut = 0; cut < size; cut++)
        assert_int_not_equal(td_zone_parse(td_bytes(file, cut), &zone), TD_OK);
    file[size] = 'x';
    assert_int_not_equal(td_zone_parse(td_bytes(file, size + 1), &zone), TD_OK);
}

static void a_file_that_contradicts_itself_is_refused(void **state)
{
    uint8_t file[256];
    struct td_zone zone;
    size_t size = make_file(file);
    size_t second = 44 + 7;

    (void)state;
    file[second + 44 + 16] = 2; // A type that is not there.
    assert_int_equal(td_zone_parse(td_bytes(file, size), &zone), TD_ERR_SYNTAX);
    size = make_file(file);
    file[second + 44 + 14] = 0; // The second change is before the first.
    assert_int_equal(td_zone_parse(td_bytes(file, size), &zone), TD_ERR_SYNTAX);
    size = make_file(file);
    (void)put_u32(file, second + 32, UINT32_MAX);
    assert_int_equal(td_zone_parse(td_bytes(file, size), &zone), TD_ERR_LIMIT);
    size = make_file(file);
    (void)put_u32(file, second + 44 + 18, 100000); // No clock is that far from UTC.
    assert_int_equal(td_zone_parse(td_bytes(file, size), &zone), TD_ERR_SYNTAX);
}

/* --- hours --- */

static void hours_are_those_of_the_wall_clock_over_a_spring_day(void **state)
{
    struct td_zone zone;
    struct td_opening opening;
    int64_t opens;

    (void)state;
    make_zone(&zone, BERLIN);
    opening = daily(&zone, "09:00-17:00");
    assert_false(td_opening_is_open(&opening, at("2026-03-28", 7, 59)));
    assert_true(td_opening_is_open(&opening, at("2026-03-28", 8, 0)));
    assert_false(td_opening_is_open(&opening, at("2026-03-29", 6, 59)));
    assert_true(td_opening_is_open(&opening, at("2026-03-29", 7, 0)));
    assert_false(td_opening_is_open(&opening, at("2026-03-29", 15, 0)));
    assert_true(td_opening_next(&opening, at("2026-03-28", 16, 0), &opens));
    assert_int_equal(opens, at("2026-03-29", 7, 0)); // 15 hours later, not 16.
    assert_true(td_opening_next(&opening, at("2026-10-24", 15, 0), &opens));
    assert_int_equal(opens, at("2026-10-25", 8, 0));
}

static void an_hour_that_is_skipped_opens_nothing(void **state)
{
    struct td_zone zone;
    struct td_opening opening;
    int64_t opens;

    (void)state;
    make_zone(&zone, BERLIN);
    opening = daily(&zone, "02:00-03:00");
    assert_true(td_opening_is_open(&opening, at("2026-03-28", 1, 30)));
    for (int minute = 0; minute < 180; minute++)
        assert_false(td_opening_is_open(&opening, at("2026-03-29", 0, minute)));
    assert_true(td_opening_next(&opening, at("2026-03-28", 2, 0), &opens));
    assert_int_equal(opens, at("2026-03-30", 0, 0));

    opening = daily(&zone, "02:30-05:00"); // The clock jumps into the span.
    assert_true(td_opening_next(&opening, at("2026-03-29", 0, 0), &opens));
    assert_int_equal(opens, at("2026-03-29", 1, 0));
}

static void an_hour_that_comes_twice_is_open_twice(void **state)
{
    struct td_zone zone;
    struct td_opening opening;
    int64_t opens;

    (void)state;
    make_zone(&zone, NEW_YORK);
    opening = daily(&zone, "01:00-01:30"); // 2026-11-01: 05:00 UTC in summer, 06:00 in winter.
    assert_true(td_opening_is_open(&opening, at("2026-11-01", 5, 29)));
    assert_false(td_opening_is_open(&opening, at("2026-11-01", 5, 30)));
    assert_true(td_opening_is_open(&opening, at("2026-11-01", 6, 0)));
    assert_false(td_opening_is_open(&opening, at("2026-11-01", 6, 30)));
    assert_true(td_opening_next(&opening, at("2026-11-01", 5, 30), &opens));
    assert_int_equal(opens, at("2026-11-01", 6, 0));
    opening = daily(&zone, "02:00-04:00"); // 2026-03-08: 02:00 is 03:00 at once.
    assert_true(td_opening_next(&opening, at("2026-03-08", 6, 0), &opens));
    assert_int_equal(opens, at("2026-03-08", 7, 0));
}

static void a_span_over_midnight_belongs_to_the_day_it_begins(void **state)
{
    struct td_zone zone;
    struct td_opening opening = {.zone = &zone};

    (void)state;
    make_zone(&zone, SHANGHAI);
    add_span(&opening.week[4], "22:00-06:00"); // Friday
    assert_false(td_opening_is_open(&opening, at("2026-11-20", 13, 59)));
    assert_true(td_opening_is_open(&opening, at("2026-11-20", 14, 0)));
    assert_true(td_opening_is_open(&opening, at("2026-11-20", 21, 59)));
    assert_false(td_opening_is_open(&opening, at("2026-11-20", 22, 0)));
    assert_false(td_opening_is_open(&opening, at("2026-11-21", 14, 0)));
}

static void a_holiday_has_its_own_hours_or_none(void **state)
{
    struct td_zone zone;
    struct td_holiday_hours holidays[2] = {{.hours = {.count = 0}}};
    struct td_opening opening;
    int64_t opens;

    (void)state;
    make_zone(&zone, SHANGHAI);
    opening = daily(&zone, "20:00-02:00");
    assert_int_equal(td_date_parse("2026-10-01", &holidays[0].day), TD_OK);
    assert_int_equal(td_date_parse("2026-10-02", &holidays[1].day), TD_OK);
    add_span(&holidays[1].hours, "10:00-12:00");
    opening.holidays = holidays;
    opening.holiday_count = 2;
    assert_true(td_opening_is_open(&opening, at("2026-09-30", 17, 0))); // 01:00: of the day before.
    assert_false(td_opening_is_open(&opening, at("2026-09-30", 18, 0)));
    assert_false(td_opening_is_open(&opening, at("2026-10-01", 12, 0)));
    assert_true(td_opening_is_open(&opening, at("2026-10-02", 3, 59)));
    assert_false(td_opening_is_open(&opening, at("2026-10-02", 12, 0)));
    assert_true(td_opening_next(&opening, at("2026-10-01", 0, 0), &opens));
    assert_int_equal(opens, at("2026-10-02", 2, 0));
}

static void half_hours_count(void **state)
{
    struct td_zone zone;
    struct td_opening opening;

    (void)state;
    make_zone(&zone, KOLKATA);
    opening = daily(&zone, "09:00-18:00");
    assert_false(td_opening_is_open(&opening, at("2026-11-23", 3, 29)));
    assert_true(td_opening_is_open(&opening, at("2026-11-23", 3, 30)));
    assert_false(td_opening_is_open(&opening, at("2026-11-23", 12, 30)));
}

static void the_whole_day_is_open_without_a_gap_and_no_hours_never_open(void **state)
{
    struct td_zone zone;
    struct td_opening always;
    struct td_opening never = {.zone = &zone};
    int64_t opens;

    (void)state;
    make_zone(&zone, BERLIN);
    always = daily(&zone, "00:00-24:00");
    for (int64_t moment = at("2026-03-27", 0, 0); moment < at("2026-03-31", 0, 0); moment += 60)
        assert_true(td_opening_is_open(&always, moment));
    assert_false(td_opening_next(&never, at("2026-03-27", 0, 0), &opens));
}

/* The answer is open, and nothing before it is. */
static void next_open_is_the_first_open_minute(void **state)
{
    static const char *const rules[] = {BERLIN, NEW_YORK, SYDNEY, SHANGHAI, KOLKATA};
    uint64_t random = 7;
    struct td_zone zone;
    int64_t opens;

    (void)state;
    for (uint32_t round = 0; round < 60; round++) {
        struct td_opening opening = {.zone = &zone};

        make_zone(&zone, rules[round % 5]);
        for (uint32_t day = 0; day < 7; day++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            if ((random >> 60) < 5)
                continue;
            opening.week[day].count = 1;
            opening.week[day].spans[0] = (struct td_day_span){
                (uint16_t)((random >> 40) % 1440), (uint16_t)(1 + (random >> 20) % 1440)};
        }
        int64_t from = at(round % 2 == 0 ? "2026-03-28" : "2026-10-31", 0, 0) - 4 * TD_DAY_S;
        for (int64_t moment = from; moment < from + 6 * TD_DAY_S; moment += 7 * 61) {
            if (!td_opening_next(&opening, moment, &opens))
                continue;
            assert_true(td_opening_is_open(&opening, opens));
            for (int64_t between = moment; between < opens; between += 60)
                assert_false(td_opening_is_open(&opening, between));
        }
    }
}

static void spans_that_share_a_minute_overlap(void **state)
{
    struct td_day_hours day = {.count = 0};
    struct td_day_hours next = {.count = 0};

    (void)state;
    add_span(&day, "09:00-12:00");
    add_span(&day, "12:00-18:00");
    assert_false(td_day_hours_overlap(&day, &next));
    add_span(&day, "22:00-06:00");
    add_span(&next, "06:00-07:00");
    assert_false(td_day_hours_overlap(&day, &next));
    add_span(&next, "05:59-06:00");
    assert_true(td_day_hours_overlap(&day, &next));
    next.count = 0;
    add_span(&day, "11:59-12:00");
    assert_true(td_day_hours_overlap(&day, &next));
}

static void texts_are_read_strictly(void **state)
{
    static const char *const wrong[] = {"9:00-17:00",  "09:00-17:00 ", "09:00_17:00", "09:60-10:00",
                                        "24:00-06:00", "09:00-24:01",  "09:00-09:00", ""};
    struct td_day_span span;
    uint8_t days;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_not_equal(td_day_span_parse(wrong[i], &span), TD_OK);
    assert_int_equal(td_day_span_parse("22:00-00:00", &span), TD_OK);
    assert_int_equal(span.to_min, 1440);
    assert_int_equal(td_weekdays_parse("mon-fri", &days), TD_OK);
    assert_int_equal(days, 0x1f);
    assert_int_equal(td_weekdays_parse("sat-mon", &days), TD_OK);
    assert_int_equal(days, 0x61);
    assert_int_equal(td_weekdays_parse("sun", &days), TD_OK);
    assert_int_equal(days, 0x40);
    assert_int_equal(td_weekdays_parse("mon-", &days), TD_ERR_SYNTAX);
    assert_int_equal(td_weekdays_parse("Monday", &days), TD_ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_centuries_comes_back),
        cmocka_unit_test(dates_that_do_not_exist_are_refused),
        cmocka_unit_test(berlin_changes_at_one_in_utc),
        cmocka_unit_test(summer_in_the_south_goes_over_the_new_year),
        cmocka_unit_test(rules_of_every_form_are_read),
        cmocka_unit_test(a_file_gives_its_changes_and_then_its_footer),
        cmocka_unit_test(a_file_cut_anywhere_or_with_a_tail_is_refused),
        cmocka_unit_test(a_file_that_contradicts_itself_is_refused),
        cmocka_unit_test(hours_are_those_of_the_wall_clock_over_a_spring_day),
        cmocka_unit_test(an_hour_that_is_skipped_opens_nothing),
        cmocka_unit_test(an_hour_that_comes_twice_is_open_twice),
        cmocka_unit_test(a_span_over_midnight_belongs_to_the_day_it_begins),
        cmocka_unit_test(a_holiday_has_its_own_hours_or_none),
        cmocka_unit_test(half_hours_count),
        cmocka_unit_test(the_whole_day_is_open_without_a_gap_and_no_hours_never_open),
        cmocka_unit_test(next_open_is_the_first_open_minute),
        cmocka_unit_test(spans_that_share_a_minute_overlap),
        cmocka_unit_test(texts_are_read_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
