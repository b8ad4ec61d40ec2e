#include "reporting/reporting.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "reporting/figures.h"
#include "reporting/rows.h"
#include "reporting/writer.h"
#include "service/company.h"

#define READ_DEADLINE_MS 30000
#define PAGE 5000
#define PAGE_TEXT "5000"

const struct td_config_key reporting_keys[] = {
    TD_CONFIG_DURATION_MS("flush", struct reporting_config, flush_ms, .fallback = "50ms", .min = 1,
                          .max = 10000,
                          .help = "how long events are collected for one transaction"),
    TD_CONFIG_U32("batch_max", struct reporting_config, batch_max, .fallback = "5000",
                  .unit = "events", .min = 1, .max = 100000, .help = "of one transaction"),
    TD_CONFIG_DURATION_MS("stream_keep", struct reporting_config, stream_keep_ms,
                          .fallback = "10min", .min = 1000, .max = 86400000,
                          .help = "how long streams keep what the history has"),
    TD_CONFIG_U32("waiting_max", struct reporting_config, waiting_max, .fallback = "50000",
                  .unit = "interactions", .min = 1, .max = 10000000,
                  .help = "waiting in one tenant at a time, for the figures"),
};
const size_t reporting_keys_count = sizeof(reporting_keys) / sizeof(reporting_keys[0]);

/* While the figures of today are counted again. */
struct recount {
    struct reporting *reporting;
    uint32_t tenant;
    uint64_t after_unix_us;
    struct td_id after_id;
    struct recount *next;
};

static struct recount *first_recount(struct reporting *reporting);
static void next_page(struct recount *recount);

/* --- the last step -----------------------------------------------------------------------------
 */

static void go(struct reporting *reporting)
{
    enum td_err err = figures_go(reporting->figures);

    if (err == TD_OK)
        err = writer_create(reporting, &reporting->writer);
    if (err != TD_OK) {
        td_log_error(td_service_log(reporting->service), "reporting.failed", td_failure(err));
        exit(1); // Supervision starts it anew; it has written nothing yet.
    }
    td_log_info(td_service_log(reporting->service), "reporting.ready",
                td_u64("streams", TD_STREAMS));
}

/* --- today, from the history -------------------------------------------------------------------
 */

static const struct td_history_statement today_statement = {
    "reporting_today",
    "SELECT occurred_at, event_id, topic, payload FROM tandem.event WHERE tenant = $1 "
    "AND (occurred_at, event_id) > ($2, $3) AND (topic LIKE 'interaction.%' OR topic = "
    "'agent.state') "
    "ORDER BY occurred_at, event_id LIMIT " PAGE_TEXT};

static void recount_done(struct recount *recount)
{
    struct reporting *reporting = recount->reporting;
    struct recount *next = recount->next;

    free(recount);
    if (next != NULL)
        next_page(next);
    else
        go(reporting);
}

static void free_recounts(struct recount *recount)
{
    while (recount != NULL) {
        struct recount *next = recount->next;
        free(recount);
        recount = next;
    }
}

static void on_page(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct recount *recount = ctx;

    if (recount->reporting->stopped) {
        free_recounts(recount);
        return;
    }
    if (err != TD_OK) {
        td_log_error(td_service_log(recount->reporting->service), "recount.failed", td_failure(err),
                     td_str("why", answer->message));
        exit(1); // Half-counted figures would be wrong all day.
    }
    const struct td_rows *rows = answer->steps[0];
    uint32_t count = td_rows_count(rows);
    for (uint32_t i = 0; i < count; i++)
        figures_take(recount->reporting->figures, recount->tenant, td_rows_text(rows, i, 2),
                     td_rows_bytes(rows, i, 3));
    if (count < PAGE) {
        recount_done(recount);
        return;
    }
    recount->after_unix_us = td_rows_unix_us(rows, count - 1, 0);
    recount->after_id = td_rows_id(rows, count - 1, 1);
    next_page(recount);
}

static void next_page(struct recount *recount)
{
    const struct td_param params[] = {
        td_param_i32((int32_t)recount->tenant),
        td_param_unix_us(recount->after_unix_us),
        td_param_id(recount->after_id),
    };
    const struct td_history_query query = {.statement = &today_statement,
                                           .params = params,
                                           .param_count = 3,
                                           .deadline_ms = READ_DEADLINE_MS,
                                           .repeatable = true};

    if (td_history_query(td_service_history(recount->reporting->service), &query, on_page,
                         recount) != TD_OK)
        exit(1);
}

/* --- start -------------------------------------------------------------------------------------
 */

static void on_positions(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct reporting *reporting = ctx;

    if (reporting->stopped)
        return;
    if (err != TD_OK) {
        td_log_error(td_service_log(reporting->service), "positions.unreadable", td_failure(err),
                     td_str("why", answer->message));
        exit(1);
    }
    const struct td_rows *rows = answer->steps[0];
    for (uint32_t i = 0; i < td_rows_count(rows); i++) {
        int64_t partition = td_rows_i64(rows, i, 0);
        if (partition >= 0 && partition < TD_STREAMS)
            reporting->positions[partition] = (struct td_live_stream_id){
                (uint64_t)td_rows_i64(rows, i, 1), (uint64_t)td_rows_i64(rows, i, 2)};
    }
    struct recount *recount = first_recount(reporting);
    if (recount != NULL)
        next_page(recount);
    else
        go(reporting);
}

static void on_companies_loaded(void *ctx)
{
    struct reporting *reporting = ctx;
    const struct td_param param = td_param_text(td_service_site(reporting->service));
    const struct td_history_query query = {.statement = &rows_positions,
                                           .params = &param,
                                           .param_count = 1,
                                           .deadline_ms = READ_DEADLINE_MS,
                                           .repeatable = true};

    if (td_history_query(td_service_history(reporting->service), &query, on_positions, reporting) !=
        TD_OK)
        exit(1);
}

static void on_company(void *ctx, const struct td_company *company)
{
    struct reporting *reporting = ctx;

    figures_configure(reporting->figures, &company->config);
}

enum td_err reporting_start(struct td_service *service, void *ctx)
{
    struct reporting *reporting = ctx;

    reporting->service = service;
    enum td_err err = figures_create(reporting, &reporting->figures);
    if (err == TD_OK)
        err = td_company_watch(service, on_company, reporting);
    if (err == TD_OK)
        td_company_on_loaded(service, on_companies_loaded, reporting);
    return err;
}

/* A recount for each tenant that there is now; one that comes later has no past. */
static struct recount *first_recount(struct reporting *reporting)
{
    struct recount *first = NULL;

    for (uint32_t tenant = 0; figures_next_tenant(reporting->figures, &tenant);) {
        struct recount *recount = calloc(1, sizeof(*recount));
        if (recount == NULL)
            abort();
        recount->reporting = reporting;
        recount->tenant = tenant;
        recount->after_unix_us = figures_today_unix_us(reporting->figures, tenant);
        recount->next = first;
        first = recount;
    }
    return first;
}

void reporting_stop(void *ctx)
{
    struct reporting *reporting = ctx;

    reporting->stopped = true;
    writer_destroy(&reporting->writer);
    figures_destroy(&reporting->figures);
    td_service_stopped(reporting->service);
}

const char *reporting_unhealthy(void *ctx)
{
    const struct reporting *reporting = ctx;

    if (reporting->writer == NULL)
        return "counting today again from the history";
    const char *why = writer_unhealthy(reporting->writer);
    return why != NULL ? why : figures_unhealthy(reporting->figures);
}

void reporting_metrics(void *ctx, struct td_http_answer *answer)
{
    const struct reporting *reporting = ctx;

    figures_metrics(reporting->figures, answer);
}
