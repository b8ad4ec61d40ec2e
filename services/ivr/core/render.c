#include "base/str.h"
#include "ivr/core/session_private.h"

static unsigned classes_at(const struct ivr_run *run, uint32_t node)
{
    return ivr_element_classes(ivr_node_element(run->document, node));
}

bool ivr_is_prompt(const struct ivr_document *document, uint32_t node)
{
    switch (ivr_node_element(document, node)) {
    case IVR_TEXT:
        return !ivr_is_blank(ivr_node_text(document, node));
    case IVR_PROMPT:
    case IVR_VALUE:
    case IVR_AUDIO:
    case IVR_ENUMERATE:
    case IVR_FOREACH:
        return true;
    default:
        return false;
    }
}

/* Text, values and files side by side are one implicit prompt: "You have <value/> left." */
static bool runs_on(const struct ivr_document *document, uint32_t node)
{
    enum ivr_element element = ivr_node_element(document, node);

    return node != 0 && (element == IVR_TEXT || element == IVR_VALUE || element == IVR_AUDIO);
}

uint32_t ivr_last_spoken(const struct ivr_document *document, uint32_t node)
{
    uint32_t last = node;

    while (runs_on(document, last) && runs_on(document, ivr_node_next(document, last)))
        last = ivr_node_next(document, last);
    return last;
}

static bool barge_in_at(const struct ivr_document *document, uint32_t node)
{
    const char *own = ivr_node_attribute(document, node, IVR_ATTR_BARGEIN);

    if (own != NULL)
        return td_str_equal(own, "true");
    return ivr_setting_flag(document, node, "bargein", true);
}

const char *ivr_language_at(const struct ivr_session *session, uint32_t node)
{
    const char *language = ivr_node_language(session->document, node);

    if (language[0] != '\0')
        return language;
    return session->language[0] != '\0' ? session->language : "en";
}

static enum ivr_next begin(struct ivr_run *run, uint32_t node, enum ivr_phase after)
{
    struct ivr_render *render = &run->session->render;

    render->root = node;
    render->last = ivr_last_spoken(run->document, node);
    render->at = node;
    render->audio = 0;
    render->leaving = false;
    run->session->render_return = (int)after;
    return ivr_go(run->session, IVR_PHASE_RENDER);
}

enum ivr_next ivr_say(struct ivr_run *run, uint32_t node, enum ivr_phase after)
{
    if (run->session->hung_up)
        return ivr_go(run->session, after); // Nobody hears it.
    run->session->render.to_log = false;
    ivr_queue_begin(&run->session->queue, ivr_language_at(run->session, node),
                    barge_in_at(run->document, node));
    return begin(run, node, after);
}

enum ivr_next ivr_write_log(struct ivr_run *run, uint32_t node, enum ivr_phase after)
{
    run->session->render.to_log = true;
    return begin(run, node, after);
}

/* --- one element --- */

static void put_text(struct ivr_run *run, const char *text)
{
    struct ivr_render *render = &run->session->render;
    size_t used = 0;

    if (!render->to_log) {
        ivr_queue_text(&run->session->queue, text);
        return;
    }
    while (render->log[used] != '\0')
        used++;
    td_str_clip(render->log + used, sizeof(render->log) - used, text);
}

static void put_tag(struct ivr_run *run, uint32_t node)
{
    struct ivr_queue *queue = &run->session->queue;
    const char *name;
    const char *value;

    if (ivr_node_attribute(run->document, node, IVR_ATTR_XML_LANG) != NULL)
        ivr_queue_language(queue, ivr_language_at(run->session, node));
    ivr_queue_tag(queue, ivr_element_name(ivr_node_element(run->document, node)));
    for (uint32_t i = 0; ivr_node_attribute_at(run->document, node, i, &name, &value); i++)
        ivr_queue_tag_attribute(queue, name, value);
    if (ivr_node_child(run->document, node) == 0)
        ivr_queue_tag_empty(queue);
    else
        ivr_queue_tag_open(queue);
}

static void put_closing_tag(struct ivr_run *run, uint32_t node)
{
    struct ivr_queue *queue = &run->session->queue;

    if (ivr_node_child(run->document, node) != 0)
        ivr_queue_tag_close(queue, ivr_element_name(ivr_node_element(run->document, node)));
    if (ivr_node_attribute(run->document, node, IVR_ATTR_XML_LANG) != NULL)
        ivr_queue_language(queue,
                           ivr_language_at(run->session, ivr_node_parent(run->document, node)));
}

/* A file whose name is not one of ours is one that cannot be played: its content is said. */
static void put_audio(struct ivr_run *run, uint32_t node, const char *file)
{
    struct ivr_render *render = &run->session->render;

    if (render->audio != 0 || !ivr_is_sound_name(file))
        return;
    ivr_queue_audio(&run->session->queue, file);
    render->audio = node;
}

/* Speaks or opens the element at hand. @return false: return *next. */
static bool enter(struct ivr_run *run, uint32_t node, enum ivr_next *next)
{
    const char *expr = ivr_node_attribute(run->document, node, IVR_ATTR_EXPR);
    const char *src = ivr_node_attribute(run->document, node, IVR_ATTR_SRC);
    enum ivr_element element = ivr_node_element(run->document, node);
    char text[IVR_VALUE_SIZE];

    switch (element) {
    case IVR_TEXT:
        put_text(run, ivr_node_text(run->document, node));
        return true;
    case IVR_VALUE:
        if (!ivr_need(run, expr, IVR_MODE_STRING, next))
            return false;
        if (ivr_value_to_string(run->session->ready, text, sizeof(text)) == TD_OK)
            put_text(run, text);
        return true;
    case IVR_AUDIO:
        // What is undefined names no file, and the content is said.
        if (expr != NULL && !ivr_need(run, expr, IVR_MODE_VALUE, next))
            return false;
        if (expr != NULL && (ivr_value_kind(run->session->ready) != IVR_VALUE_STRING ||
                             ivr_value_to_string(run->session->ready, text, sizeof(text)) != TD_OK))
            return true;
        if (expr != NULL)
            put_audio(run, node, text);
        else if (src != NULL)
            put_audio(run, node, src);
        return true;
    case IVR_FOREACH:
    case IVR_ENUMERATE:
        *next = ivr_throw_unsupported(run->session, element);
        return false;
    default:
        if ((classes_at(run, node) & IVR_CLASS_SPEECH) != 0 && element != IVR_MARK)
            put_tag(run, node);
        return true;
    }
}

static void leave(struct ivr_run *run, uint32_t node)
{
    struct ivr_render *render = &run->session->render;

    if (node == render->audio) {
        ivr_queue_audio_end(&run->session->queue);
        render->audio = 0;
    } else if ((classes_at(run, node) & IVR_CLASS_SPEECH) != 0 &&
               ivr_node_element(run->document, node) != IVR_MARK) {
        put_closing_tag(run, node);
    }
}

/* --- the walk --- */

/* The log of a document that holds something sensitive could show it in any disguise. */
static void emit_log(struct ivr_run *run)
{
    struct ivr_effect *effect = ivr_add_effect(run, IVR_EFFECT_LOG);

    if (effect == NULL)
        return;
    td_str_clip(effect->log, sizeof(effect->log),
                ivr_variables_has_sensitive(&run->session->variables)
                    ? "(withheld: the dialog holds sensitive digits)"
                    : run->session->render.log);
}

static enum ivr_next finish(struct ivr_run *run)
{
    struct ivr_session *session = run->session;

    if (session->render.to_log)
        emit_log(run);
    else if (ivr_queue_end(&session->queue) != TD_OK)
        return ivr_throw(session, "error.semantic", "the prompt is too long");
    return ivr_go(session, (enum ivr_phase)session->render_return);
}

static bool has_spoken_children(const struct ivr_run *run, uint32_t node)
{
    return ivr_node_child(run->document, node) != 0 &&
           ivr_node_element(run->document, node) != IVR_DESC;
}

enum ivr_next ivr_phase_render(struct ivr_run *run)
{
    struct ivr_render *render = &run->session->render;
    uint32_t node = render->at;
    enum ivr_next next;

    if (!render->leaving) {
        if (!enter(run, node, &next))
            return next;
        if (has_spoken_children(run, node))
            render->at = ivr_node_child(run->document, node);
        else
            render->leaving = true;
        return IVR_GO;
    }
    leave(run, node);
    if (node == render->last)
        return finish(run);
    uint32_t after = ivr_node_next(run->document, node);
    render->at = after != 0 ? after : ivr_node_parent(run->document, node);
    render->leaving = after == 0;
    return IVR_GO;
}
