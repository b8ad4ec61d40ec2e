/*
 * Opening hours, diversions, notices and tiers as people write them: read, written back, compiled,
 * and refused with the line and the field that is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "service/company_calendar.h"
#include "service/company_file.h"

#define HEAD "name: A\ndomain: a.example\ntime_zone: Europe/Berlin\n"
#define TIMETABLE HEAD "timetables:\n  - name: t\n"
#define QUEUES(a, b) HEAD "queues:\n  - {name: a, " a "}\n  - {name: b, " b "}\n"

static char fault[TD_YAML_FAULT_SIZE];

static enum td_err load_text(const char *text, struct td_company_file **file)
{
    char path[] = "/tmp/company-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    fault[0] = '\0';
    enum td_err err = td_company_file_load(path, NULL, file, fault);
    (void)unlink(path);
    return err;
}

static const char whole[] =
    HEAD "tiers: [{tier: gold, seconds: 120}]\n"
         "timetables:\n"
         "  - name: office\n"
         "    week:\n"
         "      - {days: [mon-thu], spans: ['09:00-12:30', '13:00-17:30']}\n"
         "      - {days: [fri], spans: ['22:00-06:00']}\n"
         "    holidays:\n"
         "      - {date: '2026-12-31', spans: ['09:00-12:00']}\n"
         "      - {date: '2026-12-25', name: Christmas}\n"
         "  - name: shop\n"
         "    time_zone: America/New_York\n"
         "    week: [{days: [sat, sun], spans: ['00:00-24:00']}]\n"
         "queues:\n"
         "  - name: sales\n"
         "    max_waiting: 3\n"
         "    max_wait_s: 60\n"
         "    timetable: shop\n"
         "    tiers: [{tier: gold, seconds: 10}, {tier: silver, seconds: 5}]\n"
         "    recording_notice: {mode: before_agent, texts: [{language: en, text: 'Recorded.'}]}\n"
         "    when_closed: {action: voice_mail, dialog: mail.vxml}\n"
         "    when_full: {action: busy, retry_after_s: 30}\n"
         "    when_waited: {action: queue, queue: backup}\n"
         "    when_no_agent: {action: message, texts: [{language: zh, text: '请稍后再拨。'}]}\n"
         "  - name: backup\n"
         "entry_points:\n"
         "  - name: main\n"
         "    answer: at_agent\n"
         "    queue: sales\n"
         "    timetable: office\n"
         "    when_closed: {action: unavailable}\n"
         "    recording_notice: {mode: in_dialog}\n";

static char *written(const struct td_company_config *config)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    td_company_write(config, out);
    (void)fclose(out);
    return text;
}

static void what_is_written_reads_back_the_same(void **state)
{
    struct td_company_file *first;
    struct td_company_file *second;

    (void)state;
    assert_int_equal(load_text(whole, &first), TD_OK);
    assert_int_equal(first->config.queues[0].when_waited.action, TD_DIVERSION_ACTION_QUEUE);
    assert_string_equal(first->config.queues[0].when_no_agent.texts[0].text, "请稍后再拨。");
    assert_int_equal(first->config.timetables[0].holidays_count, 2);
    char *once = written(&first->config);
    assert_int_equal(load_text(once, &second), TD_OK);
    char *twice = written(&second->config);
    assert_string_equal(once, twice);
    assert_non_null(strstr(once, "America/New_York"));
    free(once);
    free(twice);
    td_company_file_destroy(&first);
    td_company_file_destroy(&second);
}

static int64_t utc(const char *date, int hour, int minute)
{
    int64_t day;

    assert_int_equal(td_date_parse(date, &day), TD_OK);
    return day * TD_DAY_S + hour * 3600 + minute * 60;
}

static void timetables_are_asked_in_their_own_time_zone(void **state)
{
    struct td_company_calendar *calendar;
    struct td_calendar_fault why;
    struct td_company_file *file;

    (void)state;
    assert_int_equal(load_text(whole, &file), TD_OK);
    assert_int_equal(td_company_calendar_create(&file->config, &calendar, &why), TD_OK);
    const struct td_calendar *all = td_company_calendar_get(calendar);
    const struct td_opening *office = td_calendar_find(all, "office");
    const struct td_opening *shop = td_calendar_find(all, "shop");

    assert_null(td_calendar_find(all, "none"));
    assert_true(td_opening_is_open(office, utc("2026-11-23", 8, 0))); // Monday, 09:00 in Berlin
    assert_false(td_opening_is_open(office, utc("2026-11-23", 7, 59)));
    assert_true(td_opening_is_open(office, utc("2026-11-28", 4, 59))); // Friday's night
    assert_false(td_opening_is_open(office, utc("2026-12-25", 21, 30)));
    assert_false(td_opening_is_open(office, utc("2026-12-31", 13, 0)));
    assert_false(td_opening_is_open(shop, utc("2026-11-28", 4, 59)));
    assert_true(td_opening_is_open(shop, utc("2026-11-28", 5, 0)));
    td_company_calendar_destroy(&calendar);
    td_company_file_destroy(&file);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {TIMETABLE "    time_zone: Mars/Base\n", ":6: time_zone: expected a name such as"},
        {TIMETABLE "  - name: t\n", ":6: timetable \"t\" stands twice"},
        {TIMETABLE "    week: [{days: [monday], spans: ['09:00-10:00']}]\n",
         ":6: days: expected mon"},
        {TIMETABLE "    week: [{days: [mon], spans: ['9:00-10:00']}]\n",
         ":6: spans: expected times"},
        {TIMETABLE "    week: [{days: [mon], spans: ['09:00-25:00']}]\n",
         ":6: spans: expected times"},
        {TIMETABLE "    week: [{days: [mon]}]\n", ":6: spans: expected at least one"},
        {TIMETABLE "    week: [{spans: ['09:00-10:00']}]\n", ":6: days: expected at least one"},
        {TIMETABLE "    week: [{days: [mon], spans: ['09:00-12:00', '11:59-13:00']}]\n",
         ":6: week: spans of Monday overlap"},
        {TIMETABLE "    week:\n      - {days: [sun], spans: ['22:00-06:00']}\n"
                   "      - {days: [mon], spans: ['05:00-09:00']}\n",
         "week: spans of Sunday overlap"},
        {TIMETABLE "    holidays:\n      - {date: '2026-02-30'}\n", ":7: date: expected a day"},
        {TIMETABLE "    holidays:\n      - {date: '2026-02-01'}\n      - {date: '2026-02-01'}\n",
         ":8: date: 2026-02-01 stands twice"},
        {TIMETABLE
         "    holidays:\n      - {date: '2026-02-01', spans: ['09:00-12:00', '10:00-11:00']}\n",
         ":7: spans: they overlap"},
        {QUEUES("timetable: x, when_closed: {action: busy}", ""), ":5: timetable: there is no"},
        {QUEUES("when_closed: {action: busy}", ""), ":5: timetable and when_closed: expected both"},
        {QUEUES("when_full: {action: busy}", ""), ":5: when_full: the queue has no max_waiting"},
        {QUEUES("when_waited: {action: busy}", ""), ":5: when_waited: the queue has no max_wait_s"},
        {QUEUES("when_no_agent: {action: later}", ""), ":5: action: expected one of"},
        {QUEUES("when_no_agent: {queue: b}", ""), ":5: when_no_agent: action: expected message"},
        {QUEUES("when_no_agent: {action: queue, queue: c}", ""),
         ":5: when_no_agent: queue: there is no such queue"},
        {QUEUES("when_no_agent: {action: busy, dialog: x.vxml}", ""),
         ":5: when_no_agent: dialog: belongs to"},
        {QUEUES("when_no_agent: {action: queue, queue: a}", ""),
         ":5: when_no_agent: queue: leads back here"},
        {QUEUES("when_no_agent: {action: queue, queue: b}",
                "max_wait_s: 5, when_waited: {action: queue, queue: a}"),
         ":6: when_waited: queue: leads back here"},
        {QUEUES("max_wait_s: 90000", ""), ":5: max_wait_s: expected 0 to 86400"},
        {QUEUES("tiers: [{tier: g, seconds: 90000}]", ""), ":5: seconds: expected 0 to 86400"},
        {QUEUES("tiers: [{tier: g}, {tier: g}]", ""), ":5: tier: stands twice"},
        {QUEUES("recording_notice: {mode: before_agent}", ""),
         ":5: recording_notice: texts: expected what is said"},
        {HEAD "queues: [{name: q}]\nentry_points:\n"
              "  - {name: e, answer: at_agent, queue: q, when_closed: {action: busy}}\n",
         ":6: timetable and when_closed: expected both"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct td_company_file *file = NULL;

        assert_int_not_equal(load_text(cases[i].text, &file), TD_OK);
        if (strstr(fault, cases[i].says) == NULL)
            fail_msg("expected \"%s\" in \"%s\"", cases[i].says, fault);
    }
}

static void a_chain_of_queues_that_ends_is_no_circle(void **state)
{
    struct td_company_file *file;

    (void)state;
    assert_int_equal(load_text(HEAD "queues:\n"
                                    "  - {name: a, when_no_agent: {action: queue, queue: b}, "
                                    "max_wait_s: 9, when_waited: {action: queue, queue: c}}\n"
                                    "  - {name: b, when_no_agent: {action: queue, queue: c}}\n"
                                    "  - {name: c, when_no_agent: {action: voice_mail}}\n",
                               &file),
                     TD_OK);
    td_company_file_destroy(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(timetables_are_asked_in_their_own_time_zone),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(a_chain_of_queues_that_ends_is_no_circle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
