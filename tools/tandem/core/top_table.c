#include "tandem/core/top_table.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define TEXT(cell, from) td_str_clip((cell)->text, sizeof((cell)->text), (from))

static const struct top_column queue_columns[] = {
    {"QUEUE", "队列", 14, 40, 0, true, false},  {"WAIT", "等待", 5, 5, 0, false, false},
    {"LONGEST", "最长", 7, 8, 0, false, false}, {"TALK", "通话", 5, 5, 5, false, false},
    {"OFFER", "进入", 6, 7, 4, false, false},   {"ANSWER", "接听", 6, 7, 0, false, false},
    {"ABAND", "放弃", 5, 7, 0, false, false},   {"OVERF", "溢出", 5, 7, 3, false, false},
    {"SL", "水平", 5, 6, 0, false, false},      {"AV.WT", "均等", 6, 8, 2, false, false},
    {"AV.TLK", "均话", 6, 8, 1, false, false},
};
enum {
    Q_NAME,
    Q_WAIT,
    Q_LONGEST,
    Q_TALK,
    Q_OFFER,
    Q_ANSWER,
    Q_ABANDON,
    Q_OVERFLOW,
    Q_LEVEL,
    Q_AVERAGE_WAIT,
    Q_AVERAGE_TALK
};

static const struct top_column agent_columns[] = {
    {"AGENT", "座席", 16, 32, 0, true, false}, {"STATE", "状态", 10, 10, 0, false, true},
    {"FOR", "时长", 8, 8, 0, false, false},    {"REASON", "原因", 11, 20, 3, true, false},
    {"QUEUE", "队列", 12, 32, 2, true, false}, {"PHONE", "话机", 5, 5, 4, false, true},
    {"CALL", "通话", 12, 12, 1, true, false},
};
enum { A_NAME, A_STATE, A_FOR, A_REASON, A_QUEUE, A_PHONE, A_CALL };

static const struct top_column call_columns[] = {
    {"CALL", "通话", 12, 12, 0, true, false},   {"PHASE", "阶段", 9, 9, 0, false, true},
    {"FOR", "时长", 7, 8, 0, false, false},     {"TOTAL", "总计", 7, 8, 4, false, false},
    {"CALLER", "主叫", 14, 20, 3, true, false}, {"QUEUE", "队列", 12, 32, 0, true, false},
    {"AGENT", "座席", 13, 28, 5, true, false},  {"CUSTOMER", "客户", 14, 28, 2, true, false},
    {"ENTRY", "入口", 12, 24, 1, true, false},
};
enum { C_ID, C_PHASE, C_FOR, C_TOTAL, C_CALLER, C_QUEUE, C_AGENT, C_CUSTOMER, C_ENTRY };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct top_columns tables[TOP_TABLE_COUNT] = {
    {"Queues", "队列", queue_columns, COUNT(queue_columns), Q_WAIT},
    {"Agents", "座席", agent_columns, COUNT(agent_columns), A_NAME},
    {"Calls", "通话", call_columns, COUNT(call_columns), C_TOTAL},
};

const struct top_columns *top_columns(enum top_table table)
{
    return &tables[table];
}

uint32_t top_row_count(const struct top_model *model, enum top_table table)
{
    const uint32_t counts[TOP_TABLE_COUNT] = {model->queue_count, model->agent_count,
                                              model->call_count};

    return counts[table];
}

/* --- cells -------------------------------------------------------------------------------------
 */

void top_duration(uint64_t ms, char text[TOP_CELL_SIZE])
{
    unsigned long long s = ms / 1000;

    if (s >= 3600)
        (void)snprintf(text, TOP_CELL_SIZE, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
    else
        (void)snprintf(text, TOP_CELL_SIZE, "%llu:%02llu", s / 60, s % 60);
}

static void put_count(struct top_cell *cell, uint64_t count)
{
    cell->number = count;
    (void)snprintf(cell->text, sizeof(cell->text), "%llu", (unsigned long long)count);
}

static void put_duration(struct top_cell *cell, uint64_t ms)
{
    cell->number = ms;
    if (ms == 0)
        TEXT(cell, "-");
    else
        top_duration(ms, cell->text);
}

/* Clocks of two hosts may differ a little: not yet begun is just begun. */
static void put_since(struct top_cell *cell, uint64_t since_unix_us, uint64_t now_unix_us)
{
    uint64_t ms = now_unix_us > since_unix_us ? (now_unix_us - since_unix_us) / 1000 : 0;

    cell->number = since_unix_us == 0 ? 0 : ms + 1;
    if (since_unix_us == 0)
        TEXT(cell, "-");
    else
        top_duration(ms, cell->text);
}

/* The end of an id is random; its beginning is the time and the same for calls of a minute. */
static void put_id(struct top_cell *cell, struct td_interaction_id id)
{
    char text[TD_ID_TEXT_SIZE];

    if (!td_id_is_nil(id.id))
        TEXT(cell, strrchr(td_id_format(id.id, text), '-') + 1);
}

static void put_level(struct top_cell *cell, const struct td_queue_metrics *metrics)
{
    // Nothing to be judged yet, whatever the formula: it says 1000 then.
    if (metrics->answered + metrics->abandoned_after == 0 &&
        metrics->service_level_permille == 1000) {
        cell->number = 1001;
        TEXT(cell, "-");
        return;
    }
    cell->number = metrics->service_level_permille;
    (void)snprintf(cell->text, sizeof(cell->text), "%u %%",
                   (metrics->service_level_permille + 5) / 10);
    if (metrics->service_level_target_permille > 0)
        cell->colour = metrics->service_level_permille < metrics->service_level_target_permille
                           ? TOP_RED
                           : TOP_GREEN;
}

static void put_longest(struct top_cell *cell, const struct td_queue_metrics *metrics)
{
    bool is_late = metrics->threshold_ms > 0 && metrics->longest_wait_ms > metrics->threshold_ms;

    put_duration(cell, metrics->waiting > 0 ? metrics->longest_wait_ms : 0);
    if (metrics->waiting > 0)
        cell->colour = is_late ? TOP_RED : TOP_YELLOW;
}

static void queue_cell(const struct top_queue *queue, uint32_t column, struct top_cell *cell)
{
    const struct td_queue_metrics *metrics = &queue->metrics;

    switch (column) {
    case Q_NAME:
        TEXT(cell, metrics->queue);
        break;
    case Q_WAIT:
        put_count(cell, metrics->waiting);
        cell->colour = metrics->waiting > 0 ? TOP_YELLOW : TOP_PLAIN;
        break;
    case Q_LONGEST:
        put_longest(cell, metrics);
        break;
    case Q_TALK:
        put_count(cell, queue->talking);
        break;
    case Q_OFFER:
        put_count(cell, metrics->offered);
        break;
    case Q_ANSWER:
        put_count(cell, metrics->answered);
        break;
    case Q_ABANDON:
        put_count(cell, metrics->abandoned);
        break;
    case Q_OVERFLOW:
        put_count(cell, metrics->overflowed);
        break;
    case Q_LEVEL:
        put_level(cell, metrics);
        break;
    case Q_AVERAGE_WAIT:
        put_duration(cell, metrics->average_wait_ms);
        break;
    default:
        put_duration(cell, metrics->average_talk_ms);
    }
}

static void put_state(struct top_cell *cell, enum td_agent_state state, bool chinese)
{
    static const char *const zh[TD_AGENT_STATE_COUNT] = {
        [TD_AGENT_STATE_LOGGED_OUT] = "登出", [TD_AGENT_STATE_NOT_READY] = "未就绪",
        [TD_AGENT_STATE_READY] = "就绪",      [TD_AGENT_STATE_OFFERED] = "振铃",
        [TD_AGENT_STATE_BUSY] = "通话",       [TD_AGENT_STATE_WRAP_UP] = "话后",
    };
    static const enum top_colour colours[TD_AGENT_STATE_COUNT] = {
        [TD_AGENT_STATE_LOGGED_OUT] = TOP_DIM, [TD_AGENT_STATE_NOT_READY] = TOP_YELLOW,
        [TD_AGENT_STATE_READY] = TOP_GREEN,    [TD_AGENT_STATE_OFFERED] = TOP_MAGENTA,
        [TD_AGENT_STATE_BUSY] = TOP_CYAN,      [TD_AGENT_STATE_WRAP_UP] = TOP_YELLOW,
    };
    bool is_known = (unsigned)state < TD_AGENT_STATE_COUNT;

    cell->number = (uint64_t)state;
    TEXT(cell, chinese && is_known && zh[state] != NULL ? zh[state] : td_agent_state_name(state));
    cell->colour = is_known ? colours[state] : TOP_PLAIN;
}

static void agent_cell(const struct top_model *model, const struct td_agent_status *agent,
                       uint32_t column, bool chinese, struct top_cell *cell)
{
    switch (column) {
    case A_NAME:
        TEXT(cell, agent->agent);
        break;
    case A_STATE:
        put_state(cell, agent->state, chinese);
        break;
    case A_FOR:
        put_since(cell, agent->since_unix_us, model->now_unix_us);
        break;
    case A_REASON:
        TEXT(cell, agent->reason);
        break;
    case A_QUEUE:
        TEXT(cell, agent->queue);
        break;
    case A_PHONE:
        cell->number = agent->device_registered;
        TEXT(cell, agent->device_registered ? (chinese ? "有" : "yes") : (chinese ? "无" : "no"));
        if (!agent->device_registered && agent->state > TD_AGENT_STATE_LOGGED_OUT)
            cell->colour = TOP_RED;
        break;
    default:
        put_id(cell, agent->interaction_id);
    }
    if (agent->state <= TD_AGENT_STATE_LOGGED_OUT && cell->colour == TOP_PLAIN)
        cell->colour = TOP_DIM;
}

static void put_phase(struct top_cell *cell, const struct td_interaction_status *call, bool chinese)
{
    static const char *const zh[TD_INTERACTION_PHASE_COUNT] = {
        [TD_INTERACTION_PHASE_ARRIVED] = "到达",  [TD_INTERACTION_PHASE_DIALOG] = "自助",
        [TD_INTERACTION_PHASE_QUEUED] = "排队",   [TD_INTERACTION_PHASE_OFFERED] = "振铃",
        [TD_INTERACTION_PHASE_ACCEPTED] = "接通", [TD_INTERACTION_PHASE_CONNECTED] = "通话",
        [TD_INTERACTION_PHASE_WRAP_UP] = "话后",  [TD_INTERACTION_PHASE_CLOSED] = "结束",
    };
    static const enum top_colour colours[TD_INTERACTION_PHASE_COUNT] = {
        [TD_INTERACTION_PHASE_QUEUED] = TOP_YELLOW,
        [TD_INTERACTION_PHASE_OFFERED] = TOP_MAGENTA,
        [TD_INTERACTION_PHASE_CONNECTED] = TOP_CYAN,
        [TD_INTERACTION_PHASE_WRAP_UP] = TOP_DIM,
    };
    bool is_known = (unsigned)call->phase < TD_INTERACTION_PHASE_COUNT;

    cell->number = (uint64_t)call->phase;
    if (call->held)
        TEXT(cell, chinese ? "保持" : "held");
    else if (chinese && is_known && zh[call->phase] != NULL)
        TEXT(cell, zh[call->phase]);
    else
        TEXT(cell, td_interaction_phase_name(call->phase));
    cell->colour = call->held ? TOP_YELLOW : is_known ? colours[call->phase] : TOP_PLAIN;
}

static void call_cell(const struct top_model *model, const struct td_interaction_status *call,
                      uint32_t column, bool chinese, struct top_cell *cell)
{
    switch (column) {
    case C_ID:
        put_id(cell, call->interaction_id);
        break;
    case C_PHASE:
        put_phase(cell, call, chinese);
        break;
    case C_FOR:
        put_since(cell, call->since_unix_us, model->now_unix_us);
        break;
    case C_TOTAL:
        put_since(cell, call->arrived_at_unix_us, model->now_unix_us);
        break;
    case C_CALLER:
        TEXT(cell, call->caller);
        break;
    case C_QUEUE:
        TEXT(cell, call->queue);
        break;
    case C_AGENT:
        TEXT(cell, call->agent);
        break;
    case C_CUSTOMER:
        TEXT(cell, call->customer_name);
        break;
    default:
        TEXT(cell, call->entry_point);
    }
}

void top_cell(const struct top_model *model, enum top_table table, uint32_t row, uint32_t column,
              bool chinese, struct top_cell *cell)
{
    cell->text[0] = '\0';
    cell->number = 0;
    cell->colour = TOP_PLAIN;
    if (table == TOP_QUEUES)
        queue_cell(&model->queues[row], column, cell);
    else if (table == TOP_AGENTS)
        agent_cell(model, &model->agents[row], column, chinese, cell);
    else
        call_cell(model, &model->calls[row], column, chinese, cell);
}
