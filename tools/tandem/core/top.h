/**
 * @file top.h  What `tandem top` shows, and how it is laid out: a model in, lines out.
 *
 * Three tables (queues, agents, calls) under a summary. A view is what the person at the keyboard
 * chose: table, sort, filter, place. Pure: memory and time are the caller's, no terminal is known;
 * colours are SGR sequences that can be left out. Widths are those of columns.h.
 */
#ifndef TANDEM_CORE_TOP_H
#define TANDEM_CORE_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "wire/agent_wire.h"
#include "wire/metrics_wire.h"
#include "wire/watch_wire.h"

#define TOP_COLUMNS_MAX 12
#define TOP_FILTER_SIZE 40
#define TOP_CELL_SIZE 160

/** A queue as reporting counted it, and how many of it talk as the router says. */
struct top_queue {
    struct td_queue_metrics metrics;
    uint32_t talking;
};

/** All that is known now. Arrays are borrowed. */
struct top_model {
    const char *site;
    const char *clock; /**< "22:14:03" */
    uint64_t now_unix_us;
    const struct top_queue *queues;
    uint32_t queue_count;
    const struct td_agent_status *agents;
    uint32_t agent_count;
    const struct td_interaction_status *calls;
    uint32_t call_count;
    bool has_router; /**< One is active and answered. */
    bool has_hub;
    uint32_t figures_age_s; /**< Since figures came last. */
};

enum top_table { TOP_QUEUES, TOP_AGENTS, TOP_CALLS, TOP_TABLE_COUNT };

struct top_view {
    enum top_table table;
    uint32_t sort[TOP_TABLE_COUNT];  /**< Column of each table. */
    bool reversed[TOP_TABLE_COUNT];  /**< From how that column usually goes. */
    uint32_t first[TOP_TABLE_COUNT]; /**< Row at the top. */
    char filter[TOP_FILTER_SIZE];
    bool typing;  /**< The filter is being typed. */
    bool helping; /**< The keys are shown instead of the table. */
    bool chinese;
};

enum top_key {
    TOP_KEY_TAB = 9,
    TOP_KEY_ENTER = 13,
    TOP_KEY_ESCAPE = 27,
    TOP_KEY_BACKSPACE = 127,
    TOP_KEY_UP = 256,
    TOP_KEY_DOWN,
    TOP_KEY_LEFT,
    TOP_KEY_RIGHT,
    TOP_KEY_PAGE_UP,
    TOP_KEY_PAGE_DOWN,
    TOP_KEY_HOME,
};

/** As it is at first. */
void top_view_init(struct top_view *view, bool chinese);

/** @param key  A byte, or one of enum top_key. @param page  Rows of a page.
    @return False: leave. */
bool top_view_press(struct top_view *view, int key, uint32_t page);

/** A row of a table in its place. Scratch of the caller, one for each queue, agent or call. */
struct top_row {
    uint64_t number;
    char text[64];
    uint32_t index;
};

struct top_size {
    uint32_t width;
    uint32_t height;
};

/** Rows that fit a screen of that height. */
uint32_t top_page(uint32_t height);

/**
 * Lays out one screen: exactly `height` lines, each but the last ended by '\n' and none wider than
 * `width`. A first row that lies behind the last page is moved back to it.
 *
 * @param rows  At least as many as the largest table has.
 */
void top_draw(const struct top_model *model, struct top_view *view, struct top_size size,
              bool colour, struct top_row *rows, struct td_text *to);

/** All three tables in full, one after the other, without colours: for files and pipes. */
void top_draw_all(const struct top_model *model, const struct top_view *view, uint32_t width,
                  struct top_row *rows, struct td_text *to);

#endif
