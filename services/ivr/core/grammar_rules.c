#include "ivr/core/grammar_rules.h"

#include <string.h>

#include "base/str.h"
#include "ivr/core/lexical.h"

/* Nested expansions and siblings of one rule: bounds the recursion below, and ends rules that refer
   to themselves. */
#define DEPTH_MAX 512U
#define REPEAT_MAX 64U
/* Elements looked at, repetitions and expansions included: empty items repeated within each other
   would take no state and yet no end. */
#define STEPS_MAX 20000U

static const char *attribute(const struct ivr_rules *rules, uint32_t node, enum ivr_attribute name)
{
    return ivr_node_attribute(rules->document, node, name);
}

uint16_t ivr_rules_refuse(struct ivr_rules *rules, uint32_t node, const char *what)
{
    if (rules->err == TD_OK)
        rules->err = ivr_fault_set(rules->fault, ivr_node_line(rules->document, node), what);
    return IVR_STATE_NONE;
}

/* --- keys --- */

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

uint16_t ivr_rules_keys(struct ivr_rules *rules, uint32_t node, const char *text, uint16_t next)
{
    uint16_t keys[IVR_GRAMMAR_DIGITS_MAX];
    int count = parse_keys(text, keys);

    if (count < 0)
        return ivr_rules_refuse(rules, node, "a key sequence must consist of 0-9, *, # and A-D");
    while (count > 0)
        next = ivr_grammar_keys(&rules->grammar, keys[--count], next);
    return next;
}

/* --- GRXML --- */

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

static uint16_t build_item(struct ivr_rules *rules, uint32_t node, uint16_t next)
{
    const char *text = attribute(rules, node, IVR_ATTR_REPEAT);
    uint32_t content = ivr_node_child(rules->document, node);
    struct repeat repeat = {1, 1};
    uint16_t at = next;

    if (text != NULL && parse_repeat(text, &repeat) != TD_OK)
        return ivr_rules_refuse(rules, node, "repeat must be N, N-M or N-, up to 64");
    if (repeat.max == UINT64_MAX) {
        at = ivr_grammar_loop(&rules->grammar, next);
        ivr_grammar_close_loop(&rules->grammar, at, ivr_rules_sequence(rules, content, at));
    } else {
        for (uint64_t i = repeat.min; i < repeat.max && at != IVR_STATE_NONE; i++)
            at = ivr_grammar_split(&rules->grammar, ivr_rules_sequence(rules, content, at), next);
    }
    for (uint64_t i = 0; i < repeat.min && at != IVR_STATE_NONE; i++)
        at = ivr_rules_sequence(rules, content, at);
    return at;
}

/* The items from `node` on, the first preferred. */
static uint16_t build_alternatives(struct ivr_rules *rules, uint32_t node, uint16_t next)
{
    node = ivr_node_first(rules->document, node, IVR_ITEM);
    uint32_t after = node == 0 ? 0 : ivr_node_next(rules->document, node);
    after = ivr_node_first(rules->document, after, IVR_ITEM);

    if (node == 0 || rules->depth == DEPTH_MAX)
        return ivr_rules_refuse(rules, node, "one-of needs between one and 512 items");
    rules->depth++;
    uint16_t first = build_item(rules, node, next);
    uint16_t all = after == 0 ? first
                              : ivr_grammar_split(&rules->grammar, first,
                                                  build_alternatives(rules, after, next));
    rules->depth--;
    return all;
}

uint32_t ivr_rules_find(const struct ivr_rules *rules, const char *id)
{
    uint32_t rule =
        ivr_node_first(rules->document, ivr_node_child(rules->document, rules->root), IVR_RULE);

    while (rule != 0) {
        const char *own = attribute(rules, rule, IVR_ATTR_ID);

        if (id == NULL || (own != NULL && td_str_equal(own, id)))
            return rule;
        rule = ivr_node_first(rules->document, ivr_node_next(rules->document, rule), IVR_RULE);
    }
    return 0;
}

static uint16_t build_ruleref(struct ivr_rules *rules, uint32_t node, uint16_t next)
{
    const char *uri = attribute(rules, node, IVR_ATTR_URI);
    const char *special = attribute(rules, node, IVR_ATTR_SPECIAL);

    if (special != NULL && td_str_equal(special, "NULL"))
        return next;
    uint32_t rule = uri != NULL && uri[0] == '#' ? ivr_rules_find(rules, uri + 1) : 0;
    if (rule == 0)
        return ivr_rules_refuse(rules, node, "ruleref must name a rule of the same grammar");
    return ivr_rules_sequence(rules, ivr_node_child(rules->document, rule), next);
}

/* The literal of `sales` or `out = "sales";`; NULL when it is a script. Lives in the document. */
static const char *tag_literal(struct ivr_rules *rules, uint32_t node)
{
    uint32_t child = ivr_node_child(rules->document, node);
    const char *format = attribute(rules, rules->root, IVR_ATTR_TAG_FORMAT);
    const char *text = child == 0 ? "" : ivr_node_text(rules->document, child);

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
    char *copy = td_arena_array(rules->document->arena, length + 1, 1);
    if (copy == NULL) {
        rules->err = TD_ERR_LIMIT;
        return "";
    }
    memcpy(copy, value + 1, length);
    return copy;
}

static uint16_t build_tag(struct ivr_rules *rules, uint32_t node, uint16_t next)
{
    const char *literal = tag_literal(rules, node);

    if (literal == NULL) {
        rules->grammar.unusable = "error.unsupported.format";
        return next;
    }
    struct ivr_meaning meaning = {.kind = IVR_MEANING_TEXT, .text = literal};
    return ivr_grammar_mean(&rules->grammar, meaning, next);
}

static uint16_t build_node(struct ivr_rules *rules, uint32_t node, uint16_t next)
{
    const struct ivr_document *document = rules->document;

    switch (ivr_node_element(document, node)) {
    case IVR_TEXT:
        return ivr_rules_keys(rules, node, ivr_node_text(document, node), next);
    case IVR_ITEM:
        return build_item(rules, node, next);
    case IVR_ONE_OF:
        return build_alternatives(rules, ivr_node_child(document, node), next);
    case IVR_RULEREF:
        return build_ruleref(rules, node, next);
    case IVR_TOKEN:
        return ivr_rules_sequence(rules, ivr_node_child(document, node), next);
    case IVR_TAG:
        return build_tag(rules, node, next);
    case IVR_EXAMPLE:
        return next;
    default:
        return ivr_rules_refuse(rules, node, "this element has no place in a rule");
    }
}

uint16_t ivr_rules_sequence(struct ivr_rules *rules, uint32_t node, uint16_t next)
{
    if (node == 0 || next == IVR_STATE_NONE)
        return next;
    if (rules->depth == DEPTH_MAX || rules->steps == STEPS_MAX)
        return ivr_rules_refuse(rules, node, "the grammar refers to itself or is too large");
    rules->depth++;
    rules->steps++;
    uint16_t rest = ivr_rules_sequence(rules, ivr_node_next(rules->document, node), next);
    uint16_t at = build_node(rules, node, rest);
    rules->depth--;
    return at;
}
