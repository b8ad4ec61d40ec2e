/**
 * @file json.h  Any message of the bus as JSON, for people and for tools.
 *
 * Fields have their proto names; ids are text, enums their value's name in lower case, 64-bit
 * integers numbers, bytes a string when they are UTF-8 (JSON payloads of integrators are) and
 * "base64:..." otherwise. Fields that hold their default are left out. Pure but for the heap that
 * jansson needs.
 */
#ifndef TD_WIRE_JSON_H
#define TD_WIRE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/codec.h"

struct td_json_options {
    bool hide_personal; /**< Fields marked personal become "***". */
    bool pretty;        /**< Indented, over several lines. */
};

/**
 * @param value  A struct of the message's kind.
 * @param text   Receives the text, owned by the caller: free().
 * @return TD_OK or TD_ERR_NO_MEMORY.
 */
enum td_err TD_MUST_CHECK td_wire_to_json(const struct td_wire_message *message, const void *value,
                                          struct td_json_options options, char **text);

/** Packed bytes of the message called `type` to JSON. @return As above; TD_ERR_NOT_FOUND (no such
    type); errors of td_wire_decode. */
enum td_err TD_MUST_CHECK td_wire_bytes_to_json(const char *type, struct td_bytes bytes,
                                                struct td_json_options options, char **text);

/** Whether `text` is one JSON value, strictly. @param fault  Receives one sentence; may be NULL. */
bool td_json_is_valid(const char *text, size_t size, char *fault, size_t fault_size);

#endif
