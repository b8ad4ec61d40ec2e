/* The form item record: what it asks of media, and what becomes of the answers. */
#include "talk.h"

#define MAIL                                                                                       \
    TALK_VXML("<form><record name=\"m\" beep=\"true\" maxtime=\"60s\" finalsilence=\"2s\">"        \
              "<prompt>Speak.</prompt><noinput>Nothing?<reprompt/></noinput>"                      \
              "<filled><prompt>Thanks.</prompt><log><value expr=\"m\"/></log></filled></record>"   \
              "<catch event=\"connection.disconnect.hangup\"><log>gone</log></catch></form>")

static void recorded(struct talk *talk, enum ivr_heard heard, uint32_t ms)
{
    talk_step(talk, (struct ivr_input){.kind = IVR_INPUT_MEDIA,
                                       .heard = heard,
                                       .recorded_ms = ms,
                                       .file = "2026/11/22/x.wav",
                                       .key = '#'});
}

static void a_message_fills_its_item(void **state)
{
    (void)state;
    struct talk *talk = talk_new(MAIL);

    talk_start(talk);
    talk_expect(talk, "record en: Speak. [60000 2000 5000 beep key]\n");
    recorded(talk, IVR_HEARD_RECORDED, 4200);
    talk_expect(talk, "log 2026/11/22/x.wav\nsay en: Thanks.\nend done\n");
    assert_int_equal(ivr_session_recorded_ms(&talk->session), 4200);
    talk_free(talk);
}

static void silence_is_no_input(void **state)
{
    (void)state;
    struct talk *talk = talk_new(MAIL);

    talk_start(talk);
    recorded(talk, IVR_HEARD_SILENCE, 0);
    talk_expect(talk, "record en: Speak. [60000 2000 5000 beep key]\n"
                      "record en: Nothing?|Speak. [60000 2000 5000 beep key]\n");
    assert_int_equal(ivr_session_recorded_ms(&talk->session), 0);
    talk_free(talk);
}

static void who_hangs_up_has_left_what_was_said(void **state)
{
    (void)state;
    struct talk *talk = talk_new(MAIL);

    talk_start(talk);
    talk_step(talk,
              (struct ivr_input){.kind = IVR_INPUT_HANG_UP, .recorded_ms = 900, .file = "a.wav"});
    talk_expect(talk, "record en: Speak. [60000 2000 5000 beep key]\nlog gone\nend hang-up\n");
    assert_int_equal(ivr_session_recorded_ms(&talk->session), 900);
    talk_free(talk);
}

static void shadow_variables_say_how_it_ended(void **state)
{
    (void)state;
    struct talk *talk = talk_new(TALK_VXML("<form><record name=\"m\" dtmfterm=\"false\"/></form>"));

    talk_start(talk);
    talk_expect(talk, "record [180000 3000 5000]\n");
    recorded(talk, IVR_HEARD_RECORDED, 70);
    assert_string_equal(
        ivr_variables_get(ivr_session_variables(&talk->session), IVR_SCOPE_DIALOG, "m$"),
        "{\"duration\":70,\"termchar\":\"#\",\"maxtime\":false}");
    talk_free(talk);
}

static void what_cannot_be_recorded_is_an_error(void **state)
{
    (void)state;
    struct talk *talk = talk_new(MAIL);

    talk_start(talk);
    recorded(talk, IVR_HEARD_NOTHING, 0);
    talk_expect(talk, "record en: Speak. [60000 2000 5000 beep key]\n"
                      "end error (error.noresource: nothing could be recorded)\n");
    talk_free(talk);
}

static void times_that_are_none_are_refused(void **state)
{
    (void)state;
    struct talk_document document = {.name = "x"};
    struct ivr_fault fault = {0, ""};

    assert_int_not_equal(
        talk_read(&document, TALK_VXML("<form><record maxtime=\"long\"/></form>"), &fault), TD_OK);
    assert_non_null(strstr(fault.message, "maxtime"));
    free(document.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_fills_its_item),
        cmocka_unit_test(silence_is_no_input),
        cmocka_unit_test(who_hangs_up_has_left_what_was_said),
        cmocka_unit_test(shadow_variables_say_how_it_ended),
        cmocka_unit_test(what_cannot_be_recorded_is_an_error),
        cmocka_unit_test(times_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
