/**
 * @file config_value.h  One value of a settings file: text to member, and what was expected.
 *
 * Private to config.h. Pure.
 */
#ifndef TD_IO_CONFIG_VALUE_H
#define TD_IO_CONFIG_VALUE_H

#include "io/config.h"

/** Enough for any td_config_expectation; longer ones are clipped. */
#define TD_CONFIG_EXPECTATION_SIZE 160

/**
 * Checks a value and stores it.
 *
 * @param member  Receives the value on TD_OK; NULL: only check.
 * @return TD_OK; TD_ERR_SYNTAX (wrong type); TD_ERR_RANGE (bounds).
 */
enum td_err TD_MUST_CHECK td_config_value_read(const struct td_config_key *key,
                                               const struct td_yaml_node *node, void *member);

/** Stores the default; zero for a required key. A default that is itself wrong is asserted. */
void td_config_value_fallback(const struct td_config_key *key, void *member);

/** "a whole number from 1 to 100000". @return `text`. */
const char *td_config_expectation(const struct td_config_key *key,
                                  char text[TD_CONFIG_EXPECTATION_SIZE]);

#endif
