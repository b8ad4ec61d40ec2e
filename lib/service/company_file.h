/**
 * @file company_file.h  company.yaml: a company as people write it down, read and checked.
 *
 * The keys are those of CompanyConfig in proto/tandem/v1/config.proto; beside them
 *   password                    of an agent's phone; only its digests are kept
 *   customers, customers_file   what context is told to create or update
 * What is wrong is refused with file, line and what was expected, and nothing is changed.
 */
#ifndef TD_SERVICE_COMPANY_FILE_H
#define TD_SERVICE_COMPANY_FILE_H

#include <stdio.h>

#include "io/config_yaml.h"
#include "wire/config_wire.h"
#include "wire/context_wire.h"

struct td_company_file {
    struct td_company_config config;
    struct td_customer *customers;
    uint32_t customers_count;
    void *memory; /* of all of it */
};

/**
 * @param path      Of the file; `customers_file` is relative to it.
 * @param previous  Version in force, or NULL: phones without a password here keep theirs.
 * @param file      Owned by the caller: td_company_file_destroy.
 * @param fault     One sentence on failure.
 */
enum td_err TD_MUST_CHECK td_company_file_load(const char *path,
                                               const struct td_company_config *previous,
                                               struct td_company_file **file,
                                               char fault[TD_YAML_FAULT_SIZE]);

void td_company_file_destroy(struct td_company_file **file);

/** Takes over the digests of phones that have none here, by agent name (same user and domain). */
void td_company_keep_passwords(struct td_company_config *config,
                               const struct td_company_config *previous);

/** The whole as YAML, without secrets: load(write(x)) is x but for these. */
void td_company_write(const struct td_company_config *config, FILE *out);

#endif
