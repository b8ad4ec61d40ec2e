/* Executable content: conditions, variables, ways to leave. */
#include "talk.h"

#define BLOCK(inner) TALK_VXML("<form id=\"f\"><block>" inner "</block></form>")

static void the_first_branch_that_holds_is_taken(void **state)
{
    (void)state;
    static const char xml[] =
        TALK_VXML("<form><var name=\"a\" expr=\"%s\"/><var name=\"b\" expr=\"%s\"/><block>Before. "
                  "<if cond=\"a\">A.<elseif cond=\"b\"/>B.<prompt>More.</prompt><else/>Else."
                  "</if>After.</block></form>");
    static const struct {
        const char *a, *b, *expected;
    } cases[] = {
        {"true", "true", "say en: Before.|A.|After.\nend done\n"},
        {"0", "'x'", "say en: Before.|B.|More.|After.\nend done\n"},
        {"''", "null", "say en: Before.|Else.|After.\nend done\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char filled[1024];

        (void)snprintf(filled, sizeof(filled), xml, cases[i].a, cases[i].b);
        talk_whole(filled, cases[i].expected);
    }
}

static void branches_may_be_empty_and_nested(void **state)
{
    (void)state;
    talk_whole(BLOCK("<if cond=\"true\"><elseif cond=\"true\"/>No.</if>"
                     "<if cond=\"false\">No.<else/></if>"
                     "<if cond=\"false\"/><if cond=\"false\">No.<elseif cond=\"false\"/>No.</if>"
                     "<if cond=\"true\"><if cond=\"false\">No.<else/><if cond=\"true\">Deep.</if>"
                     "</if></if>End."),
               "say en: Deep.|End.\nend done\n");
}

static void variables_live_in_their_scopes(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<var name=\"v\" expr=\"'document'\"/><form id=\"f\">"
                         "<var name=\"v\" expr=\"'dialog'\"/>"
                         "<block><value expr=\"v\"/><var name=\"v\" expr=\"'block'\"/> "
                         "<value expr=\"v\"/> <value expr=\"document.v\"/></block>"
                         "<block><value expr=\"v\"/><assign name=\"document.v\" expr=\"'new'\"/>"
                         "<goto next=\"#g\"/></block></form>"
                         "<form id=\"g\"><block><value expr=\"v\"/></block></form>"),
               "say en: dialog|block document|dialog|new\nend done\n");
}

static void only_declared_variables_can_be_assigned(void **state)
{
    (void)state;
    talk_whole(BLOCK("<assign name=\"x\" expr=\"1\"/>No."),
               "end error (error.semantic: assignment to an undeclared variable)\n");
    talk_whole(BLOCK("<assign name=\"dialog.x\" expr=\"1\"/>No."),
               "end error (error.semantic: assignment to an undeclared variable)\n");
}

static void session_variables_can_be_read_and_not_written(void **state)
{
    (void)state;
    struct talk *talk = talk_new(BLOCK("<value expr=\"session.greeting\"/> <value "
                                       "expr=\"greeting\"/>"
                                       "<assign name=\"session.greeting\" expr=\"1\"/>"));

    assert_int_equal(ivr_session_set(&talk->session, "greeting", "\"Hi\""), TD_OK);
    talk_start(talk);
    talk_expect(talk,
                "say en: Hi Hi\nend error (error.semantic: session variables are read-only)\n");
    talk_free(talk);
}

static void properties_of_objects_are_assigned_by_the_script_engine(void **state)
{
    (void)state;
    struct talk *talk = talk_new(BLOCK("<var name=\"o\" expr=\"{}\"/><assign name=\"o.count\" "
                                       "expr=\"2\"/>Done."));

    talk_answer(talk, "{}", "{}");
    talk_start(talk);
    talk_expect(talk, "eval o.count=(2\n)\nend error (error.semantic: no answer)\n");
    talk_free(talk);
}

static void what_a_script_changes_is_kept(void **state)
{
    (void)state;
    struct talk *talk = talk_new(
        TALK_VXML("<form><var name=\"n\" expr=\"1\"/><block cond=\"++n > 1\"><value expr=\"n\"/>"
                  "</block></form>"));
    struct ivr_change changes[] = {{IVR_SCOPE_DIALOG, "n", "2"},
                                   {IVR_SCOPE_SESSION, "n", "3"}, // Not to be changed by anybody.
                                   {IVR_SCOPE_DOCUMENT, "not a name", "4"}};
    struct ivr_input start = {.kind = IVR_INPUT_START};

    ivr_session_step(&talk->session, &start, &talk->effects);
    assert_int_equal(talk->effects.list[0].kind, IVR_EFFECT_EVALUATE);
    assert_string_equal(talk->effects.list[0].expression, "++n > 1");
    assert_int_equal(talk->effects.list[0].mode, IVR_MODE_BOOLEAN);
    talk_step(talk, (struct ivr_input){.kind = IVR_INPUT_SCRIPT,
                                       .value = "true",
                                       .changes = changes,
                                       .change_count = 3});
    talk_expect(talk, "say en: 2\nend done\n");
    assert_null(ivr_variables_get(ivr_session_variables(&talk->session), IVR_SCOPE_SESSION, "n"));
    talk_free(talk);
}

static void clear_makes_items_new(void **state)
{
    (void)state;
    struct talk *talk = talk_new(TALK_VXML(
        "<form><var name=\"tries\" expr=\"1\"/><field name=\"pin\" type=\"digits?length=1\">"
        "<prompt count=\"1\">Pin?</prompt><prompt count=\"2\">Once more.</prompt>"
        "<filled><if cond=\"tries\"><assign name=\"tries\" expr=\"0\"/><clear namelist=\"pin\"/>"
        "</if></filled></field></form>"));

    talk_start(talk);
    talk_press(talk, "1");
    talk_press(talk, "2");
    talk_expect(talk, "ask en: Pin? [1 5000 #]\ntold pin 1\nask en: Pin? [1 5000 #]\n"
                      "told pin 2\nend done\n");
    talk_free(talk);
}

static void goto_leads_to_items_forms_and_documents(void **state)
{
    (void)state;
    struct talk *talk =
        talk_new(TALK_VXML("<form id=\"f\"><block><goto nextitem=\"third\"/></block>"
                           "<block>Second.<goto expr=\"'other.vxml#y'\"/></block>"
                           "<block name=\"third\">Third.<goto expritem=\"'fourth'\"/></block>"
                           "<block name=\"fourth\">Fourth.</block></form>"));

    talk_add_document(talk, "other.vxml",
                      TALK_VXML("<form id=\"x\"><block>X.<exit/></block></form><form id=\"y\">"
                                "<block>Y.<goto next=\"#x\"/></block></form>"));
    talk_start(talk);
    talk_expect(talk, "say en: Third.|Fourth.|Second.|Y.|X.\nend done\n");
    assert_ptr_equal(ivr_session_document(&talk->session), &talk->documents[1].document);
    talk_free(talk);
}

static void a_goto_to_nowhere_is_a_bad_fetch_here(void **state)
{
    (void)state;
    static const char *const ways[] = {
        "next=\"#missing\"",        "next=\"missing.vxml\"",   "nextitem=\"missing\"",
        "expritem=\"'missing'\"",   "next=\"../main.vxml\"",   "next=\"http://x/main.vxml\"",
        "next=\"main.vxml#wrong\"", "next=\"/etc/main.vxml\"", "expr=\"'main.vxm'\"",
    };

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        char xml[1024];

        (void)snprintf(xml, sizeof(xml),
                       TALK_VXML("<form id=\"f\"><var name=\"here\" expr=\"'here'\"/>"
                                 "<catch event=\"error.badfetch\">Caught <value expr=\"here\"/>."
                                 "<exit/></catch><block><goto %s/></block></form>"),
                       ways[i]);
        talk_whole(xml, "say en: Caught here.\nend done\n");
    }
}

static void a_document_that_runs_in_circles_is_ended(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<form id=\"f\"><block><goto next=\"#f\"/></block></form>"),
               "end error (error.semantic: the document runs in circles without listening)\n");
    talk_whole(TALK_VXML("<form id=\"f\"><catch event=\"a\"><throw event=\"a\"/></catch>"
                         "<block><throw event=\"a\"/></block></form>"),
               "end error (error.semantic: the document runs in circles without listening)\n");

    // Circles through the script engine are dearer and end sooner.
    struct talk *talk = talk_new(TALK_VXML("<form id=\"f\"><block><if cond=\"1 + 1\"><goto "
                                           "next=\"#f\"/></if></block></form>"));
    talk_answer(talk, "1 + 1", "true");
    talk_start(talk);
    talk_expect(talk,
                "end error (error.semantic: the document runs in circles without listening)\n");
    talk_free(talk);
}

static void exit_returns_variables(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<form><var name=\"topic\" expr=\"'cards'\"/><var name=\"count\" "
                         "expr=\"3\"/><var name=\"vip\" expr=\"true\"/><var name=\"no\" "
                         "expr=\"false\"/><var name=\"nothing\"/><block>Bye.<exit "
                         "namelist=\"topic dialog.count vip no nothing\"/></block></form>"),
               "say en: Bye.\nend done topic=cards count=3 vip\n");
    talk_whole(BLOCK("<exit expr=\"'paid'\"/>"), "end done (paid)\n");
    talk_whole(BLOCK("<exit namelist=\"missing\"/>"), "end error (error.semantic: missing)\n");
}

static void a_transfer_leads_to_a_queue_with_attributes(void **state)
{
    (void)state;
    static const char xml[] =
        TALK_VXML("<form><var name=\"language\" expr=\"'zh'\"/><transfer %s><property "
                  "name=\"tandem.attributes\" value=\"language\"/>One moment.</transfer></form>");
    static const struct {
        const char *attributes, *expected;
    } cases[] = {
        {"dest=\"queue:sales\"", "say en: One moment.\nend transfer sales language=zh\n"},
        {"destexpr=\"'queue:'\" type=\"blind\"",
         "say en: One moment.\nend transfer  language=zh\n"},
        {"dest=\"tel:+4412345\"",
         "say en: One moment.\nend error (error.unsupported.uri: transfers lead to queues)\n"},
        {"dest=\"nonsense\"",
         "say en: One moment.\nend error (error.connection.baddestination: expected queue:NAME)\n"},
        {"dest=\"queue:x\" bridge=\"true\"",
         "say en: One moment.\nend error (error.unsupported.transfer.bridge: transfers are "
         "blind)\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char filled[1024];

        (void)snprintf(filled, sizeof(filled), xml, cases[i].attributes);
        talk_whole(filled, cases[i].expected);
    }
}

static void a_transfer_can_ask_for_certain_agents(void **state)
{
    (void)state;
    struct talk *talk =
        talk_new(TALK_VXML("<form><transfer dest=\"queue:a\"><property name=\"tandem.requirement\" "
                           "value=\"skill.wealth &gt;= 5\"/></transfer></form>"));

    talk_start(talk);
    assert_string_equal(ivr_session_result(&talk->session)->requirement, "skill.wealth >= 5");
    talk_free(talk);
}

static void log_writes_its_label_expression_and_content(void **state)
{
    (void)state;
    talk_whole(BLOCK("<var name=\"x\" expr=\"7\"/><log label=\"note\" expr=\"x\"/>"
                     "<log>x is <value expr=\"x\"/></log><log/>"),
               "log note: 7\nlog x is 7\nlog \nend done\n");
}

static void throw_carries_a_message(void **state)
{
    (void)state;
    talk_whole(
        TALK_VXML("<form><catch event=\"a.b\"><value expr=\"_event\"/>: <value "
                  "expr=\"_message\"/></catch>"
                  "<block><throw event=\"a.b.c\" message=\"because\"/></block>"
                  "<block><throw eventexpr=\"'a.b'\" messageexpr=\"'why'\"/></block></form>"),
        "say en: a.b.c: because|a.b: why\nend done\n");
    talk_whole(BLOCK("<throw event=\"my.own\"/>"), "end error (my.own)\n");
}

static void disconnect_hears_out_the_prompts_and_lets_the_document_finish(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<catch event=\"connection.disconnect\"><log>gone</log>Unheard.</catch>"
                         "<form><block>Goodbye.<disconnect/>Never.</block></form>"),
               "say en: Goodbye.\nlog gone\nend done\n");
}

static void too_many_variables_are_an_error_of_the_document(void **state)
{
    (void)state;
    char xml[16384] = "<vxml version=\"2.1\"><form>";

    for (int i = 0; i < 200; i++) {
        size_t used = strlen(xml);
        (void)snprintf(xml + used, sizeof(xml) - used, "<var name=\"v%d\" expr=\"'x'\"/>", i);
    }
    strcat(xml, "</form></vxml>");
    talk_whole(xml, "end error (error.semantic: no room for another variable)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_branch_that_holds_is_taken),
        cmocka_unit_test(branches_may_be_empty_and_nested),
        cmocka_unit_test(variables_live_in_their_scopes),
        cmocka_unit_test(only_declared_variables_can_be_assigned),
        cmocka_unit_test(session_variables_can_be_read_and_not_written),
        cmocka_unit_test(properties_of_objects_are_assigned_by_the_script_engine),
        cmocka_unit_test(what_a_script_changes_is_kept),
        cmocka_unit_test(clear_makes_items_new),
        cmocka_unit_test(goto_leads_to_items_forms_and_documents),
        cmocka_unit_test(a_goto_to_nowhere_is_a_bad_fetch_here),
        cmocka_unit_test(a_document_that_runs_in_circles_is_ended),
        cmocka_unit_test(exit_returns_variables),
        cmocka_unit_test(a_transfer_leads_to_a_queue_with_attributes),
        cmocka_unit_test(a_transfer_can_ask_for_certain_agents),
        cmocka_unit_test(log_writes_its_label_expression_and_content),
        cmocka_unit_test(throw_carries_a_message),
        cmocka_unit_test(disconnect_hears_out_the_prompts_and_lets_the_document_finish),
        cmocka_unit_test(too_many_variables_are_an_error_of_the_document),
    };

    return cmocka_run_group_tests_name("ivr/content", tests, NULL, NULL);
}
