/**
 * @file sofia_amend.h  Where sofia-sip is wrong, and the dynamic linker lets us put it right.
 *
 * Definitions in the program come before those of libraries:
 *
 *  - getaddrinfo: the library looks up the host that a bad request names in its Via, and the whole
 *    loop waits for a name server of the sender's choice. While the library runs, only addresses
 *    are taken: an answer goes to where its request came from, or nowhere.
 *  - sip_method_d: the library takes method names with ` or + for no request at all (RFC 4475
 *    section 3.1.1.2).
 *  - su_vrecv: the library ends a header at a NUL, though one may be quoted there (same section).
 * An escaped NUL becomes an escaped space.
 *  - accept, su_close: the library takes every connection and tells nobody. One that is not wanted
 *    is closed at once, as if it had never come.
 */
#ifndef EDGE_SOFIA_AMEND_H
#define EDGE_SOFIA_AMEND_H

#include <stdbool.h>
#include <sys/socket.h>

/** Whether the library runs now, on this thread. */
void edge_sofia_amend_running(bool running);

/** Who decides about connections, and hears of their end (and of that of other descriptors). */
struct edge_sofia_door {
    bool (*opened)(void *ctx, int descriptor, const struct sockaddr *from, socklen_t from_size);
    void (*closed)(void *ctx, int descriptor);
    void *ctx;
};
/** @param door  Kept until it is replaced; NULL: nobody. */
void edge_sofia_amend_door(const struct edge_sofia_door *door);

#endif
