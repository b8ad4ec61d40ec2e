/*
 * Who calls? The number is read, the hot cache in Redis asked, then PostgreSQL, which makes a new
 * customer where nobody has the number (one, also when two first calls arrive together). The asker
 * waits 50 ms and goes on without; what comes later still fills the cache for the next call.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "context/context.h"
#include "io/live_commit.h"
#include "io/live_read.h"
#include "wire/context_wire.h"

#define CACHE_DEADLINE_MS 30
#define HISTORY_DEADLINE_MS 2000
#define CANDIDATES_MAX 8

struct lookup {
    struct context *context;
    struct td_request *request;
    uint32_t tenant;
    struct td_customer_id new_id;
    char number[CONTEXT_E164_SIZE];
};

static void answer_plain(struct context *context, struct td_request *request,
                         enum td_identify_outcome outcome)
{
    const struct td_identify_reply reply = {.outcome = outcome};

    ++*context->identified;
    td_request_reply(request, td_identify_reply_encode(td_service_arena(context->service), &reply));
}

static void store_in_cache(struct lookup *lookup, const struct td_identify_reply *reply)
{
    struct td_arena *arena = td_service_arena(lookup->context->service);
    struct td_identify_reply cached = *reply;
    struct td_live_batch *batch;
    char key[TD_KEY_SIZE];

    if (cached.outcome == TD_IDENTIFY_OUTCOME_NEW)
        cached.outcome = TD_IDENTIFY_OUTCOME_KNOWN; // From the second contact on.
    if (lookup->context->memory.alarmed || td_live_batch_create(&batch) != TD_OK)
        return; // Only slower the next time.
    td_live_batch_set(batch,
                      context_cache_key(lookup->context, lookup->tenant, TD_IDENTITY_KIND_PHONE,
                                        lookup->number, key),
                      td_identify_reply_encode(arena, &cached), lookup->context->config.cache_ms);
    if (td_live_commit(td_service_live(lookup->context->service), &batch, 1000, NULL, NULL) !=
        TD_OK)
        return;
}

static enum td_err read_brief(struct td_arena *arena, const struct td_rows *rows, uint32_t row,
                              struct td_customer_brief *brief)
{
    enum td_err err = td_customer_brief_decode(arena, td_rows_bytes(rows, row, 1), brief, NULL);

    brief->customer_id.id = td_rows_id(rows, row, 0);
    return err;
}

static enum td_err read_rows(struct td_arena *arena, const struct td_rows *rows,
                             struct td_identify_reply *reply)
{
    uint32_t count = td_rows_count(rows);

    if (count == 0)
        return TD_ERR_INTERNAL; // The function makes a customer rather than give none.
    if (count == 1) {
        reply->outcome =
            td_rows_bool(rows, 0, 2) ? TD_IDENTIFY_OUTCOME_NEW : TD_IDENTIFY_OUTCOME_KNOWN;
        reply->has_customer = true;
        return read_brief(arena, rows, 0, &reply->customer);
    }
    reply->outcome = TD_IDENTIFY_OUTCOME_SEVERAL;
    reply->candidates = td_arena_array(arena, count, sizeof(*reply->candidates));
    if (reply->candidates == NULL)
        return TD_ERR_LIMIT;
    reply->candidates_count = count;
    enum td_err err = TD_OK;
    for (uint32_t i = 0; i < count && err == TD_OK; i++)
        err = read_brief(arena, rows, i, &reply->candidates[i]);
    return err;
}

static void on_rows(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct lookup *lookup = ctx;
    struct td_arena *arena = td_service_arena(lookup->context->service);
    size_t mark = arena->used; // Many answers may come in one turn of the loop.
    struct td_identify_reply reply = {0};

    if (err == TD_OK)
        err = read_rows(arena, answer->steps[0], &reply);
    if (err != TD_OK) {
        ++*lookup->context->identify_failed;
        td_log_warn(td_service_log(lookup->context->service), "identify.failed", td_failure(err),
                    td_str("why", answer->message));
        td_request_fail(lookup->request, err, "the customers cannot be read now");
    } else {
        ++*lookup->context->identified;
        td_request_reply(lookup->request, td_identify_reply_encode(arena, &reply));
        store_in_cache(lookup, &reply);
        if (reply.outcome == TD_IDENTIFY_OUTCOME_NEW) {
            ++*lookup->context->customers_created;
            outbox_poke(&lookup->context->outbox);
        }
    }
    free(lookup);
    td_arena_rewind(arena, mark);
}

static void ask_history(struct lookup *lookup)
{
    static const struct td_history_statement statement = {
        "context_identify",
        "SELECT customer_id, brief, is_new FROM tandem.identify($1, $2, $3, $4, $5, $6, $7)"};
    struct td_service *service = lookup->context->service;
    struct td_arena *arena = td_service_arena(service);
    size_t mark = arena->used;
    const struct td_customer_brief nothing = {0};
    const struct td_param params[] = {
        td_param_i32((int32_t)lookup->tenant),
        td_param_i32(TD_IDENTITY_KIND_PHONE),
        td_param_text(lookup->number),
        td_param_id(lookup->new_id.id),
        td_param_bytes(td_customer_brief_encode(arena, &nothing)),
        td_param_i32(CANDIDATES_MAX),
        td_param_id(td_service_new_id(service)), // Of the event, should it be a new customer.
    };
    const struct td_history_query query = {
        .statement = &statement,
        .params = params,
        .param_count = sizeof(params) / sizeof(params[0]),
        .deadline_ms = HISTORY_DEADLINE_MS,
        .repeatable = true,
    };

    enum td_err err = td_history_query(td_service_history(service), &query, on_rows, lookup);
    td_arena_rewind(arena, mark);
    if (err != TD_OK) {
        ++*lookup->context->identify_failed;
        td_request_fail(lookup->request, err, "the customers cannot be read now");
        free(lookup);
    }
}

static void on_cached(void *ctx, enum td_err err, struct td_bytes value)
{
    struct lookup *lookup = ctx;

    if (err != TD_OK) {
        ask_history(lookup);
        return;
    }
    ++*lookup->context->identified;
    ++*lookup->context->identified_from_cache;
    td_request_reply(lookup->request, value);
    free(lookup);
}

static void start_lookup(struct context *context, struct td_request *request, const char *number)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    char key[TD_KEY_SIZE];

    if (lookup == NULL) {
        td_request_fail(request, TD_ERR_NO_MEMORY, "out of memory");
        return;
    }
    lookup->context = context;
    lookup->request = request;
    lookup->tenant = td_request_tenant(request);
    lookup->new_id.id = td_service_new_id(context->service);
    td_str_clip(lookup->number, sizeof(lookup->number), number);
    (void)context_cache_key(context, lookup->tenant, TD_IDENTITY_KIND_PHONE, number, key);
    if (td_live_get(td_service_live(context->service), key, CACHE_DEADLINE_MS, on_cached, lookup) !=
        TD_OK)
        ask_history(lookup); // Redis is away: PostgreSQL knows it too.
}

void context_identify(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct context *context = ctx;
    struct td_identify identify;
    const char *bad_field;
    char number[CONTEXT_E164_SIZE];

    enum td_err err =
        td_identify_decode(td_service_arena(context->service), payload, &identify, &bad_field);
    if (err != TD_OK) {
        td_request_fail(request, err, "%s: %s", bad_field, td_err_text(err));
        return;
    }
    switch (context_phone_read(identify.number, &context->dialling, number)) {
    case CONTEXT_PHONE_WITHHELD:
        answer_plain(context, request, TD_IDENTIFY_OUTCOME_WITHHELD);
        break;
    case CONTEXT_PHONE_UNREADABLE:
        answer_plain(context, request, TD_IDENTIFY_OUTCOME_UNREADABLE);
        break;
    case CONTEXT_PHONE_NUMBER:
        start_lookup(context, request, number);
        break;
    }
}
