/* From a model to the lines of a screen. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tandem/core/top_table.h"

#define LINE_SIZE 4096
#define HEAD_LINES 3 /* summary, tabs, titles */
#define FOOT_LINES 1

static const char *const sgr[TOP_COLOUR_COUNT] = {
    [TOP_PLAIN] = "",           [TOP_DIM] = "\033[2m",    [TOP_GREEN] = "\033[32m",
    [TOP_YELLOW] = "\033[33m",  [TOP_RED] = "\033[1;31m", [TOP_CYAN] = "\033[36m",
    [TOP_MAGENTA] = "\033[35m",
};
#define SGR_BOLD "\033[1m"
#define SGR_REVERSE "\033[7m"
#define SGR_END "\033[0m"

/* What all that is drawn shares. */
struct pen {
    struct td_text *to;
    uint32_t width;
    bool colour;
    bool chinese;
};

static void style(const struct pen *pen, const char *sequence)
{
    if (pen->colour)
        td_text_add(pen->to, sequence);
}

/* One line in full width; a style of the whole. */
static void put_line(const struct pen *pen, const char *text, const char *sequence)
{
    style(pen, sequence);
    columns_put(pen->to, text, pen->width, COLUMNS_LEFT);
    if (sequence[0] != '\0')
        style(pen, SGR_END);
}

uint32_t top_page(uint32_t height)
{
    return height > HEAD_LINES + FOOT_LINES ? height - HEAD_LINES - FOOT_LINES : 0;
}

/* --- cells in a line ----------------------------------------------------------------------------
 */

static enum columns_side side_of(const struct top_column *column)
{
    return column->is_text || column->is_enum ? COLUMNS_LEFT : COLUMNS_RIGHT;
}

/* Room for a cell that starts at `used`; less than its width where the screen is too narrow. */
static uint32_t room(uint32_t used, uint32_t wanted, uint32_t width)
{
    return used >= width ? 0 : wanted < width - used ? wanted : width - used;
}

/* Writes the cells of one line by `put`, with a space between. */
static void
put_cells(const struct pen *pen, const struct top_columns *columns, const struct top_layout *layout,
          void (*put)(const struct pen *, const void *ctx, uint32_t column, uint32_t width),
          const void *ctx)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < columns->count; i++) {
        if (layout->widths[i] == 0)
            continue;
        if (used > 0 && used < pen->width) {
            td_text_add(pen->to, " ");
            used++;
        }
        uint32_t width = room(used, layout->widths[i], pen->width);
        put(pen, ctx, i, width);
        used += width;
    }
    columns_put(pen->to, "", pen->width - used, COLUMNS_LEFT);
}

struct titles {
    const struct top_columns *columns;
    uint32_t sort;
};

static void put_title(const struct pen *pen, const void *ctx, uint32_t column, uint32_t width)
{
    const struct titles *titles = ctx;
    const struct top_column *at = &titles->columns->columns[column];

    if (column == titles->sort)
        style(pen, SGR_BOLD);
    columns_put(pen->to, pen->chinese ? at->title_zh : at->title, width, side_of(at));
    if (column == titles->sort)
        style(pen, SGR_END SGR_REVERSE);
}

struct row {
    const struct top_model *model;
    enum top_table table;
    uint32_t index;
};

static void put_cell(const struct pen *pen, const void *ctx, uint32_t column, uint32_t width)
{
    const struct row *row = ctx;
    struct top_cell cell;

    top_cell(row->model, row->table, row->index, column, pen->chinese, &cell);
    style(pen, sgr[cell.colour]);
    columns_put(pen->to, cell.text, width, side_of(&top_columns(row->table)->columns[column]));
    if (cell.colour != TOP_PLAIN)
        style(pen, SGR_END);
}

/* --- the lines about all -----------------------------------------------------------------------
 */

struct sums {
    uint64_t waiting, longest_ms, answered, within, abandoned_after;
    uint32_t agents[TD_AGENT_STATE_COUNT];
    uint32_t logged_in, talking;
};

static struct sums add_up(const struct top_model *model)
{
    struct sums sums = {0};

    for (uint32_t i = 0; i < model->queue_count; i++) {
        const struct td_queue_metrics *metrics = &model->queues[i].metrics;

        sums.waiting += metrics->waiting;
        sums.answered += metrics->answered;
        sums.within += metrics->answered_within;
        sums.abandoned_after += metrics->abandoned_after;
        if (metrics->waiting > 0 && metrics->longest_wait_ms > sums.longest_ms)
            sums.longest_ms = metrics->longest_wait_ms;
    }
    for (uint32_t i = 0; i < model->agent_count; i++) {
        enum td_agent_state state = model->agents[i].state;

        if ((unsigned)state < TD_AGENT_STATE_COUNT)
            sums.agents[state]++;
        sums.logged_in += state > TD_AGENT_STATE_LOGGED_OUT;
    }
    for (uint32_t i = 0; i < model->call_count; i++)
        sums.talking += model->calls[i].phase == TD_INTERACTION_PHASE_CONNECTED;
    return sums;
}

static void format_level(const struct sums *sums, char text[16])
{
    uint64_t counted = sums->answered + sums->abandoned_after;

    if (counted == 0)
        td_str_clip(text, 16, "-");
    else
        (void)snprintf(text, 16, "%llu %%",
                       (unsigned long long)((sums->within * 100 + counted / 2) / counted));
}

static void put_summary(const struct pen *pen, const struct top_model *model)
{
    const struct sums sums = add_up(model);
    char longest[TOP_CELL_SIZE];
    char level[16];
    char line[LINE_SIZE];

    top_duration(sums.longest_ms, longest);
    format_level(&sums, level);
    (void)snprintf(line, sizeof(line),
                   pen->chinese ? "%s %s  呼叫 %u 通话 %u 等待 %llu 最长 %s 服务水平 %s"
                                  "  座席 %u 就绪 %u"
                                : "%s %s  calls %u talk %u wait %llu longest %s SL %s"
                                  "  agents %u ready %u",
                   model->site, model->clock, model->call_count, sums.talking,
                   (unsigned long long)sums.waiting, longest, level, sums.logged_in,
                   sums.agents[TD_AGENT_STATE_READY]);
    put_line(pen, line, SGR_BOLD);
}

/* What makes the rest untrue; NULL while all is well. */
static const char *warning(const struct pen *pen, const struct top_model *model)
{
    if (!model->has_hub)
        return pen->chinese ? "没有 hub：看不到事件" : "no hub: nothing is heard";
    if (!model->has_router)
        return pen->chinese ? "没有活动的 router" : "no router is active";
    if (model->figures_age_s > 3)
        return pen->chinese ? "数字已过时：没有 reporting" : "old figures: no reporting";
    return NULL;
}

static void put_tabs(const struct pen *pen, const struct top_model *model,
                     const struct top_view *view)
{
    const struct top_columns *columns = top_columns(view->table);
    const struct top_column *sorted = &columns->columns[view->sort[view->table]];
    const char *wrong = warning(pen, model);
    char line[LINE_SIZE];
    int used = 0;

    for (uint32_t i = 0; i < TOP_TABLE_COUNT; i++) {
        const struct top_columns *table = top_columns((enum top_table)i);
        bool here = i == view->table;

        used += snprintf(line + used, sizeof(line) - (size_t)used, "%s%u %s (%u)%s",
                         here ? "[" : " ", i + 1, pen->chinese ? table->name_zh : table->name,
                         top_row_count(model, (enum top_table)i), here ? "]" : " ");
    }
    if (wrong != NULL)
        (void)snprintf(line + used, sizeof(line) - (size_t)used, "  %s", wrong);
    else
        (void)snprintf(line + used, sizeof(line) - (size_t)used, "  %s %s%s%s%s",
                       pen->chinese ? "排序" : "sort",
                       pen->chinese ? sorted->title_zh : sorted->title,
                       view->reversed[view->table] ? (pen->chinese ? " 反向" : " reversed") : "",
                       view->filter[0] != '\0' ? "  /" : "", view->filter);
    put_line(pen, line, wrong != NULL ? sgr[TOP_RED] : "");
}

static void put_titles(const struct pen *pen, const struct top_view *view, enum top_table table,
                       const struct top_layout *layout)
{
    const struct titles titles = {top_columns(table), view->sort[table]};

    style(pen, SGR_REVERSE);
    put_cells(pen, titles.columns, layout, put_title, &titles);
    style(pen, SGR_END);
}

static void put_foot(const struct pen *pen, const struct top_view *view)
{
    char line[LINE_SIZE];

    if (view->typing)
        (void)snprintf(line, sizeof(line), "/%s_  %s", view->filter,
                       pen->chinese ? "回车确定  Esc 取消" : "Enter keeps it, Esc takes it back");
    else
        td_str_clip(line, sizeof(line),
                    pen->chinese ? "q 退出  1 2 3 切换  s 排序  r 反向  / 过滤  ↑ ↓ 翻动  ? 帮助"
                                 : "q quit  1 2 3 view  s sort  r reverse  / filter  "
                                   "up down scroll  ? help");
    put_line(pen, line, sgr[TOP_DIM]);
}

/* --- whole screens -----------------------------------------------------------------------------
 */

static const char *const help[][2] = {
    {"q            quit", "q            退出"},
    {"1 2 3, Tab   queues, agents, calls", "1 2 3, Tab   队列、座席、通话"},
    {"s, < >       sort by the next, the former column", "s, < >       按下一列、上一列排序"},
    {"r            the other way round", "r            反向排序"},
    {"/            show only rows with this text; Esc shows all",
     "/            只显示含此文字的行；Esc 全部显示"},
    {"up down, PgUp PgDn, Home   scroll", "↑ ↓, PgUp PgDn, Home   翻动"},
    {"", ""},
    {"Figures of queues are of today. SL: answered in time, of all answered or",
     "队列的数字为今日。水平：及时接听数，占接听数与"},
    {"abandoned too late. A call's name is the end of its id: tandem interaction NAME.",
     "超时放弃数之和的比例。通话以其 id 的末段为名：tandem interaction 名称。"},
};

static void put_help(const struct pen *pen, uint32_t lines)
{
    for (uint32_t i = 0; i < lines; i++) {
        bool is_said = i < sizeof(help) / sizeof(help[0]);

        put_line(pen, is_said ? help[i][pen->chinese] : "", "");
        td_text_add(pen->to, "\n");
    }
}

static void put_table(const struct pen *pen, const struct top_model *model, struct top_view *view,
                      uint32_t lines, struct top_row *rows)
{
    const struct top_columns *columns = top_columns(view->table);
    const struct top_layout layout = top_lay_out(columns, pen->width);
    uint32_t count = top_list_rows(model, view, rows);
    uint32_t *first = &view->first[view->table];

    if (*first + (uint64_t)lines > count)
        *first = count > lines ? count - lines : 0;
    put_titles(pen, view, view->table, &layout);
    td_text_add(pen->to, "\n");
    for (uint32_t i = 0; i < lines; i++) {
        const struct row row = {model, view->table,
                                *first + i < count ? rows[*first + i].index : 0};

        if (*first + i < count)
            put_cells(pen, columns, &layout, put_cell, &row);
        else
            put_line(pen, "", "");
        td_text_add(pen->to, "\n");
    }
}

void top_draw(const struct top_model *model, struct top_view *view, struct top_size size,
              bool colour, struct top_row *rows, struct td_text *to)
{
    const struct pen pen = {to, size.width, colour, view->chinese};

    if (size.height > FOOT_LINES) {
        put_summary(&pen, model);
        td_text_add(to, "\n");
    }
    if (size.height > FOOT_LINES + 1) {
        put_tabs(&pen, model, view);
        td_text_add(to, "\n");
    }
    if (size.height >= HEAD_LINES + FOOT_LINES && view->helping)
        put_help(&pen, size.height - HEAD_LINES);
    else if (size.height >= HEAD_LINES + FOOT_LINES)
        put_table(&pen, model, view, top_page(size.height), rows);
    put_foot(&pen, view);
}

void top_draw_all(const struct top_model *model, const struct top_view *view, uint32_t width,
                  struct top_row *rows, struct td_text *to)
{
    const struct pen pen = {to, width, false, view->chinese};
    const char *wrong = warning(&pen, model);

    put_summary(&pen, model);
    td_text_add(to, "\n");
    if (wrong != NULL) {
        put_line(&pen, wrong, "");
        td_text_add(to, "\n");
    }
    for (uint32_t i = 0; i < TOP_TABLE_COUNT; i++) {
        struct top_view all = *view;

        all.table = (enum top_table)i;
        all.first[i] = 0;
        td_text_add(to, "\n");
        put_table(&pen, model, &all, top_row_count(model, all.table), rows);
    }
}
