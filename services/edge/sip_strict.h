/**
 * @file sip_strict.h  What RFC 3261 forbids and the library's parser lets pass (RFC 4475 3.1.2).
 *
 * Reads the texts of the headers, which the listener makes the library keep.
 */
#ifndef EDGE_SIP_STRICT_H
#define EDGE_SIP_STRICT_H

#include "edge/sofia.h"

/** @return 0; 400; 416 (a scheme other than sip:, sips: and tel:); or 483 (no hops left). */
int edge_strict_fault(const sip_t *sip);

#endif
