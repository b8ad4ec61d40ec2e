#include "live_fixture.h"

#include "io/live_read.h"

#define DEADLINE_MS 5000

struct value {
    uint32_t count;
    enum td_err err;
    char text[64];
    size_t size;
};

static void take_value(void *ctx, enum td_err err, struct td_bytes bytes)
{
    struct value *value = ctx;

    value->count++;
    value->err = err;
    value->size = bytes.size;
    assert_true(bytes.size < sizeof(value->text));
    if (bytes.size > 0)
        memcpy(value->text, bytes.data, bytes.size);
    value->text[bytes.size] = '\0';
}

static void a_value_is_found_or_not(void **state)
{
    struct live_fixture *fixture = *state;
    struct value values[4] = {0};
    struct td_live *live = fixture->live;

    (void)run_words(fixture, "SET a 1");
    (void)run_words(fixture, "HSET h f 2");
    assert_int_equal(td_live_get(live, "a", DEADLINE_MS, take_value, &values[0]), TD_OK);
    assert_int_equal(td_live_get(live, "b", DEADLINE_MS, take_value, &values[1]), TD_OK);
    assert_int_equal(
        td_live_hget(live, "h", td_live_text("f"), DEADLINE_MS, take_value, &values[2]), TD_OK);
    assert_int_equal(
        td_live_hget(live, "h", td_live_text("g"), DEADLINE_MS, take_value, &values[3]), TD_OK);
    await(fixture->loop, values[3].count == 1);
    assert_int_equal(values[0].err, TD_OK);
    assert_string_equal(values[0].text, "1");
    assert_int_equal(values[1].err, TD_ERR_NOT_FOUND);
    assert_string_equal(values[2].text, "2");
    assert_int_equal(values[3].err, TD_ERR_NOT_FOUND);
}

struct values {
    uint32_t count;
    uint32_t present[8];
    uint32_t told;
};

static void take_values(void *ctx, enum td_err err, const struct td_bytes *items, uint32_t count)
{
    struct values *values = ctx;

    assert_int_equal(err, TD_OK);
    values->told++;
    values->count = count;
    for (uint32_t i = 0; i < count; i++)
        values->present[i] = items[i].data != NULL;
}

static void several_values_come_in_the_order_asked(void **state)
{
    struct live_fixture *fixture = *state;
    const char *const keys[] = {"a", "none", "empty", "h"};
    struct values values = {0};

    (void)run_words(fixture, "SET a 1");
    (void)run_words(fixture, "SETRANGE empty 0 x");
    (void)run_words(fixture, "HSET h f 2");
    assert_int_equal(td_live_mget(fixture->live, keys, 4, DEADLINE_MS, take_values, &values),
                     TD_OK);
    await(fixture->loop, values.told == 1);
    assert_int_equal(values.count, 4);
    assert_true(values.present[0] && !values.present[1] && values.present[2]);
    assert_false(values.present[3]);
}

#define FIELDS 5000

struct hash {
    uint32_t seen[FIELDS];
    uint32_t entries;
    uint32_t done;
    enum td_err err;
};

static void take_entry(void *ctx, struct td_bytes field, struct td_bytes value)
{
    struct hash *hash = ctx;
    int number = atoi((const char *)field.data);

    assert_int_equal(atoi((const char *)value.data), number * 2);
    hash->entries++;
    if (number < FIELDS)
        hash->seen[number]++;
}

static void take_done(void *ctx, enum td_err err)
{
    struct hash *hash = ctx;

    hash->done++;
    hash->err = err;
}

static enum td_err load_hash(struct live_fixture *fixture, const char *key, struct hash *hash)
{
    const struct td_live_hash_reader reader = {take_entry, take_done, hash};

    *hash = (struct hash){0};
    return td_live_load_hash(fixture->live, key, DEADLINE_MS, &reader);
}

static void a_large_hash_comes_whole(void **state)
{
    struct live_fixture *fixture = *state;
    static struct hash hash;
    struct answer answer = {0};
    const struct td_live_eval fill = {
        .script = "for i = 0, 4999 do redis.call('HSET', 'h', i, i * 2) end",
        .deadline_ms = DEADLINE_MS};

    assert_int_equal(td_live_eval(fixture->live, &fill, take_answer, &answer), TD_OK);
    await(fixture->loop, answer.count == 1);
    assert_int_equal(load_hash(fixture, "h", &hash), TD_OK);
    await(fixture->loop, hash.done == 1);
    assert_int_equal(hash.err, TD_OK);
    for (int i = 0; i < FIELDS; i++)
        assert_true(hash.seen[i] >= 1);
    assert_true(td_live_stats(fixture->live).commands >= 5); // It came in pages.

    assert_int_equal(load_hash(fixture, "absent", &hash), TD_OK);
    await(fixture->loop, hash.done == 1);
    assert_int_equal(hash.err, TD_OK);
    assert_int_equal(hash.entries, 0);
}

static void a_load_that_is_cut_off_says_so(void **state)
{
    struct live_fixture *fixture = *state;
    static struct hash hash;

    (void)run_words(fixture, "SET h text");
    assert_int_equal(load_hash(fixture, "h", &hash), TD_OK);
    await(fixture->loop, hash.done == 1);
    assert_int_equal(hash.err, TD_ERR_INVALID);
    assert_int_equal(load_hash(fixture, "h", &hash), TD_OK);
    td_live_destroy(&fixture->live);
    assert_int_equal(hash.done, 1);
    assert_int_equal(hash.err, TD_ERR_UNAVAILABLE);
}

static void stream_ids_are_read_and_written(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "1", "-", "1-", "-1", "1-2-3", "1 -2", "x-1", "18446744073709551616-0"};
    struct td_live_stream_id id = {1, 2};
    char text[TD_LIVE_STREAM_ID_TEXT_SIZE];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(td_live_stream_id_parse(td_live_text(wrong[i]), &id), TD_ERR_SYNTAX);
    assert_int_equal(td_live_stream_id_parse(td_bytes("1-\0002", 4), &id), TD_ERR_SYNTAX);
    assert_int_equal(id.sequence, 2);
    const char *largest = "18446744073709551615-18446744073709551615";
    assert_int_equal(td_live_stream_id_parse(td_live_text(largest), &id), TD_OK);
    assert_string_equal(td_live_stream_id_format(id, text), largest);
    struct td_live_stream_id smaller = {id.unix_ms, id.sequence - 1};
    assert_true(td_live_stream_id_compare(smaller, id) < 0);
    assert_true(td_live_stream_id_compare(id, (struct td_live_stream_id){1, 9}) > 0);
    assert_int_equal(td_live_stream_id_compare(id, id), 0);
}

struct page {
    uint32_t told;
    enum td_err err;
    uint32_t count;
    struct td_live_stream_id last;
    char first[16];
};

static void take_page(void *ctx, enum td_err err, const struct td_live_entry *entries,
                      uint32_t count)
{
    struct page *page = ctx;

    page->told++;
    page->err = err;
    page->count = count;
    if (count == 0)
        return;
    page->last = entries[count - 1].id;
    assert_true(entries[0].value.size < sizeof(page->first));
    memcpy(page->first, entries[0].value.data, entries[0].value.size);
    page->first[entries[0].value.size] = '\0';
}

static struct page read_page(struct live_fixture *fixture, struct td_live_stream_id after,
                             uint32_t count_max)
{
    struct page page = {0};

    assert_int_equal(
        td_live_page(fixture->live, "s", after, count_max, DEADLINE_MS, take_page, &page), TD_OK);
    await(fixture->loop, page.told == 1);
    assert_int_equal(page.err, TD_OK);
    return page;
}

static void a_stream_is_read_page_by_page(void **state)
{
    struct live_fixture *fixture = *state;

    for (int i = 1; i <= 5; i++) {
        char command[64];

        (void)snprintf(command, sizeof(command), "XADD s %d-1 e v%d", i, i);
        (void)run_words(fixture, command);
    }
    struct page page = read_page(fixture, (struct td_live_stream_id){0, 0}, 3);
    assert_int_equal(page.count, 3);
    assert_string_equal(page.first, "v1");
    page = read_page(fixture, page.last, 3);
    assert_int_equal(page.count, 2);
    assert_string_equal(page.first, "v4");
    page = read_page(fixture, page.last, 3);
    assert_int_equal(page.count, 0);
}

struct number {
    uint32_t told;
    enum td_err err;
    uint64_t value;
};

static void take_number(void *ctx, enum td_err err, uint64_t value)
{
    struct number *number = ctx;

    *number = (struct number){number->told + 1, err, value};
}

static uint64_t trim(struct live_fixture *fixture, uint64_t keep_from_ms)
{
    struct number number = {0};

    assert_int_equal(td_live_trim(fixture->live, "s", (struct td_live_stream_id){keep_from_ms, 0},
                                  DEADLINE_MS, take_number, &number),
                     TD_OK);
    await(fixture->loop, number.told == 1);
    assert_int_equal(number.err, TD_OK);
    return number.value;
}

static void trimming_keeps_from_an_id_on_and_remembers_the_last_removed(void **state)
{
    struct live_fixture *fixture = *state;

    assert_int_equal(trim(fixture, 5), 0);
    for (int i = 1; i <= 5; i++) {
        char command[64];

        (void)snprintf(command, sizeof(command), "XADD s %d-1 e v%d", i, i);
        (void)run_words(fixture, command);
    }
    assert_int_equal(trim(fixture, 0), 0);
    assert_int_equal(trim(fixture, 1), 0);
    assert_int_equal(run_words(fixture, "EXISTS s:trimmed").integer, 0);
    assert_int_equal(trim(fixture, 4), 3);
    assert_string_equal(run_words(fixture, "GET s:trimmed").text, "3-1");
    assert_int_equal(trim(fixture, 4), 0);
    assert_int_equal(run_words(fixture, "XLEN s").integer, 2);
    assert_int_equal(trim(fixture, 100), 2);
    assert_string_equal(run_words(fixture, "GET s:trimmed").text, "5-1");
}

struct memory {
    uint32_t told;
    uint64_t used;
    uint64_t max;
};

static void take_memory(void *ctx, enum td_err err, uint64_t used, uint64_t max)
{
    struct memory *memory = ctx;

    assert_int_equal(err, TD_OK);
    *memory = (struct memory){memory->told + 1, used, max};
}

static void the_server_tells_its_memory_and_its_time(void **state)
{
    struct live_fixture *fixture = *state;
    struct memory memory = {0};
    struct number before = {0};
    struct number after = {0};

    (void)run_words(fixture, "CONFIG SET maxmemory 123456789");
    assert_int_equal(td_live_memory(fixture->live, DEADLINE_MS, take_memory, &memory), TD_OK);
    assert_int_equal(td_live_time(fixture->live, DEADLINE_MS, take_number, &before), TD_OK);
    await(fixture->loop, before.told == 1);
    assert_int_equal(memory.max, 123456789);
    assert_true(memory.used > 100000 && memory.used < 123456789);
    assert_int_equal(td_live_time(fixture->live, DEADLINE_MS, take_number, &after), TD_OK);
    await(fixture->loop, after.told == 1);
    assert_true(before.value > UINT64_C(1600000000000000));
    assert_true(after.value >= before.value && after.value < before.value + 60000000);
}

#define WITH_REDIS(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REDIS(a_value_is_found_or_not),
        WITH_REDIS(several_values_come_in_the_order_asked),
        WITH_REDIS(a_large_hash_comes_whole),
        WITH_REDIS(a_load_that_is_cut_off_says_so),
        cmocka_unit_test(stream_ids_are_read_and_written),
        WITH_REDIS(a_stream_is_read_page_by_page),
        WITH_REDIS(trimming_keeps_from_an_id_on_and_remembers_the_last_removed),
        WITH_REDIS(the_server_tells_its_memory_and_its_time),
    };

    return cmocka_run_group_tests_name("io/live_read", tests, NULL, NULL);
}
