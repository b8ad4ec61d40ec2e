/* The form interpretation algorithm: items, prompts, input, filled. */
#include "talk.h"

#define FIELD(inner)                                                                               \
    TALK_VXML("<form id=\"f\"><field name=\"digit\" type=\"digits?length=1\">" inner "</field>"    \
              "<block>You pressed <value expr=\"digit\"/>.</block></form>")

static void a_block_speaks_and_the_dialog_ends(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<form><block><prompt>Hello, <emphasis>you</emphasis>!</prompt>"
                         "</block></form>"),
               "say en: <speak version=\"1.0\" xml:lang=\"en\">Hello, <emphasis>you</emphasis>!"
               "</speak>\nend done\n");
}

static void items_are_visited_in_order_while_their_condition_holds(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<form><var name=\"no\" expr=\"false\"/><block>One.</block>"
                         "<block cond=\"no\">Two.</block><block cond=\"true\">Three.</block>"
                         "<block expr=\"1\">Four.</block><block name=\"five\" expr=\"true\">Five."
                         "</block></form><form><block>Never.</block></form>"),
               "say en: One.|Three.\nend done\n");
}

static void a_field_collects_exactly_what_its_grammar_needs(void **state)
{
    (void)state;
    struct talk *talk = talk_new(FIELD("<prompt>Press a digit.</prompt>"));

    talk_start(talk);
    talk_expect(talk, "ask en: Press a digit. [1 5000 #]\n");
    talk_press(talk, "7");
    talk_expect(talk, "told digit 7\nsay en: You pressed 7.\nend done\n");
    talk_free(talk);
}

static void prompts_are_tapered_by_their_count(void **state)
{
    (void)state;
    struct talk *talk =
        talk_new(FIELD("<prompt count=\"1\">Please choose.</prompt><prompt count=\"3\" "
                       "timeout=\"9s\">Press a digit from 0 to 9.</prompt>"));

    talk_start(talk);
    talk_expect(talk, "ask en: Please choose. [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: Please choose. [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: Press a digit from 0 to 9. [1 9000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: Press a digit from 0 to 9. [1 9000 #]\n");
    talk_free(talk);
}

static void prompts_of_equal_count_are_said_together_if_their_condition_holds(void **state)
{
    (void)state;
    struct talk *talk =
        talk_new(FIELD("<prompt cond=\"false\" count=\"2\">Never.</prompt><prompt>One.</prompt>"
                       "<prompt cond=\"'x'\">Two.</prompt>"));

    talk_start(talk);
    talk_expect(talk, "ask en: One.|Two. [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: One.|Two. [1 5000 #]\n");
    talk_free(talk);
}

static void a_handler_without_reprompt_asks_silently(void **state)
{
    (void)state;
    struct talk *talk = talk_new(FIELD("<prompt>Press a digit.</prompt><noinput>I wait.</noinput>"
                                       "<noinput count=\"2\">Still there? <reprompt/></noinput>"));

    talk_start(talk);
    talk_expect(talk, "ask en: Press a digit. [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: I wait. [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: Still there?|Press a digit. [1 5000 #]\n");
    talk_free(talk);
}

static void a_wrong_key_is_no_match_and_asked_again(void **state)
{
    (void)state;
    struct talk *talk = talk_new(FIELD("Press a digit."));

    talk_start(talk);
    talk_expect(talk, "ask en: Press a digit. [1 5000 #]\n");
    talk_press(talk, "*");
    talk_expect(talk, "ask en: Sorry, that is not a valid choice.|Press a digit. [1 5000 #]\n");
    talk_press_terminator(talk, "");
    talk_expect(talk, "ask en: Sorry, that is not a valid choice.|Press a digit. [1 5000 #]\n");
    talk_free(talk);
}

static void longer_input_is_asked_for_step_by_step(void **state)
{
    (void)state;
    struct talk *talk =
        talk_new(TALK_VXML("<form><field name=\"pin\" type=\"digits?minlength=3;maxlength=5\">"
                           "<property name=\"interdigittimeout\" value=\"2s\"/></field></form>"));

    talk_start(talk);
    talk_expect(talk, "ask [3 5000 #]\n");
    talk_press(talk, "123");
    talk_expect(talk, "ask [1 2000 #]\n");
    talk_press(talk, "4");
    talk_expect(talk, "ask [1 2000 #]\n");
    talk_stop_after(talk, NULL);
    talk_expect(talk, "told pin 1234\nend done\n");
    talk_free(talk);
}

static void a_terminator_or_silence_ends_an_input_early(void **state)
{
    (void)state;
    static const char xml[] =
        TALK_VXML("<form><field name=\"pin\" type=\"digits?minlength=3;maxlength=5\"/></form>");

    struct talk *talk = talk_new(xml);
    talk_start(talk);
    talk_press(talk, "123");
    talk_press_terminator(talk, "");
    talk_expect(talk, "ask [3 5000 #]\nask [1 3000 #]\ntold pin 123\nend done\n");
    talk_free(talk);

    talk = talk_new(xml);
    talk_start(talk);
    talk_stop_after(talk, "12"); // Too few: no match, although silence came after.
    talk_expect(talk, "ask [3 5000 #]\n"
                      "ask en: Sorry, that is not a valid choice. [3 5000 #]\n");
    talk_free(talk);
}

static void a_key_that_the_grammar_needs_does_not_terminate(void **state)
{
    (void)state;
    struct talk *talk =
        talk_new(TALK_VXML("<form><field name=\"key\"><option dtmf=\"#\" value=\"pound\"/>"
                           "<option dtmf=\"1 2\" value=\"twelve\"/></field>"
                           "<block><value expr=\"key\"/></block></form>"));

    talk_start(talk);
    talk_press(talk, "#");
    talk_expect(talk, "ask [1 5000]\ntold key #\nsay en: pound\nend done\n");
    talk_free(talk);
}

static void options_and_menus_mean_what_they_say(void **state)
{
    (void)state;
    struct talk *talk = talk_new(TALK_VXML(
        "<menu dtmf=\"true\"><prompt>Sales or support?</prompt><choice next=\"#sales\">Sales"
        "</choice><choice dtmf=\"0\" event=\"help\">Help</choice><choice next=\"#support\">"
        "Support</choice></menu>"
        "<form id=\"sales\"><block>Sales.</block></form>"
        "<form id=\"support\"><block>Support.</block></form>"));

    talk_start(talk);
    talk_expect(talk, "ask en: Sales or support? [1 5000 #]\n");
    talk_press(talk, "0");
    talk_expect(talk, "told  0\n"
                      "ask en: Sorry, there is no help here.|Sales or support? [1 5000 #]\n");
    talk_press(talk, "2");
    talk_expect(talk, "told  2\nsay en: Support.\nend done\n");
    talk_free(talk);
}

static void filled_runs_for_the_field_and_then_for_the_form(void **state)
{
    (void)state;
    struct talk *talk = talk_new(
        TALK_VXML("<form><filled mode=\"all\" namelist=\"a b\">Both.</filled><filled mode=\"any\" "
                  "namelist=\"b\">B.</filled><filled>All.</filled>"
                  "<field name=\"a\" type=\"digits?length=1\"><filled>A first.</filled></field>"
                  "<field name=\"b\" type=\"boolean\"/></form>"));

    talk_start(talk);
    talk_press(talk, "5");
    talk_expect(talk, "ask [1 5000 #]\ntold a 5\nask en: A first. [1 5000 #]\n");
    talk_press(talk, "1");
    talk_expect(talk, "told b 1\nsay en: Both.|B.|All.\nend done\n");
    talk_free(talk);
}

static void shadow_variables_tell_about_the_input(void **state)
{
    (void)state;
    struct talk *talk = talk_new(
        TALK_VXML("<form><field name=\"ok\" type=\"boolean\"/><block><value expr=\"ok\"/></block>"
                  "<block><value expr=\"ok$.utterance\"/></block></form>"));
    enum ivr_scope scope;
    const char *name;

    talk_answer(talk, "ok$.utterance", "\"2\"");
    talk_start(talk);
    talk_press(talk, "2");
    talk_expect(talk, "ask [1 5000 #]\ntold ok 2\nsay en: false|2\nend done\n");

    const struct ivr_variables *variables = ivr_session_variables(&talk->session);
    assert_true(ivr_variables_resolve(variables, "application.lastresult$", &scope, &name));
    assert_string_equal(ivr_variables_get(variables, IVR_SCOPE_DIALOG, "ok$"),
                        "{\"utterance\":\"2\",\"interpretation\":false,\"inputmode\":\"dtmf\","
                        "\"confidence\":1}");
    assert_string_equal(
        ivr_variables_get(variables, scope, name),
        "{\"0\":{\"utterance\":\"2\",\"interpretation\":false,\"inputmode\":\"dtmf\","
        "\"confidence\":1},\"length\":1,\"utterance\":\"2\",\"interpretation\":false,"
        "\"inputmode\":\"dtmf\",\"confidence\":1}");
    talk_free(talk);
}

static void a_field_that_cannot_be_filled_throws_when_it_is_visited(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<form><field name=\"x\"/></form>"),
               "end error (error.semantic: nothing could be entered here)\n");
    talk_whole(TALK_VXML("<form><field name=\"x\" type=\"currency\"/></form>"),
               "end error (error.unsupported.builtin: this grammar cannot be used)\n");
    talk_whole(TALK_VXML("<form><field name=\"x\"><grammar mode=\"voice\"><rule id=\"r\">yes"
                         "</rule></grammar></field></form>"),
               "end error (error.unsupported.format: this grammar cannot be used)\n");
}

static void elements_that_are_not_supported_say_so(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<form><catch event=\"error.unsupported\"><value expr=\"_event\"/>"
                         "</catch><block><submit next=\"http://x/\"/></block>"
                         "<block><script>var x = 1;</script></block></form>"),
               "say en: error.unsupported.submit|error.unsupported.script\nend done\n");
    talk_whole(TALK_VXML("<form><subdialog name=\"s\" src=\"x.vxml\"><filled/></subdialog></form>"),
               "end error (error.unsupported.subdialog: this element is not supported)\n");
}

static void prompts_that_cannot_be_cut_short_are_heard_before(void **state)
{
    (void)state;
    struct talk *talk = talk_new(FIELD("<prompt bargein=\"false\">Listen well.</prompt>"
                                       "<prompt>Press a digit.</prompt>"));

    talk_start(talk);
    talk_expect(talk, "say en: Listen well.!\nask en: Press a digit. [1 5000 #]\n");
    talk_free(talk);
}

static void a_digit_that_cuts_a_prompt_short_cuts_all_that_may_be_cut(void **state)
{
    (void)state;
    struct ivr_input barged = {.kind = IVR_INPUT_MEDIA, .heard = IVR_HEARD_BARGED};
    struct ivr_input start = {.kind = IVR_INPUT_START};
    struct talk *talk = talk_new(FIELD("<prompt>One.</prompt><prompt bargein=\"false\">Two."
                                       "</prompt><prompt>Three.</prompt>"));

    ivr_session_step(&talk->session, &start, &talk->effects);
    assert_int_equal(talk->effects.count, 1);
    assert_int_equal(talk->effects.list[0].kind, IVR_EFFECT_PLAY);
    ivr_session_step(&talk->session, &barged, &talk->effects);
    // Two may not be cut and goes with the collect; Three is gone.
    assert_int_equal(talk->effects.count, 1);
    assert_int_equal(talk->effects.list[0].kind, IVR_EFFECT_COLLECT);
    assert_int_equal(talk->effects.list[0].segment_count, 1);
    assert_false(talk->effects.list[0].barge_in);
    talk_free(talk);
}

static void sensitive_digits_appear_nowhere(void **state)
{
    (void)state;
    struct talk *talk = talk_new(
        TALK_VXML("<form><property name=\"tandem.sensitive\" value=\"true\"/><field name=\"pin\" "
                  "type=\"digits?length=4\"/><block><log label=\"pin\"><value expr=\"pin\"/></log>"
                  "<var name=\"copy\" expr=\"pin\"/><exit namelist=\"pin copy\"/></block></form>"));

    talk_start(talk);
    talk_press(talk, "1234");
    talk_expect(talk, "ask [4 5000 # sensitive]\ntold pin -\n"
                      "log (withheld: the dialog holds sensitive digits)\nend done\n");
    assert_null(strstr(ivr_variables_get(ivr_session_variables(&talk->session),
                                         IVR_SCOPE_APPLICATION, "lastresult$"),
                       "1234"));
    talk_free(talk);
}

static void a_dialog_goes_on_where_another_process_left_it(void **state)
{
    (void)state;
    static const char xml[] = TALK_VXML(
        "<form><block>Welcome.</block><field name=\"a\" type=\"digits?length=1\">A?</field>"
        "<field name=\"b\" type=\"digits?length=1\">B?</field>"
        "<block><value expr=\"a\"/> and <value expr=\"b\"/></block></form>");
    struct talk *before = talk_new(xml);

    talk_start(before);
    talk_press(before, "1");
    talk_expect(before, "ask en: Welcome.|A? [1 5000 #]\ntold a 1\nask en: B? [1 5000 #]\n");

    struct ivr_position position = ivr_session_position(&before->session);
    struct talk *after = talk_new(xml);
    assert_true(ivr_session_resume(&after->session, &position));
    assert_int_equal(ivr_session_restore_variable(&after->session, IVR_SCOPE_DIALOG, "a", "\"1\""),
                     TD_OK);
    talk_start(after);
    talk_press(after, "2");
    talk_expect(after, "ask en: B? [1 5000 #]\ntold b 2\nsay en: 1 and 2\nend done\n");

    struct talk *changed = talk_new(TALK_VXML("<form><block>New.</block></form>"));
    assert_false(ivr_session_resume(&changed->session, &position));
    talk_start(changed);
    talk_expect(changed, "say en: New.\nend done\n");
    talk_free(before);
    talk_free(after);
    talk_free(changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_speaks_and_the_dialog_ends),
        cmocka_unit_test(items_are_visited_in_order_while_their_condition_holds),
        cmocka_unit_test(a_field_collects_exactly_what_its_grammar_needs),
        cmocka_unit_test(prompts_are_tapered_by_their_count),
        cmocka_unit_test(prompts_of_equal_count_are_said_together_if_their_condition_holds),
        cmocka_unit_test(a_handler_without_reprompt_asks_silently),
        cmocka_unit_test(a_wrong_key_is_no_match_and_asked_again),
        cmocka_unit_test(longer_input_is_asked_for_step_by_step),
        cmocka_unit_test(a_terminator_or_silence_ends_an_input_early),
        cmocka_unit_test(a_key_that_the_grammar_needs_does_not_terminate),
        cmocka_unit_test(options_and_menus_mean_what_they_say),
        cmocka_unit_test(filled_runs_for_the_field_and_then_for_the_form),
        cmocka_unit_test(shadow_variables_tell_about_the_input),
        cmocka_unit_test(a_field_that_cannot_be_filled_throws_when_it_is_visited),
        cmocka_unit_test(elements_that_are_not_supported_say_so),
        cmocka_unit_test(prompts_that_cannot_be_cut_short_are_heard_before),
        cmocka_unit_test(a_digit_that_cuts_a_prompt_short_cuts_all_that_may_be_cut),
        cmocka_unit_test(sensitive_digits_appear_nowhere),
        cmocka_unit_test(a_dialog_goes_on_where_another_process_left_it),
    };

    return cmocka_run_group_tests_name("ivr/form", tests, NULL, NULL);
}
