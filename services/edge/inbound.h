/**
 * @file inbound.h  A new INVITE outside of dialogs.
 */
#ifndef EDGE_INBOUND_H
#define EDGE_INBOUND_H

struct edge_request;

/** Answers it, or makes a call of it. */
void edge_inbound_take(struct edge_request *request);

#endif
