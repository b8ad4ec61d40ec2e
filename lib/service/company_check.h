/**
 * @file company_check.h  Whether a company's configuration makes sense as a whole.
 *
 * What the types and bounds of the proto cannot say: names are unique, what is referred to exists,
 * conditions can be read, addresses are networks, numbers can be dialled.
 */
#ifndef TD_SERVICE_COMPANY_CHECK_H
#define TD_SERVICE_COMPANY_CHECK_H

#include "base/err.h"
#include "io/config_yaml.h"
#include "wire/config_wire.h"

/**
 * @param yaml    The document `config` was read from, for the lines in `fault`.
 * @return TD_OK; TD_ERR_EXISTS, TD_ERR_NOT_FOUND, TD_ERR_SYNTAX, TD_ERR_RANGE.
 */
enum td_err TD_MUST_CHECK td_company_check(const struct td_company_config *config,
                                           const struct td_yaml *yaml,
                                           char fault[TD_YAML_FAULT_SIZE]);

#endif
