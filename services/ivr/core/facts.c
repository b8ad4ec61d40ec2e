#include "ivr/core/facts.h"

#include <string.h>

#include "base/str.h"
#include "base/text.h"

static bool is_path(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && name[0] != '.' && name[length - 1] != '.' && strstr(name, "..") == NULL;
}

enum td_err ivr_facts_set(struct ivr_facts *facts, const char *name, const char *text)
{
    struct ivr_fact *fact = NULL;

    if (!is_path(name))
        return TD_ERR_INVALID;
    for (uint32_t i = 0; i < facts->count && fact == NULL; i++) {
        if (td_str_equal(facts->list[i].name, name))
            fact = &facts->list[i];
    }
    if (fact == NULL) {
        if (facts->count == IVR_FACTS_MAX)
            return TD_ERR_LIMIT;
        fact = &facts->list[facts->count];
        if (td_str_copy(fact->name, sizeof(fact->name), name) != TD_OK)
            return TD_ERR_LIMIT;
        facts->count++;
    }
    td_str_clip(fact->text, sizeof(fact->text), text);
    return TD_OK;
}

const char *ivr_facts_get(const struct ivr_facts *facts, const char *name)
{
    for (uint32_t i = 0; i < facts->count; i++) {
        if (td_str_equal(facts->list[i].name, name))
            return facts->list[i].text;
    }
    return "";
}

/* Orders names so that what lies in one object stands together: '.' comes before everything. */
static int compare(const char *a, const char *b)
{
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    int left = *a == '.' ? 1 : (unsigned char)*a + 1;
    int right = *b == '.' ? 1 : (unsigned char)*b + 1;
    return (*a == '\0' ? 0 : left) - (*b == '\0' ? 0 : right);
}

/* Insertion sort: there are a few dozen at most. */
static void sort(const struct ivr_fact **facts, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const struct ivr_fact *moving = facts[i];
        uint32_t to = i;

        while (to > 0 && compare(facts[to - 1]->name, moving->name) > 0) {
            facts[to] = facts[to - 1];
            to--;
        }
        facts[to] = moving;
    }
}

static void put_name(struct td_text *out, const char *name, size_t length)
{
    char part[IVR_FACT_NAME_SIZE];
    char quoted[IVR_FACT_NAME_SIZE * 6 + 2];

    if (td_str_copy_span(part, sizeof(part), name, length) == TD_OK &&
        ivr_value_from_string(part, quoted, sizeof(quoted)) == TD_OK)
        td_text_add(out, quoted);
    td_text_add(out, ":");
}

static void put_text(struct td_text *out, const char *text)
{
    char value[IVR_FACT_TEXT_SIZE * 6 + 2];

    if (ivr_value_guess(text, value, sizeof(value)) != TD_OK)
        out->cut = true;
    td_text_add(out, value);
}

/* Does the name lead into an object that `prefix` bytes of `other` name as well? */
static bool is_within(const char *name, const char *other, size_t prefix)
{
    return strncmp(name, other, prefix) == 0 && name[prefix] == '.';
}

/*
 * The object of the facts from *at on whose names begin with the same `prefix` bytes (its own name
 * and the dot behind it). Recursion is as deep as a name has dots.
 */
static void put_object(struct td_text *out, const struct ivr_fact **facts, uint32_t count,
                       uint32_t *at, size_t prefix)
{
    const char *first = facts[*at]->name;
    bool comma = false;

    td_text_add(out, "{");
    while (*at < count && strncmp(facts[*at]->name, first, prefix) == 0) {
        const char *name = facts[*at]->name;
        size_t length = strcspn(name + prefix, ".");
        bool leaf = name[prefix + length] == '\0';
        bool hidden =
            leaf && *at + 1 < count && is_within(facts[*at + 1]->name, name, prefix + length);

        if (hidden) {
            (*at)++;
            continue;
        }
        td_text_add(out, comma ? "," : "");
        comma = true;
        put_name(out, name + prefix, length);
        if (leaf)
            put_text(out, facts[(*at)++]->text);
        else
            put_object(out, facts, count, at, prefix + length + 1);
    }
    td_text_add(out, "}");
}

uint32_t ivr_facts_write(const struct ivr_facts *facts, char value[IVR_VALUE_SIZE])
{
    const struct ivr_fact *sorted[IVR_FACTS_MAX];
    struct td_text out;

    for (uint32_t count = facts->count; count > 0; count--) {
        uint32_t at = 0;

        for (uint32_t i = 0; i < count; i++)
            sorted[i] = &facts->list[i];
        sort(sorted, count);
        td_text_init(&out, value, IVR_VALUE_SIZE);
        put_object(&out, sorted, count, &at, 0);
        if (!out.cut)
            return facts->count - count;
    }
    td_text_init(&out, value, IVR_VALUE_SIZE);
    td_text_add(&out, "{}");
    return facts->count;
}
