#include "edge/core/call.h"

#include <assert.h>
#include <string.h>

#include "edge/core/call_run.h"

#define STATUS_PROGRESS 183
#define STATUS_OK 200
#define STATUS_TERMINATED 487
#define STATUS_NOT_ACCEPTABLE 488
#define STATUS_OVERLAP 500
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

static void respond(struct edge_call_run *run, uint16_t status)
{
    edge_call_emit(run, EDGE_EFFECT_RESPOND, EDGE_CALL_CUSTOMER)->status = status;
}

static void respond_reoffer(struct edge_call_run *run, uint16_t status)
{
    edge_call_emit(run, EDGE_EFFECT_REOFFER_RESPOND, EDGE_CALL_CUSTOMER)->status = status;
}

/* --- the customer's end --- */

static void close_customer(struct edge_call_run *run)
{
    edge_call_emit(run, EDGE_EFFECT_FORGET, EDGE_CALL_CUSTOMER);
    edge_call_emit(run, EDGE_EFFECT_CLOSE, EDGE_CALL_CUSTOMER);
    run->call->customer = EDGE_CUSTOMER_GONE;
}

static void release_customer_media(struct edge_call_run *run)
{
    struct edge_call *call = run->call;

    if (call->reoffer_pending) {
        call->reoffer_pending = false;
        respond_reoffer(run, STATUS_TERMINATED);
    }
    edge_call_emit_release(run, EDGE_CALL_CUSTOMER, call->customer_leg);
}

/* Ends the customer's leg from our side. */
static void leave_customer(struct edge_call_run *run, uint16_t status)
{
    struct edge_call *call = run->call;

    switch (call->customer) {
    case EDGE_CUSTOMER_PREPARING:
    case EDGE_CUSTOMER_ARRIVING:
    case EDGE_CUSTOMER_EARLY:
        respond(run, status);
        release_customer_media(run);
        close_customer(run);
        break;
    case EDGE_CUSTOMER_ANSWERED:
        release_customer_media(run);
        call->customer = EDGE_CUSTOMER_LEAVING;
        break;
    case EDGE_CUSTOMER_CONFIRMED:
        edge_call_emit(run, EDGE_EFFECT_BYE, EDGE_CALL_CUSTOMER);
        release_customer_media(run);
        close_customer(run);
        break;
    case EDGE_CUSTOMER_ABSENT:
    case EDGE_CUSTOMER_LEAVING:
    case EDGE_CUSTOMER_GONE:
        break;
    }
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
    effect->reason = reason;
}

void edge_call_end(struct edge_call_run *run, uint16_t status, enum edge_ended_by by,
                   const char *reason)
{
    leave_customer(run, status);
    drop_agents(run);
    edge_call_report_end(run, by, reason);
}

/* --- arrival --- */

static void on_invited(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_call *call = run->call;

    assert(call->customer == EDGE_CUSTOMER_ABSENT);
    call->customer = EDGE_CUSTOMER_PREPARING;
    call->customer_leg = event->leg;
    edge_call_emit(run, EDGE_EFFECT_MEDIA_ANSWER, EDGE_CALL_CUSTOMER);
    edge_call_emit(run, EDGE_EFFECT_IDENTIFY, EDGE_CALL_CUSTOMER);
    edge_call_emit(run, EDGE_EFFECT_STORE, EDGE_CALL_CUSTOMER);
}

static void arrive_when_prepared(struct edge_call_run *run)
{
    struct edge_call *call = run->call;

    if (call->customer != EDGE_CUSTOMER_PREPARING || !call->media_ready || !call->identified)
        return;
    call->customer = EDGE_CUSTOMER_ARRIVING;
    call->told = true;
    edge_call_emit(run, EDGE_EFFECT_ARRIVE, EDGE_CALL_CUSTOMER);
}

static void answer(struct edge_call_run *run)
{
    run->call->customer = EDGE_CUSTOMER_ANSWERED;
    respond(run, STATUS_OK);
}

/* The commit of the customer's leg runs beside the router's; a response that shows media needs
 * both. */
static void answer_when_arrived(struct edge_call_run *run)
{
    struct edge_call *call = run->call;

    if (call->customer != EDGE_CUSTOMER_ARRIVING || !call->accepted || !call->stored)
        return;
    if (call->answer_now) {
        answer(run);
        return;
    }
    call->customer = EDGE_CUSTOMER_EARLY;
    respond(run, STATUS_PROGRESS);
}

static void on_customer_media(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_call *call = run->call;

    if (call->customer != EDGE_CUSTOMER_PREPARING)
        return;
    if (!event->ok) {
        edge_call_end(run, event->status, EDGE_ENDED_BY_SYSTEM, "media");
        return;
    }
    call->media_ready = true;
    arrive_when_prepared(run);
}

static void on_customer_stored(struct edge_call_run *run, bool ok)
{
    struct edge_call *call = run->call;
    bool waited_for =
        call->customer == EDGE_CUSTOMER_PREPARING || call->customer == EDGE_CUSTOMER_ARRIVING;

    call->stored = ok;
    if (!waited_for)
        return;
    if (ok)
        answer_when_arrived(run);
    else
        edge_call_end(run, STATUS_UNAVAILABLE, EDGE_ENDED_BY_CUSTOMER, "store did not answer");
}

static void on_taken(struct edge_call_run *run, const struct edge_call_event *event)
{
    run->call->accepted = true;
    run->call->answer_now = event->answer_now;
    answer_when_arrived(run);
}

static void on_turned_away(struct edge_call_run *run, const struct edge_call_event *event)
{
    if (run->call->customer != EDGE_CUSTOMER_ARRIVING)
        return;
    run->call->told = false; // It said itself that it does not have it.
    edge_call_end(run, event->status, EDGE_ENDED_BY_SYSTEM, "turned away");
}

static void on_unheard(struct edge_call_run *run)
{
    if (run->call->customer == EDGE_CUSTOMER_ARRIVING && !run->call->accepted)
        edge_call_end(run, STATUS_UNAVAILABLE, EDGE_ENDED_BY_CUSTOMER, "router did not answer");
}

/* --- the customer's phone --- */

static void on_cancelled(struct edge_call_run *run)
{
    if (run->call->customer < EDGE_CUSTOMER_ANSWERED)
        edge_call_end(run, STATUS_TERMINATED, EDGE_ENDED_BY_CUSTOMER, "cancelled");
}

static void on_confirmed(struct edge_call_run *run)
{
    if (run->call->customer == EDGE_CUSTOMER_ANSWERED) {
        run->call->customer = EDGE_CUSTOMER_CONFIRMED;
        edge_call_emit(run, EDGE_EFFECT_STORE, EDGE_CALL_CUSTOMER);
    } else if (run->call->customer == EDGE_CUSTOMER_LEAVING) {
        edge_call_emit(run, EDGE_EFFECT_BYE, EDGE_CALL_CUSTOMER);
        close_customer(run);
    }
}

static void on_unconfirmed(struct edge_call_run *run)
{
    struct edge_call *call = run->call;

    if (call->customer == EDGE_CUSTOMER_ANSWERED) {
        call->customer = EDGE_CUSTOMER_CONFIRMED; // The wait for the ACK is over: BYE may go.
        edge_call_end(run, 0, EDGE_ENDED_BY_SYSTEM, "no ACK");
    } else if (call->customer == EDGE_CUSTOMER_LEAVING) {
        on_confirmed(run);
    }
}

static void on_customer_hung_up(struct edge_call_run *run)
{
    struct edge_call *call = run->call;

    switch (call->customer) {
    case EDGE_CUSTOMER_ABSENT:
    case EDGE_CUSTOMER_GONE:
        return;
    case EDGE_CUSTOMER_PREPARING:
    case EDGE_CUSTOMER_ARRIVING:
    case EDGE_CUSTOMER_EARLY:
        on_cancelled(run);
        return;
    case EDGE_CUSTOMER_LEAVING:
        close_customer(run);
        return;
    case EDGE_CUSTOMER_ANSWERED:
    case EDGE_CUSTOMER_CONFIRMED:
        release_customer_media(run);
        close_customer(run);
        edge_call_end(run, 0, EDGE_ENDED_BY_CUSTOMER, "hung up");
        return;
    }
}

static void on_customer_reoffered(struct edge_call_run *run)
{
    struct edge_call *call = run->call;
    bool up = call->customer == EDGE_CUSTOMER_ANSWERED || call->customer == EDGE_CUSTOMER_CONFIRMED;

    if (!up) {
        respond_reoffer(run, STATUS_NOT_ACCEPTABLE);
    } else if (call->reoffer_pending) {
        respond_reoffer(run, STATUS_OVERLAP); // RFC 3261 section 14.2.
    } else {
        call->reoffer_pending = true;
        edge_call_emit(run, EDGE_EFFECT_MEDIA_REANSWER, EDGE_CALL_CUSTOMER);
    }
}

static void on_customer_reoffer_answered(struct edge_call_run *run, bool ok)
{
    if (!run->call->reoffer_pending)
        return;
    run->call->reoffer_pending = false;
    respond_reoffer(run, ok ? STATUS_OK : STATUS_NOT_ACCEPTABLE);
}

static void step_customer(struct edge_call_run *run, const struct edge_call_event *event)
{
    switch (event->type) {
    case EDGE_CALL_HUNG_UP:
        on_customer_hung_up(run);
        break;
    case EDGE_CALL_REOFFERED:
        on_customer_reoffered(run);
        break;
    case EDGE_CALL_REOFFER_ANSWERED:
        on_customer_reoffer_answered(run, event->ok);
        break;
    case EDGE_CALL_MEDIA_READY:
        on_customer_media(run, event);
        break;
    case EDGE_CALL_STORED:
        on_customer_stored(run, event->ok);
        break;
    default:
        break;
    }
}

/* --- connecting --- */

static void connect(struct edge_call_run *run, struct td_leg_id leg, bool record)
{
    struct edge_call *call = run->call;

    if (call->customer == EDGE_CUSTOMER_ARRIVING || call->customer == EDGE_CUSTOMER_EARLY)
        answer(run);
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

    if (!customer_is_here(call) || td_id_equal(event->offer.id, call->gone.id)) {
        run->effects->unknown = true;
        return;
    }
    if (side <= EDGE_CALL_CUSTOMER)
        connect(run, event->leg, event->record); // The agent's phone is at another edge.
    else if (call->agents[side - 1].state == EDGE_AGENT_UP)
        connect(run, call->agents[side - 1].leg, event->record);
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
    edge_call_end(run, event->status, EDGE_ENDED_BY_SYSTEM, "released");
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
    case EDGE_CALL_INVITED:
        on_invited(run, event);
        break;
    case EDGE_CALL_CANCELLED:
        on_cancelled(run);
        break;
    case EDGE_CALL_CONFIRMED:
        on_confirmed(run);
        break;
    case EDGE_CALL_UNCONFIRMED:
        on_unconfirmed(run);
        break;
    case EDGE_CALL_IDENTIFIED:
        run->call->identified = true;
        arrive_when_prepared(run);
        break;
    case EDGE_CALL_TAKEN:
        on_taken(run, event);
        break;
    case EDGE_CALL_TURNED_AWAY:
        on_turned_away(run, event);
        break;
    case EDGE_CALL_UNHEARD:
        on_unheard(run);
        break;
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
    default:
        break;
    }
}

static bool concerns_a_side(enum edge_call_event_type type)
{
    switch (type) {
    case EDGE_CALL_HUNG_UP:
    case EDGE_CALL_REOFFERED:
    case EDGE_CALL_PROGRESSED:
    case EDGE_CALL_ANSWERED:
    case EDGE_CALL_REFUSED:
    case EDGE_CALL_EXPIRED:
    case EDGE_CALL_MEDIA_READY:
    case EDGE_CALL_MEDIA_ACCEPTED:
    case EDGE_CALL_REOFFER_ANSWERED:
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
    if (!concerns_a_side(event->type))
        step_call(&run, event);
    else if (event->side == EDGE_CALL_CUSTOMER)
        step_customer(&run, event);
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
