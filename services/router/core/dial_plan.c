#include "router/core/dial_plan.h"

#include <string.h>

#include "base/str.h"

#define DIGITS_MIN 2
#define DIGITS_MAX 24

static bool is_number(const char *text)
{
    const char *digits = text + (*text == '+');
    size_t length = strspn(digits, "0123456789");

    return digits[length] == '\0' && length >= DIGITS_MIN && length <= DIGITS_MAX;
}

static bool begins_with(const char *number, const char *prefix, size_t length)
{
    return strncmp(number, prefix, length) == 0;
}

/* "999" is that number, "0900*" whatever begins so. */
static bool matches(const char *pattern, const char *number)
{
    size_t length = strlen(pattern);

    if (length > 0 && pattern[length - 1] == '*')
        return begins_with(number, pattern, length - 1);
    return td_str_equal(pattern, number);
}

static bool is_denied(const struct td_company_config *config, const char *number)
{
    for (uint32_t i = 0; config->has_call_out && i < config->call_out.denied_count; i++) {
        if (matches(config->call_out.denied[i], number))
            return true;
    }
    return false;
}

static bool carries(const struct td_trunk *trunk, const char *number)
{
    if (!trunk->outbound || trunk->target[0] == '\0')
        return false;
    for (uint32_t i = 0; i < trunk->prefixes_count; i++) {
        if (begins_with(number, trunk->prefixes[i], strlen(trunk->prefixes[i])))
            return true;
    }
    return trunk->prefixes_count == 0;
}

enum dial_verdict dial_plan_decide(const struct td_company_config *config,
                                   const struct td_agent_config *agent, const char *number,
                                   const struct td_trunk **trunk)
{
    if (!is_number(number))
        return DIAL_NO_NUMBER;
    if (is_denied(config, number))
        return DIAL_DENIED;
    if (!agent->may_call_out)
        return DIAL_NOT_PERMITTED;
    for (uint32_t i = 0; i < config->trunks_count; i++) {
        if (carries(&config->trunks[i], number)) {
            *trunk = &config->trunks[i];
            return DIAL_ALLOWED;
        }
    }
    return DIAL_NO_TRUNK;
}
