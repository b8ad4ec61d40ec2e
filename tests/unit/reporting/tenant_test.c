/* Figures of one tenant: which day an event counts in, and counting again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "reporting/tenant.h"
#include "wire/agent_wire.h"
#include "wire/interaction_wire.h"

#define S UINT64_C(1000000)
#define HOUR (3600 * S)
#define MIDNIGHT (UINT64_C(1763942400) * S) /* 2025-11-24 00:00 UTC */

static struct tenant *tenant;
static struct td_id last_id; /* each event has one of its own */

static int setup(void **state)
{
    (void)state;
    struct td_queue queue = {.name = "sales", .threshold_s = 20};
    struct td_agent_config agent = {.name = "ada"};
    const struct td_company_config config = {.time_zone = "UTC",
                                             .queues = &queue,
                                             .queues_count = 1,
                                             .agents = &agent,
                                             .agents_count = 1};

    memset(&last_id, 0, sizeof(last_id));
    tenant = tenant_create(1, 2000);
    tenant_configure(tenant, &config, MIDNIGHT - HOUR);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tenant_destroy(tenant);
    return 0;
}

static void take(struct td_arena *arena, const char *topic, uint64_t at_unix_us,
                 struct td_bytes payload)
{
    const struct tenant_event event = {last_id, topic, at_unix_us, payload};

    tenant_take(tenant, arena, &event);
}

static void next_id(void)
{
    uint64_t number;

    memcpy(&number, last_id.bytes + 8, sizeof(number));
    number++;
    memcpy(last_id.bytes + 8, &number, sizeof(number));
}

static void say(unsigned interaction, const char *topic, uint64_t at_unix_us)
{
    TD_ARENA_ON_STACK(arena, TD_WIRE_ARENA_SIZE);
    struct td_interaction_event event = {.at_unix_us = at_unix_us, .wait_ms = 1000};

    event.interaction_id.id.bytes[0] = 1;
    memcpy(event.interaction_id.id.bytes + 8, &interaction, sizeof(interaction));
    td_str_clip(event.queue, sizeof(event.queue), "sales");
    next_id();
    take(&arena, topic, at_unix_us, td_interaction_event_encode(&arena, &event));
}

static void agent_is(enum td_agent_state state)
{
    TD_ARENA_ON_STACK(arena, TD_WIRE_ARENA_SIZE);
    struct td_agent_record record = {.agent = "ada", .state = state};

    next_id();
    take(&arena, "agent.state", MIDNIGHT, td_agent_record_encode(&arena, &record));
}

static const struct tally_counts *sales(void)
{
    return &tenant->tally.queues[0].counts;
}

static void an_event_counts_in_the_day_it_happened_in(void **state)
{
    (void)state;
    say(1, "interaction.queued", MIDNIGHT - 2 * S);
    say(2, "interaction.queued", MIDNIGHT - 2 * S);
    say(1, "interaction.connected", MIDNIGHT - 1 * S);
    assert_int_equal(sales()->answered, 1);
    // Nobody has looked at the clock since, and still this one is of the new day.
    say(2, "interaction.connected", MIDNIGHT + S / 2);
    say(3, "interaction.queued", MIDNIGHT + S / 2);
    tenant_advance(tenant, MIDNIGHT + S);
    assert_int_equal(sales()->offered, 2);
    assert_int_equal(sales()->answered, 1);
    assert_int_equal(sales()->waiting, 1);
}

static void a_late_event_does_not_bring_yesterday_back(void **state)
{
    (void)state;
    say(1, "interaction.queued", MIDNIGHT - 2 * S);
    say(2, "interaction.queued", MIDNIGHT - 2 * S);
    tenant_advance(tenant, MIDNIGHT + S);
    assert_int_equal(sales()->offered, 2);
    say(1, "interaction.connected", MIDNIGHT - S); // Was on its way: not of this day.
    assert_int_equal(sales()->offered, 1);
    assert_int_equal(sales()->answered, 0);
    assert_int_equal(tenant->day.begin_unix_us, MIDNIGHT);
    say(3, "interaction.queued", MIDNIGHT - S); // Waits since yesterday, as the other one.
    assert_int_equal(sales()->offered, 2);
    assert_int_equal(sales()->waiting, 2);
}

static void an_event_that_comes_again_counts_once(void **state)
{
    TD_ARENA_ON_STACK(arena, TD_WIRE_ARENA_SIZE);
    struct td_interaction_event event = {.reason = "no_answer", .queue = "sales"};
    uint64_t now = MIDNIGHT - HOUR;

    (void)state;
    event.interaction_id.id.bytes[0] = 1;
    next_id();
    for (int i = 0; i < 3; i++)
        take(&arena, "interaction.offer_ended", now, td_interaction_event_encode(&arena, &event));
    assert_int_equal(sales()->no_answer, 1);
    next_id();
    take(&arena, "interaction.offer_ended", now, td_interaction_event_encode(&arena, &event));
    assert_int_equal(sales()->no_answer, 2);
}

static void a_zones_midnight_ends_the_day(void **state)
{
    struct td_company_config config = {.time_zone = "Asia/Kathmandu"}; // 5:45 ahead of UTC.
    uint64_t midnight = MIDNIGHT + 18 * HOUR + HOUR / 4;

    (void)state;
    tenant_configure(tenant, &config, midnight - 2 * S);
    say(1, "interaction.queued", midnight - 2 * S);
    say(1, "interaction.abandoned", midnight - S);
    say(2, "interaction.queued", midnight - 1);
    assert_int_equal(sales()->offered, 2);
    tenant_advance(tenant, midnight - 1);
    assert_int_equal(sales()->abandoned, 1);
    tenant_advance(tenant, midnight);
    assert_int_equal(sales()->abandoned, 0);
    assert_int_equal(sales()->offered, 1);
    assert_int_equal(tenant->day.end_unix_us, midnight + 24 * HOUR);
}

static void a_day_with_a_clock_change_is_one_day(void **state)
{
    struct td_company_config config = {.time_zone = "Europe/Berlin"};
    uint64_t begin = UINT64_C(1792879200) * S; // 2026-10-25 00:00 in Berlin, 25 hours long

    (void)state;
    tenant_configure(tenant, &config, begin);
    say(1, "interaction.queued", begin);
    say(1, "interaction.abandoned", begin + S);
    tenant_advance(tenant, begin + 24 * HOUR + 1800 * S);
    assert_int_equal(sales()->abandoned, 1);
    tenant_advance(tenant, begin + 25 * HOUR);
    assert_int_equal(sales()->abandoned, 0);
}

static void who_waited_at_midnight_is_known_after_counting_again(void **state)
{
    (void)state;
    uint64_t now = MIDNIGHT + 5 * 60 * S;

    say(8, "interaction.queued", now); // Of before: to be forgotten.
    assert_int_equal(tenant_begin(tenant, now), MIDNIGHT - 24 * HOUR);
    say(1, "interaction.queued", MIDNIGHT - 10 * HOUR);
    say(1, "interaction.abandoned", MIDNIGHT - 9 * HOUR);
    say(2, "interaction.queued", MIDNIGHT - 60 * S);
    tenant_advance(tenant, now);
    assert_int_equal(sales()->offered, 1);
    assert_int_equal(sales()->waiting, 1);
    assert_int_equal(sales()->abandoned, 0);
    say(2, "interaction.connected", now);
    assert_int_equal(sales()->answered, 1);
    assert_true(tally_is_consistent(sales()));
}

static void more_may_wait_than_the_first_table_holds(void **state)
{
    (void)state;
    uint64_t oldest[TALLY_QUEUES_MAX];

    for (unsigned i = 0; i < 3000; i++)
        say(i, "interaction.queued", MIDNIGHT + i);
    assert_int_equal(sales()->waiting, 2048); // The next power of two above its bound.
    assert_int_equal(tenant->tally.ignored, 3000 - 2048);
    tally_oldest(&tenant->tally, oldest);
    assert_int_equal(oldest[0], MIDNIGHT);
    for (unsigned i = 0; i < 3000; i++)
        say(i, "interaction.abandoned", MIDNIGHT + i);
    assert_int_equal(sales()->abandoned, 2048);
    assert_int_equal(sales()->waiting, 0);
}

static void an_agent_is_in_one_state(void **state)
{
    (void)state;
    agent_is(TD_AGENT_STATE_READY);
    agent_is(TD_AGENT_STATE_READY);
    agent_is(TD_AGENT_STATE_BUSY);
    assert_int_equal(tenant->states.counts[TD_AGENT_STATE_READY], 0);
    assert_int_equal(tenant->states.counts[TD_AGENT_STATE_BUSY], 1);
    agent_is((enum td_agent_state)77); // Of a later release.
    assert_int_equal(tenant->states.counts[TD_AGENT_STATE_BUSY], 0);
    agent_is(TD_AGENT_STATE_READY);
    (void)tenant_begin(tenant, MIDNIGHT);
    assert_int_equal(tenant->states.counts[TD_AGENT_STATE_READY], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_counts_in_the_day_it_happened_in, setup, teardown),
        cmocka_unit_test_setup_teardown(a_late_event_does_not_bring_yesterday_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_event_that_comes_again_counts_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_zones_midnight_ends_the_day, setup, teardown),
        cmocka_unit_test_setup_teardown(a_day_with_a_clock_change_is_one_day, setup, teardown),
        cmocka_unit_test_setup_teardown(who_waited_at_midnight_is_known_after_counting_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(more_may_wait_than_the_first_table_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(an_agent_is_in_one_state, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
