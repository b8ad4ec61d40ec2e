/*
 * Figures of a service, as Prometheus text. What every service has is one family over all of them
 * (tandem_loop_lag_seconds{service="edge",instance="edge-1"}), so that one rule watches all; what
 * only this one has carries its name (tandem_edge_calls{instance="edge-1"}). process_* are the
 * names that client libraries of Prometheus agreed on.
 */
#include <stdlib.h>

#include "base/metrics.h"
#include "base/str.h"
#include "io/usage.h"
#include "service/private.h"

#define PREFIX_SIZE 48

static uint64_t *find_or_add(struct td_service *service, const struct counter *wanted)
{
    for (size_t i = 0; i < service->counter_count; i++) {
        if (td_str_equal(service->counters[i].name, wanted->name))
            return &service->counters[i].value;
    }
    if (service->counter_count == COUNTERS_MAX)
        abort(); // A fixed set, named by constants.
    service->counters[service->counter_count] = *wanted;
    return &service->counters[service->counter_count++].value;
}

uint64_t *td_service_counter(struct td_service *service, const char *name, const char *help)
{
    return find_or_add(service, &(struct counter){.name = name, .help = help});
}

uint64_t *td_service_gauge(struct td_service *service, const char *name, const char *help)
{
    return find_or_add(service,
                       &(struct counter){.name = name, .help = help, .kind = TD_METRIC_GAUGE});
}

uint64_t *service_common_counter(struct td_service *service, const char *name, const char *help)
{
    return find_or_add(service, &(struct counter){.name = name, .help = help, .is_common = true});
}

uint64_t *service_common_gauge(struct td_service *service, const char *name, const char *help)
{
    return find_or_add(
        service,
        &(struct counter){.name = name, .help = help, .kind = TD_METRIC_GAUGE, .is_common = true});
}

/* --- as text -----------------------------------------------------------------------------------
 */

static void put_own(struct td_text *text, const struct td_service *service,
                    const struct td_metric *metric, uint64_t value)
{
    const struct td_metric_label label = {"instance", service->instance_name};

    td_metrics_family(text, metric);
    td_metrics_sample(text, metric, &label, 1, value);
}

static void put_common(struct td_text *text, const struct td_service *service,
                       const struct td_metric *metric, uint64_t value)
{
    const struct td_metric_label labels[] = {{"service", service->definition->name},
                                             {"instance", service->instance_name}};

    td_metrics_family(text, metric);
    td_metrics_sample(text, metric, labels, 2, value);
}

static void put_counters(struct td_text *text, const struct td_service *service)
{
    char prefix[PREFIX_SIZE];
    struct td_text own;

    td_text_init(&own, prefix, sizeof(prefix));
    td_text_add(&own, "tandem_");
    td_text_add(&own, service->definition->name);
    td_text_add(&own, "_");
    for (size_t i = 0; i < service->counter_count; i++) {
        const struct counter *counter = &service->counters[i];
        const struct td_metric metric = {counter->is_common ? "tandem_" : prefix, counter->name,
                                         counter->kind, counter->help};

        if (counter->is_common)
            put_common(text, service, &metric, counter->value);
        else
            put_own(text, service, &metric, counter->value);
    }
}

static void put_process(struct td_text *text, const struct td_service *service)
{
    const struct td_usage usage = td_usage_read();
    const struct {
        struct td_metric metric;
        uint64_t value;
    } figures[] = {
        {{"process_", "cpu_us", TD_METRIC_COUNTER, "Processor time of the process, all threads."},
         usage.cpu_us},
        {{"process_", "resident_memory_bytes", TD_METRIC_GAUGE, "Memory in use."},
         usage.resident_bytes},
        {{"process_", "virtual_memory_bytes", TD_METRIC_GAUGE, "Addresses in use."},
         usage.virtual_bytes},
        {{"process_", "open_fds", TD_METRIC_GAUGE, "Open file descriptors."}, usage.open_fds},
        {{"process_", "max_fds", TD_METRIC_GAUGE, "Most file descriptors it may open."},
         usage.max_fds},
        {{"process_", "threads", TD_METRIC_GAUGE, "Threads of the process."}, usage.threads},
        {{"process_", "start_time_us", TD_METRIC_GAUGE, "When it started, since 1970."},
         service->self.started_at_unix_us},
    };

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        put_common(text, service, &figures[i].metric, figures[i].value);
}

static bool is_healthy(const struct td_service *service)
{
    const struct td_service_definition *definition = service->definition;

    return service->started && !service->stopping &&
           (definition->unhealthy == NULL || definition->unhealthy(definition->ctx) == NULL);
}

static void put_shell(struct td_text *text, const struct td_service *service)
{
    const struct td_bus_server_counts server = td_bus_server_counts(service->server);
    const struct td_live_stats live = td_live_stats(service->live);
    const struct {
        struct td_metric metric;
        uint64_t value;
    } figures[] = {
        {{"tandem_", "healthy", TD_METRIC_GAUGE, "1 while /health says so."}, is_healthy(service)},
        {{"tandem_", "requests", TD_METRIC_COUNTER, "Requests received."}, server.requests},
        {{"tandem_", "requests_busy", TD_METRIC_COUNTER,
          "Requests refused because the inbox was full or the loop late."},
         server.busy_full + server.busy_late},
        {{"tandem_", "requests_expired", TD_METRIC_COUNTER,
          "Requests whose deadline passed before they were answered."},
         server.expired + server.expired_early},
        {{"tandem_", "live_commits", TD_METRIC_COUNTER, "Batches committed to Redis."},
         live.batches},
        {{"tandem_", "live_timeouts", TD_METRIC_COUNTER, "Commands Redis did not answer in time."},
         live.timeouts},
        {{"tandem_", "live_up", TD_METRIC_GAUGE, "1 while Redis is connected."},
         td_live_is_up(service->live)},
        {{"tandem_", "loop_lag_ms", TD_METRIC_GAUGE,
          "Second longest turn of the event loop lately."},
         td_loop_lag_ms(service->loop)},
        {{"tandem_", "disk_free_permille", TD_METRIC_GAUGE,
          "Share of the disk that is free where the site keeps its files."},
         td_usage_disk_free_permille(service->site.var)},
    };

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        put_common(text, service, &figures[i].metric, figures[i].value);
}

static void put_build(struct td_text *text, const struct td_service *service)
{
    const struct td_metric metric = {"tandem_", "build_info", TD_METRIC_GAUGE,
                                     "1; the version and the site are in the labels."};
    const struct td_metric_label labels[] = {{"service", service->definition->name},
                                             {"instance", service->instance_name},
                                             {"site", service->site.name},
                                             {"version", service->self.version}};

    td_metrics_family(text, &metric);
    td_metrics_sample(text, &metric, labels, 4, 1);
}

void counters_metrics(void *ctx, struct td_http_answer *answer)
{
    const struct td_service *service = ctx;
    struct td_text text;

    answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    td_http_text(answer, &text);
    put_build(&text, service);
    put_process(&text, service);
    put_shell(&text, service);
    put_counters(&text, service);
    if (service->definition->metrics != NULL && service->started && !service->stopping)
        service->definition->metrics(service->definition->ctx, &text);
    td_http_take_text(answer, &text);
}
