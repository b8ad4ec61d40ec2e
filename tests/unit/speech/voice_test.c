/*
 * Whether Mandarin is read as Mandarin is seen in the synthesiser's own phonemes: those of an
 * English reading of pinyin are marked "(en)".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <espeak-ng/speak_lib.h>

#include "media/speech/voice.h"

#define PHONEMES_ASCII_IPA 0x02

static uint32_t rate_hz;
static char phonemes[4096];
static double seconds;

static int open_voice(void **state)
{
    (void)state;
    return voice_open(&rate_hz) == TD_OK ? 0 : -1;
}

static void speak(const char *language, bool ssml, const char *text)
{
    const int16_t *samples = NULL;
    size_t count = 0;
    FILE *trace = fmemopen(phonemes, sizeof(phonemes), "w");

    assert_non_null(trace);
    memset(phonemes, 0, sizeof(phonemes));
    espeak_SetPhonemeTrace(PHONEMES_ASCII_IPA, trace);
    assert_int_equal(voice_speak(text, ssml, language, &samples, &count), TD_OK);
    espeak_SetPhonemeTrace(0, NULL);
    (void)fclose(trace);
    seconds = (double)count / rate_hz;
}

static void assert_said(const char *phoneme)
{
    if (strstr(phonemes, phoneme) == NULL)
        fail_msg("%s is not in %s", phoneme, phonemes);
}

static void assert_not_said(const char *phoneme)
{
    if (strstr(phonemes, phoneme) != NULL)
        fail_msg("%s is in %s", phoneme, phonemes);
}

static void chinese_text_is_read_in_mandarin(void **state)
{
    (void)state;
    speak("zh", false, "您好，请按一");
    assert_said("nˈiɜn χˈɑu2");
    assert_said("tɕhˈi2ŋ ˈa5n jˈi5");
    assert_not_said("(en)");
}

static void so_it_is_inside_ssml_and_after_it(void **state)
{
    (void)state;
    speak("zh-CN", true, "<speak>您好<break time=\"200ms\"/>请按一</speak>");
    assert_said("tɕhˈi2ŋ ˈa5n jˈi5");
    assert_not_said("(en)");
    speak("zh-CN", true, "<speak xml:lang=\"zh-CN\">请按一</speak>");
    assert_not_said("(en)");
    speak("zh-CN", false, "请按一");
    assert_not_said("(en)");
}

static void english_and_mandarin_meet_in_one_prompt(void **state)
{
    (void)state;
    speak("en", true, "Hello. <voice xml:lang=\"zh\">您好</voice> Good bye.");
    assert_said("həlˈəʊ");
    assert_said("nˈiɜn χˈɑu2");
    assert_said("ɡˈʊd bˈaɪ");
}

static void words_of_the_bank_sound_as_they_should(void **state)
{
    (void)state;
    speak("zh", false, "银行");
    assert_said("jˈiɜn χˈaɜŋ");
    speak("zh", false, "贷款");
    assert_said("tˈai5 khwˈa2n");
}

static void digits_are_said_one_by_one(void **state)
{
    (void)state;
    speak("en", true, "<say-as interpret-as=\"digits\">123</say-as>");
    assert_not_said("ʌndɹɪd");
    speak("en", false, "123");
    assert_said("ʌndɹɪd");
}

static void a_break_takes_its_time(void **state)
{
    (void)state;
    speak("en", true, "one two");
    double without = seconds;
    speak("en", true, "one <break time=\"1s\"/> two");
    assert_true(seconds > without + 0.7);
}

static void an_unknown_language_is_read_in_english(void **state)
{
    (void)state;
    speak("tlh", false, "hello");
    assert_said("həlˈəʊ");
}

static void hostile_markup_does_no_harm(void **state)
{
    (void)state;
    speak("en", true, "<speak <speak></speak>><voice name=\"../../etc\">x</voice");
    speak("en", true, "<<<<>>>>&&;&#0;&#99999999;");
    speak("zh", false, "\xe4\xb8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chinese_text_is_read_in_mandarin),
        cmocka_unit_test(so_it_is_inside_ssml_and_after_it),
        cmocka_unit_test(english_and_mandarin_meet_in_one_prompt),
        cmocka_unit_test(words_of_the_bank_sound_as_they_should),
        cmocka_unit_test(digits_are_said_one_by_one),
        cmocka_unit_test(a_break_takes_its_time),
        cmocka_unit_test(an_unknown_language_is_read_in_english),
        cmocka_unit_test(hostile_markup_does_no_harm),
    };

    return cmocka_run_group_tests_name("speech/voice", tests, open_voice, NULL);
}
