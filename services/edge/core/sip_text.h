/**
 * @file sip_text.h  Writes values into SIP header syntax (RFC 3261 section 25.1). Pure.
 */
#ifndef EDGE_CORE_SIP_TEXT_H
#define EDGE_CORE_SIP_TEXT_H

#include "base/text.h"

/** Adds a quoted string; control characters become spaces. */
void edge_text_add_quoted(struct td_text *text, const char *value);

/** Adds the user part of a URI, escaping what may not stand there. */
void edge_text_add_user(struct td_text *text, const char *user);

/** Adds `"display" <sip:user@host>`; the display name and its quotes are left out when it is empty.
 */
void edge_text_add_address(struct td_text *text, const char *display, const char *user,
                           const char *host);

#endif
