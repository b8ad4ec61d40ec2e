/* Messages: the form item `record` (VoiceXML 2.0, 2.3.6). */
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "ivr/core/session_private.h"

#define MAX_MS (3U * 60 * 1000)
#define FINAL_SILENCE_MS 3000U

static const char *attribute(const struct ivr_run *run, enum ivr_attribute name)
{
    return ivr_node_attribute(run->document, run->session->item, name);
}

static uint32_t ms_of(const struct ivr_run *run, enum ivr_attribute name, uint32_t fallback_ms)
{
    const char *text = attribute(run, name);
    uint32_t ms;

    return text != NULL && ivr_time_parse(text, &ms) == TD_OK && ms > 0 ? ms : fallback_ms;
}

static bool flag_of(const struct ivr_run *run, enum ivr_attribute name, bool fallback)
{
    const char *text = attribute(run, name);

    return text != NULL ? td_str_equal(text, "true") : fallback;
}

enum ivr_next ivr_phase_record(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    uint32_t count = ivr_queue_group(&session->queue, IVR_GROUP_MAX);

    if (session->hung_up)
        return ivr_finish(session, session->gone, "");
    if (count < session->queue.count) // Whatever cannot go with the recording is heard before.
        return ivr_play_group(run, count);

    struct ivr_effect *effect = ivr_add_effect(run, IVR_EFFECT_RECORD);
    assert(effect != NULL);
    effect->segment_count = count;
    effect->barge_in = count > 0 && session->queue.list[0].barge_in;
    effect->record = (struct ivr_record){
        .beep = flag_of(run, IVR_ATTR_BEEP, false),
        .any_key = flag_of(run, IVR_ATTR_DTMFTERM, true),
        .max_ms = ms_of(run, IVR_ATTR_MAXTIME, MAX_MS),
        .final_silence_ms = ms_of(run, IVR_ATTR_FINALSILENCE, FINAL_SILENCE_MS),
        .first_word_ms = session->listen_timeout_ms,
    };
    session->group = count;
    session->waiting = IVR_WAITING_RECORD;
    return IVR_WAIT;
}

/* NAME$: how long it is, and what ended it. */
static bool set_shadow(struct ivr_session *session, const char *name, const struct ivr_input *input,
                       enum ivr_next *next)
{
    char shadow[IVR_VALUE_SIZE];
    char shadow_name[IVR_NAME_SIZE];
    struct td_text text;

    td_text_init(&text, shadow_name, sizeof(shadow_name));
    td_text_add(&text, name);
    td_text_add(&text, "$");
    if (text.cut)
        return true;
    td_text_init(&text, shadow, sizeof(shadow));
    td_text_add(&text, "{\"duration\":");
    td_text_add_u64(&text, input->recorded_ms);
    td_text_add(&text, ",\"termchar\":");
    td_text_add(&text, input->key != '\0' ? "\"" : "null");
    if (input->key != '\0') {
        const char key[2] = {input->key, '\0'};
        td_text_add(&text, key);
        td_text_add(&text, "\"");
    }
    td_text_add(&text, ",\"maxtime\":");
    td_text_add(&text, input->at_max ? "true}" : "false}");
    return ivr_set_variable(session, IVR_SCOPE_DIALOG, shadow_name, shadow, next);
}

bool ivr_keep_recorded(struct ivr_session *session, const struct ivr_input *input,
                       enum ivr_next *next)
{
    const char *name = ivr_item_name(session, session->item);
    const char *file = input->file == NULL ? "" : input->file;
    char value[IVR_VALUE_SIZE];

    session->recorded_ms += input->recorded_ms;
    if (name == NULL) {
        ivr_item_state(session, session->item)->filled = true;
        return true;
    }
    if (ivr_value_from_string(file, value, sizeof(value)) != TD_OK) {
        *next = ivr_throw(session, "error.semantic", "the name of the recording is too long");
        return false;
    }
    return set_shadow(session, name, input, next) &&
           ivr_set_variable(session, IVR_SCOPE_DIALOG, name, value, next);
}

enum ivr_next ivr_recorded(struct ivr_run *run, const struct ivr_input *input)
{
    struct ivr_session *session = run->session;
    enum ivr_next next;

    if (input->heard == IVR_HEARD_NOTHING)
        return ivr_throw(session, "error.noresource", "nothing could be recorded");
    if (input->heard != IVR_HEARD_RECORDED)
        return ivr_throw(session, "noinput", "");
    if (!ivr_keep_recorded(session, input, &next))
        return next;
    return ivr_filled(run);
}
