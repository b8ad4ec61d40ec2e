/**
 * @file say.h  The figures of one tenant, said: metrics.queue.NAME and metrics.agents on the bus
 * and in Redis, and the same as Prometheus text.
 */
#ifndef REPORTING_SAY_H
#define REPORTING_SAY_H

#include "reporting/tenant.h"
#include "service/service.h"

/** Publishes and stores them. @return In how many queues the sum did not hold (each is logged). */
uint32_t say_tenant(struct td_service *service, const struct tenant *tenant);

/** Adds them as Prometheus text. */
void say_metrics(struct td_http_answer *answer, const struct tenant *tenant, uint64_t now_unix_us);

#endif
