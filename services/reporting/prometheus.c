#include "reporting/prometheus.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/metrics.h"
#include "reporting/say.h"
#include "wire/agent_wire.h"

#define LABEL_SIZE 16

/* One queue of one tenant, its figures taken once for all families. */
struct line {
    char tenant[LABEL_SIZE];
    struct td_queue_metrics metrics;
};

struct lines {
    struct line *items;
    size_t count;
};

static size_t count_queues(const struct tenant *tenants)
{
    size_t count = 0;

    for (const struct tenant *tenant = tenants; tenant != NULL; tenant = tenant->next)
        count += tenant->tally.queue_count;
    return count;
}

static void take_queues(struct lines *lines, const struct tenant *tenant, uint64_t now)
{
    uint64_t oldest[TALLY_QUEUES_MAX];

    tally_oldest(&tenant->tally, oldest);
    for (uint32_t i = 0; i < tenant->tally.queue_count; i++) {
        struct line *line = &lines->items[lines->count++];

        (void)snprintf(line->tenant, sizeof(line->tenant), "%u", tenant->number);
        line->metrics = say_queue_metrics(tenant, i, oldest[i], now);
    }
}

/* --- queues ------------------------------------------------------------------------------------
 */

/* A figure and where it stands. */
struct figure {
    const char *name;
    const char *help;
    size_t offset; /* of a uint64_t or, if `narrow`, a uint32_t in struct line */
    bool narrow;
};

#define WIDE(field) offsetof(struct line, metrics.field), false
#define NARROW(field) offsetof(struct line, metrics.field), true

static const struct figure figures[] = {
    {"offered", "Interactions that entered the queue today.", WIDE(offered)},
    {"answered", "Of them, connected to an agent.", WIDE(answered)},
    {"abandoned", "Of them, gone while waiting.", WIDE(abandoned)},
    {"overflowed", "Of them, that left for another treatment.", WIDE(overflowed)},
    {"waiting", "Interactions in the queue now.", WIDE(waiting)},
    {"answered_within", "Answered today within the threshold.", WIDE(answered_within)},
    {"abandoned_after", "Abandoned today after the threshold.", WIDE(abandoned_after)},
    {"service_level_permille", "Answered within the threshold, of answered and abandoned after it.",
     NARROW(service_level_permille)},
    {"service_level_target_permille", "The service level aimed at.",
     NARROW(service_level_target_permille)},
    {"longest_wait_ms", "Of those waiting now.", WIDE(longest_wait_ms)},
    {"average_wait_ms", "Of those answered today.", WIDE(average_wait_ms)},
    {"average_talk_ms", "Of the conversations ended today.", WIDE(average_talk_ms)},
};

static uint64_t value_of(const struct figure *figure, const struct line *line)
{
    const char *at = (const char *)line + figure->offset;

    return figure->narrow ? *(const uint32_t *)(const void *)at
                          : *(const uint64_t *)(const void *)at;
}

static void put_figure(struct td_text *text, const struct figure *figure, const struct lines *lines)
{
    const struct td_metric metric = {"tandem_queue_", figure->name, TD_METRIC_GAUGE, figure->help};

    td_metrics_family(text, &metric);
    for (size_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->items[i];
        const struct td_metric_label labels[] = {{"tenant", line->tenant},
                                                 {"queue", line->metrics.queue}};

        td_metrics_sample(text, &metric, labels, 2, value_of(figure, line));
    }
}

static void put_queues(struct td_text *text, const struct tenant *tenants, uint64_t now)
{
    size_t count = count_queues(tenants);
    struct lines lines = {.items = calloc(count + 1, sizeof(struct line))};
    if (lines.items == NULL)
        return;

    for (const struct tenant *tenant = tenants; tenant != NULL; tenant = tenant->next)
        take_queues(&lines, tenant, now);
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]) && count > 0; i++)
        put_figure(text, &figures[i], &lines);
    free(lines.items);
}

/* --- agents ------------------------------------------------------------------------------------
 */

static void put_agents(struct td_text *text, const struct tenant *tenants)
{
    const struct td_metric metric = {"tandem_", "agents", TD_METRIC_GAUGE,
                                     "Agents in each state now."};

    td_metrics_family(text, &metric);
    for (const struct tenant *tenant = tenants; tenant != NULL; tenant = tenant->next) {
        char number[LABEL_SIZE];

        (void)snprintf(number, sizeof(number), "%u", tenant->number);
        for (int state = TD_AGENT_STATE_LOGGED_OUT; state < TD_AGENT_STATE_COUNT; state++) {
            const struct td_metric_label labels[] = {
                {"tenant", number}, {"state", td_agent_state_name((enum td_agent_state)state)}};

            td_metrics_sample(text, &metric, labels, 2, tenant->states.counts[state]);
        }
    }
}

void prometheus_put(struct td_text *text, const struct tenant *tenants, uint64_t now_unix_us)
{
    if (tenants == NULL)
        return;
    put_queues(text, tenants, now_unix_us);
    put_agents(text, tenants);
}
