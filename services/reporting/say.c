#include "reporting/say.h"

#include <stdio.h>
#include <string.h>

#include "reporting/values.h"
#include "service/commit.h"
#include "service/publish.h"

#define STORE_DEADLINE_MS 900

static void say_queue(struct td_service *service, const struct tenant *tenant,
                      const struct td_queue_metrics *metrics, struct td_commit *commit)
{
    struct td_bytes payload = td_queue_metrics_encode(td_service_arena(service), metrics);
    char topic[128];

    if (!metrics->consistent)
        td_log_error(td_service_log(service), "queue.inconsistent",
                     td_str("queue", metrics->queue));
    (void)snprintf(topic, sizeof(topic), "metrics.queue.%s", metrics->queue);
    td_publish_metric(service, tenant->number, topic, "QueueMetrics", payload);
    td_commit_put(commit, "metrics", topic + strlen("metrics."), payload);
}

static void say_agents(struct td_service *service, const struct tenant *tenant, uint64_t now,
                       struct td_commit *commit)
{
    const struct td_agent_metrics metrics = values_of_agents(&tenant->states, now);
    struct td_bytes payload = td_agent_metrics_encode(td_service_arena(service), &metrics);

    td_publish_metric(service, tenant->number, "metrics.agents", "AgentMetrics", payload);
    td_commit_put(commit, "metrics", "agents", payload);
}

static void say_calls(struct td_service *service, const struct tenant *tenant, uint64_t now,
                      struct td_commit *commit)
{
    const struct td_call_metrics metrics = values_of_calls(&tenant->calls, now);
    struct td_bytes payload = td_call_metrics_encode(td_service_arena(service), &metrics);

    td_publish_metric(service, tenant->number, "metrics.calls", "CallMetrics", payload);
    td_commit_put(commit, "metrics", "calls", payload);
}

uint32_t say_tenant(struct td_service *service, const struct tenant *tenant)
{
    struct td_arena *arena = td_service_arena(service);
    struct td_commit *commit = td_commit_begin(service, tenant->number);
    uint64_t now = td_loop_now_unix_us(td_service_loop(service));
    uint64_t oldest[TALLY_QUEUES_MAX];
    size_t mark = arena->used;
    uint32_t inconsistent = 0;

    tally_oldest(&tenant->tally, oldest);
    for (uint32_t i = 0; i < tenant->tally.queue_count; i++) {
        struct td_queue_metrics metrics = values_of_queue(tenant, i, oldest[i], now);

        say_queue(service, tenant, &metrics, commit);
        inconsistent += !metrics.consistent;
        td_arena_rewind(arena, mark);
    }
    say_agents(service, tenant, now, commit);
    say_calls(service, tenant, now, commit);
    td_arena_rewind(arena, mark);
    td_commit_run(commit, STORE_DEADLINE_MS, NULL, NULL); // The next second brings newer ones.
    return inconsistent;
}
