#include "io/config_yaml_build.h"

#include <assert.h>
#include <string.h>
#include <yaml.h>

/* An open list or map. */
struct frame {
    struct td_yaml_node *node;
    struct td_yaml_node *last; /* child */
    const char *key;           /* read, its value is due */
    uint32_t key_line;
};

struct builder {
    yaml_parser_t parser;
    struct td_yaml *yaml;
    struct frame open[TD_YAML_DEPTH_MAX];
    uint32_t depth;
    bool had_document;
    char *fault;
};

static enum td_err no_memory(const struct builder *builder)
{
    td_yaml_fault(builder->fault, builder->yaml, 0, "out of memory");
    return TD_ERR_NO_MEMORY;
}

static enum td_err library_fault(const struct builder *builder)
{
    const yaml_parser_t *parser = &builder->parser;
    // The reader (bad UTF-8, control characters) knows only an offset; the scanner has a mark.
    const yaml_mark_t *mark =
        parser->error == YAML_READER_ERROR ? &parser->mark : &parser->problem_mark;

    if (parser->error == YAML_MEMORY_ERROR)
        return no_memory(builder);
    td_yaml_fault(builder->fault, builder->yaml, (uint32_t)mark->line + 1, "%s%s%s",
                  parser->context != NULL ? parser->context : "",
                  parser->context != NULL ? ", " : "",
                  parser->problem != NULL ? parser->problem : "not YAML");
    return TD_ERR_SYNTAX;
}

static struct frame *top(struct builder *builder)
{
    return builder->depth > 0 ? &builder->open[builder->depth - 1] : NULL;
}

static bool expects_key(struct builder *builder)
{
    const struct frame *frame = top(builder);

    return frame != NULL && frame->node->kind == TD_YAML_MAP && frame->key == NULL;
}

static enum td_err count_node(struct builder *builder, uint32_t line)
{
    if (builder->yaml->node_count < TD_YAML_NODES_MAX) {
        builder->yaml->node_count++;
        return TD_OK;
    }
    td_yaml_fault(builder->fault, builder->yaml, line, "the document has more than %d values",
                  TD_YAML_NODES_MAX);
    return TD_ERR_LIMIT;
}

static enum td_err attach(struct builder *builder, const struct td_yaml_node *value,
                          struct td_yaml_node **node)
{
    struct frame *frame = top(builder);
    enum td_err err = count_node(builder, value->line);
    if (err != TD_OK)
        return err;

    struct td_yaml_node *added = td_yaml_take(builder->yaml, sizeof(*added));
    if (added == NULL)
        return no_memory(builder);
    *added = *value;
    if (frame == NULL) {
        builder->yaml->root = added;
    } else {
        added->key = frame->key;
        added->key_line = frame->key_line;
        frame->key = NULL;
        if (frame->last == NULL)
            frame->node->first = added;
        else
            frame->last->next = added;
        frame->last = added;
        frame->node->count++;
    }
    *node = added;
    return TD_OK;
}

static enum td_err open_node(struct builder *builder, enum td_yaml_kind kind, uint32_t line)
{
    struct td_yaml_node value = {.kind = kind, .line = line, .text = ""};
    struct td_yaml_node *node = NULL;

    if (expects_key(builder)) {
        td_yaml_fault(builder->fault, builder->yaml, line, "a key must be a plain text");
        return TD_ERR_SYNTAX;
    }
    if (builder->depth == TD_YAML_DEPTH_MAX) {
        td_yaml_fault(builder->fault, builder->yaml, line, "nested deeper than %d levels",
                      TD_YAML_DEPTH_MAX);
        return TD_ERR_LIMIT;
    }
    enum td_err err = attach(builder, &value, &node);
    if (err == TD_OK)
        builder->open[builder->depth++] = (struct frame){.node = node};
    return err;
}

static enum td_err add_key(struct builder *builder, const char *key, uint32_t line)
{
    struct frame *frame = top(builder);
    const struct td_yaml_node *same = td_yaml_find(frame->node, key);

    if (same != NULL) {
        td_yaml_fault(builder->fault, builder->yaml, line,
                      "key \"%.100s\" stands twice in its map, first in line %u", key,
                      same->key_line);
        return TD_ERR_EXISTS;
    }
    if (frame->node->count == TD_YAML_MAP_KEYS_MAX) {
        td_yaml_fault(builder->fault, builder->yaml, line, "more than %d keys in one map",
                      TD_YAML_MAP_KEYS_MAX);
        return TD_ERR_LIMIT;
    }
    frame->key = key;
    frame->key_line = line;
    return count_node(builder, line);
}

static enum td_err add_scalar(struct builder *builder, const yaml_event_t *event, uint32_t line)
{
    size_t size = event->data.scalar.length;
    struct td_yaml_node *node = NULL;

    if (memchr(event->data.scalar.value, '\0', size) != NULL) {
        td_yaml_fault(builder->fault, builder->yaml, line, "a text must not contain a zero byte");
        return TD_ERR_SYNTAX;
    }
    const char *text = td_yaml_take_text(builder->yaml, event->data.scalar.value, size);
    if (text == NULL)
        return no_memory(builder);
    if (expects_key(builder))
        return add_key(builder, text, line);

    struct td_yaml_node value = {.kind = TD_YAML_SCALAR,
                                 .line = line,
                                 .text = text,
                                 .is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE};
    return attach(builder, &value, &node);
}

/* Anchors, aliases and tags: what a plain document has no need of. */
static bool is_fancy(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return true;
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL;
    default:
        return false;
    }
}

static enum td_err start_document(struct builder *builder, uint32_t line)
{
    if (builder->had_document) {
        td_yaml_fault(builder->fault, builder->yaml, line, "a second document begins here");
        return TD_ERR_SYNTAX;
    }
    builder->had_document = true;
    return TD_OK;
}

static enum td_err take_event(struct builder *builder, const yaml_event_t *event)
{
    uint32_t line = (uint32_t)event->start_mark.line + 1;

    if (is_fancy(event)) {
        td_yaml_fault(builder->fault, builder->yaml, line,
                      "anchors (&), aliases (*) and tags (!) are not supported");
        return TD_ERR_SYNTAX;
    }
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return start_document(builder, line);
    case YAML_SCALAR_EVENT:
        return add_scalar(builder, event, line);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(builder, TD_YAML_LIST, line);
    case YAML_MAPPING_START_EVENT:
        return open_node(builder, TD_YAML_MAP, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        assert(builder->depth > 0);
        builder->depth--;
        return TD_OK;
    default:
        return TD_OK;
    }
}

static enum td_err build(struct builder *builder)
{
    enum td_err err = TD_OK;
    bool at_end = false;

    while (err == TD_OK && !at_end) {
        yaml_event_t event;

        if (yaml_parser_parse(&builder->parser, &event) == 0)
            return library_fault(builder);
        err = take_event(builder, &event);
        at_end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    if (err == TD_OK && builder->yaml->root == NULL)
        err = open_node(builder, TD_YAML_MAP, 1);
    return err;
}

enum td_err td_yaml_build(struct td_yaml *yaml, const char *text, size_t size,
                          char fault[TD_YAML_FAULT_SIZE])
{
    struct builder builder = {.yaml = yaml, .fault = fault};

    if (yaml_parser_initialize(&builder.parser) == 0)
        return no_memory(&builder);
    // Fixed: without it libyaml guesses UTF-16 from a byte order mark.
    yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&builder.parser, (const unsigned char *)text, size);
    enum td_err err = build(&builder);
    yaml_parser_delete(&builder.parser);
    return err;
}
