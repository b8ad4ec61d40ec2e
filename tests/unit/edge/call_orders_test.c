/*
 * The call machine under every order of events.
 *
 * A small world stands around the machine: a caller, phones of agents, media, the store and a
 * router, each free to do at any moment whatever it could do in reality. From the first INVITE on
 * every possible next event is tried in every state reached, and at each end the books must be
 * even: one final response for the caller, each agent's 2xx acknowledged, each leg given back, the
 * router told of one end. A state in which nothing can happen any more must be an end.
 *
 * A second walk lets the first agent's phone hold, resume and ask for a transfer as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "edge/core/call.h"

#define OFFERS 2
#define WORLDS_MAX (1U << 22)

enum phone { PHONE_IDLE, PHONE_INVITED, PHONE_RINGING, PHONE_ANSWERED, PHONE_TALKING, PHONE_DONE };

struct offer_world {
    bool made, router_cancelled, store_asked, media_asked, accept_asked;
    bool media_held, stored, cancelled, connect_said;
    uint8_t phone, terminal_reports, accepted_reports, declined_reports;
};

/* The first agent's phone asks for a transfer, which the second offer may serve. */
struct transfer_world {
    bool wanted, asked, taken, over, left_told, reoffer_asked, hold_told;
    uint8_t reoffers, finals;
};

struct world {
    struct edge_call call;
    struct transfer_world transfer;
    struct offer_world offers[OFFERS];
    bool invited, media_asked, identify_asked, store_asked, arrive_asked, connect_asked;
    bool media_held, stored, arrived, known, ack_due, caller_gone, released, ended, answer_said;
    uint8_t connect_offer, finals, final_ok, end_reports, connected_reports, closed;
};

static struct world *visited;
static uint8_t *used;
static size_t world_count;
static size_t end_count;

static struct td_leg_id leg_id(unsigned number)
{
    struct td_leg_id leg = {0};
    leg.id.bytes[15] = (uint8_t)number;
    return leg;
}

static struct td_offer_id offer_id(unsigned number)
{
    struct td_offer_id offer = {0};
    offer.id.bytes[15] = (uint8_t)number;
    return offer;
}

static unsigned offer_of_leg(struct td_leg_id leg)
{
    unsigned number = leg.id.bytes[15];

    assert_in_range(number, 10, 10 + OFFERS - 1);
    return number - 10;
}

/* --- what effects do to the world --- */

/* The offer tried on a side; by what the machine said before it freed the slot. */
static unsigned offer_on_side(const struct edge_call *before, const struct edge_call *after,
                              uint8_t side)
{
    const struct edge_call_agent *agent = &after->agents[side - 1];

    if (agent->state == EDGE_AGENT_FREE)
        agent = &before->agents[side - 1];
    return offer_of_leg(agent->leg);
}

static void on_report(struct world *w, const struct edge_call_effect *effect)
{
    unsigned number = effect->offer.id.bytes[15]; // 0: it is about no offer.
    struct offer_world *offer = number > 0 ? &w->offers[number - 1] : NULL;

    switch (effect->report) {
    case EDGE_REPORT_ABANDONED:
    case EDGE_REPORT_ENDED:
        assert_true(w->known);
        w->end_reports++;
        assert_int_equal(w->end_reports, 1);
        assert_true(effect->report == EDGE_REPORT_ABANDONED ||
                    effect->by != EDGE_ENDED_BY_CUSTOMER || w->connected_reports > 0);
        return;
    case EDGE_REPORT_CONNECTED:
        assert_int_equal(w->end_reports, 0);
        w->connected_reports++;
        w->transfer.hold_told = false; // Whoever still holds says so again.
        return;
    case EDGE_REPORT_RINGING:
        assert_int_equal(offer->terminal_reports, 0);
        return;
    case EDGE_REPORT_ACCEPTED:
        offer->accepted_reports++;
        break;
    case EDGE_REPORT_DECLINED:
        offer->declined_reports++;
        break;
    case EDGE_REPORT_FAILED:
        break;
    case EDGE_REPORT_LEFT:
        assert_true(w->transfer.taken);
        assert_false(w->transfer.left_told);
        w->transfer.left_told = true;
        return;
    case EDGE_REPORT_HELD:
    case EDGE_REPORT_RESUMED:
        assert_int_equal(w->end_reports, 0);
        assert_int_equal(w->transfer.hold_told, effect->report == EDGE_REPORT_RESUMED);
        w->transfer.hold_told = !w->transfer.hold_told;
        return;
    }
    assert_int_equal(w->end_reports, 0);
    offer->terminal_reports++;
    // Only an acceptance may be taken back: by an agent who hung up before being connected.
    assert_true(offer->terminal_reports == 1 ||
                (offer->terminal_reports == 2 && offer->accepted_reports == 1 &&
                 offer->declined_reports == 1));
}

static void on_customer_effect(struct world *w, const struct edge_call_effect *effect)
{
    switch (effect->type) {
    case EDGE_EFFECT_MEDIA_ANSWER:
        w->media_asked = w->media_held = true;
        break;
    case EDGE_EFFECT_IDENTIFY:
        w->identify_asked = true;
        break;
    case EDGE_EFFECT_STORE:
        if (!w->stored && w->finals == 0)
            w->store_asked = true;
        w->stored = true;
        assert_int_equal(w->closed, 0);
        break;
    case EDGE_EFFECT_ARRIVE:
        assert_false(w->arrived);
        w->arrive_asked = w->arrived = w->known = true;
        break;
    case EDGE_EFFECT_RESPOND:
        if (effect->status < 200) {
            assert_int_equal(w->finals, 0);
            break;
        }
        w->finals++;
        assert_int_equal(w->finals, 1);
        w->final_ok = effect->status == 200;
        w->ack_due = effect->status == 200;
        break;
    case EDGE_EFFECT_BYE:
        assert_true(w->final_ok);
        assert_false(w->ack_due); // RFC 3261 section 15: not before the ACK.
        assert_false(w->caller_gone);
        w->caller_gone = true;
        break;
    case EDGE_EFFECT_MEDIA_CONNECT:
        assert_true(w->final_ok);
        w->connect_asked = true;
        w->connect_offer = (uint8_t)offer_of_leg(effect->leg);
        break;
    case EDGE_EFFECT_MEDIA_RELEASE:
        assert_true(w->media_held);
        w->media_held = false;
        break;
    case EDGE_EFFECT_FORGET:
        assert_true(w->stored);
        w->stored = false;
        break;
    case EDGE_EFFECT_CLOSE:
        w->closed++;
        assert_int_equal(w->closed, 1);
        break;
    case EDGE_EFFECT_REPORT:
        on_report(w, effect);
        break;
    default:
        fail_msg("effect %d on the customer", (int)effect->type);
    }
}

static void on_agent_effect(struct world *w, struct offer_world *offer,
                            const struct edge_call_effect *effect)
{
    switch (effect->type) {
    case EDGE_EFFECT_MEDIA_OFFER:
        offer->media_asked = offer->media_held = true;
        break;
    case EDGE_EFFECT_STORE:
        if (offer->phone == PHONE_IDLE)
            offer->store_asked = true;
        offer->stored = true;
        break;
    case EDGE_EFFECT_INVITE:
        assert_false(offer->store_asked); // Committed before it rings.
        assert_int_equal(offer->phone, PHONE_IDLE);
        offer->phone = PHONE_INVITED;
        break;
    case EDGE_EFFECT_ACK:
        assert_true(offer->phone == PHONE_ANSWERED || offer->phone == PHONE_TALKING);
        offer->phone = PHONE_TALKING;
        break;
    case EDGE_EFFECT_MEDIA_ACCEPT:
        assert_true(offer->media_held);
        offer->accept_asked = true;
        break;
    case EDGE_EFFECT_CANCEL:
        assert_true(offer->phone == PHONE_INVITED || offer->phone == PHONE_RINGING);
        assert_false(offer->cancelled);
        offer->cancelled = true;
        break;
    case EDGE_EFFECT_BYE:
        assert_int_equal(offer->phone, PHONE_TALKING); // ACK first, then BYE.
        offer->phone = PHONE_DONE;
        break;
    case EDGE_EFFECT_MEDIA_RELEASE:
        assert_true(offer->media_held);
        offer->media_held = false;
        break;
    case EDGE_EFFECT_FORGET:
        assert_true(offer->stored);
        offer->stored = false;
        break;
    case EDGE_EFFECT_CLOSE:
        break;
    case EDGE_EFFECT_REFER_RESPOND:
        assert_int_equal(effect->status, 202);
        break;
    case EDGE_EFFECT_NOTIFY:
        assert_int_equal(offer->phone, PHONE_TALKING); // Nothing follows a BYE.
        assert_int_equal(w->transfer.finals, 0);
        if (effect->status >= 200)
            w->transfer.finals++;
        break;
    case EDGE_EFFECT_TRANSFER:
        w->transfer.asked = true;
        break;
    case EDGE_EFFECT_MEDIA_PARK:
        assert_true(w->transfer.taken);
        assert_true(offer->media_held);
        break;
    case EDGE_EFFECT_MEDIA_REANSWER:
        w->transfer.reoffer_asked = true;
        break;
    case EDGE_EFFECT_REOFFER_RESPOND:
        break;
    case EDGE_EFFECT_REPORT:
        on_report(w, effect);
        break;
    default:
        fail_msg("effect %d on an agent", (int)effect->type);
    }
}

static bool deliver(struct world *w, struct edge_call_event event)
{
    struct edge_call before = w->call;
    struct edge_call_effects effects;

    edge_call_step(&w->call, &event, &effects);
    for (uint32_t i = 0; i < effects.count; i++) {
        const struct edge_call_effect *effect = &effects.items[i];
        if (effect->side == EDGE_CALL_CUSTOMER)
            on_customer_effect(w, effect);
        else
            on_agent_effect(w, &w->offers[offer_on_side(&before, &w->call, effect->side)], effect);
    }
    return !effects.unknown;
}

/* --- what may happen next --- */

static void reply(struct world *w, bool *asked, enum edge_call_event_type type, bool ok)
{
    *asked = false;
    deliver(w, (struct edge_call_event){.type = type, .ok = ok, .status = ok ? 0 : 488});
}

/* A reply for an agent's leg finds its side by the leg, or nobody. */
static void reply_to_leg(struct world *w, bool *asked, unsigned number,
                         enum edge_call_event_type type, bool ok)
{
    int side = edge_call_side_of_leg(&w->call, leg_id(10 + number));

    *asked = false;
    if (side > 0)
        deliver(w, (struct edge_call_event){.type = type, .side = (uint8_t)side, .ok = ok});
}

static bool customer_move(struct world *w, int move)
{
    bool early = w->invited && w->finals == 0;

    switch (move) {
    case 0:
        if (!w->media_asked)
            return false;
        reply(w, &w->media_asked, EDGE_CALL_MEDIA_READY, true);
        return true;
    case 1:
        if (!w->media_asked)
            return false;
        reply(w, &w->media_asked, EDGE_CALL_MEDIA_READY, false);
        return true;
    case 2:
        if (!w->identify_asked)
            return false;
        reply(w, &w->identify_asked, EDGE_CALL_IDENTIFIED, true);
        return true;
    case 3:
    case 4:
        if (!w->store_asked)
            return false;
        reply(w, &w->store_asked, EDGE_CALL_STORED, move == 3);
        return true;
    case 5:
        if (!early)
            return false;
        deliver(w, (struct edge_call_event){.type = EDGE_CALL_CANCELLED});
        return true;
    case 6:
    case 7:
        if (!w->ack_due)
            return false;
        w->ack_due = false;
        deliver(w, (struct edge_call_event){.type = move == 6 ? EDGE_CALL_CONFIRMED
                                                              : EDGE_CALL_UNCONFIRMED});
        return true;
    case 8:
        if (w->final_ok == 0 || w->caller_gone)
            return false;
        w->caller_gone = true;
        w->ack_due = false;
        deliver(w, (struct edge_call_event){.type = EDGE_CALL_HUNG_UP});
        return true;
    default:
        return false;
    }
}

static bool router_move(struct world *w, int move)
{
    struct edge_call_event event = {0};

    switch (move) {
    case 0:
    case 1:
        if (!w->arrive_asked)
            return false;
        event.type = EDGE_CALL_TAKEN;
        event.answer_now = move == 0;
        w->arrive_asked = false;
        break;
    case 2:
        if (!w->arrive_asked || w->offers[0].made)
            return false;
        event.type = EDGE_CALL_TURNED_AWAY;
        event.status = 503;
        w->arrive_asked = w->known = false;
        if (w->end_reports == 0)
            w->end_reports = 1; // It needs no word of the end.
        break;
    case 3:
        if (!w->arrive_asked)
            return false;
        event.type = EDGE_CALL_UNHEARD;
        w->arrive_asked = false;
        break;
    case 4:
        if (!w->known || w->released || w->end_reports > 0)
            return false;
        event.type = EDGE_CALL_RELEASE;
        event.status = 480;
        w->released = true;
        break;
    case 5:
        if (!w->connect_asked)
            return false;
        event.type = EDGE_CALL_MEDIA_CONNECTED;
        event.ok = true;
        event.leg = leg_id(10U + w->connect_offer);
        w->connect_asked = false;
        break;
    case 6:
        if (!w->known || w->connected_reports == 0)
            return false;
        event.type = EDGE_CALL_MEDIA_LOST;
        break;
    case 7: // For voice mail: in place of offers, which it does not change.
        if (!w->known || w->arrive_asked || w->answer_said || w->offers[0].made || w->released ||
            w->end_reports > 0 || w->transfer.wanted)
            return false;
        event.type = EDGE_CALL_ANSWER_NOW;
        w->answer_said = true;
        break;
    default:
        return false;
    }
    deliver(w, event);
    return true;
}

static bool router_offer_move(struct world *w, unsigned number, int move)
{
    struct offer_world *offer = &w->offers[number];
    struct edge_call_event event = {.offer = offer_id(number + 1), .leg = leg_id(10 + number)};
    bool previous_done =
        number == 0 || w->offers[number - 1].router_cancelled ||
        w->offers[number - 1].terminal_reports > w->offers[number - 1].accepted_reports;

    switch (move) {
    case 0: // An offer goes out when the one before is out of the way, for the router.
        if (number == 1 && w->transfer.taken)
            previous_done = !w->transfer.over; // It serves the transfer.
        else if (w->connected_reports > 0)
            return false;
        if (!w->known || w->released || offer->made || !previous_done || w->end_reports > 0)
            return false;
        offer->made = true;
        event.type = EDGE_CALL_OFFERED;
        event.reachable = true;
        break;
    case 1:
        if (!offer->made || offer->router_cancelled || offer->connect_said)
            return false;
        offer->router_cancelled = true;
        event.type = EDGE_CALL_OFFER_CANCELLED;
        break;
    case 2:
        if (offer->accepted_reports == 0 || offer->connect_said || offer->router_cancelled)
            return false;
        if ((number + 1 < OFFERS && w->offers[number + 1].made) ||
            (number == 1 && w->transfer.over))
            return false; // Commands keep their order: the fence refuses an overtaken one.
        offer->connect_said = true;
        event.type = EDGE_CALL_CONNECT;
        break;
    default:
        return false;
    }
    deliver(w, event);
    return true;
}

static bool phone_move(struct world *w, unsigned number, int move)
{
    struct offer_world *offer = &w->offers[number];
    int side = edge_call_side_of_leg(&w->call, leg_id(10 + number));
    struct edge_call_event event = {.side = (uint8_t)(side > 0 ? side : 1)};
    bool pending = offer->phone == PHONE_INVITED || offer->phone == PHONE_RINGING;

    switch (move) {
    case 0:
        if (offer->phone != PHONE_INVITED)
            return false;
        offer->phone = PHONE_RINGING;
        event.type = EDGE_CALL_PROGRESSED;
        break;
    case 1: // Also after our CANCEL: the two cross.
        if (!pending)
            return false;
        offer->phone = PHONE_ANSWERED;
        event.type = EDGE_CALL_ANSWERED;
        break;
    case 2:
    case 3:
        if (!pending)
            return false;
        offer->phone = PHONE_DONE;
        event.type = EDGE_CALL_REFUSED;
        event.status = offer->cancelled ? 487 : move == 2 ? 486 : 480;
        break;
    case 4:
        if (offer->phone != PHONE_TALKING)
            return false;
        offer->phone = PHONE_DONE;
        event.type = EDGE_CALL_HUNG_UP;
        break;
    case 5:
        if (!pending || offer->router_cancelled)
            return false;
        event.type = EDGE_CALL_EXPIRED;
        if (offer->cancelled)
            offer->phone = PHONE_DONE; // It never answers: nothing is owed to it.
        break;
    case 6: // A repeated 200.
        if (offer->phone != PHONE_TALKING || offer->accepted_reports > 0)
            return false;
        event.type = EDGE_CALL_ANSWERED;
        break;
    default:
        return false;
    }
    assert_true(side > 0); // SIP never speaks of a leg that the machine has closed.
    deliver(w, event);
    return true;
}

static bool leg_move(struct world *w, unsigned number, int move)
{
    struct offer_world *offer = &w->offers[number];
    bool *asked[] = {&offer->media_asked, &offer->store_asked, &offer->accept_asked};
    const enum edge_call_event_type types[] = {EDGE_CALL_MEDIA_READY, EDGE_CALL_STORED,
                                               EDGE_CALL_MEDIA_ACCEPTED};
    int which = move / 2;

    if (which >= 3 || !*asked[which])
        return false;
    reply_to_leg(w, asked[which], number, types[which], move % 2 == 0);
    return true;
}

static bool transfer_move(struct world *w, int move)
{
    struct transfer_world *transfer = &w->transfer;
    struct offer_world *second = &w->offers[1];
    struct edge_call_event event = {.offer = offer_id(1), .leg = leg_id(10)};
    int side = edge_call_side_of_leg(&w->call, leg_id(10));
    bool talking = transfer->wanted && side > 0 && w->offers[0].phone == PHONE_TALKING &&
                   w->offers[0].accepted_reports > 0 && w->connected_reports > 0;
    bool second_serves = second->made && second->terminal_reports <= second->accepted_reports;

    event.side = (uint8_t)(side > 0 ? side : 0);
    switch (move) {
    case 0:
        if (!talking || transfer->asked || transfer->taken || transfer->over)
            return false;
        transfer->wanted = false;
        event.type = EDGE_CALL_REFERRED;
        break;
    case 1:
    case 2:
        if (!transfer->asked)
            return false;
        transfer->asked = false;
        transfer->taken = event.ok = move == 1;
        event.status = 486;
        event.type = EDGE_CALL_TRANSFER_ANSWERED;
        break;
    case 3: // To a queue at once; to somebody when connected.
        if (!transfer->taken || transfer->over || w->released ||
            (second->made && !second->connect_said))
            return false;
        transfer->over = true;
        event.type = EDGE_CALL_TRANSFER_DONE;
        break;
    case 4:
        if (!transfer->taken || transfer->over || w->released || second_serves ||
            transfer->left_told || w->end_reports > 0)
            return false;
        transfer->over = true;
        event.status = 480;
        event.type = EDGE_CALL_TRANSFER_FAILED;
        break;
    case 5:
        if (!talking || transfer->reoffer_asked || transfer->reoffers == 2)
            return false;
        transfer->reoffers++;
        event.type = EDGE_CALL_REOFFERED;
        break;
    case 6:
        if (!transfer->reoffer_asked)
            return false;
        transfer->reoffer_asked = false;
        event.type = EDGE_CALL_REOFFER_ANSWERED;
        event.ok = true;
        event.holds = transfer->reoffers == 1;
        if (side < 0)
            return true; // Finds nobody.
        break;
    default:
        return false;
    }
    deliver(w, event);
    return true;
}

#define TRANSFER_MOVES 7
#define CUSTOMER_MOVES 9
#define ROUTER_MOVES 8
#define OFFER_MOVES 16

static bool make_move(struct world *w, int move)
{
    if (move < CUSTOMER_MOVES)
        return customer_move(w, move);
    move -= CUSTOMER_MOVES;
    if (move < ROUTER_MOVES)
        return router_move(w, move);
    move -= ROUTER_MOVES;
    if (move < TRANSFER_MOVES)
        return transfer_move(w, move);
    move -= TRANSFER_MOVES;
    unsigned number = (unsigned)(move / OFFER_MOVES);
    move %= OFFER_MOVES;
    if (move < 3)
        return router_offer_move(w, number, move);
    if (move < 10)
        return phone_move(w, number, move - 3);
    return leg_move(w, number, move - 10);
}

/* --- the walk --- */

static void check_end(const struct world *w)
{
    end_count++;
    assert_int_equal(w->finals, 1);
    assert_int_equal(w->closed, 1);
    assert_true(w->final_ok == 0 || w->caller_gone);
    assert_false(w->media_held);
    assert_false(w->stored);
    assert_true(!w->arrived || w->end_reports == 1);
    for (unsigned i = 0; i < OFFERS; i++) {
        assert_false(w->offers[i].media_held);
        assert_false(w->offers[i].stored);
        assert_true(w->offers[i].phone == PHONE_IDLE || w->offers[i].phone == PHONE_DONE);
    }
}

static bool remember(const struct world *w)
{
    size_t slot = (size_t)td_str_hash(w, sizeof(*w)) % WORLDS_MAX;

    for (; used[slot]; slot = (slot + 1) % WORLDS_MAX) {
        if (memcmp(&visited[slot], w, sizeof(*w)) == 0)
            return false;
    }
    assert_true(world_count < WORLDS_MAX / 4 * 3);
    used[slot] = 1;
    memcpy(&visited[slot], w, sizeof(*w));
    world_count++;
    return true;
}

static void walk(const struct world *from)
{
    bool moved = false;

    if (!remember(from))
        return;
    if (edge_call_is_over(&from->call)) {
        check_end(from);
        return;
    }
    for (int move = 0; move < CUSTOMER_MOVES + ROUTER_MOVES + TRANSFER_MOVES + OFFERS * OFFER_MOVES;
         move++) {
        struct world next;
        memcpy(&next, from, sizeof(next));
        if (make_move(&next, move)) {
            moved = true;
            walk(&next);
        }
    }
    assert_true(moved); // Nothing can happen any more, yet a leg is left: a leak.
}

static void walk_all(bool with_transfer)
{
    struct world w;

    memset(&w, 0, sizeof(w));
    w.transfer.wanted = with_transfer;
    world_count = end_count = 0;
    visited = malloc(sizeof(*visited) * WORLDS_MAX);
    used = calloc(WORLDS_MAX, 1);
    assert_non_null(visited);
    assert_non_null(used);

    w.invited = true;
    deliver(&w, (struct edge_call_event){.type = EDGE_CALL_INVITED, .leg = leg_id(1)});
    walk(&w);

    print_message("%zu states, %zu of them ends\n", world_count, end_count);
    assert_true(world_count > 1000);
    free(visited);
    free(used);
}

static void every_order_of_events_ends_with_even_books(void **state)
{
    (void)state;
    walk_all(false);
}

static void so_does_every_order_with_a_hold_and_a_transfer(void **state)
{
    (void)state;
    walk_all(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_of_events_ends_with_even_books),
        cmocka_unit_test(so_does_every_order_with_a_hold_and_a_transfer),
    };

    return cmocka_run_group_tests_name("edge/call_orders", tests, NULL, NULL);
}
