#include "ivr/core/grammar_compile.h"

#include "base/str.h"
#include "ivr/core/grammar_builtin.h"
#include "ivr/core/grammar_rules.h"
#include "ivr/core/lexical.h"

#define MEANINGS_MAX 256U

static const char *attribute(const struct ivr_rules *rules, uint32_t node, enum ivr_attribute name)
{
    return ivr_node_attribute(rules->document, node, name);
}

static void add_alternative(struct ivr_rules *rules, uint32_t node, uint16_t start)
{
    struct ivr_grammar *grammar = &rules->grammar;

    if (rules->err != TD_OK)
        return;
    if (start != IVR_STATE_NONE)
        start = grammar->start == IVR_STATE_NONE
                    ? start
                    : ivr_grammar_split(grammar, grammar->start, start);
    if (start == IVR_STATE_NONE)
        (void)ivr_rules_refuse(rules, node, "the grammar is too large");
    grammar->start = start;
}

static void add_builtin(struct ivr_rules *rules, uint32_t node, const char *text, uint16_t accept)
{
    uint16_t start;

    switch (ivr_grammar_builtin(&rules->grammar, text, accept, &start)) {
    case TD_OK:
        add_alternative(rules, node, start);
        break;
    case TD_ERR_NOT_FOUND:
        rules->grammar.unusable = "error.unsupported.builtin";
        break;
    default:
        (void)ivr_rules_refuse(rules, node, "a parameter of the built-in grammar makes no sense");
    }
}

static void add_inline(struct ivr_rules *rules, uint32_t node, uint16_t accept)
{
    const char *root = attribute(rules, node, IVR_ATTR_ROOT);

    rules->root = node;
    uint32_t rule = ivr_rules_find(rules, root);
    if (rule == 0 && root != NULL) {
        (void)ivr_rules_refuse(rules, node, "the root rule of the grammar is not there");
        return;
    }
    if (rule == 0) {
        rules->grammar.unusable = "error.unsupported.format"; // ABNF, JSGF
        return;
    }
    add_alternative(rules, node,
                    ivr_rules_sequence(rules, ivr_node_child(rules->document, rule), accept));
}

/* @return Whether keys can be pressed with it at all. */
static bool add_grammar(struct ivr_rules *rules, uint32_t node, uint16_t accept)
{
    static const char builtin_dtmf[] = "builtin:dtmf/";
    const char *src = attribute(rules, node, IVR_ATTR_SRC);
    const char *mode = attribute(rules, node, IVR_ATTR_MODE);

    if (src != NULL && td_str_starts_with(src, builtin_dtmf)) {
        add_builtin(rules, node, src + sizeof(builtin_dtmf) - 1, accept);
        return true;
    }
    if (mode == NULL || !td_str_equal(mode, "dtmf"))
        return false;
    if (src != NULL || attribute(rules, node, IVR_ATTR_SRCEXPR) != NULL)
        rules->grammar.unusable = "error.badfetch"; // Grammars stand in the document.
    else
        add_inline(rules, node, accept);
    return true;
}

static void add_choice(struct ivr_rules *rules, uint32_t node, const char *keys,
                       struct ivr_meaning meaning, uint16_t accept)
{
    uint16_t end = ivr_grammar_mean(&rules->grammar, meaning, accept);

    if (ivr_is_blank(keys))
        (void)ivr_rules_refuse(rules, node, "dtmf must name at least one key");
    add_alternative(rules, node, ivr_rules_keys(rules, node, keys, end));
}

/* An option means its value, or else the text it stands around, or else its keys. */
static struct ivr_meaning option_meaning(const struct ivr_rules *rules, uint32_t node,
                                         const char *keys)
{
    const char *value = attribute(rules, node, IVR_ATTR_VALUE);
    uint32_t child = ivr_node_child(rules->document, node);

    if (value == NULL && child != 0 && ivr_node_element(rules->document, child) == IVR_TEXT)
        value = ivr_node_text(rules->document, child);
    return (struct ivr_meaning){.kind = IVR_MEANING_TEXT, .text = value != NULL ? value : keys};
}

static void compile_field(struct ivr_rules *rules, uint32_t node, uint16_t accept)
{
    const struct ivr_document *document = rules->document;
    const char *type = attribute(rules, node, IVR_ATTR_TYPE);
    bool voice_only = false;

    if (type != NULL)
        add_builtin(rules, node, type, accept);
    for (uint32_t child = ivr_node_child(document, node); child != 0;
         child = ivr_node_next(document, child)) {
        enum ivr_element element = ivr_node_element(document, child);
        const char *keys = attribute(rules, child, IVR_ATTR_DTMF);

        if (element == IVR_GRAMMAR && !add_grammar(rules, child, accept))
            voice_only = true;
        if (element == IVR_OPTION && keys != NULL)
            add_choice(rules, child, keys, option_meaning(rules, child, keys), accept);
    }
    if (voice_only && rules->grammar.start == IVR_STATE_NONE && rules->grammar.unusable == NULL)
        rules->grammar.unusable = "error.unsupported.format";
}

/* The keys of a choice: its own, or with <menu dtmf="true"> its number among those without. */
static void compile_menu(struct ivr_rules *rules, uint32_t node, uint16_t accept)
{
    static const char *const numbers[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
    const char *numbered = attribute(rules, node, IVR_ATTR_DTMF);
    size_t number = 0;
    uint32_t child =
        ivr_node_first(rules->document, ivr_node_child(rules->document, node), IVR_CHOICE);

    while (child != 0) {
        const char *keys = attribute(rules, child, IVR_ATTR_DTMF);
        struct ivr_meaning meaning = {.kind = IVR_MEANING_NODE, .node = child};

        if (keys == NULL && numbered != NULL && td_str_equal(numbered, "true") && number < 9)
            keys = numbers[number++];
        if (keys != NULL)
            add_choice(rules, child, keys, meaning, accept);
        child = ivr_node_first(rules->document, ivr_node_next(rules->document, child), IVR_CHOICE);
    }
}

enum td_err ivr_grammar_compile(struct ivr_document *document, uint32_t node,
                                struct ivr_fault *fault)
{
    struct ivr_state states[IVR_GRAMMAR_STATES_MAX];
    struct ivr_meaning meanings[MEANINGS_MAX];
    struct ivr_rules rules = {.document = document, .fault = fault};

    ivr_grammar_init(&rules.grammar, states, IVR_GRAMMAR_STATES_MAX, meanings, MEANINGS_MAX);
    uint16_t accept = ivr_grammar_accept(&rules.grammar);
    if (ivr_node_element(document, node) == IVR_MENU)
        compile_menu(&rules, node, accept);
    else
        compile_field(&rules, node, accept);
    if (rules.err != TD_OK)
        return rules.err;
    if (rules.grammar.start == IVR_STATE_NONE && rules.grammar.unusable == NULL)
        return TD_OK; // Nothing to accept; whoever visits it says so.
    document->grammars[node] = ivr_grammar_copy(&rules.grammar, document->arena);
    return document->grammars[node] != NULL ? TD_OK : TD_ERR_LIMIT;
}
