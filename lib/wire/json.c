#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/id.h"
#include "base/str.h"

#define DECODE_ARENA_SIZE (8U << 20)

static json_t *object_of(const struct td_wire_message *message, const uint8_t *value,
                         struct td_json_options options);

static json_t *base64(struct td_bytes bytes)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    static const char prefix[] = "base64:";
    char *text = malloc(sizeof(prefix) + (bytes.size + 2) / 3 * 4);
    if (text == NULL)
        return NULL;

    memcpy(text, prefix, sizeof(prefix) - 1);
    char *out = text + sizeof(prefix) - 1;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        unsigned block = (unsigned)bytes.data[i] << 16;
        block |= left > 1 ? (unsigned)bytes.data[i + 1] << 8 : 0;
        block |= left > 2 ? bytes.data[i + 2] : 0;
        *out++ = digits[block >> 18];
        *out++ = digits[block >> 12 & 63];
        *out++ = digits[left > 1 ? block >> 6 & 63 : 64]; // [64] pads
        *out++ = digits[left > 2 ? block & 63 : 64];
    }
    *out = '\0';
    json_t *json = json_string(text);
    free(text);
    return json;
}

static json_t *bytes_value(const uint8_t *at)
{
    struct td_bytes bytes;

    memcpy(&bytes, at, sizeof(bytes));
    if (bytes.size == 0)
        return NULL;
    const char *text = (const char *)bytes.data;
    if (td_str_is_utf8(text, bytes.size) && memchr(text, '\0', bytes.size) == NULL)
        return json_stringn(text, bytes.size);
    return base64(bytes);
}

static json_t *id_value(const uint8_t *at)
{
    struct td_id id;
    char text[TD_ID_TEXT_SIZE];

    memcpy(&id, at, sizeof(id));
    return td_id_is_nil(id) ? NULL : json_string(td_id_format(id, text));
}

static json_t *integer_value(const struct td_wire_field *field, const uint8_t *at)
{
    uint64_t value = 0;

    memcpy(&value, at, field->kind == TD_WIRE_U32 ? 4 : 8);
    if (value == 0)
        return NULL;
    if (field->kind != TD_WIRE_I64 && value > INT64_MAX)
        return json_real(
            (double)value); // JSON has no such integer in jansson; never a real time or count.
    return json_integer((json_int_t)value);
}

static json_t *enum_value(const struct td_wire_message *message, size_t field, const uint8_t *at)
{
    char name[TD_WIRE_ENUM_NAME_SIZE];
    int value;

    memcpy(&value, at, sizeof(value));
    return value == 0 ? NULL : json_string(td_wire_enum_name(message, field, value, name));
}

/* Which field of which message. */
struct place {
    const struct td_wire_message *message;
    size_t index;
};

static json_t *one_value(struct place place, const uint8_t *at, struct td_json_options options)
{
    const struct td_wire_field *field = &place.message->fields[place.index];
    double real;

    switch (field->kind) {
    case TD_WIRE_STRING:
        return at[0] == '\0' ? NULL : json_string((const char *)at);
    case TD_WIRE_BYTES:
        return bytes_value(at);
    case TD_WIRE_ID:
        return id_value(at);
    case TD_WIRE_DOUBLE:
        memcpy(&real, at, sizeof(real));
        return real == 0 ? NULL : json_real(real);
    case TD_WIRE_BOOL:
        return *(const bool *)at ? json_true() : NULL;
    case TD_WIRE_ENUM:
        return enum_value(place.message, place.index, at);
    case TD_WIRE_MESSAGE:
        return object_of(field->sub, at, options);
    default:
        return integer_value(field, at);
    }
}

static json_t *array_value(struct place place, const uint8_t *struct_base,
                           struct td_json_options options)
{
    const struct td_wire_field *field = &place.message->fields[place.index];
    const uint8_t *at = struct_base + field->offset;
    size_t step = field->kind == TD_WIRE_STRING ? field->max + 1U : field->sub->size;
    uint32_t count;

    memcpy(&count, struct_base + field->extra_offset, sizeof(count));
    if (count == 0)
        return NULL;
    if ((field->flags & TD_WIRE_DYNAMIC) != 0)
        memcpy(&at, struct_base + field->offset, sizeof(at));
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++, at += step) {
        json_t *element = one_value(place, at, options);
        (void)json_array_append_new(array, element != NULL ? element : json_string(""));
    }
    return array;
}

static json_t *field_value(struct place place, const uint8_t *struct_base,
                           struct td_json_options options)
{
    const struct td_wire_field *field = &place.message->fields[place.index];
    json_t *json;

    if ((field->flags & TD_WIRE_REPEATED) != 0)
        json = array_value(place, struct_base, options);
    else if (field->kind == TD_WIRE_MESSAGE && !*(const bool *)(struct_base + field->extra_offset))
        json = NULL;
    else
        json = one_value(place, struct_base + field->offset, options);
    if (json != NULL && options.hide_personal && (field->flags & TD_WIRE_PERSONAL) != 0) {
        json_decref(json);
        json = json_string("***");
    }
    return json;
}

static json_t *object_of(const struct td_wire_message *message, const uint8_t *value,
                         struct td_json_options options)
{
    json_t *object = json_object();

    for (size_t i = 0; i < message->field_count; i++) {
        json_t *json = field_value((struct place){message, i}, value, options);
        if (json != NULL)
            (void)json_object_set_new(object, message->fields[i].name, json);
    }
    return object;
}

enum td_err td_wire_to_json(const struct td_wire_message *message, const void *value,
                            struct td_json_options options, char **text)
{
    json_t *object = object_of(message, value, options);
    char *dumped =
        json_dumps(object, JSON_PRESERVE_ORDER | (options.pretty ? JSON_INDENT(2) : JSON_COMPACT));

    json_decref(object);
    if (dumped == NULL)
        return TD_ERR_NO_MEMORY;
    *text = dumped;
    return TD_OK;
}

static enum td_err convert(const struct td_wire_message *message, struct td_bytes bytes,
                           struct td_json_options options, void *memory, char **text)
{
    struct td_arena arena;

    td_arena_init(&arena, memory, DECODE_ARENA_SIZE);
    void *value = td_arena_alloc(&arena, message->size);
    if (value == NULL)
        return TD_ERR_LIMIT;
    enum td_err err = td_wire_decode(message, &arena, bytes, value, NULL);
    return err == TD_OK ? td_wire_to_json(message, value, options, text) : err;
}

enum td_err td_wire_bytes_to_json(const char *type, struct td_bytes bytes,
                                  struct td_json_options options, char **text)
{
    const struct td_wire_message *message = td_wire_find(type);
    if (message == NULL)
        return TD_ERR_NOT_FOUND;

    void *memory = malloc(DECODE_ARENA_SIZE);
    if (memory == NULL)
        return TD_ERR_NO_MEMORY;
    enum td_err err = convert(message, bytes, options, memory, text);
    free(memory);
    return err;
}

bool td_json_is_valid(const char *text, size_t size, char *fault, size_t fault_size)
{
    json_error_t error;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (json == NULL && fault != NULL)
        (void)snprintf(fault, fault_size, "line %d, column %d: %s", error.line, error.column,
                       error.text);
    json_decref(json);
    return json != NULL;
}
