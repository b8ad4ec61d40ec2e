/* What a REGISTER does to a binding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "edge/core/registration.h"

#define S UINT64_C(1000000)

static const struct edge_registration_limits limits = {
    .min_s = 60, .max_s = 7200, .default_s = 3600};
static const uint64_t now = UINT64_C(1700000000) * S;

static struct edge_binding bound_to(const char *contact, uint32_t cseq)
{
    struct edge_binding binding = {
        .call_id = "one", .cseq = cseq, .expires_at_unix_us = now + 100 * S};

    strcpy(binding.contact, contact);
    return binding;
}

static struct edge_register asks(const char *contact, uint32_t expires_s)
{
    return (struct edge_register){
        .call_id = "two",
        .cseq = 1,
        .contact_count = 1,
        .contacts = {{.uri = contact, .has_expires = true, .expires_s = expires_s}},
    };
}

static enum edge_register_outcome decide(const struct edge_binding *current,
                                         const struct edge_register *request,
                                         struct edge_binding *made)
{
    return edge_register_decide(&limits, current, request, now, made);
}

static void a_phone_is_bound_for_as_long_as_it_asks(void **state)
{
    (void)state;
    struct edge_binding none = {0};
    struct edge_binding made;
    struct edge_register request = asks("sip:a@192.0.2.1", 600);

    assert_int_equal(decide(&none, &request, &made), EDGE_REGISTER_BIND);
    assert_string_equal(made.contact, "sip:a@192.0.2.1");
    assert_string_equal(made.call_id, "two");
    assert_int_equal(made.expires_at_unix_us, now + 600 * S);
    assert_true(edge_binding_is_live(&made, now + 600 * S - 1));
    assert_false(edge_binding_is_live(&made, now + 600 * S));
}

static void time_comes_from_the_contact_then_the_header_then_the_default(void **state)
{
    (void)state;
    struct edge_binding none = {0};
    struct edge_binding made;
    struct edge_register request = asks("sip:a", 600);

    request.has_expires = true;
    request.expires_s = 900;
    assert_int_equal(decide(&none, &request, &made), EDGE_REGISTER_BIND);
    assert_int_equal(made.expires_at_unix_us, now + 600 * S);
    request.contacts[0].has_expires = false;
    assert_int_equal(decide(&none, &request, &made), EDGE_REGISTER_BIND);
    assert_int_equal(made.expires_at_unix_us, now + 900 * S);
    request.has_expires = false;
    assert_int_equal(decide(&none, &request, &made), EDGE_REGISTER_BIND);
    assert_int_equal(made.expires_at_unix_us, now + 3600 * S);
}

static void times_out_of_bounds_are_refused_or_shortened(void **state)
{
    (void)state;
    struct edge_binding none = {0};
    struct edge_binding made;
    struct edge_register brief = asks("sip:a", 59);
    struct edge_register just = asks("sip:a", 60);
    struct edge_register years = asks("sip:a", UINT32_MAX);
    const struct edge_registration_limits strict = {.min_s = 7200, .max_s = 7200};
    struct edge_register hour = asks("sip:a", 3600);

    assert_int_equal(decide(&none, &brief, &made), EDGE_REGISTER_TOO_BRIEF);
    assert_int_equal(decide(&none, &just, &made), EDGE_REGISTER_BIND);
    assert_int_equal(decide(&none, &years, &made), EDGE_REGISTER_BIND);
    assert_int_equal(made.expires_at_unix_us, now + 7200 * S);
    assert_int_equal(edge_register_decide(&strict, &none, &hour, now, &made), EDGE_REGISTER_BIND);
}

static void the_newest_phone_wins(void **state)
{
    (void)state;
    struct edge_binding first = bound_to("sip:a@192.0.2.1", 7);
    struct edge_binding made;
    struct edge_register second = asks("sip:a@192.0.2.2", 600);

    assert_int_equal(decide(&first, &second, &made), EDGE_REGISTER_BIND);
    assert_string_equal(made.contact, "sip:a@192.0.2.2");
}

static void giving_up_counts_for_the_binding_in_force_only(void **state)
{
    (void)state;
    struct edge_binding current = bound_to("sip:a@192.0.2.2", 7);
    struct edge_binding made;
    struct edge_register old_phone = asks("sip:a@192.0.2.1", 0);
    struct edge_register phone = asks("sip:a@192.0.2.2", 0);

    assert_int_equal(decide(&current, &old_phone, &made), EDGE_REGISTER_SHOW);
    assert_int_equal(decide(&current, &phone, &made), EDGE_REGISTER_REMOVE);
    current.expires_at_unix_us = now;
    assert_int_equal(decide(&current, &phone, &made), EDGE_REGISTER_SHOW);
}

static void a_move_in_one_request_binds_the_new_place(void **state)
{
    (void)state;
    struct edge_binding current = bound_to("sip:old", 7);
    struct edge_binding made;
    struct edge_register move = asks("sip:old", 0);

    move.contact_count = 2;
    move.contacts[1] =
        (struct edge_contact){.uri = "sip:new", .has_expires = true, .expires_s = 600};
    assert_int_equal(decide(&current, &move, &made), EDGE_REGISTER_BIND);
    assert_string_equal(made.contact, "sip:new");
}

static void the_star_removes_all_and_only_with_expires_zero(void **state)
{
    (void)state;
    struct edge_binding none = {0};
    struct edge_binding current = bound_to("sip:a", 7);
    struct edge_binding made;
    struct edge_register star = {.call_id = "two", .cseq = 1, .star = true, .has_expires = true};

    assert_int_equal(decide(&current, &star, &made), EDGE_REGISTER_REMOVE);
    assert_int_equal(decide(&none, &star, &made), EDGE_REGISTER_SHOW);
    star.expires_s = 60;
    assert_int_equal(decide(&current, &star, &made), EDGE_REGISTER_BAD);
    star.expires_s = 0;
    star.has_expires = false;
    assert_int_equal(decide(&current, &star, &made), EDGE_REGISTER_BAD);
    star.has_expires = true;
    star.contact_count = 1;
    star.contacts[0] = (struct edge_contact){.uri = "sip:a"};
    assert_int_equal(decide(&current, &star, &made), EDGE_REGISTER_BAD);
}

static void a_late_request_of_the_same_registration_changes_nothing(void **state)
{
    (void)state;
    struct edge_binding current = bound_to("sip:a", 7);
    struct edge_binding made;
    struct edge_register late = asks("sip:b", 600);

    late.call_id = "one";
    late.cseq = 7;
    assert_int_equal(decide(&current, &late, &made), EDGE_REGISTER_OUT_OF_ORDER);
    late.cseq = 8;
    assert_int_equal(decide(&current, &late, &made), EDGE_REGISTER_BIND);
    late.star = true;
    late.contact_count = 0;
    late.has_expires = true;
    late.cseq = 6;
    assert_int_equal(decide(&current, &late, &made), EDGE_REGISTER_OUT_OF_ORDER);
}

static void no_contact_asks_for_the_binding(void **state)
{
    (void)state;
    struct edge_binding current = bound_to("sip:a", 7);
    struct edge_binding made;
    struct edge_register query = {.call_id = "one", .cseq = 1};

    assert_int_equal(decide(&current, &query, &made), EDGE_REGISTER_SHOW);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct edge_binding none = {0};
    struct edge_binding made;
    char longest[EDGE_CONTACT_SIZE + 1];
    struct edge_register request = asks(longest, 600);

    memset(longest, 'a', sizeof(longest));
    longest[EDGE_CONTACT_SIZE] = '\0';
    assert_int_equal(decide(&none, &request, &made), EDGE_REGISTER_BAD);
    longest[EDGE_CONTACT_SIZE - 1] = '\0';
    assert_int_equal(decide(&none, &request, &made), EDGE_REGISTER_BIND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_phone_is_bound_for_as_long_as_it_asks),
        cmocka_unit_test(time_comes_from_the_contact_then_the_header_then_the_default),
        cmocka_unit_test(times_out_of_bounds_are_refused_or_shortened),
        cmocka_unit_test(the_newest_phone_wins),
        cmocka_unit_test(giving_up_counts_for_the_binding_in_force_only),
        cmocka_unit_test(a_move_in_one_request_binds_the_new_place),
        cmocka_unit_test(the_star_removes_all_and_only_with_expires_zero),
        cmocka_unit_test(a_late_request_of_the_same_registration_changes_nothing),
        cmocka_unit_test(no_contact_asks_for_the_binding),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests_name("edge/registration", tests, NULL, NULL);
}
