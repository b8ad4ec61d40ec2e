#include "ivr/core/variables.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"

static_assert(IVR_VARIABLES_SIZE <= UINT16_MAX, "offsets of values are 16 bits");

static const char *const scope_names[IVR_SCOPE_COUNT] = {
    [IVR_SCOPE_SESSION] = "session",     [IVR_SCOPE_APPLICATION] = "application",
    [IVR_SCOPE_DOCUMENT] = "document",   [IVR_SCOPE_DIALOG] = "dialog",
    [IVR_SCOPE_ANONYMOUS] = "anonymous",
};

const char *ivr_scope_name(enum ivr_scope scope)
{
    assert((size_t)scope < IVR_SCOPE_COUNT);
    return scope_names[scope];
}

static struct ivr_variable *find(struct ivr_variables *variables, enum ivr_scope scope,
                                 const char *name)
{
    for (uint32_t i = 0; i < variables->count; i++) {
        struct ivr_variable *variable = &variables->list[i];

        if (variable->scope == scope && td_str_equal(variable->name, name))
            return variable;
    }
    return NULL;
}

static const struct ivr_variable *find_const(const struct ivr_variables *variables,
                                             enum ivr_scope scope, const char *name)
{
    for (uint32_t i = 0; i < variables->count; i++) {
        const struct ivr_variable *variable = &variables->list[i];

        if (variable->scope == scope && td_str_equal(variable->name, name))
            return variable;
    }
    return NULL;
}

/* Values lie without gaps in any order; taking one out moves those behind it. */
static void drop_value(struct ivr_variables *variables, const struct ivr_variable *variable)
{
    uint32_t start = variable->start;
    uint32_t size = variable->size;

    memmove(variables->text + start, variables->text + start + size,
            variables->used - start - size);
    variables->used -= size;
    for (uint32_t i = 0; i < variables->count; i++) {
        if (variables->list[i].start > start)
            variables->list[i].start = (uint16_t)(variables->list[i].start - size);
    }
}

static struct ivr_variable *add(struct ivr_variables *variables, enum ivr_scope scope,
                                const char *name)
{
    struct ivr_variable *variable = &variables->list[variables->count];

    if (variables->count == IVR_VARIABLES_MAX)
        return NULL;
    *variable = (struct ivr_variable){.scope = (uint8_t)scope};
    if (td_str_copy(variable->name, sizeof(variable->name), name) != TD_OK)
        return NULL;
    variables->count++;
    return variable;
}

enum td_err ivr_variables_set(struct ivr_variables *variables, enum ivr_scope scope,
                              const char *name, const char *value)
{
    size_t size = strlen(value) + 1;
    struct ivr_variable *variable = find(variables, scope, name);
    size_t freed = variable == NULL ? 0 : variable->size;

    if (size > IVR_VALUE_SIZE || size > IVR_VARIABLES_SIZE - variables->used + freed)
        return TD_ERR_LIMIT;
    if (variable == NULL)
        variable = add(variables, scope, name);
    else
        drop_value(variables, variable);
    if (variable == NULL)
        return TD_ERR_LIMIT;
    variable->start = (uint16_t)variables->used;
    variable->size = (uint16_t)size;
    memcpy(variables->text + variables->used, value, size);
    variables->used += (uint32_t)size;
    return TD_OK;
}

const char *ivr_variables_get(const struct ivr_variables *variables, enum ivr_scope scope,
                              const char *name)
{
    const struct ivr_variable *variable = find_const(variables, scope, name);

    return variable == NULL ? NULL : variables->text + variable->start;
}

/* The scope that "dialog.x" names, and the rest; false when the text names none. */
static bool split_scope(const char *text, enum ivr_scope *scope, const char **name)
{
    const char *dot = strchr(text, '.');

    for (size_t i = 0; dot != NULL && i < IVR_SCOPE_ANONYMOUS; i++) {
        size_t length = strlen(scope_names[i]);

        if ((size_t)(dot - text) == length && strncmp(text, scope_names[i], length) == 0) {
            *scope = (enum ivr_scope)i;
            *name = dot + 1;
            return true;
        }
    }
    return false;
}

bool ivr_variables_resolve(const struct ivr_variables *variables, const char *text,
                           enum ivr_scope *scope, const char **name)
{
    if (split_scope(text, scope, name))
        return find_const(variables, *scope, *name) != NULL;
    for (size_t i = IVR_SCOPE_COUNT; i > 0; i--) {
        if (find_const(variables, (enum ivr_scope)(i - 1), text) != NULL) {
            *scope = (enum ivr_scope)(i - 1);
            *name = text;
            return true;
        }
    }
    return false;
}

void ivr_variables_mark_sensitive(struct ivr_variables *variables, enum ivr_scope scope,
                                  const char *name)
{
    struct ivr_variable *variable = find(variables, scope, name);

    if (variable != NULL)
        variable->sensitive = true;
}

static bool is_secret(const struct ivr_variables *variables, const struct ivr_variable *variable)
{
    return variable->sensitive &&
           ivr_value_kind(variables->text + variable->start) != IVR_VALUE_UNDEFINED;
}

bool ivr_variables_reveals(const struct ivr_variables *variables, const char *text)
{
    char secret[IVR_VALUE_SIZE];

    for (uint32_t i = 0; i < variables->count; i++) {
        const struct ivr_variable *variable = &variables->list[i];
        const char *own = variables->text + variable->start;

        if (!is_secret(variables, variable))
            continue;
        if (ivr_value_to_string(own, secret, sizeof(secret)) != TD_OK)
            return true; // An object could hold anything.
        if (strlen(secret) < 3 ? td_str_equal(text, secret) : strstr(text, secret) != NULL)
            return true;
    }
    return false;
}

bool ivr_variables_has_sensitive(const struct ivr_variables *variables)
{
    for (uint32_t i = 0; i < variables->count; i++) {
        if (is_secret(variables, &variables->list[i]))
            return true;
    }
    return false;
}

/* An object is looked through as it is written, whatever the length of the secret. */
static bool object_reveals(const struct ivr_variables *variables, const char *object)
{
    char secret[IVR_VALUE_SIZE];

    for (uint32_t i = 0; i < variables->count; i++) {
        const struct ivr_variable *variable = &variables->list[i];

        if (!is_secret(variables, variable))
            continue;
        if (ivr_value_to_string(variables->text + variable->start, secret, sizeof(secret)) !=
                TD_OK ||
            strstr(object, secret) != NULL)
            return true;
    }
    return false;
}

bool ivr_variables_is_private(const struct ivr_variables *variables, uint32_t index)
{
    assert(index < variables->count);
    const struct ivr_variable *variable = &variables->list[index];
    const char *value = variables->text + variable->start;
    char text[IVR_VALUE_SIZE];

    if (variable->sensitive)
        return true;
    if (ivr_value_to_string(value, text, sizeof(text)) == TD_OK)
        return ivr_variables_reveals(variables, text);
    return object_reveals(variables, value);
}

void ivr_variables_clear(struct ivr_variables *variables, enum ivr_scope outermost)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < variables->count; i++) {
        if (variables->list[i].scope >= outermost)
            drop_value(variables, &variables->list[i]);
        else
            variables->list[kept++] = variables->list[i];
    }
    variables->count = kept;
}

bool ivr_variables_at(const struct ivr_variables *variables, uint32_t index, enum ivr_scope *scope,
                      const char **name, const char **value)
{
    if (index >= variables->count)
        return false;
    *scope = (enum ivr_scope)variables->list[index].scope;
    *name = variables->list[index].name;
    *value = variables->text + variables->list[index].start;
    return true;
}
