/*
 * The call as a whole: where events go, how it ends, connecting. Its legs are in call_customer.c
 * and call_agent.c.
 */
#include "edge/core/call.h"

#include <assert.h>
#include <stddef.h>

#include "edge/core/call_run.h"

#define STATUS_UNAVAILABLE 503

struct edge_call_effect *edge_call_emit(struct edge_call_run *run, enum edge_call_effect_type type,
                                        uint8_t side)
{
    assert(run->effects->count < EDGE_CALL_EFFECTS);
    struct edge_call_effect *effect = &run->effects->items[run->effects->count++];

    *effect = (struct edge_call_effect){.type = type, .side = side};
    return effect;
}

void edge_call_emit_release(struct edge_call_run *run, uint8_t side, struct td_leg_id leg)
{
    edge_call_emit(run, EDGE_EFFECT_MEDIA_RELEASE, side)->leg = leg;
}

static void drop_agents(struct edge_call_run *run)
{
    for (uint8_t side = 1; side < EDGE_CALL_SIDES; side++)
        edge_call_drop_agent(run, side);
}

void edge_call_report_end(struct edge_call_run *run, enum edge_ended_by by, const char *reason)
{
    struct edge_call *call = run->call;
    bool abandoned = by == EDGE_ENDED_BY_CUSTOMER && !call->connected;

    if (!call->told)
        return;
    call->told = false;
    struct edge_call_effect *effect = edge_call_emit(run, EDGE_EFFECT_REPORT, EDGE_CALL_CUSTOMER);
    effect->report = abandoned ? EDGE_REPORT_ABANDONED : EDGE_REPORT_ENDED;
    effect->by = by;
    if (call->outbound && by != EDGE_ENDED_BY_SYSTEM)
        effect->by = by == EDGE_ENDED_BY_AGENT ? EDGE_ENDED_BY_CUSTOMER : EDGE_ENDED_BY_AGENT;
    effect->reason = reason;
}

void edge_call_end(struct edge_call_run *run, uint16_t status, enum edge_ended_by by,
                   const char *reason)
{
    edge_call_leave_customer(run, status);
    drop_agents(run);
    run->call->connecting = false;
    edge_call_report_end(run, by, reason);
}

/* --- connecting --- */

void edge_call_note_gone(struct edge_call *call, struct td_offer_id offer)
{
    call->gone[call->gone_next] = offer;
    call->gone_next = (uint8_t)((call->gone_next + 1) % EDGE_CALL_AGENTS);
}

bool edge_call_is_gone(const struct edge_call *call, struct td_offer_id offer)
{
    for (size_t i = 0; i < EDGE_CALL_AGENTS; i++) {
        if (td_id_equal(call->gone[i].id, offer.id))
            return true;
    }
    return false;
}

void edge_call_connect(struct edge_call_run *run, struct td_leg_id leg, bool record)
{
    struct edge_call *call = run->call;

    if (call->customer == EDGE_CUSTOMER_ARRIVING || call->customer == EDGE_CUSTOMER_EARLY)
        edge_call_answer(run);
    call->peer = leg;
    call->connecting = true;
    struct edge_call_effect *effect =
        edge_call_emit(run, EDGE_EFFECT_MEDIA_CONNECT, EDGE_CALL_CUSTOMER);
    effect->leg = leg;
    effect->record = record;
}

static bool customer_is_here(const struct edge_call *call)
{
    return call->customer >= EDGE_CUSTOMER_ARRIVING && call->customer <= EDGE_CUSTOMER_CONFIRMED;
}

static void on_connect(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_call *call = run->call;
    int side = edge_call_side_of_offer(call, event->offer);

    if (!customer_is_here(call) || edge_call_is_gone(call, event->offer)) {
        run->effects->unknown = true;
        return;
    }
    if (side <= EDGE_CALL_CUSTOMER)
        edge_call_connect(run, event->leg, event->record); // The agent's phone is at another edge.
    else if (call->agents[side - 1].state == EDGE_AGENT_UP)
        edge_call_connect(run, call->agents[side - 1].leg, event->record);
    else
        run->effects->unknown = true; // Nobody accepted it yet.
}

static void on_media_connected(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_call *call = run->call;

    if (!call->connecting || !td_id_equal(event->leg.id, call->peer.id))
        return;
    call->connecting = false;
    if (!event->ok) {
        edge_call_end(run, STATUS_UNAVAILABLE, EDGE_ENDED_BY_SYSTEM, "media");
        return;
    }
    call->connected = true;
    int side = edge_call_side_of_leg(call, call->peer);
    if (side > EDGE_CALL_CUSTOMER)
        edge_call_emit(run, EDGE_EFFECT_STORE, (uint8_t)side);
    edge_call_emit(run, EDGE_EFFECT_REPORT, EDGE_CALL_CUSTOMER)->report = EDGE_REPORT_CONNECTED;
    edge_call_report_holds(run);
}

/* --- the router's endings --- */

static void on_release(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_call *call = run->call;

    if (!td_id_is_nil(event->offer.id)) {
        int side = edge_call_side_of_offer(call, event->offer);
        if (side < 0)
            run->effects->unknown = true;
        else
            edge_call_drop_agent(run, (uint8_t)side);
        return;
    }
    if (call->customer == EDGE_CUSTOMER_ABSENT)
        call->told = false; // The customer's edge says how it ended.
    // An agent who called hears what the far end said.
    uint16_t status = call->refused_status != 0 ? call->refused_status : event->status;
    edge_call_end(run, status, EDGE_ENDED_BY_SYSTEM, "released");
}

static void on_offer_cancelled(struct edge_call_run *run, const struct edge_call_event *event)
{
    int side = edge_call_side_of_offer(run->call, event->offer);

    if (side < 0)
        run->effects->unknown = true;
    else
        edge_call_drop_agent(run, (uint8_t)side);
}

static void on_media_lost(struct edge_call_run *run)
{
    if (run->call->customer == EDGE_CUSTOMER_ABSENT)
        edge_call_fail_agents(run);
    else
        edge_call_end(run, STATUS_UNAVAILABLE, EDGE_ENDED_BY_SYSTEM, "media lost");
}

static void step_call(struct edge_call_run *run, const struct edge_call_event *event)
{
    switch (event->type) {
    case EDGE_CALL_MEDIA_CONNECTED:
        on_media_connected(run, event);
        break;
    case EDGE_CALL_MEDIA_LOST:
        on_media_lost(run);
        break;
    case EDGE_CALL_OFFERED:
        edge_call_offer(run, event);
        break;
    case EDGE_CALL_OFFER_CANCELLED:
        on_offer_cancelled(run, event);
        break;
    case EDGE_CALL_CONNECT:
        on_connect(run, event);
        break;
    case EDGE_CALL_RELEASE:
        on_release(run, event);
        break;
    case EDGE_CALL_TRANSFER_ANSWERED:
    case EDGE_CALL_TRANSFER_RINGS:
    case EDGE_CALL_TRANSFER_DONE:
    case EDGE_CALL_TRANSFER_FAILED:
        edge_call_step_transfer(run, event);
        break;
    default:
        edge_call_step_customer(run, event);
        break;
    }
}

static bool is_reoffer(enum edge_call_event_type type)
{
    return type == EDGE_CALL_REOFFERED || type == EDGE_CALL_REOFFER_ANSWERED ||
           type == EDGE_CALL_REOFFER_ACCEPTED;
}

static bool concerns_a_side(enum edge_call_event_type type)
{
    switch (type) {
    case EDGE_CALL_HUNG_UP:
    case EDGE_CALL_PROGRESSED:
    case EDGE_CALL_ANSWERED:
    case EDGE_CALL_REFUSED:
    case EDGE_CALL_EXPIRED:
    case EDGE_CALL_MEDIA_READY:
    case EDGE_CALL_MEDIA_ACCEPTED:
    case EDGE_CALL_STORED:
        return true;
    default:
        return false;
    }
}

/* --- public --- */

void edge_call_init(struct edge_call *call)
{
    *call = (struct edge_call){.customer = EDGE_CUSTOMER_ABSENT};
}

void edge_call_step(struct edge_call *call, const struct edge_call_event *event,
                    struct edge_call_effects *effects)
{
    struct edge_call_run run = {.call = call, .effects = effects};

    assert(event->side < EDGE_CALL_SIDES);
    effects->count = 0;
    effects->unknown = false;
    if (is_reoffer(event->type))
        edge_call_step_reoffer(&run, event);
    else if (event->type == EDGE_CALL_REFERRED)
        edge_call_refer(&run, event->side);
    else if (!concerns_a_side(event->type))
        step_call(&run, event);
    else if (event->side == EDGE_CALL_CUSTOMER)
        edge_call_step_customer(&run, event);
    else
        edge_call_step_agent(&run, event);
}

bool edge_call_is_over(const struct edge_call *call)
{
    if (call->customer != EDGE_CUSTOMER_ABSENT && call->customer != EDGE_CUSTOMER_GONE)
        return false;
    for (size_t i = 0; i < EDGE_CALL_AGENTS; i++) {
        if (call->agents[i].state != EDGE_AGENT_FREE)
            return false;
    }
    return true;
}

static enum edge_call_phase agent_phase(const struct edge_call *call,
                                        const struct edge_call_agent *agent)
{
    switch (agent->state) {
    case EDGE_AGENT_PREPARING:
    case EDGE_AGENT_INVITING:
    case EDGE_AGENT_RINGING:
    case EDGE_AGENT_ACCEPTING:
        return EDGE_PHASE_OFFERING;
    case EDGE_AGENT_UP:
        if (agent->parked)
            break; // The router keeps it by its transfer.
        return call->connected && td_id_equal(call->peer.id, agent->leg.id) ? EDGE_PHASE_CONNECTED
                                                                            : EDGE_PHASE_ACCEPTED;
    case EDGE_AGENT_FREE:
    case EDGE_AGENT_CANCELLING:
        break;
    }
    return EDGE_PHASE_ARRIVED;
}

static enum edge_call_phase customer_phase(const struct edge_call *call)
{
    if (call->customer >= EDGE_CUSTOMER_LEAVING)
        return EDGE_PHASE_ENDED;
    if (call->connected)
        return EDGE_PHASE_CONNECTED;
    return call->customer >= EDGE_CUSTOMER_ANSWERED ? EDGE_PHASE_ANSWERED : EDGE_PHASE_ARRIVED;
}

enum edge_call_phase edge_call_phase(const struct edge_call *call, uint8_t *side)
{
    enum edge_call_phase highest = customer_phase(call);

    *side = EDGE_CALL_CUSTOMER;
    if (highest == EDGE_PHASE_ENDED)
        return highest;
    for (uint8_t i = 0; i < EDGE_CALL_AGENTS; i++) {
        enum edge_call_phase phase = agent_phase(call, &call->agents[i]);
        if (phase > EDGE_PHASE_ANSWERED && phase >= highest) {
            highest = phase;
            *side = (uint8_t)(i + 1);
        }
    }
    return highest;
}

int edge_call_side_of_leg(const struct edge_call *call, struct td_leg_id leg)
{
    if (call->customer != EDGE_CUSTOMER_ABSENT && td_id_equal(call->customer_leg.id, leg.id))
        return EDGE_CALL_CUSTOMER;
    for (int i = 0; i < EDGE_CALL_AGENTS; i++) {
        if (call->agents[i].state != EDGE_AGENT_FREE && td_id_equal(call->agents[i].leg.id, leg.id))
            return i + 1;
    }
    return -1;
}

int edge_call_side_of_offer(const struct edge_call *call, struct td_offer_id offer)
{
    for (int i = 0; i < EDGE_CALL_AGENTS; i++) {
        if (call->agents[i].state != EDGE_AGENT_FREE &&
            td_id_equal(call->agents[i].offer.id, offer.id))
            return i + 1;
    }
    return -1;
}

void edge_call_restore(struct edge_call *call, bool has_customer, struct td_leg_id customer_leg)
{
    edge_call_init(call);
    call->told = true;
    if (!has_customer)
        return;
    call->customer = EDGE_CUSTOMER_CONFIRMED;
    call->customer_leg = customer_leg;
    call->media_ready = true;
    call->identified = true;
    call->stored = true;
    call->accepted = true;
}

void edge_call_restore_agent(struct edge_call *call, struct td_offer_id offer, struct td_leg_id leg,
                             bool connected)
{
    call->agents[0] = (struct edge_call_agent){
        .state = EDGE_AGENT_UP, .offer = offer, .leg = leg, .media_ready = true, .stored = true};
    if (connected) {
        call->peer = leg;
        call->connected = true;
    }
}
