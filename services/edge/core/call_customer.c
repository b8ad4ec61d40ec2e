/*
 * The customer's leg of a call: its arrival, its one INVITE, its end.
 */
#include <assert.h>
#include <stddef.h>

#include "edge/core/call_run.h"

#define STATUS_PROGRESS 183
#define STATUS_OK 200
#define STATUS_TERMINATED 487
#define STATUS_UNAVAILABLE 503

static void respond(struct edge_call_run *run, uint16_t status)
{
    edge_call_emit(run, EDGE_EFFECT_RESPOND, EDGE_CALL_CUSTOMER)->status = status;
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
    edge_call_drop_reoffer(run, EDGE_CALL_CUSTOMER);
    edge_call_emit_release(run, EDGE_CALL_CUSTOMER, run->call->customer_leg);
}

/* Ends the customer's leg from our side. */
void edge_call_leave_customer(struct edge_call_run *run, uint16_t status)
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

/* --- arrival --- */

static void on_invited(struct edge_call_run *run, const struct edge_call_event *event)
{
    struct edge_call *call = run->call;

    assert(call->customer == EDGE_CUSTOMER_ABSENT);
    call->customer = EDGE_CUSTOMER_PREPARING;
    call->customer_leg = event->leg;
    call->outbound = event->outbound;
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

void edge_call_answer(struct edge_call_run *run)
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
        edge_call_answer(run);
        return;
    }
    call->customer = EDGE_CUSTOMER_EARLY;
    if (!call->outbound) // An agent's phone makes its own ringing tone, when the far end rings.
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
    run->call->answer_now |= event->answer_now; // The command to do so may have come first.
    answer_when_arrived(run);
}

/* Too early only until its first response leaves, which is then the answer. */
static void on_answer_now(struct edge_call_run *run)
{
    struct edge_call *call = run->call;

    if (call->customer == EDGE_CUSTOMER_EARLY)
        edge_call_answer(run);
    else if (call->customer == EDGE_CUSTOMER_ARRIVING)
        call->answer_now = true;
    else if (call->customer != EDGE_CUSTOMER_ANSWERED && call->customer != EDGE_CUSTOMER_CONFIRMED)
        run->effects->unknown = true;
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

void edge_call_step_customer(struct edge_call_run *run, const struct edge_call_event *event)
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
    case EDGE_CALL_HUNG_UP:
        on_customer_hung_up(run);
        break;
    case EDGE_CALL_MEDIA_READY:
        on_customer_media(run, event);
        break;
    case EDGE_CALL_STORED:
        on_customer_stored(run, event->ok);
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
    case EDGE_CALL_ANSWER_NOW:
        on_answer_now(run);
        break;
    case EDGE_CALL_UNHEARD:
        on_unheard(run);
        break;
    default:
        break;
    }
}
