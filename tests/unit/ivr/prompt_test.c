/* What is said: text, values, markup, files, languages, and how long it may be. */
#include "talk.h"

#define PROMPT(inner) TALK_VXML("<form><block><prompt>" inner "</prompt></block></form>")
#define SPEAK(inner) "<speak version=\"1.0\" xml:lang=\"en\">" inner "</speak>"

static void white_space_is_collapsed_and_entities_are_characters(void **state)
{
    (void)state;
    talk_whole(PROMPT("\n   Fish &amp; chips,\n\t 3 &lt; 4.  \n"),
               "say en: Fish & chips, 3 < 4.\nend done\n");
    talk_whole(PROMPT("<![CDATA[a < b]]>"), "say en: a < b\nend done\n");
}

static void markup_is_passed_on_escaped_anew(void **state)
{
    (void)state;
    talk_whole(PROMPT("A &amp; <say-as interpret-as=\"digits\" x=\"&quot;&lt;\">12</say-as>"
                      "<break time=\"1s\"/> B."),
               "say en: " SPEAK("A &amp; <say-as interpret-as=\"digits\" x=\"&quot;&lt;\">12"
                                "</say-as><break time=\"1s\"/> B.") "\nend done\n");
}

static void values_cannot_smuggle_markup(void **state)
{
    (void)state;
    struct talk *talk =
        talk_new(PROMPT("<emphasis><value expr=\"name\"/></emphasis> <value expr=\"name\"/>"));

    assert_int_equal(ivr_session_set(&talk->session, "name", "\"<break time='9s'/>\""), TD_OK);
    talk_start(talk);
    talk_expect(talk, "say en: " SPEAK("<emphasis>&lt;break time='9s'/&gt;</emphasis> &lt;break "
                                       "time='9s'/&gt;") "\nend done\n");
    talk_free(talk);
}

static void a_change_of_language_is_another_segment(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<form><block><prompt>For English press 1.</prompt>"
                         "<prompt xml:lang=\"zh-CN\">中文服务请按二。</prompt>"
                         "<prompt>One <s xml:lang=\"fr\">deux</s> three.</prompt></block></form>"),
               "say en: For English press 1.|zh-CN: 中文服务请按二。|en: One|fr: <speak "
               "version=\"1.0\" xml:lang=\"fr\"><s xml:lang=\"fr\">deux</s></speak>|en: three.\n"
               "end done\n");
}

static void the_customers_language_is_used_where_the_document_has_none(void **state)
{
    (void)state;
    struct talk *talk =
        talk_new("<vxml version=\"2.0\"><form><block>Bonjour.</block></form></vxml>");

    ivr_session_init(&talk->session, &talk->documents[0].document, "fr-CA");
    talk_start(talk);
    talk_expect(talk, "say fr-CA: Bonjour.\nend done\n");
    ivr_session_init(&talk->session, &talk->documents[0].document, "\"><x");
    talk_start(talk);
    talk_expect(talk, "say en: Bonjour.\nend done\n");
    talk_free(talk);
}

static void files_are_played_with_the_text_to_say_in_their_place(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<form><var name=\"f\" expr=\"'b.wav'\"/><var name=\"none\"/><block>"
                         "<prompt>One <audio src=\"music/a.wav\">a <emphasis>or</emphasis> "
                         "<value expr=\"f\"/></audio> two <audio expr=\"f\"/></prompt>"
                         "<audio src=\"../secret.wav\">not <audio src=\"c.wav\"/>that</audio>"
                         "<audio expr=\"none\">nothing</audio></block></form>"),
               "say en: One|@music/a.wav/a or b.wav|two|@b.wav|not|@c.wav|thatnothing\n"
               "end done\n");
}

static void a_prompt_may_have_a_condition(void **state)
{
    (void)state;
    talk_whole(TALK_VXML("<form><block><prompt cond=\"false\">No.</prompt>"
                         "<prompt cond=\"true\">Yes.</prompt></block></form>"),
               "say en: Yes.\nend done\n");
}

static void marks_and_descriptions_are_not_said(void **state)
{
    (void)state;
    talk_whole(PROMPT("A<mark name=\"m\"/>B<audio src=\"x.wav\"><desc>a sound</desc></audio>"),
               "say en: AB|@x.wav\nend done\n");
}

static void long_text_goes_on_in_the_next_segment_at_a_space(void **state)
{
    (void)state;
    struct ivr_queue *queue = calloc(1, sizeof(*queue));
    static const char word[] = "word, ";

    assert_non_null(queue);
    ivr_queue_begin(queue, "en", true);
    for (int i = 0; i < 1000; i++)
        ivr_queue_text(queue, word);
    assert_int_equal(ivr_queue_end(queue), TD_OK);
    assert_true(queue->count >= 5);
    for (uint32_t i = 0; i < queue->count; i++) {
        const char *content = ivr_queue_content(queue, &queue->list[i]);

        assert_true(strlen(content) < IVR_SEGMENT_SIZE);
        assert_int_equal(strncmp(content, "word,", 5), 0);
        assert_string_equal(content + strlen(content) - 5, "word,");
    }
    free(queue);
}

static void long_text_without_spaces_is_cut_between_characters(void **state)
{
    (void)state;
    struct ivr_queue *queue = calloc(1, sizeof(*queue));
    size_t total = 0;

    assert_non_null(queue);
    ivr_queue_begin(queue, "zh-CN", true);
    for (int i = 0; i < 1500; i++)
        ivr_queue_text(queue, "字");
    assert_int_equal(ivr_queue_end(queue), TD_OK);
    for (uint32_t i = 0; i < queue->count; i++) {
        const char *content = ivr_queue_content(queue, &queue->list[i]);

        assert_true(strlen(content) < IVR_SEGMENT_SIZE);
        assert_int_equal(strlen(content) % 3, 0);
        assert_int_equal(strncmp(content, "字", 3), 0);
        total += strlen(content);
    }
    assert_int_equal(total, 4500);
    free(queue);
}

/* Walks the length of marked-up text over the limit: a segment is never longer than promised. */
static void too_much_markup_is_refused_and_never_overflows(void **state)
{
    (void)state;
    struct ivr_queue *queue = calloc(1, sizeof(*queue));
    bool refused = false;

    assert_non_null(queue);
    for (int length = 1300; length < 1500; length++) {
        ivr_queue_begin(queue, "en", true);
        for (int depth = 0; depth < 8; depth++) {
            ivr_queue_tag(queue, "prosody");
            ivr_queue_tag_open(queue);
        }
        for (int i = 0; i < length - 100; i++)
            ivr_queue_text(queue, i % 2 == 0 ? "&" : "x");
        for (int depth = 0; depth < 8; depth++)
            ivr_queue_tag_close(queue, "prosody");
        refused |= ivr_queue_end(queue) != TD_OK;
        for (uint32_t i = 0; i < queue->count; i++)
            assert_true(strlen(ivr_queue_content(queue, &queue->list[i])) < IVR_SEGMENT_SIZE);
        ivr_queue_drop(queue, queue->count);
    }
    assert_true(refused);
    free(queue);
}

static void a_prompt_that_is_too_long_is_an_error_of_the_document(void **state)
{
    (void)state;
    char xml[8192] = "<vxml version=\"2.1\"><form><block><prompt><emphasis>";

    for (int i = 0; i < 1000; i++)
        strcat(xml, "long ");
    strcat(xml, "</emphasis></prompt></block></form></vxml>");
    talk_whole(xml, "end error (error.semantic: the prompt is too long)\n");
}

static void a_full_queue_is_an_error_of_the_document(void **state)
{
    (void)state;
    char xml[8192] = "<vxml version=\"2.1\"><form><block>";

    for (int i = 0; i < 60; i++)
        strcat(xml, "<prompt>Line.</prompt>");
    strcat(xml, "</block></form></vxml>");
    struct talk *talk = talk_new(xml);
    talk_start(talk);
    assert_non_null(strstr(talk->transcript, "the prompt is too long"));
    // What found room is heard, sixteen segments at a time.
    assert_non_null(strstr(talk->transcript, "say en: Line.|Line."));
    talk_free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_space_is_collapsed_and_entities_are_characters),
        cmocka_unit_test(markup_is_passed_on_escaped_anew),
        cmocka_unit_test(values_cannot_smuggle_markup),
        cmocka_unit_test(a_change_of_language_is_another_segment),
        cmocka_unit_test(the_customers_language_is_used_where_the_document_has_none),
        cmocka_unit_test(files_are_played_with_the_text_to_say_in_their_place),
        cmocka_unit_test(a_prompt_may_have_a_condition),
        cmocka_unit_test(marks_and_descriptions_are_not_said),
        cmocka_unit_test(long_text_goes_on_in_the_next_segment_at_a_space),
        cmocka_unit_test(long_text_without_spaces_is_cut_between_characters),
        cmocka_unit_test(too_much_markup_is_refused_and_never_overflows),
        cmocka_unit_test(a_prompt_that_is_too_long_is_an_error_of_the_document),
        cmocka_unit_test(a_full_queue_is_an_error_of_the_document),
    };

    return cmocka_run_group_tests_name("ivr/prompt", tests, NULL, NULL);
}
