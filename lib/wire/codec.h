/**
 * @file codec.h  Bytes of the bus to checked plain structs and back.
 *
 * proto/ is the single source: for each message M a generated header gives `struct td_m`, whose
 * members are bounded by the options in the proto (max, max_count, id_of, required), and the pair
 * td_m_encode / td_m_decode. protobuf-c reads and writes the bytes; this module copies between its
 * structs and ours by a table per message, and refuses whatever is out of bounds. Nothing
 * of protobuf-c is visible in front of it.
 *
 *   string           char name[max + 1], UTF-8       message    struct, plus bool has_name
 *   bytes (id_of)    struct td_KIND_id, nil if absent repeated   array plus uint32_t name_count
 *   bytes (dynamic)  struct td_bytes in the arena     (dynamic)  pointer into the arena, plus count
 *   enum             enum td_x; unknown numbers are kept   double    finite
 *
 * Pure; all memory comes from the caller's arena, so a hostile message runs out of it and is
 * refused. Time is linear in the message's size plus the sizes of the structs it fills.
 */
#ifndef TD_WIRE_CODEC_H
#define TD_WIRE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

/** Arena that is enough to encode or decode any message without (dynamic) fields. */
#define TD_WIRE_ARENA_SIZE 65536

enum td_wire_kind {
    TD_WIRE_STRING,
    TD_WIRE_BYTES,
    TD_WIRE_ID,
    TD_WIRE_U32,
    TD_WIRE_U64,
    TD_WIRE_I64,
    TD_WIRE_DOUBLE,
    TD_WIRE_BOOL,
    TD_WIRE_ENUM,
    TD_WIRE_MESSAGE,
};

enum { TD_WIRE_REQUIRED = 1, TD_WIRE_PERSONAL = 2, TD_WIRE_DYNAMIC = 4, TD_WIRE_REPEATED = 8 };

/** One field of a message's table, in the order of field numbers. */
struct td_wire_field {
    const char *name;
    enum td_wire_kind kind;
    unsigned flags;
    uint32_t max;        /**< Bytes of a string or of bytes. */
    uint32_t max_count;  /**< Elements of a repeated field. */
    size_t offset;       /**< Of the member in our struct. */
    size_t extra_offset; /**< Of has_name or name_count, where there is one. */
    const struct td_wire_message *sub;
};

struct td_wire_message {
    const char *name; /**< "LegAnswer" */
    size_t size;      /**< Of our struct. */
    const struct ProtobufCMessageDescriptor *descriptor;
    const struct td_wire_field *fields;
    size_t field_count;
};

/**
 * Packs a struct. Strings that are not UTF-8 are repaired ('?' for each bad byte).
 *
 * The arena must be large enough (TD_WIRE_ARENA_SIZE, plus what (dynamic) fields hold) and counts
 * must be within bounds: anything else is a defect of the caller and aborts.
 * @return The bytes, in the arena.
 */
struct td_bytes td_wire_encode(const struct td_wire_message *message, struct td_arena *arena,
                               const void *value);

/**
 * Unpacks untrusted bytes.
 *
 * @param value      Filled on TD_OK; otherwise undefined.
 * @param bad_field  Receives the name of the field at fault, or the message's own name; a constant.
 * May be NULL.
 * @return TD_OK; TD_ERR_SYNTAX (no such message, or a string is not UTF-8); TD_ERR_LIMIT (arena
 *         exhausted); TD_ERR_RANGE (field missing or out of bounds).
 */
enum td_err TD_MUST_CHECK td_wire_decode(const struct td_wire_message *message,
                                         struct td_arena *arena, struct td_bytes bytes, void *value,
                                         const char **bad_field);

/** Longest name of an enum value, terminator included. */
#define TD_WIRE_ENUM_NAME_SIZE 64

/** Name of an enum field's value in lower case, without the enum's own name: "at_dialog"; the
   number when this release does not know it. @param field  Index of an enum field. @return `name`.
 */
const char *td_wire_enum_name(const struct td_wire_message *message, size_t field, int value,
                              char name[TD_WIRE_ENUM_NAME_SIZE]);

/** The value of that name. @return false when there is none; UNSPECIFIED is none. */
bool td_wire_enum_find(const struct td_wire_message *message, size_t field, const char *name,
                       int *value);

/** The `index`-th name for people who ask what is allowed; NULL behind the last. */
const char *td_wire_enum_at(const struct td_wire_message *message, size_t field, size_t index,
                            char name[TD_WIRE_ENUM_NAME_SIZE]);

/** The table of the message called `name` ("LegAnswer"), or NULL. Logarithmic. */
const struct td_wire_message *td_wire_find(const char *name);

/** All messages, sorted by name. */
extern const struct td_wire_message *const td_wire_types[];
extern const size_t td_wire_types_count;

#endif
