#include "ivr/core/grammar_compile.h"

#include <string.h>

#include "base/str.h"
#include "ivr/core/grammar_builtin.h"
#include "ivr/core/lexical.h"

#define MEANINGS_MAX 256U
/* Nested expansions and siblings of one rule: bounds the recursion below, and ends rules that refer
   to themselves. */
#define DEPTH_MAX 512U
#define REPEAT_MAX 64U
/* Elements looked at, repetitions and expansions included: empty items repeated within each other
   would take no state and yet no end. */
#define STEPS_MAX 20000U

struct compiler {
    struct ivr_document *document;
    struct ivr_grammar grammar;
    struct ivr_fault *fault;
    uint32_t root; /* the grammar element that rules are looked up in */
    uint32_t depth;
    uint32_t steps;
    enum td_err err; /* sticky */
};

static uint16_t refuse(struct compiler *compiler, uint32_t node, const char *what)
{
    if (compiler->err == TD_OK)
        compiler->err =
            ivr_fault_set(compiler->fault, ivr_node_line(compiler->document, node), what);
    return IVR_STATE_NONE;
}

static uint16_t build_sequence(struct compiler *compiler, uint32_t node, uint16_t next);

static const char *attribute(const struct compiler *compiler, uint32_t node,
                             enum ivr_attribute name)
{
    return ivr_node_attribute(compiler->document, node, name);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* "1 2 #", "12#", "star pound" to key bits. @return Count, or -1 when something is no key. */
static int parse_keys(const char *text, uint16_t keys[IVR_GRAMMAR_DIGITS_MAX])
{
    char word[IVR_GRAMMAR_DIGITS_MAX + 2];
    int count = 0;

    while (ivr_next_word(&text, word, sizeof(word))) {
        const char *symbols = word;

        if (td_str_equal(word, "star"))
            symbols = "*";
        else if (td_str_equal(word, "pound"))
            symbols = "#";
        for (; *symbols != '\0'; symbols++) {
            if (count == (int)IVR_GRAMMAR_DIGITS_MAX || ivr_key_bit(*symbols) == 0)
                return -1;
            keys[count++] = ivr_key_bit(*symbols);
        }
    }
    return count;
}

static uint16_t build_keys(struct compiler *compiler, uint32_t node, const char *text,
                           uint16_t next)
{
    uint16_t keys[IVR_GRAMMAR_DIGITS_MAX];
    int count = parse_keys(text, keys);

    if (count < 0)
        return refuse(compiler, node, "a key sequence must consist of 0-9, *, # and A-D");
    while (count > 0)
        next = ivr_grammar_keys(&compiler->grammar, keys[--count], next);
    return next;
}

/* --- GRXML ------------------------------------------------------------------------------------ */

struct repeat {
    uint64_t min;
    uint64_t max; /* UINT64_MAX: without end */
};

static enum td_err parse_repeat(const char *text, struct repeat *repeat)
{
    char min[8];
    size_t length = strcspn(text, "-");
    const char *rest = text[length] == '-' ? text + length + 1 : NULL;

    if (td_str_copy_span(min, sizeof(min), text, length) != TD_OK ||
        td_str_to_u64(min, REPEAT_MAX, &repeat->min) != TD_OK)
        return TD_ERR_SYNTAX;
    repeat->max = repeat->min;
    if (rest == NULL)
        return TD_OK;
    repeat->max = UINT64_MAX;
    if (*rest != '\0' && td_str_to_u64(rest, REPEAT_MAX, &repeat->max) != TD_OK)
        return TD_ERR_SYNTAX;
    return repeat->min <= repeat->max ? TD_OK : TD_ERR_SYNTAX;
}

static uint16_t build_item(struct compiler *compiler, uint32_t node, uint16_t next)
{
    const char *text = attribute(compiler, node, IVR_ATTR_REPEAT);
    uint32_t content = ivr_node_child(compiler->document, node);
    struct repeat repeat = {1, 1};
    uint16_t at = next;

    if (text != NULL && parse_repeat(text, &repeat) != TD_OK)
        return refuse(compiler, node, "repeat must be N, N-M or N-, up to 64");
    if (repeat.max == UINT64_MAX) {
        at = ivr_grammar_loop(&compiler->grammar, next);
        ivr_grammar_close_loop(&compiler->grammar, at, build_sequence(compiler, content, at));
    } else {
        for (uint64_t i = repeat.min; i < repeat.max && at != IVR_STATE_NONE; i++)
            at = ivr_grammar_split(&compiler->grammar, build_sequence(compiler, content, at), next);
    }
    for (uint64_t i = 0; i < repeat.min && at != IVR_STATE_NONE; i++)
        at = build_sequence(compiler, content, at);
    return at;
}

/* The items from `node` on, the first preferred. */
static uint16_t build_alternatives(struct compiler *compiler, uint32_t node, uint16_t next)
{
    node = ivr_node_first(compiler->document, node, IVR_ITEM);
    uint32_t after = node == 0 ? 0 : ivr_node_next(compiler->document, node);
    after = ivr_node_first(compiler->document, after, IVR_ITEM);

    if (node == 0 || compiler->depth == DEPTH_MAX)
        return refuse(compiler, node, "one-of needs between one and 512 items");
    compiler->depth++;
    uint16_t first = build_item(compiler, node, next);
    uint16_t all = after == 0 ? first
                              : ivr_grammar_split(&compiler->grammar, first,
                                                  build_alternatives(compiler, after, next));
    compiler->depth--;
    return all;
}

static uint32_t find_rule(const struct compiler *compiler, const char *id)
{
    uint32_t rule = ivr_node_first(compiler->document,
                                   ivr_node_child(compiler->document, compiler->root), IVR_RULE);

    while (rule != 0) {
        const char *own = attribute(compiler, rule, IVR_ATTR_ID);

        if (id == NULL || (own != NULL && td_str_equal(own, id)))
            return rule;
        rule =
            ivr_node_first(compiler->document, ivr_node_next(compiler->document, rule), IVR_RULE);
    }
    return 0;
}

static uint16_t build_ruleref(struct compiler *compiler, uint32_t node, uint16_t next)
{
    const char *uri = attribute(compiler, node, IVR_ATTR_URI);
    const char *special = attribute(compiler, node, IVR_ATTR_SPECIAL);

    if (special != NULL && td_str_equal(special, "NULL"))
        return next;
    uint32_t rule = uri != NULL && uri[0] == '#' ? find_rule(compiler, uri + 1) : 0;
    if (rule == 0)
        return refuse(compiler, node, "ruleref must name a rule of the same grammar");
    return build_sequence(compiler, ivr_node_child(compiler->document, rule), next);
}

/* The literal of `sales` or `out = "sales";`; NULL when it is a script. Lives in the document. */
static const char *tag_literal(struct compiler *compiler, uint32_t node)
{
    uint32_t child = ivr_node_child(compiler->document, node);
    const char *format = attribute(compiler, compiler->root, IVR_ATTR_TAG_FORMAT);
    const char *text = child == 0 ? "" : ivr_node_text(compiler->document, child);

    if (format != NULL && td_str_equal(format, "semantics/1.0-literals"))
        return text;
    while (*text == ' ' || *text == '\n' || *text == '\t')
        text++;
    size_t name = strcspn(text, " =");
    const char *value = text + name + strspn(text + name, " =");
    size_t length = *value == '\0' ? 0 : strcspn(value + 1, "\\\"'");
    if (name != 3 || strncmp(text, "out", 3) != 0 || (*value != '"' && *value != '\'') ||
        value[1 + length] != *value ||
        strspn(value + 2 + length, " ;\n\t") != strlen(value + 2 + length))
        return NULL;
    char *copy = td_arena_array(compiler->document->arena, length + 1, 1);
    if (copy == NULL) {
        compiler->err = TD_ERR_LIMIT;
        return "";
    }
    memcpy(copy, value + 1, length);
    return copy;
}

static uint16_t build_tag(struct compiler *compiler, uint32_t node, uint16_t next)
{
    const char *literal = tag_literal(compiler, node);

    if (literal == NULL) {
        compiler->grammar.unusable = "error.unsupported.format";
        return next;
    }
    struct ivr_meaning meaning = {.kind = IVR_MEANING_TEXT, .text = literal};
    return ivr_grammar_mean(&compiler->grammar, meaning, next);
}

static uint16_t build_node(struct compiler *compiler, uint32_t node, uint16_t next)
{
    const struct ivr_document *document = compiler->document;

    switch (ivr_node_element(document, node)) {
    case IVR_TEXT:
        return build_keys(compiler, node, ivr_node_text(document, node), next);
    case IVR_ITEM:
        return build_item(compiler, node, next);
    case IVR_ONE_OF:
        return build_alternatives(compiler, ivr_node_child(document, node), next);
    case IVR_RULEREF:
        return build_ruleref(compiler, node, next);
    case IVR_TOKEN:
        return build_sequence(compiler, ivr_node_child(document, node), next);
    case IVR_TAG:
        return build_tag(compiler, node, next);
    case IVR_EXAMPLE:
        return next;
    default:
        return refuse(compiler, node, "this element has no place in a rule");
    }
}

static uint16_t build_sequence(struct compiler *compiler, uint32_t node, uint16_t next)
{
    if (node == 0 || next == IVR_STATE_NONE)
        return next;
    if (compiler->depth == DEPTH_MAX || compiler->steps == STEPS_MAX)
        return refuse(compiler, node, "the grammar refers to itself or is too large");
    compiler->depth++;
    compiler->steps++;
    uint16_t rest = build_sequence(compiler, ivr_node_next(compiler->document, node), next);
    uint16_t at = build_node(compiler, node, rest);
    compiler->depth--;
    return at;
}

/* --- what a field or menu accepts ---------------------------------------------------------------
 */

static void add_alternative(struct compiler *compiler, uint32_t node, uint16_t start)
{
    struct ivr_grammar *grammar = &compiler->grammar;

    if (compiler->err != TD_OK)
        return;
    if (start != IVR_STATE_NONE)
        start = grammar->start == IVR_STATE_NONE
                    ? start
                    : ivr_grammar_split(grammar, grammar->start, start);
    if (start == IVR_STATE_NONE)
        (void)refuse(compiler, node, "the grammar is too large");
    grammar->start = start;
}

static void add_builtin(struct compiler *compiler, uint32_t node, const char *text, uint16_t accept)
{
    uint16_t start;

    switch (ivr_grammar_builtin(&compiler->grammar, text, accept, &start)) {
    case TD_OK:
        add_alternative(compiler, node, start);
        break;
    case TD_ERR_NOT_FOUND:
        compiler->grammar.unusable = "error.unsupported.builtin";
        break;
    default:
        (void)refuse(compiler, node, "a parameter of the built-in grammar makes no sense");
    }
}

static void add_inline(struct compiler *compiler, uint32_t node, uint16_t accept)
{
    const char *root = attribute(compiler, node, IVR_ATTR_ROOT);

    compiler->root = node;
    uint32_t rule = find_rule(compiler, root);
    if (rule == 0 && root != NULL) {
        (void)refuse(compiler, node, "the root rule of the grammar is not there");
        return;
    }
    if (rule == 0) {
        compiler->grammar.unusable = "error.unsupported.format"; // ABNF, JSGF
        return;
    }
    add_alternative(compiler, node,
                    build_sequence(compiler, ivr_node_child(compiler->document, rule), accept));
}

/* @return Whether keys can be pressed with it at all. */
static bool add_grammar(struct compiler *compiler, uint32_t node, uint16_t accept)
{
    static const char builtin_dtmf[] = "builtin:dtmf/";
    const char *src = attribute(compiler, node, IVR_ATTR_SRC);
    const char *mode = attribute(compiler, node, IVR_ATTR_MODE);

    if (src != NULL && td_str_starts_with(src, builtin_dtmf)) {
        add_builtin(compiler, node, src + sizeof(builtin_dtmf) - 1, accept);
        return true;
    }
    if (mode == NULL || !td_str_equal(mode, "dtmf"))
        return false;
    if (src != NULL || attribute(compiler, node, IVR_ATTR_SRCEXPR) != NULL)
        compiler->grammar.unusable = "error.badfetch"; // Grammars stand in the document.
    else
        add_inline(compiler, node, accept);
    return true;
}

static void add_choice(struct compiler *compiler, uint32_t node, const char *keys,
                       struct ivr_meaning meaning, uint16_t accept)
{
    uint16_t end = ivr_grammar_mean(&compiler->grammar, meaning, accept);

    if (ivr_is_blank(keys))
        (void)refuse(compiler, node, "dtmf must name at least one key");
    add_alternative(compiler, node, build_keys(compiler, node, keys, end));
}

/* An option means its value, or else the text it stands around, or else its keys. */
static struct ivr_meaning option_meaning(const struct compiler *compiler, uint32_t node,
                                         const char *keys)
{
    const char *value = attribute(compiler, node, IVR_ATTR_VALUE);
    uint32_t child = ivr_node_child(compiler->document, node);

    if (value == NULL && child != 0 && ivr_node_element(compiler->document, child) == IVR_TEXT)
        value = ivr_node_text(compiler->document, child);
    return (struct ivr_meaning){.kind = IVR_MEANING_TEXT, .text = value != NULL ? value : keys};
}

static void compile_field(struct compiler *compiler, uint32_t node, uint16_t accept)
{
    const struct ivr_document *document = compiler->document;
    const char *type = attribute(compiler, node, IVR_ATTR_TYPE);
    bool voice_only = false;

    if (type != NULL)
        add_builtin(compiler, node, type, accept);
    for (uint32_t child = ivr_node_child(document, node); child != 0;
         child = ivr_node_next(document, child)) {
        enum ivr_element element = ivr_node_element(document, child);
        const char *keys = attribute(compiler, child, IVR_ATTR_DTMF);

        if (element == IVR_GRAMMAR && !add_grammar(compiler, child, accept))
            voice_only = true;
        if (element == IVR_OPTION && keys != NULL)
            add_choice(compiler, child, keys, option_meaning(compiler, child, keys), accept);
    }
    if (voice_only && compiler->grammar.start == IVR_STATE_NONE &&
        compiler->grammar.unusable == NULL)
        compiler->grammar.unusable = "error.unsupported.format";
}

/* The keys of a choice: its own, or with <menu dtmf="true"> its number among those without. */
static void compile_menu(struct compiler *compiler, uint32_t node, uint16_t accept)
{
    static const char *const numbers[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
    const char *numbered = attribute(compiler, node, IVR_ATTR_DTMF);
    size_t number = 0;
    uint32_t child =
        ivr_node_first(compiler->document, ivr_node_child(compiler->document, node), IVR_CHOICE);

    while (child != 0) {
        const char *keys = attribute(compiler, child, IVR_ATTR_DTMF);
        struct ivr_meaning meaning = {.kind = IVR_MEANING_NODE, .node = child};

        if (keys == NULL && numbered != NULL && td_str_equal(numbered, "true") && number < 9)
            keys = numbers[number++];
        if (keys != NULL)
            add_choice(compiler, child, keys, meaning, accept);
        child = ivr_node_first(compiler->document, ivr_node_next(compiler->document, child),
                               IVR_CHOICE);
    }
}

enum td_err ivr_grammar_compile(struct ivr_document *document, uint32_t node,
                                struct ivr_fault *fault)
{
    struct ivr_state states[IVR_GRAMMAR_STATES_MAX];
    struct ivr_meaning meanings[MEANINGS_MAX];
    struct compiler compiler = {.document = document, .fault = fault};

    ivr_grammar_init(&compiler.grammar, states, IVR_GRAMMAR_STATES_MAX, meanings, MEANINGS_MAX);
    uint16_t accept = ivr_grammar_accept(&compiler.grammar);
    if (ivr_node_element(document, node) == IVR_MENU)
        compile_menu(&compiler, node, accept);
    else
        compile_field(&compiler, node, accept);
    if (compiler.err != TD_OK)
        return compiler.err;
    if (compiler.grammar.start == IVR_STATE_NONE && compiler.grammar.unusable == NULL)
        return TD_OK; // Nothing to accept; whoever visits it says so.
    document->grammars[node] = ivr_grammar_copy(&compiler.grammar, document->arena);
    return document->grammars[node] != NULL ? TD_OK : TD_ERR_LIMIT;
}
