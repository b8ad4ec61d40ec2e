#include "reporting/recount.h"

#include <stdlib.h>
#include <string.h>

#include "io/timer.h"
#include "reporting/figures.h"

#define READ_DEADLINE_MS 30000
#define AGAIN_MS 1000
#define PAGE 5000
#define PAGE_TEXT "5000"

struct recount {
    struct reporting *reporting;
    void (*done)(void *reporting);
    struct td_timer again;
    uint32_t tenant; /* being counted; 0: none yet */
    uint64_t after_unix_us;
    struct td_id after_id;
    bool is_asking; /* an answer is due: it frees a closing one */
    bool is_closing;
};

static const struct td_history_statement positions_statement = {
    "reporting_positions",
    "SELECT partition, unix_ms, sequence FROM tandem.stream_position WHERE site = $1"};

/* In the order of the key, a page at a time; the plain condition is what prunes partitions. */
static const struct td_history_statement events_statement = {
    "reporting_events",
    "SELECT occurred_at, event_id, topic, payload FROM tandem.event WHERE tenant = $1 "
    "AND occurred_at >= $2 AND (occurred_at, event_id) > ($2, $3) "
    "AND topic IN ('interaction.arrived', 'interaction.queued', 'interaction.connected', "
    "'interaction.abandoned', 'interaction.overflowed', 'interaction.diverted', "
    "'interaction.offer_ended', 'interaction.held', 'interaction.resumed', "
    "'interaction.transferred', 'interaction.ended', 'interaction.closed', 'agent.state') "
    "ORDER BY occurred_at, event_id LIMIT " PAGE_TEXT};

static void ask_positions(struct recount *recount, td_history_fn fn);
static void on_first_positions(void *ctx, enum td_err err, const struct td_history_answer *answer);
static void on_last_positions(void *ctx, enum td_err err, const struct td_history_answer *answer);

/* --- asking ------------------------------------------------------------------------------------
 */

static void begin(void *ctx)
{
    ask_positions(ctx, on_first_positions);
}

static void fail(struct recount *recount, enum td_err err, const char *why)
{
    td_log_warn(td_service_log(recount->reporting->service), "recount.failed", td_failure(err),
                td_str("why", why));
    td_timer_start(&recount->again, AGAIN_MS);
}

static void ask(struct recount *recount, const struct td_history_query *query, td_history_fn fn)
{
    enum td_err err =
        td_history_query(td_service_history(recount->reporting->service), query, fn, recount);

    recount->is_asking = err == TD_OK;
    if (err != TD_OK)
        fail(recount, err, "the queue is full");
}

/* @return false when there is nothing to go on with. */
static bool take_answer(struct recount *recount, enum td_err err,
                        const struct td_history_answer *answer)
{
    recount->is_asking = false;
    if (recount->is_closing) {
        free(recount);
        return false;
    }
    if (err != TD_OK)
        fail(recount, err, answer->message);
    return err == TD_OK;
}

/* --- events of a tenant ------------------------------------------------------------------------
 */

static void on_page(void *ctx, enum td_err err, const struct td_history_answer *answer);

static void next_page(struct recount *recount)
{
    const struct td_param params[] = {
        td_param_i32((int32_t)recount->tenant),
        td_param_unix_us(recount->after_unix_us),
        td_param_id(recount->after_id),
    };
    const struct td_history_query query = {.statement = &events_statement,
                                           .params = params,
                                           .param_count = 3,
                                           .deadline_ms = READ_DEADLINE_MS,
                                           .repeatable = true};

    ask(recount, &query, on_page);
}

static void next_tenant(struct recount *recount)
{
    if (!figures_next_tenant(recount->reporting->figures, &recount->tenant)) {
        ask_positions(recount, on_last_positions);
        return;
    }
    recount->after_unix_us = figures_begin(recount->reporting->figures, recount->tenant);
    recount->after_id = (struct td_id){{0}};
    next_page(recount);
}

static void on_page(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct recount *recount = ctx;

    if (!take_answer(recount, err, answer))
        return;
    const struct td_rows *rows = answer->steps[0];
    uint32_t count = td_rows_count(rows);
    for (uint32_t i = 0; i < count; i++)
        figures_take(recount->reporting->figures, recount->tenant,
                     &(struct tenant_event){
                         .id = td_rows_id(rows, i, 1),
                         .topic = td_rows_text(rows, i, 2),
                         .at_unix_us = td_rows_unix_us(rows, i, 0),
                         .payload = td_rows_bytes(rows, i, 3),
                     });
    if (count < PAGE) {
        next_tenant(recount);
        return;
    }
    recount->after_unix_us = td_rows_unix_us(rows, count - 1, 0);
    recount->after_id = td_rows_id(rows, count - 1, 1);
    next_page(recount);
}

/* --- positions ---------------------------------------------------------------------------------
 */

static void ask_positions(struct recount *recount, td_history_fn fn)
{
    const struct td_param param = td_param_text(td_service_site(recount->reporting->service));
    const struct td_history_query query = {.statement = &positions_statement,
                                           .params = &param,
                                           .param_count = 1,
                                           .deadline_ms = READ_DEADLINE_MS,
                                           .repeatable = true};

    ask(recount, &query, fn);
}

static void read_positions(const struct td_rows *rows,
                           struct td_live_stream_id positions[TD_STREAMS])
{
    memset(positions, 0, TD_STREAMS * sizeof(positions[0]));
    for (uint32_t i = 0; i < td_rows_count(rows); i++) {
        int64_t partition = td_rows_i64(rows, i, 0);

        if (partition >= 0 && partition < TD_STREAMS)
            positions[partition] = (struct td_live_stream_id){(uint64_t)td_rows_i64(rows, i, 1),
                                                              (uint64_t)td_rows_i64(rows, i, 2)};
    }
}

static void on_first_positions(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct recount *recount = ctx;

    if (!take_answer(recount, err, answer))
        return;
    read_positions(answer->steps[0], recount->reporting->positions);
    recount->tenant = 0;
    next_tenant(recount);
}

static void on_last_positions(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct recount *recount = ctx;
    struct td_live_stream_id positions[TD_STREAMS];

    if (!take_answer(recount, err, answer))
        return;
    struct reporting *reporting = recount->reporting;
    read_positions(answer->steps[0], positions);
    if (memcmp(positions, reporting->positions, sizeof(positions)) != 0) {
        td_log_info(td_service_log(reporting->service), "recount.overtaken",
                    td_u64("again_in_ms", AGAIN_MS));
        td_timer_start(&recount->again, AGAIN_MS);
        return;
    }
    void (*done)(void *) = recount->done;
    free(recount);
    done(reporting);
}

/* --- life --------------------------------------------------------------------------------------
 */

enum td_err recount_start(struct reporting *reporting, void (*done)(void *reporting),
                          struct recount **recount)
{
    struct recount *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->reporting = reporting;
    self->done = done;
    td_timer_init(&self->again, td_service_loop(reporting->service), begin, self);
    *recount = self;
    begin(self);
    return TD_OK;
}

void recount_destroy(struct recount **recount)
{
    struct recount *self = *recount;

    if (self == NULL)
        return;
    *recount = NULL;
    td_timer_stop(&self->again);
    self->is_closing = true;
    if (!self->is_asking)
        free(self);
}
