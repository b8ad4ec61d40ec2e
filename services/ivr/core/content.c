#include <string.h>

#include "base/str.h"
#include "ivr/core/session_private.h"

static const char *attribute(const struct ivr_run *run, enum ivr_attribute name)
{
    return ivr_node_attribute(run->document, run->session->cursor, name);
}

/* Text of the expression that was just evaluated; false: return *next. */
static bool ready_text(struct ivr_session *session, char text[IVR_VALUE_SIZE], enum ivr_next *next)
{
    if (ivr_value_to_string(session->ready, text, IVR_VALUE_SIZE) == TD_OK)
        return true;
    *next = ivr_throw(session, "error.semantic", "expected a text");
    return false;
}

/* --- the way through the content --- */

enum ivr_next ivr_run_content(struct ivr_session *session, uint32_t container, enum ivr_phase after)
{
    ivr_variables_clear(&session->variables, IVR_SCOPE_ANONYMOUS);
    session->content = container;
    session->content_return = (int)after;
    return ivr_go_at(session, IVR_PHASE_CONTENT, ivr_node_child(session->document, container));
}

static bool is_branch(const struct ivr_document *document, uint32_t node)
{
    enum ivr_element element = ivr_node_element(document, node);

    return element == IVR_ELSEIF || element == IVR_ELSE;
}

/* Behind `node`: its sibling, unless that begins another branch; else behind the `if` around it. */
static enum ivr_next behind(struct ivr_run *run, uint32_t node)
{
    struct ivr_session *session = run->session;

    for (;;) {
        uint32_t after = ivr_node_next(run->document, node);

        if (after != 0 && !is_branch(run->document, after))
            return ivr_go_at(session, IVR_PHASE_CONTENT, after);
        node = ivr_node_parent(run->document, node);
        if (node == session->content)
            return ivr_go_at(session, IVR_PHASE_CONTENT, 0);
    }
}

enum ivr_next ivr_content_next(struct ivr_run *run)
{
    return behind(run, run->session->cursor);
}

/* Content ended. SELECT begins with the first item again. */
static enum ivr_next content_done(struct ivr_run *run)
{
    struct ivr_session *session = run->session;

    ivr_variables_clear(&session->variables, IVR_SCOPE_ANONYMOUS);
    session->cursor = ivr_node_child(run->document, session->form);
    return ivr_go(session, (enum ivr_phase)session->content_return);
}

/* --- if --- */

/* Into the branch that begins at `first`, which may be empty; `inside` is any node of the `if`. */
static enum ivr_next into_branch(struct ivr_run *run, uint32_t first, uint32_t whole)
{
    if (first == 0 || is_branch(run->document, first))
        return behind(run, whole);
    return ivr_go_at(run->session, IVR_PHASE_CONTENT, first);
}

static enum ivr_next to_next_branch(struct ivr_run *run, uint32_t from, uint32_t whole)
{
    while (from != 0 && !is_branch(run->document, from))
        from = ivr_node_next(run->document, from);
    if (from == 0)
        return behind(run, whole);
    return ivr_go_at(run->session, IVR_PHASE_CONTENT, from);
}

static enum ivr_next run_if(struct ivr_run *run)
{
    uint32_t node = run->session->cursor;
    uint32_t first = ivr_node_child(run->document, node);
    enum ivr_next next;

    if (!ivr_need(run, attribute(run, IVR_ATTR_COND), IVR_MODE_BOOLEAN, &next))
        return next;
    return ivr_value_is_true(run->session->ready) ? into_branch(run, first, node)
                                                  : to_next_branch(run, first, node);
}

/* Reached only when no branch before it was taken. */
static enum ivr_next run_elseif(struct ivr_run *run)
{
    uint32_t node = run->session->cursor;
    uint32_t whole = ivr_node_parent(run->document, node);
    uint32_t after = ivr_node_next(run->document, node);
    enum ivr_next next;

    if (!ivr_need(run, attribute(run, IVR_ATTR_COND), IVR_MODE_BOOLEAN, &next))
        return next;
    return ivr_value_is_true(run->session->ready) ? into_branch(run, after, whole)
                                                  : to_next_branch(run, after, whole);
}

static enum ivr_next run_else(struct ivr_run *run)
{
    uint32_t node = run->session->cursor;

    return into_branch(run, ivr_node_next(run->document, node),
                       ivr_node_parent(run->document, node));
}

/* --- away from here --- */

static enum ivr_next goto_item(struct ivr_run *run, const char *name)
{
    uint32_t item = ivr_find_item(run->session, name);

    if (item == 0)
        return ivr_throw(run->session, "error.badfetch", "there is no such form item");
    run->session->next_item = item;
    run->session->skip_prompts = false;
    return ivr_go(run->session, IVR_PHASE_SELECT);
}

static enum ivr_next run_goto(struct ivr_run *run)
{
    const char *uri = attribute(run, IVR_ATTR_NEXT);
    const char *item = attribute(run, IVR_ATTR_NEXTITEM);
    const char *expr = attribute(run, IVR_ATTR_EXPR);
    char text[IVR_VALUE_SIZE];
    enum ivr_next next;

    if (uri != NULL)
        return ivr_follow(run->session, uri);
    if (item != NULL)
        return goto_item(run, item);
    const char *wanted = expr != NULL ? expr : attribute(run, IVR_ATTR_EXPRITEM);
    if (!ivr_need(run, wanted, IVR_MODE_STRING, &next) || !ready_text(run->session, text, &next))
        return next;
    return expr != NULL ? ivr_follow(run->session, text) : goto_item(run, text);
}

static enum ivr_next run_exit(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    const char *expr = attribute(run, IVR_ATTR_EXPR);
    const char *names = attribute(run, IVR_ATTR_NAMELIST);
    char text[IVR_VALUE_SIZE] = "";
    char bad[IVR_NAME_SIZE];
    enum ivr_next next;

    if (expr != NULL &&
        (!ivr_need(run, expr, IVR_MODE_STRING, &next) || !ready_text(session, text, &next)))
        return next;
    if (ivr_variables_reveals(&session->variables, text))
        text[0] = '\0';
    session->result = (struct ivr_result){.outcome = IVR_OUTCOME_DONE};
    if (names != NULL && ivr_result_add(&session->result, &session->variables, names, bad) != TD_OK)
        return ivr_throw(session, "error.semantic", bad);
    return ivr_finish(session, IVR_OUTCOME_DONE, text);
}

static enum ivr_next run_disconnect(struct ivr_run *run)
{
    run->session->flush_return = IVR_PHASE_DISCONNECT;
    return ivr_go(run->session, IVR_PHASE_FLUSH);
}

enum ivr_next ivr_phase_throw(struct ivr_run *run)
{
    const char *message = attribute(run, IVR_ATTR_MESSAGE);
    const char *expr = attribute(run, IVR_ATTR_MESSAGEEXPR);
    char text[IVR_VALUE_SIZE];
    enum ivr_next next;

    if (expr == NULL)
        return ivr_throw(run->session, run->session->event, message == NULL ? "" : message);
    if (!ivr_need(run, expr, IVR_MODE_STRING, &next) || !ready_text(run->session, text, &next))
        return next;
    return ivr_throw(run->session, run->session->event, text);
}

/* The event first, its message in a step of its own: a step evaluates one expression. */
static enum ivr_next run_throw(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    const char *event = attribute(run, IVR_ATTR_EVENT);
    char text[IVR_VALUE_SIZE];
    enum ivr_next next;

    if (event == NULL) {
        if (!ivr_need(run, attribute(run, IVR_ATTR_EVENTEXPR), IVR_MODE_STRING, &next) ||
            !ready_text(session, text, &next))
            return next;
        event = text;
    }
    td_str_clip(session->event, sizeof(session->event), event);
    return ivr_go(session, IVR_PHASE_THROW);
}

/* --- what is heard, and what is logged --- */

/* Rendering comes back to the element behind the one at the cursor. */
static enum ivr_next say_here(struct ivr_run *run)
{
    uint32_t node = run->session->cursor;

    (void)behind(run, ivr_last_spoken(run->document, node));
    return ivr_say(run, node, IVR_PHASE_CONTENT);
}

static enum ivr_next run_prompt(struct ivr_run *run)
{
    const char *cond = attribute(run, IVR_ATTR_COND);
    enum ivr_next next;

    if (cond != NULL) {
        if (!ivr_need(run, cond, IVR_MODE_BOOLEAN, &next))
            return next;
        if (!ivr_value_is_true(run->session->ready))
            return ivr_content_next(run);
    }
    return say_here(run);
}

static enum ivr_next run_log(struct ivr_run *run)
{
    const char *label = attribute(run, IVR_ATTR_LABEL);
    struct ivr_render *render = &run->session->render;

    td_str_clip(render->log, sizeof(render->log), label == NULL ? "" : label);
    if (label != NULL)
        td_str_clip(render->log + strlen(render->log), sizeof(render->log) - strlen(render->log),
                    ": ");
    return ivr_go(run->session, IVR_PHASE_LOG);
}

enum ivr_next ivr_phase_log(struct ivr_run *run)
{
    struct ivr_session *session = run->session;
    const char *expr = attribute(run, IVR_ATTR_EXPR);
    uint32_t node = session->cursor;
    char text[IVR_VALUE_SIZE];
    enum ivr_next next;

    if (expr != NULL) {
        if (!ivr_need(run, expr, IVR_MODE_STRING, &next) || !ready_text(session, text, &next))
            return next;
        size_t used = strlen(session->render.log);
        td_str_clip(session->render.log + used, sizeof(session->render.log) - used, text);
    }
    (void)ivr_content_next(run);
    return ivr_write_log(run, node, IVR_PHASE_CONTENT);
}

/* --- one element --- */

enum ivr_next ivr_phase_content(struct ivr_run *run)
{
    struct ivr_session *session = run->session;

    if (session->cursor == 0)
        return content_done(run);
    enum ivr_element element = ivr_node_element(run->document, session->cursor);
    switch (element) {
    case IVR_TEXT:
        return ivr_is_prompt(run->document, session->cursor) ? say_here(run)
                                                             : ivr_content_next(run);
    case IVR_VALUE:
    case IVR_AUDIO:
        return say_here(run);
    case IVR_PROMPT:
        return run_prompt(run);
    case IVR_VAR:
        return ivr_run_var(run);
    case IVR_ASSIGN:
        return ivr_run_assign(run);
    case IVR_CLEAR:
        return ivr_run_clear(run);
    case IVR_IF:
        return run_if(run);
    case IVR_ELSEIF:
        return run_elseif(run);
    case IVR_ELSE:
        return run_else(run);
    case IVR_GOTO:
        return run_goto(run);
    case IVR_EXIT:
        return run_exit(run);
    case IVR_DISCONNECT:
        return run_disconnect(run);
    case IVR_THROW:
        return run_throw(run);
    case IVR_LOG:
        return run_log(run);
    case IVR_REPROMPT:
        session->reprompt = true;
        return ivr_content_next(run);
    default:
        return ivr_throw_unsupported(session, element);
    }
}
