#include <string.h>

#include "base/str.h"
#include "service/yaml_message.h"
#include "wire/config_wire.h"

struct writer {
    FILE *out;
    const char *const *leave_out;
};

static void write_map(struct writer *writer, const struct td_wire_message *message,
                      const uint8_t *value, int indent, bool in_list);

/* Double-quoted YAML is JSON's string: always right, whatever is in it. */
static void write_text(struct writer *writer, const char *text)
{
    (void)fputc('"', writer->out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            (void)fprintf(writer->out, "\\%c", c);
        else if (c < 0x20)
            (void)fprintf(writer->out, "\\x%02x", c);
        else
            (void)fputc(c, writer->out);
    }
    (void)fputc('"', writer->out);
}

static void write_attribute(struct writer *writer, const struct td_attribute *attribute)
{
    (void)fprintf(writer->out, "%s: ", attribute->name);
    if (attribute->type == TD_ATTRIBUTE_TYPE_NUMBER)
        (void)fprintf(writer->out, "%.10g", attribute->number);
    else if (attribute->type == TD_ATTRIBUTE_TYPE_FLAG)
        (void)fputs("true", writer->out);
    else
        write_text(writer, attribute->text);
}

static void write_attributes(struct writer *writer, const uint8_t *at, uint32_t count)
{
    (void)fputs(" {", writer->out);
    for (uint32_t i = 0; i < count; i++, at += sizeof(struct td_attribute)) {
        struct td_attribute attribute;

        memcpy(&attribute, at, sizeof(attribute));
        if (i > 0)
            (void)fputs(", ", writer->out);
        write_attribute(writer, &attribute);
    }
    (void)fputs("}\n", writer->out);
}

static void write_texts(struct writer *writer, const struct td_wire_field *field, const uint8_t *at,
                        uint32_t count)
{
    (void)fputs(" [", writer->out);
    for (uint32_t i = 0; i < count; i++, at += field->max + 1U) {
        if (i > 0)
            (void)fputs(", ", writer->out);
        write_text(writer, (const char *)at);
    }
    (void)fputs("]\n", writer->out);
}

static void write_list(struct writer *writer, const struct td_wire_field *field, const uint8_t *at,
                       uint32_t count, int indent)
{
    if (field->sub == &td_attribute_wire) {
        write_attributes(writer, at, count);
    } else if (field->kind == TD_WIRE_STRING) {
        write_texts(writer, field, at, count);
    } else {
        (void)fputc('\n', writer->out);
        for (uint32_t i = 0; i < count; i++, at += field->sub->size) {
            (void)fprintf(writer->out, "%*s- ", indent, "");
            write_map(writer, field->sub, at, indent + 2, true);
        }
    }
}

static uint64_t integer_of(const struct td_wire_field *field, const uint8_t *at)
{
    uint64_t value = 0;

    memcpy(&value, at, field->kind == TD_WIRE_U32 ? 4 : 8);
    return value;
}

static void write_scalar(struct writer *writer, const struct td_wire_message *message, size_t index,
                         const uint8_t *at)
{
    const struct td_wire_field *field = &message->fields[index];
    char name[TD_WIRE_ENUM_NAME_SIZE];
    double real;
    int number;

    switch (field->kind) {
    case TD_WIRE_STRING:
        write_text(writer, (const char *)at);
        break;
    case TD_WIRE_BOOL:
        (void)fputs("true", writer->out);
        break;
    case TD_WIRE_DOUBLE:
        memcpy(&real, at, sizeof(real));
        (void)fprintf(writer->out, "%.10g", real);
        break;
    case TD_WIRE_ENUM:
        memcpy(&number, at, sizeof(number));
        (void)fputs(td_wire_enum_name(message, index, number, name), writer->out);
        break;
    default:
        (void)fprintf(writer->out, "%llu", (unsigned long long)integer_of(field, at));
    }
}

/* A default is not written: it need not be read. */
static bool is_default(const struct td_wire_field *field, const uint8_t *value)
{
    static const uint8_t zeros[16];
    uint32_t count;

    if ((field->flags & TD_WIRE_REPEATED) != 0) {
        memcpy(&count, value + field->extra_offset, sizeof(count));
        return count == 0;
    }
    switch (field->kind) {
    case TD_WIRE_STRING:
        return value[field->offset] == '\0';
    case TD_WIRE_MESSAGE:
        return value[field->extra_offset] == 0;
    case TD_WIRE_BOOL:
        return value[field->offset] == 0;
    case TD_WIRE_U32:
    case TD_WIRE_ENUM:
        return memcmp(value + field->offset, zeros, 4) == 0;
    case TD_WIRE_ID:
    case TD_WIRE_BYTES:
        return true; // Not for people to set.
    default:
        return memcmp(value + field->offset, zeros, 8) == 0;
    }
}

static bool is_left_out(const struct writer *writer, const char *name)
{
    for (size_t i = 0; writer->leave_out != NULL && writer->leave_out[i] != NULL; i++) {
        if (td_str_equal(writer->leave_out[i], name))
            return true;
    }
    return false;
}

static void write_field(struct writer *writer, const struct td_wire_message *message, size_t index,
                        const uint8_t *value, int indent)
{
    const struct td_wire_field *field = &message->fields[index];
    const uint8_t *at = value + field->offset;
    uint32_t count;

    (void)fprintf(writer->out, "%s:", field->name);
    if ((field->flags & TD_WIRE_REPEATED) != 0) {
        memcpy(&count, value + field->extra_offset, sizeof(count));
        if ((field->flags & TD_WIRE_DYNAMIC) != 0)
            memcpy(&at, value + field->offset, sizeof(at));
        write_list(writer, field, at, count, indent + 2);
    } else if (field->kind == TD_WIRE_MESSAGE) {
        (void)fputc('\n', writer->out);
        write_map(writer, field->sub, at, indent + 2, false);
    } else {
        (void)fputc(' ', writer->out);
        write_scalar(writer, message, index, at);
        (void)fputc('\n', writer->out);
    }
}

/* @param in_list  The first key stands behind the dash that is already written. */
static void write_map(struct writer *writer, const struct td_wire_message *message,
                      const uint8_t *value, int indent, bool in_list)
{
    bool is_first = true;

    for (size_t i = 0; i < message->field_count; i++) {
        if (is_default(&message->fields[i], value) || is_left_out(writer, message->fields[i].name))
            continue;
        if (!is_first || !in_list)
            (void)fprintf(writer->out, "%*s", indent, "");
        is_first = false;
        write_field(writer, message, i, value, indent);
    }
    if (is_first && in_list)
        (void)fputs("{}\n", writer->out);
}

void td_message_to_yaml(const struct td_wire_message *message, const void *value,
                        const char *const *leave_out, FILE *out)
{
    struct writer writer = {out, leave_out};

    write_map(&writer, message, value, 0, false);
}
