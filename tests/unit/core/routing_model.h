/*
 * Routing as its header says it, in the plainest way: every question is answered by looking at
 * everybody. Slow and without structure; the engine is compared with it decision by decision.
 */
#ifndef TANDEM_ROUTING_MODEL_H
#define TANDEM_ROUTING_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/routing/routing.h"

#define M_AGENTS 12
#define M_QUEUES 3
#define M_CALLS 24
#define M_STEPS 3
#define M_OFFERS 64
#define M_NOBODY (-1)

/* What an agent has; absent: -1. */
struct m_facts {
    int language; /* 0, 1, 2 */
    int skill;    /* 0..9 */
    int trainee;  /* 0 false, 1 true */
};

/* language = L and skill >= S and not trainee, each part only if asked for (not -1). */
struct m_step {
    int language;
    int skill;
    bool no_trainee;
    uint32_t insist_ms;
};

struct m_agent {
    bool known;   /* to the engine */
    bool removed; /* from the configuration */
    struct m_facts facts;
    enum td_routing_agent_state state;
    enum td_routing_agent_state next;
    char reason[16];
    char next_reason[16];
    uint64_t since, until, idle_since;
    uint32_t no_answers, failures;
    int call;
    int queue;
};

struct m_queue {
    bool known;
    bool closed;
    struct m_step step;
    int fit;
    int32_t priority;
    uint32_t ageing, wrap_up_ms, lease_ms, max_wait_ms, max_waiting, threshold_ms;
    enum td_routing_after_decline after_decline;
    uint64_t offered, answered, answered_in_time, abandoned, abandoned_in_time, overflowed;
};

struct m_attempt {
    int agent;
    uint64_t not_before;
};

struct m_call {
    bool known;
    bool held;
    enum td_routing_phase phase;
    int queue;
    int32_t value;
    uint64_t enqueued_at, entered_at, steps_from;
    bool preferring;
    int preferred;
    uint32_t step, step_count;
    struct m_step steps[M_STEPS];
    int fit;
    uint32_t version;
    int agent;
    uint64_t lease_until, offered_at, accepted_at, connected_at;
    uint32_t attempt_count;
    struct m_attempt attempts[TD_ROUTING_HISTORY_MAX];
};

/* A pairing that the rule asks for. */
struct m_offer {
    int call, agent;
    uint32_t version, step, candidates;
    bool preferred;
    int64_t fit;
    enum td_routing_second second;
    int second_agent;
};

struct model {
    uint64_t now;
    struct td_routing_settings settings;
    struct m_agent agents[M_AGENTS];
    struct m_queue queues[M_QUEUES];
    struct m_call calls[M_CALLS];
    struct m_offer offers[M_OFFERS]; /* of the last event */
    uint32_t offer_count;
};

/* --- who may take what --- */

static inline bool m_meets(const struct m_facts *facts, const struct m_step *step)
{
    if (step->language >= 0 && facts->language != step->language)
        return false;
    if (step->skill >= 0 && facts->skill < step->skill) // unknown is -1
        return false;
    return !step->no_trainee || facts->trainee != 1;
}

static inline bool m_excluded(const struct model *m, const struct m_call *call, int agent)
{
    for (uint32_t i = 0; i < call->attempt_count; i++) {
        if (call->attempts[i].agent == agent && call->attempts[i].not_before > m->now)
            return true;
    }
    return false;
}

static inline bool m_may_take(const struct model *m, const struct m_call *call, int agent)
{
    const struct m_agent *a = &m->agents[agent];

    if (!a->known || a->state != TD_ROUTING_READY || call->held || m_excluded(m, call, agent))
        return false;
    return call->preferring ? agent == call->preferred
                            : m_meets(&a->facts, &call->steps[call->step]);
}

/* Fits: 0 none, 1 "skill * 2", 2 "skill - trainee * 3". */
static inline int64_t m_fit(const struct m_facts *facts, int fit)
{
    int64_t skill = facts->skill < 0 ? 0 : facts->skill * 1000;

    if (fit == 0)
        return 0;
    return fit == 1 ? 2 * skill : skill - (facts->trainee == 1 ? 3000 : 0);
}

/* Names are a, b, c ... by number. */
static inline bool m_better(const struct model *m, const struct m_call *call, int a, int b)
{
    int64_t fit_a = m_fit(&m->agents[a].facts, call->fit);
    int64_t fit_b = m_fit(&m->agents[b].facts, call->fit);

    if (fit_a != fit_b)
        return fit_a > fit_b;
    if (m->agents[a].idle_since != m->agents[b].idle_since)
        return m->agents[a].idle_since < m->agents[b].idle_since;
    return a < b;
}

static inline int m_best(const struct model *m, const struct m_call *call, int except)
{
    int best = M_NOBODY;

    for (int agent = 0; agent < M_AGENTS; agent++) {
        if (agent != except && m_may_take(m, call, agent) &&
            (best == M_NOBODY || m_better(m, call, agent, best)))
            best = agent;
    }
    return best;
}

static inline int64_t m_rank(const struct model *m, const struct m_call *call)
{
    const struct m_queue *queue = &m->queues[call->queue];

    return ((int64_t)queue->priority + call->value) * 1000000000 +
           (int64_t)((m->now - call->enqueued_at) * queue->ageing);
}

static inline bool m_before(const struct model *m, int a, int b)
{
    const struct m_call *x = &m->calls[a];
    const struct m_call *y = &m->calls[b];

    if (m_rank(m, x) != m_rank(m, y))
        return m_rank(m, x) > m_rank(m, y);
    return x->enqueued_at != y->enqueued_at ? x->enqueued_at < y->enqueued_at : a < b;
}

/* --- agents --- */

static inline void m_end_insisting(struct model *m, int agent)
{
    for (int i = 0; i < M_CALLS; i++) {
        struct m_call *call = &m->calls[i];
        if (call->known && call->preferring && call->preferred == agent && call->agent < 0 &&
            call->steps_from > m->now)
            call->steps_from = m->now;
    }
}

static inline void m_enter(struct model *m, int agent, enum td_routing_agent_state state,
                           const char *reason)
{
    struct m_agent *a = &m->agents[agent];

    a->state = state;
    strcpy(a->reason, reason);
    a->since = m->now;
    a->until = 0;
    if (state == TD_ROUTING_READY)
        a->idle_since = m->now;
    if (state == TD_ROUTING_LOGGED_OUT)
        m_end_insisting(m, agent);
}

static inline void m_forget_agent(struct model *m, int agent)
{
    m_enter(m, agent, TD_ROUTING_LOGGED_OUT, "");
    m->agents[agent].known = false;
    for (int i = 0; i < M_CALLS; i++) {
        struct m_call *call = &m->calls[i];
        if (call->preferred == agent)
            call->preferred = M_NOBODY;
    }
}

static inline void m_settle(struct model *m, int agent, enum td_routing_agent_state state,
                            const char *reason)
{
    struct m_agent *a = &m->agents[agent];
    char wanted[16];

    strcpy(wanted, reason);
    if (a->next != TD_ROUTING_READY) {
        state = a->next;
        strcpy(wanted, a->next_reason);
    }
    a->next = TD_ROUTING_READY;
    a->next_reason[0] = '\0';
    a->call = M_NOBODY;
    a->queue = M_NOBODY;
    if (a->removed)
        m_forget_agent(m, agent);
    else
        m_enter(m, agent, state, state == TD_ROUTING_NOT_READY ? wanted : "");
}

static inline void m_wrap_up(struct model *m, int agent)
{
    struct m_agent *a = &m->agents[agent];
    uint32_t wrap_up_ms = m->queues[a->queue].wrap_up_ms;

    a->call = M_NOBODY;
    if (wrap_up_ms == 0 || a->removed || a->next == TD_ROUTING_LOGGED_OUT) {
        m_settle(m, agent, TD_ROUTING_READY, "");
        return;
    }
    m_enter(m, agent, TD_ROUTING_WRAP_UP, "");
    a->until = m->now + wrap_up_ms * UINT64_C(1000);
}

static inline void m_unpaired(struct model *m, int agent, enum td_routing_outcome outcome)
{
    struct m_agent *a = &m->agents[agent];
    uint64_t idle_since = a->idle_since;
    enum td_routing_after_decline rule = m->queues[a->queue].after_decline;

    if (outcome == TD_ROUTING_OUTCOME_DECLINED) {
        a->no_answers = 0;
        a->failures = 0;
        if (rule == TD_ROUTING_DECLINE_WRAP_UP)
            m_wrap_up(m, agent);
        else if (rule == TD_ROUTING_DECLINE_NOT_READY)
            m_settle(m, agent, TD_ROUTING_NOT_READY, "declined");
        else
            m_settle(m, agent, TD_ROUTING_READY, "");
        return;
    }
    if (outcome == TD_ROUTING_OUTCOME_NO_ANSWER && ++a->no_answers >= m->settings.no_answer_limit)
        m_settle(m, agent, TD_ROUTING_NOT_READY, "no_answer");
    else if (outcome == TD_ROUTING_OUTCOME_FAILED &&
             ++a->failures >= m->settings.device_failure_limit)
        m_settle(m, agent, TD_ROUTING_NOT_READY, "device_failure");
    else
        m_settle(m, agent, TD_ROUTING_READY, "");
    if ((outcome == TD_ROUTING_OUTCOME_CANCELLED || outcome == TD_ROUTING_OUTCOME_BROKEN) &&
        a->state == TD_ROUTING_READY)
        a->idle_since = idle_since;
}

/* --- calls --- */

static inline uint32_t m_waiting(const struct model *m, int queue)
{
    uint32_t count = 0;

    for (int i = 0; i < M_CALLS; i++)
        count += m->calls[i].known && m->calls[i].queue == queue &&
                 m->calls[i].phase != TD_ROUTING_PHASE_CONNECTED;
    return count;
}

static inline uint32_t m_talking(const struct model *m, int queue)
{
    uint32_t count = 0;

    for (int i = 0; i < M_CALLS; i++)
        count += m->calls[i].known && m->calls[i].queue == queue &&
                 m->calls[i].phase == TD_ROUTING_PHASE_CONNECTED;
    return count;
}

/* A closed queue lives as long as somebody uses it. */
static inline void m_forget_queues(struct model *m)
{
    for (int queue = 0; queue < M_QUEUES; queue++) {
        bool used = false;
        for (int i = 0; i < M_CALLS; i++)
            used = used || (m->calls[i].known && m->calls[i].queue == queue);
        for (int i = 0; i < M_AGENTS; i++)
            used = used || (m->agents[i].known && m->agents[i].queue == queue);
        if (m->queues[queue].closed && !used)
            m->queues[queue].known = false;
    }
}

static inline void m_end_offer(struct model *m, int number, enum td_routing_outcome outcome)
{
    struct m_call *call = &m->calls[number];
    int agent = call->agent;
    uint64_t pause =
        outcome == TD_ROUTING_OUTCOME_CANCELLED ? 0 : m->settings.retry_after_ms * UINT64_C(1000);

    if (call->attempt_count == TD_ROUTING_HISTORY_MAX) {
        for (uint32_t i = 1; i < TD_ROUTING_HISTORY_MAX; i++)
            call->attempts[i - 1] = call->attempts[i];
        call->attempt_count--;
    }
    call->attempts[call->attempt_count++] = (struct m_attempt){agent, m->now + pause};
    call->phase = TD_ROUTING_PHASE_WAITING;
    call->agent = M_NOBODY;
    call->accepted_at = 0;
    if (call->preferring && outcome != TD_ROUTING_OUTCOME_CANCELLED && call->steps_from > m->now)
        call->steps_from = m->now;
    m_unpaired(m, agent, outcome);
}

static inline bool m_in_time(const struct model *m, const struct m_call *call)
{
    return m->now - call->entered_at <= m->queues[call->queue].threshold_ms * UINT64_C(1000);
}

static inline void m_leave(struct model *m, int number, bool abandoned)
{
    struct m_call *call = &m->calls[number];
    struct m_queue *queue = &m->queues[call->queue];

    if (call->agent >= 0)
        m_unpaired(m, call->agent, TD_ROUTING_OUTCOME_CANCELLED);
    if (abandoned) {
        queue->abandoned++;
        queue->abandoned_in_time += m_in_time(m, call);
    } else {
        queue->overflowed++;
    }
    call->known = false;
}

static inline void m_release(struct model *m, int number)
{
    m_wrap_up(m, m->calls[number].agent);
    m->calls[number].known = false;
}

/* --- events --- */

static inline void m_accept(struct model *m, struct m_call *call)
{
    struct m_agent *a = &m->agents[call->agent];

    call->phase = TD_ROUTING_PHASE_ASSIGNED;
    call->accepted_at = m->now;
    a->no_answers = 0;
    a->failures = 0;
    m_enter(m, call->agent, TD_ROUTING_BUSY, "");
}

static inline void m_connect(struct model *m, struct m_call *call)
{
    struct m_queue *queue = &m->queues[call->queue];

    call->phase = TD_ROUTING_PHASE_CONNECTED;
    call->connected_at = m->now;
    queue->answered++;
    queue->answered_in_time += m_in_time(m, call);
}

static inline void m_offer_event(struct model *m, enum td_routing_event_type type, int number,
                                 int agent, uint32_t version)
{
    struct m_call *call = &m->calls[number];
    bool any = type == TD_ROUTING_RELEASED && version == 0;

    if (!call->known || call->agent < 0)
        return;
    if (any ? call->phase == TD_ROUTING_PHASE_OFFERED
            : version != call->version || agent != call->agent)
        return;
    if (call->phase == TD_ROUTING_PHASE_CONNECTED) {
        if (type == TD_ROUTING_RELEASED)
            m_release(m, number);
        return;
    }
    if (type == TD_ROUTING_DECLINED) {
        m_end_offer(m, number, TD_ROUTING_OUTCOME_DECLINED);
    } else if (type == TD_ROUTING_NO_ANSWER) {
        m_end_offer(m, number, TD_ROUTING_OUTCOME_NO_ANSWER);
    } else if (type == TD_ROUTING_FAILED) {
        m_end_offer(m, number, TD_ROUTING_OUTCOME_FAILED);
    } else if (type == TD_ROUTING_BROKEN) {
        m_end_offer(m, number, TD_ROUTING_OUTCOME_BROKEN);
    } else {
        if (call->phase == TD_ROUTING_PHASE_OFFERED)
            m_accept(m, call);
        if (type != TD_ROUTING_ACCEPTED)
            m_connect(m, call);
        if (type == TD_ROUTING_RELEASED)
            m_release(m, number);
    }
}

static inline void m_call_event(struct model *m, enum td_routing_event_type type, int number)
{
    if (!m->calls[number].known)
        return;
    if (m->calls[number].phase == TD_ROUTING_PHASE_CONNECTED)
        m_release(m, number);
    else
        m_leave(m, number, type == TD_ROUTING_ABANDONED);
}

static inline void m_agent_event(struct model *m, enum td_routing_event_type type, int agent,
                                 const char *reason)
{
    struct m_agent *a = &m->agents[agent];
    enum td_routing_agent_state state = type == TD_ROUTING_AGENT_READY ? TD_ROUTING_READY
                                        : type == TD_ROUTING_AGENT_NOT_READY
                                            ? TD_ROUTING_NOT_READY
                                            : TD_ROUTING_LOGGED_OUT;
    const char *why = state == TD_ROUTING_NOT_READY ? reason : "";

    if (!a->known || a->removed)
        return;
    if (type == TD_ROUTING_AGENT_WRAPPED_UP) {
        if (a->state == TD_ROUTING_WRAP_UP)
            m_settle(m, agent, TD_ROUTING_READY, "");
        return;
    }
    if (a->state == state && strcmp(a->reason, why) == 0)
        return;
    if (a->state == TD_ROUTING_OFFERED && state == TD_ROUTING_READY)
        return;
    if (a->state == TD_ROUTING_BUSY || a->state == TD_ROUTING_OFFERED ||
        a->state == TD_ROUTING_WRAP_UP) {
        a->next = state;
        strcpy(a->next_reason, why);
        if (a->state == TD_ROUTING_OFFERED)
            m_end_offer(m, a->call, TD_ROUTING_OUTCOME_CANCELLED);
        else if (a->state == TD_ROUTING_WRAP_UP)
            m_settle(m, agent, TD_ROUTING_READY, "");
        return;
    }
    if (state == TD_ROUTING_READY) {
        a->no_answers = 0;
        a->failures = 0;
    }
    m_enter(m, agent, state, why);
}

/* --- time and the rule --- */

static inline uint64_t m_step_end(const struct m_call *call)
{
    uint64_t end = call->steps_from;

    if (call->preferring)
        return end;
    if (call->step + 1 == call->step_count)
        return UINT64_MAX;
    for (uint32_t i = 0; i <= call->step; i++)
        end += call->steps[i].insist_ms * UINT64_C(1000);
    return end;
}

/* Whatever is due for one call. @return Something was. */
static inline bool m_call_time(struct model *m, int number)
{
    struct m_call *call = &m->calls[number];
    uint32_t max_wait_ms = m->queues[call->queue].max_wait_ms;

    if (!call->known)
        return false;
    if (call->phase == TD_ROUTING_PHASE_OFFERED && call->lease_until <= m->now) {
        m_end_offer(m, number, TD_ROUTING_OUTCOME_NO_ANSWER);
        return true;
    }
    if (call->phase != TD_ROUTING_PHASE_WAITING)
        return false;
    if (max_wait_ms > 0 && m->now >= call->entered_at + max_wait_ms * UINT64_C(1000)) {
        m_leave(m, number, false);
        return true;
    }
    if (m_step_end(call) > m->now)
        return false;
    call->step += !call->preferring;
    call->preferring = false;
    call->preferred = M_NOBODY;
    return true;
}

static inline bool m_agent_time(struct model *m, int agent)
{
    struct m_agent *a = &m->agents[agent];

    if (!a->known || a->state != TD_ROUTING_WRAP_UP || a->until > m->now)
        return false;
    m_settle(m, agent, TD_ROUTING_READY, "");
    return true;
}

static inline void m_make_offer(struct model *m, int number)
{
    struct m_call *call = &m->calls[number];
    int best = m_best(m, call, M_NOBODY);
    int second = m_best(m, call, best);
    struct m_offer *offer = &m->offers[m->offer_count++];

    *offer = (struct m_offer){
        .call = number,
        .agent = best,
        .version = ++call->version,
        .step = call->step,
        .preferred = call->preferring,
        .fit = m_fit(&m->agents[best].facts, call->fit),
        .second_agent = second,
    };
    for (int agent = 0; agent < M_AGENTS; agent++)
        offer->candidates += m_may_take(m, call, agent);
    if (second != M_NOBODY) {
        bool fit_decides = m_fit(&m->agents[second].facts, call->fit) != offer->fit;
        bool idle_decides = m->agents[second].idle_since != m->agents[best].idle_since;
        offer->second = fit_decides    ? TD_ROUTING_SECOND_LESS_FIT
                        : idle_decides ? TD_ROUTING_SECOND_LESS_IDLE
                                       : TD_ROUTING_SECOND_BY_NAME;
    }
    call->phase = TD_ROUTING_PHASE_OFFERED;
    call->agent = best;
    call->offered_at = m->now;
    call->lease_until = m->now + m->queues[call->queue].lease_ms * UINT64_C(1000);
    m->agents[best].call = number;
    m->agents[best].queue = call->queue;
    m_enter(m, best, TD_ROUTING_OFFERED, "");
}

/* After each event: what is due, then the rule of the header. */
static inline void m_go_on(struct model *m)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (int i = 0; i < M_CALLS; i++)
            changed = m_call_time(m, i) || changed;
        for (int i = 0; i < M_AGENTS; i++)
            changed = m_agent_time(m, i) || changed;
    }
    m->offer_count = 0;
    for (;;) {
        int first = M_NOBODY;
        for (int i = 0; i < M_CALLS; i++) {
            const struct m_call *call = &m->calls[i];
            if (call->known && call->phase == TD_ROUTING_PHASE_WAITING &&
                m_best(m, call, M_NOBODY) != M_NOBODY &&
                (first == M_NOBODY || m_before(m, i, first)))
                first = i;
        }
        if (first == M_NOBODY)
            break;
        m_make_offer(m, first);
    }
    m_forget_queues(m);
}

#endif
