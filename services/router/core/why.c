#include "base/text.h"
#include "router/core/flow_private.h"

/** Longer ones stand only in the decision's own field, so that the sentence stays one. */
#define EXPRESSION_SHOWN_MAX 200
#define TEXT(to, from) td_str_clip((to), sizeof(to), (from))

/* "9.5" of thousandths. */
static void add_points(struct td_text *text, int64_t thousandths)
{
    char number[TD_EXPR_NUMBER_SIZE];

    td_text_add(text, td_expr_number_format(thousandths, number));
}

/* "4.2 s" up to a minute, then "7 min". */
static void add_duration(struct td_text *text, uint64_t ms)
{
    if (ms >= 60000) {
        td_text_add_u64(text, ms / 60000);
        td_text_add(text, " min");
        return;
    }
    td_text_add_u64(text, ms / 1000);
    if (ms < 10000) {
        td_text_add(text, ".");
        td_text_add_u64(text, ms % 1000 / 100);
    }
    td_text_add(text, " s");
}

static void add_step(struct td_text *text, const struct td_decision *decision)
{
    if (decision->step == 0) {
        td_text_add(text, " was asked for by name");
        return;
    }
    if (td_str_equal(decision->expression, "true")) {
        td_text_add(text, " was ready"); // Anybody would do.
    } else if (strlen(decision->expression) > EXPRESSION_SHOWN_MAX) {
        td_text_add(text, " meets the requirement");
    } else {
        td_text_add(text, " meets ");
        td_text_add(text, decision->expression);
    }
    if (decision->steps > 1) {
        td_text_add(text, " (step ");
        td_text_add_u64(text, decision->step);
        td_text_add(text, " of ");
        td_text_add_u64(text, decision->steps);
        td_text_add(text, ")");
    }
}

static void add_comparison(struct td_text *text, const struct td_decision *decision,
                           const struct td_routing_decision *paired)
{
    switch (paired->second) {
    case TD_ROUTING_SECOND_LESS_FIT:
        td_text_add(text, " and fits best with ");
        add_points(text, decision->fit_milli);
        td_text_add(text, "; next was ");
        td_text_add(text, decision->next_agent);
        td_text_add(text, " with ");
        add_points(text, decision->next_fit_milli);
        break;
    case TD_ROUTING_SECOND_LESS_IDLE:
        td_text_add(text, " and was idle the longest, ");
        add_duration(text, decision->idle_ms);
        td_text_add(text, "; next was ");
        td_text_add(text, decision->next_agent);
        td_text_add(text, " with ");
        add_duration(text, decision->next_idle_ms);
        break;
    case TD_ROUTING_SECOND_BY_NAME:
        td_text_add(text, " and comes first by name among equals; next was ");
        td_text_add(text, decision->next_agent);
        break;
    default:
        td_text_add(text, "; there was no other");
        break;
    }
}

/* Who did not take it before. */
static void add_attempt(struct td_text *text, const struct td_routing_decision *paired)
{
    static const char *const outcomes[] = {
        [TD_ROUTING_OUTCOME_DECLINED] = " declined",
        [TD_ROUTING_OUTCOME_NO_ANSWER] = " did not answer",
        [TD_ROUTING_OUTCOME_FAILED] = " could not be reached",
        [TD_ROUTING_OUTCOME_CANCELLED] = " was not available any more",
        [TD_ROUTING_OUTCOME_BROKEN] = " could not be connected",
    };
    if (paired->attempt_count == 0)
        return;

    const struct td_routing_attempt *last = &paired->attempts[paired->attempt_count - 1];
    td_text_add(text, "; ");
    td_text_add(text, last->agent);
    td_text_add(text, outcomes[last->outcome]);
}

/* What moved it forward in the line. */
static void add_tier(struct td_text *text, const struct td_decision *decision)
{
    if (decision->tier_s == 0)
        return;
    td_text_add(text, "; ");
    td_text_add(text, decision->tier);
    td_text_add(text, " customers count as waiting ");
    add_duration(text, decision->tier_s * UINT64_C(1000));
    td_text_add(text, " longer");
}

/* "Ann meets language = "en" and fits best with 9.5; next was Bob with 7 (of 3 ready; waited 0.0
 * s)." */
static void explain(struct td_decision *decision, const struct td_routing_decision *paired)
{
    struct td_text text;

    td_text_init(&text, decision->why, sizeof(decision->why));
    td_text_add(&text, decision->agent);
    add_step(&text, decision);
    add_comparison(&text, decision, paired);
    td_text_add(&text, " (of ");
    td_text_add_u64(&text, decision->candidates);
    td_text_add(&text, " ready; waited ");
    add_duration(&text, decision->wait_ms);
    td_text_add(&text, decision->by_release ? " until somebody was free" : "");
    add_attempt(&text, paired);
    add_tier(&text, decision);
    td_text_add(&text, ").");
}

/* Who else there was. The engine has given the chosen one the offer already. */
static void count_others(const struct flow *flow, struct td_decision *decision)
{
    uint32_t counts[TD_ROUTING_AGENT_STATE_COUNT];

    td_routing_count_agents(flow->routing, counts);
    uint32_t occupied =
        counts[TD_ROUTING_OFFERED] + counts[TD_ROUTING_BUSY] + counts[TD_ROUTING_WRAP_UP];
    decision->agents_ready = counts[TD_ROUTING_READY];
    decision->agents_occupied = occupied > 0 ? occupied - 1 : 0;
    decision->agents_not_ready = counts[TD_ROUTING_NOT_READY];
}

void flow_decide(struct flow *flow, const struct flow_interaction *interaction,
                 const struct td_routing_effect *offer, struct td_decision *decision)
{
    const struct td_routing_decision *paired = &offer->decision;

    memset(decision, 0, sizeof(*decision));
    TEXT(decision->agent, offer->agent);
    decision->step = paired->preferred ? 0 : paired->step + 1;
    decision->steps = paired->step_count;
    if (!paired->preferred)
        (void)td_routing_print_step(flow->routing, interaction->state.interaction_id, paired->step,
                                    decision->expression, sizeof(decision->expression));
    decision->candidates = paired->candidates;
    decision->waiting = paired->waiting;
    decision->fit_milli = paired->fit;
    decision->idle_ms = paired->idle_us / US_PER_MS;
    TEXT(decision->next_agent, paired->second_agent);
    decision->next_fit_milli = paired->second_fit;
    decision->next_idle_ms = paired->second_idle_us / US_PER_MS;
    decision->wait_ms = paired->wait_us / US_PER_MS;
    decision->decided_at_unix_us = flow->now;
    decision->tier_s = flow_tier_s(flow, &interaction->state);
    if (decision->tier_s > 0)
        TEXT(decision->tier, interaction->state.customer.tier);
    decision->by_release = flow->entering != interaction && paired->attempt_count == 0;
    count_others(flow, decision);
    explain(decision, paired);
}
