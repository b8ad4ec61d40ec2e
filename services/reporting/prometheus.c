#include "reporting/prometheus.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/metrics.h"
#include "reporting/values.h"
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
        line->metrics = values_of_queue(tenant, i, oldest[i], now);
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
    {"abandoned_within", "Abandoned today within the threshold.", WIDE(abandoned_within)},
    {"abandoned_after", "Abandoned today after the threshold.", WIDE(abandoned_after)},
    {"short_abandoned", "Abandoned today within the short-abandon time.", WIDE(short_abandoned)},
    {"to_voice_mail", "Overflowed today into voice mail.", WIDE(to_voice_mail)},
    {"overflowed_in", "Entered today by an overflow of another queue.", WIDE(overflowed_in)},
    {"transferred_in", "Transferred to the queue today.", WIDE(transferred_in)},
    {"transferred_out", "Talks of the queue that were transferred today.", WIDE(transferred_out)},
    {"offers_declined", "Offers that an agent declined today.", WIDE(declined)},
    {"offers_no_answer", "Offers that nobody took in time today.", WIDE(no_answer)},
    {"offers_device_failures", "Offers that a device did not take today.", WIDE(device_failures)},
    {"service_level_permille", "The service level, by the formula that the queue is aimed by.",
     NARROW(service_level_permille)},
    {"service_level_target_permille", "The service level aimed at.",
     NARROW(service_level_target_permille)},
    {"level_after_threshold_permille",
     "Answered within the threshold, of answered and abandoned after it.",
     NARROW(level_after_threshold_permille)},
    {"level_answered_permille", "Answered within the threshold, of answered.",
     NARROW(level_answered_permille)},
    {"level_offered_permille", "Answered within the threshold, of all that left the queue.",
     NARROW(level_offered_permille)},
    {"level_not_short_permille",
     "Answered within the threshold, of all that left the queue but for short abandons.",
     NARROW(level_not_short_permille)},
    {"level_abandoned_within_permille",
     "Answered or abandoned within the threshold, of answered and abandoned.",
     NARROW(level_abandoned_within_permille)},
    {"longest_wait_ms", "Of those waiting now.", WIDE(longest_wait_ms)},
    {"longest_wait_today_ms", "Of those that left the queue today.", WIDE(longest_wait_today_ms)},
    {"average_wait_ms", "Of those answered today.", WIDE(average_wait_ms)},
    {"average_abandoned_wait_ms", "Of those abandoned today.", WIDE(average_abandoned_wait_ms)},
    {"wait_p50_ms", "Half of those answered today waited at most this long.", WIDE(wait_p50_ms)},
    {"wait_p90_ms", "Nine in ten answered today waited at most this long.", WIDE(wait_p90_ms)},
    {"wait_p95_ms", "19 of 20 answered today waited at most this long.", WIDE(wait_p95_ms)},
    {"talks", "Conversations ended today.", WIDE(talks)},
    {"holds", "Holds ended today.", WIDE(holds)},
    {"average_talk_ms", "Of the conversations ended today, holds included.", WIDE(average_talk_ms)},
    {"average_hold_ms", "Hold in each conversation ended today.", WIDE(average_hold_ms)},
    {"average_wrap_up_ms", "Wrap-up of each conversation ended today.", WIDE(average_wrap_up_ms)},
    {"average_handling_ms", "Talk and wrap-up of each conversation ended today.",
     WIDE(average_handling_ms)},
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

static void put_not_ready(struct td_text *text, const struct tenant *tenants, uint64_t now)
{
    const struct td_metric metric = {"tandem_", "agents_not_ready", TD_METRIC_GAUGE,
                                     "Agents who are not ready now, for each reason."};

    td_metrics_family(text, &metric);
    for (const struct tenant *tenant = tenants; tenant != NULL; tenant = tenant->next) {
        const struct td_agent_metrics metrics = values_of_agents(&tenant->states, now);
        char number[LABEL_SIZE];

        (void)snprintf(number, sizeof(number), "%u", tenant->number);
        for (uint32_t i = 0; i < metrics.not_ready_reasons_count; i++) {
            const struct td_metric_label labels[] = {
                {"tenant", number}, {"reason", metrics.not_ready_reasons[i].reason}};

            td_metrics_sample(text, &metric, labels, 2, metrics.not_ready_reasons[i].count);
        }
    }
}

static void put_holding(struct td_text *text, const struct tenant *tenants)
{
    const struct td_metric metric = {"tandem_", "agents_holding", TD_METRIC_GAUGE,
                                     "Agents whose customer is on hold now."};

    td_metrics_family(text, &metric);
    for (const struct tenant *tenant = tenants; tenant != NULL; tenant = tenant->next) {
        char number[LABEL_SIZE];
        const struct td_metric_label label = {"tenant", number};

        (void)snprintf(number, sizeof(number), "%u", tenant->number);
        td_metrics_sample(text, &metric, &label, 1, states_holding(&tenant->states));
    }
}

/* --- calls -------------------------------------------------------------------------------------
 */

static void put_outcomes(struct td_text *text, const struct tenant *tenants)
{
    const struct td_metric metric = {"tandem_", "calls", TD_METRIC_GAUGE,
                                     "Interactions closed today, by their outcome."};

    td_metrics_family(text, &metric);
    for (const struct tenant *tenant = tenants; tenant != NULL; tenant = tenant->next) {
        char number[LABEL_SIZE];

        (void)snprintf(number, sizeof(number), "%u", tenant->number);
        for (int outcome = TD_OUTCOME_ANSWERED; outcome < TD_OUTCOME_COUNT; outcome++) {
            const struct td_metric_label labels[] = {
                {"tenant", number}, {"outcome", td_outcome_name((enum td_outcome)outcome)}};

            td_metrics_sample(text, &metric, labels, 2, tenant->calls.by_outcome[outcome]);
        }
    }
}

void prometheus_put(struct td_text *text, const struct tenant *tenants, uint64_t now_unix_us)
{
    if (tenants == NULL)
        return;
    put_queues(text, tenants, now_unix_us);
    put_agents(text, tenants);
    put_not_ready(text, tenants, now_unix_us);
    put_holding(text, tenants);
    put_outcomes(text, tenants);
}
