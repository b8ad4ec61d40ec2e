/**
 * @file hub.h  The hub: the one publisher of events.
 *
 * Owners write their events into the streams of Redis in the same step as their state; the hub
 * tails the streams and publishes what it reads, so the order is the same for everybody. It writes
 * nothing and needs no PostgreSQL: when it dies nothing is lost but time, and a second one may run
 * beside it. Metrics are pushed to it and published as they come, not stored.
 *
 * Frames to subscribers: topic, place ("PARTITION/ID/PREVIOUS", PREVIOUS being the last event of
 * this topic in that partition, "0-0" if not known; empty for metrics), envelope.
 */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include "service/service.h"

struct hub;

/** Starts tailing at what comes now and publishing. @param service  Kept. */
enum td_err TD_MUST_CHECK hub_create(struct td_service *service, struct hub **hub);

/** NULL while healthy. */
const char *hub_unhealthy(const struct hub *hub);

void hub_destroy(struct hub **hub);

#endif
