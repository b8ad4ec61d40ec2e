#include "service/company_private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/expr/expr.h"
#include "core/expr/fit.h"
#include "service/company_calendar.h"

/* --- places in the document --------------------------------------------------------------------
 */

const struct td_yaml_node *company_element(const struct td_yaml_node *list, uint32_t index)
{
    const struct td_yaml_node *node = list != NULL ? list->first : NULL;

    while (node != NULL && index-- > 0)
        node = node->next;
    return node;
}

const struct td_yaml_node *company_entry(const struct company_check *check, const char *list,
                                         uint32_t index)
{
    return company_element(td_yaml_find(td_yaml_root(check->yaml), list), index);
}

/* Line of `key` within `map`, or of the map where the key is absent. */
uint32_t company_line_of(const struct td_yaml_node *map, const char *key)
{
    const struct td_yaml_node *node = map != NULL ? td_yaml_find(map, key) : NULL;

    return node != NULL ? node->line : map != NULL ? map->line : 1;
}

enum td_err company_refuse(struct company_check *check, uint32_t line, enum td_err err,
                           const char *sentence)
{
    td_yaml_fault(check->fault, check->yaml, line, "%s", sentence);
    return err;
}

/* --- time zone ---------------------------------------------------------------------------------
 */

/* A zone that the system does not know would silently be UTC. */
static enum td_err check_time_zone(struct company_check *check)
{
    const char *zone = check->config->time_zone;

    if (zone[0] == '\0' || td_company_zone_check(zone) == TD_OK)
        return TD_OK;
    td_yaml_fault(check->fault, check->yaml,
                  company_line_of(td_yaml_root(check->yaml), "time_zone"),
                  "time_zone: expected a name such as Asia/Shanghai, found \"%s\"", zone);
    return TD_ERR_NOT_FOUND;
}

/* --- queues ------------------------------------------------------------------------------------
 */

static enum td_err check_steps(struct company_check *check, const struct td_queue *queue,
                               const struct td_yaml_node *node)
{
    const struct td_yaml_node *steps = node != NULL ? td_yaml_find(node, "steps") : NULL;
    struct td_expr_error error;

    for (uint32_t i = 0; i < queue->steps_count; i++) {
        const char *text = queue->steps[i].expression;
        if (text[0] == '\0' || td_expr_check(text, strlen(text), &error) == TD_OK)
            continue;
        td_yaml_fault(check->fault, check->yaml,
                      company_line_of(company_element(steps, i), "expression"), "expression: %s",
                      error.message);
        return TD_ERR_SYNTAX;
    }
    if (td_expr_fit_check(queue->fit, strlen(queue->fit), &error) != TD_OK) {
        td_yaml_fault(check->fault, check->yaml, company_line_of(node, "fit"), "fit: %s",
                      error.message);
        return TD_ERR_SYNTAX;
    }
    return TD_OK;
}

static enum td_err check_queues(struct company_check *check)
{
    const struct td_yaml_node *node = company_entry(check, "queues", 0);

    for (uint32_t i = 0; i < check->config->queues_count; i++) {
        const struct td_queue *queue = &check->config->queues[i];

        if (queue->target_percent > 100)
            return company_refuse(check, company_line_of(node, "target_percent"), TD_ERR_RANGE,
                                  "target_percent: expected 0 to 100");
        if (queue->offer_lease_s > 300)
            return company_refuse(check, company_line_of(node, "offer_lease_s"), TD_ERR_RANGE,
                                  "offer_lease_s: expected 0 (the default) to 300");
        if (queue->wrap_up_s > 3600)
            return company_refuse(check, company_line_of(node, "wrap_up_s"), TD_ERR_RANGE,
                                  "wrap_up_s: expected 0 to 3600");
        enum td_err err = check_steps(check, queue, node);
        if (err != TD_OK)
            return err;
        node = node != NULL ? node->next : NULL;
    }
    return TD_OK;
}

/* --- entry points ------------------------------------------------------------------------------
 */

int company_find_queue(const struct td_company_config *config, const char *name)
{
    for (uint32_t i = 0; i < config->queues_count; i++) {
        if (td_str_equal(config->queues[i].name, name))
            return (int)i;
    }
    return -1;
}

static bool is_number(const char *text)
{
    size_t digits = strspn(text + (text[0] == '+'), "0123456789");

    return digits > 0 && text[digits + (text[0] == '+')] == '\0';
}

static enum td_err check_entry_point(struct company_check *check,
                                     const struct td_entry_point *point,
                                     const struct td_yaml_node *node)
{
    if (point->answer == TD_ANSWER_MODE_UNSPECIFIED)
        return company_refuse(check, company_line_of(node, "answer"), TD_ERR_RANGE,
                              "answer: expected at_dialog or at_agent");
    if (company_find_queue(check->config, point->queue) < 0) {
        td_yaml_fault(check->fault, check->yaml, company_line_of(node, "queue"),
                      "queue: there is no queue \"%s\"", point->queue);
        return TD_ERR_NOT_FOUND;
    }
    for (uint32_t i = 0; i < point->numbers_count; i++) {
        if (is_number(point->numbers[i]))
            continue;
        td_yaml_fault(check->fault, check->yaml, company_line_of(node, "numbers"),
                      "numbers: expected digits, with or without a leading +, found \"%s\"",
                      point->numbers[i]);
        return TD_ERR_SYNTAX;
    }
    return TD_OK;
}

static enum td_err check_entry_points(struct company_check *check)
{
    const struct td_yaml_node *node = company_entry(check, "entry_points", 0);
    enum td_err err = TD_OK;

    for (uint32_t i = 0; i < check->config->entry_points_count && err == TD_OK; i++) {
        err = check_entry_point(check, &check->config->entry_points[i], node);
        node = node != NULL ? node->next : NULL;
    }
    return err;
}

/* --- trunks and codes --------------------------------------------------------------------------
 */

static bool is_network(const char *text)
{
    unsigned char address[16];
    char host[64];
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
    uint64_t bits;

    if (td_str_copy_span(host, sizeof(host), text, length) != TD_OK)
        return false;
    bool is_v4 = inet_pton(AF_INET, host, address) == 1;
    if (!is_v4 && inet_pton(AF_INET6, host, address) != 1)
        return false;
    return slash == NULL || td_str_to_u64(slash + 1, is_v4 ? 32 : 128, &bits) == TD_OK;
}

static enum td_err check_trunks(struct company_check *check)
{
    const struct td_yaml_node *node = company_entry(check, "trunks", 0);

    for (uint32_t i = 0; i < check->config->trunks_count; i++) {
        const struct td_trunk *trunk = &check->config->trunks[i];

        for (uint32_t k = 0; k < trunk->addresses_count; k++) {
            if (is_network(trunk->addresses[k]))
                continue;
            td_yaml_fault(check->fault, check->yaml, company_line_of(node, "addresses"),
                          "addresses: expected an address or a network such as 192.0.2.0/24, "
                          "found \"%s\"",
                          trunk->addresses[k]);
            return TD_ERR_SYNTAX;
        }
        node = node != NULL ? node->next : NULL;
    }
    return TD_OK;
}

static enum td_err check_codes(struct company_check *check)
{
    const struct td_yaml_node *node = company_entry(check, "feature_codes", 0);

    for (uint32_t i = 0; i < check->config->feature_codes_count; i++) {
        const struct td_feature_code *code = &check->config->feature_codes[i];

        if (code->code[0] != '*' || code->code[1] == '\0' ||
            code->code[1 + strspn(code->code + 1, "0123456789")] != '\0')
            return company_refuse(check, company_line_of(node, "code"), TD_ERR_SYNTAX,
                                  "code: expected * and digits, such as \"*11\"");
        if (code->action == TD_FEATURE_ACTION_UNSPECIFIED)
            return company_refuse(
                check, company_line_of(node, "action"), TD_ERR_RANGE,
                "action: expected log_in, log_out, ready, not_ready or disposition");
        node = node != NULL ? node->next : NULL;
    }
    return TD_OK;
}

enum td_err td_company_check(const struct td_company_config *config, const struct td_yaml *yaml,
                             char fault[TD_YAML_FAULT_SIZE])
{
    struct company_check check = {config, yaml, fault};
    // cppcheck-suppress uninitvar ; it takes the initialised array for one without values
    enum td_err (*const checks[])(struct company_check *) = {
        company_check_names, check_time_zone,        company_check_hours,
        check_queues,        check_entry_points,     company_check_diversions,
        check_trunks,        company_check_call_out, check_codes};
    enum td_err err = TD_OK;

    if (config->tenant == 0)
        err = company_refuse(&check, company_line_of(td_yaml_root(yaml), "tenant"), TD_ERR_RANGE,
                             "tenant: expected a number from 1 on");
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && err == TD_OK; i++)
        err = checks[i](&check);
    return err;
}
