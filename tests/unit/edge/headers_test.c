/* Plain values out of SIP messages, and the companies' numbers. Messages are parsed by the library.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sofia-sip/msg.h>

#include "edge/directory.h"
#include "edge/sip_read.h"
#include "edge/sip_strict.h"

#define HEAD                                                                                       \
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"                                               \
    "To: <sip:100@example.com>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n"

static msg_t *message;

static const sip_t *parse(const char *line, const char *headers, const char *body)
{
    char text[4096];
    int size = snprintf(text, sizeof(text), "%s SIP/2.0\r\n" HEAD "%sContent-Length: %zu\r\n\r\n%s",
                        line, headers, strlen(body), body);

    msg_destroy(message);
    message = msg_make(sip_default_mclass(), MSG_DO_EXTRACT_COPY, text, size);
    sip_t *sip = sip_object(message);
    assert_non_null(sip);
    assert_non_null(sip->sip_request);
    assert_null(sip->sip_error);
    return sip;
}

static int extend_headers(void **state)
{
    (void)state;
    return sip_update_default_mclass(sip_extend_mclass(NULL));
}

static int destroy_message(void **state)
{
    (void)state;
    msg_destroy(message);
    message = NULL;
    return 0;
}

static void assert_called(const char *uri, const char *expected)
{
    char line[256];
    char user[EDGE_NUMBER_SIZE];

    (void)snprintf(line, sizeof(line), "INVITE %s", uri);
    edge_read_user(parse(line, "From: <sip:a@b>;tag=1\r\n", "")->sip_request->rq_url, user);
    assert_string_equal(user, expected);
}

static void the_number_dialled_is_unescaped_and_without_parameters(void **state)
{
    (void)state;
    assert_called("sip:100@example.com", "100");
    assert_called("sip:*11@example.com", "*11");
    assert_called("sip:%2A11@example.com", "*11");
    assert_called("sip:100;phone-context=x@example.com", "100");
    assert_called("tel:+44207946;isub=1", "+44207946");
    assert_called("sip:example.com", "");
    assert_called("sip:300%00x@example.com", "");
    assert_called("sip:300%0Ax@example.com", "");
    assert_called("sip:%FF%FE@example.com", "");
    assert_called("sip:%E4%B8%AD@example.com", "\xE4\xB8\xAD");
    assert_called("sip:1234567890123456789012345678901234567890123456789012345678901234@x", "");
}

static void bodies_are_told_apart(void **state)
{
    (void)state;
    const char *from = "From: <sip:a@b>;tag=1\r\n";
    const sip_t *sip = parse("INVITE sip:1@x",
                             "From: <sip:a@b>;tag=1\r\nContent-Type: application/SDP\r\n", "v=0");
    char *sdp = edge_read_sdp(sip);

    assert_int_equal(edge_read_body(sip), EDGE_BODY_SDP);
    assert_string_equal(sdp, "v=0");
    free(sdp);
    assert_int_equal(edge_read_body(parse("INVITE sip:1@x", from, "")), EDGE_BODY_NONE);
    assert_int_equal(edge_read_body(parse("INVITE sip:1@x", from, "v=0")), EDGE_BODY_OTHER);
}

static void faults_have_the_status_of_the_rfc(void **state)
{
    (void)state;
    const char *from = "From: <sip:a@b>;tag=1\r\n";

    assert_int_equal(edge_strict_fault(parse("OPTIONS sip:x", from, "")), 0);
    assert_int_equal(edge_strict_fault(parse("OPTIONS tel:+1", from, "")), 0);
    assert_int_equal(edge_strict_fault(parse("OPTIONS foo:bar", from, "")), 416);
    assert_int_equal(edge_strict_fault(parse("OPTIONS sip:[2001:db8::1]", from, "")), 0);
    assert_int_equal(edge_strict_fault(parse("OPTIONS sip:[2001:db8:::1]", from, "")), 400);
    assert_int_equal(edge_strict_fault(parse("OPTIONS sip:a@b?Route=%3Csip:c%3E", from, "")), 400);
    assert_int_equal(edge_strict_fault(parse("OPTIONS  sip:x", from, "")), 400);
    assert_int_equal(edge_strict_fault(parse("OPTIONS sip:x", "From: < sip:a@b>;tag=1\r\n", "")),
                     400);
    assert_int_equal(
        edge_strict_fault(
            parse("OPTIONS sip:x", "From: <sip:a@b>;tag=1\r\nContact: <sip:a@[1::2::3]>\r\n", "")),
        400);
    assert_int_equal(edge_strict_fault(parse("OPTIONS sip:x",
                                             "From: <sip:a@b>;tag=1\r\nMax-Forwards: 0\r\n", "")),
                     483);
}

static void an_invite_that_cannot_be_answered_in_sdp_is_told_so(void **state)
{
    (void)state;
    const struct {
        const char *headers, *body;
        int fault;
    } cases[] = {
        {"", "", 0},
        {"Content-Type: application/sdp\r\n", "v=0", 0},
        {"Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n", "v=0", 415},
        {"Content-Type: application/sdp\r\nContent-Encoding: identity\r\n", "v=0", 0},
        {"Content-Type: text/plain\r\n", "v=0", 415},
        {"Accept: text/plain\r\n", "", 406},
        {"Accept: text/plain, application/sdp\r\n", "", 0},
        {"Accept: */*\r\n", "", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char headers[256];
        (void)snprintf(headers, sizeof(headers), "From: <sip:a@b>;tag=1\r\n%s", cases[i].headers);
        assert_int_equal(edge_read_body_fault(parse("INVITE sip:1@x", headers, cases[i].body)),
                         cases[i].fault);
    }
}

static void contacts_behind_a_nat_are_reached_where_they_came_from(void **state)
{
    (void)state;
    const struct {
        const char *headers, *expected;
    } cases[] = {
        {"Contact: <sip:a@192.168.1.2:5060>\r\n", "sip:203.0.113.9:4444;transport=udp"},
        {"Contact: <sip:a@203.0.113.9>\r\n", ""},
        {"Contact: <sip:a@198.51.100.1>\r\n", ""}, // A carrier's other gateway.
        {"Contact: <sip:a@gateway.example.com>\r\n", ""},
        {"Contact: <sip:a@10.0.0.1>\r\nRecord-Route: <sip:p.example.com;lr>\r\n", ""},
        {"", ""},
    };
    const struct edge_peer peer = {.address = "203.0.113.9",
                                   .route = "sip:203.0.113.9:4444;transport=udp"};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char headers[256];
        char next_hop[128];
        (void)snprintf(headers, sizeof(headers), "From: <sip:a@b>;tag=1\r\n%s", cases[i].headers);
        edge_read_next_hop(parse("INVITE sip:1@x", headers, ""), &peer, next_hop);
        assert_string_equal(next_hop, cases[i].expected);
    }
}

static void a_register_is_read_as_a_whole(void **state)
{
    (void)state;
    struct edge_register wanted;
    const sip_t *sip = parse("REGISTER sip:x",
                             "From: <sip:a@b>;tag=1\r\nExpires: 900\r\n"
                             "Contact: <sip:a@192.0.2.1:5062;transport=tcp>;expires=60\r\n"
                             "Contact: <sip:a@192.0.2.2>\r\n",
                             "");

    assert_int_equal(edge_read_register(msg_home(message), sip, &wanted), TD_OK);
    assert_string_equal(wanted.call_id, "c");
    assert_int_equal(wanted.cseq, 7);
    assert_true(wanted.has_expires);
    assert_int_equal(wanted.expires_s, 900);
    assert_int_equal(wanted.contact_count, 2);
    assert_string_equal(wanted.contacts[0].uri, "sip:a@192.0.2.1:5062;transport=tcp");
    assert_int_equal(wanted.contacts[0].expires_s, 60);
    assert_false(wanted.contacts[1].has_expires);
    assert_false(wanted.star);

    sip = parse("REGISTER sip:x", "From: <sip:a@b>;tag=1\r\nContact: *\r\nExpires: 0\r\n", "");
    assert_int_equal(edge_read_register(msg_home(message), sip, &wanted), TD_OK);
    assert_true(wanted.star);
    assert_int_equal(wanted.contact_count, 0);
}

/* --- companies --- */

static void write_nothing(const char *line, size_t size)
{
    (void)line;
    (void)size;
}

static uint64_t never(void)
{
    return 0;
}

static const struct td_log quiet = {"test", TD_LOG_ERROR, never, write_nothing};

static void every_company_has_its_own_numbers(void **state)
{
    (void)state;
    struct td_entry_point entries[2] = {{.name = "main"}, {.name = "direct"}};
    struct td_agent_config agents[2] = {{.name = "zoe"}, {.name = "ada"}};
    struct td_trunk trunk = {.name = "carrier", .addresses_count = 2};
    struct td_company_config one = {.domain = "one.example",
                                    .entry_points = entries,
                                    .entry_points_count = 2,
                                    .agents = agents,
                                    .agents_count = 2,
                                    .trunks = &trunk,
                                    .trunks_count = 1};
    struct td_company_config two = {.domain = "two.example"};
    struct edge_directory directory = {0};

    entries[0].numbers_count = 2;
    strcpy(entries[0].numbers[0], "200");
    strcpy(entries[0].numbers[1], "+44200");
    entries[1].numbers_count = 1;
    strcpy(entries[1].numbers[0], "100");
    strcpy(agents[0].phone_user, "6002");
    strcpy(agents[1].phone_user, "6001");
    strcpy(trunk.addresses[0], "not an address");
    strcpy(trunk.addresses[1], "192.0.2.0/24");
    assert_int_equal(edge_directory_set(&directory, 2, &two, &quiet), TD_OK);
    assert_int_equal(edge_directory_set(&directory, 1, &one, &quiet), TD_OK);

    const struct edge_tenant *tenant = edge_directory_find(&directory, 1);
    assert_string_equal(edge_tenant_entry_point(tenant, "+44200")->name, "main");
    assert_string_equal(edge_tenant_entry_point(tenant, "100")->name, "direct");
    assert_null(edge_tenant_entry_point(tenant, "300"));
    assert_string_equal(edge_tenant_phone(tenant, "6001")->name, "ada");
    assert_string_equal(edge_tenant_agent(tenant, "zoe")->phone_user, "6002");
    assert_int_equal(edge_tenant_classify(tenant, "200"), EDGE_CALLED_ENTRY_POINT);
    assert_int_equal(edge_tenant_classify(tenant, "6001"), EDGE_CALLED_PHONE);
    assert_int_equal(edge_tenant_classify(tenant, "999"), EDGE_CALLED_OTHER);

    assert_ptr_equal(edge_directory_by_address(&directory, "192.0.2.77"), tenant);
    assert_ptr_equal(edge_tenant_trunk(tenant, "192.0.2.77"), &trunk);
    assert_null(edge_tenant_trunk(tenant, "198.51.100.1"));
    assert_null(edge_directory_by_address(&directory, "198.51.100.1"));
    assert_ptr_equal(edge_directory_by_domain(&directory, "ONE.example"), tenant);
    assert_ptr_equal(edge_directory_by_phone(&directory, "6002"), tenant);
    assert_ptr_equal(edge_directory_by_number(&directory, "100"), tenant);
    assert_int_equal(edge_directory_by_domain(&directory, "two.example")->id, 2);
    assert_null(edge_tenant_entry_point(edge_directory_find(&directory, 2), "100"));

    two.entry_points = entries;
    two.entry_points_count = 2;
    assert_int_equal(edge_directory_set(&directory, 2, &two, &quiet), TD_OK);
    assert_non_null(edge_tenant_entry_point(edge_directory_find(&directory, 2), "100"));
    edge_directory_fini(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_number_dialled_is_unescaped_and_without_parameters,
                                  destroy_message),
        cmocka_unit_test_teardown(bodies_are_told_apart, destroy_message),
        cmocka_unit_test_teardown(faults_have_the_status_of_the_rfc, destroy_message),
        cmocka_unit_test_teardown(an_invite_that_cannot_be_answered_in_sdp_is_told_so,
                                  destroy_message),
        cmocka_unit_test_teardown(contacts_behind_a_nat_are_reached_where_they_came_from,
                                  destroy_message),
        cmocka_unit_test_teardown(a_register_is_read_as_a_whole, destroy_message),
        cmocka_unit_test(every_company_has_its_own_numbers),
    };

    return cmocka_run_group_tests_name("edge/headers", tests, extend_headers, NULL);
}
