/**
 * @file digest.h  Digest authentication, the server's side (RFC 7616, RFC 8760; MD5 as RFC 2617).
 *
 * A phone that shows no or wrong credentials is challenged once per algorithm we can verify it by;
 * it proves that it knows the password by a hash over HA1 = H(user:realm:password), the method, the
 * URI and our nonce. We store HA1, never the password.
 *
 * Nonces need no memory: one is the second it was made plus a MAC over it, the caller's address and
 * the realm. A nonce that is too old, or of another server or address, while the proof over it is
 * right, gives STALE: the phone tries again by itself, nobody is asked for a password. Within its
 * life a nonce can be used again from the same address, which is the price for keeping nothing.
 *
 * Only qop=auth: older proofs without a client nonce are refused. Pure; time is an argument.
 */
#ifndef EDGE_CORE_DIGEST_H
#define EDGE_CORE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "io/hash.h"

#define EDGE_DIGEST_USER_SIZE 64
#define EDGE_DIGEST_REALM_SIZE 128
#define EDGE_DIGEST_URI_SIZE 256
#define EDGE_DIGEST_CNONCE_SIZE 129
/** 8 hexadecimal digits of Unix seconds, 32 of the MAC, terminator. */
#define EDGE_DIGEST_NONCE_SIZE 41
#define EDGE_DIGEST_SECRET_SIZE 32
/** Holds a whole challenge. */
#define EDGE_DIGEST_CHALLENGE_SIZE 320

/** What an Authorization or Proxy-Authorization header says. */
struct edge_digest_credentials {
    enum td_hash_algorithm algorithm;
    char username[EDGE_DIGEST_USER_SIZE];
    char realm[EDGE_DIGEST_REALM_SIZE];
    char nonce[EDGE_DIGEST_CNONCE_SIZE]; /**< Ours or not: a foreign one is stale, not malformed. */
    char uri[EDGE_DIGEST_URI_SIZE];
    char response[TD_HASH_TEXT_SIZE];
    char cnonce[EDGE_DIGEST_CNONCE_SIZE];
    char nonce_count[9];
};

/** What a nonce is bound to. */
struct edge_digest_scope {
    struct td_bytes secret; /**< Of this server; EDGE_DIGEST_SECRET_SIZE random bytes. */
    const char *realm;
    const char *address; /**< The caller's, without port. */
    uint64_t now_unix_s;
    uint32_t lifetime_s; /**< Of a nonce. */
};

enum edge_digest_verdict {
    EDGE_DIGEST_ACCEPTED,
    EDGE_DIGEST_STALE,  /**< Right password, old nonce: challenge again with stale=true. */
    EDGE_DIGEST_REFUSED /**< Challenge again. */
};

/**
 * Reads the parameters of a Digest header.
 *
 * @param params  `name=value` or `name="value"`, NULL at the end.
 * @return TD_OK; TD_ERR_SYNTAX when a needed one is missing or repeated, the algorithm unknown or
 * qop not auth; TD_ERR_LIMIT when a value is longer than any of ours. Never accept then.
 */
enum td_err TD_MUST_CHECK edge_digest_parse(const char *const *params,
                                            struct edge_digest_credentials *credentials);

/** Makes a nonce. */
enum td_err TD_MUST_CHECK edge_digest_nonce(const struct edge_digest_scope *scope,
                                            char nonce[EDGE_DIGEST_NONCE_SIZE]);

/** Writes the value of a WWW-Authenticate or Proxy-Authenticate header. */
enum td_err TD_MUST_CHECK edge_digest_challenge(const struct edge_digest_scope *scope,
                                                enum td_hash_algorithm algorithm, bool stale,
                                                char text[EDGE_DIGEST_CHALLENGE_SIZE]);

/** Whether the nonce is one of ours for that address and realm, and not too old. */
bool edge_digest_is_fresh(const struct edge_digest_scope *scope,
                          const struct edge_digest_credentials *credentials);

/**
 * Checks a proof.
 *
 * @param ha1  Hexadecimal H(user:realm:password) in the credentials' algorithm. Empty: there is no
 *             such user; as much is computed as for one, and the answer is REFUSED.
 */
enum edge_digest_verdict edge_digest_verify(const struct edge_digest_scope *scope,
                                            const struct edge_digest_credentials *credentials,
                                            const char *method, const char *ha1);

#endif
