#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/context_wire.h"
#include "wire/interaction_wire.h"
#include "wire/json.h"
#include "wire/media_wire.h"

static void a_message_reads_as_a_person_would_write_it(void **state)
{
    (void)state;
    struct td_interaction_event event = {
        .interaction_id = {{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}}},
        .version = 3,
        .phase = TD_INTERACTION_PHASE_QUEUED,
        .queue = "sales \"vip\"",
        .caller = "+861055500123",
        .customer = {.display_name = "\xe9\x99\x88", .tier = "gold"},
        .has_customer = true,
    };
    char *text;

    assert_int_equal(td_wire_to_json(&td_interaction_event_wire, &event,
                                     (struct td_json_options){.hide_personal = true}, &text),
                     TD_OK);
    assert_string_equal(text, "{\"interaction_id\":\"01020304-0506-0708-090a-0b0c0d0e0f10\","
                              "\"version\":3,\"phase\":\"queued\",\"queue\":\"sales \\\"vip\\\"\","
                              "\"caller\":\"***\",\"customer\":{\"display_name\":\"***\","
                              "\"tier\":\"gold\"}}");
    free(text);
}

static void bytes_of_a_known_type_become_json_and_unknown_ones_say_so(void **state)
{
    (void)state;
    TD_ARENA_ON_STACK(arena, 4096);
    struct td_leg_release release = {.leg_id = {{{9}}}};
    struct td_bytes bytes = td_leg_release_encode(&arena, &release);
    char *text;

    assert_int_equal(td_wire_bytes_to_json("LegRelease", bytes, (struct td_json_options){0}, &text),
                     TD_OK);
    assert_string_equal(text, "{\"leg_id\":\"09000000-0000-0000-0000-000000000000\"}");
    free(text);
    assert_int_equal(td_wire_bytes_to_json("Nothing", bytes, (struct td_json_options){0}, &text),
                     TD_ERR_NOT_FOUND);
    assert_int_equal(td_wire_bytes_to_json("LegRelease", td_bytes("\x0a\x05", 2),
                                           (struct td_json_options){0}, &text),
                     TD_ERR_SYNTAX);
}

static void bytes_that_are_no_text_are_base64(void **state)
{
    (void)state;
    static const char *const expected[] = {"base64:/w==", "base64:/wA=", "base64:/wAB"};

    for (size_t size = 1; size <= 3; size++) {
        struct td_event_publish event = {.payload = td_bytes("\xff\x00\x01", size)};
        char *text;

        assert_int_equal(
            td_wire_to_json(&td_event_publish_wire, &event, (struct td_json_options){0}, &text),
            TD_OK);
        assert_non_null(strstr(text, expected[size - 1]));
        free(text);
    }
}

static void json_is_checked_strictly(void **state)
{
    (void)state;
    char fault[128];

    assert_true(td_json_is_valid("{\"a\": [1, 2]}", 13, fault, sizeof(fault)));
    assert_false(td_json_is_valid("{\"a\": 1, \"a\": 2}", 16, fault, sizeof(fault)));
    assert_false(td_json_is_valid("{a: 1}", 6, fault, sizeof(fault)));
    assert_non_null(strstr(fault, "line 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_reads_as_a_person_would_write_it),
        cmocka_unit_test(bytes_of_a_known_type_become_json_and_unknown_ones_say_so),
        cmocka_unit_test(bytes_that_are_no_text_are_base64),
        cmocka_unit_test(json_is_checked_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
