#include "tandem/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tandem/core/columns.h"
#include "tandem/core/csv.h"
#include "tandem/core/top_table.h"

static void print(const struct td_text *text)
{
    (void)fwrite(text->to, 1, text->length, stdout);
}

/* --- table -------------------------------------------------------------------------------------
 */

static const struct report_value *find(const struct report_value *values, uint32_t count,
                                       const char *key)
{
    for (uint32_t i = 0; i < count; i++) {
        if (td_str_equal(values[i].key, key))
            return &values[i];
    }
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t size = strlen(end);

    return length >= size && td_str_equal(text + length - size, end);
}

/* "2026-11-22T22:00:00.123+00:00" without its parts of seconds; "f" and "t" as words. */
static void shorten(const char *key, const struct report_value *value, char text[TOP_CELL_SIZE])
{
    uint64_t ms;

    if (ends_with(key, "_ms") && td_str_to_u64(value->text, UINT64_MAX, &ms) == TD_OK) {
        top_duration(ms, text);
        return;
    }
    td_str_clip(text, TOP_CELL_SIZE, value->text[0] != '\0' ? value->text : "-");
    if (ends_with(key, "_at") || td_str_equal(key, "hour")) {
        text[strlen(text) > 19 ? 19 : strlen(text)] = '\0';
        if (strlen(text) == 19)
            text[10] = ' ';
    }
}

/* Numbers stand on the right, as their titles do. */
static void put_table(const struct report *report, const struct report_value *values,
                      uint32_t count, bool titles)
{
    char line[REPORT_TEXT_SIZE];
    char cell[TOP_CELL_SIZE];
    struct td_text text;

    td_text_init(&text, line, sizeof(line));
    for (const struct report_column *column = report->columns; column->title != NULL; column++) {
        const struct report_value *value = find(values, count, column->key);
        if (value == NULL)
            continue;
        bool right = value->is_number || (value->text[0] == '\0' && ends_with(column->key, "_ms"));

        shorten(column->key, value, cell);
        if (column != report->columns)
            td_text_add(&text, "  ");
        columns_put(&text, titles ? column->title : cell, column->width,
                    right ? COLUMNS_RIGHT : COLUMNS_LEFT);
    }
    while (text.length > 0 && line[text.length - 1] == ' ')
        text.length--;
    print(&text);
    (void)putchar('\n');
}

/* --- CSV ---------------------------------------------------------------------------------------
 */

static void put_csv(const struct report_value *values, uint32_t count, bool titles)
{
    char line[REPORT_TEXT_SIZE];
    struct td_text text;

    td_text_init(&text, line, sizeof(line));
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            td_text_add(&text, ",");
        csv_put(&text, titles ? values[i].key : values[i].text, titles || values[i].is_number);
    }
    td_text_add(&text, "\r\n");
    print(&text);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static void put_json(const struct report *report, const struct report_value *values, uint32_t count)
{
    char line[REPORT_TEXT_SIZE];
    struct td_text text;

    td_text_init(&text, line, sizeof(line));
    td_text_add(&text, report->rows == 0 ? "\n{" : ",\n{");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            td_text_add(&text, ",");
        td_text_add_json(&text, values[i].key);
        td_text_add(&text, ":");
        td_text_add(&text, values[i].json);
    }
    td_text_add(&text, "}");
    print(&text);
}

void report_begin(const struct report *report)
{
    if (report->format == REPORT_JSON)
        (void)fputs("[", stdout);
}

void report_row(struct report *report, const struct report_value *values, uint32_t count)
{
    bool is_first = report->rows == 0;

    if (report->format == REPORT_JSON) {
        put_json(report, values, count);
    } else if (report->format == REPORT_CSV) {
        if (is_first)
            put_csv(values, count, true);
        put_csv(values, count, false);
    } else {
        if (is_first)
            put_table(report, values, count, true);
        put_table(report, values, count, false);
    }
    report->rows++;
}

void report_end(const struct report *report)
{
    if (report->format == REPORT_JSON)
        (void)fputs(report->rows == 0 ? "]\n" : "\n]\n", stdout);
    else if (report->rows == 0 && report->format == REPORT_TABLE)
        (void)puts("nothing in these days");
}
