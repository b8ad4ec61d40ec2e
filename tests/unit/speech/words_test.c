#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media/speech/core/words.h"

static void assert_voice(const char *language, const char *expected)
{
    char voice[SPEECH_VOICE_SIZE];

    speech_voice(language, voice);
    assert_string_equal(voice, expected);
}

static void every_name_of_mandarin_gets_the_voice_that_reads_chinese(void **state)
{
    (void)state;
    assert_voice("zh", "cmn-latn-pinyin");
    assert_voice("zh-CN", "cmn-latn-pinyin");
    assert_voice("ZH-Hans-SG", "cmn-latn-pinyin");
    assert_voice("cmn", "cmn-latn-pinyin");
    assert_voice("cmn-Latn-pinyin", "cmn-latn-pinyin");
    assert_voice("zh-HK", "yue");
    assert_voice("yue", "yue");
}

static void other_languages_name_their_voices_and_none_is_english(void **state)
{
    (void)state;
    assert_voice("en", "en");
    assert_voice("en-US", "en-us");
    assert_voice("zha", "zha"); // Zhuang is not Chinese.
    assert_voice("", "en");
}

static void words_read_in_another_way_are_respelt_and_others_stay(void **state)
{
    (void)state;
    char out[64];

    assert_int_equal(speech_respell("灯田银行，贷款请按一 ok", out, sizeof(out)), TD_OK);
    assert_string_equal(out, "灯田银航，代款请按一 ok");
    assert_int_equal(speech_respell("行", out, sizeof(out)), TD_OK);
    assert_string_equal(out, "行");
    assert_int_equal(speech_respell("", out, sizeof(out)), TD_OK);
    assert_string_equal(out, "");
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    char out[9];

    assert_int_equal(speech_respell("12345678", out, sizeof(out)), TD_OK);
    assert_int_equal(speech_respell("123456789", out, sizeof(out)), TD_ERR_LIMIT);
    assert_int_equal(speech_prepare_ssml("x", "en", out, sizeof(out)), TD_ERR_LIMIT);
}

static void assert_prepared(const char *ssml, const char *expected)
{
    char out[1024];

    assert_int_equal(speech_prepare_ssml(ssml, "cmn-latn-pinyin", out, sizeof(out)), TD_OK);
    assert_string_equal(out, expected);
}

static void ssml_always_names_its_voice(void **state)
{
    (void)state;
    assert_prepared("您好", "<speak xml:lang=\"cmn-latn-pinyin\">您好</speak>");
    assert_prepared("<speak>您好<break time=\"1s\"/></speak>",
                    "<speak xml:lang=\"cmn-latn-pinyin\">您好<break time=\"1s\"/></speak>");
    assert_prepared("<?xml version='1.0'?><speak version=\"1.0\" xml:lang='en-GB'>Hi</speak>",
                    "<speak xml:lang=\"en-gb\">Hi</speak>");
}

static void languages_inside_become_voices(void **state)
{
    (void)state;
    assert_prepared("a <voice xml:lang=\"zh-CN\">您好</voice> b",
                    "<speak xml:lang=\"cmn-latn-pinyin\">a <voice "
                    "xml:lang=\"cmn-latn-pinyin\">您好</voice> b</speak>");
}

static void say_as_gets_the_synthesisers_names(void **state)
{
    (void)state;
    assert_prepared("<say-as format='x' interpret-as=\"digits\">12</say-as>"
                    "<say-as interpret-as=\"cardinal\">12</say-as>",
                    "<speak xml:lang=\"cmn-latn-pinyin\">"
                    "<say-as format='x' interpret-as=\"tts:digits\">12</say-as>"
                    "<say-as interpret-as=\"cardinal\">12</say-as></speak>");
}

static void broken_markup_is_copied(void **state)
{
    (void)state;
    assert_prepared("1 < 2 and <b", "<speak xml:lang=\"cmn-latn-pinyin\">1 < 2 and <b</speak>");
    assert_prepared("<say-as interpret-as=digits>", "<speak xml:lang=\"cmn-latn-pinyin\">"
                                                    "<say-as interpret-as=digits></speak>");
    assert_prepared("<s xml:lang=\"en>x</s>",
                    "<speak xml:lang=\"cmn-latn-pinyin\"><s xml:lang=\"en>x</s></speak>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_of_mandarin_gets_the_voice_that_reads_chinese),
        cmocka_unit_test(other_languages_name_their_voices_and_none_is_english),
        cmocka_unit_test(words_read_in_another_way_are_respelt_and_others_stay),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(ssml_always_names_its_voice),
        cmocka_unit_test(languages_inside_become_voices),
        cmocka_unit_test(say_as_gets_the_synthesisers_names),
        cmocka_unit_test(broken_markup_is_copied),
    };

    return cmocka_run_group_tests_name("speech/words", tests, NULL, NULL);
}
