/**
 * @file columns.h  Text in the columns of a terminal: a Chinese character takes two, an accent
 * none.
 *
 * Pure, but for wcwidth(), which asks the C library's tables: the program must have set LC_CTYPE to
 * some UTF-8 locale ("C.UTF-8" is always there).
 */
#ifndef TANDEM_CORE_COLUMNS_H
#define TANDEM_CORE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/** Columns that `text` takes. What cannot be shown (control characters, bytes that are no UTF-8)
    counts as the one '?' that columns_put writes for it. */
uint32_t columns_width(const char *text);

enum columns_side { COLUMNS_LEFT, COLUMNS_RIGHT };

/** Writes `text` into exactly `width` columns: filled up with spaces, or cut between characters
    with the last column telling so ('~'). Nothing that moves the cursor gets through. */
void columns_put(struct td_text *to, const char *text, uint32_t width, enum columns_side side);

#endif
