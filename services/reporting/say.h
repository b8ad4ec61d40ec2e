/**
 * @file say.h  The figures of one tenant, said: metrics.queue.NAME, metrics.agents and
 * metrics.calls on the bus and in Redis.
 */
#ifndef REPORTING_SAY_H
#define REPORTING_SAY_H

#include "reporting/tenant.h"
#include "service/service.h"

/** Publishes and stores them. @return In how many queues the sum did not hold (each is logged). */
uint32_t say_tenant(struct td_service *service, const struct tenant *tenant);

#endif
