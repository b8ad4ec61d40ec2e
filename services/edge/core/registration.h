/**
 * @file registration.h  What a REGISTER does to a phone's binding (RFC 3261 section 10.3). Pure.
 *
 * A user has one binding: the newest wins. An agent has one phone that rings; a second phone that
 * registers under the same user takes over, and the first gets it back by registering again. (The
 * alternative, to ring all, would make one offer several calls with several answers.)
 */
#ifndef EDGE_CORE_REGISTRATION_H
#define EDGE_CORE_REGISTRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDGE_CONTACT_SIZE 256
#define EDGE_CALL_ID_SIZE 256
/** Contacts of one REGISTER that are looked at. */
#define EDGE_CONTACTS_MAX 8

struct edge_registration_limits {
    uint32_t min_s; /**< Shorter is answered 423. */
    uint32_t max_s; /**< Longer is shortened. */
    uint32_t default_s;
};

/** The binding as it is; its fields are those of the store. */
struct edge_binding {
    char contact[EDGE_CONTACT_SIZE]; /**< URI as the phone gave it; empty: not registered. */
    char call_id[EDGE_CALL_ID_SIZE];
    uint32_t cseq;
    uint64_t expires_at_unix_us;
};

struct edge_contact {
    const char *uri;
    bool has_expires;
    uint32_t expires_s;
};

struct edge_register {
    const char *call_id;
    uint32_t cseq;
    bool star;        /**< Contact: * */
    bool has_expires; /**< Header Expires. */
    uint32_t expires_s;
    size_t contact_count;
    struct edge_contact contacts[EDGE_CONTACTS_MAX];
};

enum edge_register_outcome {
    EDGE_REGISTER_SHOW,         /**< Nothing changes; answer with the binding there is. */
    EDGE_REGISTER_BIND,         /**< `binding` is the new one. */
    EDGE_REGISTER_REMOVE,       /**< There is none any more. */
    EDGE_REGISTER_TOO_BRIEF,    /**< 423. */
    EDGE_REGISTER_OUT_OF_ORDER, /**< 500: an older request came late. */
    EDGE_REGISTER_BAD           /**< 400. */
};

/**
 * Decides. `current` is the binding at `now_unix_us` (expired ones count as none).
 *
 * @param binding  Written on BIND.
 */
enum edge_register_outcome edge_register_decide(const struct edge_registration_limits *limits,
                                                const struct edge_binding *current,
                                                const struct edge_register *request,
                                                uint64_t now_unix_us, struct edge_binding *binding);

bool edge_binding_is_live(const struct edge_binding *binding, uint64_t now_unix_us);

#endif
