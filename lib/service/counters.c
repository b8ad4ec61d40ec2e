/* Counters of a service, shown as Prometheus text (exposition format 0.0.4). */
#include <stdlib.h>

#include "base/str.h"
#include "service/private.h"

uint64_t *td_service_counter(struct td_service *service, const char *name)
{
    for (size_t i = 0; i < service->counter_count; i++) {
        if (td_str_equal(service->counters[i].name, name))
            return &service->counters[i].value;
    }
    if (service->counter_count == COUNTERS_MAX)
        abort(); // A fixed set, named by constants.
    service->counters[service->counter_count].name = name;
    return &service->counters[service->counter_count++].value;
}

static void put(struct td_http_answer *answer, const struct td_service *service, const char *name,
                uint64_t value)
{
    td_http_printf(answer, "tandem_%s_%s{instance=\"%s\"} %llu\n", service->definition->name, name,
                   service->instance_name, (unsigned long long)value);
}

void counters_metrics(void *ctx, struct td_http_answer *answer)
{
    const struct td_service *service = ctx;
    struct td_bus_server_counts server = td_bus_server_counts(service->server);
    struct td_live_stats live = td_live_stats(service->live);

    answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    for (size_t i = 0; i < service->counter_count; i++)
        put(answer, service, service->counters[i].name, service->counters[i].value);
    put(answer, service, "requests", server.requests);
    put(answer, service, "requests_busy", server.busy_full + server.busy_late);
    put(answer, service, "requests_expired", server.expired + server.expired_early);
    put(answer, service, "live_commits", live.batches);
    put(answer, service, "live_timeouts", live.timeouts);
    put(answer, service, "live_up", td_live_is_up(service->live) ? 1 : 0);
    put(answer, service, "loop_lag_ms", td_loop_lag_ms(service->loop));
    if (service->definition->metrics != NULL && service->started && !service->stopping)
        service->definition->metrics(service->definition->ctx, answer);
}
