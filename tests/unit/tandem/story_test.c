/* Unit tests of what became of an interaction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "tandem/core/story.h"

#define S UINT64_C(1000000)

static void say(struct story *story, const char *step, uint64_t at_s, const char *agent,
                const char *reason)
{
    struct td_interaction_event event = {.at_unix_us = at_s * S};
    char topic[64] = "interaction.";

    (void)strcat(topic, step);
    td_str_clip(event.agent, sizeof(event.agent), agent);
    td_str_clip(event.from_agent, sizeof(event.from_agent), agent);
    td_str_clip(event.reason, sizeof(event.reason), reason);
    td_str_clip(event.caller, sizeof(event.caller), "+44");
    td_str_clip(event.to, sizeof(event.to), "+49");
    td_str_clip(event.queue, sizeof(event.queue), "sales");
    td_str_clip(event.expression, sizeof(event.expression), "skill.sales >= 1");
    event.step = 2;
    story_take(story, topic, &event);
}

static void each_party_has_its_leg(void **state)
{
    static struct story story;
    struct td_interaction_summary summary = {.closed_at_unix_us = 60 * S,
                                             .ended_at_unix_us = 50 * S};

    (void)state;
    story = (struct story){0};
    say(&story, "arrived", 1, "", "");
    say(&story, "queued", 2, "", "");
    say(&story, "offered", 3, "ada", "");
    say(&story, "ringing", 4, "ada", "");
    say(&story, "offer_ended", 9, "ada", "no_answer");
    say(&story, "relaxed", 10, "", "");
    say(&story, "offered", 11, "ben", "");
    say(&story, "connected", 13, "ben", "");
    say(&story, "ended", 50, "ben", "customer");
    story_close(&story, &summary);

    assert_int_equal(story.leg_count, 3);
    assert_int_equal(story.legs[0].kind, STORY_CUSTOMER);
    assert_string_equal(story.legs[0].name, "+44");
    assert_int_equal(story.legs[0].talking_unix_us, 13 * S);
    assert_int_equal(story.legs[0].until_unix_us, 50 * S);
    assert_string_equal(story.legs[1].name, "ada");
    assert_int_equal(story_ms(story.legs[1].ringing_unix_us, story.legs[1].until_unix_us), 5000);
    assert_string_equal(story.legs[1].end, "no_answer");
    assert_int_equal(story.legs[1].talking_unix_us, 0);
    assert_string_equal(story.legs[2].name, "ben");
    assert_string_equal(story.legs[2].end, "customer");
    assert_int_equal(story.offers, 2);
    assert_int_equal(story.step_count, 2);
    assert_int_equal(story.steps[0].step, 1);
    assert_int_equal(story.steps[1].step, 2);
    assert_string_equal(story.steps[1].expression, "skill.sales >= 1");
    assert_true(story.is_closed);
}

static void a_transfer_ends_the_leg_of_who_asked_for_it(void **state)
{
    static struct story story;

    (void)state;
    story = (struct story){0};
    say(&story, "arrived", 1, "", "");
    say(&story, "offered", 2, "ada", "");
    say(&story, "connected", 3, "ada", "");
    say(&story, "dialled", 10, "", "");
    say(&story, "connected", 14, "", "");
    say(&story, "transferred", 14, "ada", "");
    assert_string_equal(story.legs[1].end, "transferred");
    assert_int_equal(story.legs[2].kind, STORY_OUTSIDE);
    assert_string_equal(story.legs[2].name, "+49");
    assert_int_equal(story.legs[2].talking_unix_us, 14 * S);
    assert_int_equal(story.legs[2].until_unix_us, 0);
    assert_int_equal(story.legs[0].until_unix_us, 0);
}

static void what_is_missing_or_too_much_does_no_harm(void **state)
{
    static struct story story;

    (void)state;
    story = (struct story){0};
    say(&story, "offer_ended", 1, "nobody", "declined");
    say(&story, "dial_ended", 1, "", "declined");
    say(&story, "connected", 2, "nobody", "");
    say(&story, "transferred", 3, "nobody", "");
    for (int i = 0; i < 100; i++) {
        say(&story, "offered", 4, "ada", "");
        say(&story, "relaxed", 4, "", "");
    }
    assert_int_equal(story.leg_count, STORY_LEGS_MAX);
    assert_int_equal(story.step_count, STORY_STEPS_MAX);
    assert_int_equal(story.offers, 100);
    assert_int_equal(story_ms(0, 5), 0);
    assert_int_equal(story_ms(5 * S, 4 * S), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_party_has_its_leg),
        cmocka_unit_test(a_transfer_ends_the_leg_of_who_asked_for_it),
        cmocka_unit_test(what_is_missing_or_too_much_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
