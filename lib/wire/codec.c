#include "wire/codec.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <protobuf-c/protobuf-c.h>

#include "base/id.h"
#include "base/str.h"

/* protobuf-c's allocator over the caller's arena; remembers that it ran out. */
struct scratch {
    struct td_arena *arena;
    bool exhausted;
};

static void *scratch_alloc(void *data, size_t size)
{
    struct scratch *scratch = data;
    void *memory = td_arena_alloc(scratch->arena, size);

    if (memory == NULL)
        scratch->exhausted = true;
    return memory;
}

static void scratch_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer; // The arena is given back as a whole.
}

/* Where our struct and protobuf-c's have the same field. */
struct place {
    const struct td_wire_field *field;
    const ProtobufCFieldDescriptor *foreign;
};

static struct place place_of(const struct td_wire_message *message, size_t i)
{
    return (struct place){&message->fields[i], &message->descriptor->fields[i]};
}

static bool has_flag(const struct td_wire_field *field, unsigned flag)
{
    return (field->flags & flag) != 0;
}

/* --- decode ------------------------------------------------------------------------------------
 */

static enum td_err decode_into(const struct td_wire_message *message, struct td_arena *arena,
                               const ProtobufCMessage *from, uint8_t *to, const char **bad_field);

static enum td_err take_string(const struct td_wire_field *field, const char *from, char *to)
{
    size_t length = strlen(from);

    if (length > field->max || (length == 0 && has_flag(field, TD_WIRE_REQUIRED)))
        return TD_ERR_RANGE;
    if (!td_str_is_utf8(from, length))
        return TD_ERR_SYNTAX;
    memcpy(to, from, length + 1);
    return TD_OK;
}

static enum td_err take_bytes(const struct td_wire_field *field, const ProtobufCBinaryData *from,
                              uint8_t *to)
{
    if (from->len > field->max || (from->len == 0 && has_flag(field, TD_WIRE_REQUIRED)))
        return TD_ERR_RANGE;

    struct td_bytes bytes = td_bytes(from->data, from->len);
    memcpy(to, &bytes, sizeof(bytes));
    return TD_OK;
}

static enum td_err take_id(const struct td_wire_field *field, const ProtobufCBinaryData *from,
                           uint8_t *to)
{
    if (from->len == 0 && !has_flag(field, TD_WIRE_REQUIRED))
        return TD_OK; // `to` is zero: nil
    if (from->len != TD_ID_SIZE)
        return TD_ERR_RANGE;
    memcpy(to, from->data, TD_ID_SIZE);
    // Sixteen zeros say as little as none: what is stored must be readable again.
    return has_flag(field, TD_WIRE_REQUIRED) && td_id_is_nil(*(const struct td_id *)from->data)
               ? TD_ERR_RANGE
               : TD_OK;
}

static enum td_err take_enum(const struct td_wire_field *field, const void *from, uint8_t *to)
{
    int value;

    memcpy(&value, from, sizeof(value));
    if (value < 0 || (value == 0 && has_flag(field, TD_WIRE_REQUIRED)))
        return TD_ERR_RANGE;
    memcpy(to, &value, sizeof(value));
    return TD_OK;
}

static enum td_err take_message(struct place place, struct td_arena *arena, const void *from,
                                uint8_t *struct_base, const char **bad_field)
{
    const ProtobufCMessage *sub = *(const ProtobufCMessage *const *)from;
    bool present = sub != NULL;

    if (!present)
        return has_flag(place.field, TD_WIRE_REQUIRED) ? TD_ERR_RANGE : TD_OK;
    memcpy(struct_base + place.field->extra_offset, &present, sizeof(present));
    return decode_into(place.field->sub, arena, sub, struct_base + place.field->offset, bad_field);
}

static enum td_err take_repeated(struct place place, struct td_arena *arena, const uint8_t *from,
                                 uint8_t *struct_base, const char **bad_field)
{
    const struct td_wire_field *field = place.field;
    size_t count;
    void *const *elements;

    memcpy(&count, from + place.foreign->quantifier_offset, sizeof(count));
    memcpy(&elements, from + place.foreign->offset, sizeof(elements));
    if (count > field->max_count)
        return TD_ERR_RANGE;

    uint32_t count32 = (uint32_t)count;
    memcpy(struct_base + field->extra_offset, &count32, sizeof(count32));
    size_t step = field->kind == TD_WIRE_STRING ? field->max + 1U : field->sub->size;
    uint8_t *to = struct_base + field->offset;
    if (has_flag(field, TD_WIRE_DYNAMIC)) {
        to = td_arena_array(arena, count, step);
        if (to == NULL && count > 0)
            return TD_ERR_LIMIT;
        memcpy(struct_base + field->offset, &to, sizeof(to));
    }

    enum td_err err = TD_OK;
    for (size_t i = 0; i < count && err == TD_OK; i++, to += step) {
        if (field->kind == TD_WIRE_STRING)
            err = take_string(field, elements[i], (char *)to);
        else
            err = decode_into(field->sub, arena, elements[i], to, bad_field);
    }
    return err;
}

/* Neither infinite nor "not a number": whoever compares or sorts by it counts on that. */
static enum td_err take_double(const void *from, uint8_t *to)
{
    double value;

    memcpy(&value, from, sizeof(value));
    if (!isfinite(value))
        return TD_ERR_RANGE;
    memcpy(to, &value, sizeof(value));
    return TD_OK;
}

static enum td_err take_scalar(const struct td_wire_field *field, const void *from, uint8_t *to)
{
    static const size_t sizes[] = {[TD_WIRE_U32] = 4, [TD_WIRE_U64] = 8, [TD_WIRE_I64] = 8};

    if (field->kind == TD_WIRE_BOOL) {
        bool value = *(const protobuf_c_boolean *)from != 0;
        memcpy(to, &value, sizeof(value));
    } else {
        memcpy(to, from, sizes[field->kind]);
    }
    return TD_OK;
}

static enum td_err take_field(struct place place, struct td_arena *arena, const uint8_t *from,
                              uint8_t *struct_base, const char **bad_field)
{
    const void *value = from + place.foreign->offset;
    uint8_t *to = struct_base + place.field->offset;

    if (has_flag(place.field, TD_WIRE_REPEATED))
        return take_repeated(place, arena, from, struct_base, bad_field);
    switch (place.field->kind) {
    case TD_WIRE_STRING:
        return take_string(place.field, *(char *const *)value, (char *)to);
    case TD_WIRE_BYTES:
        return take_bytes(place.field, value, to);
    case TD_WIRE_ID:
        return take_id(place.field, value, to);
    case TD_WIRE_ENUM:
        return take_enum(place.field, value, to);
    case TD_WIRE_DOUBLE:
        return take_double(value, to);
    case TD_WIRE_MESSAGE:
        return take_message(place, arena, value, struct_base, bad_field);
    default:
        return take_scalar(place.field, value, to);
    }
}

static enum td_err decode_into(const struct td_wire_message *message, struct td_arena *arena,
                               const ProtobufCMessage *from, uint8_t *to, const char **bad_field)
{
    memset(to, 0, message->size);
    for (size_t i = 0; i < message->field_count; i++) {
        enum td_err err =
            take_field(place_of(message, i), arena, (const uint8_t *)from, to, bad_field);

        if (err != TD_OK) {
            if (*bad_field == NULL) // The innermost field is the one to name.
                *bad_field = message->fields[i].name;
            return err;
        }
    }
    return TD_OK;
}

enum td_err td_wire_decode(const struct td_wire_message *message, struct td_arena *arena,
                           struct td_bytes bytes, void *value, const char **bad_field)
{
    static const uint8_t nothing[1] = {0}; // protobuf-c wants a pointer even for no bytes
    struct scratch scratch = {.arena = arena};
    ProtobufCAllocator allocator = {scratch_alloc, scratch_free, &scratch};
    const char *bad = NULL;

    const ProtobufCMessage *unpacked = protobuf_c_message_unpack(
        message->descriptor, &allocator, bytes.size, bytes.data == NULL ? nothing : bytes.data);
    enum td_err err = unpacked != NULL    ? decode_into(message, arena, unpacked, value, &bad)
                      : scratch.exhausted ? TD_ERR_LIMIT
                                          : TD_ERR_SYNTAX;
    if (bad_field != NULL)
        *bad_field = bad != NULL ? bad : message->name;
    return err;
}

/* --- encode ------------------------------------------------------------------------------------
 */

static ProtobufCMessage *encode_from(const struct td_wire_message *message, struct td_arena *arena,
                                     const uint8_t *from);

static void *must_alloc(struct td_arena *arena, size_t size)
{
    void *memory = td_arena_alloc(arena, size);

    assert(memory != NULL);
    return memory;
}

static char *give_string(struct td_arena *arena, const struct td_wire_field *field,
                         const char *from)
{
    size_t length = strnlen(from, field->max);
    char *copy = must_alloc(arena, length + 1);

    memcpy(copy, from, length);
    copy[length] = '\0';
    if (!td_str_is_utf8(copy, length))
        td_str_repair_utf8(copy);
    return copy;
}

static void give_id(const uint8_t *from, ProtobufCBinaryData *to)
{
    struct td_id id;

    memcpy(&id, from, sizeof(id));
    if (td_id_is_nil(id))
        return; // `to` stays empty: absent
    union {
        const uint8_t *in;
        uint8_t *out; // protobuf-c's field types know no const
    } data = {.in = from};
    *to = (ProtobufCBinaryData){.len = TD_ID_SIZE, .data = data.out};
}

static void give_bytes(const uint8_t *from, ProtobufCBinaryData *to)
{
    struct td_bytes bytes;
    union {
        const uint8_t *in;
        uint8_t *out;
    } data;

    memcpy(&bytes, from, sizeof(bytes));
    data.in = bytes.data;
    *to = (ProtobufCBinaryData){.len = bytes.size, .data = data.out};
}

static void give_repeated(struct place place, struct td_arena *arena, const uint8_t *struct_base,
                          uint8_t *to)
{
    const struct td_wire_field *field = place.field;
    const uint8_t *from = struct_base + field->offset;
    uint32_t count32;

    memcpy(&count32, struct_base + field->extra_offset, sizeof(count32));
    size_t count = count32;
    assert(count <= field->max_count);
    if (has_flag(field, TD_WIRE_DYNAMIC))
        memcpy(&from, struct_base + field->offset, sizeof(from));

    void **elements = must_alloc(arena, count * sizeof(*elements));
    size_t step = field->kind == TD_WIRE_STRING ? field->max + 1U : field->sub->size;
    for (size_t i = 0; i < count; i++, from += step) {
        elements[i] = field->kind == TD_WIRE_STRING
                          ? (void *)give_string(arena, field, (const char *)from)
                          : (void *)encode_from(field->sub, arena, from);
    }
    memcpy(to + place.foreign->quantifier_offset, &count, sizeof(count));
    memcpy(to + place.foreign->offset, &elements, sizeof(elements));
}

static void give_scalar(const struct td_wire_field *field, const uint8_t *from, void *to)
{
    static const size_t sizes[] = {[TD_WIRE_U32] = 4,
                                   [TD_WIRE_U64] = 8,
                                   [TD_WIRE_I64] = 8,
                                   [TD_WIRE_DOUBLE] = 8,
                                   [TD_WIRE_ENUM] = sizeof(int)};

    if (field->kind == TD_WIRE_BOOL)
        *(protobuf_c_boolean *)to = *(const bool *)from;
    else
        memcpy(to, from, sizes[field->kind]);
}

static void give_field(struct place place, struct td_arena *arena, const uint8_t *struct_base,
                       uint8_t *to)
{
    const uint8_t *from = struct_base + place.field->offset;
    void *target = to + place.foreign->offset;

    if (has_flag(place.field, TD_WIRE_REPEATED)) {
        give_repeated(place, arena, struct_base, to);
        return;
    }
    switch (place.field->kind) {
    case TD_WIRE_STRING:
        *(char **)target = give_string(arena, place.field, (const char *)from);
        break;
    case TD_WIRE_BYTES:
        give_bytes(from, target);
        break;
    case TD_WIRE_ID:
        give_id(from, target);
        break;
    case TD_WIRE_MESSAGE:
        if (*(const bool *)(struct_base + place.field->extra_offset))
            *(ProtobufCMessage **)target = encode_from(place.field->sub, arena, from);
        break;
    default:
        give_scalar(place.field, from, target);
    }
}

static ProtobufCMessage *encode_from(const struct td_wire_message *message, struct td_arena *arena,
                                     const uint8_t *from)
{
    ProtobufCMessage *to = must_alloc(arena, message->descriptor->sizeof_message);

    message->descriptor->message_init(to);
    for (size_t i = 0; i < message->field_count; i++)
        give_field(place_of(message, i), arena, from, (uint8_t *)to);
    return to;
}

struct td_bytes td_wire_encode(const struct td_wire_message *message, struct td_arena *arena,
                               const void *value)
{
    const ProtobufCMessage *built = encode_from(message, arena, value);
    size_t size = protobuf_c_message_get_packed_size(built);
    uint8_t *bytes = must_alloc(arena, size);

    (void)protobuf_c_message_pack(built, bytes);
    return td_bytes(bytes, size);
}

/* --- enums --- */

/* Without the enum's own name, which every value begins with: the first is X_UNSPECIFIED. */
static const char *short_name(const ProtobufCEnumDescriptor *type, const char *value_name,
                              char name[TD_WIRE_ENUM_NAME_SIZE])
{
    size_t prefix = strlen(type->values[0].name) - strlen("UNSPECIFIED");

    td_str_clip(name, TD_WIRE_ENUM_NAME_SIZE, value_name + prefix);
    for (char *c = name; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return name;
}

static const ProtobufCEnumDescriptor *enum_type(const struct td_wire_message *message, size_t field)
{
    assert(message->fields[field].kind == TD_WIRE_ENUM);
    return message->descriptor->fields[field].descriptor;
}

const char *td_wire_enum_name(const struct td_wire_message *message, size_t field, int value,
                              char name[TD_WIRE_ENUM_NAME_SIZE])
{
    const ProtobufCEnumDescriptor *type = enum_type(message, field);
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);

    if (known != NULL)
        return short_name(type, known->name, name);
    (void)snprintf(name, TD_WIRE_ENUM_NAME_SIZE, "%d", value);
    return name;
}

const char *td_wire_enum_at(const struct td_wire_message *message, size_t field, size_t index,
                            char name[TD_WIRE_ENUM_NAME_SIZE])
{
    const ProtobufCEnumDescriptor *type = enum_type(message, field);

    if (index + 1 >= type->n_values)
        return NULL;
    return short_name(type, type->values[index + 1].name, name); // [0] is X_UNSPECIFIED
}

bool td_wire_enum_find(const struct td_wire_message *message, size_t field, const char *name,
                       int *value)
{
    const ProtobufCEnumDescriptor *type = enum_type(message, field);
    char known[TD_WIRE_ENUM_NAME_SIZE];

    for (size_t i = 1; i < type->n_values; i++) {
        if (td_str_equal(short_name(type, type->values[i].name, known), name)) {
            *value = type->values[i].value;
            return true;
        }
    }
    return false;
}

/* --- by name -----------------------------------------------------------------------------------
 */

static int compare_name(const void *name, const void *entry)
{
    return strcmp(name, (*(const struct td_wire_message *const *)entry)->name);
}

const struct td_wire_message *td_wire_find(const char *name)
{
    const struct td_wire_message *const *found =
        bsearch(name, td_wire_types, td_wire_types_count, sizeof(void *), compare_name);

    return found != NULL ? *found : NULL;
}
