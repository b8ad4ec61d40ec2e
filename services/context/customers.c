/* Customers as configuration or an integrator gives them: all of one request, or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "context/context.h"
#include "io/live_commit.h"
#include "wire/context_wire.h"

#define APPLY_DEADLINE_MS 20000
#define FORGET_DEADLINE_MS 5000
#define IDENTITIES_MAX 16
#define LINE_SIZE 140 /* "KIND VALUE\n" */
#define LINES_SIZE ((IDENTITIES_MAX * LINE_SIZE) + 1)

/* One customer, as it is from now on. */
struct applied {
    char lines[LINES_SIZE]; /* identities */
};

struct apply {
    struct context *context;
    struct td_request *request;
    uint32_t tenant;
    uint32_t count;
    struct applied *customers;
};

static void free_apply(struct apply *apply)
{
    free(apply->customers);
    free(apply);
}

/* --- check and normalise -----------------------------------------------------------------------
 */

static enum td_err add_identity(const struct context *context, const struct td_identity *identity,
                                char *lines)
{
    const char *value = identity->value;
    char e164[CONTEXT_E164_SIZE];
    size_t used = strlen(lines);

    if (identity->kind >= TD_IDENTITY_KIND_COUNT)
        return TD_ERR_RANGE; // Of a later release: how it is written is not known here.
    if (identity->kind == TD_IDENTITY_KIND_PHONE) {
        if (context_phone_read(value, &context->dialling, e164) != CONTEXT_PHONE_NUMBER)
            return TD_ERR_SYNTAX;
        value = e164;
    }
    if (strpbrk(value, "\r\n") != NULL || strlen(value) > LINE_SIZE - 8)
        return TD_ERR_SYNTAX;
    (void)snprintf(lines + used, LINES_SIZE - used, "%d %s\n", (int)identity->kind, value);
    return TD_OK;
}

static enum td_err check_customer(struct apply *apply, const struct td_customer *customer,
                                  uint32_t index, char *why, size_t why_size)
{
    if (customer->brief.external_id[0] == '\0') {
        (void)snprintf(why, why_size, "customers[%u].brief.external_id: missing", index);
        return TD_ERR_RANGE;
    }
    for (uint32_t i = 0; i < customer->identities_count; i++) {
        if (add_identity(apply->context, &customer->identities[i], apply->customers[index].lines) !=
            TD_OK) {
            (void)snprintf(why, why_size,
                           "customers[%u].identities[%u].value: not a number or address that can "
                           "be reached (customer %s)",
                           index, i, customer->brief.external_id);
            return TD_ERR_SYNTAX;
        }
    }
    return TD_OK;
}

/* --- after the commit --------------------------------------------------------------------------
 */

/* Forgets the cached answer for each line "KIND VALUE". */
static void forget_lines(struct apply *apply, struct td_live_batch *batch, const char *lines)
{
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");
        char line[LINE_SIZE];
        char key[TD_KEY_SIZE];

        if (td_str_copy_span(line, sizeof(line), lines, length) == TD_OK && length > 2)
            td_live_batch_del(batch, context_cache_key(apply->context, apply->tenant, line[0] - '0',
                                                       line + 2, key));
        lines += length + (lines[length] == '\n');
    }
}

/* Nobody is to be answered from the cache with what was true before. */
static void forget_cached(struct apply *apply, const struct td_history_answer *answer)
{
    struct td_service *service = apply->context->service;
    struct td_live_batch *batch;
    enum td_err err = td_live_batch_create(&batch);

    for (uint32_t i = 0; i < answer->step_count && err == TD_OK; i++) {
        forget_lines(apply, batch, td_rows_text(answer->steps[i], 0, 2));
        forget_lines(apply, batch, apply->customers[i].lines);
    }
    if (err == TD_OK && td_live_batch_op_count(batch) > 0)
        err = td_live_commit(td_service_live(service), &batch, FORGET_DEADLINE_MS, NULL, NULL);
    else if (err == TD_OK)
        td_live_batch_destroy(&batch);
    if (err != TD_OK) // What is cached ends by itself; until then it may be the old one.
        td_log_warn(td_service_log(service), "identity.cache_kept", td_failure(err));
}

static void count_result(const struct td_rows *row, struct td_customers_apply_reply *reply)
{
    const char *result = td_rows_text(row, 0, 1);
    bool is_new = td_str_equal(result, "created");
    bool is_changed = td_str_equal(result, "updated");

    reply->created += is_new;
    reply->updated += is_changed;
    reply->unchanged += !is_new && !is_changed;
}

static void reply_done(struct apply *apply, const struct td_history_answer *answer)
{
    struct td_service *service = apply->context->service;
    struct td_customers_apply_reply reply = {0};

    forget_cached(apply, answer);
    for (uint32_t i = 0; i < answer->step_count; i++)
        count_result(answer->steps[i], &reply);
    if (reply.created + reply.updated > 0)
        outbox_poke(&apply->context->outbox);
    *apply->context->customers_created += reply.created;
    td_request_reply(apply->request,
                     td_customers_apply_reply_encode(td_service_arena(service), &reply));
}

static void on_applied(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct apply *apply = ctx;

    if (err == TD_OK)
        reply_done(apply, answer);
    else if (err == TD_ERR_TIMEOUT)
        td_request_fail(apply->request, err, "not known to be stored: apply it again");
    else
        td_request_fail(apply->request, err, "nothing was changed: %s", answer->message);
    free_apply(apply);
}

/* --- the unit ----------------------------------------------------------------------------------
 */

static void add_step(struct apply *apply, struct td_history_unit *unit,
                     const struct td_customer *customer, uint32_t index)
{
    static const struct td_history_statement statement = {
        "context_customer_apply", "SELECT customer_id, result, removed FROM "
                                  "tandem.customer_apply($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};
    struct td_service *service = apply->context->service;
    struct td_arena *arena = td_service_arena(service);
    size_t mark = arena->used;
    struct td_customer_brief brief = customer->brief;

    brief.customer_id = (struct td_customer_id){0}; // A column of its own.
    const struct td_param params[] = {
        td_param_i32((int32_t)apply->tenant),
        td_param_id(td_service_new_id(service)),
        td_param_text(brief.external_id),
        td_param_text(brief.display_name),
        td_param_text(brief.language),
        td_param_text(brief.tier),
        td_param_text(brief.account_manager),
        td_param_bytes(td_customer_brief_encode(arena, &brief)),
        td_param_text(apply->customers[index].lines),
        td_param_id(td_service_new_id(service)), // Of the event that tells of it.
    };
    td_history_unit_add(unit, &statement, params, sizeof(params) / sizeof(params[0]));
    td_arena_rewind(arena, mark);
}

static void run_apply(struct apply *apply, const struct td_customers_apply *wanted)
{
    struct td_history_unit *unit = NULL;
    char why[256] = "out of memory";
    enum td_err err = td_history_unit_create(&unit);

    for (uint32_t i = 0; i < wanted->customers_count && err == TD_OK; i++) {
        err = check_customer(apply, &wanted->customers[i], i, why, sizeof(why));
        if (err == TD_OK)
            add_step(apply, unit, &wanted->customers[i], i);
    }
    if (err == TD_OK) {
        td_history_unit_repeatable(unit);
        td_str_clip(why, sizeof(why), "the customers cannot be stored now");
        err = td_history_run(td_service_history(apply->context->service), &unit, APPLY_DEADLINE_MS,
                             on_applied, apply);
    }
    td_history_unit_destroy(&unit);
    if (err != TD_OK) {
        td_request_fail(apply->request, err, "%s", why);
        free_apply(apply);
    }
}

void context_customers_apply(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct context *context = ctx;
    struct td_arena *arena = td_service_arena(context->service);
    struct td_customers_apply wanted;
    const char *bad_field;

    enum td_err err = td_customers_apply_decode(arena, payload, &wanted, &bad_field);
    if (err == TD_OK && wanted.customers_count == 0) {
        err = TD_ERR_RANGE;
        bad_field = "customers";
    }
    if (err == TD_OK && arena->size - arena->used < TD_WIRE_ARENA_SIZE) {
        err = TD_ERR_LIMIT; // Nothing would be left to store them with.
        bad_field = "customers";
    }
    if (err != TD_OK) {
        td_request_fail(request, err, "%s: %s", bad_field, td_err_text(err));
        return;
    }
    struct apply *apply = calloc(1, sizeof(*apply));
    if (apply != NULL)
        apply->customers = calloc(wanted.customers_count, sizeof(*apply->customers));
    if (apply == NULL || apply->customers == NULL) {
        free(apply);
        td_request_fail(request, TD_ERR_NO_MEMORY, "out of memory");
        return;
    }
    apply->context = context;
    apply->request = request;
    apply->tenant = td_request_tenant(request);
    apply->count = wanted.customers_count;
    run_apply(apply, &wanted);
}
