/**
 * @file id.h  Ids: UUID version 7 (RFC 9562 section 5.7), typed by what they name.
 *
 * 48 bits of Unix milliseconds come first, so ids sort by the time they were made and the time can
 * be read back (reporting partitions by it). Each kind of id is a struct of its own: an agent's id
 * cannot be passed where an interaction's is due. Pure: time and randomness are arguments.
 */
#ifndef TD_BASE_ID_H
#define TD_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TD_ID_SIZE 16
/** Characters of the text form, terminator included: 8-4-4-4-12 in lower case. */
#define TD_ID_TEXT_SIZE 37

struct td_id {
    uint8_t bytes[TD_ID_SIZE];
};

/* clang-format off */
struct td_interaction_id { struct td_id id; };
struct td_customer_id { struct td_id id; };
struct td_leg_id { struct td_id id; };
struct td_offer_id { struct td_id id; };
struct td_command_id { struct td_id id; };
struct td_event_id { struct td_id id; };
struct td_dialog_id { struct td_id id; };
/* clang-format on */

/**
 * Makes an id.
 *
 * @param unix_ms  Below 2^48.
 * @param random   10 bytes; 74 bits of them are used.
 */
struct td_id td_id_make(uint64_t unix_ms, const uint8_t random[10]);

/** When the id was made, from its first 48 bits. */
uint64_t td_id_unix_ms(struct td_id id);

bool td_id_equal(struct td_id a, struct td_id b);

/** All bits zero: "no id". */
bool td_id_is_nil(struct td_id id);

/** Order of the bytes, hence of time. @return Negative, 0 or positive, as memcmp. */
int td_id_compare(struct td_id a, struct td_id b);

/** A hash for tables: 64 well-mixed bits of the random part; not for anything an attacker chooses.
 */
uint64_t td_id_hash(struct td_id id);

/** @param text  Receives TD_ID_TEXT_SIZE characters. @return `text`. */
const char *td_id_format(struct td_id id, char text[TD_ID_TEXT_SIZE]);

/** @return TD_OK, or TD_ERR_SYNTAX when `text` is not 8-4-4-4-12 hexadecimal digits. */
enum td_err TD_MUST_CHECK td_id_parse(const char *text, struct td_id *id);

#endif
