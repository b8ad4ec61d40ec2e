/* Names of a company: that they can be printed, and that none stands twice where it must not. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/company_private.h"

/* --- unique keys -------------------------------------------------------------------------------
 */

struct name {
    const char *text;
    uint32_t line;
};

static int compare_names(const void *a, const void *b)
{
    const struct name *left = a;
    const struct name *right = b;
    int order = strcmp(left->text, right->text);

    return order != 0 ? order : (left->line > right->line) - (left->line < right->line);
}

/* Takes `names`. Sorting makes it n log n: companies have tens of thousands of agents. */
static enum td_err check_unique(struct company_check *check, struct name *names, size_t count,
                                const char *what)
{
    enum td_err err = TD_OK;

    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 1; i < count && err == TD_OK; i++) {
        if (names[i].text[0] == '\0' || !td_str_equal(names[i].text, names[i - 1].text))
            continue;
        td_yaml_fault(check->fault, check->yaml, names[i].line,
                      "%s \"%.80s\" stands twice (first in line %u)", what, names[i].text,
                      names[i - 1].line);
        err = TD_ERR_EXISTS;
    }
    free(names);
    return err;
}

/* The string at `offset` of each element of an array, with the line of `key`. */
struct column {
    const char *list; /* in the document */
    const char *key;
    const void *array;
    size_t step;
    size_t offset;
    uint32_t count;
};

static enum td_err check_column(struct company_check *check, const struct column *column,
                                const char *what)
{
    struct name *names = calloc(column->count + 1U, sizeof(*names));
    const struct td_yaml_node *node = company_entry(check, column->list, 0);

    if (names == NULL)
        return TD_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < column->count; i++, node = node != NULL ? node->next : NULL) {
        names[i].text = (const char *)column->array + i * column->step + column->offset;
        names[i].line = company_line_of(node, column->key);
    }
    return check_unique(check, names, column->count, what);
}

#define COLUMN(list_, key_, array_, type_, member_, count_)                                        \
    &(struct column)                                                                               \
    {                                                                                              \
        (list_), (key_), (array_), sizeof(type_), offsetof(type_, member_), (count_)               \
    }

static enum td_err check_all_unique(struct company_check *check)
{
    const struct td_company_config *c = check->config;

    enum td_err err = check_column(
        check, COLUMN("queues", "name", c->queues, struct td_queue, name, c->queues_count),
        "queue");
    if (err == TD_OK)
        err = check_column(
            check,
            COLUMN("agents", "name", c->agents, struct td_agent_config, name, c->agents_count),
            "agent");
    if (err == TD_OK)
        err = check_column(check,
                           COLUMN("agents", "phone_user", c->agents, struct td_agent_config,
                                  phone_user, c->agents_count),
                           "phone_user");
    if (err == TD_OK)
        err = check_column(check,
                           COLUMN("entry_points", "name", c->entry_points, struct td_entry_point,
                                  name, c->entry_points_count),
                           "entry point");
    if (err == TD_OK)
        err = check_column(check,
                           COLUMN("timetables", "name", c->timetables, struct td_timetable, name,
                                  c->timetables_count),
                           "timetable");
    if (err == TD_OK)
        err = check_column(
            check, COLUMN("trunks", "name", c->trunks, struct td_trunk, name, c->trunks_count),
            "trunk");
    if (err == TD_OK)
        err = check_column(check,
                           COLUMN("feature_codes", "code", c->feature_codes, struct td_feature_code,
                                  code, c->feature_codes_count),
                           "feature code");
    return err;
}

/* Names stand in topics, logs and lists: they begin and end visibly and stay on their line. */
static bool is_printable(const char *name)
{
    size_t length = strlen(name);

    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    }
    return length == 0 || (name[0] != ' ' && name[length - 1] != ' ');
}

static enum td_err check_printable(struct company_check *check, const struct column *column)
{
    const struct td_yaml_node *node = company_entry(check, column->list, 0);

    for (uint32_t i = 0; i < column->count; i++, node = node != NULL ? node->next : NULL) {
        const char *text = (const char *)column->array + i * column->step + column->offset;

        if (!is_printable(text))
            return company_refuse(check, company_line_of(node, column->key), TD_ERR_SYNTAX,
                                  "name: expected no control characters, nor blanks at its ends");
    }
    return TD_OK;
}

static enum td_err check_texts(struct company_check *check)
{
    const struct td_company_config *c = check->config;
    enum td_err err = check_printable(
        check, COLUMN("queues", "name", c->queues, struct td_queue, name, c->queues_count));

    if (err == TD_OK)
        err = check_printable(check, COLUMN("agents", "name", c->agents, struct td_agent_config,
                                            name, c->agents_count));
    if (err == TD_OK)
        err = check_printable(check, COLUMN("entry_points", "name", c->entry_points,
                                            struct td_entry_point, name, c->entry_points_count));
    return err;
}

static enum td_err check_numbers_unique(struct company_check *check)
{
    const struct td_company_config *config = check->config;
    const struct td_yaml_node *node = company_entry(check, "entry_points", 0);
    struct name *names = calloc(config->entry_points_count * 16U + 1, sizeof(*names));
    size_t count = 0;

    if (names == NULL)
        return TD_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < config->entry_points_count; i++) {
        const struct td_entry_point *point = &config->entry_points[i];
        for (uint32_t k = 0; k < point->numbers_count; k++)
            names[count++] = (struct name){point->numbers[k], company_line_of(node, "numbers")};
        node = node != NULL ? node->next : NULL;
    }
    return check_unique(check, names, count, "number");
}

enum td_err company_check_names(struct company_check *check)
{
    enum td_err err = check_texts(check);

    if (err == TD_OK)
        err = check_all_unique(check);
    return err == TD_OK ? check_numbers_unique(check) : err;
}
