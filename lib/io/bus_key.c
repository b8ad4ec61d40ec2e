#include "io/bus_key.h"

#include <stdint.h>
#include <string.h>
#include <zmq.h>

#define KEY_BYTES 32

enum td_err td_bus_key_pair(char public_key[TD_BUS_KEY_SIZE], char secret_key[TD_BUS_KEY_SIZE])
{
    return zmq_curve_keypair(public_key, secret_key) == 0 ? TD_OK : TD_ERR_INTERNAL;
}

bool td_bus_key_is_valid(const char *key)
{
    uint8_t bytes[KEY_BYTES];

    return strlen(key) == TD_BUS_KEY_SIZE - 1 && zmq_z85_decode(bytes, key) != NULL;
}

enum td_err td_bus_key_public(const char *secret_key, char public_key[TD_BUS_KEY_SIZE])
{
    if (!td_bus_key_is_valid(secret_key))
        return TD_ERR_SYNTAX;
    return zmq_curve_public(public_key, secret_key) == 0 ? TD_OK : TD_ERR_INTERNAL;
}
