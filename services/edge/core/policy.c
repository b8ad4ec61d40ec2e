#include "edge/core/policy.h"

#include <string.h>

static bool looks_like_a_number(const char *text)
{
    text += *text == '+';
    return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

static enum edge_policy for_phone(enum edge_called called, const char *number)
{
    switch (called) {
    case EDGE_CALLED_ENTRY_POINT:
        return EDGE_POLICY_TAKE;
    case EDGE_CALLED_FEATURE:
        return EDGE_POLICY_FEATURE;
    case EDGE_CALLED_PHONE:
        return EDGE_POLICY_FORBIDDEN;
    case EDGE_CALLED_OTHER:
        break;
    }
    return looks_like_a_number(number) ? EDGE_POLICY_CALL_OUT : EDGE_POLICY_NOT_FOUND;
}

enum edge_policy edge_policy_decide(enum edge_caller caller, bool proven, enum edge_called called,
                                    const char *number)
{
    if (caller == EDGE_CALLER_PHONE)
        return proven ? for_phone(called, number) : EDGE_POLICY_CHALLENGE;
    if (called == EDGE_CALLED_ENTRY_POINT)
        return EDGE_POLICY_TAKE;
    return number[0] == '*' ? EDGE_POLICY_FORBIDDEN : EDGE_POLICY_NOT_FOUND;
}
