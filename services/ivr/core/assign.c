#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "ivr/core/session_private.h"

static const char *attribute(const struct ivr_run *run, enum ivr_attribute name)
{
    return ivr_node_attribute(run->document, run->session->cursor, name);
}

enum ivr_next ivr_run_var(struct ivr_run *run)
{
    const char *expr = attribute(run, IVR_ATTR_EXPR);
    enum ivr_next next;

    if (expr != NULL && !ivr_need(run, expr, IVR_MODE_VALUE, &next))
        return next;
    if (!ivr_set_variable(run->session, IVR_SCOPE_ANONYMOUS, attribute(run, IVR_ATTR_NAME),
                          expr == NULL ? "undefined" : run->session->ready, &next))
        return next;
    return ivr_content_next(run);
}

/* Something within an object: "order.items[2].count". A worker carries it out on the variables. */
static enum ivr_next assign_within(struct ivr_run *run, const char *path, const char *expr)
{
    struct ivr_session *session = run->session;
    enum ivr_next next;
    struct td_text text;

    td_text_init(&text, session->expression, sizeof(session->expression));
    td_text_add(&text, path);
    td_text_add(&text, "=(");
    td_text_add(&text, expr);
    td_text_add(&text, "\n)");
    if (text.cut)
        return ivr_throw(session, "error.semantic", "the expression is too long");
    if (!ivr_need(run, session->expression, IVR_MODE_ASSIGN, &next))
        return next;
    return ivr_content_next(run);
}

static bool is_path(const char *name)
{
    const char *rest = name + strcspn(name, ".[");
    char first[IVR_NAME_SIZE];

    // Of a scope only what is in it can be assigned to, and that was looked for already.
    return *rest != '\0' &&
           td_str_copy_span(first, sizeof(first), name, (size_t)(rest - name)) == TD_OK &&
           (ivr_is_name(first) || strchr(rest + 1, '.') != NULL || strchr(rest, '[') != NULL);
}

enum ivr_next ivr_run_assign(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    const char *text = attribute(run, IVR_ATTR_NAME);
    const char *expr = attribute(run, IVR_ATTR_EXPR);
    enum ivr_scope scope;
    const char *name;
    enum ivr_next next;

    if (!ivr_variables_resolve(&session->variables, text, &scope, &name)) {
        if (is_path(text))
            return assign_within(run, text, expr);
        return ivr_throw(session, "error.semantic", "assignment to an undeclared variable");
    }
    if (scope == IVR_SCOPE_SESSION)
        return ivr_throw(session, "error.semantic", "session variables are read-only");
    if (!ivr_need(run, expr, IVR_MODE_VALUE, &next) ||
        !ivr_set_variable(session, scope, name, session->ready, &next))
        return next;
    return ivr_content_next(run);
}

static bool clear_all(struct ivr_session *session, enum ivr_next *next)
{
    uint32_t item = ivr_next_item(session, ivr_node_child(session->document, session->form));

    for (; item != 0; item = ivr_next_item(session, ivr_node_next(session->document, item))) {
        if (!ivr_item_clear(session, item, next))
            return false;
    }
    return true;
}

static bool clear_one(struct ivr_session *session, const char *word, enum ivr_next *next)
{
    uint32_t item = ivr_find_item(session, word);
    enum ivr_scope scope;
    const char *name;

    if (item != 0)
        return ivr_item_clear(session, item, next);
    if (!ivr_variables_resolve(&session->variables, word, &scope, &name) ||
        scope == IVR_SCOPE_SESSION) {
        *next = ivr_throw(session, "error.semantic", "there is no such variable to clear");
        return false;
    }
    return ivr_set_variable(session, scope, name, "undefined", next);
}

enum ivr_next ivr_run_clear(struct ivr_run *run)
{
    const char *names = attribute(run, IVR_ATTR_NAMELIST);
    char word[IVR_NAME_SIZE];
    enum ivr_next next;

    if (names == NULL && !clear_all(run->session, &next))
        return next;
    while (names != NULL && ivr_next_word(&names, word, sizeof(word))) {
        if (!clear_one(run->session, word, &next))
            return next;
    }
    return ivr_content_next(run);
}
