/*
 * Offers within a dialog: hold and resume, new addresses, session refreshes that ask for our offer.
 * We never begin one ourselves, so glare (RFC 3261 section 14) is always theirs: while our own
 * INVITE or our own offer is open they are told 491, while theirs is being answered 500
 * (section 14.2).
 */
#include <assert.h>

#include "edge/core/call_run.h"

#define STATUS_OK 200
#define STATUS_GONE 481
#define STATUS_TERMINATED 487
#define STATUS_NOT_ACCEPTABLE 488
#define STATUS_PENDING 491
#define STATUS_OVERLAP 500

static struct edge_reoffer *reoffer_of(struct edge_call_run *run, uint8_t side)
{
    return side == EDGE_CALL_CUSTOMER ? &run->call->reoffer : &run->call->agents[side - 1].reoffer;
}

static void respond(struct edge_call_run *run, uint8_t side, uint16_t status)
{
    edge_call_emit(run, EDGE_EFFECT_REOFFER_RESPOND, side)->status = status;
}

/* @return 0, or why it cannot be taken now. */
static uint16_t refusal(const struct edge_call *call, uint8_t side)
{
    if (side != EDGE_CALL_CUSTOMER)
        return call->agents[side - 1].state == EDGE_AGENT_UP ? 0 : STATUS_PENDING;
    switch (call->customer) {
    case EDGE_CUSTOMER_ANSWERED:
    case EDGE_CUSTOMER_CONFIRMED:
        return 0;
    case EDGE_CUSTOMER_ABSENT:
    case EDGE_CUSTOMER_LEAVING:
    case EDGE_CUSTOMER_GONE:
        return STATUS_GONE;
    default:
        return STATUS_OVERLAP; // Their first offer is still being answered (RFC 3311 section 5.2).
    }
}

static void on_reoffered(struct edge_call_run *run, uint8_t side)
{
    struct edge_reoffer *reoffer = reoffer_of(run, side);
    uint16_t status = refusal(run->call, side);

    if (status == 0 && reoffer->state == EDGE_REOFFER_ASKING)
        status = STATUS_OVERLAP;
    if (status == 0 && reoffer->state == EDGE_REOFFER_OFFERED)
        status = STATUS_PENDING;
    if (status != 0) {
        respond(run, side, status);
        return;
    }
    reoffer->state = EDGE_REOFFER_ASKING;
    edge_call_emit(run, EDGE_EFFECT_MEDIA_REANSWER, side);
}

/* --- hold --- */

static bool talks(const struct edge_call *call, uint8_t side)
{
    if (side == EDGE_CALL_CUSTOMER)
        return call->connected;
    const struct edge_call_agent *agent = &call->agents[side - 1];
    if (agent->state != EDGE_AGENT_UP || agent->parked)
        return false;
    return call->customer == EDGE_CUSTOMER_ABSENT ||
           (call->connected && td_id_equal(call->peer.id, agent->leg.id));
}

static void report(struct edge_call_run *run, uint8_t side, bool holds)
{
    struct edge_call_effect *effect = edge_call_emit(run, EDGE_EFFECT_REPORT, side);

    effect->report = holds ? EDGE_REPORT_HELD : EDGE_REPORT_RESUMED;
    effect->by = (side == EDGE_CALL_CUSTOMER) != run->call->outbound ? EDGE_ENDED_BY_CUSTOMER
                                                                     : EDGE_ENDED_BY_AGENT;
    effect->reason = "";
}

static void set_holds(struct edge_call_run *run, uint8_t side, bool holds)
{
    struct edge_reoffer *reoffer = reoffer_of(run, side);

    edge_call_emit(run, EDGE_EFFECT_STORE, side); // Sequence number and target have moved on.
    if (reoffer->holds == holds)
        return;
    reoffer->holds = holds;
    if (talks(run->call, side))
        report(run, side, holds);
}

void edge_call_report_holds(struct edge_call_run *run)
{
    for (uint8_t side = 0; side < EDGE_CALL_SIDES; side++) {
        if (reoffer_of(run, side)->holds && talks(run->call, side))
            report(run, side, true);
    }
}

/* --- answers --- */

static void on_answered(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_reoffer *reoffer = reoffer_of(run, event->side);

    if (reoffer->state != EDGE_REOFFER_ASKING)
        return;
    reoffer->state = event->ok && event->offers ? EDGE_REOFFER_OFFERED : EDGE_REOFFER_NONE;
    respond(run, event->side, event->ok ? STATUS_OK : STATUS_NOT_ACCEPTABLE);
    if (event->ok && !event->offers)
        set_holds(run, event->side, event->holds);
}

/* An answer that does not fit leaves the session as it was. */
static void on_accepted(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_reoffer *reoffer = reoffer_of(run, event->side);

    if (reoffer->state != EDGE_REOFFER_OFFERED)
        return;
    reoffer->state = EDGE_REOFFER_NONE;
    if (event->ok)
        set_holds(run, event->side, event->holds);
}

void edge_call_step_reoffer(struct edge_call_run *run, const struct edge_call_event *event)
{
    if (event->type == EDGE_CALL_REOFFERED)
        on_reoffered(run, event->side);
    else if (event->type == EDGE_CALL_REOFFER_ANSWERED)
        on_answered(run, event);
    else
        on_accepted(run, event);
}

void edge_call_drop_reoffer(struct edge_call_run *run, uint8_t side)
{
    struct edge_reoffer *reoffer = reoffer_of(run, side);

    if (reoffer->state == EDGE_REOFFER_ASKING)
        respond(run, side, STATUS_TERMINATED);
    *reoffer = (struct edge_reoffer){.state = EDGE_REOFFER_NONE};
}
