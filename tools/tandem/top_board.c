#include "tandem/top_board.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define FIRST_SIZE 64

/* Room for one more item of each array. */
static void *grow(void *items, uint32_t size, size_t item_size)
{
    void *grown = realloc(items, size * item_size);

    if (grown == NULL)
        abort();
    return grown;
}

static uint32_t next_size(uint32_t size)
{
    return size == 0 ? FIRST_SIZE : size * 2;
}

void board_fini(struct board *board)
{
    free(board->queues);
    free(board->agents);
    free(board->agent_rounds);
    free(board->calls);
    free(board->call_rounds);
    *board = (struct board){0};
}

/* --- agents ------------------------------------------------------------------------------------
 */

/* Index of the first agent not before `name`. */
static uint32_t agent_bound(const struct board *board, const char *name)
{
    uint32_t low = 0;
    uint32_t high = board->agent_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (strcmp(board->agents[middle].agent, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct td_agent_status *put_agent(struct board *board, const char *name)
{
    uint32_t at = agent_bound(board, name);
    bool is_there = at < board->agent_count && td_str_equal(board->agents[at].agent, name);

    if (!is_there) {
        if (board->agent_count == board->agent_size) {
            board->agent_size = next_size(board->agent_size);
            board->agents = grow(board->agents, board->agent_size, sizeof(board->agents[0]));
            board->agent_rounds =
                grow(board->agent_rounds, board->agent_size, sizeof(board->agent_rounds[0]));
        }
        memmove(&board->agents[at + 1], &board->agents[at],
                (board->agent_count - at) * sizeof(board->agents[0]));
        memmove(&board->agent_rounds[at + 1], &board->agent_rounds[at],
                (board->agent_count - at) * sizeof(board->agent_rounds[0]));
        board->agent_count++;
    }
    board->agent_rounds[at] = board->round;
    return &board->agents[at];
}

void board_list_agent(struct board *board, const struct td_agent_status *agent)
{
    *put_agent(board, agent->agent) = *agent;
}

void board_hear_agent(struct board *board, const struct td_agent_record *record)
{
    struct td_agent_status *agent = put_agent(board, record->agent);

    memset(agent, 0, sizeof(*agent));
    td_str_clip(agent->agent, sizeof(agent->agent), record->agent);
    agent->state = record->state;
    td_str_clip(agent->reason, sizeof(agent->reason), record->reason);
    agent->since_unix_us = record->since_unix_us;
    agent->device_registered = record->device_registered;
    agent->interaction_id = record->interaction_id;
    td_str_clip(agent->queue, sizeof(agent->queue), record->queue);
}

/* --- calls -------------------------------------------------------------------------------------
 */

static uint32_t find_call(const struct board *board, struct td_interaction_id id)
{
    uint32_t i = 0;

    while (i < board->call_count && !td_id_equal(board->calls[i].interaction_id.id, id.id))
        i++;
    return i;
}

static struct td_interaction_status *put_call(struct board *board, struct td_interaction_id id)
{
    uint32_t at = find_call(board, id);

    if (at == board->call_count) {
        if (board->call_count == board->call_size) {
            board->call_size = next_size(board->call_size);
            board->calls = grow(board->calls, board->call_size, sizeof(board->calls[0]));
            board->call_rounds =
                grow(board->call_rounds, board->call_size, sizeof(board->call_rounds[0]));
        }
        board->calls[board->call_count++] = (struct td_interaction_status){.interaction_id = id};
    }
    board->call_rounds[at] = board->round;
    return &board->calls[at];
}

static void drop_call(struct board *board, uint32_t at)
{
    board->call_count--;
    board->calls[at] = board->calls[board->call_count];
    board->call_rounds[at] = board->call_rounds[board->call_count];
}

void board_close_call(struct board *board, struct td_interaction_id id)
{
    uint32_t at = find_call(board, id);

    if (at < board->call_count)
        drop_call(board, at);
}

/* What only its arrival told, of one that is known by a later event. */
static void complete_call(struct td_interaction_status *call,
                          const struct td_interaction_status *listed)
{
    if (call->arrived_at_unix_us != 0)
        return;
    call->arrived_at_unix_us = listed->arrived_at_unix_us;
    td_str_clip(call->caller, sizeof(call->caller), listed->caller);
    td_str_clip(call->customer_name, sizeof(call->customer_name), listed->customer_name);
    td_str_clip(call->entry_point, sizeof(call->entry_point), listed->entry_point);
}

void board_list_call(struct board *board, const struct td_interaction_status *call)
{
    uint32_t at = find_call(board, call->interaction_id);

    // Heard of since the list was asked for: that is younger.
    if (at < board->call_count && board->call_rounds[at] == board->round)
        complete_call(&board->calls[at], call);
    else
        *put_call(board, call->interaction_id) = *call;
}

static bool is_waiting(enum td_interaction_phase phase)
{
    return phase == TD_INTERACTION_PHASE_QUEUED || phase == TD_INTERACTION_PHASE_DIALOG;
}

void board_hear_call(struct board *board, const char *topic,
                     const struct td_interaction_event *event)
{
    uint32_t at = find_call(board, event->interaction_id);
    bool is_known = at < board->call_count;

    if (event->phase == TD_INTERACTION_PHASE_CLOSED)
        return; // Its end follows.
    struct td_interaction_status *call = put_call(board, event->interaction_id);
    if (!is_known || call->phase != event->phase)
        call->since_unix_us = event->at_unix_us;
    call->phase = event->phase;
    if (td_str_equal(topic, "interaction.arrived")) {
        call->arrived_at_unix_us = event->at_unix_us;
        td_str_clip(call->caller, sizeof(call->caller), event->caller);
        if (event->has_customer)
            td_str_clip(call->customer_name, sizeof(call->customer_name),
                        event->customer.display_name);
    }
    if (event->entry_point[0] != '\0')
        td_str_clip(call->entry_point, sizeof(call->entry_point), event->entry_point);
    if (event->queue[0] != '\0')
        td_str_clip(call->queue, sizeof(call->queue), event->queue);
    if (event->agent[0] != '\0' || is_waiting(event->phase))
        td_str_clip(call->agent, sizeof(call->agent), is_waiting(event->phase) ? "" : event->agent);
    if (td_str_equal(topic, "interaction.held"))
        call->held = true;
    else if (td_str_equal(topic, "interaction.resumed") || !is_known ||
             event->phase != TD_INTERACTION_PHASE_CONNECTED)
        call->held = false;
}

/* --- a list ------------------------------------------------------------------------------------
 */

void board_begin(struct board *board)
{
    board->round++;
}

static void drop_agents(struct board *board)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < board->agent_count; i++) {
        if (board->agent_rounds[i] != board->round)
            continue;
        board->agents[kept] = board->agents[i];
        board->agent_rounds[kept++] = board->agent_rounds[i];
    }
    board->agent_count = kept;
}

void board_end(struct board *board)
{
    drop_agents(board);
    for (uint32_t i = board->call_count; i > 0; i--) {
        if (board->call_rounds[i - 1] != board->round)
            drop_call(board, i - 1);
    }
}

/* --- queues ------------------------------------------------------------------------------------
 */

static struct top_queue *find_queue(struct board *board, const char *name)
{
    for (uint32_t i = 0; i < board->queue_count; i++) {
        if (td_str_equal(board->queues[i].metrics.queue, name))
            return &board->queues[i];
    }
    return NULL;
}

void board_take_queue(struct board *board, const struct td_queue_metrics *metrics)
{
    struct top_queue *queue = find_queue(board, metrics->queue);

    if (queue == NULL) {
        if (board->queue_count == board->queue_size) {
            board->queue_size = next_size(board->queue_size);
            board->queues = grow(board->queues, board->queue_size, sizeof(board->queues[0]));
        }
        queue = &board->queues[board->queue_count++];
        queue->talking = 0;
    }
    queue->metrics = *metrics;
}

void board_take_gauge(struct board *board, const struct td_router_queue_gauge *gauge)
{
    struct top_queue *queue = find_queue(board, gauge->queue);

    if (queue != NULL)
        queue->talking = gauge->talking;
}

void board_drop_queues(struct board *board, uint64_t before_unix_us)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < board->queue_count; i++) {
        if (board->queues[i].metrics.at_unix_us >= before_unix_us)
            board->queues[kept++] = board->queues[i];
    }
    board->queue_count = kept;
}

uint32_t board_rows(const struct board *board)
{
    uint32_t most =
        board->queue_count > board->agent_count ? board->queue_count : board->agent_count;

    return board->call_count > most ? board->call_count : most;
}
