/* Which numbers outside may be reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "router/core/dial_plan.h"

static struct td_trunk trunks[3];
static struct td_company_config config = {.trunks = trunks, .trunks_count = 3};
static const struct td_agent_config may = {.may_call_out = true};
static const struct td_agent_config may_not = {.may_call_out = false};

static int setup(void **state)
{
    (void)state;
    td_str_clip(trunks[0].name, sizeof(trunks[0].name), "inbound only");
    td_str_clip(trunks[0].target, sizeof(trunks[0].target), "192.0.2.1:5060");
    for (int i = 1; i < 3; i++) {
        trunks[i] = trunks[0];
        trunks[i].outbound = true;
    }
    trunks[1].prefixes_count = 1;
    td_str_clip(trunks[1].prefixes[0], sizeof(trunks[1].prefixes[0]), "+44");
    trunks[2].prefixes_count = 1;
    td_str_clip(trunks[2].prefixes[0], sizeof(trunks[2].prefixes[0]), "+");
    config.has_call_out = true;
    config.call_out.denied_count = 2;
    td_str_clip(config.call_out.denied[0], sizeof(config.call_out.denied[0]), "999");
    td_str_clip(config.call_out.denied[1], sizeof(config.call_out.denied[1]), "+44900*");
    return 0;
}

static enum dial_verdict decide(const struct td_agent_config *agent, const char *number)
{
    const struct td_trunk *trunk = NULL;

    return dial_plan_decide(&config, agent, number, &trunk);
}

static void the_first_trunk_that_carries_it_takes_it(void **state)
{
    (void)state;
    const struct td_trunk *trunk = NULL;

    assert_int_equal(dial_plan_decide(&config, &may, "+442071838750", &trunk), DIAL_ALLOWED);
    assert_ptr_equal(trunk, &trunks[1]);
    assert_int_equal(dial_plan_decide(&config, &may, "+4930123456", &trunk), DIAL_ALLOWED);
    assert_ptr_equal(trunk, &trunks[2]);
    assert_int_equal(decide(&may, "02071838750"), DIAL_NO_TRUNK);
}

static void what_is_denied_is_denied_to_everybody(void **state)
{
    (void)state;
    assert_int_equal(decide(&may, "999"), DIAL_DENIED);
    assert_int_equal(decide(&may, "+449001234567"), DIAL_DENIED);
    assert_int_equal(decide(&may, "+449"), DIAL_ALLOWED);
    assert_int_equal(decide(&may_not, "999"), DIAL_DENIED);
}

static void only_agents_who_may_call_out(void **state)
{
    (void)state;
    assert_int_equal(decide(&may_not, "+442071838750"), DIAL_NOT_PERMITTED);
}

static void what_is_no_number_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "+", "1", "ben", "*11", "12;34", "+12345678901234567890123456"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(decide(&may, texts[i]), DIAL_NO_NUMBER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_trunk_that_carries_it_takes_it),
        cmocka_unit_test(what_is_denied_is_denied_to_everybody),
        cmocka_unit_test(only_agents_who_may_call_out),
        cmocka_unit_test(what_is_no_number_is_none),
    };

    return cmocka_run_group_tests_name("router/dial_plan", tests, setup, NULL);
}
