/**
 * @file message.h  SIP messages as a load generator needs them: found, not understood.
 *
 * Reading points into the datagram and looks only at what a reply or the next request of a dialog
 * takes over. Pure; one pass over the text, no allocation.
 */
#ifndef CALLLOAD_CORE_MESSAGE_H
#define CALLLOAD_CORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define LOAD_VIAS_MAX 4

/** A stretch of the datagram. */
struct load_span {
    const char *at;
    size_t size;
};

/** What was found; an absent header has size 0. Values come without name, spaces and line end. */
struct load_message {
    int status;              /**< 0: a request. */
    struct load_span method; /**< Of the request, or of the request that is answered. */
    struct load_span user;   /**< Of the request's URI. */
    uint32_t cseq;
    struct load_span vias[LOAD_VIAS_MAX];
    size_t via_count;
    struct load_span from;
    struct load_span to;
    struct load_span call_id;
    struct load_span contact;   /**< The URI alone. */
    struct load_span challenge; /**< The first WWW-Authenticate or Proxy-Authenticate. */
};

/** @return False: no SIP message, or one without what every message has. */
bool load_message_read(const char *text, size_t size, struct load_message *message);

bool load_span_is(struct load_span span, const char *text);

/** The user part of the URI in a From, To or Contact; empty when there is none. */
struct load_span load_span_user(struct load_span address);

/** A parameter of a challenge, quotes removed; empty when there is none. */
struct load_span load_span_parameter(struct load_span challenge, const char *name);

/** Decimal digits up to the first other character. @return False: it begins with none. */
bool load_span_number(struct load_span span, uint64_t *number);

/**
 * Begins a response: status line and what it takes over from the request.
 * @param to_tag  Added to To; "" when the request has one.
 */
void load_add_response(struct td_text *out, const struct load_message *request, const char *status,
                       const char *to_tag);

/** Ends a message: with a body of SDP, or without (NULL). */
void load_add_body(struct td_text *out, const char *sdp);

#endif
