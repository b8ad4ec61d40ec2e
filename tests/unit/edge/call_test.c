/* The call machine, case by case: what exactly is said to whom. call_orders_test.c has the orders.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "edge/core/call.h"

static struct edge_call_effects effects;

static struct td_leg_id leg_id(uint8_t number)
{
    struct td_leg_id leg = {0};
    leg.id.bytes[15] = number;
    return leg;
}

static struct td_offer_id offer_id(uint8_t number)
{
    struct td_offer_id offer = {0};
    offer.id.bytes[15] = number;
    return offer;
}

static void step(struct edge_call *call, struct edge_call_event event)
{
    edge_call_step(call, &event, &effects);
}

static void happens(struct edge_call *call, enum edge_call_event_type type)
{
    step(call, (struct edge_call_event){.type = type});
}

static void on_side(struct edge_call *call, enum edge_call_event_type type, uint8_t side, bool ok)
{
    step(call, (struct edge_call_event){.type = type, .side = side, .ok = ok});
}

static const struct edge_call_effect *find(enum edge_call_effect_type type)
{
    for (uint32_t i = 0; i < effects.count; i++) {
        if (effects.items[i].type == type)
            return &effects.items[i];
    }
    return NULL;
}

static void assert_says(enum edge_call_effect_type type, uint16_t status)
{
    const struct edge_call_effect *effect = find(type);

    assert_non_null(effect);
    assert_int_equal(effect->status, status);
}

static const struct edge_call_effect *assert_reports(enum edge_report report)
{
    const struct edge_call_effect *effect = find(EDGE_EFFECT_REPORT);

    assert_non_null(effect);
    assert_int_equal(effect->report, report);
    return effect;
}

/* --- how far a call has come --- */

static void invited(struct edge_call *call)
{
    edge_call_init(call);
    step(call, (struct edge_call_event){.type = EDGE_CALL_INVITED, .leg = leg_id(1)});
}

static void arriving(struct edge_call *call)
{
    invited(call);
    on_side(call, EDGE_CALL_MEDIA_READY, EDGE_CALL_CUSTOMER, true);
    happens(call, EDGE_CALL_IDENTIFIED);
}

static void taken(struct edge_call *call, bool answer_now)
{
    arriving(call);
    on_side(call, EDGE_CALL_STORED, EDGE_CALL_CUSTOMER, true);
    step(call, (struct edge_call_event){.type = EDGE_CALL_TAKEN, .answer_now = answer_now});
}

static void confirmed(struct edge_call *call)
{
    taken(call, true);
    happens(call, EDGE_CALL_CONFIRMED);
}

static void offered(struct edge_call *call, uint8_t number)
{
    step(call, (struct edge_call_event){.type = EDGE_CALL_OFFERED,
                                        .offer = offer_id(number),
                                        .leg = leg_id((uint8_t)(10 + number)),
                                        .reachable = true});
}

static void ringing(struct edge_call *call)
{
    offered(call, 1);
    on_side(call, EDGE_CALL_STORED, 1, true);
    on_side(call, EDGE_CALL_MEDIA_READY, 1, true);
    on_side(call, EDGE_CALL_PROGRESSED, 1, false);
}

static void accepted(struct edge_call *call)
{
    ringing(call);
    on_side(call, EDGE_CALL_ANSWERED, 1, false);
    on_side(call, EDGE_CALL_MEDIA_ACCEPTED, 1, true);
}

static void asked_to_connect(struct edge_call *call)
{
    accepted(call);
    step(call,
         (struct edge_call_event){
             .type = EDGE_CALL_CONNECT, .offer = offer_id(1), .leg = leg_id(11), .record = true});
}

static void talking(struct edge_call *call)
{
    asked_to_connect(call);
    step(call, (struct edge_call_event){
                   .type = EDGE_CALL_MEDIA_CONNECTED, .ok = true, .leg = leg_id(11)});
}

static enum edge_call_phase phase(const struct edge_call *call)
{
    uint8_t side;
    return edge_call_phase(call, &side);
}

/* --- arrival --- */

static void media_identity_and_store_are_asked_at_once(void **state)
{
    (void)state;
    struct edge_call call;

    invited(&call);
    assert_non_null(find(EDGE_EFFECT_MEDIA_ANSWER));
    assert_non_null(find(EDGE_EFFECT_IDENTIFY));
    assert_non_null(find(EDGE_EFFECT_STORE));
    assert_null(find(EDGE_EFFECT_ARRIVE));
}

static void the_router_is_told_without_waiting_for_the_store(void **state)
{
    (void)state;
    struct edge_call call;

    arriving(&call);
    assert_non_null(find(EDGE_EFFECT_ARRIVE));
    happens(&call, EDGE_CALL_TAKEN);
    assert_int_equal(effects.count, 0); // But nothing is said to the caller before it is on disk.
    on_side(&call, EDGE_CALL_STORED, EDGE_CALL_CUSTOMER, true);
    assert_says(EDGE_EFFECT_RESPOND, 183);
}

static void the_entry_point_says_when_it_is_answered(void **state)
{
    (void)state;
    struct edge_call call;

    taken(&call, true);
    assert_says(EDGE_EFFECT_RESPOND, 200);
    taken(&call, false);
    assert_says(EDGE_EFFECT_RESPOND, 183);
    asked_to_connect(&call);
    assert_says(EDGE_EFFECT_RESPOND, 200);
    assert_true(find(EDGE_EFFECT_MEDIA_CONNECT)->record);
}

static void who_cannot_be_served_is_told_why(void **state)
{
    (void)state;
    struct edge_call call;

    invited(&call);
    step(&call, (struct edge_call_event){.type = EDGE_CALL_MEDIA_READY, .status = 488});
    assert_says(EDGE_EFFECT_RESPOND, 488);
    assert_null(find(EDGE_EFFECT_REPORT)); // The router never heard of it.

    arriving(&call);
    step(&call, (struct edge_call_event){.type = EDGE_CALL_TURNED_AWAY, .status = 503});
    assert_says(EDGE_EFFECT_RESPOND, 503);
    assert_null(find(EDGE_EFFECT_REPORT)); // It knows.

    arriving(&call);
    happens(&call, EDGE_CALL_UNHEARD);
    assert_says(EDGE_EFFECT_RESPOND, 503);
    (void)assert_reports(EDGE_REPORT_ABANDONED); // It may have it all the same.

    arriving(&call);
    on_side(&call, EDGE_CALL_STORED, EDGE_CALL_CUSTOMER, false);
    assert_says(EDGE_EFFECT_RESPOND, 503);
    (void)assert_reports(EDGE_REPORT_ABANDONED);
}

static void the_router_may_answer_before_there_is_an_agent(void **state)
{
    (void)state;
    struct edge_call call;

    taken(&call, false);
    happens(&call, EDGE_CALL_ANSWER_NOW);
    assert_says(EDGE_EFFECT_RESPOND, 200);
    happens(&call, EDGE_CALL_ANSWER_NOW); // Said twice.
    assert_null(find(EDGE_EFFECT_RESPOND));
    happens(&call, EDGE_CALL_CONFIRMED);

    arriving(&call); // The command overtakes the commit of the leg.
    step(&call, (struct edge_call_event){.type = EDGE_CALL_TAKEN, .answer_now = false});
    happens(&call, EDGE_CALL_ANSWER_NOW);
    on_side(&call, EDGE_CALL_STORED, EDGE_CALL_CUSTOMER, true);
    assert_says(EDGE_EFFECT_RESPOND, 200);
}

static void a_caller_who_gives_up_gets_487(void **state)
{
    (void)state;
    struct edge_call call;

    taken(&call, false);
    ringing(&call);
    happens(&call, EDGE_CALL_CANCELLED);
    assert_says(EDGE_EFFECT_RESPOND, 487);
    assert_non_null(find(EDGE_EFFECT_CANCEL));
    (void)assert_reports(EDGE_REPORT_ABANDONED);
    assert_false(edge_call_is_over(&call)); // The phone's final response is still to come.
    step(&call, (struct edge_call_event){.type = EDGE_CALL_REFUSED, .side = 1, .status = 487});
    assert_true(edge_call_is_over(&call));
    assert_null(find(EDGE_EFFECT_REPORT));
}

/* --- offers --- */

static void the_phone_rings_after_the_commit_only(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    offered(&call, 1);
    on_side(&call, EDGE_CALL_MEDIA_READY, 1, true);
    assert_null(find(EDGE_EFFECT_INVITE));
    on_side(&call, EDGE_CALL_STORED, 1, true);
    assert_non_null(find(EDGE_EFFECT_INVITE));
}

static void answers_of_phones_are_told_apart(void **state)
{
    (void)state;
    const struct {
        uint16_t status;
        enum edge_report report;
        enum edge_offer_failure failure;
    } cases[] = {
        {486, EDGE_REPORT_DECLINED, 0},
        {600, EDGE_REPORT_DECLINED, 0},
        {603, EDGE_REPORT_DECLINED, 0},
        {480, EDGE_REPORT_FAILED, EDGE_OFFER_NO_ANSWER},
        {408, EDGE_REPORT_FAILED, EDGE_OFFER_NO_ANSWER},
        {488, EDGE_REPORT_FAILED, EDGE_OFFER_MEDIA},
        {404, EDGE_REPORT_FAILED, EDGE_OFFER_UNREACHABLE},
        {302, EDGE_REPORT_FAILED, EDGE_OFFER_UNREACHABLE},
        {500, EDGE_REPORT_FAILED, EDGE_OFFER_UNREACHABLE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct edge_call call;
        confirmed(&call);
        ringing(&call);
        step(&call, (struct edge_call_event){
                        .type = EDGE_CALL_REFUSED, .side = 1, .status = cases[i].status});
        const struct edge_call_effect *report = assert_reports(cases[i].report);
        if (cases[i].report == EDGE_REPORT_FAILED) {
            assert_int_equal(report->failure, cases[i].failure);
            assert_int_equal(report->status, cases[i].status);
        }
        assert_true(td_id_equal(report->offer.id, offer_id(1).id));
    }
}

static void a_phone_that_never_rang_is_unreachable(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    offered(&call, 1);
    on_side(&call, EDGE_CALL_STORED, 1, true);
    on_side(&call, EDGE_CALL_MEDIA_READY, 1, true);
    step(&call, (struct edge_call_event){.type = EDGE_CALL_REFUSED, .side = 1, .status = 408});
    assert_int_equal(assert_reports(EDGE_REPORT_FAILED)->failure, EDGE_OFFER_UNREACHABLE);
}

static void an_offer_that_cannot_be_made_fails_at_once(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    step(&call, (struct edge_call_event){.type = EDGE_CALL_OFFERED, .offer = offer_id(1)});
    assert_int_equal(assert_reports(EDGE_REPORT_FAILED)->failure, EDGE_OFFER_NOT_REGISTERED);

    for (uint8_t number = 1; number <= EDGE_CALL_AGENTS; number++)
        offered(&call, number);
    offered(&call, EDGE_CALL_AGENTS + 1);
    assert_int_equal(assert_reports(EDGE_REPORT_FAILED)->failure, EDGE_OFFER_FULL);
}

static void the_same_offer_rings_once(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    offered(&call, 1);
    offered(&call, 1);
    assert_int_equal(effects.count, 0);
    assert_false(effects.unknown);
}

static void a_200_that_crosses_our_cancel_is_acknowledged_and_ended(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    ringing(&call);
    step(&call, (struct edge_call_event){.type = EDGE_CALL_OFFER_CANCELLED, .offer = offer_id(1)});
    assert_non_null(find(EDGE_EFFECT_CANCEL));
    on_side(&call, EDGE_CALL_ANSWERED, 1, false);
    assert_int_equal(effects.items[0].type, EDGE_EFFECT_ACK);
    assert_int_equal(effects.items[1].type, EDGE_EFFECT_BYE);
    assert_null(find(EDGE_EFFECT_REPORT));
    assert_int_equal(edge_call_side_of_offer(&call, offer_id(1)), -1);
}

static void an_agent_who_hangs_up_in_set_up_has_declined(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    accepted(&call);
    on_side(&call, EDGE_CALL_HUNG_UP, 1, false);
    assert_string_equal(assert_reports(EDGE_REPORT_DECLINED)->reason, "hung up in set-up");
    assert_null(find(EDGE_EFFECT_BYE)); // The customer waits on.
    step(&call, (struct edge_call_event){
                    .type = EDGE_CALL_CONNECT, .offer = offer_id(1), .leg = leg_id(11)});
    assert_true(effects.unknown); // The Connect that was on its way comes too late.
    assert_int_equal(effects.count, 0);
    offered(&call, 2);
    assert_non_null(find(EDGE_EFFECT_MEDIA_OFFER));
}

static void a_phone_that_ignores_cancel_is_given_up(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    ringing(&call);
    on_side(&call, EDGE_CALL_EXPIRED, 1, false);
    assert_int_equal(assert_reports(EDGE_REPORT_FAILED)->failure, EDGE_OFFER_NO_ANSWER);
    assert_non_null(find(EDGE_EFFECT_CANCEL));
    on_side(&call, EDGE_CALL_EXPIRED, 1, false);
    assert_non_null(find(EDGE_EFFECT_CLOSE));
    assert_null(find(EDGE_EFFECT_REPORT));
}

/* --- talking --- */

static void either_side_ends_the_call_at_once(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    talking(&call);
    on_side(&call, EDGE_CALL_HUNG_UP, EDGE_CALL_CUSTOMER, false);
    assert_int_equal(find(EDGE_EFFECT_BYE)->side, 1);
    assert_int_equal(assert_reports(EDGE_REPORT_ENDED)->by, EDGE_ENDED_BY_CUSTOMER);
    assert_true(edge_call_is_over(&call));

    confirmed(&call);
    talking(&call);
    on_side(&call, EDGE_CALL_HUNG_UP, 1, false);
    assert_int_equal(find(EDGE_EFFECT_BYE)->side, EDGE_CALL_CUSTOMER);
    assert_int_equal(assert_reports(EDGE_REPORT_ENDED)->by, EDGE_ENDED_BY_AGENT);
    assert_true(edge_call_is_over(&call));
}

static void bye_waits_for_the_ack(void **state)
{
    (void)state;
    struct edge_call call;

    taken(&call, true);
    talking(&call);
    on_side(&call, EDGE_CALL_HUNG_UP, 1, false);
    assert_null(find(EDGE_EFFECT_BYE));
    (void)assert_reports(EDGE_REPORT_ENDED);
    assert_false(edge_call_is_over(&call));
    happens(&call, EDGE_CALL_CONFIRMED);
    assert_non_null(find(EDGE_EFFECT_BYE));
    assert_true(edge_call_is_over(&call));
}

static void an_ack_that_never_comes_ends_the_call(void **state)
{
    (void)state;
    struct edge_call call;

    taken(&call, true);
    happens(&call, EDGE_CALL_UNCONFIRMED);
    assert_non_null(find(EDGE_EFFECT_BYE));
    assert_int_equal(assert_reports(EDGE_REPORT_ENDED)->by, EDGE_ENDED_BY_SYSTEM);
}

static void the_routers_release_has_the_status_it_says(void **state)
{
    (void)state;
    struct edge_call call;

    taken(&call, false);
    step(&call, (struct edge_call_event){.type = EDGE_CALL_RELEASE, .status = 486});
    assert_says(EDGE_EFFECT_RESPOND, 486);

    confirmed(&call);
    talking(&call);
    step(&call, (struct edge_call_event){.type = EDGE_CALL_RELEASE, .offer = offer_id(1)});
    assert_int_equal(find(EDGE_EFFECT_BYE)->side, 1); // The agent only.
    assert_int_equal(call.customer, EDGE_CUSTOMER_CONFIRMED);
}

static void offers_within_a_call_are_answered_one_at_a_time(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    on_side(&call, EDGE_CALL_REOFFERED, EDGE_CALL_CUSTOMER, false);
    assert_non_null(find(EDGE_EFFECT_MEDIA_REANSWER));
    on_side(&call, EDGE_CALL_REOFFERED, EDGE_CALL_CUSTOMER, false);
    assert_says(EDGE_EFFECT_REOFFER_RESPOND, 500);
    on_side(&call, EDGE_CALL_REOFFER_ANSWERED, EDGE_CALL_CUSTOMER, true);
    assert_says(EDGE_EFFECT_REOFFER_RESPOND, 200);
    on_side(&call, EDGE_CALL_REOFFERED, EDGE_CALL_CUSTOMER, false);
    on_side(&call, EDGE_CALL_REOFFER_ANSWERED, EDGE_CALL_CUSTOMER, false);
    assert_says(EDGE_EFFECT_REOFFER_RESPOND, 488);
    on_side(&call, EDGE_CALL_REOFFERED, EDGE_CALL_CUSTOMER, false);
    on_side(&call, EDGE_CALL_HUNG_UP, EDGE_CALL_CUSTOMER, false);
    assert_says(EDGE_EFFECT_REOFFER_RESPOND, 487);
}

static void an_agents_offer_before_our_invite_is_through_is_glare(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    ringing(&call);
    on_side(&call, EDGE_CALL_REOFFERED, 1, false);
    assert_says(EDGE_EFFECT_REOFFER_RESPOND, 491);
}

static void lost_media_ends_the_call(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    talking(&call);
    happens(&call, EDGE_CALL_MEDIA_LOST);
    assert_int_equal(assert_reports(EDGE_REPORT_ENDED)->by, EDGE_ENDED_BY_SYSTEM);
    assert_true(edge_call_is_over(&call));
}

/* --- customer and agent at two edges --- */

static void an_agent_of_a_customer_elsewhere_is_rung_and_let_go(void **state)
{
    (void)state;
    struct edge_call call;

    edge_call_init(&call);
    accepted(&call);
    (void)assert_reports(EDGE_REPORT_ACCEPTED);
    on_side(&call, EDGE_CALL_HUNG_UP, 1, false);
    assert_int_equal(assert_reports(EDGE_REPORT_ENDED)->by, EDGE_ENDED_BY_AGENT);
    assert_true(edge_call_is_over(&call));

    edge_call_init(&call);
    accepted(&call);
    happens(&call, EDGE_CALL_RELEASE);
    assert_non_null(find(EDGE_EFFECT_BYE));
    assert_null(find(EDGE_EFFECT_REPORT)); // The customer's edge says how it ended.
}

static void a_customer_is_connected_to_an_agent_elsewhere(void **state)
{
    (void)state;
    struct edge_call call;

    confirmed(&call);
    step(&call, (struct edge_call_event){
                    .type = EDGE_CALL_CONNECT, .offer = offer_id(7), .leg = leg_id(77)});
    assert_true(td_id_equal(find(EDGE_EFFECT_MEDIA_CONNECT)->leg.id, leg_id(77).id));
    step(&call, (struct edge_call_event){
                    .type = EDGE_CALL_MEDIA_CONNECTED, .ok = true, .leg = leg_id(77)});
    (void)assert_reports(EDGE_REPORT_CONNECTED);
}

/* --- phases and restart --- */

static void phases_rise_as_the_call_goes_on(void **state)
{
    (void)state;
    struct edge_call call;
    uint8_t side;

    arriving(&call);
    assert_int_equal(phase(&call), EDGE_PHASE_ARRIVED);
    confirmed(&call);
    assert_int_equal(phase(&call), EDGE_PHASE_ANSWERED);
    ringing(&call);
    assert_int_equal(edge_call_phase(&call, &side), EDGE_PHASE_OFFERING);
    assert_int_equal(side, 1);
    confirmed(&call);
    accepted(&call);
    assert_int_equal(phase(&call), EDGE_PHASE_ACCEPTED);
    confirmed(&call);
    talking(&call);
    assert_int_equal(edge_call_phase(&call, &side), EDGE_PHASE_CONNECTED);
    assert_int_equal(side, 1);
    on_side(&call, EDGE_CALL_HUNG_UP, EDGE_CALL_CUSTOMER, false);
    assert_int_equal(phase(&call), EDGE_PHASE_ENDED);
}

static void a_restored_call_goes_on_where_it_was(void **state)
{
    (void)state;
    struct edge_call call;

    edge_call_restore(&call, true, leg_id(1));
    edge_call_restore_agent(&call, offer_id(1), leg_id(11), true);
    assert_int_equal(phase(&call), EDGE_PHASE_CONNECTED);
    on_side(&call, EDGE_CALL_HUNG_UP, EDGE_CALL_CUSTOMER, false);
    assert_int_equal(find(EDGE_EFFECT_BYE)->side, 1);
    (void)assert_reports(EDGE_REPORT_ENDED);
    assert_true(edge_call_is_over(&call));

    edge_call_restore(&call, true, leg_id(1));
    assert_int_equal(phase(&call), EDGE_PHASE_ANSWERED);
    offered(&call, 2);
    assert_non_null(find(EDGE_EFFECT_MEDIA_OFFER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(media_identity_and_store_are_asked_at_once),
        cmocka_unit_test(the_router_is_told_without_waiting_for_the_store),
        cmocka_unit_test(the_entry_point_says_when_it_is_answered),
        cmocka_unit_test(who_cannot_be_served_is_told_why),
        cmocka_unit_test(the_router_may_answer_before_there_is_an_agent),
        cmocka_unit_test(a_caller_who_gives_up_gets_487),
        cmocka_unit_test(the_phone_rings_after_the_commit_only),
        cmocka_unit_test(answers_of_phones_are_told_apart),
        cmocka_unit_test(a_phone_that_never_rang_is_unreachable),
        cmocka_unit_test(an_offer_that_cannot_be_made_fails_at_once),
        cmocka_unit_test(the_same_offer_rings_once),
        cmocka_unit_test(a_200_that_crosses_our_cancel_is_acknowledged_and_ended),
        cmocka_unit_test(an_agent_who_hangs_up_in_set_up_has_declined),
        cmocka_unit_test(a_phone_that_ignores_cancel_is_given_up),
        cmocka_unit_test(either_side_ends_the_call_at_once),
        cmocka_unit_test(bye_waits_for_the_ack),
        cmocka_unit_test(an_ack_that_never_comes_ends_the_call),
        cmocka_unit_test(the_routers_release_has_the_status_it_says),
        cmocka_unit_test(offers_within_a_call_are_answered_one_at_a_time),
        cmocka_unit_test(an_agents_offer_before_our_invite_is_through_is_glare),
        cmocka_unit_test(lost_media_ends_the_call),
        cmocka_unit_test(an_agent_of_a_customer_elsewhere_is_rung_and_let_go),
        cmocka_unit_test(a_customer_is_connected_to_an_agent_elsewhere),
        cmocka_unit_test(phases_rise_as_the_call_goes_on),
        cmocka_unit_test(a_restored_call_goes_on_where_it_was),
    };

    return cmocka_run_group_tests_name("edge/call", tests, NULL, NULL);
}
