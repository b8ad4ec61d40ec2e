/* Values, variables, expressions that need no engine, and the small languages of attributes. */
#include "talk.h"

static void strings_survive_the_way_there_and_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"",         "a",       "\"quoted\\\"", "line\nfeed\t",
                                        "中文 é 😀", "\x01\x1f"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char value[256];
        char back[256];

        assert_int_equal(ivr_value_from_string(texts[i], value, sizeof(value)), TD_OK);
        assert_int_equal(ivr_value_to_string(value, back, sizeof(back)), TD_OK);
        assert_string_equal(back, texts[i]);
    }
}

static void bytes_that_are_no_text_become_question_marks(void **state)
{
    (void)state;
    char value[64];

    assert_int_equal(ivr_value_from_string("a\xff\xc0\xafz\xe4\xb8", value, sizeof(value)), TD_OK);
    assert_string_equal(value, "\"a???z??\"");
}

static void escapes_are_read_as_json_means_them(void **state)
{
    (void)state;
    static const struct {
        const char *value, *text;
    } cases[] = {
        {"\"\\u4e2d\\n\\/\\\"\"", "中\n/\""},
        {"\"\\ud83d\\ude00\"", "😀"},
        {"\"\\ud83d\"", "?"},
        {"\"\\ude00x\"", "?x"},
        {"\"\\u0000\"", "?"},
        {"\"\\u12\"", "?"},
        {"\"\\", ""},
        {"\"open", "open"},
        {"-0", "0"},
        {"1.5e+30", "1.5e+30"},
        {"NaN", "NaN"},
        {"undefined", "undefined"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64];

        assert_int_equal(ivr_value_to_string(cases[i].value, text, sizeof(text)), TD_OK);
        assert_string_equal(text, cases[i].text);
    }
    char text[8];
    assert_int_equal(ivr_value_to_string("{\"a\":1}", text, sizeof(text)), TD_ERR_INVALID);
    assert_int_equal(ivr_value_to_string("\"12345678\"", text, sizeof(text)), TD_ERR_LIMIT);
}

static void truth_is_that_of_ecmascript(void **state)
{
    (void)state;
    static const char *const lies[] = {"undefined", "null", "false", "0", "-0", "NaN", "\"\""};
    static const char *const truths[] = {"true", "1", "-1", "0.5", "Infinity", "\"0\"", "{}", "[]"};

    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
        assert_false(ivr_value_is_true(lies[i]));
    for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++)
        assert_true(ivr_value_is_true(truths[i]));
}

static void text_from_outside_is_guessed_carefully(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"9.5", "9.5"},
        {"0.25", "0.25"},
        {"1.50", "\"1.50\""},
        {"1.", "\"1.\""},
        {".5", "\".5\""},
        {"3", "3"},
        {"0", "0"},
        {"007", "\"007\""},
        {"+44", "\"+44\""},
        {"true", "true"},
        {"Ms Chen", "\"Ms Chen\""},
        {"", "\"\""},
        {"1234567890", "\"1234567890\""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char value[64];

        assert_int_equal(ivr_value_guess(cases[i].text, value, sizeof(value)), TD_OK);
        assert_string_equal(value, cases[i].value);
    }
}

static void variables_are_found_from_the_inside_out(void **state)
{
    (void)state;
    struct ivr_variables *v = calloc(1, sizeof(*v));
    enum ivr_scope scope;
    const char *name;

    assert_non_null(v);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DOCUMENT, "x", "1"), TD_OK);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "x", "2"), TD_OK);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DOCUMENT, "y", "\"long value\""), TD_OK);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DOCUMENT, "x", "\"longer than before\""),
                     TD_OK);
    assert_true(ivr_variables_resolve(v, "x", &scope, &name));
    assert_int_equal(scope, IVR_SCOPE_DIALOG);
    assert_string_equal(ivr_variables_get(v, scope, name), "2");
    assert_true(ivr_variables_resolve(v, "document.x", &scope, &name));
    assert_string_equal(ivr_variables_get(v, scope, name), "\"longer than before\"");
    assert_false(ivr_variables_resolve(v, "dialog.y", &scope, &name));
    assert_false(ivr_variables_resolve(v, "z", &scope, &name));
    ivr_variables_clear(v, IVR_SCOPE_DIALOG);
    assert_true(ivr_variables_resolve(v, "x", &scope, &name));
    assert_int_equal(scope, IVR_SCOPE_DOCUMENT);
    assert_string_equal(ivr_variables_get(v, IVR_SCOPE_DOCUMENT, "y"), "\"long value\"");
    free(v);
}

/* Over random sets and clears the values are those of a plain table beside it. */
static void values_stay_whole_over_random_changes(void **state)
{
    (void)state;
    struct ivr_variables *v = calloc(1, sizeof(*v));
    char plain[IVR_SCOPE_COUNT][8][64];
    uint64_t random = 7;

    assert_non_null(v);
    memset(plain, 0, sizeof(plain));
    for (int step = 0; step < 20000; step++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        enum ivr_scope scope = (enum ivr_scope)((random >> 33) % IVR_SCOPE_COUNT);
        char name[2] = {(char)('a' + (random >> 40) % 8), '\0'};
        char value[64];

        if ((random >> 50) % 64 == 0) {
            ivr_variables_clear(v, scope);
            memset(plain[scope], 0, sizeof(plain[0]) * (IVR_SCOPE_COUNT - (size_t)scope));
            continue;
        }
        (void)snprintf(value, sizeof(value), "\"%.*s\"", (int)((random >> 20) % 50),
                       "01234567890123456789012345678901234567890123456789");
        assert_int_equal(ivr_variables_set(v, scope, name, value), TD_OK);
        (void)snprintf(plain[scope][name[0] - 'a'], sizeof(plain[0][0]), "%s", value);
        for (size_t i = 0; i < 8; i++) {
            char other[2] = {(char)('a' + i), '\0'};
            const char *found = ivr_variables_get(v, scope, other);

            assert_string_equal(found == NULL ? "" : found, plain[scope][i]);
        }
    }
    free(v);
}

static void there_is_room_for_so_much_and_no_more(void **state)
{
    (void)state;
    struct ivr_variables *v = calloc(1, sizeof(*v));
    char value[IVR_VALUE_SIZE + 1];

    assert_non_null(v);
    memset(value, '1', sizeof(value));
    value[IVR_VALUE_SIZE] = '\0';
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "a", value), TD_ERR_LIMIT);
    value[IVR_VALUE_SIZE - 1] = '\0';
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "a", value), TD_OK);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "b", value), TD_OK);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "c", value), TD_OK);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "d", value), TD_OK);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "e", "1"), TD_ERR_LIMIT);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "d", "1"), TD_OK);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "e", "1"), TD_OK);
    free(v);
}

static void simple_expressions_need_no_engine(void **state)
{
    (void)state;
    struct ivr_variables *v = calloc(1, sizeof(*v));
    char value[IVR_VALUE_SIZE];
    static const struct {
        const char *expression;
        enum ivr_mode mode;
        const char *value; /* NULL: needs an engine */
    } cases[] = {
        {"'it'", IVR_MODE_VALUE, "\"it\""},
        {" \"a b\" ", IVR_MODE_VALUE, "\"a b\""},
        {"42", IVR_MODE_STRING, "\"42\""},
        {"true", IVR_MODE_BOOLEAN, "true"},
        {"undefined", IVR_MODE_VALUE, "undefined"},
        {"undefined", IVR_MODE_STRING, "\"undefined\""},
        {"name", IVR_MODE_VALUE, "\"Chen\""},
        {"name", IVR_MODE_BOOLEAN, "true"},
        {"dialog.name", IVR_MODE_VALUE, "\"Chen\""},
        {"object", IVR_MODE_VALUE, "{\"a\":1}"},
        {"object", IVR_MODE_STRING, NULL},
        {"object.a", IVR_MODE_VALUE, NULL},
        {"missing", IVR_MODE_VALUE, NULL},
        {"010", IVR_MODE_VALUE, NULL},
        {"1.5", IVR_MODE_VALUE, NULL},
        {"-1", IVR_MODE_VALUE, NULL},
        {"'it''s'", IVR_MODE_VALUE, NULL},
        {"'a\\n'", IVR_MODE_VALUE, NULL},
        {"name + 1", IVR_MODE_VALUE, NULL},
        {"name;", IVR_MODE_VALUE, NULL},
        {"'a' 'b'", IVR_MODE_VALUE, NULL},
        {"", IVR_MODE_VALUE, NULL},
        {"name", IVR_MODE_ASSIGN, NULL},
    };

    assert_non_null(v);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "name", "\"Chen\""), TD_OK);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "object", "{\"a\":1}"), TD_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool done = ivr_expression_try(v, cases[i].expression, cases[i].mode, value);

        assert_int_equal(done, cases[i].value != NULL);
        if (done)
            assert_string_equal(value, cases[i].value);
    }
    free(v);
}

static void times_have_units_and_an_end(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum td_err err;
        uint32_t ms;
    } cases[] = {
        {"5s", TD_OK, 5000},        {"1.5s", TD_OK, 1500},
        {"300ms", TD_OK, 300},      {".25s", TD_OK, 250},
        {"0s", TD_OK, 0},           {"600s", TD_OK, 600000},
        {"0.0009s", TD_OK, 0},      {"601s", TD_ERR_RANGE, 0},
        {"5", TD_ERR_SYNTAX, 0},    {"s", TD_ERR_SYNTAX, 0},
        {"ms", TD_ERR_SYNTAX, 0},   {"5 s", TD_ERR_SYNTAX, 0},
        {"-5s", TD_ERR_SYNTAX, 0},  {"5.s", TD_ERR_SYNTAX, 0},
        {"5sms", TD_ERR_SYNTAX, 0}, {"99999999999999999999s", TD_ERR_RANGE, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t ms = 0;

        assert_int_equal(ivr_time_parse(cases[i].text, &ms), cases[i].err);
        if (cases[i].err == TD_OK)
            assert_int_equal(ms, cases[i].ms);
    }
}

static void names_of_files_cannot_lead_elsewhere(void **state)
{
    (void)state;
    static const char *const bad[] = {"../a.vxml",       "/a.vxml", "a/b.vxml", ".vxml",
                                      ".a.vxml",         "a.xml",   "a.vxml ",  "a\\b.vxml",
                                      "http://a/b.vxml", ""};
    static const char *const bad_sounds[] = {"../a.wav", "/a.wav", "a/../b.wav", "",
                                             ".hidden",  "a b",    "http://a/b", "a\\b"};
    struct ivr_target target;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_not_equal(ivr_target_parse(bad[i], &target), TD_OK);
    for (size_t i = 0; i < sizeof(bad_sounds) / sizeof(bad_sounds[0]); i++)
        assert_false(ivr_is_sound_name(bad_sounds[i]));
    assert_true(ivr_is_sound_name("music/wait-1.wav"));
    assert_int_equal(ivr_target_parse("main-2.vxml#menu", &target), TD_OK);
    assert_string_equal(target.document, "main-2.vxml");
    assert_string_equal(target.fragment, "menu");
}

static void what_is_sensitive_is_recognised_in_other_texts(void **state)
{
    (void)state;
    struct ivr_variables *v = calloc(1, sizeof(*v));

    assert_non_null(v);
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "pin", "\"1234\""), TD_OK);
    assert_false(ivr_variables_has_sensitive(v));
    assert_false(ivr_variables_reveals(v, "1234"));
    ivr_variables_mark_sensitive(v, IVR_SCOPE_DIALOG, "pin");
    assert_true(ivr_variables_has_sensitive(v));
    assert_true(ivr_variables_reveals(v, "x1234y"));
    assert_false(ivr_variables_reveals(v, "123"));
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "pin", "\"12\""), TD_OK);
    assert_false(ivr_variables_reveals(v, "x12"));
    assert_true(ivr_variables_reveals(v, "12"));
    assert_int_equal(ivr_variables_set(v, IVR_SCOPE_DIALOG, "pin", "undefined"), TD_OK);
    assert_false(ivr_variables_has_sensitive(v));
    free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_survive_the_way_there_and_back),
        cmocka_unit_test(bytes_that_are_no_text_become_question_marks),
        cmocka_unit_test(escapes_are_read_as_json_means_them),
        cmocka_unit_test(truth_is_that_of_ecmascript),
        cmocka_unit_test(text_from_outside_is_guessed_carefully),
        cmocka_unit_test(variables_are_found_from_the_inside_out),
        cmocka_unit_test(values_stay_whole_over_random_changes),
        cmocka_unit_test(there_is_room_for_so_much_and_no_more),
        cmocka_unit_test(simple_expressions_need_no_engine),
        cmocka_unit_test(times_have_units_and_an_end),
        cmocka_unit_test(names_of_files_cannot_lead_elsewhere),
        cmocka_unit_test(what_is_sensitive_is_recognised_in_other_texts),
    };

    return cmocka_run_group_tests_name("ivr/value", tests, NULL, NULL);
}
