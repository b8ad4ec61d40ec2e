/**
 * @file grant_list.h  What a client is granted, as people write it: "crm. orders.new" or with
 * commas.
 */
#ifndef TANDEM_GRANT_LIST_H
#define TANDEM_GRANT_LIST_H

#include <stdbool.h>

/** As long as the table of clients takes. */
#define GRANT_LIST_SIZE 1024

/**
 * Adds what `text` names to the list, with single spaces between.
 *
 * @param to_publish  Topics that Tandem says itself are refused.
 * @return NULL, or one sentence: why not.
 */
const char *grant_list_add(char list[GRANT_LIST_SIZE], const char *text, bool to_publish);

#endif
