#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/yaml_message.h"
#include "wire/config_wire.h"

struct reader {
    const struct td_yaml *yaml;
    const struct td_yaml_extra *extra;
    struct td_arena *arena;
    char *fault;
};

static enum td_err read_map(struct reader *reader, const struct td_yaml_node *map,
                            const struct td_wire_message *message, uint8_t *value);

static enum td_err refuse(struct reader *reader, const struct td_yaml_node *node, const char *name,
                          const char *expected, enum td_err err)
{
    if (node->kind == TD_YAML_SCALAR)
        td_yaml_fault(reader->fault, reader->yaml, node->line, "%s: expected %s, found \"%.80s\"",
                      name, expected, node->text);
    else
        td_yaml_fault(reader->fault, reader->yaml, node->line, "%s: expected %s, found a %s", name,
                      expected, node->kind == TD_YAML_MAP ? "map" : "list");
    return err;
}

/* --- scalars -----------------------------------------------------------------------------------
 */

static enum td_err read_string(struct reader *reader, const struct td_yaml_node *node,
                               const struct td_wire_field *field, uint8_t *to)
{
    char expected[64];

    (void)snprintf(expected, sizeof(expected), "a text of at most %u bytes", field->max);
    if (node->kind != TD_YAML_SCALAR)
        return refuse(reader, node, field->name, expected, TD_ERR_SYNTAX);
    if (td_str_copy((char *)to, field->max + 1U, node->text) != TD_OK)
        return refuse(reader, node, field->name, expected, TD_ERR_RANGE);
    return TD_OK;
}

static enum td_err read_integer(struct reader *reader, const struct td_yaml_node *node,
                                const struct td_wire_field *field, uint8_t *to)
{
    uint64_t value;
    uint64_t max = field->kind == TD_WIRE_U32 ? UINT32_MAX : INT64_MAX;

    if (node->kind != TD_YAML_SCALAR || td_str_to_u64(node->text, max, &value) != TD_OK)
        return refuse(reader, node, field->name, "a whole number, 0 or more", TD_ERR_SYNTAX);
    if (field->kind == TD_WIRE_U32) {
        uint32_t narrow = (uint32_t)value;
        memcpy(to, &narrow, sizeof(narrow));
    } else {
        memcpy(to, &value, sizeof(value));
    }
    return TD_OK;
}

static bool parse_double(const char *text, double *value)
{
    char *end;

    errno = 0;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && errno == 0 && isfinite(*value);
}

static enum td_err read_bool(struct reader *reader, const struct td_yaml_node *node,
                             const struct td_wire_field *field, uint8_t *to)
{
    bool value = node->kind == TD_YAML_SCALAR && td_str_equal(node->text, "true");

    if (!value && (node->kind != TD_YAML_SCALAR || !td_str_equal(node->text, "false")))
        return refuse(reader, node, field->name, "true or false", TD_ERR_SYNTAX);
    memcpy(to, &value, sizeof(value));
    return TD_OK;
}

static enum td_err read_enum(struct reader *reader, const struct td_yaml_node *node,
                             const struct td_wire_message *message, size_t index, uint8_t *to)
{
    char expected[200] = "one of";
    char name[TD_WIRE_ENUM_NAME_SIZE];
    int value;

    if (node->kind == TD_YAML_SCALAR && td_wire_enum_find(message, index, node->text, &value)) {
        memcpy(to, &value, sizeof(value));
        return TD_OK;
    }
    for (size_t i = 0; td_wire_enum_at(message, index, i, name) != NULL; i++) {
        size_t used = strlen(expected);
        (void)snprintf(expected + used, sizeof(expected) - used, "%s %s", i > 0 ? "," : "", name);
    }
    return refuse(reader, node, message->fields[index].name, expected, TD_ERR_SYNTAX);
}

static enum td_err read_double(struct reader *reader, const struct td_yaml_node *node,
                               const struct td_wire_field *field, uint8_t *to)
{
    double value;

    if (node->kind != TD_YAML_SCALAR || !parse_double(node->text, &value))
        return refuse(reader, node, field->name, "a number", TD_ERR_SYNTAX);
    memcpy(to, &value, sizeof(value));
    return TD_OK;
}

/* --- attributes, written as a map --------------------------------------------------------------
 */

/* true is a flag, what looks like a number is one, everything else and what is quoted is a text. */
static enum td_err read_attribute(struct reader *reader, const struct td_yaml_node *node,
                                  struct td_attribute *attribute)
{
    if (td_str_copy(attribute->name, sizeof(attribute->name), node->key) != TD_OK ||
        attribute->name[0] == '\0') {
        td_yaml_fault(reader->fault, reader->yaml, node->key_line,
                      "an attribute's name has 1 to 47 bytes, found \"%.80s\"", node->key);
        return TD_ERR_RANGE;
    }
    if (node->kind != TD_YAML_SCALAR)
        return refuse(reader, node, attribute->name, "a number, a text or true", TD_ERR_SYNTAX);
    if (!node->is_quoted && td_str_equal(node->text, "true")) {
        attribute->type = TD_ATTRIBUTE_TYPE_FLAG;
        return TD_OK;
    }
    if (!node->is_quoted && td_str_equal(node->text, "false"))
        return TD_OK; // Absent is what false means: no type, dropped by the caller.
    if (!node->is_quoted && parse_double(node->text, &attribute->number)) {
        attribute->type = TD_ATTRIBUTE_TYPE_NUMBER;
        return TD_OK;
    }
    attribute->type = TD_ATTRIBUTE_TYPE_TEXT;
    if (td_str_copy(attribute->text, sizeof(attribute->text), node->text) != TD_OK)
        return refuse(reader, node, attribute->name, "a text of at most 63 bytes", TD_ERR_RANGE);
    return TD_OK;
}

static enum td_err read_attributes(struct reader *reader, const struct td_yaml_node *map,
                                   struct td_attribute *to, uint32_t *count)
{
    *count = 0;
    for (const struct td_yaml_node *child = map->first; child != NULL; child = child->next) {
        to[*count] = (struct td_attribute){.number = 0};
        enum td_err err = read_attribute(reader, child, &to[*count]);
        if (err != TD_OK)
            return err;
        *count += to[*count].type != TD_ATTRIBUTE_TYPE_UNSPECIFIED;
    }
    return TD_OK;
}

/* --- lists -------------------------------------------------------------------------------------
 */

static enum td_err read_elements(struct reader *reader, const struct td_yaml_node *list,
                                 const struct td_wire_field *field, uint8_t *to, uint32_t *count)
{
    size_t step = field->kind == TD_WIRE_STRING ? field->max + 1U : field->sub->size;
    enum td_err err = TD_OK;

    if (list->kind == TD_YAML_MAP) {
        return read_attributes(reader, list, (struct td_attribute *)(void *)to, count);
    }
    for (const struct td_yaml_node *node = list->first; node != NULL && err == TD_OK;
         node = node->next, to += step) {
        if (field->kind == TD_WIRE_STRING)
            err = read_string(reader, node, field, to);
        else
            err = read_map(reader, node, field->sub, to);
    }
    *count = list->count;
    return err;
}

static enum td_err read_list(struct reader *reader, const struct td_yaml_node *node,
                             const struct td_wire_field *field, uint8_t *struct_base)
{
    bool is_attributes = field->sub == &td_attribute_wire;
    uint8_t *to = struct_base + field->offset;
    uint32_t count = 0;
    char expected[64];

    if (node->kind != (is_attributes ? TD_YAML_MAP : TD_YAML_LIST))
        return refuse(reader, node, field->name,
                      is_attributes ? "a map such as {language: zh, skill.sales: 7}"
                                    : "a list, such as [a, b]",
                      TD_ERR_SYNTAX);
    if (node->count > field->max_count) {
        (void)snprintf(expected, sizeof(expected), "at most %u entries", field->max_count);
        return refuse(reader, node, field->name, expected, TD_ERR_RANGE);
    }
    if ((field->flags & TD_WIRE_DYNAMIC) != 0) {
        to = td_arena_array(reader->arena, node->count, field->sub->size);
        if (to == NULL)
            return refuse(reader, node, field->name, "a smaller document", TD_ERR_LIMIT);
        memcpy(struct_base + field->offset, &to, sizeof(to));
    }
    enum td_err err = read_elements(reader, node, field, to, &count);
    memcpy(struct_base + field->extra_offset, &count, sizeof(count));
    return err;
}

/* --- maps --------------------------------------------------------------------------------------
 */

static enum td_err read_field(struct reader *reader, const struct td_yaml_node *node,
                              const struct td_wire_message *message, size_t index, uint8_t *value)
{
    const struct td_wire_field *field = &message->fields[index];
    uint8_t *to = value + field->offset;
    bool present = true;

    if ((field->flags & TD_WIRE_REPEATED) != 0)
        return read_list(reader, node, field, value);
    switch (field->kind) {
    case TD_WIRE_STRING:
        return read_string(reader, node, field, to);
    case TD_WIRE_U32:
    case TD_WIRE_U64:
        return read_integer(reader, node, field, to);
    case TD_WIRE_BOOL:
        return read_bool(reader, node, field, to);
    case TD_WIRE_ENUM:
        return read_enum(reader, node, message, index, to);
    case TD_WIRE_DOUBLE:
        return read_double(reader, node, field, to);
    case TD_WIRE_MESSAGE:
        memcpy(value + field->extra_offset, &present, sizeof(present));
        return read_map(reader, node, field->sub, to);
    default:
        return refuse(reader, node, field->name, "nothing: it is not for people to set",
                      TD_ERR_NOT_FOUND);
    }
}

static bool is_extra(const struct reader *reader, const struct td_wire_message *message,
                     const char *key)
{
    for (const struct td_yaml_extra *extra = reader->extra; extra != NULL && extra->message != NULL;
         extra++) {
        for (size_t i = 0; extra->message == message && extra->keys[i] != NULL; i++) {
            if (td_str_equal(extra->keys[i], key))
                return true;
        }
    }
    return false;
}

static bool find_field(const struct td_wire_message *message, const char *key, size_t *index)
{
    for (size_t i = 0; i < message->field_count; i++) {
        if (td_str_equal(message->fields[i].name, key)) {
            *index = i;
            return true;
        }
    }
    return false;
}

static bool is_empty_string(const struct td_wire_field *field, const uint8_t *value)
{
    return field->kind == TD_WIRE_STRING && (field->flags & TD_WIRE_REPEATED) == 0 &&
           value[field->offset] == '\0';
}

static enum td_err check_required(struct reader *reader, const struct td_yaml_node *map,
                                  const struct td_wire_message *message, const uint8_t *value)
{
    for (size_t i = 0; i < message->field_count; i++) {
        const struct td_wire_field *field = &message->fields[i];

        if ((field->flags & TD_WIRE_REQUIRED) != 0 && is_empty_string(field, value)) {
            td_yaml_fault(reader->fault, reader->yaml, map->line, "\"%s\" is missing here",
                          field->name);
            return TD_ERR_RANGE;
        }
    }
    return TD_OK;
}

static enum td_err read_map(struct reader *reader, const struct td_yaml_node *map,
                            const struct td_wire_message *message, uint8_t *value)
{
    size_t index;

    if (map->kind != TD_YAML_MAP)
        return refuse(reader, map, message->name, "a map of keys and values", TD_ERR_SYNTAX);
    memset(value, 0, message->size);
    for (const struct td_yaml_node *node = map->first; node != NULL; node = node->next) {
        if (is_extra(reader, message, node->key))
            continue;
        if (!find_field(message, node->key, &index)) {
            td_yaml_fault(reader->fault, reader->yaml, node->key_line, "unknown key \"%.60s\"",
                          node->key);
            return TD_ERR_NOT_FOUND;
        }
        enum td_err err = read_field(reader, node, message, index, value);
        if (err != TD_OK)
            return err;
    }
    return check_required(reader, map, message, value);
}

enum td_err td_yaml_to_message(const struct td_yaml *yaml, const struct td_yaml_node *map,
                               const struct td_wire_message *message,
                               const struct td_yaml_extra *extra, struct td_arena *arena,
                               void *value, char fault[TD_YAML_FAULT_SIZE])
{
    struct reader reader = {yaml, extra, arena, fault};

    return read_map(&reader, map, message, value);
}
