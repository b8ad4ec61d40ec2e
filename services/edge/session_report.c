/*
 * Observations: what has happened, on its way to the active router until it has it. A session stays
 * until its reports have arrived, so that a router that takes over meanwhile still hears of it.
 */
#include <stdlib.h>

#include "base/str.h"
#include "edge/session.h"

#define REPORT_DEADLINE_MS 500

struct report {
    struct edge *edge;
    struct td_interaction_id id;
};

static struct td_observation_head head_of(const struct edge_session *session)
{
    struct td_observation_head head = {
        .interaction_id = session->id,
        .at_unix_us = td_loop_now_unix_us(session->edge->loop),
    };

    td_str_clip(head.channel_instance, sizeof(head.channel_instance),
                td_service_instance(session->edge->service));
    return head;
}

static void on_reported(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct report *report = ctx;
    struct edge *edge = report->edge;
    struct edge_session *session = edge->stopping ? NULL : edge_session_find(edge, report->id);

    (void)err;
    (void)payload;
    (void)message; // The outbox logs a refusal.
    free(report);
    if (session == NULL)
        return;
    session->reports_waiting--;
    edge_session_settle(session);
}

static void send_report(struct edge_session *session, const char *type, struct td_bytes payload)
{
    struct report *report = malloc(sizeof(*report));
    char key[TD_ID_TEXT_SIZE];
    const struct td_call call = {
        .to = "router",
        .type = type,
        .payload = payload,
        .tenant = session->tenant,
        .key = edge_session_key(session, key),
        .deadline_ms = REPORT_DEADLINE_MS,
    };

    if (report == NULL)
        abort();
    *report = (struct report){.edge = session->edge, .id = session->id};
    if (td_outbox_send_with(session->edge->outbox, &call, on_reported, report) == TD_OK) {
        session->reports_waiting++;
        return;
    }
    free(report);
    ++*session->edge->counters.reports_dropped;
    td_log_error(session->edge->log, "report.dropped", td_str("interaction", call.key),
                 td_str("type", type));
}

static struct td_arena *arena_of(const struct edge_session *session)
{
    return td_service_arena(session->edge->service);
}

static void report_accepted(struct edge_session *session, const struct edge_call_effect *effect)
{
    struct td_offer_accepted said = {
        .has_head = true,
        .head = head_of(session),
        .offer_id = effect->offer,
        .has_leg = true,
        .leg = {.leg_id = effect->leg},
    };

    td_str_clip(said.leg.instance, sizeof(said.leg.instance), session->media);
    send_report(session, "OfferAccepted", td_offer_accepted_encode(arena_of(session), &said));
}

static enum td_offer_failure failure_on_wire(enum edge_offer_failure failure)
{
    switch (failure) {
    case EDGE_OFFER_NO_ANSWER:
        return TD_OFFER_FAILURE_NO_ANSWER;
    case EDGE_OFFER_NOT_REGISTERED:
        return TD_OFFER_FAILURE_NOT_REGISTERED;
    case EDGE_OFFER_MEDIA:
        return TD_OFFER_FAILURE_MEDIA;
    case EDGE_OFFER_UNREACHABLE:
    case EDGE_OFFER_STORE:
    case EDGE_OFFER_FULL:
        break;
    }
    return TD_OFFER_FAILURE_UNREACHABLE;
}

static void report_failed(struct edge_session *session, const struct edge_call_effect *effect)
{
    struct td_offer_failed said = {
        .has_head = true,
        .head = head_of(session),
        .offer_id = effect->offer,
        .failure = failure_on_wire(effect->failure),
    };

    if (effect->status != 0)
        td_str_clip(said.reason, sizeof(said.reason), sip_status_phrase(effect->status));
    else if (effect->failure == EDGE_OFFER_STORE)
        td_str_clip(said.reason, sizeof(said.reason), "store did not answer");
    else if (effect->failure == EDGE_OFFER_FULL)
        td_str_clip(said.reason, sizeof(said.reason), "too many legs of one interaction");
    send_report(session, "OfferFailed", td_offer_failed_encode(arena_of(session), &said));
}

static void report_declined(struct edge_session *session, const struct edge_call_effect *effect)
{
    struct td_offer_declined said = {
        .has_head = true, .head = head_of(session), .offer_id = effect->offer};

    td_str_clip(said.reason, sizeof(said.reason), effect->reason);
    send_report(session, "OfferDeclined", td_offer_declined_encode(arena_of(session), &said));
}

static void report_ended(struct edge_session *session, const struct edge_call_effect *effect)
{
    static const enum td_ended_by by[] = {
        [EDGE_ENDED_BY_CUSTOMER] = TD_ENDED_BY_CUSTOMER,
        [EDGE_ENDED_BY_AGENT] = TD_ENDED_BY_AGENT,
        [EDGE_ENDED_BY_SYSTEM] = TD_ENDED_BY_SYSTEM,
    };
    struct td_interaction_ended said = {
        .has_head = true, .head = head_of(session), .by = by[effect->by]};

    td_str_clip(said.reason, sizeof(said.reason), effect->reason);
    send_report(session, "InteractionEnded", td_interaction_ended_encode(arena_of(session), &said));
}

static void report_abandoned(struct edge_session *session, const struct edge_call_effect *effect)
{
    struct td_interaction_abandoned said = {.has_head = true, .head = head_of(session)};

    td_str_clip(said.reason, sizeof(said.reason), effect->reason);
    send_report(session, "InteractionAbandoned",
                td_interaction_abandoned_encode(arena_of(session), &said));
}

static void report_hold(struct edge_session *session, const struct edge_call_effect *effect)
{
    struct td_interaction_held held = {
        .has_head = true,
        .head = head_of(session),
        .by = effect->by == EDGE_ENDED_BY_AGENT ? TD_PARTY_AGENT : TD_PARTY_CUSTOMER,
    };
    const struct td_interaction_resumed resumed = {
        .has_head = true, .head = held.head, .by = held.by};

    if (effect->report == EDGE_REPORT_HELD)
        send_report(session, "InteractionHeld",
                    td_interaction_held_encode(arena_of(session), &held));
    else
        send_report(session, "InteractionResumed",
                    td_interaction_resumed_encode(arena_of(session), &resumed));
}

static void report_left(struct edge_session *session, const struct edge_call_effect *effect)
{
    const struct td_agent_left left = {
        .has_head = true, .head = head_of(session), .offer_id = effect->offer};

    send_report(session, "AgentLeft", td_agent_left_encode(arena_of(session), &left));
}

static void log_report(struct edge_session *session, const struct edge_call_effect *effect)
{
    static const char *const events[] = {
        [EDGE_REPORT_RINGING] = "agent.ringing",    [EDGE_REPORT_ACCEPTED] = "agent.accepted",
        [EDGE_REPORT_DECLINED] = "agent.declined",  [EDGE_REPORT_FAILED] = "agent.failed",
        [EDGE_REPORT_CONNECTED] = "call.connected", [EDGE_REPORT_ABANDONED] = "call.abandoned",
        [EDGE_REPORT_ENDED] = "call.ended",         [EDGE_REPORT_HELD] = "call.held",
        [EDGE_REPORT_RESUMED] = "call.resumed",     [EDGE_REPORT_LEFT] = "agent.left",
    };
    char key[TD_ID_TEXT_SIZE];

    if (effect->report == EDGE_REPORT_RINGING || effect->report == EDGE_REPORT_ACCEPTED)
        return; // On the way to call.connected; the events tell of them.
    td_log_info(session->edge->log, events[effect->report],
                td_str("interaction", edge_session_key(session, key)),
                td_u64("status", effect->status), td_str("reason", effect->reason));
}

void edge_report_effect(struct edge_session *session, const struct edge_call_effect *effect)
{
    struct td_arena *arena = arena_of(session);

    log_report(session, effect);
    switch (effect->report) {
    case EDGE_REPORT_RINGING:
        send_report(
            session, "OfferRinging",
            td_offer_ringing_encode(arena, &(struct td_offer_ringing){.has_head = true,
                                                                      .head = head_of(session),
                                                                      .offer_id = effect->offer}));
        break;
    case EDGE_REPORT_ACCEPTED:
        report_accepted(session, effect);
        break;
    case EDGE_REPORT_DECLINED:
        report_declined(session, effect);
        break;
    case EDGE_REPORT_FAILED:
        report_failed(session, effect);
        break;
    case EDGE_REPORT_CONNECTED:
        send_report(session, "InteractionConnected",
                    td_interaction_connected_encode(
                        arena, &(struct td_interaction_connected){.has_head = true,
                                                                  .head = head_of(session)}));
        break;
    case EDGE_REPORT_ABANDONED:
        report_abandoned(session, effect);
        break;
    case EDGE_REPORT_ENDED:
        report_ended(session, effect);
        break;
    case EDGE_REPORT_HELD:
    case EDGE_REPORT_RESUMED:
        report_hold(session, effect);
        break;
    case EDGE_REPORT_LEFT:
        report_left(session, effect);
        break;
    }
}
