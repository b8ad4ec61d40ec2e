/**
 * @file directory.h  What edge needs to know of all companies: who has which number, phone, trunk.
 *
 * An index over the configurations that lib/service holds. It is made anew for a tenant whenever
 * its configuration changes; what it returns is valid until then, hence within one callback.
 * Lookups are logarithmic in the company's size, linear in the number of tenants and trunks.
 */
#ifndef EDGE_DIRECTORY_H
#define EDGE_DIRECTORY_H

#include "base/log.h"
#include "edge/core/network.h"
#include "edge/core/policy.h"
#include "service/company.h"

/** Entries of the sorted tables; the text comes first in both. */
struct edge_number {
    const char *text;
    const struct td_entry_point *entry_point;
};

struct edge_name {
    const char *text;
    const struct td_agent_config *agent;
};

struct edge_trunk_network {
    struct edge_network network;
    const struct td_trunk *trunk;
};

struct edge_tenant {
    struct edge_tenant *next;
    uint32_t id;
    const struct td_company_config *config;
    struct edge_number *numbers; /* sorted by text */
    size_t number_count;
    struct edge_name *phones; /* sorted by phone_user */
    size_t phone_count;
    struct edge_name *agents; /* sorted by name */
    size_t agent_count;
    struct edge_trunk_network *networks; /* of all trunks */
    size_t network_count;
};

/** All zero: nobody. */
struct edge_directory {
    struct edge_tenant *tenants; /* by rising id */
};

/**
 * Takes a tenant's configuration in place of the one before.
 *
 * @param company  Kept until it is replaced.
 * @param log      Gets `trunk.ignored` for an address that is none.
 * @return TD_OK or TD_ERR_NO_MEMORY (the one before is then gone).
 */
enum td_err TD_MUST_CHECK edge_directory_set(struct edge_directory *directory, uint32_t tenant,
                                             const struct td_company_config *company,
                                             const struct td_log *log);
void edge_directory_fini(struct edge_directory *directory);

/** The tenant, or NULL. */
const struct edge_tenant *edge_directory_find(const struct edge_directory *directory, uint32_t id);
/** The tenant with a trunk at this address, or NULL. */
const struct edge_tenant *edge_directory_by_address(const struct edge_directory *directory,
                                                    const char *address);
/** The tenant of a SIP domain, or NULL. */
const struct edge_tenant *edge_directory_by_domain(const struct edge_directory *directory,
                                                   const char *domain);
/** The first tenant with a phone of that user, or NULL: for phones that do not know the domain. */
const struct edge_tenant *edge_directory_by_phone(const struct edge_directory *directory,
                                                  const char *user);
/** The first tenant that has an entry point with that number, or NULL. */
const struct edge_tenant *edge_directory_by_number(const struct edge_directory *directory,
                                                   const char *number);

/** Each NULL when there is none. */
const struct td_entry_point *edge_tenant_entry_point(const struct edge_tenant *tenant,
                                                     const char *number);
const struct td_agent_config *edge_tenant_phone(const struct edge_tenant *tenant, const char *user);
const struct td_agent_config *edge_tenant_agent(const struct edge_tenant *tenant, const char *name);

/** The trunk at this address; the first, where several are. */
const struct td_trunk *edge_tenant_trunk(const struct edge_tenant *tenant, const char *address);

/** What a dialled number is in this company. */
enum edge_called edge_tenant_classify(const struct edge_tenant *tenant, const char *number);

#endif
