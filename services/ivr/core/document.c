#include "ivr/core/document.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"

/* Room for compiled grammars: part of it whatever the document, part of it by its size. */
#define GRAMMAR_BYTES_MIN 65536U
#define GRAMMAR_BYTES_PER_XML_BYTE 16U
/* `<a/>` is the shortest element, ` a=""` the shortest attribute; text lies between elements. */
#define XML_BYTES_PER_NODE 2U
#define XML_BYTES_PER_ATTRIBUTE 5U

static uint32_t smaller(size_t a, uint32_t b)
{
    return a < b ? (uint32_t)a : b;
}

static uint32_t node_limit(size_t xml_size)
{
    return smaller(xml_size / XML_BYTES_PER_NODE + 2, IVR_DOCUMENT_NODES_MAX + 1);
}

static uint32_t attribute_limit(size_t xml_size)
{
    return smaller(xml_size / XML_BYTES_PER_ATTRIBUTE + 1, IVR_DOCUMENT_ATTRIBUTES_MAX);
}

/* Each piece of text, name and value gets a terminator in place of the markup around it. */
static uint32_t text_limit(size_t xml_size)
{
    return (uint32_t)xml_size + 16;
}

enum td_err ivr_fault_set(struct ivr_fault *fault, uint32_t line, const char *message)
{
    fault->line = line;
    td_str_clip(fault->message, sizeof(fault->message), message);
    return TD_ERR_SYNTAX;
}

enum td_err ivr_fault_add(struct ivr_fault *fault, const char *more)
{
    size_t used = strlen(fault->message);

    td_str_clip(fault->message + used, sizeof(fault->message) - used, more);
    return TD_ERR_SYNTAX;
}

size_t ivr_document_size(size_t xml_size)
{
    assert(xml_size <= IVR_DOCUMENT_XML_MAX);
    size_t slack = 8 * sizeof(max_align_t);

    return node_limit(xml_size) * (sizeof(struct ivr_node) + sizeof(struct ivr_grammar *)) +
           attribute_limit(xml_size) * sizeof(struct ivr_node_attribute) + text_limit(xml_size) +
           GRAMMAR_BYTES_MIN + xml_size * GRAMMAR_BYTES_PER_XML_BYTE + slack;
}

enum td_err ivr_document_init(struct ivr_document *document, struct td_arena *arena,
                              size_t xml_size)
{
    assert(xml_size <= IVR_DOCUMENT_XML_MAX);
    struct ivr_document built = {
        .arena = arena,
        .node_count = 1,
        .node_limit = node_limit(xml_size),
        .attribute_limit = attribute_limit(xml_size),
        .text_size = 1,
        .text_limit = text_limit(xml_size),
    };

    built.nodes = td_arena_array(arena, built.node_limit, sizeof(*built.nodes));
    built.grammars = td_arena_array(arena, built.node_limit, sizeof(struct ivr_grammar *));
    built.attributes = td_arena_array(arena, built.attribute_limit, sizeof(*built.attributes));
    built.text = td_arena_array(arena, built.text_limit, 1);
    if (built.nodes == NULL || built.grammars == NULL || built.attributes == NULL ||
        built.text == NULL)
        return TD_ERR_LIMIT;
    *document = built;
    return TD_OK;
}

static enum td_err add_string(struct ivr_document *document, const char *text, size_t size,
                              uint32_t *offset)
{
    if (size >= document->text_limit - document->text_size)
        return TD_ERR_LIMIT;
    memcpy(document->text + document->text_size, text, size);
    document->text[document->text_size + size] = '\0';
    *offset = document->text_size;
    document->text_size += (uint32_t)size + 1;
    return TD_OK;
}

static enum td_err add_node(struct ivr_document *document, enum ivr_element element, uint32_t line,
                            uint32_t *node)
{
    if (document->node_count == document->node_limit)
        return TD_ERR_LIMIT;
    *node = document->node_count++;
    document->nodes[*node] = (struct ivr_node){.element = (uint16_t)element, .line = line};
    if (document->depth == 0)
        return TD_OK;

    uint32_t level = document->depth - 1;
    document->nodes[*node].parent = document->open[level];
    if (document->last[level] == 0)
        document->nodes[document->open[level]].child = *node;
    else
        document->nodes[document->last[level]].next = *node;
    document->last[level] = *node;
    return TD_OK;
}

enum td_err ivr_document_open(struct ivr_document *document, enum ivr_element element,
                              uint32_t line)
{
    uint32_t node;

    assert(element != IVR_TEXT);
    if (document->depth == IVR_DOCUMENT_DEPTH_MAX)
        return TD_ERR_LIMIT;
    enum td_err err = add_node(document, element, line, &node);
    if (err != TD_OK)
        return err;
    document->open[document->depth] = node;
    document->last[document->depth] = 0;
    document->depth++;
    return TD_OK;
}

enum td_err ivr_document_add_attribute(struct ivr_document *document, const char *name,
                                       const char *value, size_t size)
{
    assert(document->depth > 0);
    struct ivr_node *node = &document->nodes[document->open[document->depth - 1]];
    struct ivr_node_attribute added = {.attribute = (uint16_t)ivr_attribute_find(name)};

    if (document->attribute_count == document->attribute_limit || size > IVR_DOCUMENT_VALUE_MAX)
        return TD_ERR_LIMIT;
    // The name of a known attribute is in the table of markup.c already.
    enum td_err err = TD_OK;
    if (added.attribute == IVR_ATTR_OTHER)
        err = add_string(document, name, strlen(name), &added.name);
    if (err == TD_OK)
        err = add_string(document, value, size, &added.value);
    if (err != TD_OK)
        return err;
    if (node->attribute_count == 0)
        node->attribute_first = document->attribute_count;
    document->attributes[document->attribute_count++] = added;
    node->attribute_count++;
    return TD_OK;
}

enum td_err ivr_document_add_text(struct ivr_document *document, const char *text, size_t size,
                                  uint32_t line)
{
    uint32_t last = document->depth == 0 ? 0 : document->last[document->depth - 1];
    uint32_t node;
    uint32_t offset;

    if (document->depth == 0)
        return TD_OK; // White space around the document element.
    if (document->nodes[last].element == IVR_TEXT && last != 0 &&
        last == document->node_count - 1) {
        document->text_size--; // Grow over the terminator: a parser hands text out in pieces.
        return add_string(document, text, size, &offset);
    }
    enum td_err err = add_string(document, text, size, &offset);
    if (err == TD_OK)
        err = add_node(document, IVR_TEXT, line, &node);
    if (err == TD_OK)
        document->nodes[node].text = offset;
    return err;
}

void ivr_document_close(struct ivr_document *document)
{
    assert(document->depth > 0);
    document->depth--;
}

uint32_t ivr_document_root(const struct ivr_document *document)
{
    return document->node_count > 1 ? 1 : 0;
}

enum ivr_element ivr_node_element(const struct ivr_document *document, uint32_t node)
{
    assert(node < document->node_count);
    return (enum ivr_element)document->nodes[node].element;
}

uint32_t ivr_node_line(const struct ivr_document *document, uint32_t node)
{
    assert(node < document->node_count);
    return document->nodes[node].line;
}

uint32_t ivr_node_parent(const struct ivr_document *document, uint32_t node)
{
    assert(node < document->node_count);
    return document->nodes[node].parent;
}

uint32_t ivr_node_child(const struct ivr_document *document, uint32_t node)
{
    assert(node < document->node_count);
    return document->nodes[node].child;
}

uint32_t ivr_node_next(const struct ivr_document *document, uint32_t node)
{
    assert(node < document->node_count);
    return document->nodes[node].next;
}

uint32_t ivr_node_first(const struct ivr_document *document, uint32_t node,
                        enum ivr_element element)
{
    while (node != 0 && ivr_node_element(document, node) != element)
        node = ivr_node_next(document, node);
    return node;
}

const char *ivr_node_text(const struct ivr_document *document, uint32_t node)
{
    assert(node < document->node_count);
    return document->text + document->nodes[node].text;
}

const char *ivr_node_attribute(const struct ivr_document *document, uint32_t node,
                               enum ivr_attribute attribute)
{
    assert(node < document->node_count);
    const struct ivr_node *of = &document->nodes[node];

    for (uint32_t i = 0; i < of->attribute_count; i++) {
        const struct ivr_node_attribute *found = &document->attributes[of->attribute_first + i];

        if (found->attribute == attribute)
            return document->text + found->value;
    }
    return NULL;
}

bool ivr_node_attribute_at(const struct ivr_document *document, uint32_t node, uint32_t index,
                           const char **name, const char **value)
{
    assert(node < document->node_count);
    const struct ivr_node *of = &document->nodes[node];

    if (index >= of->attribute_count)
        return false;
    const struct ivr_node_attribute *found = &document->attributes[of->attribute_first + index];
    *name = found->attribute == IVR_ATTR_OTHER
                ? document->text + found->name
                : ivr_attribute_name((enum ivr_attribute)found->attribute);
    *value = document->text + found->value;
    return true;
}

const char *ivr_node_language(const struct ivr_document *document, uint32_t node)
{
    for (; node != 0; node = ivr_node_parent(document, node)) {
        const char *language = ivr_node_attribute(document, node, IVR_ATTR_XML_LANG);

        if (language != NULL)
            return language;
    }
    return "";
}

static const char *own_property(const struct ivr_document *document, uint32_t node,
                                const char *name)
{
    uint32_t property = ivr_node_first(document, ivr_node_child(document, node), IVR_PROPERTY);

    while (property != 0) {
        const char *found = ivr_node_attribute(document, property, IVR_ATTR_NAME);

        if (found != NULL && td_str_equal(found, name))
            return ivr_node_attribute(document, property, IVR_ATTR_VALUE);
        property = ivr_node_first(document, ivr_node_next(document, property), IVR_PROPERTY);
    }
    return NULL;
}

const char *ivr_node_property(const struct ivr_document *document, uint32_t node, const char *name)
{
    for (; node != 0; node = ivr_node_parent(document, node)) {
        const char *value = own_property(document, node, name);

        if (value != NULL)
            return value;
    }
    return NULL;
}

uint32_t ivr_document_dialog(const struct ivr_document *document, const char *id)
{
    uint32_t node = ivr_node_child(document, ivr_document_root(document));

    for (; node != 0; node = ivr_node_next(document, node)) {
        const char *own = ivr_node_attribute(document, node, IVR_ATTR_ID);

        if ((ivr_element_classes(ivr_node_element(document, node)) & IVR_CLASS_DIALOG) == 0)
            continue;
        if (id[0] == '\0' || (own != NULL && td_str_equal(own, id)))
            return node;
    }
    return 0;
}

const struct ivr_grammar *ivr_document_grammar(const struct ivr_document *document, uint32_t node)
{
    assert(node < document->node_count);
    return document->grammars[node];
}

uint64_t ivr_document_hash(const struct ivr_document *document)
{
    uint64_t parts[2] = {
        td_str_hash(document->nodes, document->node_count * sizeof(struct ivr_node)),
        td_str_hash(document->text, document->text_size)};

    return td_str_hash(parts, sizeof(parts));
}
