/**
 * @file caller_id.h  Who calls, as an agent's phone shows it. Pure.
 *
 * From says the queue, whose call it is, then the customer's name where it is known, with the
 * number as user: `"Sales - Ann Lee" <sip:+442079460123@company.example>`. P-Asserted-Identity
 * (RFC 3325) says the customer alone. A withheld number is `anonymous@anonymous.invalid` (RFC 3323)
 * with a word in the agent's language, `Privacy: id` beside it and nothing asserted. Names are
 * quoted, escaped and clipped to EDGE_CALLER_ID_NAME bytes of UTF-8.
 */
#ifndef EDGE_CORE_CALLER_ID_H
#define EDGE_CORE_CALLER_ID_H

#include <stdbool.h>

/** Longest display name. */
#define EDGE_CALLER_ID_NAME 64
/** Holds every address, escapes included. */
#define EDGE_CALLER_ID_SIZE 480

struct edge_caller_id {
    const char *queue;    /**< Its display name; may be empty. */
    const char *customer; /**< Name; may be empty. */
    const char *number;   /**< Empty: withheld. At most 63 bytes. */
    const char *language; /**< Of the agent: "zh", "en-GB". */
    const char *domain;   /**< Of the company. At most 127 bytes. */
};

bool edge_caller_id_is_withheld(const struct edge_caller_id *id);
/** The value of From, without tag. */
void edge_caller_id_from(const struct edge_caller_id *id, char text[EDGE_CALLER_ID_SIZE]);
/** The value of P-Asserted-Identity; not of a withheld number. */
void edge_caller_id_asserted(const struct edge_caller_id *id, char text[EDGE_CALLER_ID_SIZE]);

#endif
