/* Which rows of a table are shown in which order, and which columns fit, how wide. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tandem/core/top_table.h"

/* --- rows --------------------------------------------------------------------------------------
 */

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c;
}

static bool contains(const char *text, const char *part)
{
    for (; *text != '\0'; text++) {
        size_t i = 0;

        while (part[i] != '\0' && lower(text[i]) == lower(part[i]))
            i++;
        if (part[i] == '\0')
            return true;
    }
    return false;
}

static bool passes(const struct top_model *model, const struct top_view *view, uint32_t row)
{
    enum top_table table = view->table;
    struct top_cell cell;

    if (view->filter[0] == '\0')
        return true;
    for (uint32_t i = 0; i < top_columns(table)->count; i++) {
        const struct top_column *column = &top_columns(table)->columns[i];

        top_cell(model, table, row, i, view->chinese, &cell);
        if ((column->is_text || column->is_enum) && contains(cell.text, view->filter))
            return true;
    }
    return false;
}

/* Numbers from the largest; equal ones keep an order that does not jump about: by name. */
static int by_number(const void *a, const void *b)
{
    const struct top_row *left = a;
    const struct top_row *right = b;

    if (left->number != right->number)
        return left->number > right->number ? -1 : 1;
    return strcmp(left->text, right->text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct top_row *)a)->text, ((const struct top_row *)b)->text);
}

uint32_t top_list_rows(const struct top_model *model, const struct top_view *view,
                       struct top_row *rows)
{
    enum top_table table = view->table;
    uint32_t sort = view->sort[table];
    bool is_text = top_columns(table)->columns[sort].is_text;
    struct top_cell cell;
    uint32_t count = 0;

    for (uint32_t i = 0; i < top_row_count(model, table); i++) {
        if (!passes(model, view, i))
            continue;
        struct top_row *row = &rows[count++];
        top_cell(model, table, i, sort, view->chinese, &cell);
        row->index = i;
        row->number = cell.number;
        if (!is_text) // Text breaks ties.
            top_cell(model, table, i, 0, view->chinese, &cell);
        td_str_clip(row->text, sizeof(row->text), cell.text);
    }
    qsort(rows, count, sizeof(rows[0]), is_text ? by_text : by_number);
    for (uint32_t i = 0; view->reversed[table] && i < count / 2; i++) {
        struct top_row row = rows[i];
        rows[i] = rows[count - 1 - i];
        rows[count - 1 - i] = row;
    }
    return count;
}

/* --- columns -----------------------------------------------------------------------------------
 */

static uint32_t total_width(const struct top_columns *columns, const struct top_layout *layout)
{
    uint32_t total = 0;

    for (uint32_t i = 0; i < columns->count; i++)
        total += layout->widths[i] > 0 ? layout->widths[i] + 1 : 0;
    return total > 0 ? total - 1 : 0;
}

/* The next to go: the one with the lowest mark. @return False when only those are left that stay.
 */
static bool leave_one_out(const struct top_columns *columns, struct top_layout *layout)
{
    uint32_t worst = columns->count;

    for (uint32_t i = 0; i < columns->count; i++) {
        uint32_t leaves = columns->columns[i].leaves;
        if (leaves > 0 && layout->widths[i] > 0 &&
            (worst == columns->count || leaves < columns->columns[worst].leaves))
            worst = i;
    }
    if (worst == columns->count)
        return false;
    layout->widths[worst] = 0;
    return true;
}

struct top_layout top_lay_out(const struct top_columns *columns, uint32_t width)
{
    struct top_layout layout = {{0}};

    for (uint32_t i = 0; i < columns->count; i++)
        layout.widths[i] = columns->columns[i].width;
    while (total_width(columns, &layout) > width && leave_one_out(columns, &layout))
        continue;
    for (bool grew = true; grew;) {
        grew = false;
        for (uint32_t i = 0; i < columns->count; i++) {
            bool may = layout.widths[i] > 0 && layout.widths[i] < columns->columns[i].width_max;
            if (may && total_width(columns, &layout) < width) {
                layout.widths[i]++;
                grew = true;
            }
        }
    }
    return layout;
}
