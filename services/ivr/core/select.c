#include "base/str.h"
#include "ivr/core/session_private.h"

#define TIMEOUT_MS 5000U

static enum ivr_next throw_unusable(struct ivr_session *session, const struct ivr_grammar *grammar)
{
    if (grammar == NULL)
        return ivr_throw(session, "error.semantic", "nothing could be entered here");
    return ivr_throw(session, grammar->unusable, "this grammar cannot be used");
}

/* Begins a visit: prompts first, unless the last one ended with a handler that asks for none. */
static enum ivr_next visit(struct ivr_run *run, uint32_t item)
{
    struct ivr_session *session = run->session;
    enum ivr_element element = ivr_node_element(run->document, item);
    const struct ivr_grammar *grammar = ivr_document_grammar(run->document, item);
    bool silent = session->skip_prompts;

    session->item = item;
    session->skip_prompts = false;
    session->just_filled = 0;
    session->listen_timeout_ms = ivr_setting_ms(run->document, item, "timeout", TIMEOUT_MS);
    if ((ivr_element_classes(element) & IVR_CLASS_UNSUPPORTED) != 0)
        return ivr_throw_unsupported(session, element);
    if (element == IVR_BLOCK)
        return ivr_go(session, IVR_PHASE_VISIT);
    if (element != IVR_TRANSFER && element != IVR_RECORD &&
        (grammar == NULL || grammar->unusable != NULL))
        return throw_unusable(session, grammar);
    if (silent)
        return ivr_go(session, IVR_PHASE_VISIT);
    session->eligible = 0;
    session->best_count = 0;
    return ivr_go_at(session, IVR_PHASE_PROMPTS, ivr_node_child(run->document, item));
}

enum ivr_next ivr_phase_select(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    bool is_menu = ivr_node_element(run->document, session->form) == IVR_MENU;
    uint32_t item = session->next_item;
    enum ivr_next next;

    ivr_variables_clear(&session->variables, IVR_SCOPE_ANONYMOUS);
    if (session->hung_up)
        return ivr_finish(session, session->gone, "");
    if (item != 0) {
        session->next_item = 0;
        return visit(run, item);
    }
    item = is_menu ? session->form : ivr_next_item(session, session->cursor);
    if (item == 0)
        return ivr_finish(session, IVR_OUTCOME_DONE, "");
    if (!is_menu && ivr_item_is_filled(session, item))
        return ivr_go_at(session, IVR_PHASE_SELECT, ivr_node_next(run->document, item));
    const char *cond = ivr_node_attribute(run->document, item, IVR_ATTR_COND);
    if (cond != NULL) {
        if (!ivr_need(run, cond, IVR_MODE_BOOLEAN, &next))
            return next;
        if (!ivr_value_is_true(session->ready))
            return ivr_go_at(session, IVR_PHASE_SELECT, ivr_node_next(run->document, item));
    }
    return visit(run, item);
}

/* --- prompts: those with the highest count that the prompt counter has reached --- */

static uint32_t count_of(const struct ivr_document *document, uint32_t node)
{
    const char *text = ivr_node_attribute(document, node, IVR_ATTR_COUNT);
    uint64_t count;

    if (text == NULL || td_str_to_u64(text, 1000, &count) != TD_OK)
        return 1;
    return (uint32_t)count;
}

static uint64_t bit_of(const struct ivr_document *document, uint32_t child)
{
    uint64_t bit = 1;

    for (uint32_t node = ivr_node_child(document, ivr_node_parent(document, child)); node != child;
         node = ivr_node_next(document, node))
        bit <<= 1;
    return bit;
}

enum ivr_next ivr_phase_prompts(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    uint32_t node = session->cursor;
    enum ivr_next next;

    if (node == 0)
        return ivr_go_at(session, IVR_PHASE_SAY, ivr_node_child(run->document, session->item));
    uint32_t after = ivr_node_next(run->document, node);
    uint32_t count = count_of(run->document, node);
    if (!ivr_is_prompt(run->document, node) ||
        count > ivr_item_state(session, session->item)->prompt_count)
        return ivr_go_at(session, IVR_PHASE_PROMPTS, after);

    const char *cond = ivr_node_attribute(run->document, node, IVR_ATTR_COND);
    if (cond != NULL) {
        if (!ivr_need(run, cond, IVR_MODE_BOOLEAN, &next))
            return next;
        if (!ivr_value_is_true(session->ready))
            return ivr_go_at(session, IVR_PHASE_PROMPTS, after);
    }
    session->eligible |= bit_of(run->document, node);
    if (count > session->best_count)
        session->best_count = count;
    return ivr_go_at(session, IVR_PHASE_PROMPTS, after);
}

enum ivr_next ivr_phase_say(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    uint32_t node = session->cursor;

    if (node == 0) {
        ivr_item_state(session, session->item)->prompt_count++;
        return ivr_go(session, IVR_PHASE_VISIT);
    }
    uint32_t last =
        ivr_is_prompt(run->document, node) ? ivr_last_spoken(run->document, node) : node;
    session->cursor = ivr_node_next(run->document, last);
    if ((session->eligible & bit_of(run->document, node)) == 0 ||
        count_of(run->document, node) != session->best_count)
        return IVR_GO;
    const char *timeout = ivr_node_attribute(run->document, node, IVR_ATTR_TIMEOUT);
    uint32_t ms;
    if (timeout != NULL && ivr_time_parse(timeout, &ms) == TD_OK)
        session->listen_timeout_ms = ms;
    return ivr_say(run, node, IVR_PHASE_SAY);
}

enum ivr_next ivr_phase_visit(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    const char *name = ivr_item_name(session, session->item);
    enum ivr_next next;

    switch (ivr_node_element(run->document, session->item)) {
    case IVR_BLOCK:
        // A block counts as done before it runs: what it throws must not bring it back.
        if (name == NULL)
            ivr_item_state(session, session->item)->filled = true;
        else if (!ivr_set_variable(session, IVR_SCOPE_DIALOG, name, "true", &next))
            return next;
        return ivr_run_content(session, session->item, IVR_PHASE_SELECT);
    case IVR_TRANSFER:
        return ivr_go(session, IVR_PHASE_TRANSFER);
    case IVR_RECORD:
        return ivr_go(session, IVR_PHASE_RECORD);
    default:
        session->digits[0] = '\0';
        return ivr_go(session, IVR_PHASE_LISTEN);
    }
}
