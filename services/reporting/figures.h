/**
 * @file figures.h  metrics.* each second: queues and agents, counted from events as they come.
 *
 * Says the figures of every tenant (say.h). The sum of each queue is checked each second, and the
 * number of those who wait is compared with what the router says of its own queues
 * (metrics.router): a difference that stays is counted and logged.
 */
#ifndef REPORTING_FIGURES_H
#define REPORTING_FIGURES_H

#include "reporting/reporting.h"
#include "reporting/tenant.h"
#include "wire/config_wire.h"

struct figures;

enum td_err figures_create(struct reporting *reporting, struct figures **figures);
void figures_destroy(struct figures **figures);

/** A tenant's configuration, now or again. */
void figures_configure(struct figures *figures, const struct td_company_config *config);

/** The known tenants in order of their numbers: sets `*tenant` (0 at first) to the next. @return
   false behind the last. */
bool figures_next_tenant(const struct figures *figures, uint32_t *tenant);

/** Counts a known tenant again from nothing. @return From when on its events are wanted. */
uint64_t figures_begin(struct figures *figures, uint32_t tenant);

/** One event, from the history (at the start) or from a stream. A tenant whose configuration is not
    known yet has days of UTC until it is. */
void figures_take(struct figures *figures, uint32_t tenant, const struct tenant_event *event);

/** What happened before has been taken: goes on with the streams and begins to speak. */
enum td_err figures_go(struct figures *figures);

/** NULL while the streams can be read. */
const char *figures_unhealthy(const struct figures *figures);

/** Adds the Prometheus text of the latest values. */
void figures_metrics(const struct figures *figures, struct td_text *text);

#endif
