/**
 * @file publish.h  What goes through the hub: figures out, events and figures in.
 */
#ifndef TD_SERVICE_PUBLISH_H
#define TD_SERVICE_PUBLISH_H

#include "io/bus_feed.h"
#include "service/service.h"

/** Sends one metric to every live hub; not stored. Dropped and counted when none is there.
    @param topic  "metrics.queue.SALES" */
void td_publish_metric(struct td_service *service, uint32_t tenant, const char *topic,
                       const char *type, struct td_bytes payload);

/**
 * Lets a subscriber hear a live hub, and another one when that dies: each event once. What it
 * missed meanwhile shows as a gap.
 *
 * @param subscriber  Kept, one for a service; NULL before it is destroyed.
 */
void td_publish_follow(struct td_service *service, struct td_bus_subscriber *subscriber);

#endif
