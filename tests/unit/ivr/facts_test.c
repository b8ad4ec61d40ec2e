/* Facts about a call become one object. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ivr/core/facts.h"

static void expect(const struct ivr_facts *facts, const char *expected)
{
    char value[IVR_VALUE_SIZE];

    assert_int_equal(ivr_facts_write(facts, value), 0);
    assert_string_equal(value, expected);
}

static void set(struct ivr_facts *facts, const char *name, const char *text)
{
    assert_int_equal(ivr_facts_set(facts, name, text), TD_OK);
}

static void dots_lead_into_objects(void **state)
{
    (void)state;
    struct ivr_facts facts = {0};

    expect(&facts, "{}");
    set(&facts, "position", "3");
    set(&facts, "skill.wealth", "9.5");
    set(&facts, "customer.name", "Ms \"Chen\"");
    set(&facts, "skill", "shadowed");
    set(&facts, "skill-x", "beside");
    set(&facts, "skill.funds.bonds", "true");
    expect(&facts,
           "{\"customer\":{\"name\":\"Ms \\\"Chen\\\"\"},\"position\":3,\"skill\":{\"funds\""
           ":{\"bonds\":true},\"wealth\":9.5},\"skill-x\":\"beside\"}");
}

static void a_fact_is_replaced_by_its_newer_text(void **state)
{
    (void)state;
    struct ivr_facts facts = {0};

    set(&facts, "position", "3");
    set(&facts, "caller", "+44");
    set(&facts, "position", "2");
    expect(&facts, "{\"caller\":\"+44\",\"position\":2}");
}

static void names_must_be_paths(void **state)
{
    (void)state;
    struct ivr_facts facts = {0};
    static const char *const bad[] = {"", ".", "a.", ".a", "a..b"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ivr_facts_set(&facts, bad[i], "x"), TD_ERR_INVALID);
    expect(&facts, "{}");
}

static void what_finds_no_room_is_left_out_and_the_rest_stays_whole(void **state)
{
    (void)state;
    struct ivr_facts facts = {0};
    char text[IVR_FACT_TEXT_SIZE];
    char value[IVR_VALUE_SIZE];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < (int)IVR_FACTS_MAX; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "f%d", i);
        set(&facts, name, text);
    }
    assert_int_equal(ivr_facts_set(&facts, "more", "x"), TD_ERR_LIMIT);
    uint32_t left_out = ivr_facts_write(&facts, value);
    assert_in_range(left_out, 30, 35);
    assert_int_equal(value[strlen(value) - 1], '}');
    assert_non_null(strstr(value, "\"f0\":"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dots_lead_into_objects),
        cmocka_unit_test(a_fact_is_replaced_by_its_newer_text),
        cmocka_unit_test(names_must_be_paths),
        cmocka_unit_test(what_finds_no_room_is_left_out_and_the_rest_stays_whole),
    };

    return cmocka_run_group_tests_name("ivr/facts", tests, NULL, NULL);
}
