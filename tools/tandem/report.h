/**
 * @file report.h  Rows of named values, written as a table, as CSV or as JSON while they come.
 *
 * Rows of one report have the same columns in the same order. A table shows some of them, durations
 * as minutes and seconds; CSV and JSON have all, as they are.
 */
#ifndef TANDEM_REPORT_H
#define TANDEM_REPORT_H

#include <stdbool.h>
#include <stdint.h>

enum report_format { REPORT_TABLE, REPORT_CSV, REPORT_JSON };

/** A column of the table. */
struct report_column {
    const char *key;   /**< Of the value; one that ends in _ms is shown as a duration. */
    const char *title; /**< NULL ends the list. */
    uint32_t width;
};

#define REPORT_VALUES_MAX 64
#define REPORT_TEXT_SIZE 65536

/** Borrowed. */
struct report_value {
    const char *key;
    const char *json; /**< As JSON. */
    const char *text; /**< Without quotes; "" for null. */
    bool is_number;
};

struct report {
    enum report_format format;
    const struct report_column *columns;
    uint64_t rows; /**< Written so far. */
};

/** What stands before the first row. */
void report_begin(const struct report *report);
void report_row(struct report *report, const struct report_value *values, uint32_t count);
void report_end(const struct report *report);

#endif
