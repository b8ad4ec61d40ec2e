/**
 * @file companies.h  What reports need of the configuration, kept beside the history: the zone of a
 * company's days, and what its queues are aimed at.
 */
#ifndef REPORTING_COMPANIES_H
#define REPORTING_COMPANIES_H

#include "reporting/reporting.h"
#include "wire/config_wire.h"

/** Writes it down, soon; tells the log when it could not (the next start or change does it again).
    @param config  Borrowed. */
void companies_put(struct reporting *reporting, const struct td_company_config *config);

#endif
