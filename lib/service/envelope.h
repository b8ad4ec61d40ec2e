/**
 * @file envelope.h  An envelope of this instance, now. Not for services.
 */
#ifndef TD_SERVICE_ENVELOPE_H
#define TD_SERVICE_ENVELOPE_H

#include "service/service.h"

/**
 * Source, site, time, tenant, key and trace are set. Where the key is an id (an interaction's), it
 * is the trace's id too (W3C Trace Context: version 00, 16 bytes trace, 8 bytes span, sampled), so
 * that everything said about one call is one trace.
 *
 * @param key  May be NULL.
 */
struct td_envelope envelope_of(struct td_service *service, uint32_t tenant, const char *key);

#endif
