/* Reading documents: what is wrong is said with its line, and what is hostile is refused cheaply.
 */
#include "talk.h"

static void expect(const char *xml, enum td_err err, uint32_t line, const char *message)
{
    struct talk_document document;
    struct ivr_fault fault = {0, ""};

    assert_int_equal(talk_read(&document, xml, &fault), err);
    if (line != 0)
        assert_int_equal(fault.line, line);
    if (strstr(fault.message, message) == NULL)
        fail_msg("expected \"%s\", found \"%s\"", message, fault.message);
    free(document.memory);
}

static void a_document_is_a_tree(void **state)
{
    (void)state;
    struct talk_document of;
    struct ivr_fault fault;
    static const char xml[] =
        "<?xml version=\"1.0\"?>\n"
        "<!DOCTYPE vxml PUBLIC \"-//W3C//DTD VOICEXML 2.1//EN\" "
        "\"http://www.w3.org/TR/voicexml21/vxml.dtd\">\n"
        "<vxml version=\"2.1\" xml:lang=\"en\" xmlns=\"http://www.w3.org/2001/vxml\">\n"
        "<metadata><rdf:x xmlns:rdf=\"urn:x\"/></metadata><property name=\"timeout\" value=\"7s\"/>"
        "<form id=\"a\"/><form id=\"b\" xml:lang=\"zh\"><block cond=\"a &amp;&amp; "
        "b &lt; 'c' &gt; &quot;\">Hi &amp; &lt;you&#62;</block></form></vxml>";

    assert_int_equal(talk_read(&of, xml, &fault), TD_OK);
    const struct ivr_document *document = &of.document;
    uint32_t form = ivr_document_dialog(document, "b");
    assert_int_equal(ivr_node_element(document, form), IVR_FORM);
    assert_int_equal(ivr_node_line(document, form), 4);
    uint32_t block = ivr_node_child(document, form);
    assert_int_equal(ivr_node_element(document, block), IVR_BLOCK);
    assert_string_equal(ivr_node_text(document, ivr_node_child(document, block)), "Hi & <you>");
    assert_string_equal(ivr_node_attribute(document, block, IVR_ATTR_COND), "a && b < 'c' > \"");
    assert_string_equal(ivr_node_language(document, block), "zh");
    assert_string_equal(ivr_node_property(document, block, "timeout"), "7s");
    assert_null(ivr_node_property(document, block, "bargein"));
    assert_int_equal(ivr_document_dialog(document, ""), ivr_document_dialog(document, "a"));
    assert_int_equal(ivr_document_dialog(document, "c"), 0);
    free(of.memory);
}

static void mistakes_are_told_with_their_line(void **state)
{
    (void)state;
    expect("", TD_ERR_SYNTAX, 0, "");
    expect("<vxml version=\"2.1\">\n<form>\n</vxml>", TD_ERR_SYNTAX, 3, "mismatch");
    expect("<html/>", TD_ERR_SYNTAX, 1, "unknown element <html>");
    expect("<vxml version=\"2.1\"><form/></vxml><form/>", TD_ERR_SYNTAX, 0, "");
    expect("<form/>", TD_ERR_SYNTAX, 0, "must be <vxml>");
    expect("<vxml/>", TD_ERR_SYNTAX, 1, "version");
    expect("<vxml version=\"1.0\"><form/></vxml>", TD_ERR_SYNTAX, 1, "2.0 or 2.1");
    expect("<vxml version=\"2.0\"/>", TD_ERR_SYNTAX, 1, "at least one form");
    expect("<vxml version=\"2.0\" application=\"root.vxml\"><form/></vxml>", TD_ERR_SYNTAX, 1,
           "root");
    expect("<x:vxml xmlns:x=\"urn:other\" version=\"2.0\"/>", TD_ERR_SYNTAX, 1, "unknown");
}

static void elements_have_their_place(void **state)
{
    (void)state;
    expect(TALK_VXML("<form><prompt>Hi</prompt></form>"), TD_ERR_SYNTAX, 1,
           "<prompt> may not stand in <form>");
    expect(TALK_VXML("<form><block><field name=\"x\"/></block></form>"), TD_ERR_SYNTAX, 1,
           "<field> may not stand in <block>");
    expect(TALK_VXML("<form>text</form>"), TD_ERR_SYNTAX, 1, "<form>: may not hold text");
    expect(TALK_VXML("<form><block><else/></block></form>"), TD_ERR_SYNTAX, 1, "<else>");
    expect(TALK_VXML("<form><block><prompt><goto next=\"#x\"/></prompt></block></form>"),
           TD_ERR_SYNTAX, 1, "<goto> may not stand in <prompt>");
}

static void elements_have_their_attributes(void **state)
{
    (void)state;
    expect(TALK_VXML("<form><var expr=\"1\"/></form>"), TD_ERR_SYNTAX, 1, "<var> needs");
    expect(TALK_VXML("<form><var name=\"a.b\"/></form>"), TD_ERR_SYNTAX, 1, "plain variable");
    expect(TALK_VXML("<form><var name=\"session\"/></form>"), TD_ERR_SYNTAX, 1, "plain variable");
    expect(TALK_VXML("<form><block><if>x</if></block></form>"), TD_ERR_SYNTAX, 1, "cond");
    expect(TALK_VXML("<form><block><goto next=\"#a\" expr=\"b\"/></block></form>"), TD_ERR_SYNTAX,
           1, "exactly one of next");
    expect(TALK_VXML("<form><block name=\"a\"/><block name=\"a\"/></form>"), TD_ERR_SYNTAX, 1,
           "used twice");
    expect(TALK_VXML("<form id=\"a\"/><menu id=\"a\"/>"), TD_ERR_SYNTAX, 1, "used twice");
    expect(TALK_VXML("<property name=\"timeout\" value=\"5\"/><form/>"), TD_ERR_SYNTAX, 1, "5s");
    expect(TALK_VXML("<form><field name=\"x\"><prompt count=\"0\">a</prompt></field></form>"),
           TD_ERR_SYNTAX, 1, "count");
    expect(TALK_VXML("<form><transfer/></form>"), TD_ERR_SYNTAX, 1, "dest");
    expect(TALK_VXML("<form xml:lang=\"&quot;&gt;\"/>"), TD_ERR_SYNTAX, 1, "xml:lang");
}

static void a_billion_laughs_are_not_laughed(void **state)
{
    (void)state;
    expect("<?xml version=\"1.0\"?><!DOCTYPE vxml [<!ENTITY a \"ha\"><!ENTITY b "
           "\"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]>"
           "<vxml version=\"2.0\"><form><block>&c;</block></form></vxml>",
           TD_ERR_SYNTAX, 1, "not allowed");
    expect("<!DOCTYPE vxml [<!ENTITY % p SYSTEM \"file:///etc/passwd\"> %p;]><vxml/>",
           TD_ERR_SYNTAX, 1, "not allowed");
    expect("<!DOCTYPE vxml [<!ATTLIST form id CDATA \"x\">]><vxml version=\"2.0\"><form/></vxml>",
           TD_ERR_SYNTAX, 1, "not allowed");
    expect("<!DOCTYPE vxml [<!ELEMENT vxml ANY>]><vxml version=\"2.0\"><form/></vxml>",
           TD_ERR_SYNTAX, 1, "not allowed");
    expect("<vxml version=\"2.0\"><form><block>&file;</block></form></vxml>", TD_ERR_SYNTAX, 1, "");
    expect("<!DOCTYPE vxml SYSTEM \"http://127.0.0.1:1/x.dtd\"><vxml version=\"2.0\"><form "
           "id=\"&file;\"/></vxml>",
           TD_ERR_SYNTAX, 1, "");
    expect("<!DOCTYPE vxml SYSTEM \"http://127.0.0.1:1/x.dtd\"><vxml version=\"2.0\"><form><block>"
           "&file;</block></form></vxml>",
           TD_ERR_SYNTAX, 1, "");
}

static char *repeat(const char *before, const char *piece, size_t count, const char *after)
{
    char *xml = malloc(strlen(before) + count * strlen(piece) + strlen(after) + 1);
    char *at = xml;

    assert_non_null(xml);
    at = stpcpy(at, before);
    for (size_t i = 0; i < count; i++)
        at = stpcpy(at, piece);
    (void)stpcpy(at, after);
    return xml;
}

static void expect_repeated(const char *before, const char *piece, size_t count, const char *after,
                            enum td_err err, const char *message)
{
    char *xml = repeat(before, piece, count, after);

    expect(xml, err, 0, message);
    free(xml);
}

static void sizes_have_bounds(void **state)
{
    (void)state;
    static const char open[] = "<vxml version=\"2.0\"><form><block>";
    static const char close[] = "</block></form></vxml>";

    expect_repeated(open, "<if cond=\"1\">", 100000, close, TD_ERR_LIMIT, "256 KiB");
    expect_repeated(open, "<if cond=\"1\">", 40, close, TD_ERR_LIMIT, "deeply nested");
    expect_repeated(open, "<reprompt/>", 9000, close, TD_ERR_LIMIT, "too large");
    expect_repeated("<vxml version=\"2.0\" x=\"", "0123456789", 500, "\"><form/></vxml>",
                    TD_ERR_LIMIT, "too large");
    expect_repeated("<vxml version=\"2.0\">", "<form/>", 600, "</vxml>", TD_ERR_SYNTAX, "512");
    expect_repeated("<vxml version=\"2.0\"><form>", "<block/>", 65, "</form></vxml>", TD_ERR_SYNTAX,
                    "64 items");
}

/* Whatever is cut off, broken or not UTF-8 is refused or read, never more. */
static void every_truncation_and_every_changed_byte_is_survived(void **state)
{
    (void)state;
    static const char xml[] = TALK_VXML(
        "<form id=\"f\"><field name=\"x\"><grammar mode=\"dtmf\"><rule id=\"r\"><item "
        "repeat=\"1-2\">"
        "1</item></rule></grammar><prompt xml:lang=\"zh\">按&amp;</prompt></field></form>");
    char changed[sizeof(xml)];
    struct talk_document document;
    struct ivr_fault fault;

    for (size_t i = 0; i < sizeof(xml) - 1; i++) {
        static const char bytes[] = {'<', '\0', '\xff', '"', '&'};

        memcpy(changed, xml, sizeof(xml));
        changed[i] = '\0';
        assert_int_not_equal(talk_read(&document, changed, &fault), TD_OK);
        free(document.memory);
        for (size_t b = 0; b < sizeof(bytes); b++) {
            memcpy(changed, xml, sizeof(xml));
            changed[i] = bytes[b];
            (void)(talk_read(&document, changed, &fault) == TD_OK);
            free(document.memory);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_a_tree),
        cmocka_unit_test(mistakes_are_told_with_their_line),
        cmocka_unit_test(elements_have_their_place),
        cmocka_unit_test(elements_have_their_attributes),
        cmocka_unit_test(a_billion_laughs_are_not_laughed),
        cmocka_unit_test(sizes_have_bounds),
        cmocka_unit_test(every_truncation_and_every_changed_byte_is_survived),
    };

    return cmocka_run_group_tests_name("ivr/document", tests, NULL, NULL);
}
