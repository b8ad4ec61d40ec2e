/* What is said to who is not served as usual, or has to hear something first: by which document, in
   which language. */
#include "router/core/flow_private.h"

#define MESSAGE_DOCUMENT "message.vxml"
#define VOICE_MAIL_DOCUMENT "voicemail.vxml"

static bool speaks_language(const char *text, const char *language)
{
    size_t primary = strcspn(language, "-");

    return strncmp(text, language, primary) == 0 && (text[primary] == '\0' || text[primary] == '-');
}

const struct td_spoken_text *flow_pick_text(const struct td_spoken_text *texts, uint32_t count,
                                            const char *language)
{
    for (uint32_t i = 0; i < count; i++) {
        if (td_str_equal(texts[i].language, language))
            return &texts[i];
    }
    for (uint32_t i = 0; i < count && language[0] != '\0'; i++) {
        if (speaks_language(texts[i].language, language))
            return &texts[i];
    }
    return count > 0 ? &texts[0] : NULL;
}

const char *flow_spoken_by(const char *document)
{
    return document[0] != '\0' ? document : MESSAGE_DOCUMENT;
}

const struct td_spoken_text *flow_diversion_text(const struct flow *flow,
                                                 const struct td_interaction_state *state)
{
    const struct td_diversion *diversion = flow_diversion(flow, state);

    return diversion != NULL
               ? flow_pick_text(diversion->texts, diversion->texts_count, state->language)
               : NULL;
}

const char *flow_cause_name(enum td_overflow_cause cause)
{
    static const char *const names[] = {"", "closed", "full", "max_wait", "no_agent"};

    return (size_t)cause < sizeof(names) / sizeof(names[0]) ? names[cause] : "";
}

const char *flow_diversion_document(const struct flow *flow,
                                    const struct td_interaction_state *state)
{
    const struct td_diversion *diversion = flow_diversion(flow, state);

    if (diversion != NULL && diversion->dialog[0] != '\0')
        return diversion->dialog;
    return state->dialog_purpose == TD_DIALOG_PURPOSE_VOICE_MAIL ? VOICE_MAIL_DOCUMENT
                                                                 : MESSAGE_DOCUMENT;
}
