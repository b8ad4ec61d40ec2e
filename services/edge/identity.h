/**
 * @file identity.h  Who calls and what was dialled, out of an INVITE.
 *
 * Who calls:
 *  - P-Asserted-Identity (RFC 3325) counts from trunks that are configured as trusted, the first
 *    that has a user; from everybody else, and where there is none, From.
 *  - Nobody, when the caller wants it so, whoever sent it: Privacy with id, user, header or full
 *    (RFC 3323, 3325), or a From that is anonymous; then nothing is kept of the number, no customer
 *    is looked up, and agents see that it is withheld. `Privacy: none` from a trusted trunk says
 *    that an asserted identity may be shown though From is anonymous.
 *  - Identity (RFC 8224) and Remote-Party-ID are not looked at.
 *
 * What was dialled is the Request-URI. A trunk that puts an account or a gateway there may say it
 * in P-Called-Party-ID (RFC 7315) or To: they count, in this order, where the one before is no
 * number of ours. Diversion and History-Info say how a call came to that number, which changes
 * nothing: they are not looked at.
 */
#ifndef EDGE_IDENTITY_H
#define EDGE_IDENTITY_H

#include "edge/sip_read.h"

/** @param trusted  It comes from a trunk whose word counts. @param number  Empty: withheld. */
void edge_identity_caller(const sip_t *sip, bool trusted, char number[EDGE_NUMBER_SIZE]);

enum edge_dialled { EDGE_DIALLED_URI, EDGE_DIALLED_PARTY, EDGE_DIALLED_TO, EDGE_DIALLED_COUNT };
/** What one of the places says; empty when it is not there or no user. */
void edge_identity_dialled(const sip_t *sip, enum edge_dialled place,
                           char number[EDGE_NUMBER_SIZE]);

#endif
