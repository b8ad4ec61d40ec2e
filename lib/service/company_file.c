#include "service/company_file.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "io/hash.h"
#include "service/company_check.h"
#include "service/yaml_message.h"

#define ARENA_MIN (1U << 20)
#define ARENA_MAX (1U << 30)
#define CUSTOMERS_MAX 100000
#define PASSWORD_MIN 8

/* While a file is being read. */
struct loading {
    struct td_yaml *yaml;
    struct td_yaml *customers_yaml; /* of customers_file */
    struct td_arena arena;
    struct td_company_file *file;
    char *fault;
};

static const char *const company_extra[] = {"customers", "customers_file", NULL};
static const char *const agent_extra[] = {"password", NULL};
static const char *const customer_extra[] = {"phones", "emails", NULL};

/* --- passwords ---------------------------------------------------------------------------------
 */

static enum td_err set_password(struct td_agent_config *agent, const char *domain,
                                const char *password)
{
    const char *const texts[] = {agent->phone_user, domain, password};
    char hex[TD_HASH_TEXT_SIZE];

    enum td_err err = td_hash_texts(TD_HASH_MD5, texts, 3, hex);
    td_str_clip(agent->ha1_md5, sizeof(agent->ha1_md5), hex);
    if (err == TD_OK)
        err = td_hash_texts(TD_HASH_SHA256, texts, 3, hex);
    td_str_clip(agent->ha1_sha256, sizeof(agent->ha1_sha256), hex);
    return err;
}

static enum td_err read_passwords(struct loading *loading)
{
    struct td_company_config *config = &loading->file->config;
    const struct td_yaml_node *agents = td_yaml_find(td_yaml_root(loading->yaml), "agents");
    const struct td_yaml_node *node = agents != NULL ? agents->first : NULL;
    enum td_err err = TD_OK;

    for (uint32_t i = 0; node != NULL && err == TD_OK; i++, node = node->next) {
        const struct td_yaml_node *password = td_yaml_find(node, "password");

        if (password == NULL)
            continue;
        if (strlen(password->text) < PASSWORD_MIN || config->agents[i].phone_user[0] == '\0') {
            td_yaml_fault(loading->fault, loading->yaml, password->line,
                          "password: expected at least %d characters, and a phone_user beside it",
                          PASSWORD_MIN);
            return TD_ERR_RANGE;
        }
        err = set_password(&config->agents[i], config->domain, password->text);
    }
    return err;
}

/* An agent of the version before, sorted by name. */
struct known_agent {
    const char *name;
    const struct td_agent_config *config;
};

static int compare_agents(const void *a, const void *b)
{
    return strcmp(((const struct known_agent *)a)->name, ((const struct known_agent *)b)->name);
}

void td_company_keep_passwords(struct td_company_config *config,
                               const struct td_company_config *previous)
{
    size_t count = previous != NULL && td_str_equal(config->domain, previous->domain)
                       ? previous->agents_count
                       : 0; // Digests contain the domain: under another one they are worthless.
    struct known_agent *sorted = calloc(count + 1, sizeof(*sorted));
    if (sorted == NULL)
        return;

    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct known_agent){previous->agents[i].name, &previous->agents[i]};
    qsort(sorted, count, sizeof(*sorted), compare_agents);
    for (uint32_t i = 0; i < config->agents_count; i++) {
        struct td_agent_config *agent = &config->agents[i];
        const struct known_agent key = {.name = agent->name};
        const struct known_agent *old =
            bsearch(&key, sorted, count, sizeof(*sorted), compare_agents);

        if (agent->ha1_md5[0] != '\0' || old == NULL ||
            !td_str_equal(old->config->phone_user, agent->phone_user))
            continue;
        memcpy(agent->ha1_md5, old->config->ha1_md5, sizeof(agent->ha1_md5));
        memcpy(agent->ha1_sha256, old->config->ha1_sha256, sizeof(agent->ha1_sha256));
    }
    free(sorted);
}

/* --- customers ---------------------------------------------------------------------------------
 */

static enum td_err add_identities(const struct td_yaml *yaml, const struct td_yaml_node *map,
                                  const char *key, enum td_identity_kind kind,
                                  struct td_customer *customer, char *fault)
{
    const struct td_yaml_node *list = td_yaml_find(map, key);

    if (list != NULL && list->kind != TD_YAML_LIST) {
        td_yaml_fault(fault, yaml, list->line, "%s: expected a list, such as [a, b]", key);
        return TD_ERR_SYNTAX;
    }
    for (const struct td_yaml_node *node = list != NULL ? list->first : NULL; node != NULL;
         node = node->next) {
        struct td_identity *identity = &customer->identities[customer->identities_count];

        if (customer->identities_count == 16 || node->kind != TD_YAML_SCALAR ||
            td_str_copy(identity->value, sizeof(identity->value), node->text) != TD_OK) {
            td_yaml_fault(fault, yaml, node->line,
                          "%s: expected texts of at most 127 bytes, 16 of a customer in all", key);
            return TD_ERR_RANGE;
        }
        identity->kind = kind;
        customer->identities_count++;
    }
    return TD_OK;
}

static enum td_err read_customer(struct loading *loading, const struct td_yaml *yaml,
                                 const struct td_yaml_node *map, struct td_customer *customer)
{
    const struct td_yaml_extra extra[] = {{&td_customer_brief_wire, customer_extra}, {NULL, NULL}};

    enum td_err err = td_yaml_to_message(yaml, map, &td_customer_brief_wire, extra, &loading->arena,
                                         &customer->brief, loading->fault);
    if (err == TD_OK && customer->brief.external_id[0] == '\0') {
        td_yaml_fault(loading->fault, yaml, map->line, "\"external_id\" is missing here");
        err = TD_ERR_RANGE;
    }
    customer->has_brief = true;
    if (err == TD_OK)
        err = add_identities(yaml, map, "phones", TD_IDENTITY_KIND_PHONE, customer, loading->fault);
    if (err == TD_OK)
        err = add_identities(yaml, map, "emails", TD_IDENTITY_KIND_EMAIL, customer, loading->fault);
    return err;
}

static enum td_err read_customers(struct loading *loading, const struct td_yaml *yaml)
{
    const struct td_yaml_node *list = td_yaml_find(td_yaml_root(yaml), "customers");
    struct td_company_file *file = loading->file;

    if (list == NULL)
        return TD_OK;
    if (list->kind != TD_YAML_LIST || list->count > CUSTOMERS_MAX) {
        td_yaml_fault(loading->fault, yaml, list->line,
                      "customers: expected a list of at most %d customers", CUSTOMERS_MAX);
        return TD_ERR_RANGE;
    }
    file->customers = td_arena_array(&loading->arena, list->count, sizeof(*file->customers));
    if (file->customers == NULL)
        return TD_ERR_LIMIT;
    for (const struct td_yaml_node *node = list->first; node != NULL; node = node->next) {
        enum td_err err =
            read_customer(loading, yaml, node, &file->customers[file->customers_count]);
        if (err != TD_OK)
            return err;
        file->customers_count++;
    }
    return TD_OK;
}

static enum td_err load_customers_file(struct loading *loading, const char *path)
{
    const struct td_yaml_node *name = td_yaml_find(td_yaml_root(loading->yaml), "customers_file");
    char folder[PATH_MAX];
    char full[PATH_MAX + 256];

    if (name == NULL)
        return TD_OK;
    td_str_clip(folder, sizeof(folder), path);
    (void)snprintf(full, sizeof(full), "%s/%.200s", dirname(folder), name->text);
    return td_yaml_load(full, loading->fault, &loading->customers_yaml);
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static enum td_err read_all(struct loading *loading)
{
    const struct td_yaml_extra extra[] = {{&td_company_config_wire, company_extra},
                                          {&td_agent_config_wire, agent_extra},
                                          {NULL, NULL}};
    struct td_company_file *file = loading->file;

    file->customers = NULL;
    file->customers_count = 0;
    enum td_err err =
        td_yaml_to_message(loading->yaml, td_yaml_root(loading->yaml), &td_company_config_wire,
                           extra, &loading->arena, &file->config, loading->fault);
    if (err == TD_OK && td_yaml_find(td_yaml_root(loading->yaml), "tenant") == NULL)
        file->config.tenant = 1;
    if (err == TD_OK)
        err = td_company_check(&file->config, loading->yaml, loading->fault);
    if (err == TD_OK)
        err = read_passwords(loading);
    if (err == TD_OK)
        err = read_customers(loading, loading->customers_yaml != NULL ? loading->customers_yaml
                                                                      : loading->yaml);
    return err;
}

/* How much memory a document needs is known when it is read: twice as much until it fits. */
static enum td_err read_until_it_fits(struct loading *loading)
{
    enum td_err err = TD_ERR_LIMIT;

    for (size_t size = ARENA_MIN; size <= ARENA_MAX && err == TD_ERR_LIMIT; size *= 2) {
        free(loading->file->memory);
        loading->file->memory = malloc(size);
        if (loading->file->memory == NULL)
            return TD_ERR_NO_MEMORY;
        td_arena_init(&loading->arena, loading->file->memory, size);
        err = read_all(loading);
    }
    return err;
}

enum td_err td_company_file_load(const char *path, const struct td_company_config *previous,
                                 struct td_company_file **file, char fault[TD_YAML_FAULT_SIZE])
{
    struct loading loading = {.file = calloc(1, sizeof(**file)), .fault = fault};
    if (loading.file == NULL)
        return TD_ERR_NO_MEMORY;

    enum td_err err = td_yaml_load(path, fault, &loading.yaml);
    if (err == TD_OK)
        err = load_customers_file(&loading, path);
    if (err == TD_OK)
        err = read_until_it_fits(&loading);
    td_yaml_destroy(&loading.yaml);
    td_yaml_destroy(&loading.customers_yaml);
    if (err != TD_OK) {
        td_company_file_destroy(&loading.file);
        return err;
    }
    td_company_keep_passwords(&loading.file->config, previous);
    *file = loading.file;
    return TD_OK;
}

void td_company_file_destroy(struct td_company_file **file)
{
    if (*file == NULL)
        return;
    free((*file)->memory);
    free(*file);
    *file = NULL;
}

void td_company_write(const struct td_company_config *config, FILE *out)
{
    static const char *const secrets[] = {"ha1_md5", "ha1_sha256", NULL};

    td_message_to_yaml(&td_company_config_wire, config, secrets, out);
}
