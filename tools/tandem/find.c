#include "tandem/find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tandem/zone.h"

#define DEADLINE_MS 10000
#define DIGITS_MIN 4
#define TIME_DIGITS 12                    /* of a UUIDv7: milliseconds since 1970 */
#define CLOCKS_APART_MS UINT64_C(3600000) /* of the hosts of a site, at most */
#define SHOWN_MAX 5

/* An interaction begins with its arrival, or when an agent calls out. Two newest ones of an index,
   not the newest of both topics: the index has one topic after the other. */
static const struct td_history_statement last_statement = {
    "find_last", "SELECT key, ''::text FROM ("
                 "(SELECT key, occurred_at FROM tandem.event WHERE tenant = $1 AND topic = "
                 "'interaction.arrived' "
                 "ORDER BY occurred_at DESC LIMIT 1) UNION ALL "
                 "(SELECT key, occurred_at FROM tandem.event WHERE tenant = $1 AND topic = "
                 "'interaction.dialled' "
                 "ORDER BY occurred_at DESC LIMIT 1)) AS newest ORDER BY occurred_at DESC LIMIT 1"};

static const struct td_history_statement part_statement = {
    "find_part", "SELECT key, to_char(min(occurred_at), 'YYYY-MM-DD HH24:MI:SS') FROM tandem.event "
                 "WHERE tenant = $1 AND topic IN ('interaction.arrived', 'interaction.dialled') "
                 "AND occurred_at >= least($3, now() - interval '7 days') "
                 "AND ((key LIKE $2 || '%' AND occurred_at BETWEEN $3 AND $4) "
                 "OR (key LIKE '%' || $2 AND occurred_at >= now() - interval '7 days')) "
                 "GROUP BY key ORDER BY min(occurred_at) DESC LIMIT 6"};

struct search {
    struct td_service *service;
    const char *text;
    find_fn *found;
    void *ctx;
};

static bool is_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool find_is_name(const char *text)
{
    size_t digits = 0;

    if (td_str_equal(text, "last"))
        return true;
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (!is_digit(text[i]) && text[i] != '-')
            return false;
        digits += is_digit(text[i]);
    }
    return digits >= DIGITS_MIN && strlen(text) < TD_ID_TEXT_SIZE;
}

/* The first or last moment at which an id that begins so was made. */
static uint64_t moment(const char *text, char filler)
{
    char digits[TIME_DIGITS + 1];
    size_t count = 0;

    for (size_t i = 0; text[i] != '\0' && count < TIME_DIGITS; i++) {
        if (text[i] != '-')
            digits[count++] = text[i];
    }
    while (count < TIME_DIGITS)
        digits[count++] = filler;
    digits[count] = '\0';
    return strtoull(digits, NULL, 16);
}

/* What PostgreSQL's calendar can hold. */
static uint64_t sensible_us(uint64_t unix_ms)
{
    const uint64_t year_9999_ms = UINT64_C(253370764800000);

    return (unix_ms < year_9999_ms ? unix_ms : year_9999_ms) * 1000;
}

static void say_all(const struct search *search, const struct td_rows *rows)
{
    (void)command_fail(1, "%s fits several interactions; more digits, please:", search->text);
    for (uint32_t i = 0; i < td_rows_count(rows) && i < SHOWN_MAX; i++)
        (void)fprintf(stderr, "  %s  %s\n", td_rows_text(rows, i, 0), td_rows_text(rows, i, 1));
    if (td_rows_count(rows) > SHOWN_MAX)
        (void)fputs("  ...\n", stderr);
}

static void take_rows(const struct search *search, const struct td_rows *rows)
{
    struct td_id id;

    if (td_rows_count(rows) > 1) {
        say_all(search, rows);
        td_tool_exit(search->service, 1);
    } else if (td_rows_count(rows) == 0) {
        td_tool_exit(search->service,
                     command_fail(1, "the history has no such interaction: %s", search->text));
    } else if (td_id_parse(td_rows_text(rows, 0, 0), &id) != TD_OK) {
        td_tool_exit(search->service, command_fail(1, "the history names an interaction %s",
                                                   td_rows_text(rows, 0, 0)));
    } else {
        search->found(search->ctx, id);
    }
}

static void on_rows(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct search *search = ctx;

    if (err != TD_OK)
        td_tool_exit(search->service, command_fail(1, "the history cannot be read: %s",
                                                   command_why_failed(err, answer->message)));
    else
        take_rows(search, answer->steps[1]);
    free(search);
}

/* LIKE sees the difference, a reader none. */
static void fold(const char *text, char part[TD_ID_TEXT_SIZE])
{
    td_str_clip(part, TD_ID_TEXT_SIZE, text);
    for (; *part != '\0'; part++) {
        if (*part >= 'A' && *part <= 'F')
            *part = (char)(*part - 'A' + 'a');
    }
}

static enum td_err ask(struct search *search, uint32_t tenant)
{
    char part[TD_ID_TEXT_SIZE];
    uint64_t from = moment(search->text, '0');
    bool is_last = td_str_equal(search->text, "last");
    struct td_history_unit *unit;

    fold(search->text, part);
    const struct td_param params[] = {
        td_param_i32((int32_t)tenant), td_param_text(part),
        td_param_unix_us(sensible_us(from > CLOCKS_APART_MS ? from - CLOCKS_APART_MS : 0)),
        td_param_unix_us(sensible_us(moment(search->text, 'f') + CLOCKS_APART_MS))};
    enum td_err err = td_history_unit_create(&unit);
    if (err != TD_OK)
        return err;
    td_history_unit_add(unit, &zone_statement, params, 1);
    td_history_unit_add(unit, is_last ? &last_statement : &part_statement, params, is_last ? 1 : 4);
    td_history_unit_repeatable(unit);
    return td_history_run(td_service_history(search->service), &unit, DEADLINE_MS, on_rows, search);
}

void find_interaction(struct td_service *service, uint32_t tenant, const char *text, find_fn *found,
                      void *ctx)
{
    struct td_id id;

    if (td_id_parse(text, &id) == TD_OK) {
        found(ctx, id);
        return;
    }
    struct search *search = malloc(sizeof(*search));
    if (search == NULL)
        abort();
    *search = (struct search){service, text, found, ctx};
    if (ask(search, tenant) != TD_OK) {
        free(search);
        td_tool_exit(service, command_fail(1, "the history cannot be read"));
    }
}
