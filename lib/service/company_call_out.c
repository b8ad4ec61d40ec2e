/* Where calls to outside may go: targets of trunks, prefixes, and what is denied. */
#include <string.h>

#include "base/str.h"
#include "service/company_private.h"

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]"

/* "host:port", as it stands behind the @ of a SIP URI. */
static bool is_target(const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;

    return colon != NULL && colon != text && strspn(text, HOST_CHARACTERS) == strlen(text) &&
           td_str_to_u64(colon + 1, 65535, &port) == TD_OK && port > 0;
}

/* Digits, with or without a leading +; `star`: perhaps a * at the end. */
static bool is_digits(const char *text, bool star)
{
    const char *digits = text + (*text == '+');
    size_t length = strspn(digits, "0123456789");

    if (star && digits[length] == '*')
        return digits[length + 1] == '\0';
    return digits[length] == '\0' && length > 0;
}

static enum td_err check_trunk(struct company_check *check, const struct td_trunk *trunk,
                               const struct td_yaml_node *node)
{
    if (trunk->outbound && !is_target(trunk->target))
        return company_refuse(check, company_line_of(node, "target"), TD_ERR_SYNTAX,
                              "target: expected host:port of an outbound trunk");
    if (trunk->caller_number[0] != '\0' && !is_digits(trunk->caller_number, false))
        return company_refuse(check, company_line_of(node, "caller_number"), TD_ERR_SYNTAX,
                              "caller_number: expected digits, with or without a leading +");
    for (uint32_t i = 0; i < trunk->prefixes_count; i++) {
        if (!is_digits(trunk->prefixes[i], false) && !td_str_equal(trunk->prefixes[i], "+"))
            return company_refuse(check, company_line_of(node, "prefixes"), TD_ERR_SYNTAX,
                                  "prefixes: expected digits, with or without a leading +");
    }
    return TD_OK;
}

enum td_err company_check_call_out(struct company_check *check)
{
    const struct td_company_config *config = check->config;
    const struct td_yaml_node *node = company_entry(check, "trunks", 0);
    const struct td_yaml_node *call_out = td_yaml_find(td_yaml_root(check->yaml), "call_out");
    enum td_err err = TD_OK;

    for (uint32_t i = 0; i < config->trunks_count && err == TD_OK; i++) {
        err = check_trunk(check, &config->trunks[i], node);
        node = node != NULL ? node->next : NULL;
    }
    for (uint32_t i = 0; config->has_call_out && i < config->call_out.denied_count && err == TD_OK;
         i++) {
        if (!is_digits(config->call_out.denied[i], true))
            err = company_refuse(check, company_line_of(call_out, "denied"), TD_ERR_SYNTAX,
                                 "denied: expected digits, perhaps with a * at the end");
    }
    return err;
}
