#include "reporting/say.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "service/commit.h"
#include "service/publish.h"
#include "wire/agent_wire.h"
#include "wire/metrics_wire.h"

#define STORE_DEADLINE_MS 900

struct td_queue_metrics say_queue_metrics(const struct tenant *tenant, uint32_t index,
                                          uint64_t oldest, uint64_t now)
{
    const struct tally_queue *queue = &tenant->tally.queues[index];
    const struct tally_counts *counts = &queue->counts;
    struct td_queue_metrics metrics = {
        .at_unix_us = now,
        .offered = counts->offered,
        .answered = counts->answered,
        .abandoned = counts->abandoned,
        .overflowed = counts->overflowed,
        .waiting = counts->waiting,
        .answered_within = counts->answered_within,
        .abandoned_after = counts->abandoned_after,
        .service_level_permille = tally_service_level_permille(counts),
        .longest_wait_ms = oldest < now ? (now - oldest) / 1000 : 0,
        .average_wait_ms = counts->answered > 0 ? counts->wait_ms_sum / counts->answered : 0,
        .average_talk_ms = counts->talks > 0 ? counts->talk_ms_sum / counts->talks : 0,
        .consistent = tally_is_consistent(counts),
        .threshold_ms = queue->threshold_ms,
        .service_level_target_permille = tenant->target_percent[index] * 10,
    };

    td_str_clip(metrics.queue, sizeof(metrics.queue), queue->name);
    return metrics;
}

static struct td_agent_metrics agent_metrics(const struct states *states, uint64_t now)
{
    const uint32_t *by_state = states->counts;
    struct td_agent_metrics metrics = {
        .at_unix_us = now,
        .ready = by_state[TD_AGENT_STATE_READY],
        .not_ready = by_state[TD_AGENT_STATE_NOT_READY],
        .offered = by_state[TD_AGENT_STATE_OFFERED],
        .busy = by_state[TD_AGENT_STATE_BUSY],
        .wrap_up = by_state[TD_AGENT_STATE_WRAP_UP],
    };

    metrics.logged_in =
        metrics.ready + metrics.not_ready + metrics.offered + metrics.busy + metrics.wrap_up;
    return metrics;
}

/* --- on the bus --------------------------------------------------------------------------------
 */

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
    const struct td_agent_metrics metrics = agent_metrics(&tenant->states, now);
    struct td_bytes payload = td_agent_metrics_encode(td_service_arena(service), &metrics);

    td_publish_metric(service, tenant->number, "metrics.agents", "AgentMetrics", payload);
    td_commit_put(commit, "metrics", "agents", payload);
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
        struct td_queue_metrics metrics = say_queue_metrics(tenant, i, oldest[i], now);

        say_queue(service, tenant, &metrics, commit);
        inconsistent += !metrics.consistent;
        td_arena_rewind(arena, mark);
    }
    say_agents(service, tenant, now, commit);
    td_arena_rewind(arena, mark);
    td_commit_run(commit, STORE_DEADLINE_MS, NULL, NULL); // The next second brings newer ones.
    return inconsistent;
}
