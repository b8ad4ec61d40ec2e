/**
 * @file sip_text.h  Writes values into SIP header syntax, and looks at what others wrote (RFC 3261
 * section 25.1). Pure.
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

/** "METHOD URI SIP/2.0", one space between each. Line end and what follows are not looked at. */
bool edge_text_is_request_line(const char *line, size_t length);

/** No space within <>, outside of quotes. @param text  Of a From, To or Contact: one or several. */
bool edge_text_is_address(const char *text, size_t length);

#endif
