/**
 * @file company.h  The configuration of every tenant, as it is now.
 *
 * Loads the newest CompanyConfig of each tenant from PostgreSQL at the start and whenever one is
 * applied. While PostgreSQL is away the last one stays in force.
 */
#ifndef TD_SERVICE_COMPANY_H
#define TD_SERVICE_COMPANY_H

#include "core/calendar/opening.h"
#include "service/service.h"
#include "wire/config_wire.h"

struct td_company {
    uint64_t version; /**< Of the document, rising with each apply. */
    struct td_company_config config;
    const struct td_calendar *calendar; /**< Its timetables. */
};

/** @param company  Valid until the next call for the same tenant, or the end of the service. */
typedef void td_company_fn(void *ctx, const struct td_company *company);

/** Needs uses_history. `changed` runs for each tenant found and for every change. One watch per
 * service. */
enum td_err TD_MUST_CHECK td_company_watch(struct td_service *service, td_company_fn *changed,
                                           void *ctx);

/** `loaded` runs once, when what was stored at the start has been handed out; call right after the
 * watch. */
void td_company_on_loaded(struct td_service *service, void (*loaded)(void *ctx), void *ctx);

/** The tenant's, or NULL. */
const struct td_company *td_company_find(const struct td_service *service, uint32_t tenant);

#endif
