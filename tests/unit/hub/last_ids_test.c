#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "context/hub/core/last_ids.h"

static struct hub_last_ids ids;

static int setup(void **state)
{
    (void)state;
    ids = (struct hub_last_ids){0};
    return 0;
}

static void the_first_of_a_topic_has_no_known_predecessor(void **state)
{
    (void)state;
    struct hub_place before =
        hub_last_ids_swap(&ids, "interaction.queued", 3, (struct hub_place){1000, 1});

    assert_int_equal(before.unix_ms, 0);
    assert_int_equal(before.sequence, 0);
}

static void each_topic_and_partition_has_a_chain_of_its_own(void **state)
{
    (void)state;
    (void)hub_last_ids_swap(&ids, "a.b", 0, (struct hub_place){1000, 1});
    (void)hub_last_ids_swap(&ids, "a.b", 1, (struct hub_place){1000, 2});
    (void)hub_last_ids_swap(&ids, "a.c", 0, (struct hub_place){1000, 3});

    struct hub_place before = hub_last_ids_swap(&ids, "a.b", 0, (struct hub_place){1001, 0});
    assert_int_equal(before.sequence, 1);
    before = hub_last_ids_swap(&ids, "a.b", 1, (struct hub_place){1001, 1});
    assert_int_equal(before.sequence, 2);
    before = hub_last_ids_swap(&ids, "a.b", 0, (struct hub_place){1002, 0});
    assert_int_equal(before.unix_ms, 1001);
}

static void a_full_table_forgets_but_never_lies(void **state)
{
    (void)state;
    char topic[32];

    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 3 * HUB_LAST_IDS_SLOTS; i++) {
            (void)snprintf(topic, sizeof(topic), "topic.%u", i);
            struct hub_place place = {1000 + round * 1000000 + i, i};
            struct hub_place before = hub_last_ids_swap(&ids, topic, 0, place);
            if (before.unix_ms != 0) {
                assert_int_equal(round, 1);
                assert_int_equal(before.sequence, i);
                assert_int_equal(before.unix_ms, 1000 + i);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_of_a_topic_has_no_known_predecessor, setup),
        cmocka_unit_test_setup(each_topic_and_partition_has_a_chain_of_its_own, setup),
        cmocka_unit_test_setup(a_full_table_forgets_but_never_lies, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
