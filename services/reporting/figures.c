#include "reporting/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/bus_feed.h"
#include "io/live_tail.h"
#include "io/timer.h"
#include "reporting/states.h"
#include "reporting/core/tally.h"
#include "reporting/zone.h"
#include "service/publish.h"
#include "wire/agent_wire.h"
#include "wire/interaction_wire.h"
#include "wire/metrics_wire.h"

#define EVERY_MS 1000
#define STORE_DEADLINE_MS 900
#define MISMATCH_LIMIT                                                                             \
    5 /* seconds that a difference to the router may last: events are on their way */

/* One tenant. */
struct figures_tenant {
    uint32_t number;
    char zone[64];
    struct zone_day day;
    struct tally tally;
    struct states states;
    uint32_t mismatch_s[TALLY_QUEUES_MAX];
    struct figures_tenant *next;
    struct tally_entry entries[]; /* waiting_max * 2, a power of two */
};

struct figures {
    struct reporting *reporting;
    struct figures_tenant *tenants;
    size_t entries_size;
    struct td_live_tail *tail;
    struct td_bus_subscriber *subscriber; /* metrics.router */
    struct td_timer timer;
    bool tail_up;
    uint64_t *inconsistent;
    uint64_t *mismatched;
    uint64_t *counted;
};

/* --- tenants -----------------------------------------------------------------------------------
 */

static struct figures_tenant *find_tenant(const struct figures *figures, uint32_t number)
{
    struct figures_tenant *tenant = figures->tenants;

    while (tenant != NULL && tenant->number != number)
        tenant = tenant->next;
    return tenant;
}

static uint64_t now_unix_us(const struct figures *figures)
{
    return td_loop_now_unix_us(td_service_loop(figures->reporting->service));
}

static struct figures_tenant *add_tenant(struct figures *figures, uint32_t number)
{
    struct figures_tenant *tenant =
        calloc(1, sizeof(*tenant) + figures->entries_size * sizeof(struct tally_entry));
    if (tenant == NULL)
        return NULL;

    tenant->number = number;
    tally_init(&tenant->tally, tenant->entries, figures->entries_size);
    tenant->next = figures->tenants;
    figures->tenants = tenant;
    return tenant;
}

void figures_configure(struct figures *figures, const struct td_company_config *config)
{
    struct figures_tenant *tenant = find_tenant(figures, config->tenant);

    if (tenant == NULL)
        tenant = add_tenant(figures, config->tenant);
    if (tenant == NULL)
        return;
    td_str_clip(tenant->zone, sizeof(tenant->zone), config->time_zone);
    tenant->day = zone_day_of(tenant->zone, now_unix_us(figures));
    for (uint32_t i = 0; i < config->queues_count; i++)
        tally_configure(&tenant->tally, config->queues[i].name,
                        config->queues[i].threshold_s * 1000);
    for (uint32_t i = 0; i < config->agents_count; i++)
        states_know(&tenant->states, config->agents[i].name);
}

bool figures_next_tenant(const struct figures *figures, uint32_t *tenant)
{
    uint32_t next = UINT32_MAX;

    for (const struct figures_tenant *at = figures->tenants; at != NULL; at = at->next) {
        if (at->number > *tenant && at->number < next)
            next = at->number;
    }
    if (next == UINT32_MAX)
        return false;
    *tenant = next;
    return true;
}

uint64_t figures_today_unix_us(struct figures *figures, uint32_t tenant)
{
    const struct figures_tenant *found = find_tenant(figures, tenant);

    return found != NULL ? found->day.begin_unix_us : 0;
}

/* --- events ------------------------------------------------------------------------------------
 */

static void take_interaction(struct figures_tenant *tenant, const char *topic,
                             const struct td_interaction_event *event)
{
    struct tally *tally = &tenant->tally;

    if (td_str_equal(topic, "interaction.queued"))
        tally_queued(tally, event->interaction_id, event->queue, event->at_unix_us);
    else if (td_str_equal(topic, "interaction.connected"))
        tally_left(tally, event->interaction_id, TALLY_ANSWERED, event->wait_ms);
    else if (td_str_equal(topic, "interaction.abandoned"))
        tally_left(tally, event->interaction_id, TALLY_ABANDONED, event->wait_ms);
    else if (td_str_equal(topic, "interaction.overflowed"))
        tally_left(tally, event->interaction_id, TALLY_OVERFLOWED, event->wait_ms);
}

static void take_summary(struct figures_tenant *tenant,
                         const struct td_interaction_summary *summary)
{
    if (summary->outcome == TD_OUTCOME_ANSWERED)
        tally_talked(&tenant->tally, summary->queue, summary->talk_ms);
    tally_closed(&tenant->tally, summary->interaction_id);
}

void figures_take(struct figures *figures, uint32_t tenant, const char *topic,
                  struct td_bytes payload)
{
    struct td_arena *arena = td_service_arena(figures->reporting->service);
    struct figures_tenant *found = find_tenant(figures, tenant);
    size_t mark = arena->used;
    struct td_interaction_event event;
    struct td_interaction_summary summary;
    struct td_agent_record agent;

    if (found == NULL)
        return;
    ++*figures->counted;
    if (td_str_equal(topic, "interaction.closed")) {
        if (td_interaction_summary_decode(arena, payload, &summary, NULL) == TD_OK)
            take_summary(found, &summary);
    } else if (td_str_starts_with(topic, "interaction.")) {
        if (td_interaction_event_decode(arena, payload, &event, NULL) == TD_OK)
            take_interaction(found, topic, &event);
    } else if (td_str_equal(topic, "agent.state")) {
        if (td_agent_record_decode(arena, payload, &agent, NULL) == TD_OK)
            states_set(&found->states, agent.agent, (unsigned)agent.state);
    }
    td_arena_rewind(arena, mark);
}

static void on_entry(void *ctx, uint32_t stream, struct td_live_stream_id id, struct td_bytes value)
{
    struct figures *figures = ctx;
    struct td_arena *arena = td_service_arena(figures->reporting->service);
    size_t mark = arena->used;
    struct td_envelope envelope;

    (void)stream;
    (void)id;
    if (td_envelope_decode(arena, value, &envelope, NULL) == TD_OK)
        figures_take(figures, envelope.tenant, envelope.topic, envelope.payload);
    td_arena_rewind(arena, mark);
}

static void on_tail_state(void *ctx, bool up)
{
    struct figures *figures = ctx;

    figures->tail_up = up;
}

/* --- what the router says ----------------------------------------------------------------------
 */

static void compare_queue(struct figures *figures, struct figures_tenant *tenant,
                          const struct td_router_queue_gauge *gauge)
{
    for (uint32_t i = 0; i < tenant->tally.queue_count; i++) {
        const struct tally_queue *queue = &tenant->tally.queues[i];

        if (!td_str_equal(queue->name, gauge->queue))
            continue;
        bool same = queue->counts.waiting == gauge->waiting;
        tenant->mismatch_s[i] = same ? 0 : tenant->mismatch_s[i] + 1;
        if (tenant->mismatch_s[i] != MISMATCH_LIMIT)
            return;
        ++*figures->mismatched;
        td_log_warn(td_service_log(figures->reporting->service), "queue.mismatch",
                    td_str("queue", queue->name), td_u64("counted", queue->counts.waiting),
                    td_u64("router_says", gauge->waiting));
    }
}

static void on_router_metric(void *ctx, const struct td_bus_message *message)
{
    struct figures *figures = ctx;
    struct td_arena *arena = td_service_arena(figures->reporting->service);
    size_t mark = arena->used;
    struct td_envelope envelope;
    struct td_router_gauges gauges;

    if (td_envelope_decode(arena, message->body, &envelope, NULL) == TD_OK &&
        td_router_gauges_decode(arena, envelope.payload, &gauges, NULL) == TD_OK) {
        struct figures_tenant *tenant = find_tenant(figures, envelope.tenant);

        for (uint32_t i = 0; tenant != NULL && i < gauges.queues_count; i++)
            compare_queue(figures, tenant, &gauges.queues[i]);
    }
    td_arena_rewind(arena, mark);
}

static void on_hub(void *ctx, enum td_instance_change change, const struct td_instance *instance)
{
    struct figures *figures = ctx;

    if (figures->subscriber == NULL || !td_str_equal(instance->service, "hub") ||
        instance->publish[0] == '\0')
        return;
    if (change == TD_INSTANCE_GONE)
        td_bus_subscriber_disconnect(figures->subscriber, instance->publish);
    else if (change == TD_INSTANCE_APPEARED &&
             td_bus_subscriber_connect(figures->subscriber, instance->publish) != TD_OK)
        td_log_warn(td_service_log(figures->reporting->service), "hub.unreachable",
                    td_str("endpoint", instance->publish));
}

/* --- each second -------------------------------------------------------------------------------
 */

static struct td_queue_metrics queue_metrics(const struct figures_tenant *tenant, uint32_t index,
                                             uint64_t now)
{
    const struct tally_queue *queue = &tenant->tally.queues[index];
    const struct tally_counts *counts = &queue->counts;
    uint64_t oldest = tally_oldest_unix_us(&tenant->tally, index);
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
    };

    td_str_clip(metrics.queue, sizeof(metrics.queue), queue->name);
    return metrics;
}

static void say_queue(struct figures *figures, struct figures_tenant *tenant, uint32_t index,
                      struct td_commit *commit)
{
    struct td_service *service = figures->reporting->service;
    struct td_queue_metrics metrics = queue_metrics(tenant, index, now_unix_us(figures));
    struct td_bytes payload = td_queue_metrics_encode(td_service_arena(service), &metrics);
    char topic[128];

    if (!metrics.consistent) {
        ++*figures->inconsistent;
        td_log_error(td_service_log(service), "queue.inconsistent", td_str("queue", metrics.queue));
    }
    (void)snprintf(topic, sizeof(topic), "metrics.queue.%s", metrics.queue);
    td_publish_metric(service, tenant->number, topic, "QueueMetrics", payload);
    td_commit_put(commit, "metrics", topic + strlen("metrics."), payload);
}

static void say_agents(struct figures *figures, struct figures_tenant *tenant,
                       struct td_commit *commit)
{
    struct td_service *service = figures->reporting->service;
    const uint32_t *by_state = tenant->states.counts;
    struct td_agent_metrics metrics = {
        .at_unix_us = now_unix_us(figures),
        .ready = by_state[TD_AGENT_STATE_READY],
        .not_ready = by_state[TD_AGENT_STATE_NOT_READY],
        .offered = by_state[TD_AGENT_STATE_OFFERED],
        .busy = by_state[TD_AGENT_STATE_BUSY],
        .wrap_up = by_state[TD_AGENT_STATE_WRAP_UP],
    };

    metrics.logged_in =
        metrics.ready + metrics.not_ready + metrics.offered + metrics.busy + metrics.wrap_up;
    struct td_bytes payload = td_agent_metrics_encode(td_service_arena(service), &metrics);
    td_publish_metric(service, tenant->number, "metrics.agents", "AgentMetrics", payload);
    td_commit_put(commit, "metrics", "agents", payload);
}

static void say_tenant(struct figures *figures, struct figures_tenant *tenant)
{
    struct td_arena *arena = td_service_arena(figures->reporting->service);
    struct td_commit *commit = td_commit_begin(figures->reporting->service, tenant->number);
    size_t mark = arena->used;

    if (now_unix_us(figures) >= tenant->day.end_unix_us) {
        tally_new_day(&tenant->tally);
        tenant->day = zone_day_of(tenant->zone, now_unix_us(figures));
    }
    for (uint32_t i = 0; i < tenant->tally.queue_count; i++) {
        say_queue(figures, tenant, i, commit);
        td_arena_rewind(arena, mark);
    }
    say_agents(figures, tenant, commit);
    td_arena_rewind(arena, mark);
    td_commit_run(commit, STORE_DEADLINE_MS, NULL, NULL); // The next second brings newer ones.
}

static void on_second(void *ctx)
{
    struct figures *figures = ctx;

    for (struct figures_tenant *tenant = figures->tenants; tenant != NULL; tenant = tenant->next)
        say_tenant(figures, tenant);
}

/* --- Prometheus --------------------------------------------------------------------------------
 */

static void put_queue(struct td_http_answer *answer, const struct figures_tenant *tenant,
                      const struct td_queue_metrics *m)
{
    const struct {
        const char *name;
        uint64_t value;
    } values[] = {
        {"offered", m->offered},
        {"answered", m->answered},
        {"abandoned", m->abandoned},
        {"overflowed", m->overflowed},
        {"waiting", m->waiting},
        {"answered_within", m->answered_within},
        {"abandoned_after", m->abandoned_after},
        {"service_level_permille", m->service_level_permille},
        {"longest_wait_ms", m->longest_wait_ms},
        {"average_wait_ms", m->average_wait_ms},
        {"average_talk_ms", m->average_talk_ms},
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        td_http_printf(answer, "tandem_queue_%s{tenant=\"%u\",queue=\"%s\"} %llu\n", values[i].name,
                       tenant->number, m->queue, (unsigned long long)values[i].value);
}

static void put_agents(struct td_http_answer *answer, const struct figures_tenant *tenant)
{
    for (int state = TD_AGENT_STATE_LOGGED_OUT; state < TD_AGENT_STATE_COUNT; state++)
        td_http_printf(answer, "tandem_agents{tenant=\"%u\",state=\"%s\"} %u\n", tenant->number,
                       td_agent_state_name((enum td_agent_state)state),
                       tenant->states.counts[state]);
}

void figures_metrics(const struct figures *figures, struct td_http_answer *answer)
{
    for (const struct figures_tenant *tenant = figures->tenants; tenant != NULL;
         tenant = tenant->next) {
        for (uint32_t i = 0; i < tenant->tally.queue_count; i++) {
            struct td_queue_metrics metrics = queue_metrics(tenant, i, now_unix_us(figures));
            put_queue(answer, tenant, &metrics);
        }
        put_agents(answer, tenant);
    }
}

/* --- life --------------------------------------------------------------------------------------
 */

static enum td_err open_subscriber(struct figures *figures)
{
    const struct td_bus_subscriber_options options = {.on_message = on_router_metric,
                                                      .ctx = figures};
    enum td_err err = td_bus_subscriber_create(td_service_bus(figures->reporting->service),
                                               &options, &figures->subscriber);

    if (err == TD_OK)
        err = td_bus_subscribe(figures->subscriber, "metrics.router");
    if (err == TD_OK)
        td_service_watch_instances(figures->reporting->service, on_hub, figures);
    return err;
}

enum td_err figures_go(struct figures *figures)
{
    struct reporting *reporting = figures->reporting;
    char keys[TD_STREAMS][TD_KEY_SIZE];
    struct td_live_tail_stream streams[TD_STREAMS];

    for (unsigned i = 0; i < TD_STREAMS; i++)
        streams[i] = (struct td_live_tail_stream){
            td_stream_key(td_service_site(reporting->service), i, keys[i]),
            reporting->positions[i]};
    const struct td_live_tail_config config = {
        .address = td_service_redis(reporting->service),
        .password = td_service_redis_password(reporting->service),
        .streams = streams,
        .stream_count = TD_STREAMS,
        .entry = on_entry,
        .state = on_tail_state,
        .ctx = figures,
    };
    enum td_err err =
        td_live_tail_create(td_service_loop(reporting->service), &config, &figures->tail);
    if (err == TD_OK)
        err = open_subscriber(figures);
    if (err == TD_OK)
        td_timer_start_repeating(&figures->timer, EVERY_MS);
    return err;
}

enum td_err figures_create(struct reporting *reporting, struct figures **figures)
{
    struct figures *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->reporting = reporting;
    self->entries_size = 2;
    while (self->entries_size < 2 * (size_t)reporting->config.waiting_max)
        self->entries_size *= 2;
    self->inconsistent = td_service_counter(reporting->service, "queues_inconsistent");
    self->mismatched = td_service_counter(reporting->service, "queues_mismatched");
    self->counted = td_service_counter(reporting->service, "events_counted");
    td_timer_init(&self->timer, td_service_loop(reporting->service), on_second, self);
    *figures = self;
    return TD_OK;
}

const char *figures_unhealthy(const struct figures *figures)
{
    return figures->tail_up ? NULL : "cannot read the event streams";
}

void figures_destroy(struct figures **figures)
{
    struct figures *self = *figures;

    if (self == NULL)
        return;
    *figures = NULL;
    td_timer_stop(&self->timer);
    td_live_tail_destroy(&self->tail);
    td_bus_subscriber_destroy(&self->subscriber);
    while (self->tenants != NULL) {
        struct figures_tenant *tenant = self->tenants;
        self->tenants = tenant->next;
        states_clear(&tenant->states);
        free(tenant);
    }
    free(self);
}
