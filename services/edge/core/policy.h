/**
 * @file policy.h  Who may call what. Pure.
 *
 *   calls           | a trunk | a stranger | an agent's phone (after proving itself)
 *   entry point     | taken   | taken      | taken
 *   feature code    | 403     | 403        | carried out; unknown code 404
 *   an agent's phone| 404     | 404        | 403
 *   a number outside| 404     | 404        | called out, if that agent may and the router allows it
 *   anything else   | 404     | 404        | 404
 *
 * A phone that has not proven itself is challenged before it learns anything. Outside callers get
 * the same answer for a phone there is and one there is not: users cannot be found by dialling.
 */
#ifndef EDGE_CORE_POLICY_H
#define EDGE_CORE_POLICY_H

#include <stdbool.h>

enum edge_caller { EDGE_CALLER_TRUNK, EDGE_CALLER_STRANGER, EDGE_CALLER_PHONE };

enum edge_called {
    EDGE_CALLED_ENTRY_POINT,
    EDGE_CALLED_FEATURE,
    EDGE_CALLED_PHONE,
    EDGE_CALLED_OTHER
};

enum edge_policy {
    EDGE_POLICY_TAKE,
    EDGE_POLICY_FEATURE,
    EDGE_POLICY_CALL_OUT,
    EDGE_POLICY_CHALLENGE,
    EDGE_POLICY_FORBIDDEN, /**< 403 */
    EDGE_POLICY_NOT_FOUND  /**< 404 */
};

/** @param number  As dialled; @param proven  The phone's digest was right. */
enum edge_policy edge_policy_decide(enum edge_caller caller, bool proven, enum edge_called called,
                                    const char *number);

#endif
