#include "callload/core/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char invite[] = "INVITE sip:10007@127.0.0.1:4000 SIP/2.0\r\n"
                             "Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKone\r\n"
                             "v: SIP/2.0/UDP 127.0.0.3;branch=z9hG4bKtwo\r\n"
                             "From: \"Customer 12\" <sip:+44770000012@crowd.example>;tag=abc\r\n"
                             "To: <sip:10007@crowd.example>\r\n"
                             "call-id:  01a2-b3\r\n"
                             "CSeq: 4711 INVITE\r\n"
                             "Contact: <sip:127.0.0.1:5060;transport=udp>;expires=9\r\n"
                             "Content-Length: 5\r\n"
                             "\r\n"
                             "To: not a header\r\n";

static void assert_span(struct load_span span, const char *text)
{
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.at, text, span.size);
}

static void a_request_is_taken_apart(void **state)
{
    struct load_message message;

    (void)state;
    assert_true(load_message_read(invite, strlen(invite), &message));
    assert_int_equal(message.status, 0);
    assert_span(message.method, "INVITE");
    assert_span(message.user, "10007");
    assert_int_equal(message.cseq, 4711);
    assert_int_equal(message.via_count, 2);
    assert_span(message.vias[1], "SIP/2.0/UDP 127.0.0.3;branch=z9hG4bKtwo");
    assert_span(load_span_user(message.from), "+44770000012");
    assert_span(message.to, "<sip:10007@crowd.example>");
    assert_span(message.call_id, "01a2-b3");
    assert_span(message.contact, "sip:127.0.0.1:5060;transport=udp");
}

static void a_response_has_a_status_and_the_method_it_answers(void **state)
{
    static const char text[] = "SIP/2.0 486 Busy Here\r\nVia: v\r\nFrom: f\r\nTo: t\r\n"
                               "Call-ID: c\r\nCSeq: 2 BYE\r\n\r\n";
    struct load_message message;

    (void)state;
    assert_true(load_message_read(text, strlen(text), &message));
    assert_int_equal(message.status, 486);
    assert_span(message.method, "BYE");
}

static void what_lacks_a_header_that_all_have_is_no_message(void **state)
{
    struct load_message message;

    (void)state;
    for (size_t size = 0; size < strlen(invite); size++) // Never reads beyond what there is.
        (void)load_message_read(invite, size, &message);
    assert_false(load_message_read(invite, 200, &message));
    assert_false(load_message_read("SIP/2.0 \r\n", 10, &message));
    assert_false(load_message_read("\r\n\r\n", 4, &message));
}

static void parameters_of_a_challenge_lose_their_quotes(void **state)
{
    static const char text[] = "Digest realm=\"crowd.example\", nonce=\"12ab\", algorithm=SHA-256, "
                               "qop=\"auth\"";
    const struct load_span challenge = {text, strlen(text)};

    (void)state;
    assert_span(load_span_parameter(challenge, "nonce"), "12ab");
    assert_span(load_span_parameter(challenge, "algorithm"), "SHA-256");
    assert_span(load_span_parameter(challenge, "qop"), "auth");
    assert_int_equal(load_span_parameter(challenge, "once").size, 0);
}

static void a_response_takes_over_what_it_must(void **state)
{
    struct load_message message;
    char buffer[1024];
    struct td_text out;

    (void)state;
    assert_true(load_message_read(invite, strlen(invite), &message));
    td_text_init(&out, buffer, sizeof(buffer));
    load_add_response(&out, &message, "200 OK", "p7");
    load_add_body(&out, "v=0\r\n");
    assert_string_equal(buffer,
                        "SIP/2.0 200 OK\r\n"
                        "Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKone\r\n"
                        "Via: SIP/2.0/UDP 127.0.0.3;branch=z9hG4bKtwo\r\n"
                        "From: \"Customer 12\" <sip:+44770000012@crowd.example>;tag=abc\r\n"
                        "To: <sip:10007@crowd.example>;tag=p7\r\n"
                        "Call-ID: 01a2-b3\r\n"
                        "CSeq: 4711 INVITE\r\n"
                        "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart),
        cmocka_unit_test(a_response_has_a_status_and_the_method_it_answers),
        cmocka_unit_test(what_lacks_a_header_that_all_have_is_no_message),
        cmocka_unit_test(parameters_of_a_challenge_lose_their_quotes),
        cmocka_unit_test(a_response_takes_over_what_it_must),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
