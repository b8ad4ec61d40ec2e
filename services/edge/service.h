/**
 * @file service.h  The edge as lib/service runs it; `ctx` is the struct edge.
 */
#ifndef EDGE_SERVICE_H
#define EDGE_SERVICE_H

#include "service/service.h"

enum td_err edge_start(struct td_service *service, void *ctx);
void edge_stop(void *ctx);
const char *edge_unhealthy(void *ctx);

#endif
