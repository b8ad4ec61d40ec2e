/*
 * The agents' legs of a call. A leg's slot is free again as soon as nothing more can be asked of
 * it; replies that come later carry the id of a leg that no slot has.
 */
#include <assert.h>
#include <stddef.h>

#include "edge/core/call_run.h"

static struct edge_call_agent *agent_of(struct edge_call_run *run, uint8_t side)
{
    assert(side > EDGE_CALL_CUSTOMER && side < EDGE_CALL_SIDES);
    return &run->call->agents[side - 1];
}

static struct edge_call_effect *report(struct edge_call_run *run, uint8_t side,
                                       enum edge_report kind)
{
    struct edge_call_effect *effect = edge_call_emit(run, EDGE_EFFECT_REPORT, side);

    effect->report = kind;
    effect->offer = agent_of(run, side)->offer;
    effect->leg = agent_of(run, side)->leg;
    return effect;
}

static void report_failed(struct edge_call_run *run, uint8_t side, enum edge_offer_failure failure,
                          uint16_t status)
{
    struct edge_call_effect *effect = report(run, side, EDGE_REPORT_FAILED);

    effect->failure = failure;
    effect->status = status; // What the phone said; 0 when it said nothing.
}

static void release_media(struct edge_call_run *run, uint8_t side)
{
    edge_call_drop_reoffer(run, side);
    edge_call_emit_release(run, side, agent_of(run, side)->leg);
}

/* The leg is over at SIP: nothing but the store still knows it. */
static void close_agent(struct edge_call_run *run, uint8_t side)
{
    struct edge_call_agent *agent = agent_of(run, side);

    edge_call_emit(run, EDGE_EFFECT_FORGET, side);
    edge_call_emit(run, EDGE_EFFECT_CLOSE, side);
    if (agent->state == EDGE_AGENT_UP)
        edge_call_note_gone(run->call, agent->offer);
    if (td_id_equal(run->call->peer.id, agent->leg.id)) {
        run->call->peer = (struct td_leg_id){0};
        run->call->connecting = false;
    }
    *agent = (struct edge_call_agent){.state = EDGE_AGENT_FREE};
}

void edge_call_drop_agent(struct edge_call_run *run, uint8_t side)
{
    struct edge_call_agent *agent = agent_of(run, side);

    switch (agent->state) {
    case EDGE_AGENT_PREPARING:
        release_media(run, side);
        close_agent(run, side);
        break;
    case EDGE_AGENT_INVITING:
    case EDGE_AGENT_RINGING:
        edge_call_emit(run, EDGE_EFFECT_CANCEL, side);
        release_media(run, side);
        agent->state = EDGE_AGENT_CANCELLING;
        break;
    case EDGE_AGENT_ACCEPTING:
    case EDGE_AGENT_UP:
        edge_call_end_transfer(run, side);
        edge_call_emit(run, EDGE_EFFECT_BYE, side);
        release_media(run, side);
        close_agent(run, side);
        break;
    case EDGE_AGENT_FREE:
    case EDGE_AGENT_CANCELLING:
        break;
    }
}

static void fail(struct edge_call_run *run, uint8_t side, enum edge_offer_failure failure)
{
    report_failed(run, side, failure, 0);
    edge_call_drop_agent(run, side);
}

void edge_call_fail_agents(struct edge_call_run *run)
{
    for (uint8_t side = 1; side < EDGE_CALL_SIDES; side++) {
        enum edge_agent_state state = agent_of(run, side)->state;
        if (state != EDGE_AGENT_FREE && state != EDGE_AGENT_CANCELLING)
            fail(run, side, EDGE_OFFER_MEDIA);
    }
}

/* --- offer --- */

static uint8_t free_side(const struct edge_call *call)
{
    for (uint8_t i = 0; i < EDGE_CALL_AGENTS; i++) {
        if (call->agents[i].state == EDGE_AGENT_FREE)
            return (uint8_t)(i + 1);
    }
    return EDGE_CALL_CUSTOMER;
}

static void refuse_offer(struct edge_call_run *run, struct td_offer_id offer,
                         enum edge_offer_failure failure)
{
    struct edge_call_effect *effect = edge_call_emit(run, EDGE_EFFECT_REPORT, EDGE_CALL_CUSTOMER);

    effect->report = EDGE_REPORT_FAILED;
    effect->failure = failure;
    effect->offer = offer;
}

static bool can_be_offered(const struct edge_call *call)
{
    return call->customer != EDGE_CUSTOMER_PREPARING && call->customer < EDGE_CUSTOMER_LEAVING;
}

void edge_call_offer(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_call *call = run->call;
    uint8_t side = free_side(call);

    if (!can_be_offered(call)) {
        run->effects->unknown = true;
        return;
    }
    if (edge_call_side_of_offer(call, event->offer) >= 0)
        return; // It rings already.
    if (!event->reachable) {
        refuse_offer(run, event->offer, EDGE_OFFER_NOT_REGISTERED);
        return;
    }
    if (side == EDGE_CALL_CUSTOMER) {
        refuse_offer(run, event->offer, EDGE_OFFER_FULL);
        return;
    }
    if (call->customer == EDGE_CUSTOMER_ABSENT)
        call->told = true;
    call->agents[side - 1] = (struct edge_call_agent){.state = EDGE_AGENT_PREPARING,
                                                      .offer = event->offer,
                                                      .leg = event->leg,
                                                      .outside = event->outside};
    edge_call_emit(run, EDGE_EFFECT_MEDIA_OFFER, side);
    edge_call_emit(run, EDGE_EFFECT_STORE, side);
}

/* The commit precedes the INVITE: after a crash it is known whom we may have rung. */
static void invite_when_prepared(struct edge_call_run *run, uint8_t side)
{
    struct edge_call_agent *agent = agent_of(run, side);

    if (!agent->media_ready || !agent->stored)
        return;
    agent->state = EDGE_AGENT_INVITING;
    edge_call_emit(run, EDGE_EFFECT_INVITE, side);
}

static void on_prepared(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_call_agent *agent = agent_of(run, event->side);
    bool media = event->type == EDGE_CALL_MEDIA_READY;

    if (agent->state != EDGE_AGENT_PREPARING)
        return;
    if (!event->ok) {
        fail(run, event->side, media ? EDGE_OFFER_MEDIA : EDGE_OFFER_STORE);
        return;
    }
    if (media)
        agent->media_ready = true;
    else
        agent->stored = true;
    invite_when_prepared(run, event->side);
}

/* --- responses --- */

static void on_progressed(struct edge_call_run *run, uint8_t side)
{
    struct edge_call_agent *agent = agent_of(run, side);

    if (agent->state != EDGE_AGENT_INVITING)
        return;
    agent->state = EDGE_AGENT_RINGING;
    report(run, side, EDGE_REPORT_RINGING);
    if (run->call->outbound && run->call->customer == EDGE_CUSTOMER_EARLY)
        edge_call_emit(run, EDGE_EFFECT_RESPOND, EDGE_CALL_CUSTOMER)->status = 180;
}

static void on_answered(struct edge_call_run *run, uint8_t side)
{
    struct edge_call_agent *agent = agent_of(run, side);

    switch (agent->state) {
    case EDGE_AGENT_INVITING:
    case EDGE_AGENT_RINGING:
        agent->state = EDGE_AGENT_ACCEPTING;
        edge_call_emit(run, EDGE_EFFECT_ACK, side);
        edge_call_emit(run, EDGE_EFFECT_STORE, side); // Whom a next process is to hang up.
        edge_call_emit(run, EDGE_EFFECT_MEDIA_ACCEPT, side);
        break;
    case EDGE_AGENT_ACCEPTING:
    case EDGE_AGENT_UP:
        edge_call_emit(run, EDGE_EFFECT_ACK, side); // Our ACK was lost: the phone repeats its 200.
        break;
    case EDGE_AGENT_CANCELLING: // The 200 crossed our CANCEL.
        edge_call_emit(run, EDGE_EFFECT_ACK, side);
        edge_call_emit(run, EDGE_EFFECT_BYE, side);
        close_agent(run, side);
        break;
    case EDGE_AGENT_FREE:
    case EDGE_AGENT_PREPARING:
        break;
    }
}

static bool is_decline(uint16_t status)
{
    return status == 486 || status == 600 || status == 603;
}

static enum edge_offer_failure failure_of(uint16_t status, bool rang)
{
    switch (status) {
    case 415:
    case 488:
    case 606:
        return EDGE_OFFER_MEDIA;
    case 408:
    case 480:
    case 487:
        return rang ? EDGE_OFFER_NO_ANSWER : EDGE_OFFER_UNREACHABLE;
    default:
        return EDGE_OFFER_UNREACHABLE;
    }
}

/* What another's answer means to our caller: that a trunk wants credentials of us is not his doing.
 */
static uint16_t told_to_caller(uint16_t status)
{
    return status == 401 || status == 407 || status < 400 || status > 699 ? 503 : status;
}

static void on_refused(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_call_agent *agent = agent_of(run, event->side);
    bool rang = agent->state == EDGE_AGENT_RINGING;

    if (agent->state == EDGE_AGENT_CANCELLING) {
        close_agent(run, event->side);
        return;
    }
    if (!rang && agent->state != EDGE_AGENT_INVITING)
        return;
    if (run->call->outbound)
        run->call->refused_status = told_to_caller(event->status);
    if (is_decline(event->status))
        report(run, event->side, EDGE_REPORT_DECLINED)->reason = "declined";
    else
        report_failed(run, event->side, failure_of(event->status, rang), event->status);
    release_media(run, event->side);
    close_agent(run, event->side);
}

static void on_expired(struct edge_call_run *run, uint8_t side)
{
    switch (agent_of(run, side)->state) {
    case EDGE_AGENT_PREPARING:
    case EDGE_AGENT_INVITING:
        fail(run, side, EDGE_OFFER_UNREACHABLE);
        break;
    case EDGE_AGENT_RINGING:
        fail(run, side, EDGE_OFFER_NO_ANSWER);
        break;
    case EDGE_AGENT_CANCELLING:
        close_agent(run, side);
        break;
    case EDGE_AGENT_FREE:
    case EDGE_AGENT_ACCEPTING:
    case EDGE_AGENT_UP:
        break;
    }
}

static void on_accepted(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_call_agent *agent = agent_of(run, event->side);

    if (agent->state != EDGE_AGENT_ACCEPTING)
        return;
    if (!event->ok) {
        fail(run, event->side, EDGE_OFFER_MEDIA);
        return;
    }
    agent->state = EDGE_AGENT_UP;
    edge_call_emit(run, EDGE_EFFECT_STORE, event->side);
    report(run, event->side, EDGE_REPORT_ACCEPTED);
}

/* --- within the dialog --- */

static void on_hung_up(struct edge_call_run *run, uint8_t side)
{
    struct edge_call *call = run->call;
    struct edge_call_agent *agent = agent_of(run, side);
    bool up = agent->state == EDGE_AGENT_UP;
    bool talking = up && call->connected && td_id_equal(call->peer.id, agent->leg.id);

    if (!up && agent->state != EDGE_AGENT_ACCEPTING)
        return; // A callee ends an early dialog with a final response, which is still to come.
    if (edge_call_leave_transfer(run, side)) {
        release_media(run, side);
        close_agent(run, side);
        return;
    }
    if (!talking && !(up && call->customer == EDGE_CUSTOMER_ABSENT))
        report(run, side, EDGE_REPORT_DECLINED)->reason = "hung up in set-up";
    else if (call->customer == EDGE_CUSTOMER_ABSENT)
        edge_call_report_end(run, EDGE_ENDED_BY_AGENT, "hung up");

    release_media(run, side);
    close_agent(run, side);
    if (talking && call->customer != EDGE_CUSTOMER_ABSENT)
        edge_call_end(run, 0, EDGE_ENDED_BY_AGENT, "hung up");
}

void edge_call_step_agent(struct edge_call_run *run, const struct edge_call_event *event)
{
    switch (event->type) {
    case EDGE_CALL_MEDIA_READY:
    case EDGE_CALL_STORED:
        on_prepared(run, event);
        break;
    case EDGE_CALL_PROGRESSED:
        on_progressed(run, event->side);
        break;
    case EDGE_CALL_ANSWERED:
        on_answered(run, event->side);
        break;
    case EDGE_CALL_REFUSED:
        on_refused(run, event);
        break;
    case EDGE_CALL_EXPIRED:
        on_expired(run, event->side);
        break;
    case EDGE_CALL_MEDIA_ACCEPTED:
        on_accepted(run, event);
        break;
    case EDGE_CALL_HUNG_UP:
        on_hung_up(run, event->side);
        break;
    default:
        break;
    }
}
