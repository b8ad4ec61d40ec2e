/**
 * @file csv.h  Comma-separated values as RFC 4180 has them, for programs and for spreadsheets.
 * Pure.
 *
 * A spreadsheet takes text that begins with = + - @ or a tab for a formula, and callers choose what
 * stands in theirs: such text gets an apostrophe before it, which spreadsheets hide and programs
 * can see. Numbers are left alone.
 */
#ifndef TANDEM_CORE_CSV_H
#define TANDEM_CORE_CSV_H

#include <stdbool.h>

#include "base/text.h"

/** One field, quoted where it must be. @param is_number  Written by us, not by somebody outside. */
void csv_put(struct td_text *to, const char *value, bool is_number);

#endif
