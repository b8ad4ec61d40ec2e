/**
 * @file top_table.h  The columns of the tables of top.h: what stands in a cell, how it is sorted.
 */
#ifndef TANDEM_CORE_TOP_TABLE_H
#define TANDEM_CORE_TOP_TABLE_H

#include "tandem/core/columns.h"
#include "tandem/core/top.h"

enum top_colour {
    TOP_PLAIN,
    TOP_DIM,
    TOP_GREEN,
    TOP_YELLOW,
    TOP_RED,
    TOP_CYAN,
    TOP_MAGENTA,
    TOP_COLOUR_COUNT
};

struct top_cell {
    char text[TOP_CELL_SIZE];
    uint64_t number; /**< Sorts the column, unless it is one of text. */
    enum top_colour colour;
};

struct top_column {
    const char *title;
    const char *title_zh;
    uint32_t width;     /**< At least. */
    uint32_t width_max; /**< Takes what is left over, up to this. */
    uint32_t leaves;    /**< Left out first where there is no room; 0: never. */
    bool is_text; /**< Left-bound, sorted by text from a to z; else right-bound, largest first. */
    bool is_enum; /**< Left-bound, but sorted by number. */
};

struct top_columns {
    const char *name;
    const char *name_zh;
    const struct top_column *columns;
    uint32_t count;
    uint32_t sort; /**< At first. */
};

const struct top_columns *top_columns(enum top_table table);
uint32_t top_row_count(const struct top_model *model, enum top_table table);
void top_cell(const struct top_model *model, enum top_table table, uint32_t row, uint32_t column,
              bool chinese, struct top_cell *cell);

/** The rows of the view's table that its filter lets through, in its order. @return How many. */
uint32_t top_list_rows(const struct top_model *model, const struct top_view *view,
                       struct top_row *rows);

/** Columns of each; 0: left out. */
struct top_layout {
    uint32_t widths[TOP_COLUMNS_MAX];
};

/** Leaves out columns until the rest fits, and gives those that can use it what is left over. */
struct top_layout top_lay_out(const struct top_columns *columns, uint32_t width);

/** "0:42", "12:03", "1:02:03"; "-" for none. */
void top_duration(uint64_t ms, char text[TOP_CELL_SIZE]);

#endif
