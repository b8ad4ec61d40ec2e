/*
 * A blind transfer: the agent's phone says REFER, the router decides where the customer goes, and
 * the phone is told what became of it (RFC 3515). The agent's leg is kept until the transfer is
 * done, so that one that fails gives the call back.
 */
#include <assert.h>

#include "edge/core/call_run.h"

#define STATUS_TRYING 100
#define STATUS_RINGING 180
#define STATUS_OK 200
#define STATUS_ACCEPTED 202
#define STATUS_FORBIDDEN 403
#define STATUS_TERMINATED 487
#define STATUS_PENDING 491

static struct edge_call_agent *agent_of(struct edge_call_run *run, uint8_t side)
{
    assert(side > EDGE_CALL_CUSTOMER && side < EDGE_CALL_SIDES);
    return &run->call->agents[side - 1];
}

static void notify(struct edge_call_run *run, uint8_t side, uint16_t status)
{
    if (!agent_of(run, side)->referring)
        return;
    edge_call_emit(run, EDGE_EFFECT_NOTIFY, side)->status = status;
    if (status >= STATUS_OK)
        agent_of(run, side)->referring = false;
}

static bool talks(const struct edge_call *call, const struct edge_call_agent *agent)
{
    return agent->state == EDGE_AGENT_UP && !agent->parked &&
           (call->customer == EDGE_CUSTOMER_ABSENT ||
            (call->connected && td_id_equal(call->peer.id, agent->leg.id)));
}

/* --- the phone --- */

static void respond(struct edge_call_run *run, uint8_t side, uint16_t status)
{
    edge_call_emit(run, EDGE_EFFECT_REFER_RESPOND, side)->status = status;
}

void edge_call_refer(struct edge_call_run *run, uint8_t side)
{
    const struct edge_call *call = run->call;

    // Only an agent moves a customer, never the other way round.
    if (side == EDGE_CALL_CUSTOMER || call->outbound || agent_of(run, side)->outside) {
        respond(run, side, STATUS_FORBIDDEN);
        return;
    }
    struct edge_call_agent *agent = agent_of(run, side);
    if (agent->referring || !talks(call, agent)) {
        respond(run, side, STATUS_PENDING);
        return;
    }
    agent->referring = true;
    respond(run, side, STATUS_ACCEPTED);
    notify(run, side, STATUS_TRYING);
    edge_call_emit(run, EDGE_EFFECT_TRANSFER, side);
}

bool edge_call_leave_transfer(struct edge_call_run *run, uint8_t side)
{
    struct edge_call *call = run->call;
    struct edge_call_agent *agent = agent_of(run, side);

    if (agent->state != EDGE_AGENT_UP || (!agent->referring && !agent->parked))
        return false;
    if (agent->parked) {
        struct edge_call_effect *effect = edge_call_emit(run, EDGE_EFFECT_REPORT, side);
        effect->report = EDGE_REPORT_LEFT;
        effect->offer = agent->offer;
        effect->reason = "hung up";
    } else {
        call->leaving = agent->offer; // Many phones hang up with their REFER: the router decides.
    }
    if (td_id_equal(call->peer.id, agent->leg.id))
        call->connected = false;
    return true;
}

void edge_call_end_transfer(struct edge_call_run *run, uint8_t side)
{
    notify(run, side, STATUS_TERMINATED);
}

/* --- the router --- */

static void park(struct edge_call_run *run, uint8_t side)
{
    struct edge_call *call = run->call;
    struct edge_call_agent *agent = agent_of(run, side);

    agent->parked = true;
    if (td_id_equal(call->peer.id, agent->leg.id)) {
        call->peer = (struct td_leg_id){0};
        call->connected = false;
        call->connecting = false;
    }
    edge_call_emit(run, EDGE_EFFECT_MEDIA_PARK, side)->leg = agent->leg;
    edge_call_emit(run, EDGE_EFFECT_STORE, side);
}

/* The agent hung up before the router had answered. */
static void answer_to_one_who_left(struct edge_call_run *run, const struct edge_call_event *event)
{
    run->call->leaving = (struct td_offer_id){0};
    if (!event->ok) {
        edge_call_end(run, 0, EDGE_ENDED_BY_AGENT, "hung up");
        return;
    }
    struct edge_call_effect *effect = edge_call_emit(run, EDGE_EFFECT_REPORT, EDGE_CALL_CUSTOMER);
    effect->report = EDGE_REPORT_LEFT;
    effect->offer = event->offer;
    effect->reason = "hung up";
}

static void on_answered(struct edge_call_run *run, const struct edge_call_event *event)
{
    int side = edge_call_side_of_offer(run->call, event->offer);

    if (!td_id_is_nil(event->offer.id) && td_id_equal(run->call->leaving.id, event->offer.id))
        answer_to_one_who_left(run, event);
    else if (side <= EDGE_CALL_CUSTOMER || !agent_of(run, (uint8_t)side)->referring)
        return;
    else if (event->ok)
        park(run, (uint8_t)side);
    else
        notify(run, (uint8_t)side, event->status);
}

/* The agent, if still here, has the customer again, if that one is here. */
static void on_failed(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_call *call = run->call;
    int side = edge_call_side_of_offer(call, event->offer);

    if (side > EDGE_CALL_CUSTOMER) {
        notify(run, (uint8_t)side, event->status);
        agent_of(run, (uint8_t)side)->parked = false;
    }
    bool here =
        call->customer >= EDGE_CUSTOMER_ARRIVING && call->customer <= EDGE_CUSTOMER_CONFIRMED;
    if (here && !edge_call_is_gone(call, event->offer)) {
        edge_call_connect(run, event->leg, event->record);
        call->connected = true; // For the router they talk from now on: so ends whoever hangs up.
    } else if (side <= EDGE_CALL_CUSTOMER) {
        run->effects->unknown = true; // That the agent left is being reported.
    }
}

void edge_call_step_transfer(struct edge_call_run *run, const struct edge_call_event *event)
{
    int side = edge_call_side_of_offer(run->call, event->offer);

    if (event->type == EDGE_CALL_TRANSFER_ANSWERED) {
        on_answered(run, event);
    } else if (event->type == EDGE_CALL_TRANSFER_FAILED) {
        on_failed(run, event);
    } else if (side <= EDGE_CALL_CUSTOMER) {
        run->effects->unknown = true;
    } else if (event->type == EDGE_CALL_TRANSFER_RINGS) {
        notify(run, (uint8_t)side, STATUS_RINGING);
    } else {
        notify(run, (uint8_t)side, STATUS_OK);
        edge_call_drop_agent(run, (uint8_t)side);
    }
}
