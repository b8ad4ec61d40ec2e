/**
 * @file hash.h  The hashes that SIP authentication needs, in lower-case hexadecimal.
 *
 * The border to OpenSSL's libcrypto: no other file includes its headers. Results depend on the
 * arguments only, so the pure cores may call it.
 */
#ifndef TD_IO_HASH_H
#define TD_IO_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

/** Longest result, terminator included (SHA-256). */
#define TD_HASH_TEXT_SIZE 65

enum td_hash_algorithm { TD_HASH_MD5, TD_HASH_SHA256, TD_HASH_ALGORITHM_COUNT };

/**
 * Hashes texts joined by colons: H(a:b:c), the form all of RFC 7616 uses.
 *
 * @return TD_OK, or TD_ERR_INTERNAL when the library refuses (MD5 where policy forbids it);
 *         `hex` is then empty.
 */
enum td_err TD_MUST_CHECK td_hash_texts(enum td_hash_algorithm algorithm, const char *const *texts,
                                        size_t count, char hex[TD_HASH_TEXT_SIZE]);

/** HMAC-SHA256 (RFC 2104). @return As td_hash_texts. */
enum td_err TD_MUST_CHECK td_hash_hmac(struct td_bytes key, struct td_bytes message,
                                       char hex[TD_HASH_TEXT_SIZE]);

/** Compares in a time that depends on the lengths only. */
bool td_hash_equal(const char *a, const char *b);

/** Fills `buf` with unpredictable bytes; aborts the process when the system has none. */
void td_hash_random(void *buf, size_t size);

#endif
