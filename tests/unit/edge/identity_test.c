/* Who calls, what was dialled, and what of it an agent's phone shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sofia-sip/msg.h>

#include "base/str.h"
#include "edge/core/caller_id.h"
#include "edge/identity.h"

static msg_t *message;

static const sip_t *parse(const char *headers)
{
    char text[4096];
    int size = snprintf(text, sizeof(text),
                        "INVITE sip:account7@x SIP/2.0\r\n"
                        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
                        "To: <sip:100@example.com>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n%s\r\n",
                        headers);

    msg_destroy(message);
    message = msg_make(sip_default_mclass(), 0, text, size);
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

#define FROM "From: \"A\" <sip:+441@x>;tag=1\r\n"
#define NOBODY "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1\r\n"
#define PAI "P-Asserted-Identity: <sip:+442@y>\r\n"

static void assert_caller(const char *headers, const char *by_trusted, const char *by_others)
{
    char number[EDGE_NUMBER_SIZE];

    edge_identity_caller(parse(headers), true, number);
    assert_string_equal(number, by_trusted);
    edge_identity_caller(parse(headers), false, number);
    assert_string_equal(number, by_others);
}

static void asserted_identities_count_from_those_who_are_trusted(void **state)
{
    (void)state;
    assert_caller(FROM, "+441", "+441");
    assert_caller(FROM PAI, "+442", "+441");
    assert_caller(FROM "P-Asserted-Identity: <tel:+443>\r\n", "+443", "+441");
    assert_caller(FROM "P-Asserted-Identity: <sip:gateway.example.com>, <tel:+443>\r\n", "+443",
                  "+441");
    assert_caller(FROM "P-Asserted-Identity: <sip:anonymous@x>\r\n", "+441", "+441");
    assert_caller("From: \"A\" <tel:+443>;tag=1\r\n", "+443", "+443");
}

static void who_wants_privacy_has_it_whoever_says_so(void **state)
{
    (void)state;
    static const char *const wishes[] = {"id", "user",       "header",       "full",
                                         "ID", "session;id", "user;critical"};

    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        char headers[256];
        (void)snprintf(headers, sizeof(headers), FROM PAI "Privacy: %s\r\n", wishes[i]);
        assert_caller(headers, "", "");
    }
    assert_caller(FROM PAI "Privacy: none\r\n", "+442", "+441");
    assert_caller(FROM PAI "Privacy: session\r\n", "+442", "+441");
}

static void an_anonymous_from_is_a_wish_too(void **state)
{
    (void)state;
    assert_caller(NOBODY, "", "");
    assert_caller(NOBODY PAI, "", "");
    assert_caller(NOBODY PAI "Privacy: none\r\n", "+442", "");
    assert_caller("From: <sip:+441@anonymous.invalid>;tag=1\r\n", "", "");
    assert_caller("From: <sip:Anonymous@x>;tag=1\r\n", "", "");
    assert_caller("From: <sip:Restricted@x>;tag=1\r\n", "", "");
    assert_caller("From: <sip:x>;tag=1\r\n", "", "");
}

static void what_cannot_be_read_is_nobody(void **state)
{
    (void)state;
    assert_caller("From: <sip:%00441@x>;tag=1\r\n", "", "");
    assert_caller("From: <sip:%FF@x>;tag=1\r\n", "", "");
    assert_caller("From: <sip:a%0D%0AVia:@x>;tag=1\r\n", "", "");
}

static void assert_dialled(const char *headers, enum edge_dialled place, const char *expected)
{
    char number[EDGE_NUMBER_SIZE];

    edge_identity_dialled(parse(headers), place, number);
    assert_string_equal(number, expected);
}

static void what_was_dialled_may_stand_in_three_places(void **state)
{
    (void)state;
    const char *party = FROM "P-Called-Party-ID: \"Sales\" <sip:%2B44300@y;user=phone>\r\n";

    assert_dialled(party, EDGE_DIALLED_URI, "account7");
    assert_dialled(party, EDGE_DIALLED_PARTY, "+44300");
    assert_dialled(party, EDGE_DIALLED_TO, "100");
    assert_dialled(FROM, EDGE_DIALLED_PARTY, "");
    assert_dialled(FROM "P-Called-Party-ID: ;;;\r\n", EDGE_DIALLED_PARTY, "");
}

/* --- shown --- */

static void assert_shown(const struct edge_caller_id *id, const char *from, const char *asserted)
{
    char text[EDGE_CALLER_ID_SIZE];

    edge_caller_id_from(id, text);
    assert_string_equal(text, from);
    assert_int_equal(edge_caller_id_is_withheld(id), asserted == NULL);
    if (asserted != NULL) {
        edge_caller_id_asserted(id, text);
        assert_string_equal(text, asserted);
    }
}

static void a_phone_shows_queue_name_and_number(void **state)
{
    (void)state;
    struct edge_caller_id id = {"Sales", "Ann Lee", "+442", "en", "c.example"};

    assert_shown(&id, "\"Sales - Ann Lee\" <sip:+442@c.example>",
                 "\"Ann Lee\" <sip:+442@c.example>");
    id.customer = "";
    assert_shown(&id, "\"Sales\" <sip:+442@c.example>", "<sip:+442@c.example>");
    id.queue = "";
    assert_shown(&id, "<sip:+442@c.example>", "<sip:+442@c.example>");
}

static void a_withheld_number_is_said_in_the_agents_language(void **state)
{
    (void)state;
    struct edge_caller_id id = {"Sales", "Ann Lee", "", "en-GB", "c.example"};

    assert_shown(&id, "\"Sales - Number withheld\" <sip:anonymous@anonymous.invalid>", NULL);
    id.language = "zh-CN";
    assert_shown(&id,
                 "\"Sales - \xe5\x8f\xb7\xe7\xa0\x81\xe4\xbf\x9d\xe5\xaf\x86\" "
                 "<sip:anonymous@anonymous.invalid>",
                 NULL);
}

static void no_name_breaks_out_of_its_quotes(void **state)
{
    (void)state;
    struct edge_caller_id id = {"A\"B\\", "x\r\nVia: y", "1;x@\"<", "en", "c.example"};

    assert_shown(&id, "\"A\\\"B\\\\ - x  Via: y\" <sip:1%3Bx%40%22%3C@c.example>",
                 "\"x  Via: y\" <sip:1%3Bx%40%22%3C@c.example>");
    id.customer = "\xff\xfe";
    id.queue = "Q";
    assert_shown(&id, "\"Q\" <sip:1%3Bx%40%22%3C@c.example>", "<sip:1%3Bx%40%22%3C@c.example>");
}

static void the_longest_of_everything_fits(void **state)
{
    (void)state;
    char name[128];
    char number[64];
    char text[EDGE_CALLER_ID_SIZE];
    struct edge_caller_id id = {name, name, number, "en", name};

    memset(name, '"', 127);
    name[127] = '\0';
    memset(number, '"', 63);
    number[63] = '\0';
    edge_caller_id_from(&id, text);
    assert_int_equal(strlen(text), 2 + 2 * 64 + 1 + 5 + 3 * 63 + 1 + 127 + 1);
    for (size_t i = 0; i + 3 <= 126; i += 3) // Clipped between characters.
        memcpy(name + i, "\xe5\x8f\xb7", 3);
    name[126] = '\0';
    edge_caller_id_asserted(&id, text);
    assert_true(td_str_is_utf8(text, strlen(text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(asserted_identities_count_from_those_who_are_trusted,
                                  destroy_message),
        cmocka_unit_test_teardown(who_wants_privacy_has_it_whoever_says_so, destroy_message),
        cmocka_unit_test_teardown(an_anonymous_from_is_a_wish_too, destroy_message),
        cmocka_unit_test_teardown(what_cannot_be_read_is_nobody, destroy_message),
        cmocka_unit_test_teardown(what_was_dialled_may_stand_in_three_places, destroy_message),
        cmocka_unit_test(a_phone_shows_queue_name_and_number),
        cmocka_unit_test(a_withheld_number_is_said_in_the_agents_language),
        cmocka_unit_test(no_name_breaks_out_of_its_quotes),
        cmocka_unit_test(the_longest_of_everything_fits),
    };

    return cmocka_run_group_tests_name("edge/identity", tests, extend_headers, NULL);
}
