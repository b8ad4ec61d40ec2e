#include "edge/directory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "edge/core/feature_call.h"

/* Of both kinds of entries, and of keys made like them. */
static int by_text(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

/* --- building --- */

static size_t count_numbers(const struct td_company_config *config)
{
    size_t count = 0;

    for (uint32_t i = 0; i < config->entry_points_count; i++)
        count += config->entry_points[i].numbers_count;
    return count;
}

static size_t count_addresses(const struct td_company_config *config)
{
    size_t count = 0;

    for (uint32_t i = 0; i < config->trunks_count; i++)
        count += config->trunks[i].addresses_count;
    return count;
}

static void index_numbers(struct edge_tenant *tenant)
{
    const struct td_company_config *config = tenant->config;

    for (uint32_t i = 0; i < config->entry_points_count; i++) {
        const struct td_entry_point *entry_point = &config->entry_points[i];
        for (uint32_t j = 0; j < entry_point->numbers_count; j++)
            tenant->numbers[tenant->number_count++] =
                (struct edge_number){entry_point->numbers[j], entry_point};
    }
    if (tenant->number_count > 0)
        qsort(tenant->numbers, tenant->number_count, sizeof(tenant->numbers[0]), by_text);
}

static void index_agents(struct edge_tenant *tenant)
{
    const struct td_company_config *config = tenant->config;

    for (uint32_t i = 0; i < config->agents_count; i++) {
        const struct td_agent_config *agent = &config->agents[i];
        tenant->agents[tenant->agent_count++] = (struct edge_name){agent->name, agent};
        if (agent->phone_user[0] != '\0')
            tenant->phones[tenant->phone_count++] = (struct edge_name){agent->phone_user, agent};
    }
    if (tenant->agent_count > 0)
        qsort(tenant->agents, tenant->agent_count, sizeof(tenant->agents[0]), by_text);
    if (tenant->phone_count > 0)
        qsort(tenant->phones, tenant->phone_count, sizeof(tenant->phones[0]), by_text);
}

static void index_trunks(struct edge_tenant *tenant, const struct td_log *log)
{
    const struct td_company_config *config = tenant->config;

    for (uint32_t i = 0; i < config->trunks_count; i++) {
        const struct td_trunk *trunk = &config->trunks[i];
        for (uint32_t j = 0; j < trunk->addresses_count; j++) {
            struct edge_trunk_network *place = &tenant->networks[tenant->network_count];
            enum td_err err = edge_network_parse(trunk->addresses[j], &place->network);
            place->trunk = trunk;
            if (err == TD_OK)
                tenant->network_count++;
            else
                td_log_warn(log, "trunk.ignored", td_str("trunk", trunk->name),
                            td_str("address", trunk->addresses[j]), td_failure(err));
        }
    }
}

static void free_tenant(struct edge_tenant *tenant)
{
    free(tenant->numbers);
    free(tenant->phones);
    free(tenant->agents);
    free(tenant->networks);
    free(tenant);
}

static void remove_tenant(struct edge_directory *directory, uint32_t id)
{
    for (struct edge_tenant **link = &directory->tenants; *link != NULL; link = &(*link)->next) {
        if ((*link)->id == id) {
            struct edge_tenant *old = *link;
            *link = old->next;
            free_tenant(old);
            return;
        }
    }
}

static void insert_tenant(struct edge_directory *directory, struct edge_tenant *tenant)
{
    struct edge_tenant **link = &directory->tenants;

    while (*link != NULL && (*link)->id < tenant->id)
        link = &(*link)->next;
    tenant->next = *link;
    *link = tenant;
}

enum td_err edge_directory_set(struct edge_directory *directory, uint32_t id,
                               const struct td_company_config *company, const struct td_log *log)
{
    struct edge_tenant *tenant = calloc(1, sizeof(*tenant));

    remove_tenant(directory, id);
    if (tenant == NULL)
        return TD_ERR_NO_MEMORY;
    tenant->id = id;
    tenant->config = company;
    tenant->numbers = calloc(count_numbers(company) + 1, sizeof(tenant->numbers[0]));
    tenant->phones = calloc(company->agents_count + 1, sizeof(struct edge_name));
    tenant->agents = calloc(company->agents_count + 1, sizeof(struct edge_name));
    tenant->networks = calloc(count_addresses(company) + 1, sizeof(tenant->networks[0]));
    if (tenant->numbers == NULL || tenant->phones == NULL || tenant->agents == NULL ||
        tenant->networks == NULL) {
        free_tenant(tenant);
        return TD_ERR_NO_MEMORY;
    }
    index_numbers(tenant);
    index_agents(tenant);
    index_trunks(tenant, log);
    insert_tenant(directory, tenant);
    return TD_OK;
}

void edge_directory_fini(struct edge_directory *directory)
{
    while (directory->tenants != NULL)
        remove_tenant(directory, directory->tenants->id);
}

/* --- looking up --- */

const struct edge_tenant *edge_directory_find(const struct edge_directory *directory, uint32_t id)
{
    const struct edge_tenant *tenant = directory->tenants;

    while (tenant != NULL && tenant->id != id)
        tenant = tenant->next;
    return tenant;
}

const struct edge_tenant *edge_directory_by_address(const struct edge_directory *directory,
                                                    const char *text)
{
    const struct edge_tenant *tenant = directory->tenants;

    while (tenant != NULL && edge_tenant_trunk(tenant, text) == NULL)
        tenant = tenant->next;
    return tenant;
}

const struct edge_tenant *edge_directory_by_domain(const struct edge_directory *directory,
                                                   const char *domain)
{
    const struct edge_tenant *tenant = directory->tenants;

    while (tenant != NULL && strcasecmp(tenant->config->domain, domain) != 0)
        tenant = tenant->next;
    return tenant;
}

const struct edge_tenant *edge_directory_by_phone(const struct edge_directory *directory,
                                                  const char *user)
{
    const struct edge_tenant *tenant = directory->tenants;

    while (tenant != NULL && edge_tenant_phone(tenant, user) == NULL)
        tenant = tenant->next;
    return tenant;
}

const struct edge_tenant *edge_directory_by_number(const struct edge_directory *directory,
                                                   const char *number)
{
    const struct edge_tenant *tenant = directory->tenants;

    while (tenant != NULL && edge_tenant_entry_point(tenant, number) == NULL)
        tenant = tenant->next;
    return tenant;
}

const struct td_entry_point *edge_tenant_entry_point(const struct edge_tenant *tenant,
                                                     const char *number)
{
    const struct edge_number key = {.text = number};
    const struct edge_number *found =
        bsearch(&key, tenant->numbers, tenant->number_count, sizeof(key), by_text);

    return found == NULL ? NULL : found->entry_point;
}

static const struct td_agent_config *find_name(const struct edge_name *names, size_t count,
                                               const char *text)
{
    const struct edge_name key = {.text = text};
    const struct edge_name *found = bsearch(&key, names, count, sizeof(key), by_text);

    return found == NULL ? NULL : found->agent;
}

const struct td_agent_config *edge_tenant_phone(const struct edge_tenant *tenant, const char *user)
{
    return find_name(tenant->phones, tenant->phone_count, user);
}

const struct td_agent_config *edge_tenant_agent(const struct edge_tenant *tenant, const char *name)
{
    return find_name(tenant->agents, tenant->agent_count, name);
}

const struct td_trunk *edge_tenant_trunk(const struct edge_tenant *tenant, const char *text)
{
    struct edge_address address;

    if (edge_address_parse(text, &address) != TD_OK)
        return NULL;
    for (size_t i = 0; i < tenant->network_count; i++) {
        if (edge_network_contains(&tenant->networks[i].network, &address))
            return tenant->networks[i].trunk;
    }
    return NULL;
}

enum edge_called edge_tenant_classify(const struct edge_tenant *tenant, const char *number)
{
    char argument[64];

    if (edge_tenant_entry_point(tenant, number) != NULL)
        return EDGE_CALLED_ENTRY_POINT;
    if (edge_feature_find(tenant->config->feature_codes, tenant->config->feature_codes_count,
                          number, argument) != NULL)
        return EDGE_CALLED_FEATURE;
    return edge_tenant_phone(tenant, number) != NULL ? EDGE_CALLED_PHONE : EDGE_CALLED_OTHER;
}
