/* The dialogs of the demonstration company, as a customer hears them. */
#include "talk.h"

#include <unistd.h>

#define FOLDER "deploy/demo/dialogs/"

static char *read_file(const char *name)
{
    char path[256];
    char *text = calloc(1, IVR_DOCUMENT_XML_MAX);

    (void)snprintf(path, sizeof(path), FOLDER "%s", name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s: run from the root of the repository", path);
    assert_non_null(text);
    (void)fread(text, 1, IVR_DOCUMENT_XML_MAX - 1, file);
    (void)fclose(file);
    return text;
}

static struct talk *open_dialog(const char *name, const char *also)
{
    char *xml = read_file(name);
    struct talk *talk = talk_new(xml);

    free(xml);
    if (also != NULL) {
        xml = read_file(also);
        talk_add_document(talk, also, xml);
        free(xml);
    }
    return talk;
}

static void know_customer(struct talk *talk)
{
    talk_answer(talk, "session.tandem.salutation", "\"Ms Chen\"");
    talk_answer(talk, "session.tandem.name_zh", "\"陈玉兰\"");
    talk_answer(talk,
                "session.tandem.customer_tier == 'gold' || session.tandem.customer_tier == "
                "'platinum'",
                "true");
    talk_answer(talk, "'queue:' + topic", "\"queue:wealth\"");
}

static void a_gold_customer_is_led_to_her_adviser_in_her_language(void **state)
{
    (void)state;
    struct talk *talk = open_dialog("main.vxml", "main-zh.vxml");

    know_customer(talk);
    talk_answer(talk, "choice == 'zh'", "true");
    talk_start(talk);
    talk_expect(talk,
                "ask en: Welcome to Lanternfield Bank, Ms Chen.|For service in English, press 1.|"
                "zh-CN: <speak version=\"1.0\" xml:lang=\"zh-CN\"><s xml:lang=\"zh-CN\">"
                "中文服务请按二。</s></speak> [1 5000 #]\n");
    talk_press(talk, "2");
    talk_expect(talk, "told choice 2\nsay zh-CN: 请稍候，正在为您转接。\n"
                      "end transfer wealth language=zh topic=wealth\n");
    talk_free(talk);
}

static struct talk *stranger(void)
{
    struct talk *talk = open_dialog("main.vxml", "main-zh.vxml");

    talk_answer(talk, "session.tandem.salutation", "undefined");
    talk_answer(talk, "session.tandem.customer_name", "undefined");
    talk_answer(talk,
                "session.tandem.customer_tier == 'gold' || session.tandem.customer_tier == "
                "'platinum'",
                "false");
    talk_answer(talk, "choice == 'zh'", "false");
    talk_start(talk);
    return talk;
}

static void a_stranger_chooses_from_the_menu(void **state)
{
    (void)state;
    struct talk *talk = stranger();

    talk_answer(talk, "wish == 'again'", "false");
    talk_answer(talk, "'queue:' + topic", "\"queue:loans\"");
    talk_press(talk, "1");
    assert_non_null(strstr(talk->transcript, "For loans, press 2."));
    talk_press(talk, "7");
    assert_non_null(strstr(talk->transcript, "That is not one of the choices.|Cards, 1."));
    talk_press(talk, "2");
    assert_non_null(strstr(talk->transcript, "say en: One moment, please.\n"
                                             "end transfer loans language=en topic=loans\n"));
    talk_free(talk);
}

static void whoever_stays_silent_talks_to_a_person(void **state)
{
    (void)state;
    struct talk *talk = stranger();

    talk_answer(talk, "'queue:' + topic", "\"queue:service\"");
    for (int i = 0; i < 5; i++)
        talk_silence(talk);
    assert_non_null(strstr(talk->transcript, "end transfer service language=en topic=service\n"));
    talk_free(talk);
}

static void waiting_tells_the_place_and_plays_music_for_ever(void **state)
{
    (void)state;
    struct talk *talk = open_dialog("wait.vxml", NULL);

    talk_answer(talk, "session.tandem.language == 'zh'", "false");
    talk_answer(talk, "session.tandem.position", "3");
    talk_answer(talk, "Math.ceil(session.tandem.expected_wait_s / 60)", "2");
    talk_answer(talk, "position > 0", "true");
    talk_answer(talk, "minutes > 0", "true");
    talk_answer(talk, "!chinese && position == 1", "false");
    talk_answer(talk, "!chinese && position > 1", "true");
    talk_answer(talk, "!chinese && minutes == 1", "false");
    talk_answer(talk, "!chinese && minutes > 1", "true");
    talk_start(talk);
    for (int i = 0; i < 300; i++) {
        talk_expect(talk, "ask en: You are number 3 in line.|We expect to be with you in about 2 "
                          "minutes.|@builtin/music/Please hold the line. 请稍候。 [1 100 #]\n");
        talk_silence(talk);
    }
    talk_press(talk, "5");
    assert_non_null(strstr(talk->transcript, "told key 5\nask en: You are number 3"));
    talk_hang_up(talk);
    assert_non_null(strstr(talk->transcript, "end hang-up\n"));
    talk_free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gold_customer_is_led_to_her_adviser_in_her_language),
        cmocka_unit_test(a_stranger_chooses_from_the_menu),
        cmocka_unit_test(whoever_stays_silent_talks_to_a_person),
        cmocka_unit_test(waiting_tells_the_place_and_plays_music_for_ever),
    };

    return cmocka_run_group_tests_name("ivr/demo", tests, NULL, NULL);
}
