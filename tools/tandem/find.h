/**
 * @file find.h  Which interaction is meant: its id, the beginning or the end of it, or "last".
 *
 * A beginning is looked for in the whole history (it tells when the interaction began), an end
 * among those of the last seven days. At least four digits.
 */
#ifndef TANDEM_FIND_H
#define TANDEM_FIND_H

#include "tandem/command.h"

#define FIND_HELP                                                                                  \
    "ID is the whole id, its beginning or its end (as tandem top shows it) where only one fits,\n" \
    "or last: the one that began last."

/** Whether `text` may name an interaction. */
bool find_is_name(const char *text);

typedef void find_fn(void *ctx, struct td_id id);

/**
 * Asks the history, and calls `found`, perhaps from within; else says what is wrong and ends the
 * tool.
 * @param text  find_is_name(); kept.
 */
void find_interaction(struct td_service *service, uint32_t tenant, const char *text, find_fn *found,
                      void *ctx);

#endif
