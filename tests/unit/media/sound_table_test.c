#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/sound_table.h"

#define COUNT 10000 /* samples of each sound */

static struct sound_table table;

static int begin(void **state)
{
    (void)state;
    memset(&table, 0, sizeof(table));
    table.bytes_max = 3 * (COUNT * sizeof(int16_t) + sizeof(struct sound));
    return 0;
}

static int end(void **state)
{
    (void)state;
    sound_table_clear(&table);
    assert_int_equal(table.bytes, 0);
    return 0;
}

static struct sound *add(const char *key)
{
    struct sound *sound = sound_table_add(&table, key);

    sound_table_fill(&table, sound, calloc(COUNT, sizeof(int16_t)), COUNT);
    return sound;
}

static void a_sound_is_found_by_its_whole_key(void **state)
{
    (void)state;
    struct sound *sound = add("abc");

    assert_ptr_equal(sound_table_find(&table, "abc"), sound);
    assert_null(sound_table_find(&table, "ab"));
    assert_null(sound_table_find(&table, "abcd"));
}

static void the_longest_unused_goes_first(void **state)
{
    (void)state;
    struct sound *first = add("first");

    (void)add("second");
    (void)add("third");
    sound_table_make_room(&table);
    assert_non_null(sound_table_find(&table, "first"));
    sound_table_touch(&table, first);
    (void)add("fourth");
    sound_table_make_room(&table);
    assert_non_null(sound_table_find(&table, "first"));
    assert_null(sound_table_find(&table, "second"));
    assert_non_null(sound_table_find(&table, "third"));
}

static void what_is_used_stays_whatever_the_bound(void **state)
{
    (void)state;
    char key[16];

    for (int i = 0; i < 10; i++) {
        (void)snprintf(key, sizeof(key), "key-%d", i);
        add(key)->uses = i % 2 == 0;
    }
    sound_table_make_room(&table);
    for (int i = 0; i < 10; i += 2) {
        (void)snprintf(key, sizeof(key), "key-%d", i);
        assert_non_null(sound_table_find(&table, key));
    }
    assert_null(sound_table_find(&table, "key-1"));
    assert_null(sound_table_find(&table, "key-9"));
}

static void filling_it_again_counts_once(void **state)
{
    (void)state;
    struct sound *sound = add("abc");
    uint64_t bytes = table.bytes;

    sound_table_fill(&table, sound, calloc(COUNT, sizeof(int16_t)), COUNT);
    assert_int_equal(table.bytes, bytes);
    sound_table_fill(&table, sound, NULL, 0);
    assert_int_equal(table.bytes, sizeof(struct sound));
}

/* Thousands in few buckets: every one is found, none is found twice. */
static void many_sounds_keep_apart(void **state)
{
    (void)state;
    char key[16];

    table.bytes_max = UINT64_MAX;
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(key, sizeof(key), "%d", i);
        assert_null(sound_table_find(&table, key));
        sound_table_add(&table, key)->failed_at_ns = (uint64_t)i;
    }
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(key, sizeof(key), "%d", i);
        assert_int_equal(sound_table_find(&table, key)->failed_at_ns, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sound_is_found_by_its_whole_key, begin, end),
        cmocka_unit_test_setup_teardown(the_longest_unused_goes_first, begin, end),
        cmocka_unit_test_setup_teardown(what_is_used_stays_whatever_the_bound, begin, end),
        cmocka_unit_test_setup_teardown(filling_it_again_counts_once, begin, end),
        cmocka_unit_test_setup_teardown(many_sounds_keep_apart, begin, end),
    };

    return cmocka_run_group_tests_name("media/sound_table", tests, NULL, NULL);
}
