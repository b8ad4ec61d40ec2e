#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "ivr/core/session_private.h"

/* --- how often --- */

void ivr_forget_event_counts(struct ivr_session *session, uint32_t item)
{
    for (size_t i = 0; i < IVR_EVENT_COUNTS_MAX; i++) {
        if (session->event_counts[i].item == item)
            session->event_counts[i] = (struct ivr_event_count){.item = 0};
    }
}

static void count_event(struct ivr_session *session)
{
    struct ivr_event_count *unused = NULL;

    for (size_t i = 0; i < IVR_EVENT_COUNTS_MAX; i++) {
        struct ivr_event_count *count = &session->event_counts[i];

        if (count->count == 0) {
            unused = unused == NULL ? count : unused;
        } else if (count->item == session->item && td_str_equal(count->event, session->event)) {
            count->count++;
            return;
        }
    }
    if (unused == NULL)
        return; // A document with so many kinds of events is told each for the first time.
    *unused = (struct ivr_event_count){.item = session->item, .count = 1};
    memcpy(unused->event, session->event, sizeof(unused->event));
}

/* How often anything that `pattern` catches was thrown in this item, the present one included. */
static uint32_t count_of(const struct ivr_session *session, const char *pattern)
{
    uint32_t total = 0;

    for (size_t i = 0; i < IVR_EVENT_COUNTS_MAX; i++) {
        const struct ivr_event_count *count = &session->event_counts[i];

        if (count->count > 0 && count->item == session->item &&
            ivr_event_matches(pattern, count->event))
            total += count->count;
    }
    return total == 0 ? 1 : total;
}

/* --- which handler --- */

static uint32_t wanted_count(const struct ivr_run *run, uint32_t handler)
{
    const char *text = ivr_node_attribute(run->document, handler, IVR_ATTR_COUNT);
    uint64_t count;

    if (text == NULL || td_str_to_u64(text, 1000, &count) != TD_OK)
        return 1;
    return (uint32_t)count;
}

static bool catches(const struct ivr_run *run, uint32_t node)
{
    const struct ivr_session *session = run->session;
    enum ivr_element element = ivr_node_element(run->document, node);
    const char *patterns = ivr_node_attribute(run->document, node, IVR_ATTR_EVENT);
    uint32_t wanted = wanted_count(run, node);
    char pattern[IVR_EVENT_SIZE];

    if ((ivr_element_classes(element) & IVR_CLASS_HANDLER) == 0)
        return false;
    if (element != IVR_CATCH)
        patterns = ivr_element_name(element);
    if (patterns == NULL || ivr_is_blank(patterns))
        patterns = ".";
    while (ivr_next_word(&patterns, pattern, sizeof(pattern))) {
        if (ivr_event_matches(pattern, session->event) && count_of(session, pattern) >= wanted)
            return true;
    }
    return false;
}

/* --- what happens without one --- */

static const char *sorry(const struct ivr_session *session, const char *event)
{
    bool chinese = td_str_starts_with(ivr_language_at(session, session->item), "zh");

    if (td_str_equal(event, "help"))
        return chinese ? "对不起，这里没有帮助。" : "Sorry, there is no help here.";
    return chinese ? "对不起，没有这个选项。" : "Sorry, that is not a valid choice.";
}

static enum ivr_next ask_again(struct ivr_session *session, bool with_message)
{
    if (with_message && !session->hung_up) {
        ivr_queue_begin(&session->queue, ivr_language_at(session, session->item), true);
        ivr_queue_text(&session->queue, sorry(session, session->event));
        (void)ivr_queue_end(&session->queue); // Without room the question alone is asked again.
    }
    session->reprompt = true;
    return ivr_go(session, IVR_PHASE_CAUGHT);
}

/* What the default handler of VoiceXML does (section 5.2.5). */
static enum ivr_next default_handler(struct ivr_session *session)
{
    const char *event = session->event;
    char reason[IVR_REASON_SIZE];
    struct td_text text;
    bool told = session->message[0] != '\0' &&
                !ivr_variables_reveals(&session->variables, session->message);

    if (td_str_equal(event, "cancel"))
        return ivr_go(session, IVR_PHASE_CAUGHT);
    if (td_str_equal(event, "noinput"))
        return ask_again(session, false);
    if (td_str_equal(event, "nomatch") || td_str_equal(event, "help"))
        return ask_again(session, true);
    if (ivr_event_matches("connection.disconnect", event))
        return ivr_finish(session, session->hung_up ? session->gone : IVR_OUTCOME_DONE, "");
    if (td_str_equal(event, "exit"))
        return ivr_finish(session, IVR_OUTCOME_DONE, "");
    td_text_init(&text, reason, sizeof(reason));
    td_text_add(&text, event);
    if (told) {
        td_text_add(&text, ": ");
        td_text_add(&text, session->message);
    }
    return ivr_finish(session, IVR_OUTCOME_ERROR, reason);
}

/* --- the phases --- */

static void begin_search(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    uint32_t scope = session->item != 0 ? session->item : session->form;

    if (scope == 0)
        scope = ivr_document_root(run->document);
    count_event(session);
    session->search =
        (struct ivr_search){.scope = scope, .at = ivr_node_child(run->document, scope)};
}

/* Without room for it the handler runs all the same: an event must be handled by somebody. */
static void set_text(struct ivr_session *session, const char *name, const char *text)
{
    char value[IVR_VALUE_SIZE] = "undefined";

    if (text[0] != '\0' && ivr_value_from_string(text, value, sizeof(value)) != TD_OK)
        return;
    if (ivr_variables_set(&session->variables, IVR_SCOPE_ANONYMOUS, name, value) != TD_OK)
        return;
}

static enum ivr_next handle(struct ivr_session *session)
{
    enum ivr_next next = ivr_run_content(session, session->search.best, IVR_PHASE_CAUGHT);

    set_text(session, "_event", session->event);
    set_text(session, "_message", session->message);
    return next;
}

/* Among the handlers that would do, from the inside out: the one with the highest count, the first
   of several (section 5.2.4). */
enum ivr_next ivr_phase_event(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    struct ivr_search *search = &session->search;
    enum ivr_next next;

    if (search->scope == 0)
        begin_search(run);
    uint32_t node = search->at;
    if (node == 0) {
        search->scope = ivr_node_parent(run->document, search->scope);
        if (search->scope == 0)
            return search->best != 0 ? handle(session) : default_handler(session);
        search->at = ivr_node_child(run->document, search->scope);
        return IVR_GO;
    }
    if (catches(run, node) && wanted_count(run, node) > search->best_count) {
        const char *cond = ivr_node_attribute(run->document, node, IVR_ATTR_COND);

        if (cond != NULL && !ivr_need(run, cond, IVR_MODE_BOOLEAN, &next))
            return next;
        if (cond == NULL || ivr_value_is_true(session->ready)) {
            search->best = node;
            search->best_count = wanted_count(run, node);
        }
    }
    search->at = ivr_node_next(run->document, node);
    return IVR_GO;
}

enum ivr_next ivr_phase_caught(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    bool failed = ivr_event_matches("error", session->event);

    session->skip_prompts = !session->reprompt;
    session->reprompt = false;
    if (session->form == 0)
        return ivr_finish(session, failed ? IVR_OUTCOME_ERROR : IVR_OUTCOME_DONE, session->event);
    return ivr_go_at(session, IVR_PHASE_SELECT, ivr_node_child(run->document, session->form));
}
