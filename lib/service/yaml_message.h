/**
 * @file yaml_message.h  Messages of the bus as people write them in YAML, and back.
 *
 * Keys are the proto's field names; enums their value's name in lower case. A list of attributes is
 * written as a map (`language: zh`, `skill.wealth: 9.5`, `trainee: true`). One table drives both
 * directions, lib/wire's, so a field of the proto can be configured as soon as it exists. What is
 * refused is refused with file, line and what was expected.
 */
#ifndef TD_SERVICE_YAML_MESSAGE_H
#define TD_SERVICE_YAML_MESSAGE_H

#include <stdio.h>

#include "base/arena.h"
#include "io/config_yaml.h"
#include "wire/codec.h"

/** Keys of a map that somebody else reads. NULL-terminated. */
struct td_yaml_extra {
    const struct td_wire_message *message; /**< In maps of this message. */
    const char *const *keys;
};

/**
 * Fills a message from a map.
 *
 * @param arena   Holds what (dynamic) fields point to.
 * @param extra   NULL for none.
 * @param value   Of the message's size; zeroed first.
 * @param fault   One sentence on failure.
 * @return TD_OK, TD_ERR_NOT_FOUND (unknown key), TD_ERR_SYNTAX (type), TD_ERR_RANGE, TD_ERR_LIMIT.
 */
enum td_err TD_MUST_CHECK td_yaml_to_message(const struct td_yaml *yaml,
                                             const struct td_yaml_node *map,
                                             const struct td_wire_message *message,
                                             const struct td_yaml_extra *extra,
                                             struct td_arena *arena, void *value,
                                             char fault[TD_YAML_FAULT_SIZE]);

/** Writes a message as YAML. @param leave_out  Names of fields not to be written, NULL-terminated.
 */
void td_message_to_yaml(const struct td_wire_message *message, const void *value,
                        const char *const *leave_out, FILE *out);

#endif
