#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "ivr/ivr.h"

/* --- documents --- */

/* A document that was fetched, until the session has said whether it goes on in it. */
struct fetched {
    struct library_document *document;
    char name[IVR_URI_SIZE];
};

static struct ivr_input fetch(const struct dialog *dialog, const char *name,
                              struct fetched *fetched)
{
    struct ivr_input input = {.kind = IVR_INPUT_DOCUMENT};
    char fault[LIBRARY_FAULT_SIZE];

    td_str_clip(fetched->name, sizeof(fetched->name), name);
    enum td_err err =
        library_take(dialog->ivr->library, dialog->tenant, name, &fetched->document, fault);
    if (err != TD_OK) {
        td_log_warn(td_service_log(dialog->ivr->service), "document.missing",
                    td_str("interaction", dialog->key), td_str("document", dialog->current),
                    td_failure(err), td_str("why", fault));
        return input;
    }
    input.document = &fetched->document->document;
    return input;
}

static void settle_fetched(struct dialog *dialog, struct fetched *fetched)
{
    if (fetched->document == NULL)
        return;
    if (ivr_session_document(&dialog->session) == &fetched->document->document) {
        struct library_document *old = dialog->library_document;

        dialog->library_document = fetched->document;
        memcpy(dialog->current, fetched->name, sizeof(dialog->current));
        fetched->document = old;
    }
    library_release(&fetched->document);
}

static void put_object(struct dialog *dialog, const char *name, const struct ivr_facts *facts)
{
    char value[IVR_VALUE_SIZE];
    uint32_t left_out = ivr_facts_write(facts, value);

    if (left_out > 0 || ivr_session_set(&dialog->session, name, value) != TD_OK)
        td_log_warn(td_service_log(dialog->ivr->service), "facts.left_out",
                    td_str("interaction", dialog->key), td_u64("count", left_out));
}

/* A number as documents expect it in session.connection (VoiceXML 2.0, 5.1.4). */
static enum td_err set_uri(struct ivr_facts *connection, const char *name, const char *number)
{
    char uri[IVR_FACT_TEXT_SIZE];
    struct td_text text;

    td_text_init(&text, uri, sizeof(uri));
    td_text_add(&text, "tel:");
    td_text_add(&text, number);
    return number[0] == '\0' ? TD_OK : ivr_facts_set(connection, name, uri);
}

void dialog_put_facts(struct dialog *dialog)
{
    struct ivr_facts connection = {.count = 0};
    enum td_err err = ivr_facts_set(&connection, "protocol.name", "sip");

    if (err == TD_OK)
        err = set_uri(&connection, "remote.uri", ivr_facts_get(&dialog->facts, "caller"));
    if (err == TD_OK)
        err = set_uri(&connection, "local.uri", ivr_facts_get(&dialog->facts, "called"));
    if (err == TD_OK)
        put_object(dialog, "connection", &connection);
    put_object(dialog, "tandem", &dialog->facts);
}

/* --- the step --- */

/* Carries out one effect. @return Whether *input is its answer already. */
static bool perform(struct dialog *dialog, const struct ivr_effect *effect, struct ivr_input *input,
                    struct fetched *fetched)
{
    switch (effect->kind) {
    case IVR_EFFECT_PLAY:
        dialog_play(dialog, effect);
        return false;
    case IVR_EFFECT_COLLECT:
        dialog_collect(dialog, effect);
        return false;
    case IVR_EFFECT_RECORD:
        dialog_record(dialog, effect);
        return false;
    case IVR_EFFECT_EVALUATE:
        if (dialog_ask_script(dialog, effect) == TD_OK)
            return false;
        *input = (struct ivr_input){.kind = IVR_INPUT_SCRIPT,
                                    .failed = "error.noresource",
                                    .message = "too many expressions wait"};
        return true;
    case IVR_EFFECT_FETCH:
        *input = fetch(dialog, effect->document, fetched);
        return true;
    case IVR_EFFECT_INPUT:
        report_input(dialog, effect->field, effect->digits);
        return false;
    case IVR_EFFECT_LOG:
        td_log_info(td_service_log(dialog->ivr->service), "dialog.logged",
                    td_str("interaction", dialog->key), td_str("document", dialog->current),
                    td_str("text", effect->log));
        return false;
    case IVR_EFFECT_END:
        report_ended(dialog);
        return false;
    }
    return false;
}

void dialog_step(struct dialog *dialog, const struct ivr_input *input)
{
    struct ivr *ivr = dialog->ivr;
    struct ivr_input next = *input;
    struct fetched fetched = {.document = NULL};
    struct ivr_effects effects;
    bool answered = true;

    effects.count = 0;
    while (answered) {
        ivr_session_step(&dialog->session, &next, &effects);
        settle_fetched(dialog, &fetched);
        answered = false;
        for (uint32_t i = 0; i < effects.count; i++)
            answered = perform(dialog, &effects.list[i], &next, &fetched);
    }
    if (ivr_session_is_ended(&dialog->session)) {
        dialog_silence(dialog); // Of one who hung up media may not know yet.
        dialogs_remove(dialog);
        ivr_tell_load(ivr);
    }
}
