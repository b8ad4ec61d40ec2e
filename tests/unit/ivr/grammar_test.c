/* DTMF grammars: what is accepted, what it means, and what may follow. */
#include "talk.h"

#include "ivr/core/grammar_compile.h"

struct compiled {
    struct talk_document document;
    const struct ivr_grammar *grammar;
};

/* The grammar of the first field of a form with this inside. */
static struct compiled compile(const char *inside)
{
    struct compiled compiled = {.grammar = NULL};
    struct ivr_fault fault = {0, ""};
    char xml[16384];

    (void)snprintf(xml, sizeof(xml), TALK_VXML("<form><field name=\"x\" %s</field></form>"),
                   inside);
    if (talk_read(&compiled.document, xml, &fault) != TD_OK)
        fail_msg("%s", fault.message);
    const struct ivr_document *document = &compiled.document.document;
    uint32_t form = ivr_document_dialog(document, "");
    compiled.grammar = ivr_document_grammar(document, ivr_node_child(document, form));
    assert_non_null(compiled.grammar);
    return compiled;
}

static void expect_fault(const char *inside, const char *message)
{
    struct talk_document document;
    struct ivr_fault fault = {0, ""};
    char xml[16384];

    (void)snprintf(xml, sizeof(xml), TALK_VXML("<form><field name=\"x\" %s</field></form>"),
                   inside);
    assert_int_equal(talk_read(&document, xml, &fault), TD_ERR_SYNTAX);
    assert_non_null(strstr(fault.message, message));
    free(document.memory);
}

/* Digits that are no match, or their meaning. */
static const char *meaning(const struct ivr_grammar *grammar, const char *digits)
{
    struct ivr_match match;

    ivr_grammar_match(grammar, digits, &match);
    if (!match.accepted)
        return "no";
    switch (match.meaning.kind) {
    case IVR_MEANING_TRUE:
        return "true";
    case IVR_MEANING_FALSE:
        return "false";
    case IVR_MEANING_TEXT:
        return match.meaning.text;
    default:
        return "digits";
    }
}

static uint32_t needed(const struct ivr_grammar *grammar, const char *digits)
{
    struct ivr_match match;

    ivr_grammar_match(grammar, digits, &match);
    return match.digits_needed;
}

static void digits_have_lengths(void **state)
{
    (void)state;
    struct compiled c = compile("type=\"digits?minlength=2;maxlength=4\">");

    assert_string_equal(meaning(c.grammar, ""), "no");
    assert_string_equal(meaning(c.grammar, "1"), "no");
    assert_string_equal(meaning(c.grammar, "12"), "digits");
    assert_string_equal(meaning(c.grammar, "1234"), "digits");
    assert_string_equal(meaning(c.grammar, "12345"), "no");
    assert_string_equal(meaning(c.grammar, "1*"), "no");
    assert_int_equal(needed(c.grammar, ""), 2);
    assert_int_equal(needed(c.grammar, "1"), 1);
    assert_int_equal(needed(c.grammar, "12"), 1);
    assert_int_equal(needed(c.grammar, "1234"), 0);
    assert_int_equal(needed(c.grammar, "1*"), 0);
    free(c.document.memory);
}

static void digits_without_lengths_end_at_the_limit(void **state)
{
    (void)state;
    struct compiled c = compile("type=\"digits\">");
    char digits[IVR_GRAMMAR_DIGITS_MAX + 2];

    memset(digits, '7', sizeof(digits));
    digits[IVR_GRAMMAR_DIGITS_MAX] = '\0';
    assert_string_equal(meaning(c.grammar, digits), "digits");
    assert_int_equal(needed(c.grammar, digits), 0);
    digits[IVR_GRAMMAR_DIGITS_MAX - 1] = '\0';
    assert_int_equal(needed(c.grammar, digits), 1);
    digits[IVR_GRAMMAR_DIGITS_MAX - 1] = '7';
    digits[IVR_GRAMMAR_DIGITS_MAX] = '7';
    digits[IVR_GRAMMAR_DIGITS_MAX + 1] = '\0';
    assert_string_equal(meaning(c.grammar, digits), "no");
    free(c.document.memory);
}

static void booleans_have_keys(void **state)
{
    (void)state;
    struct compiled c = compile("type=\"boolean?y=7;n=*\">");

    assert_string_equal(meaning(c.grammar, "7"), "true");
    assert_string_equal(meaning(c.grammar, "*"), "false");
    assert_string_equal(meaning(c.grammar, "1"), "no");
    free(c.document.memory);
}

static void inline_grammars_have_rules_repeats_and_tags(void **state)
{
    (void)state;
    struct compiled c = compile(
        "><grammar mode=\"dtmf\" version=\"1.0\" root=\"r\">"
        "<rule id=\"r\"><one-of><item>1 <ruleref uri=\"#tail\"/><tag>out = \"first\";</tag></item>"
        "<item repeat=\"2-3\">2</item><item>star <item repeat=\"0-\">5</item> pound</item>"
        "</one-of></rule>"
        "<rule id=\"tail\"><item repeat=\"0-1\">0</item><token>9</token></rule></grammar>");

    assert_string_equal(meaning(c.grammar, "19"), "first");
    assert_string_equal(meaning(c.grammar, "109"), "first");
    assert_string_equal(meaning(c.grammar, "1"), "no");
    assert_string_equal(meaning(c.grammar, "2"), "no");
    assert_string_equal(meaning(c.grammar, "222"), "digits");
    assert_string_equal(meaning(c.grammar, "2222"), "no");
    assert_string_equal(meaning(c.grammar, "*#"), "digits");
    assert_string_equal(meaning(c.grammar, "*555#"), "digits");
    assert_int_equal(needed(c.grammar, ""), 2);
    assert_int_equal(needed(c.grammar, "10"), 1);
    assert_int_equal(needed(c.grammar, "22"), 1);
    assert_int_equal(needed(c.grammar, "3"), 0);
    free(c.document.memory);
}

static void literal_tags_are_taken_as_they_stand(void **state)
{
    (void)state;
    struct compiled c = compile("><grammar mode=\"dtmf\" tag-format=\"semantics/1.0-literals\">"
                                "<rule id=\"r\">1<tag>out=weird</tag></rule></grammar>");

    assert_string_equal(meaning(c.grammar, "1"), "out=weird");
    free(c.document.memory);

    c = compile("><grammar mode=\"dtmf\"><rule id=\"r\">1<tag>out = f(1);</tag></rule></grammar>");
    assert_string_equal(c.grammar->unusable, "error.unsupported.format");
    free(c.document.memory);
}

static void alternatives_join_and_the_first_wins(void **state)
{
    (void)state;
    struct compiled c =
        compile("type=\"digits?length=2\"><option dtmf=\"11\" value=\"eleven\"/>"
                "<option dtmf=\"2\">Two</option><option dtmf=\"3\"/>"
                "<grammar src=\"builtin:dtmf/boolean?y=4;n=5\"/><grammar mode=\"voice\">hello"
                "</grammar>");

    assert_string_equal(meaning(c.grammar, "11"), "digits");
    assert_string_equal(meaning(c.grammar, "2"), "Two");
    assert_string_equal(meaning(c.grammar, "3"), "3");
    assert_string_equal(meaning(c.grammar, "4"), "true");
    assert_int_equal(needed(c.grammar, "2"), 1); // 2 alone, or the first of two digits
    free(c.document.memory);
}

static void wrong_grammars_are_refused_with_a_reason(void **state)
{
    (void)state;
    expect_fault("><option dtmf=\"x\" value=\"x\"/>", "key sequence");
    expect_fault("><option dtmf=\" \" value=\"x\"/>", "at least one key");
    expect_fault("type=\"digits?minlength=5;maxlength=4\">", "makes no sense");
    expect_fault("type=\"digits?length=65\">", "makes no sense");
    expect_fault("type=\"digits?length\">", "makes no sense");
    expect_fault("type=\"boolean?y=1;n=1\">", "makes no sense");
    expect_fault("><grammar mode=\"dtmf\"><rule id=\"a\"><ruleref uri=\"#b\"/></rule></grammar>",
                 "ruleref");
    expect_fault("><grammar mode=\"dtmf\" root=\"b\"><rule id=\"a\">1</rule></grammar>", "root");
    expect_fault("><grammar mode=\"dtmf\"><rule id=\"a\"><one-of/></rule></grammar>", "one-of");
    expect_fault("><grammar mode=\"dtmf\"><rule id=\"a\"><item repeat=\"3-2\">1</item></rule>"
                 "</grammar>",
                 "repeat");
}

static void grammars_that_explode_are_refused(void **state)
{
    (void)state;
    // A rule that calls itself; items repeated within each other, with and without content.
    expect_fault("><grammar mode=\"dtmf\"><rule id=\"a\">1<ruleref uri=\"#a\"/></rule></grammar>",
                 "refers to itself");
    expect_fault("><grammar mode=\"dtmf\"><rule id=\"a\"><item repeat=\"64\"><item repeat=\"64\">"
                 "<item repeat=\"64\">1</item></item></item></rule></grammar>",
                 "too large");
    expect_fault("><grammar mode=\"dtmf\"><rule id=\"a\"><item repeat=\"64\"><item repeat=\"64\">"
                 "<item repeat=\"64\"><item repeat=\"64\"/></item></item></item></rule></grammar>",
                 "too large");
    expect_fault("><grammar mode=\"dtmf\"><rule id=\"a\"><ruleref uri=\"#b\"/><ruleref "
                 "uri=\"#b\"/></rule><rule id=\"b\"><ruleref uri=\"#c\"/><ruleref uri=\"#c\"/>"
                 "</rule><rule id=\"c\"><item repeat=\"64\"><item repeat=\"64\"><item "
                 "repeat=\"64\"><item/></item></item></item></rule></grammar>",
                 "too large");
}

/* What the collector relies on, over random inputs: asking for exactly digits_needed more can lead
   to acceptance, and nothing shorter does. */
static void digits_needed_is_the_distance_to_acceptance(void **state)
{
    (void)state;
    struct compiled c =
        compile("type=\"digits?minlength=3;maxlength=5\"><option dtmf=\"*12\" value=\"a\"/>"
                "<option dtmf=\"*\" value=\"b\"/><option dtmf=\"1234567\" value=\"c\"/>");
    static const char keys[] = "0123456789*#";
    uint64_t random = 1;

    for (int round = 0; round < 2000; round++) {
        char digits[10] = "";
        struct ivr_match match;

        for (size_t i = 0; i < 8; i++) {
            ivr_grammar_match(c.grammar, digits, &match);
            assert_true((match.next_keys == 0) == (match.digits_needed == 0));
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            char key = keys[(random >> 33) % 12];
            bool possible = (match.next_keys & ivr_key_bit(key)) != 0;
            uint32_t before = match.digits_needed;

            digits[i] = key;
            digits[i + 1] = '\0';
            ivr_grammar_match(c.grammar, digits, &match);
            if (match.accepted)
                assert_true(possible && before == 1);
            if (before == 0)
                assert_true(!match.accepted && match.digits_needed == 0);
        }
    }
    free(c.document.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_have_lengths),
        cmocka_unit_test(digits_without_lengths_end_at_the_limit),
        cmocka_unit_test(booleans_have_keys),
        cmocka_unit_test(inline_grammars_have_rules_repeats_and_tags),
        cmocka_unit_test(literal_tags_are_taken_as_they_stand),
        cmocka_unit_test(alternatives_join_and_the_first_wins),
        cmocka_unit_test(wrong_grammars_are_refused_with_a_reason),
        cmocka_unit_test(grammars_that_explode_are_refused),
        cmocka_unit_test(digits_needed_is_the_distance_to_acceptance),
    };

    return cmocka_run_group_tests_name("ivr/grammar", tests, NULL, NULL);
}
