#include "ivr/core/result.h"

#include <stdlib.h>

#include "base/str.h"

static enum td_err fill(struct ivr_result_attribute *attribute, const char *value, const char *text)
{
    switch (ivr_value_kind(value)) {
    case IVR_VALUE_BOOLEAN:
        attribute->type = IVR_TYPE_FLAG;
        return TD_OK;
    case IVR_VALUE_NUMBER:
        attribute->type = IVR_TYPE_NUMBER;
        attribute->number = strtod(value, NULL);
        return TD_OK;
    case IVR_VALUE_STRING:
        attribute->type = IVR_TYPE_TEXT;
        td_str_clip(attribute->text, sizeof(attribute->text), text);
        return TD_OK;
    default:
        return TD_ERR_INVALID;
    }
}

static bool says_nothing(const char *value)
{
    enum ivr_value_kind kind = ivr_value_kind(value);

    return kind == IVR_VALUE_UNDEFINED || kind == IVR_VALUE_NULL || td_str_equal(value, "false") ||
           td_str_equal(value, "NaN") || td_str_equal(value, "Infinity") ||
           td_str_equal(value, "-Infinity");
}

static struct ivr_result_attribute *find_or_add(struct ivr_result *result, const char *name)
{
    for (uint32_t i = 0; i < result->attribute_count; i++) {
        if (td_str_equal(result->attributes[i].name, name))
            return &result->attributes[i];
    }
    if (result->attribute_count == IVR_RESULT_ATTRIBUTES_MAX)
        return NULL;
    struct ivr_result_attribute *added = &result->attributes[result->attribute_count];
    if (td_str_copy(added->name, sizeof(added->name), name) != TD_OK)
        return NULL;
    result->attribute_count++;
    return added;
}

static enum td_err add(struct ivr_result *result, const struct ivr_variables *variables,
                       const char *word)
{
    enum ivr_scope scope;
    const char *name;
    char text[IVR_VALUE_SIZE];

    if (!ivr_variables_resolve(variables, word, &scope, &name))
        return TD_ERR_NOT_FOUND;
    const char *value = ivr_variables_get(variables, scope, name);
    if (says_nothing(value))
        return TD_OK;
    enum td_err err = ivr_value_to_string(value, text, sizeof(text));
    if (err != TD_OK)
        return err;
    if (ivr_variables_reveals(variables, text))
        return TD_OK;

    struct ivr_result_attribute *attribute = find_or_add(result, name);
    if (attribute == NULL)
        return TD_ERR_LIMIT;
    if (td_str_equal(name, "language"))
        td_str_clip(result->language, sizeof(result->language), text);
    return fill(attribute, value, text);
}

enum td_err ivr_result_add(struct ivr_result *result, const struct ivr_variables *variables,
                           const char *namelist, char bad[IVR_NAME_SIZE])
{
    enum td_err err = TD_OK;

    while (err == TD_OK && ivr_next_word(&namelist, bad, IVR_NAME_SIZE))
        err = add(result, variables, bad);
    return err;
}
