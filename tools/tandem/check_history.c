/*
 * The history against the streams and against itself: has it all that was said, and each
 * interaction that was closed exactly once?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/live_read.h"
#include "service/commit.h"
#include "tandem/check.h"

/* Nothing that began earlier is still under way. */
#define DAYS "2 days"

static const struct td_history_statement unclosed_statement = {
    "check_unclosed",
    "SELECT DISTINCT a.tenant, a.key FROM tandem.event a "
    "WHERE a.topic = 'interaction.arrived' AND a.occurred_at > now() - interval '" DAYS "' "
    "AND NOT EXISTS (SELECT FROM tandem.event c WHERE c.tenant = a.tenant AND c.key = a.key "
    "AND c.topic = 'interaction.closed')"};

static const struct td_history_statement miscounted_statement = {
    "check_miscounted",
    "SELECT coalesce(e.tenant, i.tenant), coalesce(e.key, i.interaction_id::text), "
    "coalesce(e.closings, 0), coalesce(i.rows, 0) "
    "FROM (SELECT tenant, key, count(*) closings FROM tandem.event "
    "WHERE topic = 'interaction.closed' AND occurred_at > now() - interval '" DAYS "' "
    "GROUP BY tenant, key) e "
    "LEFT JOIN (SELECT tenant, interaction_id, count(*) rows FROM tandem.interaction "
    "GROUP BY tenant, interaction_id) i "
    "ON i.tenant = e.tenant AND i.interaction_id::text = e.key "
    "WHERE e.closings <> 1 OR i.rows IS DISTINCT FROM 1"};

static const struct td_history_statement positions_statement = {
    "check_positions",
    "SELECT partition, unix_ms, sequence FROM tandem.stream_position WHERE site = $1"};

/* The streams' last entries, and how far the history has read them. */
struct lag {
    struct look *look;
    uint32_t pending;
    struct td_live_stream_id last[TD_STREAMS];
    struct td_live_stream_id stored[TD_STREAMS];
};

static struct picture_thing *add_interaction(struct look *look, enum picture_kind kind,
                                             const struct td_rows *rows, uint32_t row)
{
    struct td_id id;

    if (td_id_parse(td_rows_text(rows, row, 1), &id) != TD_OK)
        return NULL;
    struct picture_thing *thing = look_add(look, kind);
    thing->id = thing->interaction = id;
    thing->tenant = (uint32_t)td_rows_i64(rows, row, 0);
    return thing;
}

static void on_unclosed(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct look *look = ctx;

    if (err != TD_OK)
        look_failed(look, "the history cannot be read: %s", answer->message);
    for (uint32_t row = 0; err == TD_OK && row < td_rows_count(answer->steps[0]); row++)
        (void)add_interaction(look, PICTURE_UNCLOSED, answer->steps[0], row);
    look_end(look);
}

static void on_miscounted(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct look *look = ctx;

    if (err != TD_OK)
        look_failed(look, "the history cannot be read: %s", answer->message);
    for (uint32_t row = 0; err == TD_OK && row < td_rows_count(answer->steps[0]); row++) {
        const struct td_rows *rows = answer->steps[0];
        struct picture_thing *thing = add_interaction(look, PICTURE_MISCOUNTED, rows, row);
        if (thing != NULL)
            (void)snprintf(thing->detail, sizeof(thing->detail),
                           "was closed %lld times and is in the history %lld times",
                           (long long)td_rows_i64(rows, row, 2),
                           (long long)td_rows_i64(rows, row, 3));
    }
    look_end(look);
}

static void query(struct look *look, const struct td_history_statement *statement,
                  td_history_fn done)
{
    const struct td_history_query wanted = {
        .statement = statement, .deadline_ms = LOOK_DEADLINE_MS, .repeatable = true};

    look_begin(look);
    if (td_history_query(td_service_history(look->service), &wanted, done, look) != TD_OK) {
        look_failed(look, "the history cannot be read");
        look_end(look);
    }
}

/* --- lag --- */

static void end_lag(struct lag *lag)
{
    struct look *look = lag->look;

    if (--lag->pending > 0)
        return;
    for (unsigned i = 0; i < TD_STREAMS; i++) {
        struct picture_thing *thing = look_add(look, PICTURE_STREAM);
        (void)snprintf(thing->name, sizeof(thing->name), "%u", i);
        // Part of the finding's key: a history that comes nearer is not the same finding.
        (void)td_live_stream_id_format(lag->stored[i], thing->holder);
        thing->flag = td_live_stream_id_compare(lag->stored[i], lag->last[i]) < 0;
    }
    free(lag);
    look_end(look);
}

static void on_positions(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct lag *lag = ctx;

    if (err != TD_OK)
        look_failed(lag->look, "the history cannot be read: %s", answer->message);
    for (uint32_t row = 0; err == TD_OK && row < td_rows_count(answer->steps[0]); row++) {
        int64_t partition = td_rows_i64(answer->steps[0], row, 0);
        if (partition < 0 || partition >= TD_STREAMS)
            continue;
        lag->stored[partition] =
            (struct td_live_stream_id){(uint64_t)td_rows_i64(answer->steps[0], row, 1),
                                       (uint64_t)td_rows_i64(answer->steps[0], row, 2)};
    }
    end_lag(lag);
}

/* After the streams' ends are known, so that a history which is ahead of them is no lag. */
static void ask_positions(struct lag *lag)
{
    const struct td_param site = td_param_text(td_service_site(lag->look->service));
    const struct td_history_query wanted = {.statement = &positions_statement,
                                            .params = &site,
                                            .param_count = 1,
                                            .deadline_ms = LOOK_DEADLINE_MS,
                                            .repeatable = true};

    if (td_history_query(td_service_history(lag->look->service), &wanted, on_positions, lag) !=
        TD_OK) {
        look_failed(lag->look, "the history cannot be read");
        end_lag(lag);
    }
}

/* XREVRANGE KEY + - COUNT 1: [[id, fields]] */
static void on_last(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct lag *lag = ctx;

    if (err != TD_OK)
        look_failed(lag->look, "the event streams cannot be read: %s", td_err_text(err));
    // Answers come in the order of the questions: what is pending tells which one this is.
    uint32_t stream = TD_STREAMS + 1 - lag->pending;
    if (err == TD_OK && td_live_reply_count(reply) == 1) {
        struct td_bytes id = td_live_reply_bytes(td_live_reply_at(td_live_reply_at(reply, 0), 0));
        if (td_live_stream_id_parse(id, &lag->last[stream]) != TD_OK)
            look_failed(lag->look, "event stream %u: its last entry has no id", stream);
    }
    lag->pending--;
    if (lag->pending == 1)
        ask_positions(lag);
}

static void look_at_lag(struct look *look)
{
    struct lag *lag = calloc(1, sizeof(*lag));
    if (lag == NULL)
        abort();

    look_begin(look);
    *lag = (struct lag){.look = look, .pending = TD_STREAMS + 1};
    for (unsigned i = 0; i < TD_STREAMS; i++) {
        char key[TD_KEY_SIZE];
        const struct td_bytes args[] = {
            td_live_text("XREVRANGE"),
            td_live_text(td_stream_key(td_service_site(look->service), i, key)),
            td_live_text("+"),
            td_live_text("-"),
            td_live_text("COUNT"),
            td_live_text("1")};
        enum td_err err =
            td_live_command(td_service_live(look->service), args, sizeof(args) / sizeof(args[0]),
                            LOOK_DEADLINE_MS, on_last, lag);
        if (err != TD_OK)
            on_last(lag, err, NULL);
    }
}

void look_at_history(struct look *look)
{
    query(look, &unclosed_statement, on_unclosed);
    query(look, &miscounted_statement, on_miscounted);
    look_at_lag(look);
}
