#include "ivr/core/check.h"

#include "base/str.h"
#include "ivr/core/grammar_compile.h"
#include "ivr/core/lexical.h"
#include "ivr/core/placement.h"

/* Prompts of one item among which the interpreter chooses by their count. */
#define PROMPTS_MAX 64U

struct checker {
    struct ivr_document *document;
    struct ivr_fault *fault;
};

static const char *attribute(const struct checker *checker, uint32_t node, enum ivr_attribute name)
{
    return ivr_node_attribute(checker->document, node, name);
}

/* "<name>", and the line it stands in. */
static void begin_fault(const struct checker *checker, uint32_t node)
{
    (void)ivr_fault_set(checker->fault, ivr_node_line(checker->document, node), "<");
    (void)ivr_fault_add(checker->fault,
                        ivr_element_name(ivr_node_element(checker->document, node)));
    (void)ivr_fault_add(checker->fault, ">");
}

static enum td_err refuse(const struct checker *checker, uint32_t node, const char *what)
{
    begin_fault(checker, node);
    (void)ivr_fault_add(checker->fault, ": ");
    return ivr_fault_add(checker->fault, what);
}

/* --- what each element needs --- */

static enum td_err need(const struct checker *checker, uint32_t node, enum ivr_attribute name)
{
    if (attribute(checker, node, name) != NULL)
        return TD_OK;
    begin_fault(checker, node);
    (void)ivr_fault_add(checker->fault, " needs the attribute ");
    return ivr_fault_add(checker->fault, ivr_attribute_name(name));
}

static unsigned count_present(const struct checker *checker, uint32_t node,
                              const enum ivr_attribute *names, size_t count)
{
    unsigned present = 0;

    for (size_t i = 0; i < count; i++)
        present += attribute(checker, node, names[i]) != NULL;
    return present;
}

static enum td_err check_goto(const struct checker *checker, uint32_t node)
{
    static const enum ivr_attribute ways[] = {IVR_ATTR_NEXT, IVR_ATTR_EXPR, IVR_ATTR_NEXTITEM,
                                              IVR_ATTR_EXPRITEM};

    if (count_present(checker, node, ways, 4) != 1)
        return refuse(checker, node, "needs exactly one of next, expr, nextitem, expritem");
    return TD_OK;
}

static enum td_err check_throw(const struct checker *checker, uint32_t node)
{
    static const enum ivr_attribute ways[] = {IVR_ATTR_EVENT, IVR_ATTR_EVENTEXPR};

    if (count_present(checker, node, ways, 2) != 1)
        return refuse(checker, node, "needs exactly one of event, eventexpr");
    return TD_OK;
}

static enum td_err check_choice(const struct checker *checker, uint32_t node)
{
    static const enum ivr_attribute ways[] = {IVR_ATTR_NEXT, IVR_ATTR_EXPR, IVR_ATTR_EVENT,
                                              IVR_ATTR_EVENTEXPR};

    if (count_present(checker, node, ways, 4) != 1)
        return refuse(checker, node, "needs exactly one of next, expr, event, eventexpr");
    return TD_OK;
}

static enum td_err check_transfer(const struct checker *checker, uint32_t node)
{
    static const enum ivr_attribute ways[] = {IVR_ATTR_DEST, IVR_ATTR_DESTEXPR};

    if (count_present(checker, node, ways, 2) != 1)
        return refuse(checker, node, "needs exactly one of dest, destexpr");
    return TD_OK;
}

static bool is_time_or_absent(const struct checker *checker, uint32_t node, enum ivr_attribute name)
{
    const char *text = attribute(checker, node, name);
    uint32_t ms;

    return text == NULL || ivr_time_parse(text, &ms) == TD_OK;
}

static enum td_err check_record(const struct checker *checker, uint32_t node)
{
    if (!is_time_or_absent(checker, node, IVR_ATTR_MAXTIME))
        return refuse(checker, node, "maxtime must be a time such as 120s, up to ten minutes");
    if (!is_time_or_absent(checker, node, IVR_ATTR_FINALSILENCE))
        return refuse(checker, node, "finalsilence must be a time such as 3s");
    return TD_OK;
}

static enum td_err check_var(const struct checker *checker, uint32_t node)
{
    const char *name = attribute(checker, node, IVR_ATTR_NAME);

    if (name == NULL)
        return need(checker, node, IVR_ATTR_NAME);
    return ivr_is_name(name) ? TD_OK : refuse(checker, node, "name must be a plain variable name");
}

static enum td_err check_assign(const struct checker *checker, uint32_t node)
{
    enum td_err err = need(checker, node, IVR_ATTR_NAME);

    return err == TD_OK ? need(checker, node, IVR_ATTR_EXPR) : err;
}

static bool is_time_property(const char *name)
{
    return td_str_equal(name, "timeout") || td_str_equal(name, "interdigittimeout") ||
           td_str_equal(name, "termtimeout");
}

static enum td_err check_property(const struct checker *checker, uint32_t node)
{
    const char *name = attribute(checker, node, IVR_ATTR_NAME);
    const char *value = attribute(checker, node, IVR_ATTR_VALUE);
    uint32_t ms;

    if (name == NULL)
        return need(checker, node, IVR_ATTR_NAME);
    if (value == NULL)
        return need(checker, node, IVR_ATTR_VALUE);
    if (is_time_property(name) && ivr_time_parse(value, &ms) != TD_OK)
        return refuse(checker, node, "expected a time such as 5s or 300ms, up to ten minutes");
    return TD_OK;
}

static enum td_err check_count_and_timeout(const struct checker *checker, uint32_t node)
{
    const char *count = attribute(checker, node, IVR_ATTR_COUNT);
    const char *timeout = attribute(checker, node, IVR_ATTR_TIMEOUT);
    uint64_t number;
    uint32_t ms;

    if (count != NULL && (td_str_to_u64(count, 1000, &number) != TD_OK || number == 0))
        return refuse(checker, node, "count must be a number from 1 to 1000");
    if (timeout != NULL && ivr_time_parse(timeout, &ms) != TD_OK)
        return refuse(checker, node, "timeout must be a time such as 5s or 300ms");
    return TD_OK;
}

static enum td_err check_vxml(const struct checker *checker, uint32_t node)
{
    const char *version = attribute(checker, node, IVR_ATTR_VERSION);

    if (version == NULL)
        return need(checker, node, IVR_ATTR_VERSION);
    if (!td_str_equal(version, "2.0") && !td_str_equal(version, "2.1"))
        return refuse(checker, node, "version must be 2.0 or 2.1");
    if (attribute(checker, node, IVR_ATTR_APPLICATION) != NULL)
        return refuse(checker, node, "application root documents are not supported");
    if (ivr_document_dialog(checker->document, "") == 0)
        return refuse(checker, node, "needs at least one form or menu");
    return TD_OK;
}

static enum td_err check_item(const struct checker *checker, uint32_t node)
{
    const char *name = attribute(checker, node, IVR_ATTR_NAME);
    uint32_t prompts = 0;

    if (name != NULL && !ivr_is_name(name))
        return refuse(checker, node, "name must be a plain variable name");
    for (uint32_t child = ivr_node_child(checker->document, node); child != 0;
         child = ivr_node_next(checker->document, child))
        prompts++;
    if (ivr_node_element(checker->document, node) != IVR_BLOCK && prompts > PROMPTS_MAX)
        return refuse(checker, node, "holds more than 64 elements");
    return TD_OK;
}

static enum td_err check_language(const struct checker *checker, uint32_t node)
{
    const char *language = attribute(checker, node, IVR_ATTR_XML_LANG);

    if (language == NULL || ivr_is_language(language))
        return TD_OK;
    return refuse(checker, node, "xml:lang must be a language tag such as en or zh-CN");
}

static enum td_err check_node(const struct checker *checker, uint32_t node)
{
    enum ivr_element element = ivr_node_element(checker->document, node);

    switch (element) {
    case IVR_VXML:
        return check_vxml(checker, node);
    case IVR_VAR:
        return check_var(checker, node);
    case IVR_ASSIGN:
        return check_assign(checker, node);
    case IVR_PROPERTY:
        return check_property(checker, node);
    case IVR_GOTO:
        return check_goto(checker, node);
    case IVR_THROW:
        return check_throw(checker, node);
    case IVR_CHOICE:
        return check_choice(checker, node);
    case IVR_IF:
    case IVR_ELSEIF:
        return need(checker, node, IVR_ATTR_COND);
    case IVR_VALUE:
        return need(checker, node, IVR_ATTR_EXPR);
    case IVR_MENU:
        return check_item(checker, node);
    case IVR_RECORD:
        if (check_record(checker, node) != TD_OK)
            return TD_ERR_SYNTAX;
        break;
    case IVR_TRANSFER:
        if (check_transfer(checker, node) != TD_OK)
            return TD_ERR_SYNTAX;
        break;
    default:
        break;
    }
    if ((ivr_element_classes(element) & IVR_CLASS_ITEM) != 0 && check_item(checker, node) != TD_OK)
        return TD_ERR_SYNTAX;
    return check_count_and_timeout(checker, node);
}

/* --- names used twice --- */

/* No earlier sibling may carry the same value in `name` (id of dialogs, name of form items). */
static enum td_err check_unique(const struct checker *checker, uint32_t node,
                                enum ivr_attribute name)
{
    const struct ivr_document *document = checker->document;
    const char *value = attribute(checker, node, name);
    uint32_t earlier = ivr_node_child(document, ivr_node_parent(document, node));

    for (; value != NULL && earlier != node; earlier = ivr_node_next(document, earlier)) {
        unsigned classes = ivr_element_classes(ivr_node_element(document, earlier));
        const char *other = attribute(checker, earlier, name);

        if ((classes & (IVR_CLASS_DIALOG | IVR_CLASS_ITEM)) != 0 && other != NULL &&
            td_str_equal(value, other))
            return refuse(checker, node, "this name is used twice");
    }
    return TD_OK;
}

static enum td_err check_form(const struct checker *checker, uint32_t form)
{
    uint32_t items = 0;

    for (uint32_t node = ivr_node_child(checker->document, form); node != 0;
         node = ivr_node_next(checker->document, node)) {
        enum ivr_element element = ivr_node_element(checker->document, node);

        if ((ivr_element_classes(element) & IVR_CLASS_ITEM) == 0)
            continue;
        items++;
        if (check_unique(checker, node, IVR_ATTR_NAME) != TD_OK)
            return TD_ERR_SYNTAX;
    }
    return items <= IVR_FORM_ITEMS_MAX ? TD_OK : refuse(checker, form, "holds more than 64 items");
}

/* --- the whole --- */

/* Inside what is not executed anything may stand. */
static bool is_closed(const struct checker *checker, uint32_t node)
{
    for (; node != 0; node = ivr_node_parent(checker->document, node)) {
        unsigned classes = ivr_element_classes(ivr_node_element(checker->document, node));

        if ((classes & IVR_CLASS_UNSUPPORTED) != 0)
            return true;
    }
    return false;
}

static enum td_err check_place(const struct checker *checker, uint32_t node)
{
    uint32_t parent = ivr_node_parent(checker->document, node);
    enum ivr_element holder = ivr_node_element(checker->document, parent);
    enum ivr_element element = ivr_node_element(checker->document, node);

    if (element == IVR_TEXT) {
        if (ivr_may_hold_text(holder) || ivr_is_blank(ivr_node_text(checker->document, node)))
            return TD_OK;
        return refuse(checker, parent, "may not hold text");
    }
    if (ivr_may_hold(holder, element))
        return TD_OK;
    begin_fault(checker, node);
    (void)ivr_fault_add(checker->fault, " may not stand in <");
    (void)ivr_fault_add(checker->fault, ivr_element_name(holder));
    return ivr_fault_add(checker->fault, ">");
}

static enum td_err check_one(const struct checker *checker, uint32_t node)
{
    enum ivr_element element = ivr_node_element(checker->document, node);
    bool is_dialog = (ivr_element_classes(element) & IVR_CLASS_DIALOG) != 0;

    if (is_closed(checker, ivr_node_parent(checker->document, node)))
        return TD_OK;
    if (check_place(checker, node) != TD_OK || check_language(checker, node) != TD_OK ||
        check_node(checker, node) != TD_OK)
        return TD_ERR_SYNTAX;
    if (is_dialog && check_unique(checker, node, IVR_ATTR_ID) != TD_OK)
        return TD_ERR_SYNTAX;
    if (element == IVR_FORM && check_form(checker, node) != TD_OK)
        return TD_ERR_SYNTAX;
    if (element == IVR_FIELD || element == IVR_MENU)
        return ivr_grammar_compile(checker->document, node, checker->fault);
    return TD_OK;
}

static enum td_err check_dialog_count(const struct checker *checker, uint32_t root)
{
    uint32_t dialogs = 0;

    for (uint32_t node = ivr_node_child(checker->document, root); node != 0;
         node = ivr_node_next(checker->document, node)) {
        enum ivr_element element = ivr_node_element(checker->document, node);

        dialogs += (ivr_element_classes(element) & IVR_CLASS_DIALOG) != 0;
    }
    if (dialogs > IVR_DOCUMENT_DIALOGS_MAX)
        return refuse(checker, root, "holds more than 512 forms and menus");
    return TD_OK;
}

enum td_err ivr_document_check(struct ivr_document *document, struct ivr_fault *fault)
{
    struct checker checker = {document, fault};
    uint32_t root = ivr_document_root(document);

    if (root == 0 || ivr_node_element(document, root) != IVR_VXML)
        return ivr_fault_set(fault, 0, "the document element must be <vxml>");
    if (check_vxml(&checker, root) != TD_OK || check_dialog_count(&checker, root) != TD_OK)
        return TD_ERR_SYNTAX;
    for (uint32_t node = root + 1; node < document->node_count; node++) {
        enum td_err err = check_one(&checker, node);

        if (err != TD_OK)
            return err;
    }
    return TD_OK;
}
