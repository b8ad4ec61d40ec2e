#include "context/outbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "service/commit.h"
#include "wire/context_wire.h"

#define LOOK_EVERY_MS 2000
#define HISTORY_DEADLINE_MS 10000
#define STORE_DEADLINE_MS 10000
#define REPEAT_WINDOW_MS 3600000 /* as for events from outside */
#define NUMBER_SIZE 21

static void read_page(struct outbox *outbox);

/* The page is done with: on with the next, at once if there may be one. */
static void finish(struct outbox *outbox)
{
    outbox->busy = false;
    if (outbox->poked && !outbox->stopped)
        read_page(outbox);
}

/* --- deleting ----------------------------------------------------------------------------------
 */

static void on_deleted(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct outbox *outbox = ctx;

    if (err == TD_OK)
        outbox->poked = true; // Behind a page may be another.
    else
        td_log_warn(td_service_log(outbox->service), "outbox.not_emptied", td_failure(err),
                    td_str("why", answer->message));
    finish(outbox);
}

static void delete_stored(struct outbox *outbox)
{
    static const struct td_history_statement statement = {
        "context_outbox_delete", "DELETE FROM tandem.customer_outbox WHERE sequence = "
                                 "ANY (string_to_array($1, ' ')::bigint[])"};
    char sequences[OUTBOX_PAGE_MAX * NUMBER_SIZE] = "";
    size_t used = 0;

    for (uint32_t i = 0; i < outbox->count; i++) {
        if (outbox->rows[i].is_stored)
            used += (size_t)snprintf(sequences + used, sizeof(sequences) - used, "%s%" PRId64,
                                     used > 0 ? " " : "", outbox->rows[i].sequence);
    }
    const struct td_param param = td_param_text(sequences);
    const struct td_history_query query = {.statement = &statement,
                                           .params = &param,
                                           .param_count = 1,
                                           .deadline_ms = HISTORY_DEADLINE_MS,
                                           .repeatable = true};

    if (used == 0 ||
        td_history_query(td_service_history(outbox->service), &query, on_deleted, outbox) != TD_OK)
        finish(outbox); // The timer tries again; what is stored already is not stored twice.
}

/* --- storing -----------------------------------------------------------------------------------
 */

static void on_stored(void *ctx, enum td_err err)
{
    struct outbox_row *row = ctx;
    struct outbox *outbox = row->outbox;

    row->is_stored = err == TD_OK || err == TD_ERR_EXISTS;
    *outbox->told += err == TD_OK;
    if (--outbox->in_flight == 0)
        delete_stored(outbox);
}

/* An unreadable brief is said without its fields: the customer is there all the same. */
static struct td_bytes event_of(struct td_arena *arena, const struct td_rows *rows, uint32_t row)
{
    struct td_customer_event event = {.has_customer = true};

    if (td_customer_brief_decode(arena, td_rows_bytes(rows, row, 5), &event.customer, NULL) !=
        TD_OK)
        memset(&event.customer, 0, sizeof(event.customer));
    event.customer.customer_id.id = td_rows_id(rows, row, 4);
    event.identity.kind = (enum td_identity_kind)td_rows_i64(rows, row, 6);
    event.has_identity = event.identity.kind != TD_IDENTITY_KIND_UNSPECIFIED;
    td_str_clip(event.identity.value, sizeof(event.identity.value), td_rows_text(rows, row, 7));
    return td_customer_event_encode(arena, &event);
}

static void store_row(struct outbox *outbox, const struct td_rows *rows, uint32_t row)
{
    struct td_arena *arena = td_service_arena(outbox->service);
    struct outbox_row *item = &outbox->rows[row];
    size_t mark = arena->used;
    struct td_id id = td_rows_id(rows, row, 2);
    char key[TD_ID_TEXT_SIZE];

    *item = (struct outbox_row){.outbox = outbox, .sequence = td_rows_i64(rows, row, 0)};
    struct td_commit *commit =
        td_commit_begin(outbox->service, (uint32_t)td_rows_i64(rows, row, 1));
    td_commit_once(commit, id, REPEAT_WINDOW_MS);
    td_commit_event_with_id(commit, id, td_rows_text(rows, row, 3),
                            td_id_format(td_rows_id(rows, row, 4), key), "CustomerEvent",
                            event_of(arena, rows, row));
    td_arena_rewind(arena, mark);
    td_commit_run(commit, STORE_DEADLINE_MS, on_stored, item);
}

/* --- reading -----------------------------------------------------------------------------------
 */

static void on_page(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct outbox *outbox = ctx;

    if (err != TD_OK || outbox->stopped || td_rows_count(answer->steps[0]) == 0) {
        finish(outbox);
        return;
    }
    outbox->count = td_rows_count(answer->steps[0]);
    outbox->in_flight = outbox->count;
    for (uint32_t i = 0; i < outbox->count; i++)
        store_row(outbox, answer->steps[0], i);
}

static void read_page(struct outbox *outbox)
{
    static const struct td_history_statement statement = {
        "context_outbox_next", "SELECT sequence, tenant, event_id, topic, customer_id, brief, "
                               "identity_kind, identity_value FROM tandem.customer_outbox_next"};
    const struct td_history_query query = {
        .statement = &statement, .deadline_ms = HISTORY_DEADLINE_MS, .repeatable = true};

    outbox->poked = false;
    outbox->busy =
        td_history_query(td_service_history(outbox->service), &query, on_page, outbox) == TD_OK;
}

/* --- life --------------------------------------------------------------------------------------
 */

void outbox_poke(struct outbox *outbox)
{
    outbox->poked = true;
    if (!outbox->busy && !outbox->stopped)
        read_page(outbox);
}

static void on_timer(void *ctx)
{
    outbox_poke(ctx);
}

void outbox_start(struct outbox *outbox, struct td_service *service)
{
    outbox->service = service;
    outbox->told = td_service_counter(service, "customer_events",
                                      "customer.* events that were moved into the streams.");
    td_timer_init(&outbox->timer, td_service_loop(service), on_timer, outbox);
    td_timer_start_repeating(&outbox->timer, LOOK_EVERY_MS);
    outbox_poke(outbox);
}

void outbox_stop(struct outbox *outbox)
{
    outbox->stopped = true;
    td_timer_stop(&outbox->timer);
}
