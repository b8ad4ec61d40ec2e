#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/config.h"

struct settings {
    char listen[32];
    uint32_t calls_max;
    int64_t offset;
    uint32_t lease_ms;
    bool is_open;
    struct td_config_list trunks;
};

static const struct td_config_key keys[] = {
    TD_CONFIG_STRING("listen", struct settings, listen, .fallback = "127.0.0.1:5060", .min = 1,
                     .help = "where calls come in"),
    TD_CONFIG_U32("calls_max", struct settings, calls_max, .unit = "calls", .fallback = "500",
                  .min = 1, .max = 100000, .help = "calls at one time"),
    TD_CONFIG_I64("offset", struct settings, offset, .fallback = "-3", .min = -10, .max = 10,
                  .help = "a number that may be negative"),
    TD_CONFIG_DURATION_MS("lease", struct settings, lease_ms, .fallback = "15s", .min = 100,
                          .max = 60000, .help = "how long an offer stands"),
    TD_CONFIG_BOOL("open", struct settings, is_open, .fallback = "true", .help = "whether"),
    TD_CONFIG_LIST("trunks", struct settings, trunks, .fallback = "[10.0.0.1, 10.0.0.2]",
                   .help = "addresses of trunks"),
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

/* Parses from an exact-size heap copy, so that a sanitizer sees any overread. */
static enum td_err parse_keys(const char *text, const struct td_config_key *table, size_t count,
                              void *settings, char *fault)
{
    static const char *const others[] = {"router", "media", NULL};
    struct td_config_section section = {"edge", table, count, settings};
    size_t size = strlen(text);
    char *exact = malloc(size > 0 ? size : 1);

    assert_non_null(exact);
    memcpy(exact, text, size);
    memset(fault, 0, TD_CONFIG_FAULT_SIZE);
    enum td_err err = td_config_parse(exact, size, "site.yaml", &section, 1, others, fault);
    free(exact);
    return err;
}

static enum td_err parse(const char *text, struct settings *settings, char *fault)
{
    return parse_keys(text, keys, KEY_COUNT, settings, fault);
}

static void absent_keys_have_their_defaults(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "# nothing\n", "edge:\n", "edge: {}\n",
                                        "router:\n  a: 1"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct settings settings = {.calls_max = 7};
        char fault[TD_CONFIG_FAULT_SIZE];

        assert_int_equal(parse(texts[i], &settings, fault), TD_OK);
        assert_string_equal(settings.listen, "127.0.0.1:5060");
        assert_int_equal(settings.calls_max, 500);
        assert_int_equal(settings.offset, -3);
        assert_int_equal(settings.lease_ms, 15000);
        assert_true(settings.is_open);
        assert_int_equal(settings.trunks.count, 2);
        assert_string_equal(settings.trunks.items[1], "10.0.0.2");
    }
}

static void every_type_is_read(void **state)
{
    (void)state;
    struct settings settings;
    char fault[TD_CONFIG_FAULT_SIZE];

    assert_int_equal(parse("router: {x: 1}\n"
                           "edge:\n"
                           "  listen: \"[::1]:5060\"\n"
                           "  calls_max: 100000\n"
                           "  offset: -10\n"
                           "  lease: 1min\n"
                           "  open: false\n"
                           "  trunks:\n"
                           "    - 192.0.2.1\n",
                           &settings, fault),
                     TD_OK);
    assert_string_equal(settings.listen, "[::1]:5060");
    assert_int_equal(settings.calls_max, 100000);
    assert_int_equal(settings.offset, -10);
    assert_int_equal(settings.lease_ms, 60000);
    assert_false(settings.is_open);
    assert_int_equal(settings.trunks.count, 1);
    assert_string_equal(settings.trunks.items[0], "192.0.2.1");
}

static void a_duration_takes_a_unit_or_counts_milliseconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t ms;
    } cases[] = {{"edge: {lease: 250}", 250},
                 {"edge: {lease: 250ms}", 250},
                 {"edge: {lease: 2 s}", 2000},
                 {"edge: {lease: 1min}", 60000}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settings settings;
        char fault[TD_CONFIG_FAULT_SIZE];

        assert_int_equal(parse(cases[i].text, &settings, fault), TD_OK);
        assert_int_equal(settings.lease_ms, cases[i].ms);
    }
}

static void a_fault_names_file_line_key_and_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum td_err err;
        const char *fault;
    } cases[] = {
        {"edge:\n  calls_max: many", TD_ERR_SYNTAX,
         "site.yaml:2: edge.calls_max: expected a whole number from 1 to 100000 calls, "
         "found \"many\""},
        {"edge:\n  calls_max: 0", TD_ERR_RANGE,
         "site.yaml:2: edge.calls_max: expected a whole number from 1 to 100000 calls, "
         "found \"0\""},
        {"edge:\n  calls_max: 99999999999999999999", TD_ERR_RANGE,
         "site.yaml:2: edge.calls_max: expected a whole number from 1 to 100000 calls, "
         "found \"99999999999999999999\""},
        {"edge:\n  calls_max: 5 0", TD_ERR_SYNTAX,
         "site.yaml:2: edge.calls_max: expected a whole number from 1 to 100000 calls, "
         "found \"5 0\""},
        {"edge:\n  calls_max: \"50\"", TD_ERR_SYNTAX,
         "site.yaml:2: edge.calls_max: expected a whole number from 1 to 100000 calls, "
         "found \"50\""},
        {"edge:\n  calls_max: [1]", TD_ERR_SYNTAX,
         "site.yaml:2: edge.calls_max: expected a whole number from 1 to 100000 calls, "
         "found a list"},
        {"edge:\n  offset: -11", TD_ERR_RANGE,
         "site.yaml:2: edge.offset: expected a whole number from -10 to 10, found \"-11\""},
        {"edge:\n\n  lease: 61s", TD_ERR_RANGE,
         "site.yaml:3: edge.lease: expected a duration from 100ms to 1min, found \"61s\""},
        {"edge:\n  lease: 9999999999999999min", TD_ERR_RANGE,
         "site.yaml:2: edge.lease: expected a duration from 100ms to 1min, "
         "found \"9999999999999999min\""},
        {"edge:\n  lease: 3 weeks", TD_ERR_SYNTAX,
         "site.yaml:2: edge.lease: expected a duration from 100ms to 1min, found \"3 weeks\""},
        {"edge:\n  open: yes", TD_ERR_SYNTAX,
         "site.yaml:2: edge.open: expected true or false, found \"yes\""},
        {"edge:\n  listen:\n", TD_ERR_RANGE,
         "site.yaml:2: edge.listen: expected a text of 1 to 31 bytes, found nothing"},
        {"edge:\n  listen: 12345678901234567890123456789012", TD_ERR_RANGE,
         "site.yaml:2: edge.listen: expected a text of 1 to 31 bytes, "
         "found \"12345678901234567890123456789012\""},
        {"edge:\n  trunks: 10.0.0.1", TD_ERR_SYNTAX,
         "site.yaml:2: edge.trunks: expected a list of 0 to 32 texts of at most 127 bytes, "
         "found \"10.0.0.1\""},
        {"edge:\n  listen: a\n  call_max: 1", TD_ERR_NOT_FOUND,
         "site.yaml:3: edge.call_max: unknown key, did you mean \"calls_max\"?"},
        {"edge:\n  banana: 1", TD_ERR_NOT_FOUND,
         "site.yaml:2: edge.banana: unknown key; --help lists all that are known"},
        {"edge: {}\nruoter: {}", TD_ERR_NOT_FOUND,
         "site.yaml:2: ruoter: unknown section, did you mean \"router\"?"},
        {"edge:\n  offset: 1\n  offset: 2", TD_ERR_EXISTS,
         "site.yaml:3: key \"offset\" stands twice in its map, first in line 2"},
        {"edge: 5", TD_ERR_SYNTAX, "site.yaml:1: edge: expected keys and values"},
        {"- edge", TD_ERR_SYNTAX, "site.yaml:1: expected sections, each with its keys"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settings settings = {.calls_max = 7};
        char fault[TD_CONFIG_FAULT_SIZE];

        assert_int_equal(parse(cases[i].text, &settings, fault), cases[i].err);
        assert_string_equal(fault, cases[i].fault);
        assert_int_equal(settings.calls_max, 7);
    }
}

static void a_required_key_must_be_there(void **state)
{
    (void)state;
    static const struct td_config_key required[] = {
        TD_CONFIG_U32("calls_max", struct settings, calls_max, .min = 1, .help = "calls")};
    struct settings settings;
    char fault[TD_CONFIG_FAULT_SIZE];

    assert_int_equal(parse_keys("router:\nedge:\n", required, 1, &settings, fault),
                     TD_ERR_NOT_FOUND);
    assert_string_equal(fault, "site.yaml:2: edge.calls_max: missing, expected a whole number "
                               "from 1 to 4294967295");
    assert_int_equal(parse_keys("", required, 1, &settings, fault), TD_ERR_NOT_FOUND);
    assert_string_equal(fault, "site.yaml: edge.calls_max: missing, expected a whole number "
                               "from 1 to 4294967295");
    assert_int_equal(parse_keys("edge: {calls_max: 4294967295}", required, 1, &settings, fault),
                     TD_OK);
    assert_int_equal(settings.calls_max, UINT32_MAX);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    struct settings settings;
    struct td_config_section section = {"edge", keys, KEY_COUNT, &settings};
    char fault[TD_CONFIG_FAULT_SIZE];

    assert_int_equal(td_config_load("/nonexistent/site.yaml", &section, 1, NULL, fault),
                     TD_ERR_NOT_FOUND);
    assert_string_equal(fault, "/nonexistent/site.yaml: cannot be opened: "
                               "No such file or directory");
}

static void the_table_describes_itself(void **state)
{
    (void)state;
    struct settings settings;
    struct td_config_section section = {"edge", keys, KEY_COUNT, &settings};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    td_config_describe(&section, out);
    (void)fclose(out);
    assert_non_null(strstr(text, "edge:\n"));
    assert_non_null(strstr(text, "  calls_max                    calls at one time (a whole number "
                                 "from 1 to 100000 calls, default 500)\n"));
    assert_non_null(strstr(text, "(a duration from 100ms to 1min, default 15s)\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_keys_have_their_defaults),
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(a_duration_takes_a_unit_or_counts_milliseconds),
        cmocka_unit_test(a_fault_names_file_line_key_and_what_was_expected),
        cmocka_unit_test(a_required_key_must_be_there),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(the_table_describes_itself),
    };

    return cmocka_run_group_tests_name("io/config", tests, NULL, NULL);
}
