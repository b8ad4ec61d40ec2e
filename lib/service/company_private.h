/**
 * @file company_private.h  What the files of company_check share. Not for services.
 */
#ifndef TD_SERVICE_COMPANY_PRIVATE_H
#define TD_SERVICE_COMPANY_PRIVATE_H

#include "service/company_check.h"

struct company_check {
    const struct td_company_config *config;
    const struct td_yaml *yaml;
    char *fault;
};

/* --- places in the document, all of which may be NULL ---------------------------------------- */

/** The element of a list. */
const struct td_yaml_node *company_element(const struct td_yaml_node *list, uint32_t index);
/** The element of a list of the company. */
const struct td_yaml_node *company_entry(const struct company_check *check, const char *list,
                                         uint32_t index);
/** Line of `key` within `map`, or of the map where the key is absent. */
uint32_t company_line_of(const struct td_yaml_node *map, const char *key);

/** Writes the fault. @return `err`. */
enum td_err company_refuse(struct company_check *check, uint32_t line, enum td_err err,
                           const char *sentence);

/** Index of a queue; -1: there is none of that name. */
int company_find_queue(const struct td_company_config *config, const char *name);

/* --- company_diversions.c ----------------------------------------------------------------------
 */

/** Timetables can be kept. */
enum td_err company_check_hours(struct company_check *check);
/** Where queues and entry points send whom they do not serve, exists, and never leads back. */
enum td_err company_check_diversions(struct company_check *check);

/* --- company_names.c ---------------------------------------------------------------------------
 */

/** Names can be printed, and what must be unique is. */
enum td_err company_check_names(struct company_check *check);

/* --- company_call_out.c --------------------------------------------------------------------------
 */

/** Trunks say where calls go, and patterns of numbers are such. */
enum td_err company_check_call_out(struct company_check *check);

#endif
