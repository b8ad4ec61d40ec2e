/**
 * @file grant.h  Which topics a client may touch.
 *
 * A pattern is a topic, "crm.order_placed", or with a dot at its end everything below, "crm.".
 * What a client was granted is a list of patterns with spaces between, as it stands in the table of
 * clients. "crm." covers "crm.order_placed" and "crm.orders.", not "crmx.a" nor "crm".
 *
 * Pure; time is linear in the length of the list.
 */
#ifndef TD_CORE_GRANT_GRANT_H
#define TD_CORE_GRANT_GRANT_H

#include <stdbool.h>
#include <stddef.h>

#define TD_PATTERN_SIZE 128

/** Words of letters, digits, - and _ with single dots between, at least one dot. */
bool td_pattern_is_valid(const char *pattern);

/** Whether the pattern names this topic. */
bool td_pattern_matches(const char *pattern, const char *topic);

/** Whether some pattern of the list names this topic. */
bool td_grants_topic(const char *grants, const char *topic);

/** Whether everything this pattern names is named by one pattern of the list. */
bool td_grants_pattern(const char *grants, const char *pattern);

/** Whether topics of this pattern are said by Tandem itself: no client may publish them. */
bool td_pattern_is_reserved(const char *pattern);

#endif
