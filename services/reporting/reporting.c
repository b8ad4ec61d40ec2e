#include "reporting/reporting.h"

#include <stdlib.h>

#include "reporting/companies.h"
#include "reporting/figures.h"
#include "reporting/recount.h"
#include "reporting/writer.h"
#include "service/company.h"

const struct td_config_key reporting_keys[] = {
    TD_CONFIG_DURATION_MS("flush", struct reporting_config, flush_ms, .fallback = "250ms", .min = 1,
                          .max = 10000,
                          .help = "how long events are collected for one transaction"),
    TD_CONFIG_U32("batch_max", struct reporting_config, batch_max, .fallback = "5000",
                  .unit = "events", .min = 1, .max = 20000, .help = "of one transaction"),
    TD_CONFIG_DURATION_MS("stream_keep", struct reporting_config, stream_keep_ms,
                          .fallback = "10min", .min = 1000, .max = 86400000,
                          .help = "how long streams keep what the history has"),
    TD_CONFIG_U32("waiting_max", struct reporting_config, waiting_max, .fallback = "50000",
                  .unit = "interactions", .min = 1, .max = 10000000,
                  .help = "waiting in one tenant at a time, for the figures"),
};
const size_t reporting_keys_count = sizeof(reporting_keys) / sizeof(reporting_keys[0]);

enum td_err reporting_tail(const struct reporting *reporting,
                           const struct td_live_tail_config *events, struct td_live_tail **tail)
{
    char keys[TD_STREAMS][TD_KEY_SIZE];
    struct td_live_tail_stream streams[TD_STREAMS];
    struct td_live_tail_config config = *events;

    for (unsigned i = 0; i < TD_STREAMS; i++)
        streams[i] = (struct td_live_tail_stream){
            td_stream_key(td_service_site(reporting->service), i, keys[i]),
            reporting->positions[i]};
    config.address = td_service_redis(reporting->service);
    config.password = td_service_redis_password(reporting->service);
    config.streams = streams;
    config.stream_count = TD_STREAMS;
    return td_live_tail_create(td_service_loop(reporting->service), &config, tail);
}

/* --- start -------------------------------------------------------------------------------------
 */

static void on_recounted(void *ctx)
{
    struct reporting *reporting = ctx;
    enum td_err err = figures_go(reporting->figures);

    reporting->recount = NULL;
    if (err == TD_OK)
        err = writer_create(reporting, &reporting->writer);
    if (err != TD_OK) {
        td_log_error(td_service_log(reporting->service), "reporting.failed", td_failure(err));
        exit(1); // Supervision starts it anew; it has written nothing yet.
    }
    td_log_info(td_service_log(reporting->service), "reporting.ready",
                td_u64("streams", TD_STREAMS));
}

static void on_companies_loaded(void *ctx)
{
    struct reporting *reporting = ctx;

    if (recount_start(reporting, on_recounted, &reporting->recount) != TD_OK)
        exit(1);
}

static void on_company(void *ctx, const struct td_company *company)
{
    struct reporting *reporting = ctx;

    figures_configure(reporting->figures, &company->config);
    companies_put(reporting, &company->config);
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

/* --- life --------------------------------------------------------------------------------------
 */

void reporting_stop(void *ctx)
{
    struct reporting *reporting = ctx;

    recount_destroy(&reporting->recount);
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

void reporting_metrics(void *ctx, struct td_text *text)
{
    const struct reporting *reporting = ctx;

    if (reporting->writer != NULL)
        writer_metrics(reporting->writer, text);
    figures_metrics(reporting->figures, text);
}
