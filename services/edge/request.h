/**
 * @file request.h  A request that belongs to no dialog, before anything is kept of it.
 *
 * The library parses a message and hands it over without a transaction: answering it now keeps no
 * memory, where a transaction keeps some 10 KB for 32 s. What is worth more becomes a transaction
 * by edge_request_keep(). A repeated request is answered alike: what depends on the moment (503) is
 * remembered for a while, and To tags are derived from the request (RFC 3261 section 8.2.7).
 */
#ifndef EDGE_REQUEST_H
#define EDGE_REQUEST_H

#include "edge/edge.h"

struct edge_request {
    struct edge *edge;
    msg_t *message; /**< NULL once it was answered, kept or dropped. */
    const sip_t *sip;
    struct edge_peer peer;
    bool known; /**< From a trunk's address, or one where a phone is registered. */
};

/** Answers. The tags are as of nta_msg_treply(): headers, TAG_END() last. */
void edge_request_answer(struct edge_request *request, int status, const char *phrase,
                         tag_type_t tag, tag_value_t value, ...);
/** Answers with a status that says it all. */
void edge_request_refuse(struct edge_request *request, int status);
/** Answers 503 with Retry-After, and so when it comes again. */
void edge_request_refuse_later(struct edge_request *request, uint32_t retry_after_s);
void edge_request_drop(struct edge_request *request);

/** Makes a transaction of it. @return NULL: there was no memory; it is gone. */
nta_incoming_t *edge_request_keep(struct edge_request *request);

/** Ends what the phone of an agent still answers to an INVITE of a process that died:
   session_bury.c.
    @return False: it is no such answer. */
bool edge_left_response(struct edge_request *request);

/** Takes a message that belongs to no transaction and no dialog: the listener's nta_message_f. */
int edge_request_hear(void *ctx, nta_agent_t *agent, msg_t *message, sip_t *sip);

/** A key for tables of addresses: who chooses addresses cannot choose keys. */
uint64_t edge_key(const struct edge *edge, const char *text);

/** Of where somebody is: an IPv6 subscriber's addresses, a whole network, count as one. */
uint64_t edge_source_key(const struct edge *edge, const char *address);
/** Whether an address is a trunk's, or one where a phone is registered. */
bool edge_source_is_known(const struct edge *edge, const char *address);

/** Says how much was dropped since last time, at most every ten seconds. */
void edge_request_report(struct edge *edge);

#endif
