/**
 * @file top_board.h  What is under way, kept up to date: a list from the router, changed by events,
 * and figures as they come.
 *
 * Who uses it subscribes first, then lists: board_begin(), the pages, board_end(), which drops what
 * was there before and was not listed again. An event that came in between is not undone: it is
 * the younger.
 */
#ifndef TANDEM_TOP_BOARD_H
#define TANDEM_TOP_BOARD_H

#include "tandem/core/top.h"
#include "wire/interaction_wire.h"

struct board {
    struct top_queue *queues;
    uint32_t queue_count, queue_size;
    struct td_agent_status *agents; /* sorted by name */
    uint32_t *agent_rounds;
    uint32_t agent_count, agent_size;
    struct td_interaction_status *calls;
    uint32_t *call_rounds; /* listed or heard of in this one */
    uint32_t call_count, call_size;
    uint32_t round;
};

/** @param board  Zeroed at first. Memory that runs out ends the program. */
void board_fini(struct board *board);

void board_begin(struct board *board);
void board_list_agent(struct board *board, const struct td_agent_status *agent);
void board_list_call(struct board *board, const struct td_interaction_status *call);
void board_end(struct board *board);

void board_hear_agent(struct board *board, const struct td_agent_record *record);
void board_hear_call(struct board *board, const char *topic,
                     const struct td_interaction_event *event);
void board_close_call(struct board *board, struct td_interaction_id id);
void board_take_queue(struct board *board, const struct td_queue_metrics *metrics);
void board_take_gauge(struct board *board, const struct td_router_queue_gauge *gauge);
/** Drops queues whose figures were last made before. */
void board_drop_queues(struct board *board, uint64_t before_unix_us);

/** Rows of the largest table. */
uint32_t board_rows(const struct board *board);

#endif
