/* Events: which handler, how often, and hanging up at every point. */
#include "talk.h"

static void handlers_are_chosen_by_their_count(void **state)
{
    (void)state;
    struct talk *talk = talk_new(
        TALK_VXML("<form><field name=\"x\" type=\"digits?length=1\"><noinput>One.</noinput>"
                  "<noinput count=\"3\">Three.</noinput><noinput count=\"4\"><exit/></noinput>"
                  "<nomatch count=\"2\">Wrong twice.</nomatch></field></form>"));

    talk_start(talk);
    talk_expect(talk, "ask [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: One. [1 5000 #]\n");
    talk_press(talk, "*"); // Counts of nomatch and noinput are apart.
    talk_expect(talk, "ask en: Sorry, that is not a valid choice. [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: One. [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: Three. [1 5000 #]\n");
    talk_press(talk, "*");
    talk_expect(talk, "ask en: Wrong twice. [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "end done\n");
    talk_free(talk);
}

static void counts_begin_anew_in_each_form_and_item(void **state)
{
    (void)state;
    struct talk *talk = talk_new(TALK_VXML(
        "<noinput>First.</noinput><noinput count=\"2\">Second.<goto next=\"#g\"/></noinput>"
        "<form><field name=\"x\" type=\"digits\"/></form>"
        "<form id=\"g\"><field name=\"y\" type=\"digits\"/></form>"));

    talk_start(talk);
    talk_silence(talk);
    talk_expect(talk, "ask [1 5000 #]\nask en: First. [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: Second. [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: First. [1 5000 #]\n");
    talk_free(talk);
}

static void the_innermost_handler_wins_unless_another_counts_higher(void **state)
{
    (void)state;
    struct talk *talk = talk_new(TALK_VXML(
        "<noinput count=\"2\">Document twice.</noinput><noinput>Document.</noinput>"
        "<form><noinput>Form.</noinput><field name=\"x\" type=\"digits\">"
        "<catch event=\"noinput nomatch\">Field.</catch><catch>Any.</catch></field></form>"));

    talk_start(talk);
    talk_silence(talk);
    talk_expect(talk, "ask [1 5000 #]\nask en: Field. [1 5000 #]\n");
    talk_silence(talk);
    talk_expect(talk, "ask en: Document twice. [1 5000 #]\n");
    talk_free(talk);
}

static void handlers_have_conditions(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<form><catch event=\"a\" cond=\"false\">No.</catch>"
                         "<catch event=\"a\" cond=\"'yes'\">Yes.</catch><catch>Any.</catch>"
                         "<block><throw event=\"a\"/></block></form>"),
               "say en: Yes.\nend done\n");
}

static void events_match_by_whole_tokens(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<catch event=\"error.bad\">Token.</catch>"
                         "<catch event=\"error.\">Family.</catch>"
                         "<form><block><throw event=\"error.badfetch\"/></block></form>"),
               "say en: Family.\nend done\n");
    talk_whole(TALK_VXML("<error>Error.</error><form><block><throw event=\"errors\"/></block>"
                         "</form>"),
               "end error (errors)\n");
}

static void a_failed_script_is_an_event_and_the_dialog_goes_on(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<form><catch event=\"error.semantic\">Caught.</catch>"
                         "<block><value expr=\"1 / x\"/>Never.</block><block>Next.</block></form>"),
               "eval 1 / x\nsay en: Caught.|Next.\nend done\n");
}

static void an_error_before_the_first_form_ends_the_dialog(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<catch event=\"error\">Caught.</catch><var name=\"v\" expr=\"f()\"/>"
                         "<form><block>Never.</block></form>"),
               "eval f()\nsay en: Caught.\nend error (error.semantic)\n");
}

static void the_default_handlers_speak_the_language_of_the_document(void **state)
{
    (void)state;
    struct talk *talk = talk_new("<vxml version=\"2.0\" xml:lang=\"zh-CN\"><form><field name=\"x\" "
                                 "type=\"digits?length=1\"/></form></vxml>");

    talk_start(talk);
    talk_press(talk, "*");
    talk_expect(talk, "ask [1 5000 #]\nask zh-CN: 对不起，没有这个选项。 [1 5000 #]\n");
    talk_free(talk);
}

static void what_cannot_be_played_is_an_event(void **state)
{
    (void)state;
    struct talk *talk = talk_new(TALK_VXML("<form><field name=\"x\" type=\"digits\"/></form>"));

    talk_start(talk);
    talk_step(talk, (struct ivr_input){.kind = IVR_INPUT_MEDIA, .heard = IVR_HEARD_NOTHING});
    talk_expect(talk, "ask [1 5000 #]\nend error (error.noresource: nothing could be played or "
                      "collected)\n");
    talk_free(talk);
}

/* --- hanging up --- */

#define LONG_DIALOG                                                                                \
    TALK_VXML("<catch event=\"connection.disconnect\"><log>bye</log><prompt>Unheard.</prompt>"     \
              "</catch><var name=\"v\" expr=\"f(1)\"/><form><block cond=\"f(2)\">Hello."           \
              "<prompt bargein=\"false\">Listen.</prompt></block>"                                 \
              "<field name=\"x\" type=\"digits?length=2\"><prompt bargein=\"false\">Two digits."   \
              "</prompt><prompt>Now.</prompt><filled><value expr=\"f(3)\"/></filled></field>"      \
              "<block><goto next=\"next.vxml\"/></block></form>")

static void prepare(struct talk *talk)
{
    talk_answer(talk, "f(1)", "1");
    talk_answer(talk, "f(2)", "true");
    talk_answer(talk, "f(3)", "\"three\"");
    talk_add_document(talk, "next.vxml",
                      TALK_VXML("<form><transfer dest=\"queue:q\">Wait.</transfer></form>"));
}

/* Takes one effect's answer at a time, so that hanging up can come between any two. */
static bool one_step(struct talk *talk, struct ivr_input *input)
{
    bool answered = false;

    ivr_session_step(&talk->session, input, &talk->effects);
    for (uint32_t i = 0; i < talk->effects.count; i++)
        answered = talk_perform(talk, &talk->effects.list[i], input);
    if (!answered && !ivr_session_is_ended(&talk->session)) {
        *input =
            (struct ivr_input){.kind = IVR_INPUT_MEDIA, .heard = IVR_HEARD_DIGITS, .digits = "12"};
        return true;
    }
    return answered;
}

static void hanging_up_ends_the_dialog_at_every_point(void **state)
{
    (void)state;
    int points = 0;

    for (int until = 0;; until++) {
        struct talk *talk = talk_new(LONG_DIALOG);
        struct ivr_input input = {.kind = IVR_INPUT_START};
        bool going = true;

        prepare(talk);
        for (int i = 0; i < until && going; i++)
            going = one_step(talk, &input);
        if (!going) {
            talk_free(talk);
            break;
        }
        struct ivr_input hang_up = {.kind = IVR_INPUT_HANG_UP};
        ivr_session_step(&talk->session, &hang_up, &talk->effects);
        for (uint32_t i = 0; i < talk->effects.count; i++)
            (void)talk_perform(talk, &talk->effects.list[i], &hang_up);
        talk_put(talk, "hung up\n");
        // The answer that was on its way may still come; it is taken or ignored, never misread.
        for (int i = 0; i < 10 && going; i++)
            going = one_step(talk, &input);

        const char *after = strstr(talk->transcript, "hung up\n");
        assert_true(ivr_session_is_ended(&talk->session));
        assert_int_equal(ivr_session_result(&talk->session)->outcome, IVR_OUTCOME_HANG_UP);
        assert_null(strstr(after, "say"));
        assert_null(strstr(after, "ask"));
        points++;
        talk_free(talk);
    }
    assert_int_equal(points, 9);
}

static void hanging_up_runs_the_handler_once(void **state)
{
    (void)state;
    struct talk *talk = talk_new(LONG_DIALOG);

    prepare(talk);
    talk_start(talk);
    talk_expect(talk, "say en: Hello.\nsay en: Listen.!|Two digits.!\n"
                      "ask en: Now. [2 5000 #]\n");
    talk_hang_up(talk);
    talk_expect(talk, "log bye\nend hang-up\n");
    talk_hang_up(talk);
    talk_press(talk, "12");
    talk_expect(talk, "");
    talk_free(talk);
}

static void whoever_hung_up_is_asked_nothing_more(void **state)
{
    (void)state;
    struct talk *talk = talk_new(
        TALK_VXML("<form id=\"f\"><catch event=\"connection.disconnect\"><goto next=\"#g\"/>"
                  "</catch><field name=\"x\" type=\"digits\"/></form>"
                  "<form id=\"g\"><field name=\"y\" type=\"digits\">More?</field></form>"));

    talk_start(talk);
    talk_hang_up(talk);
    talk_expect(talk, "ask [1 5000 #]\nend hang-up\n");
    talk_free(talk);
}

static void answers_nobody_waits_for_are_ignored(void **state)
{
    (void)state;
    struct talk *talk = talk_new(TALK_VXML("<form><field name=\"x\" type=\"digits\"/></form>"));
    struct ivr_input strays[] = {
        {.kind = IVR_INPUT_SCRIPT, .value = "1"},
        {.kind = IVR_INPUT_DOCUMENT},
        {.kind = IVR_INPUT_START},
    };

    talk_press(talk, "1"); // Before the start.
    talk_expect(talk, "");
    talk_start(talk);
    talk_expect(talk, "ask [1 5000 #]\n");
    for (size_t i = 0; i < sizeof(strays) / sizeof(strays[0]); i++)
        talk_step(talk, strays[i]);
    talk_expect(talk, "");
    talk_stop_after(talk, "4");
    talk_expect(talk, "told x 4\nend done\n");
    talk_free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handlers_are_chosen_by_their_count),
        cmocka_unit_test(counts_begin_anew_in_each_form_and_item),
        cmocka_unit_test(the_innermost_handler_wins_unless_another_counts_higher),
        cmocka_unit_test(handlers_have_conditions),
        cmocka_unit_test(events_match_by_whole_tokens),
        cmocka_unit_test(a_failed_script_is_an_event_and_the_dialog_goes_on),
        cmocka_unit_test(an_error_before_the_first_form_ends_the_dialog),
        cmocka_unit_test(the_default_handlers_speak_the_language_of_the_document),
        cmocka_unit_test(what_cannot_be_played_is_an_event),
        cmocka_unit_test(hanging_up_ends_the_dialog_at_every_point),
        cmocka_unit_test(hanging_up_runs_the_handler_once),
        cmocka_unit_test(whoever_hung_up_is_asked_nothing_more),
        cmocka_unit_test(answers_nobody_waits_for_are_ignored),
    };

    return cmocka_run_group_tests_name("ivr/event", tests, NULL, NULL);
}
