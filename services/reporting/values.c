#include "reporting/values.h"

#include "base/str.h"
#include "wire/agent_wire.h"

#define REASONS_MAX 16 /* of AgentMetrics */

static uint64_t average(uint64_t sum, uint64_t count)
{
    return count > 0 ? sum / count : 0;
}

static void put_levels(struct td_queue_metrics *metrics, const struct tally_counts *counts,
                       enum td_service_level_formula formula)
{
    const struct level_counts parts = tally_level_counts(counts);

    metrics->service_level = formula;
    metrics->service_level_permille = level_permille(&parts, formula);
    metrics->level_after_threshold_permille =
        level_permille(&parts, TD_SERVICE_LEVEL_FORMULA_AFTER_THRESHOLD);
    metrics->level_answered_permille = level_permille(&parts, TD_SERVICE_LEVEL_FORMULA_ANSWERED);
    metrics->level_offered_permille = level_permille(&parts, TD_SERVICE_LEVEL_FORMULA_OFFERED);
    metrics->level_not_short_permille = level_permille(&parts, TD_SERVICE_LEVEL_FORMULA_NOT_SHORT);
    metrics->level_abandoned_within_permille =
        level_permille(&parts, TD_SERVICE_LEVEL_FORMULA_ABANDONED_WITHIN);
}

static void put_moves(struct td_queue_metrics *metrics, const struct tally_counts *counts)
{
    for (uint32_t cause = 0; cause < TALLY_CAUSES; cause++) {
        if (counts->overflowed_by[cause] > 0)
            metrics->overflow_causes[metrics->overflow_causes_count++] = (struct td_overflow_count){
                .cause = (enum td_overflow_cause)cause, .count = counts->overflowed_by[cause]};
    }
    metrics->to_voice_mail = counts->to_voice_mail;
    metrics->overflowed_in = counts->overflowed_in;
    metrics->transferred_in = counts->transferred_in;
    metrics->transferred_out = counts->transferred_out;
    metrics->declined = counts->declined;
    metrics->no_answer = counts->no_answer;
    metrics->device_failures = counts->device_failures;
}

static void put_waits(struct td_queue_metrics *metrics, const struct tally_counts *counts)
{
    metrics->average_wait_ms = average(counts->wait_ms_sum, counts->answered);
    metrics->average_abandoned_wait_ms = average(counts->abandoned_wait_ms_sum, counts->abandoned);
    metrics->longest_wait_today_ms = counts->most_wait_ms;
    metrics->wait_p50_ms = spread_permille(&counts->waits, 500);
    metrics->wait_p90_ms = spread_permille(&counts->waits, 900);
    metrics->wait_p95_ms = spread_permille(&counts->waits, 950);
}

static void put_work(struct td_queue_metrics *metrics, const struct tally_counts *counts)
{
    metrics->talks = counts->talks;
    metrics->talk_ms = counts->talk_ms_sum;
    metrics->holds = counts->holds;
    metrics->hold_ms = counts->hold_ms_sum;
    metrics->wrap_up_ms = counts->wrap_up_ms_sum;
    metrics->average_talk_ms = average(counts->talk_ms_sum, counts->talks);
    metrics->average_hold_ms = average(counts->hold_ms_sum, counts->talks);
    metrics->average_wrap_up_ms = average(counts->wrap_up_ms_sum, counts->talks);
    metrics->average_handling_ms =
        average(counts->talk_ms_sum + counts->wrap_up_ms_sum, counts->talks);
}

struct td_queue_metrics values_of_queue(const struct tenant *tenant, uint32_t index,
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
        .abandoned_within = counts->abandoned - counts->abandoned_after,
        .abandoned_after = counts->abandoned_after,
        .short_abandoned = counts->short_abandoned,
        .longest_wait_ms = oldest < now ? (now - oldest) / 1000 : 0,
        .consistent = tally_is_consistent(counts),
        .threshold_ms = queue->threshold_ms,
        .service_level_target_permille = tenant->target_percent[index] * 10,
    };

    td_str_clip(metrics.queue, sizeof(metrics.queue), queue->name);
    put_levels(&metrics, counts,
               tenant->formula[index] != TD_SERVICE_LEVEL_FORMULA_UNSPECIFIED
                   ? tenant->formula[index]
                   : TD_SERVICE_LEVEL_FORMULA_AFTER_THRESHOLD);
    put_moves(&metrics, counts);
    put_waits(&metrics, counts);
    put_work(&metrics, counts);
    return metrics;
}

static void put_reasons(struct td_agent_metrics *metrics, const struct states *states)
{
    struct states_reason reasons[REASONS_MAX];
    uint32_t count = states_reasons(states, TD_AGENT_STATE_NOT_READY, reasons, REASONS_MAX);

    for (uint32_t i = 0; i < count; i++) {
        struct td_not_ready_count *item =
            &metrics->not_ready_reasons[metrics->not_ready_reasons_count];

        if (reasons[i].count == 0)
            continue;
        td_str_clip(item->reason, sizeof(item->reason), reasons[i].reason);
        item->count = reasons[i].count;
        metrics->not_ready_reasons_count++;
    }
}

struct td_agent_metrics values_of_agents(const struct states *states, uint64_t now)
{
    const uint32_t *by_state = states->counts;
    struct td_agent_metrics metrics = {
        .at_unix_us = now,
        .ready = by_state[TD_AGENT_STATE_READY],
        .not_ready = by_state[TD_AGENT_STATE_NOT_READY],
        .offered = by_state[TD_AGENT_STATE_OFFERED],
        .busy = by_state[TD_AGENT_STATE_BUSY],
        .wrap_up = by_state[TD_AGENT_STATE_WRAP_UP],
        .holding = states_holding(states),
    };

    metrics.talking = metrics.busy > metrics.holding ? metrics.busy - metrics.holding : 0;
    metrics.logged_in =
        metrics.ready + metrics.not_ready + metrics.offered + metrics.busy + metrics.wrap_up;
    put_reasons(&metrics, states);
    return metrics;
}

struct td_call_metrics values_of_calls(const struct calls *calls, uint64_t now)
{
    const uint64_t *by_outcome = calls->by_outcome;

    return (struct td_call_metrics){
        .at_unix_us = now,
        .arrived = calls->arrived,
        .dialled = calls->dialled,
        .diverted = calls->diverted,
        .closed = calls->closed,
        .answered = by_outcome[TD_OUTCOME_ANSWERED],
        .abandoned = by_outcome[TD_OUTCOME_ABANDONED],
        .self_served = by_outcome[TD_OUTCOME_SELF_SERVED],
        .left_dialog = by_outcome[TD_OUTCOME_LEFT_DIALOG],
        .overflowed = by_outcome[TD_OUTCOME_OVERFLOWED],
        .channel_lost = by_outcome[TD_OUTCOME_CHANNEL_LOST],
        .refused = by_outcome[TD_OUTCOME_REFUSED],
        .failed = by_outcome[TD_OUTCOME_FAILED],
        .voice_mails = by_outcome[TD_OUTCOME_VOICE_MAIL],
        .found_closed = by_outcome[TD_OUTCOME_CLOSED],
        .other = by_outcome[TD_OUTCOME_UNSPECIFIED],
        .short_abandoned = calls->short_abandoned,
        .transfers = calls->transfers,
        .holds = calls->holds,
        .hold_ms = calls->hold_ms,
    };
}
