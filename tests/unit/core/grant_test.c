/* Which topics a pattern names, and what a list of them grants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/grant/grant.h"

static void patterns_are_words_with_single_dots(void **state)
{
    static const char *const good[] = {"crm.", "crm.order_placed", "a.b.c.", "A-1.x", "metrics."};
    static const char *const bad[] = {"",      ".",     "crm", ".crm",   "crm..x", "crm. x",
                                      "crm.*", "crm.é", "..",  "crm/x.", "crm.\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(td_pattern_is_valid(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(td_pattern_is_valid(bad[i]));
}

static void a_pattern_has_at_most_127_bytes(void **state)
{
    char pattern[TD_PATTERN_SIZE + 1];

    (void)state;
    memset(pattern, 'a', sizeof(pattern));
    pattern[1] = '.';
    pattern[TD_PATTERN_SIZE] = '\0';
    assert_false(td_pattern_is_valid(pattern));
    pattern[TD_PATTERN_SIZE - 1] = '\0';
    assert_true(td_pattern_is_valid(pattern));
}

static void a_prefix_names_what_lies_below_it_only(void **state)
{
    (void)state;
    assert_true(td_pattern_matches("crm.", "crm.order_placed"));
    assert_true(td_pattern_matches("crm.", "crm.a.b"));
    assert_false(td_pattern_matches("crm.", "crm."));
    assert_false(td_pattern_matches("crm.", "crm"));
    assert_false(td_pattern_matches("crm.", "crmx.a"));
    assert_false(td_pattern_matches("crm.", "scrm.a"));
    assert_false(td_pattern_matches("", "crm.a"));
}

static void a_topic_names_itself_only(void **state)
{
    (void)state;
    assert_true(td_pattern_matches("crm.order", "crm.order"));
    assert_false(td_pattern_matches("crm.order", "crm.orders"));
    assert_false(td_pattern_matches("crm.order", "crm.order.new"));
    assert_false(td_pattern_matches("crm.order", "crm.orde"));
}

static void each_word_of_a_list_grants(void **state)
{
    (void)state;
    assert_true(td_grants_topic("crm. orders.new", "orders.new"));
    assert_true(td_grants_topic("crm. orders.new", "crm.x"));
    assert_true(td_grants_topic("  a.  crm. ", "crm.x"));
    assert_false(td_grants_topic("crm. orders.new", "orders.newer"));
    assert_false(td_grants_topic("crm. orders.new", "orders.old"));
    assert_false(td_grants_topic("", "crm.x"));
    assert_false(td_grants_topic("   ", "crm.x"));
}

static void a_subscription_is_granted_as_a_whole_or_not(void **state)
{
    (void)state;
    assert_true(td_grants_pattern("metrics.", "metrics."));
    assert_true(td_grants_pattern("metrics.", "metrics.queue."));
    assert_true(td_grants_pattern("metrics.", "metrics.agents"));
    assert_true(td_grants_pattern("crm.order", "crm.order"));
    assert_false(td_grants_pattern("metrics.queue.", "metrics."));
    assert_false(td_grants_pattern("crm.order", "crm.order."));
    assert_false(td_grants_pattern("crm.a crm.b", "crm."));
    assert_false(td_grants_pattern("metrics", "metrics.queue."));
}

static void what_tandem_says_itself_is_reserved(void **state)
{
    (void)state;
    assert_true(td_pattern_is_reserved("interaction."));
    assert_true(td_pattern_is_reserved("interaction.closed"));
    assert_true(td_pattern_is_reserved("metrics.queue."));
    assert_false(td_pattern_is_reserved("interactions.x"));
    assert_false(td_pattern_is_reserved("crm."));
}

/* Whatever a granted subscription hears, the grant names: no pattern widens one. */
static void no_granted_subscription_hears_what_is_not_granted(void **state)
{
    static const char *const parts[] = {"crm", "crmx", "order", "a", "metrics"};
    uint64_t seed = 0x9e3779b97f4a7c15;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[3][TD_PATTERN_SIZE] = {"", "", ""};

        for (int i = 0; i < 3; i++) { // grant, subscription, topic
            for (int words = 0; words < 3; words++) {
                seed = seed * 6364136223846793005 + 1442695040888963407;
                if (words > 0)
                    strcat(text[i], ".");
                if (words == 2 && (seed >> 60) % 2 == 0 && i < 2)
                    break; // A prefix.
                strcat(text[i], parts[(seed >> 33) % 5]);
            }
        }
        if (td_grants_pattern(text[0], text[1]) && td_pattern_matches(text[1], text[2]))
            assert_true(td_grants_topic(text[0], text[2]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_are_words_with_single_dots),
        cmocka_unit_test(a_pattern_has_at_most_127_bytes),
        cmocka_unit_test(a_prefix_names_what_lies_below_it_only),
        cmocka_unit_test(a_topic_names_itself_only),
        cmocka_unit_test(each_word_of_a_list_grants),
        cmocka_unit_test(a_subscription_is_granted_as_a_whole_or_not),
        cmocka_unit_test(what_tandem_says_itself_is_reserved),
        cmocka_unit_test(no_granted_subscription_hears_what_is_not_granted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
