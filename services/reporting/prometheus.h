/**
 * @file prometheus.h  The figures of all tenants as Prometheus text: a family for each figure, a
 * sample for each queue. Counts are of today and start again at midnight, so they are gauges.
 */
#ifndef REPORTING_PROMETHEUS_H
#define REPORTING_PROMETHEUS_H

#include "base/text.h"
#include "reporting/tenant.h"

/** @param tenants  First of the list. */
void prometheus_put(struct td_text *text, const struct tenant *tenants, uint64_t now_unix_us);

#endif
