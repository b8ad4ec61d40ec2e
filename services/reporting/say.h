/**
 * @file say.h  The figures of one tenant, said: metrics.queue.NAME and metrics.agents on the bus
 * and in Redis.
 */
#ifndef REPORTING_SAY_H
#define REPORTING_SAY_H

#include "reporting/tenant.h"
#include "service/service.h"
#include "wire/metrics_wire.h"

/** Publishes and stores them. @return In how many queues the sum did not hold (each is logged). */
uint32_t say_tenant(struct td_service *service, const struct tenant *tenant);

/** The figures of the tenant's queue of that index. @param oldest  As tally_oldest gives it. */
struct td_queue_metrics say_queue_metrics(const struct tenant *tenant, uint32_t index,
                                          uint64_t oldest, uint64_t now_unix_us);

#endif
