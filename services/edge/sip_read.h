/**
 * @file sip_read.h  Plain values out of a parsed SIP request. Border between sofia-sip's structs
 * and the rest; bounds and unescapes, since every character comes from outside.
 */
#ifndef EDGE_SIP_READ_H
#define EDGE_SIP_READ_H

#include "edge/core/registration.h"
#include "edge/edge.h"

#define EDGE_NUMBER_SIZE 64

/** Where the request came from, as the packet says. @return False when that cannot be told. */
bool edge_read_peer(msg_t *message, const sip_t *sip, struct edge_peer *peer);

/** The user of a sip:, sips: or tel: URI, unescaped, without parameters; empty when there is none,
    it does not fit, or is no readable UTF-8. */
void edge_read_user(const url_t *url, char user[EDGE_NUMBER_SIZE]);

/** A From or To header's value as it stands in a message, and ";tag=" with `tag` unless that is
    NULL; empty when it does not fit. */
void edge_read_header(const void *header, const char *tag, char *to, size_t size);

/** Credentials of a header, if they are for `realm` (NULL: any) and a Digest we can read. */
bool edge_read_credentials(const sip_t *sip, const char *realm,
                           struct edge_digest_credentials *credentials);
/** The realm of the first credentials shown; empty when there are none. */
void edge_read_realm(const sip_t *sip, char realm[EDGE_DIGEST_REALM_SIZE]);

/** What a REGISTER asks for. Texts are valid as long as `home`. */
enum td_err TD_MUST_CHECK edge_read_register(su_home_t *home, const sip_t *sip,
                                             struct edge_register *wanted);

enum edge_body { EDGE_BODY_NONE, EDGE_BODY_SDP, EDGE_BODY_OTHER };
/** What the body is. */
enum edge_body edge_read_body(const sip_t *sip);
/** The body as a text of its own, or NULL (none, too long, no memory). Free it. */
char *edge_read_sdp(const sip_t *sip);

/** Whether an INVITE's body can be understood and answered. @return 0; 415 (not SDP, or encoded);
    406 (SDP is not accepted back). */
int edge_read_body_fault(const sip_t *sip);

/** Where requests of a dialog must go when the peer's Contact is behind a NAT: the packet's source;
    empty when the Contact (or a route) can be believed. */
void edge_read_next_hop(const sip_t *sip, const struct edge_peer *peer, char next_hop[128]);

#endif
