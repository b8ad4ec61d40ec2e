#include "ivr/core/expression.h"

#include <string.h>

#include "base/str.h"

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* 'text' or "text" with nothing in it that would need interpretation. */
static bool try_string(const char *text, char value[IVR_VALUE_SIZE])
{
    char inner[IVR_VALUE_SIZE];
    char quote = text[0];
    size_t length = strcspn(text + 1, "'\"\\\r\n");

    if ((quote != '\'' && quote != '"') || text[1 + length] != quote ||
        *skip_space(text + length + 2) != '\0')
        return false;
    if (td_str_copy_span(inner, sizeof(inner), text + 1, length) != TD_OK)
        return false;
    return ivr_value_from_string(inner, value, IVR_VALUE_SIZE) == TD_OK;
}

static bool try_word(const struct ivr_variables *variables, const char *text,
                     char value[IVR_VALUE_SIZE])
{
    static const char *const constants[] = {"true", "false", "null", "undefined"};
    char word[2 * IVR_NAME_SIZE];
    size_t length = strcspn(text, " \t\r\n");
    enum ivr_scope scope;
    const char *name;
    uint64_t number;

    if (*skip_space(text + length) != '\0' ||
        td_str_copy_span(word, sizeof(word), text, length) != TD_OK)
        return false;
    for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
        if (td_str_equal(word, constants[i]))
            return td_str_copy(value, IVR_VALUE_SIZE, word) == TD_OK;
    }
    // A leading zero would make it octal for some.
    if ((word[0] != '0' || word[1] == '\0') && td_str_to_u64(word, 999999999, &number) == TD_OK)
        return td_str_copy(value, IVR_VALUE_SIZE, word) == TD_OK;
    if (!ivr_variables_resolve(variables, word, &scope, &name))
        return false;
    return td_str_copy(value, IVR_VALUE_SIZE, ivr_variables_get(variables, scope, name)) == TD_OK;
}

static bool convert(enum ivr_mode mode, char value[IVR_VALUE_SIZE])
{
    char text[IVR_VALUE_SIZE];

    switch (mode) {
    case IVR_MODE_BOOLEAN:
        return td_str_copy(value, IVR_VALUE_SIZE, ivr_value_is_true(value) ? "true" : "false") ==
               TD_OK;
    case IVR_MODE_STRING:
        return ivr_value_to_string(value, text, sizeof(text)) == TD_OK &&
               ivr_value_from_string(text, value, IVR_VALUE_SIZE) == TD_OK;
    case IVR_MODE_VALUE:
        return true;
    case IVR_MODE_ASSIGN:
        break;
    }
    return false;
}

bool ivr_expression_try(const struct ivr_variables *variables, const char *expression,
                        enum ivr_mode mode, char value[IVR_VALUE_SIZE])
{
    const char *text = skip_space(expression);

    if (mode == IVR_MODE_ASSIGN || *text == '\0')
        return false;
    if (!try_string(text, value) && !try_word(variables, text, value))
        return false;
    return convert(mode, value);
}
