#include "reporting/figures.h"

#include <stdlib.h>

#include "base/str.h"
#include "io/bus_feed.h"
#include "io/live_tail.h"
#include "io/timer.h"
#include "reporting/core/occurred.h"
#include "reporting/prometheus.h"
#include "reporting/say.h"
#include "reporting/tenant.h"
#include "service/publish.h"
#include "wire/metrics_wire.h"

#define EVERY_MS 1000
/* Readings of the streams. */
#define REST_MS 20
/* How long the router may say otherwise, in seconds: events are on their way. */
#define MISMATCH_LIMIT 5

struct figures {
    struct reporting *reporting;
    struct tenant *tenants;
    struct td_live_tail *tail;
    struct td_bus_subscriber *subscriber; /* metrics.router */
    struct td_timer timer;
    bool tail_up;
    uint64_t *inconsistent;
    uint64_t *mismatched;
    uint64_t *counted;
    uint64_t *gaps;
};

/* --- tenants -----------------------------------------------------------------------------------
 */

static struct tenant *find_tenant(const struct figures *figures, uint32_t number)
{
    struct tenant *tenant = figures->tenants;

    while (tenant != NULL && tenant->number != number)
        tenant = tenant->next;
    return tenant;
}

static uint64_t now_unix_us(const struct figures *figures)
{
    return td_loop_now_unix_us(td_service_loop(figures->reporting->service));
}

static struct tenant *add_tenant(struct figures *figures, uint32_t number)
{
    struct tenant *tenant = tenant_create(number, figures->reporting->config.waiting_max);
    if (tenant == NULL)
        return NULL;

    tenant->next = figures->tenants;
    figures->tenants = tenant;
    return tenant;
}

void figures_configure(struct figures *figures, const struct td_company_config *config)
{
    struct tenant *tenant = find_tenant(figures, config->tenant);

    if (tenant == NULL)
        tenant = add_tenant(figures, config->tenant);
    if (tenant != NULL)
        tenant_configure(tenant, config, now_unix_us(figures));
}

bool figures_next_tenant(const struct figures *figures, uint32_t *tenant)
{
    const struct tenant *next = NULL;

    for (const struct tenant *at = figures->tenants; at != NULL; at = at->next) {
        if (at->number > *tenant && (next == NULL || at->number < next->number))
            next = at;
    }
    if (next == NULL)
        return false;
    *tenant = next->number;
    return true;
}

uint64_t figures_begin(struct figures *figures, uint32_t tenant)
{
    return tenant_begin(find_tenant(figures, tenant), now_unix_us(figures));
}

/* --- events ------------------------------------------------------------------------------------
 */

void figures_take(struct figures *figures, uint32_t tenant, const struct tenant_event *event)
{
    struct tenant *found = find_tenant(figures, tenant);
    uint64_t now = now_unix_us(figures);
    struct tenant_event taken = *event;

    // The router may have a new company before it is known here.
    if (found == NULL && tenant != 0 && tenant_counts(event->topic))
        found = add_tenant(figures, tenant);
    if (found == NULL)
        return;
    ++*figures->counted;
    if (taken.at_unix_us > now) // A clock that is ahead must not end the day for everybody.
        taken.at_unix_us = now;
    tenant_take(found, td_service_arena(figures->reporting->service), &taken);
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
        figures_take(figures, envelope.tenant,
                     &(struct tenant_event){
                         .id = envelope.id.id,
                         .topic = envelope.topic,
                         .at_unix_us = occurred_unix_us(envelope.id.id, envelope.time_unix_us),
                         .payload = envelope.payload,
                     });
    td_arena_rewind(arena, mark);
}

/* Trimmed before it was counted here, though the history has it: only a new start counts it. */
static void on_gap(void *ctx, uint32_t stream, struct td_live_stream_id after,
                   struct td_live_stream_id trimmed)
{
    struct figures *figures = ctx;

    ++*figures->gaps;
    td_log_error(td_service_log(figures->reporting->service), "figures.gap",
                 td_u64("partition", stream), td_u64("after_unix_ms", after.unix_ms),
                 td_u64("trimmed_unix_ms", trimmed.unix_ms));
}

static void on_tail_state(void *ctx, bool up)
{
    struct figures *figures = ctx;

    figures->tail_up = up;
}

/* --- what the router says ----------------------------------------------------------------------
 */

static void compare_queue(struct figures *figures, struct tenant *tenant,
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
                    td_u64("tenant", tenant->number), td_str("queue", queue->name),
                    td_u64("counted", queue->counts.waiting),
                    td_u64("router_says", gauge->waiting));
        return;
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
        struct tenant *tenant = find_tenant(figures, envelope.tenant);

        for (uint32_t i = 0; tenant != NULL && i < gauges.queues_count; i++)
            compare_queue(figures, tenant, &gauges.queues[i]);
    }
    td_arena_rewind(arena, mark);
}

/* --- each second -------------------------------------------------------------------------------
 */

static void on_second(void *ctx)
{
    struct figures *figures = ctx;

    for (struct tenant *tenant = figures->tenants; tenant != NULL; tenant = tenant->next) {
        tenant_advance(tenant, now_unix_us(figures));
        *figures->inconsistent += say_tenant(figures->reporting->service, tenant);
    }
}

void figures_metrics(const struct figures *figures, struct td_text *text)
{
    prometheus_put(text, figures->tenants, now_unix_us(figures));
}

/* --- life --------------------------------------------------------------------------------------
 */

static enum td_err open_subscriber(struct figures *figures)
{
    struct td_service *service = figures->reporting->service;
    const struct td_bus_subscriber_options options = {.on_message = on_router_metric,
                                                      .ctx = figures};
    enum td_err err =
        td_bus_subscriber_create(td_service_bus(service), &options, &figures->subscriber);

    if (err == TD_OK)
        err = td_bus_subscribe(figures->subscriber, "metrics.router");
    if (err == TD_OK)
        td_publish_follow(service, figures->subscriber);
    return err;
}

enum td_err figures_go(struct figures *figures)
{
    const struct td_live_tail_config events = {.rest_ms = REST_MS,
                                               .entry = on_entry,
                                               .gap = on_gap,
                                               .state = on_tail_state,
                                               .ctx = figures};
    enum td_err err = reporting_tail(figures->reporting, &events, &figures->tail);

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
    self->inconsistent = td_service_counter(reporting->service, "queues_inconsistent",
                                            "Times that the figures of a queue did not add up.");
    self->mismatched = td_service_counter(reporting->service, "queues_mismatched",
                                          "Times that the router said otherwise for five seconds.");
    self->counted =
        td_service_counter(reporting->service, "events_counted", "Events counted into figures.");
    self->gaps = td_service_counter(reporting->service, "figures_gaps",
                                    "Times that a stream was trimmed before it was counted.");
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
    td_publish_follow(self->reporting->service, NULL);
    td_bus_subscriber_destroy(&self->subscriber);
    while (self->tenants != NULL) {
        struct tenant *tenant = self->tenants;
        self->tenants = tenant->next;
        tenant_destroy(tenant);
    }
    free(self);
}
