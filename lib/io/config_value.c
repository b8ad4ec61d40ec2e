#include "io/config_value.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define DURATION_TEXT_SIZE 32

static const struct {
    const char *suffix;
    int64_t ms;
} duration_units[] = {{"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};

#define DURATION_UNIT_COUNT (sizeof(duration_units) / sizeof(duration_units[0]))

/* What the member can hold, where the table gives no upper bound. */
static int64_t upper_bound(const struct td_config_key *key)
{
    if (key->max != 0)
        return key->max;
    switch (key->type) {
    case TD_CONFIG_TYPE_U32:
    case TD_CONFIG_TYPE_DURATION_MS:
        return UINT32_MAX;
    case TD_CONFIG_TYPE_STRING:
        return (int64_t)key->size - 1;
    case TD_CONFIG_TYPE_LIST:
        return TD_CONFIG_LIST_MAX;
    default:
        return INT64_MAX;
    }
}

static bool is_within(const struct td_config_key *key, int64_t value)
{
    return value >= key->min && value <= upper_bound(key);
}

/* Digits with an optional minus, no blanks and no plus. `end` is where they end. */
static enum td_err parse_number(const char *text, int64_t *number, const char **end)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    char *stop = NULL;

    if (digits[0] < '0' || digits[0] > '9')
        return TD_ERR_SYNTAX;
    errno = 0;
    *number = strtoll(text, &stop, 10);
    *end = stop;
    return errno == ERANGE ? TD_ERR_RANGE : TD_OK;
}

static enum td_err parse_duration(const char *text, int64_t *ms)
{
    const char *suffix = NULL;
    int64_t number = 0;
    enum td_err err = parse_number(text, &number, &suffix);

    if (err != TD_OK)
        return err;
    suffix += strspn(suffix, " ");
    for (size_t i = 0; i < DURATION_UNIT_COUNT; i++) {
        if (td_str_equal(suffix, duration_units[i].suffix))
            return __builtin_mul_overflow(number, duration_units[i].ms, ms) ? TD_ERR_RANGE : TD_OK;
    }
    *ms = number;
    return *suffix == '\0' ? TD_OK : TD_ERR_SYNTAX;
}

static enum td_err parse_whole(const char *text, int64_t *number)
{
    const char *end = NULL;
    enum td_err err = parse_number(text, number, &end);

    return err == TD_OK && *end != '\0' ? TD_ERR_SYNTAX : err;
}

static void store_number(const struct td_config_key *key, int64_t number, void *member)
{
    uint32_t small = (uint32_t)number;

    if (member == NULL)
        return;
    if (key->type == TD_CONFIG_TYPE_I64) {
        assert(key->size == sizeof(number));
        memcpy(member, &number, sizeof(number));
    } else {
        assert(key->size == sizeof(small) && number >= 0 && number <= UINT32_MAX);
        memcpy(member, &small, sizeof(small));
    }
}

static enum td_err read_number(const struct td_config_key *key, const struct td_yaml_node *node,
                               void *member)
{
    int64_t number = 0;

    if (node->kind != TD_YAML_SCALAR || node->is_quoted)
        return TD_ERR_SYNTAX;
    enum td_err err = key->type == TD_CONFIG_TYPE_DURATION_MS ? parse_duration(node->text, &number)
                                                              : parse_whole(node->text, &number);
    if (err != TD_OK)
        return err;
    if (!is_within(key, number))
        return TD_ERR_RANGE;
    store_number(key, number, member);
    return TD_OK;
}

static enum td_err read_bool(const struct td_config_key *key, const struct td_yaml_node *node,
                             void *member)
{
    bool value = false;

    if (node->kind != TD_YAML_SCALAR || node->is_quoted)
        return TD_ERR_SYNTAX;
    if (td_str_equal(node->text, "true"))
        value = true;
    else if (!td_str_equal(node->text, "false"))
        return TD_ERR_SYNTAX;
    assert(key->size == sizeof(value));
    if (member != NULL)
        memcpy(member, &value, sizeof(value));
    return TD_OK;
}

static enum td_err read_string(const struct td_config_key *key, const struct td_yaml_node *node,
                               void *member)
{
    if (node->kind != TD_YAML_SCALAR)
        return TD_ERR_SYNTAX;

    size_t length = strlen(node->text);
    if (length >= key->size || !is_within(key, (int64_t)length))
        return TD_ERR_RANGE;
    if (member != NULL)
        memcpy(member, node->text, length + 1);
    return TD_OK;
}

static enum td_err read_list(const struct td_config_key *key, const struct td_yaml_node *node,
                             void *member)
{
    struct td_config_list *list = member;
    uint32_t count = 0;

    assert(key->size == sizeof(*list));
    if (node->kind != TD_YAML_LIST)
        return TD_ERR_SYNTAX;
    if (node->count > TD_CONFIG_LIST_MAX || !is_within(key, node->count))
        return TD_ERR_RANGE;
    for (const struct td_yaml_node *item = node->first; item != NULL; item = item->next, count++) {
        if (item->kind != TD_YAML_SCALAR)
            return TD_ERR_SYNTAX;
        if (strlen(item->text) >= TD_CONFIG_ITEM_SIZE)
            return TD_ERR_RANGE;
        if (list != NULL)
            (void)td_str_copy(list->items[count], TD_CONFIG_ITEM_SIZE, item->text);
    }
    if (list != NULL)
        list->count = count;
    return TD_OK;
}

enum td_err td_config_value_read(const struct td_config_key *key, const struct td_yaml_node *node,
                                 void *member)
{
    switch (key->type) {
    case TD_CONFIG_TYPE_U32:
    case TD_CONFIG_TYPE_I64:
    case TD_CONFIG_TYPE_DURATION_MS:
        return read_number(key, node, member);
    case TD_CONFIG_TYPE_BOOL:
        return read_bool(key, node, member);
    case TD_CONFIG_TYPE_STRING:
        return read_string(key, node, member);
    case TD_CONFIG_TYPE_LIST:
        return read_list(key, node, member);
    default:
        assert(!"a type of the table");
        return TD_ERR_INVALID;
    }
}

void td_config_value_fallback(const struct td_config_key *key, void *member)
{
    struct td_yaml_node scalar = {.kind = TD_YAML_SCALAR, .line = 1, .text = key->fallback};
    const struct td_yaml_node *node = &scalar;
    struct td_yaml *yaml = NULL;
    char fault[TD_YAML_FAULT_SIZE];

    memset(member, 0, key->size);
    if (key->fallback == NULL)
        return;
    if (key->type == TD_CONFIG_TYPE_LIST) {
        enum td_err parsed =
            td_yaml_parse(key->fallback, strlen(key->fallback), key->name, fault, &yaml);
        assert(parsed == TD_OK);
        node = td_yaml_root(yaml);
    }
    enum td_err err = td_config_value_read(key, node, member);
    assert(err == TD_OK);
    td_yaml_destroy(&yaml);
}

/* The largest unit that divides it: 1500 -> "1500ms", 90000 -> "90s". */
static const char *format_duration(int64_t ms, char text[DURATION_TEXT_SIZE])
{
    size_t unit = 0;

    while (unit < DURATION_UNIT_COUNT - 1 && (ms == 0 || ms % duration_units[unit].ms != 0))
        unit++;
    (void)snprintf(text, DURATION_TEXT_SIZE, "%" PRId64 "%s", ms / duration_units[unit].ms,
                   duration_units[unit].suffix);
    return text;
}

const char *td_config_expectation(const struct td_config_key *key,
                                  char text[TD_CONFIG_EXPECTATION_SIZE])
{
    char least[DURATION_TEXT_SIZE];
    char most[DURATION_TEXT_SIZE];
    int64_t max = upper_bound(key);

    switch (key->type) {
    case TD_CONFIG_TYPE_BOOL:
        return "true or false";
    case TD_CONFIG_TYPE_DURATION_MS:
        (void)snprintf(text, TD_CONFIG_EXPECTATION_SIZE, "a duration from %s to %s",
                       format_duration(key->min, least), format_duration(max, most));
        return text;
    case TD_CONFIG_TYPE_STRING:
        (void)snprintf(text, TD_CONFIG_EXPECTATION_SIZE,
                       "a text of %" PRId64 " to %" PRId64 " bytes", key->min, max);
        return text;
    case TD_CONFIG_TYPE_LIST:
        (void)snprintf(text, TD_CONFIG_EXPECTATION_SIZE,
                       "a list of %" PRId64 " to %" PRId64 " texts of at most %d bytes", key->min,
                       max, TD_CONFIG_ITEM_SIZE - 1);
        return text;
    default:
        (void)snprintf(text, TD_CONFIG_EXPECTATION_SIZE,
                       "a whole number from %" PRId64 " to %" PRId64, key->min, max);
        return text;
    }
}
