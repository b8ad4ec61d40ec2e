/*
 * Unit tests of session descriptions. Offers are written as real devices send them; each hostile
 * one differs from a good one in a single place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/sdp/sdp.h"

#define HEAD "v=0\r\no=- 8000 8001 IN IP4 192.0.2.10\r\ns=call\r\n"
#define BODY "c=IN IP4 192.0.2.10\r\nt=0 0\r\n"
#define AUDIO "m=audio 30000 RTP/AVP 8 0 101\r\n"

static const char phone[] = HEAD BODY AUDIO "a=rtpmap:8 PCMA/8000\r\n"
                                            "a=rtpmap:0 PCMU/8000\r\n"
                                            "a=rtpmap:101 telephone-event/8000\r\n"
                                            "a=fmtp:101 0-16\r\n"
                                            "a=ptime:20\r\n";

static const struct td_sdp_local local = {
    .address = {.family = 4, .bytes = {198, 51, 100, 7}},
    .port = 20000,
    .session_id = 77,
    .session_version = 3,
    .direction = TD_SDP_SENDRECV,
};

static enum td_err parse(const char *text, struct td_sdp *sdp)
{
    unsigned bad_line = 0;

    return td_sdp_parse(text, strlen(text), sdp, &bad_line);
}

static struct td_sdp parsed(const char *text)
{
    struct td_sdp sdp;
    unsigned bad_line = 0;

    assert_int_equal(td_sdp_parse(text, strlen(text), &sdp, &bad_line), TD_OK);
    assert_int_equal(bad_line, 0);
    return sdp;
}

static void answered(const char *offer_text, struct td_sdp *answer,
                     struct td_sdp_agreement *agreement)
{
    struct td_sdp offer = parsed(offer_text);

    assert_int_equal(td_sdp_answer(&offer, &local, answer, agreement), TD_OK);
}

static void a_telephone_is_read_with_its_formats_in_order(void **state)
{
    (void)state;
    struct td_sdp sdp = parsed(phone);
    const struct td_sdp_media *media = &sdp.media[0];

    assert_int_equal(sdp.session_id, 8000);
    assert_int_equal(sdp.session_version, 8001);
    assert_int_equal(sdp.media_count, 1);
    assert_true(media->usable);
    assert_int_equal(media->port, 30000);
    assert_int_equal(media->rtcp_port, 30001);
    assert_int_equal(media->ptime_ms, 20);
    assert_int_equal(media->direction, TD_SDP_SENDRECV);
    assert_int_equal(media->format_count, 3);
    assert_int_equal(media->formats[0].codec, TD_SDP_PCMA);
    assert_int_equal(media->formats[1].codec, TD_SDP_PCMU);
    assert_int_equal(media->formats[2].codec, TD_SDP_TELEPHONE_EVENT);
    assert_int_equal(media->formats[2].payload_type, 101);
    assert_memory_equal(media->address.bytes, ((uint8_t[]){192, 0, 2, 10}), 4);
}

static void an_answer_is_written_as_the_rfc_shows_it(void **state)
{
    (void)state;
    char text[TD_SDP_WRITTEN_MAX + 1];
    struct td_sdp answer;
    struct td_sdp_agreement agreement;

    answered(phone, &answer, &agreement);
    size_t size = td_sdp_write(&answer, text);

    assert_string_equal(text, "v=0\r\n"
                              "o=tandem 77 3 IN IP4 198.51.100.7\r\n"
                              "s=-\r\n"
                              "c=IN IP4 198.51.100.7\r\n"
                              "t=0 0\r\n"
                              "m=audio 20000 RTP/AVP 8 101\r\n"
                              "a=rtpmap:8 PCMA/8000\r\n"
                              "a=rtpmap:101 telephone-event/8000\r\n"
                              "a=fmtp:101 0-15\r\n"
                              "a=ptime:20\r\n"
                              "a=sendrecv\r\n");
    assert_int_equal(size, strlen(text));
}

static void the_offerers_order_decides_between_the_two_laws(void **state)
{
    (void)state;
    struct td_sdp answer;
    struct td_sdp_agreement agreement;

    answered(phone, &answer, &agreement);
    assert_int_equal(agreement.codec, TD_SDP_PCMA);
    assert_int_equal(agreement.send_payload, 8);

    answered(HEAD BODY "m=audio 30000 RTP/AVP 18 0 8\r\n", &answer, &agreement);
    assert_int_equal(agreement.codec, TD_SDP_PCMU);
    assert_int_equal(agreement.send_payload, 0);
    assert_int_equal(agreement.send_event_payload, TD_SDP_NO_PAYLOAD);
    assert_int_equal(answer.media[0].format_count, 1);
}

static void dynamic_numbers_are_the_offerers(void **state)
{
    (void)state;
    struct td_sdp answer;
    struct td_sdp_agreement agreement;

    // Payload type 0 renamed, and G.711 under dynamic numbers: unusual, and allowed.
    answered(HEAD BODY "m=audio 30000 RTP/AVP 0 97 96\r\na=rtpmap:0 speex/8000\r\n"
                       "a=rtpmap:96 pcmu/8000/1\r\na=rtpmap:97 TELEPHONE-EVENT/8000\r\n",
             &answer, &agreement);
    assert_int_equal(agreement.codec, TD_SDP_PCMU);
    assert_int_equal(agreement.receive_payload, 96);
    assert_int_equal(agreement.receive_event_payload, 97);
    assert_int_equal(answer.media[0].formats[0].payload_type, 96);
}

static void wideband_and_stereo_variants_are_not_our_codecs(void **state)
{
    (void)state;
    struct td_sdp offer = parsed(HEAD BODY "m=audio 30000 RTP/AVP 96 97 98\r\n"
                                           "a=rtpmap:96 PCMU/16000\r\na=rtpmap:97 PCMA/8000/2\r\n"
                                           "a=rtpmap:98 telephone-event/8000\r\n");
    struct td_sdp answer;
    struct td_sdp_agreement agreement;

    assert_int_equal(td_sdp_answer(&offer, &local, &answer, &agreement), TD_ERR_NOT_FOUND);
}

static void other_media_lines_come_back_in_place_with_port_0(void **state)
{
    (void)state;
    char text[TD_SDP_WRITTEN_MAX + 1];
    struct td_sdp answer;
    struct td_sdp_agreement agreement;

    answered(HEAD BODY "m=video 40000 RTP/AVP 96 97\r\na=rtpmap:96 VP8/90000\r\n"
                       "m=audio 30004 RTP/SAVP 0\r\n"
                       "m=audio 30000 RTP/AVP 0\r\na=sendonly\r\n"
                       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                       "m=audio 30008 RTP/AVP 8\r\n",
             &answer, &agreement);
    (void)td_sdp_write(&answer, text);

    assert_non_null(strstr(text, "m=video 0 RTP/AVP 96\r\n"
                                 "m=audio 0 RTP/SAVP 0\r\n"
                                 "m=audio 20000 RTP/AVP 0\r\n"));
    assert_non_null(strstr(text, "a=recvonly\r\n"
                                 "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                 "m=audio 0 RTP/AVP 8\r\n"));
    assert_int_equal(agreement.port, 30000);
}

static void a_directions_mirror_is_answered(void **state)
{
    (void)state;
    static const struct {
        const char *offered;
        enum td_sdp_direction ours;
    } cases[] = {
        {HEAD BODY AUDIO "a=sendrecv\r\n", TD_SDP_SENDRECV},
        {HEAD BODY AUDIO "a=sendonly\r\n", TD_SDP_RECVONLY},
        {HEAD BODY AUDIO "a=recvonly\r\n", TD_SDP_SENDONLY},
        {HEAD BODY AUDIO "a=inactive\r\n", TD_SDP_INACTIVE},
        {HEAD BODY "a=sendonly\r\n" AUDIO, TD_SDP_RECVONLY},
        {HEAD BODY "a=inactive\r\n" AUDIO "a=sendrecv\r\n", TD_SDP_SENDRECV},
        {HEAD "c=IN IP4 0.0.0.0\r\nt=0 0\r\n" AUDIO, TD_SDP_RECVONLY},
        {HEAD BODY AUDIO "c=IN IP4 0.0.0.0\r\na=sendonly\r\n", TD_SDP_RECVONLY},
        {HEAD BODY AUDIO "c=IN IP6 ::\r\na=recvonly\r\n", TD_SDP_INACTIVE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct td_sdp answer;
        struct td_sdp_agreement agreement;

        answered(cases[i].offered, &answer, &agreement);
        assert_int_equal(agreement.direction, cases[i].ours);
        assert_int_equal(answer.media[0].direction, cases[i].ours);
    }
}

static void packets_go_to_nobody_on_hold_nor_to_a_group(void **state)
{
    (void)state;
    static const char *const connections[] = {
        "c=IN IP4 0.0.0.0\r\n", "c=IN IP4 224.2.1.1/127\r\n", "c=IN IP4 255.255.255.255\r\n",
        "c=IN IP6 ff15::101\r\n", "c=IN IP4 phone.example.com\r\n"};

    for (size_t i = 0; i < sizeof(connections) / sizeof(connections[0]); i++) {
        char text[512];
        struct td_sdp answer;
        struct td_sdp_agreement agreement;

        (void)snprintf(text, sizeof(text), "%s%st=0 0\r\n%s", HEAD, connections[i], AUDIO);
        answered(text, &answer, &agreement);
        assert_int_equal(agreement.address.family, 0);
    }
}

static void the_address_of_the_line_goes_before_that_of_the_session(void **state)
{
    (void)state;
    struct td_sdp sdp = parsed(HEAD BODY AUDIO "c=IN IP6 2001:db8::5\r\n"
                                               "m=video 40000 RTP/AVP 96\r\n");

    assert_int_equal(sdp.media[0].address.family, 6);
    assert_int_equal(sdp.media[0].address.bytes[15], 5);
    assert_int_equal(sdp.media[1].address.family, 4);
}

static void the_control_port_may_lie_elsewhere(void **state)
{
    (void)state;
    struct td_sdp answer;
    struct td_sdp_agreement agreement;

    answered(HEAD BODY AUDIO "a=rtcp:53020 IN IP4 192.0.2.99\r\n", &answer, &agreement);
    assert_int_equal(agreement.rtcp_port, 53020);
    assert_int_equal(agreement.rtcp_address.bytes[3], 99);

    answered(HEAD BODY AUDIO "a=rtcp:53020\r\n", &answer, &agreement);
    assert_int_equal(agreement.rtcp_port, 53020);
    assert_int_equal(agreement.rtcp_address.bytes[3], 10);
}

static void ipv6_is_offered_and_written_in_its_short_form(void **state)
{
    (void)state;
    const struct td_sdp_local six = {
        .address = {.family = 6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
        .port = 65534,
        .direction = TD_SDP_SENDRECV,
    };
    const enum td_sdp_codec codecs[] = {TD_SDP_PCMU, TD_SDP_PCMA};
    char text[TD_SDP_WRITTEN_MAX + 1];
    struct td_sdp offer;

    td_sdp_offer(&six, codecs, 2, &offer);
    (void)td_sdp_write(&offer, text);
    assert_non_null(strstr(text, "c=IN IP6 2001:db8::1\r\n"));
    assert_non_null(strstr(text, "m=audio 65534 RTP/AVP 0 8 101\r\n"));
}

static void an_offer_read_back_is_the_offer(void **state)
{
    (void)state;
    const enum td_sdp_codec codecs[] = {TD_SDP_PCMA, TD_SDP_PCMU};
    char text[TD_SDP_WRITTEN_MAX + 1];
    struct td_sdp offer;

    td_sdp_offer(&local, codecs, 2, &offer);
    (void)td_sdp_write(&offer, text);
    struct td_sdp again = parsed(text);
    assert_memory_equal(&again, &offer, sizeof(offer));
}

static struct td_sdp offer_of_both(void)
{
    const enum td_sdp_codec codecs[] = {TD_SDP_PCMA, TD_SDP_PCMU};
    struct td_sdp offer;

    td_sdp_offer(&local, codecs, 2, &offer);
    return offer;
}

static void the_answerer_may_choose_and_renumber(void **state)
{
    (void)state;
    struct td_sdp offer = offer_of_both();
    struct td_sdp answer = parsed(HEAD BODY "m=audio 6000 RTP/AVP 0 96\r\n"
                                            "a=rtpmap:96 telephone-event/8000\r\na=recvonly\r\n");
    struct td_sdp_agreement agreement;

    assert_int_equal(td_sdp_accept(&offer, &answer, &agreement), TD_OK);
    assert_int_equal(agreement.codec, TD_SDP_PCMU);
    assert_int_equal(agreement.send_event_payload, 96);
    assert_int_equal(agreement.receive_event_payload, 101);
    assert_int_equal(agreement.direction, TD_SDP_SENDONLY);
    assert_int_equal(agreement.port, 6000);
}

static void answers_that_do_not_fit_the_offer_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum td_err err;
    } cases[] = {
        {HEAD BODY "m=audio 0 RTP/AVP 8\r\n", TD_ERR_NOT_FOUND},
        {HEAD BODY "m=audio 6000 RTP/AVP 18\r\n", TD_ERR_INVALID},
        {HEAD BODY "m=audio 6000 RTP/SAVP 8\r\n", TD_ERR_INVALID},
        {HEAD BODY "m=video 6000 RTP/AVP 8\r\n", TD_ERR_INVALID},
        {HEAD BODY AUDIO AUDIO, TD_ERR_INVALID},
        {HEAD BODY, TD_ERR_INVALID},
    };
    struct td_sdp offer = offer_of_both();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct td_sdp answer = parsed(cases[i].answer);
        struct td_sdp_agreement agreement;

        assert_int_equal(td_sdp_accept(&offer, &answer, &agreement), cases[i].err);
    }
}

static void a_codec_that_was_not_offered_is_not_accepted(void **state)
{
    (void)state;
    const enum td_sdp_codec only_alaw[] = {TD_SDP_PCMA};
    struct td_sdp offer;
    struct td_sdp answer = parsed(HEAD BODY "m=audio 6000 RTP/AVP 0\r\n");
    struct td_sdp_agreement agreement;

    td_sdp_offer(&local, only_alaw, 1, &offer);
    assert_int_equal(td_sdp_accept(&offer, &answer, &agreement), TD_ERR_INVALID);
}

static void malformed_text_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum td_err err;
        unsigned line;
    } cases[] = {
        {"", TD_ERR_SYNTAX, 0},
        {"v=1\r\n", TD_ERR_SYNTAX, 1},
        {"v=0\r\ns=-\r\n", TD_ERR_SYNTAX, 2},
        {"v=0\r\no=- 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n", TD_ERR_SYNTAX, 2},
        {"v=0\r\no=- 1 99999999999999999999 IN IP4 1.2.3.4\r\n", TD_ERR_RANGE, 2},
        {HEAD "c=IN IP4 192.0.2.10\r\n", TD_ERR_SYNTAX, 0}, // no t=
        {HEAD "c=IN IP5 192.0.2.10\r\nt=0 0\r\n", TD_ERR_SYNTAX, 4},
        {HEAD "c=IN IP4 192.0.2.10 extra\r\nt=0 0\r\n", TD_ERR_SYNTAX, 4},
        {HEAD "t=0 0\r\n" AUDIO, TD_ERR_SYNTAX, 5}, // no c= anywhere
        {HEAD AUDIO, TD_ERR_SYNTAX, 4},
        {HEAD BODY "m=audio 70000 RTP/AVP 0\r\n", TD_ERR_RANGE, 6},
        {HEAD BODY "m=audio 30000 RTP/AVP\r\n", TD_ERR_SYNTAX, 6},
        {HEAD BODY "m=audio 30000 RTP/AVP 0  8\r\n", TD_ERR_SYNTAX, 6},
        {HEAD BODY "m=audio 30000 RTP/AVP 128\r\n", TD_ERR_RANGE, 6},
        {HEAD BODY AUDIO "a=rtpmap:8 PCMA\r\n", TD_ERR_SYNTAX, 7},
        {HEAD BODY AUDIO "a=ptime:-20\r\n", TD_ERR_SYNTAX, 7},
        {HEAD BODY AUDIO "x=1\r\n", TD_ERR_SYNTAX, 7},
        {HEAD BODY AUDIO "o=- 1 1 IN IP4 1.2.3.4\r\n", TD_ERR_SYNTAX, 7},
        {HEAD BODY AUDIO "\r\na=sendonly\r\n", TD_ERR_SYNTAX, 7},
        {HEAD BODY AUDIO "a=send\ronly\r\n", TD_ERR_SYNTAX, 7},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct td_sdp sdp;
        unsigned bad_line = 999;

        assert_int_equal(td_sdp_parse(cases[i].text, strlen(cases[i].text), &sdp, &bad_line),
                         cases[i].err);
        assert_int_equal(bad_line, cases[i].line);
    }
}

static void bare_line_feeds_and_a_missing_last_one_are_fine(void **state)
{
    (void)state;
    struct td_sdp sdp;

    assert_int_equal(parse("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"
                           "m=audio 9 RTP/AVP 0",
                           &sdp),
                     TD_OK);
    assert_int_equal(sdp.media_count, 1);
}

static void bounds_are_exact(void **state)
{
    (void)state;
    static char text[TD_SDP_TEXT_MAX + 2];
    struct td_sdp sdp;
    unsigned bad_line = 0;
    size_t size = (size_t)snprintf(text, sizeof(text), "%s%s", HEAD, BODY);

    for (int i = 0; i < TD_SDP_MEDIA_MAX; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size, "m=video 1 RTP/AVP 31\r\n");
    assert_int_equal(td_sdp_parse(text, size, &sdp, &bad_line), TD_OK);
    size_t full = size + (size_t)snprintf(text + size, sizeof(text) - size, "m=video 1 RTP/AVP 1");
    assert_int_equal(td_sdp_parse(text, full, &sdp, &bad_line), TD_ERR_LIMIT);

    size += (size_t)snprintf(text + size, sizeof(text) - size, "a=");
    memset(text + size, 'x', sizeof(text) - size);
    assert_int_equal(td_sdp_parse(text, TD_SDP_TEXT_MAX, &sdp, &bad_line), TD_OK);
    assert_int_equal(td_sdp_parse(text, TD_SDP_TEXT_MAX + 1, &sdp, &bad_line), TD_ERR_LIMIT);
}

static void a_format_named_twice_counts_once_and_the_33rd_is_too_much(void **state)
{
    (void)state;
    char text[512];
    struct td_sdp sdp = parsed(HEAD BODY "m=audio 1 RTP/AVP 8 0 8 0 8\r\n");

    assert_int_equal(sdp.media[0].format_count, 2);

    size_t size = (size_t)snprintf(text, sizeof(text), "%s%sm=audio 1 RTP/AVP", HEAD, BODY);
    for (int i = 0; i < TD_SDP_FORMATS_MAX; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size, " %d", i);
    assert_int_equal(parse(text, &sdp), TD_OK);
    (void)snprintf(text + size, sizeof(text) - size, " 99");
    assert_int_equal(parse(text, &sdp), TD_ERR_LIMIT);
}

static void every_truncation_of_a_good_offer_is_handled(void **state)
{
    (void)state;
    struct td_sdp sdp;
    unsigned bad_line = 0;

    for (size_t size = 0; size < strlen(phone); size++) {
        enum td_err err = td_sdp_parse(phone, size, &sdp, &bad_line);

        // Whole up to the line of t= at least, or it is refused.
        if (size < strlen(HEAD BODY) - strlen("0\r\n"))
            assert_int_equal(err, TD_ERR_SYNTAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_telephone_is_read_with_its_formats_in_order),
        cmocka_unit_test(an_answer_is_written_as_the_rfc_shows_it),
        cmocka_unit_test(the_offerers_order_decides_between_the_two_laws),
        cmocka_unit_test(dynamic_numbers_are_the_offerers),
        cmocka_unit_test(wideband_and_stereo_variants_are_not_our_codecs),
        cmocka_unit_test(other_media_lines_come_back_in_place_with_port_0),
        cmocka_unit_test(a_directions_mirror_is_answered),
        cmocka_unit_test(packets_go_to_nobody_on_hold_nor_to_a_group),
        cmocka_unit_test(the_address_of_the_line_goes_before_that_of_the_session),
        cmocka_unit_test(the_control_port_may_lie_elsewhere),
        cmocka_unit_test(ipv6_is_offered_and_written_in_its_short_form),
        cmocka_unit_test(an_offer_read_back_is_the_offer),
        cmocka_unit_test(the_answerer_may_choose_and_renumber),
        cmocka_unit_test(answers_that_do_not_fit_the_offer_are_told_apart),
        cmocka_unit_test(a_codec_that_was_not_offered_is_not_accepted),
        cmocka_unit_test(malformed_text_is_refused_with_its_line),
        cmocka_unit_test(bare_line_feeds_and_a_missing_last_one_are_fine),
        cmocka_unit_test(bounds_are_exact),
        cmocka_unit_test(a_format_named_twice_counts_once_and_the_33rd_is_too_much),
        cmocka_unit_test(every_truncation_of_a_good_offer_is_handled),
    };

    return cmocka_run_group_tests_name("core/sdp", tests, NULL, NULL);
}
