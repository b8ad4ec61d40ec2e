/* Numbers of any message of proto/, by the names of its fields. */
#include "base/str.h"
#include "client/private.h"
#include "wire/codec.h"

static const struct td_wire_field *find_field(const struct td_wire_message *message,
                                              const char *name)
{
    for (size_t i = 0; i < message->field_count; i++) {
        if (td_str_equal(message->fields[i].name, name))
            return &message->fields[i];
    }
    return NULL;
}

/* @param member  Of the field, in the decoded struct. */
static bool read_number(const struct td_wire_field *field, const void *member, uint64_t *value)
{
    if ((field->flags & TD_WIRE_REPEATED) != 0)
        return false;
    switch (field->kind) {
    case TD_WIRE_U32:
        *value = *(const uint32_t *)member;
        return true;
    case TD_WIRE_U64:
        *value = *(const uint64_t *)member;
        return true;
    case TD_WIRE_BOOL:
        *value = *(const bool *)member;
        return true;
    default:
        return false;
    }
}

bool td_client_number(struct td_client *client, const struct td_client_message *message,
                      const char *field, uint64_t *value)
{
    const struct td_wire_message *kind = td_wire_find(message->type);
    const struct td_wire_field *wanted = kind != NULL ? find_field(kind, field) : NULL;
    struct td_arena *arena = &client->arena;

    if (wanted == NULL)
        return false;
    td_arena_rewind(arena, 0);
    uint8_t *decoded = td_arena_alloc(arena, kind->size);
    return decoded != NULL &&
           td_wire_decode(kind, arena, td_bytes(message->data, message->size), decoded, NULL) ==
               TD_OK &&
           read_number(wanted, decoded + wanted->offset, value);
}
