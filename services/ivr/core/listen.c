#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "ivr/core/session_private.h"

#define INTER_DIGIT_MS 3000U
/* Even "no time-out" leaves a moment, so that a dialog of silence cannot spin. */
#define LISTEN_MIN_MS 100U

static bool is_sensitive(const struct ivr_session *session)
{
    return ivr_setting_flag(session->document, session->item, "tandem.sensitive", false);
}

/* --- listening --- */

enum ivr_next ivr_play_group(struct ivr_run *run, uint32_t count)
{
    struct ivr_effect *effect = ivr_add_effect(run, IVR_EFFECT_PLAY);

    assert(effect != NULL);
    effect->segment_count = count;
    effect->barge_in = run->session->queue.list[0].barge_in;
    run->session->group = count;
    run->session->waiting = IVR_WAITING_PLAY;
    return IVR_WAIT;
}

static uint32_t at_least(uint32_t ms, uint32_t min_ms)
{
    return ms < min_ms ? min_ms : ms;
}

/* The key that ends an input, unless the grammar itself has a use for it now. */
static void set_terminator(const struct ivr_session *session, const struct ivr_match *match,
                           struct ivr_collect *collect)
{
    const char *key = ivr_node_property(session->document, session->item, "termchar");

    if (key == NULL)
        key = "#";
    if (key[0] == '\0' || key[1] != '\0' || (ivr_key_bit(key[0]) & match->next_keys) != 0)
        return;
    collect->terminators[0] = key[0];
}

static enum ivr_next collect_digits(struct ivr_run *run, const struct ivr_match *match,
                                    uint32_t segment_count)
{
    struct ivr_session *session = run->session;
    struct ivr_effect *effect = ivr_add_effect(run, IVR_EFFECT_COLLECT);
    uint32_t inter_digit_ms =
        at_least(ivr_setting_ms(run->document, session->item, "interdigittimeout", INTER_DIGIT_MS),
                 LISTEN_MIN_MS);
    bool first = session->digits[0] == '\0';

    assert(effect != NULL);
    effect->segment_count = segment_count;
    effect->barge_in = segment_count == 0 || session->queue.list[0].barge_in;
    effect->collect = (struct ivr_collect){
        .digits_max = match->digits_needed,
        .first_digit_ms =
            first ? at_least(session->listen_timeout_ms, LISTEN_MIN_MS) : inter_digit_ms,
        .inter_digit_ms = inter_digit_ms,
        .sensitive = is_sensitive(session),
    };
    set_terminator(session, match, &effect->collect);
    session->group = segment_count;
    session->waiting = IVR_WAITING_COLLECT;
    return IVR_WAIT;
}

enum ivr_next ivr_phase_listen(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    uint32_t count = ivr_queue_group(&session->queue, IVR_GROUP_MAX);
    struct ivr_match match;

    if (session->hung_up)
        return ivr_finish(session, session->gone, "");
    // Whatever cannot go with the collect itself is heard before.
    if (count < session->queue.count)
        return ivr_play_group(run, count);
    ivr_grammar_match(ivr_document_grammar(run->document, session->item), session->digits, &match);
    if (match.digits_needed == 0)
        return ivr_throw(session, "error.semantic", "nothing could be entered here");
    return collect_digits(run, &match, count);
}

/* --- what was entered --- */

static enum td_err meaning_value(const struct ivr_meaning *meaning, const char *digits,
                                 char value[IVR_VALUE_SIZE])
{
    switch (meaning->kind) {
    case IVR_MEANING_TRUE:
        return td_str_copy(value, IVR_VALUE_SIZE, "true");
    case IVR_MEANING_FALSE:
        return td_str_copy(value, IVR_VALUE_SIZE, "false");
    case IVR_MEANING_TEXT:
        return ivr_value_from_string(meaning->text, value, IVR_VALUE_SIZE);
    default:
        return ivr_value_from_string(digits, value, IVR_VALUE_SIZE);
    }
}

/* {"utterance":...}: what is known of the input, without what is sensitive. */
static void add_shadow(struct td_text *text, const struct ivr_session *session, const char *value,
                       bool sensitive)
{
    if (!sensitive) {
        td_text_add(text, "\"utterance\":\"");
        td_text_add(text, session->digits);
        td_text_add(text, "\",\"interpretation\":");
        td_text_add(text, value);
        td_text_add(text, ",");
    }
    td_text_add(text, "\"inputmode\":\"dtmf\",\"confidence\":1}");
}

/* application.lastresult$ (VoiceXML 2.0, 5.1.5): the best and only result, and an array of it. */
static bool set_last_result(struct ivr_session *session, const char *value, bool sensitive,
                            enum ivr_next *next)
{
    char last[IVR_VALUE_SIZE];
    struct td_text text;

    td_text_init(&text, last, sizeof(last));
    td_text_add(&text, "{\"0\":{");
    add_shadow(&text, session, value, sensitive);
    td_text_add(&text, ",\"length\":1,");
    add_shadow(&text, session, value, sensitive);
    // Values that long come from a tag of the document, which knows them without being told.
    return text.cut || ivr_set_variable(session, IVR_SCOPE_APPLICATION, "lastresult$", last, next);
}

/* NAME$ (2.3.1), the same for one field. */
static bool set_shadow(struct ivr_session *session, const char *name, const char *value,
                       bool sensitive, enum ivr_next *next)
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
    td_text_add(&text, "{");
    add_shadow(&text, session, value, sensitive);
    return text.cut || ivr_set_variable(session, IVR_SCOPE_DIALOG, shadow_name, shadow, next);
}

static bool set_field(struct ivr_session *session, const char *name, const char *value,
                      bool sensitive, enum ivr_next *next)
{
    if (!set_shadow(session, name, value, sensitive, next) ||
        !ivr_set_variable(session, IVR_SCOPE_DIALOG, name, value, next))
        return false;
    if (sensitive)
        ivr_variables_mark_sensitive(&session->variables, IVR_SCOPE_DIALOG, name);
    return true;
}

static void tell_input(struct ivr_run *run, const char *name, bool sensitive)
{
    struct ivr_effect *effect = ivr_add_effect(run, IVR_EFFECT_INPUT);

    if (effect == NULL)
        return;
    memcpy(run->session->told, run->session->digits, sizeof(run->session->told));
    effect->field = name == NULL ? "" : name;
    effect->digits = sensitive ? NULL : run->session->told;
}

enum ivr_next ivr_filled(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    uint32_t form = ivr_node_parent(run->document, session->item);

    session->just_filled = session->item;
    session->filled =
        ivr_node_first(run->document, ivr_node_child(run->document, session->item), IVR_FILLED);
    if (session->filled == 0)
        session->filled =
            ivr_node_first(run->document, ivr_node_child(run->document, form), IVR_FILLED);
    return ivr_go(session, IVR_PHASE_FILLED);
}

static enum ivr_next fill(struct ivr_run *run, const struct ivr_meaning *meaning)
{
    struct ivr_session *session = run->session;
    const char *name = ivr_item_name(session, session->item);
    bool sensitive = is_sensitive(session);
    char value[IVR_VALUE_SIZE];
    enum ivr_next next;

    if (meaning_value(meaning, session->digits, value) != TD_OK)
        return ivr_throw(session, "error.semantic", "the meaning of the input is too long");
    if (!set_last_result(session, value, sensitive, &next))
        return next;
    if (name == NULL)
        ivr_item_state(session, session->item)->filled = true;
    else if (!set_field(session, name, value, sensitive, &next))
        return next;
    tell_input(run, name, sensitive);
    if (meaning->kind == IVR_MEANING_NODE)
        return ivr_go_at(session, IVR_PHASE_CHOICE, meaning->node);
    return ivr_filled(run);
}

/* @return Whether all of them found room. */
static bool append_digits(struct ivr_session *session, const char *digits)
{
    size_t have = strlen(session->digits);
    size_t more = digits == NULL ? 0 : strlen(digits);

    if (more > IVR_GRAMMAR_DIGITS_MAX - have)
        return false;
    if (more > 0)
        memcpy(session->digits + have, digits, more + 1);
    return true;
}

enum ivr_next ivr_heard(struct ivr_run *run, const struct ivr_input *input)
{
    struct ivr_session *session = run->session;
    struct ivr_match match;

    if (input->heard == IVR_HEARD_NOTHING)
        return ivr_throw(session, "error.noresource", "nothing could be played or collected");
    if (!append_digits(session, input->digits))
        return ivr_throw(session, "nomatch", "");
    if (session->digits[0] == '\0')
        return ivr_throw(session, input->terminated ? "nomatch" : "noinput", "");

    bool more = input->heard == IVR_HEARD_DIGITS && !input->terminated;
    ivr_grammar_match(ivr_document_grammar(run->document, session->item), session->digits, &match);
    if (more && match.digits_needed > 0)
        return ivr_go(session, IVR_PHASE_LISTEN);
    if (match.accepted)
        return fill(run, &match.meaning);
    return ivr_throw(session, "nomatch", "");
}

/* --- filled --- */

static uint32_t filled_after(const struct ivr_run *run, uint32_t filled)
{
    const struct ivr_document *document = run->document;
    uint32_t form = ivr_node_parent(document, run->session->item);
    uint32_t next = ivr_node_first(document, ivr_node_next(document, filled), IVR_FILLED);

    if (next == 0 && ivr_node_parent(document, filled) == run->session->item)
        next = ivr_node_first(document, ivr_node_child(document, form), IVR_FILLED);
    return next;
}

/* Of a filled element of the form: do the items it is about stand as its mode wants? */
static bool is_due(struct ivr_run *run, uint32_t filled)
{
    struct ivr_session *session = run->session;
    const char *mode = ivr_node_attribute(run->document, filled, IVR_ATTR_MODE);
    const char *names = ivr_node_attribute(run->document, filled, IVR_ATTR_NAMELIST);
    const char *own = ivr_item_name(session, session->just_filled);
    bool any = mode != NULL && td_str_equal(mode, "any");
    bool concerned = names == NULL;
    bool all = true;
    char name[IVR_NAME_SIZE];

    if (ivr_node_parent(run->document, filled) == session->just_filled)
        return true;
    while (names != NULL && ivr_next_word(&names, name, sizeof(name))) {
        uint32_t item = ivr_find_item(session, name);

        concerned |= own != NULL && td_str_equal(own, name);
        all &= item != 0 && ivr_item_is_filled(session, item);
    }
    if (ivr_node_attribute(run->document, filled, IVR_ATTR_NAMELIST) == NULL) {
        uint32_t item = ivr_next_item(session, ivr_node_child(run->document, session->form));

        for (; item != 0; item = ivr_next_item(session, ivr_node_next(run->document, item)))
            all &= ivr_node_element(run->document, item) != IVR_FIELD ||
                   ivr_item_is_filled(session, item);
    }
    return concerned && (any || all);
}

enum ivr_next ivr_phase_filled(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    uint32_t filled = session->filled;

    if (filled == 0 || session->just_filled == 0)
        return ivr_go_at(session, IVR_PHASE_SELECT, ivr_node_child(run->document, session->form));
    session->filled = filled_after(run, filled);
    if (!is_due(run, filled))
        return IVR_GO;
    return ivr_run_content(session, filled, IVR_PHASE_FILLED);
}

enum ivr_next ivr_phase_choice(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    uint32_t choice = session->cursor;
    const char *next = ivr_node_attribute(run->document, choice, IVR_ATTR_NEXT);
    const char *event = ivr_node_attribute(run->document, choice, IVR_ATTR_EVENT);
    const char *expr = ivr_node_attribute(run->document, choice, IVR_ATTR_EXPR);
    const char *message = ivr_node_attribute(run->document, choice, IVR_ATTR_MESSAGE);
    char text[IVR_VALUE_SIZE];
    enum ivr_next stop;

    if (next != NULL)
        return ivr_follow(session, next);
    if (event != NULL)
        return ivr_throw(session, event, message == NULL ? "" : message);
    const char *wanted =
        expr != NULL ? expr : ivr_node_attribute(run->document, choice, IVR_ATTR_EVENTEXPR);
    if (!ivr_need(run, wanted, IVR_MODE_STRING, &stop))
        return stop;
    if (ivr_value_to_string(session->ready, text, sizeof(text)) != TD_OK)
        return ivr_throw(session, "error.semantic", "expected a text");
    return expr != NULL ? ivr_follow(session, text) : ivr_throw(session, text, "");
}
