/* The small rules: networks, who may call what, fences, feature codes, header text, the index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "edge/core/feature_call.h"
#include "edge/core/fence.h"
#include "edge/core/index.h"
#include "edge/core/network.h"
#include "edge/core/policy.h"
#include "edge/core/sip_text.h"

/* --- networks --- */

static bool lies_in(const char *address_text, const char *network_text)
{
    struct edge_address address;
    struct edge_network network;

    assert_int_equal(edge_address_parse(address_text, &address), TD_OK);
    assert_int_equal(edge_network_parse(network_text, &network), TD_OK);
    return edge_network_contains(&network, &address);
}

static void networks_end_where_their_bits_end(void **state)
{
    (void)state;
    assert_true(lies_in("192.0.2.255", "192.0.2.0/24"));
    assert_false(lies_in("192.0.3.0", "192.0.2.0/24"));
    assert_true(lies_in("10.7.255.255", "10.0.0.0/13"));
    assert_false(lies_in("10.8.0.0", "10.0.0.0/13"));
    assert_true(lies_in("192.0.2.7", "192.0.2.7"));
    assert_false(lies_in("192.0.2.6", "192.0.2.7/32"));
    assert_true(lies_in("203.0.113.9", "0.0.0.0/0"));
    assert_true(lies_in("2001:db8:ffff::1", "2001:db8::/32"));
    assert_false(lies_in("2001:db9::1", "2001:db8::/32"));
    assert_true(lies_in("[2001:db8::1]", "2001:db8::1"));
}

static void the_families_do_not_meet_but_for_mapped_addresses(void **state)
{
    (void)state;
    assert_false(lies_in("2001:db8::1", "0.0.0.0/0"));
    assert_true(lies_in("::ffff:192.0.2.7", "192.0.2.0/24"));
    assert_true(lies_in("192.0.2.7", "::/0"));
}

static void what_is_no_network_is_refused(void **state)
{
    (void)state;
    struct edge_network network;
    const char *const no_syntax[] = {"",        "/24",          "192.0.2/24",   "192.0.2.0/",
                                     "x",       "192.0.2.0/2x", "192.0.2.0/-1", "example.com",
                                     "1.2.3.4 "};

    for (size_t i = 0; i < sizeof(no_syntax) / sizeof(no_syntax[0]); i++)
        assert_int_equal(edge_network_parse(no_syntax[i], &network), TD_ERR_SYNTAX);
    assert_int_equal(edge_network_parse("192.0.2.0/33", &network), TD_ERR_RANGE);
    assert_int_equal(edge_network_parse("2001:db8::/129", &network), TD_ERR_RANGE);
    assert_int_equal(edge_network_parse("192.0.2.7/24", &network), TD_ERR_RANGE);
}

/* --- policy --- */

static void strangers_reach_entry_points_only(void **state)
{
    (void)state;
    const enum edge_caller callers[] = {EDGE_CALLER_STRANGER, EDGE_CALLER_TRUNK};

    for (size_t i = 0; i < 2; i++) {
        enum edge_caller c = callers[i];
        assert_int_equal(edge_policy_decide(c, false, EDGE_CALLED_ENTRY_POINT, "100"),
                         EDGE_POLICY_TAKE);
        assert_int_equal(edge_policy_decide(c, false, EDGE_CALLED_OTHER, "+442079460999"),
                         EDGE_POLICY_NOT_FOUND);
        assert_int_equal(edge_policy_decide(c, false, EDGE_CALLED_OTHER, ""),
                         EDGE_POLICY_NOT_FOUND);
        assert_int_equal(edge_policy_decide(c, false, EDGE_CALLED_FEATURE, "*11"),
                         EDGE_POLICY_FORBIDDEN);
        assert_int_equal(edge_policy_decide(c, true, EDGE_CALLED_OTHER, "*99"),
                         EDGE_POLICY_FORBIDDEN);
        assert_int_equal(edge_policy_decide(c, false, EDGE_CALLED_PHONE, "6001"),
                         EDGE_POLICY_NOT_FOUND); // As for one that does not exist.
    }
}

static void a_phone_proves_itself_before_it_learns_anything(void **state)
{
    (void)state;
    for (int called = EDGE_CALLED_ENTRY_POINT; called <= EDGE_CALLED_OTHER; called++)
        assert_int_equal(
            edge_policy_decide(EDGE_CALLER_PHONE, false, (enum edge_called)called, "x"),
            EDGE_POLICY_CHALLENGE);
}

static void a_proven_phone_may_dial_codes_and_entry_points(void **state)
{
    (void)state;
    assert_int_equal(edge_policy_decide(EDGE_CALLER_PHONE, true, EDGE_CALLED_FEATURE, "*11"),
                     EDGE_POLICY_FEATURE);
    assert_int_equal(edge_policy_decide(EDGE_CALLER_PHONE, true, EDGE_CALLED_ENTRY_POINT, "100"),
                     EDGE_POLICY_TAKE);
    assert_int_equal(edge_policy_decide(EDGE_CALLER_PHONE, true, EDGE_CALLED_OTHER, "+4420"),
                     EDGE_POLICY_CALL_OUT);
    assert_int_equal(edge_policy_decide(EDGE_CALLER_PHONE, true, EDGE_CALLED_PHONE, "6002"),
                     EDGE_POLICY_FORBIDDEN);
    assert_int_equal(edge_policy_decide(EDGE_CALLER_PHONE, true, EDGE_CALLED_OTHER, "*99"),
                     EDGE_POLICY_NOT_FOUND);
    assert_int_equal(edge_policy_decide(EDGE_CALLER_PHONE, true, EDGE_CALLED_OTHER, "bob"),
                     EDGE_POLICY_NOT_FOUND);
}

/* --- fences --- */

static enum edge_fence_verdict pass(struct edge_fence *fence, uint8_t id, uint64_t version,
                                    uint64_t epoch)
{
    struct edge_command command = {.version = version, .epoch = epoch};

    command.id.id.bytes[0] = id;
    return edge_fence_pass(fence, &command);
}

static void a_command_is_obeyed_once(void **state)
{
    (void)state;
    struct edge_fence fence = {0};

    assert_int_equal(pass(&fence, 1, 5, 10), EDGE_FENCE_OBEY);
    assert_int_equal(pass(&fence, 1, 5, 10), EDGE_FENCE_REPEATED);
    assert_int_equal(pass(&fence, 2, 5, 10), EDGE_FENCE_OBEY);     // Same commit, another command.
    assert_int_equal(pass(&fence, 2, 5, 11), EDGE_FENCE_REPEATED); // Sent again by a new router.
    assert_int_equal(pass(&fence, 3, 4, 11), EDGE_FENCE_REPEATED); // Overtaken.
    assert_int_equal(pass(&fence, 1, 6, 11), EDGE_FENCE_OBEY);
}

static void a_lower_epoch_is_refused_whatever_its_version(void **state)
{
    (void)state;
    struct edge_fence fence = {0};

    assert_int_equal(pass(&fence, 1, 5, 10), EDGE_FENCE_OBEY);
    assert_int_equal(pass(&fence, 2, 9, 9), EDGE_FENCE_STALE);
    assert_int_equal(fence.version, 5);
    assert_int_equal(pass(&fence, 2, 9, 10), EDGE_FENCE_OBEY);
}

static void the_oldest_of_too_many_ids_is_forgotten(void **state)
{
    (void)state;
    struct edge_fence fence = {0};

    for (uint8_t id = 1; id <= EDGE_FENCE_IDS + 1; id++)
        assert_int_equal(pass(&fence, id, 5, 10), EDGE_FENCE_OBEY);
    assert_int_equal(pass(&fence, 2, 5, 10), EDGE_FENCE_REPEATED);
    assert_int_equal(pass(&fence, 1, 5, 10), EDGE_FENCE_OBEY);
}

/* --- feature codes --- */

static void codes_match_as_a_whole_or_take_the_rest(void **state)
{
    (void)state;
    const struct td_feature_code codes[] = {
        {.code = "*11", .action = TD_FEATURE_ACTION_LOG_IN},
        {.code = "*14", .action = TD_FEATURE_ACTION_NOT_READY},
        {.code = "*140", .action = TD_FEATURE_ACTION_NOT_READY, .argument = "break"},
        {.code = "*15", .action = TD_FEATURE_ACTION_DISPOSITION},
    };
    char argument[64];

    assert_ptr_equal(edge_feature_find(codes, 4, "*11", argument), &codes[0]);
    assert_string_equal(argument, "");
    assert_null(edge_feature_find(codes, 4, "*112", argument));
    assert_ptr_equal(edge_feature_find(codes, 4, "*140", argument), &codes[2]);
    assert_string_equal(argument, "break");
    assert_ptr_equal(edge_feature_find(codes, 4, "*143", argument), &codes[1]);
    assert_string_equal(argument, "3");
    assert_ptr_equal(edge_feature_find(codes, 4, "*15", argument), &codes[3]);
    assert_string_equal(argument, "");
    assert_null(edge_feature_find(codes, 4, "*1", argument));
    assert_null(edge_feature_find(codes, 0, "*11", argument));
}

static void sentences_are_in_the_agents_language(void **state)
{
    (void)state;
    assert_string_equal(edge_feature_sentence(TD_FEATURE_ACTION_READY, true, "en"),
                        "You are ready.");
    assert_string_equal(edge_feature_sentence(TD_FEATURE_ACTION_READY, true, "zh-CN"),
                        "您已就绪。");
    assert_string_equal(edge_feature_sentence(TD_FEATURE_ACTION_READY, false, ""),
                        "That is not possible now.");
    assert_non_null(edge_feature_sentence((enum td_feature_action)99, true, "en"));
}

/** What a feature call has done so far. */
struct books {
    struct edge_feature_call call;
    int finals, byes, releases, closes, spoken;
    bool hung_up, media_answered, router_answered, acknowledged;
};

static struct books after(struct books books, enum edge_feature_event event)
{
    struct edge_feature_effects effects;

    edge_feature_step(&books.call, event, &effects);
    for (uint32_t i = 0; i < effects.count; i++) {
        enum edge_feature_effect effect = effects.items[i];
        books.finals += effect <= EDGE_FEATURE_TERMINATE;
        books.spoken += effect == EDGE_FEATURE_SPEAK;
        books.byes += effect == EDGE_FEATURE_BYE;
        books.releases += effect == EDGE_FEATURE_RELEASE;
        books.closes += effect == EDGE_FEATURE_CLOSE;
    }
    books.hung_up = books.hung_up || event == EDGE_FEATURE_HUNG_UP;
    return books;
}

static void walk(struct books books, int depth)
{
    assert_true(books.finals <= 1 && books.releases <= 1 && books.closes <= 1 && books.byes <= 1);
    if (books.call.state == EDGE_FEATURE_OVER) {
        assert_int_equal(books.finals, 1);
        assert_int_equal(books.releases, 1);
        assert_int_equal(books.closes, 1);
    }
    if (depth == 0)
        return;
    for (int event = 0; event < EDGE_FEATURE_EVENT_COUNT; event++)
        walk(after(books, (enum edge_feature_event)event), depth - 1);
}

static void every_order_of_a_feature_call_ends_with_even_books(void **state)
{
    (void)state;
    walk((struct books){0}, 6);
}

/* --- text and index --- */

static void addresses_are_quoted_and_escaped(void **state)
{
    (void)state;
    char text[128];
    struct td_text writer;

    td_text_init(&writer, text, sizeof(text));
    edge_text_add_address(&writer, "A \"b\" \\ c\r\nd", "+44 @x", "example.com");
    assert_string_equal(text, "\"A \\\"b\\\" \\\\ c  d\" <sip:+44%20%40x@example.com>");

    td_text_init(&writer, text, sizeof(text));
    edge_text_add_address(&writer, "", "", "example.com");
    assert_string_equal(text, "<sip:example.com>");
}

static void count_node(void *ctx, struct edge_index_node *node)
{
    (void)node;
    ++*(size_t *)ctx;
}

static void the_index_finds_equal_hashes_and_nothing_else(void **state)
{
    (void)state;
    struct edge_index_bucket buckets[4] = {{NULL}};
    struct edge_index_node nodes[32];
    struct edge_index index;
    size_t count = 0;

    edge_index_init(&index, buckets, 4);
    for (size_t i = 0; i < 32; i++)
        edge_index_add(&index, &nodes[i], i % 16);
    for (uint64_t hash = 0; hash < 16; hash++) {
        struct edge_index_node *node = edge_index_first(&index, hash);
        assert_ptr_equal(node, &nodes[hash + 16]);
        node = edge_index_next(node);
        assert_ptr_equal(node, &nodes[hash]);
        assert_null(edge_index_next(node));
    }
    edge_index_remove(&index, &nodes[3]);
    edge_index_remove(&index, &nodes[19]);
    assert_null(edge_index_first(&index, 3));
    edge_index_each(&index, count_node, &count);
    assert_int_equal(count, 30);
    assert_int_equal(index.count, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_end_where_their_bits_end),
        cmocka_unit_test(the_families_do_not_meet_but_for_mapped_addresses),
        cmocka_unit_test(what_is_no_network_is_refused),
        cmocka_unit_test(strangers_reach_entry_points_only),
        cmocka_unit_test(a_phone_proves_itself_before_it_learns_anything),
        cmocka_unit_test(a_proven_phone_may_dial_codes_and_entry_points),
        cmocka_unit_test(a_command_is_obeyed_once),
        cmocka_unit_test(a_lower_epoch_is_refused_whatever_its_version),
        cmocka_unit_test(the_oldest_of_too_many_ids_is_forgotten),
        cmocka_unit_test(codes_match_as_a_whole_or_take_the_rest),
        cmocka_unit_test(sentences_are_in_the_agents_language),
        cmocka_unit_test(every_order_of_a_feature_call_ends_with_even_books),
        cmocka_unit_test(addresses_are_quoted_and_escaped),
        cmocka_unit_test(the_index_finds_equal_hashes_and_nothing_else),
    };

    return cmocka_run_group_tests_name("edge/rules", tests, NULL, NULL);
}
