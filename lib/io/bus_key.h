/**
 * @file bus_key.h  Keys of CURVE (CurveZMQ): pairs of 32 bytes, written in Z85 with 40 characters.
 *
 * A public key names its owner; who knows the secret one is the owner.
 */
#ifndef TD_IO_BUS_KEY_H
#define TD_IO_BUS_KEY_H

#include <stdbool.h>

#include "base/err.h"

/** Characters of a key, terminator included. */
#define TD_BUS_KEY_SIZE 41

/** Makes a pair. @return TD_OK; TD_ERR_INTERNAL (ZeroMQ was built without CURVE). */
enum td_err TD_MUST_CHECK td_bus_key_pair(char public_key[TD_BUS_KEY_SIZE],
                                          char secret_key[TD_BUS_KEY_SIZE]);

/** The public key that belongs to a secret one. @return TD_OK; TD_ERR_SYNTAX (no key). */
enum td_err TD_MUST_CHECK td_bus_key_public(const char *secret_key,
                                            char public_key[TD_BUS_KEY_SIZE]);

/** Whether the text is a key. */
bool td_bus_key_is_valid(const char *key);

#endif
