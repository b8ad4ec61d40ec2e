/**
 * @file publish.h  Figures to whoever listens: metrics.* through the hub, not stored.
 */
#ifndef TD_SERVICE_PUBLISH_H
#define TD_SERVICE_PUBLISH_H

#include "service/service.h"

/** Sends one metric to every live hub. Dropped and counted when none is there. @param topic
 * "metrics.queue.SALES" */
void td_publish_metric(struct td_service *service, uint32_t tenant, const char *topic,
                       const char *type, struct td_bytes payload);

#endif
