#include <string.h>

#include "base/str.h"
#include "ivr/core/session_private.h"

/* --- items --- */

static bool is_item(const struct ivr_session *session, uint32_t node)
{
    enum ivr_element element = ivr_node_element(session->document, node);

    return (ivr_element_classes(element) & IVR_CLASS_ITEM) != 0;
}

const char *ivr_item_name(const struct ivr_session *session, uint32_t item)
{
    if (ivr_node_element(session->document, item) == IVR_MENU)
        return NULL;
    return ivr_node_attribute(session->document, item, IVR_ATTR_NAME);
}

uint32_t ivr_next_item(const struct ivr_session *session, uint32_t node)
{
    while (node != 0 && !is_item(session, node))
        node = ivr_node_next(session->document, node);
    return node;
}

uint32_t ivr_item_index(const struct ivr_session *session, uint32_t item)
{
    uint32_t index = 0;

    if (item == session->form)
        return 0; // A menu is its own and only item.
    for (uint32_t node = ivr_node_child(session->document, session->form); node != item;
         node = ivr_node_next(session->document, node))
        index += is_item(session, node);
    return index;
}

struct ivr_item_state *ivr_item_state(struct ivr_session *session, uint32_t item)
{
    return &session->items[ivr_item_index(session, item)];
}

bool ivr_item_is_filled(struct ivr_session *session, uint32_t item)
{
    const char *name = ivr_item_name(session, item);

    if (name == NULL)
        return ivr_item_state(session, item)->filled;
    const char *value = ivr_variables_get(&session->variables, IVR_SCOPE_DIALOG, name);
    return value != NULL && ivr_value_kind(value) != IVR_VALUE_UNDEFINED;
}

uint32_t ivr_find_item(const struct ivr_session *session, const char *name)
{
    uint32_t item = ivr_next_item(session, ivr_node_child(session->document, session->form));

    while (item != 0) {
        const char *own = ivr_item_name(session, item);

        if (own != NULL && td_str_equal(own, name))
            return item;
        item = ivr_next_item(session, ivr_node_next(session->document, item));
    }
    return 0;
}

bool ivr_item_clear(struct ivr_session *session, uint32_t item, enum ivr_next *next)
{
    const char *name = ivr_item_name(session, item);

    *ivr_item_state(session, item) = (struct ivr_item_state){.prompt_count = 1};
    ivr_forget_event_counts(session, item);
    return name == NULL || ivr_set_variable(session, IVR_SCOPE_DIALOG, name, "undefined", next);
}

/* --- variables of document and form --- */

static bool was_restored(const struct ivr_session *session, enum ivr_scope scope, const char *name)
{
    return session->resumed && ivr_variables_get(&session->variables, scope, name) != NULL;
}

/* @return Whether it is declared; if not, return *next. */
static bool declare(struct ivr_run *run, uint32_t node, enum ivr_scope scope, enum ivr_next *next)
{
    const char *name = ivr_node_attribute(run->document, node, IVR_ATTR_NAME);
    const char *expr = ivr_node_attribute(run->document, node, IVR_ATTR_EXPR);

    if (was_restored(run->session, scope, name))
        return true;
    if (expr == NULL)
        return ivr_set_variable(run->session, scope, name, "undefined", next);
    return ivr_need(run, expr, IVR_MODE_VALUE, next) &&
           ivr_set_variable(run->session, scope, name, run->session->ready, next);
}

/* A form item without a name has its variable in the state of the item. */
static bool declare_item(struct ivr_run *run, uint32_t item, enum ivr_next *next)
{
    const char *expr = ivr_node_attribute(run->document, item, IVR_ATTR_EXPR);
    struct ivr_item_state *state = ivr_item_state(run->session, item);

    if (state->prompt_count == 0)
        state->prompt_count = 1;
    if (ivr_item_name(run->session, item) != NULL)
        return declare(run, item, IVR_SCOPE_DIALOG, next);
    if (expr == NULL || state->filled)
        return true;
    if (!ivr_need(run, expr, IVR_MODE_VALUE, next))
        return false;
    state->filled = ivr_value_kind(run->session->ready) != IVR_VALUE_UNDEFINED;
    return true;
}

enum ivr_next ivr_phase_document(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    uint32_t node = session->cursor;
    enum ivr_next next;

    if (node == 0)
        return ivr_go(session, IVR_PHASE_ENTER);
    enum ivr_element element = ivr_node_element(run->document, node);
    if (element == IVR_VAR && !declare(run, node, IVR_SCOPE_DOCUMENT, &next))
        return next;
    if ((ivr_element_classes(element) & IVR_CLASS_UNSUPPORTED) != 0)
        return ivr_throw_unsupported(session, element);
    return ivr_go_at(session, IVR_PHASE_DOCUMENT, ivr_node_next(run->document, node));
}

enum ivr_next ivr_phase_enter(struct ivr_run *run)
{
    struct ivr_session *session = run->session;

    if (!session->resumed) {
        ivr_variables_clear(&session->variables, IVR_SCOPE_DIALOG);
        memset(session->items, 0, sizeof(session->items));
        session->form = ivr_document_dialog(run->document, session->fragment);
    }
    memset(session->event_counts, 0, sizeof(session->event_counts));
    session->item = 0;
    session->next_item = 0;
    session->reprompt = false;
    session->skip_prompts = false;
    if (session->form == 0)
        return ivr_throw(session, "error.badfetch", session->fragment);
    if (ivr_node_element(run->document, session->form) == IVR_MENU) {
        session->resumed = false;
        session->items[0].prompt_count = 1;
        return ivr_go_at(session, IVR_PHASE_SELECT, session->form);
    }
    return ivr_go_at(session, IVR_PHASE_FORM, ivr_node_child(run->document, session->form));
}

enum ivr_next ivr_phase_form(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    uint32_t node = session->cursor;
    enum ivr_next next;

    if (node == 0) {
        session->resumed = false;
        return ivr_go_at(session, IVR_PHASE_SELECT, ivr_node_child(run->document, session->form));
    }
    enum ivr_element element = ivr_node_element(run->document, node);
    if (element == IVR_VAR && !declare(run, node, IVR_SCOPE_DIALOG, &next))
        return next;
    if (is_item(session, node) && !declare_item(run, node, &next))
        return next;
    if (element == IVR_GRAMMAR || element == IVR_SCRIPT || element == IVR_LINK)
        return ivr_throw_unsupported(session, element);
    return ivr_go_at(session, IVR_PHASE_FORM, ivr_node_next(run->document, node));
}

/* --- from one to another --- */

enum ivr_next ivr_follow(struct ivr_session *session, const char *uri)
{
    if (ivr_target_parse(uri, &session->target) != TD_OK)
        return ivr_throw(session, "error.badfetch", "this is no document of ours");
    if (session->target.document[0] != '\0')
        return ivr_go(session, IVR_PHASE_FETCH);
    // A target that is not there is an error of the dialog that is left, not of the next one.
    if (ivr_document_dialog(session->document, session->target.fragment) == 0)
        return ivr_throw(session, "error.badfetch", session->target.fragment);
    memcpy(session->fragment, session->target.fragment, sizeof(session->fragment));
    session->resumed = false;
    return ivr_go(session, IVR_PHASE_ENTER);
}

enum ivr_next ivr_phase_fetch(struct ivr_run *run)
{
    struct ivr_effect *effect = ivr_add_effect(run, IVR_EFFECT_FETCH);

    effect->document = run->session->target.document;
    run->session->waiting = IVR_WAITING_DOCUMENT;
    return IVR_WAIT;
}

/* --- going on elsewhere --- */

struct ivr_position ivr_session_position(const struct ivr_session *session)
{
    struct ivr_position position = {
        .document_hash = ivr_document_hash(session->document),
        .form = session->form,
        .recorded_ms = session->recorded_ms,
    };

    for (uint32_t i = 0; i < IVR_FORM_ITEMS_MAX; i++)
        position.filled |= (uint64_t)session->items[i].filled << i;
    return position;
}

static bool is_dialog(const struct ivr_document *document, uint32_t node)
{
    return node != 0 && node < document->node_count &&
           ivr_node_parent(document, node) == ivr_document_root(document) &&
           (ivr_element_classes(ivr_node_element(document, node)) & IVR_CLASS_DIALOG) != 0;
}

bool ivr_session_resume(struct ivr_session *session, const struct ivr_position *position)
{
    const struct ivr_document *document = session->document;

    if (position->document_hash != ivr_document_hash(document) ||
        !is_dialog(document, position->form))
        return false;
    session->resumed = true;
    session->form = position->form;
    session->recorded_ms = position->recorded_ms;
    for (uint32_t i = 0; i < IVR_FORM_ITEMS_MAX; i++)
        session->items[i].filled = (position->filled >> i & 1) != 0;
    return true;
}

enum td_err ivr_session_restore_variable(struct ivr_session *session, enum ivr_scope scope,
                                         const char *name, const char *value)
{
    return ivr_variables_set(&session->variables, scope, name, value);
}
