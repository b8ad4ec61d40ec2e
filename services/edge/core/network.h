/**
 * @file network.h  IP addresses and the networks they lie in. Pure.
 *
 * IPv4 addresses are kept as IPv4-mapped IPv6 ones, so a caller who reaches an IPv4 address over
 * a dual socket still lies in an IPv4 network.
 */
#ifndef EDGE_CORE_NETWORK_H
#define EDGE_CORE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct edge_address {
    uint8_t bytes[16];
};

struct edge_network {
    struct edge_address address;
    uint8_t prefix; /**< Significant bits, 0..128. */
};

/** @param text  "192.0.2.7", "2001:db8::1" or "[2001:db8::1]". @return TD_OK or TD_ERR_SYNTAX. */
enum td_err TD_MUST_CHECK edge_address_parse(const char *text, struct edge_address *address);

/**
 * @param text  An address (one host) or "ADDRESS/BITS".
 * @return TD_OK; TD_ERR_SYNTAX; TD_ERR_RANGE when BITS is too large or host bits are set, since
 *         "192.0.2.7/24" is more often a slip than a wish.
 */
enum td_err TD_MUST_CHECK edge_network_parse(const char *text, struct edge_network *network);

bool edge_network_contains(const struct edge_network *network, const struct edge_address *address);

#endif
