#include "media/speech/core/words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/text.h"

/* Longer words first where one begins another. The right column sounds as the left one should. */
static const struct {
    const char *word;
    const char *respelt;
} respellings[] = {
    {"银行", "银航"}, {"央行", "央航"}, {"行业", "航业"}, {"重复", "虫复"}, {"重新", "虫新"},
    {"还款", "环款"}, {"还清", "环清"}, {"音乐", "音月"}, {"了解", "瞭解"}, {"贷款", "代款"},
};

/* Names of say-as (VoiceXML, SSML drafts) and what the synthesiser calls them. */
static const struct {
    const char *name;
    const char *own;
} interpretations[] = {
    {"digits", "tts:digits"},
    {"vxml:digits", "tts:digits"},
    {"spell-out", "characters"},
    {"letters", "characters"},
};

static bool has_primary(const char *language, const char *primary)
{
    size_t length = strlen(primary);

    return strncasecmp(language, primary, length) == 0 &&
           (language[length] == '\0' || language[length] == '-');
}

void speech_voice(const char *language, char voice[SPEECH_VOICE_SIZE])
{
    if (language[0] == '\0')
        language = "en";
    if (has_primary(language, "yue") || has_primary(language, "zh-hk") ||
        has_primary(language, "zh-yue"))
        language = "yue";
    else if (has_primary(language, "zh") || has_primary(language, "cmn"))
        language = "cmn-latn-pinyin";
    td_str_clip(voice, SPEECH_VOICE_SIZE, language);
    for (char *c = voice; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
}

enum td_err speech_respell(const char *text, char *out, size_t size)
{
    struct td_text result;

    td_text_init(&result, out, size);
    while (*text != '\0') {
        const char *respelt = NULL;
        size_t length = 1;

        for (size_t i = 0; i < sizeof(respellings) / sizeof(respellings[0]); i++) {
            if (td_str_starts_with(text, respellings[i].word)) {
                respelt = respellings[i].respelt;
                length = strlen(respellings[i].word);
                break;
            }
        }
        td_text_add_span(&result, respelt != NULL ? respelt : text,
                         respelt != NULL ? strlen(respelt) : length);
        text += length;
    }
    return result.cut ? TD_ERR_LIMIT : TD_OK;
}

/* One attribute of a tag: name="value" or name='value'. */
struct attribute {
    const char *name;
    size_t name_length;
    const char *value;
    size_t value_length;
    const char *end; /* behind the closing quote */
};

/* The next attribute at or behind `at`; false when there is none before `end`. */
static bool find_attribute(const char *at, const char *end, struct attribute *attribute)
{
    const char *equals = memchr(at, '=', (size_t)(end - at));
    if (equals == NULL || equals + 1 >= end || (equals[1] != '"' && equals[1] != '\''))
        return false;

    const char *name = equals;
    while (name > at && !isspace((unsigned char)name[-1]))
        name--;
    const char *value = equals + 2;
    const char *quote = memchr(value, equals[1], (size_t)(end - value));
    if (quote == NULL)
        return false;
    *attribute = (struct attribute){name, (size_t)(equals - name), value, (size_t)(quote - value),
                                    quote + 1};
    return true;
}

static bool is_named(const struct attribute *attribute, const char *name)
{
    return attribute->name_length == strlen(name) &&
           memcmp(attribute->name, name, attribute->name_length) == 0;
}

/* The voice of a language attribute's value. */
static void voice_of(const struct attribute *attribute, char voice[SPEECH_VOICE_SIZE])
{
    char language[SPEECH_VOICE_SIZE];

    if (td_str_copy_span(language, sizeof(language), attribute->value, attribute->value_length) !=
        TD_OK)
        language[0] = '\0'; // No language has such a long name: English.
    speech_voice(language, voice);
}

static void add_value(struct td_text *out, const struct attribute *attribute)
{
    char voice[SPEECH_VOICE_SIZE];

    if (is_named(attribute, "xml:lang")) {
        voice_of(attribute, voice);
        td_text_add(out, voice);
        return;
    }
    for (size_t i = 0; i < sizeof(interpretations) / sizeof(interpretations[0]); i++) {
        const char *name = interpretations[i].name;

        if (is_named(attribute, "interpret-as") && strlen(name) == attribute->value_length &&
            memcmp(name, attribute->value, attribute->value_length) == 0) {
            td_text_add(out, interpretations[i].own);
            return;
        }
    }
    td_text_add_span(out, attribute->value, attribute->value_length);
}

static void add_tag(struct td_text *out, const char *tag, const char *end)
{
    struct attribute attribute;

    while (find_attribute(tag, end, &attribute)) {
        td_text_add_span(out, tag, (size_t)(attribute.value - tag));
        add_value(out, &attribute);
        tag = attribute.value + attribute.value_length;
        td_text_add_span(out, tag, (size_t)(attribute.end - tag));
        tag = attribute.end;
    }
    td_text_add_span(out, tag, (size_t)(end - tag));
}

static bool is_speak(const char *tag)
{
    tag += tag[1] == '/' ? 2 : 1;
    return td_str_starts_with(tag, "speak") && (isspace((unsigned char)tag[5]) || tag[5] == '>');
}

/* The voice that the document's own <speak> names. */
static void find_voice(const char *ssml, char voice[SPEECH_VOICE_SIZE])
{
    const char *tag = strstr(ssml, "<speak");
    const char *end = tag == NULL ? NULL : strchr(tag, '>');
    struct attribute attribute;

    while (end != NULL && find_attribute(tag, end, &attribute)) {
        if (is_named(&attribute, "xml:lang"))
            voice_of(&attribute, voice);
        tag = attribute.end;
    }
}

enum td_err speech_prepare_ssml(const char *ssml, const char *voice, char *out, size_t size)
{
    char outer[SPEECH_VOICE_SIZE];
    struct td_text result;

    td_str_clip(outer, sizeof(outer), voice);
    find_voice(ssml, outer);
    td_text_init(&result, out, size);
    td_text_add(&result, "<speak xml:lang=\"");
    td_text_add(&result, outer);
    td_text_add(&result, "\">");
    while (*ssml != '\0') {
        const char *tag = strchr(ssml, '<');
        const char *end = tag == NULL ? NULL : strchr(tag, '>');

        if (end == NULL) {
            td_text_add(&result, ssml);
            break;
        }
        td_text_add_span(&result, ssml, (size_t)(tag - ssml));
        if (!is_speak(tag) && tag[1] != '?' && tag[1] != '!')
            add_tag(&result, tag, end + 1);
        ssml = end + 1;
    }
    td_text_add(&result, "</speak>");
    return result.cut ? TD_ERR_LIMIT : TD_OK;
}
