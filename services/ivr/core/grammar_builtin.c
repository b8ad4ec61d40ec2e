#include "ivr/core/grammar_builtin.h"

#include <string.h>

#include "base/str.h"

struct parameter {
    char name[16];
    char value[16];
};

/* Takes "name=value" and what separates it from the next; false at the end, or when malformed. */
static bool next_parameter(const char **text, struct parameter *parameter, bool *malformed)
{
    const char *at = *text;

    if (*at == '\0')
        return false;
    size_t name = strcspn(at, "=;&");
    size_t value = at[name] == '=' ? strcspn(at + name + 1, ";&") : 0;
    *malformed =
        at[name] != '=' ||
        td_str_copy_span(parameter->name, sizeof(parameter->name), at, name) != TD_OK ||
        td_str_copy_span(parameter->value, sizeof(parameter->value), at + name + 1, value) != TD_OK;
    if (*malformed)
        return false;
    at += name + 1 + value;
    *text = *at == '\0' ? at : at + 1;
    return true;
}

struct lengths {
    uint64_t min;
    uint64_t max; /* 0: without end */
};

static enum td_err parse_length(const struct parameter *parameter, struct lengths *lengths)
{
    uint64_t value;
    enum td_err err = td_str_to_u64(parameter->value, IVR_GRAMMAR_DIGITS_MAX, &value);

    if (err != TD_OK || value == 0)
        return TD_ERR_RANGE;
    if (td_str_equal(parameter->name, "length"))
        *lengths = (struct lengths){value, value};
    else if (td_str_equal(parameter->name, "minlength"))
        lengths->min = value;
    else if (td_str_equal(parameter->name, "maxlength"))
        lengths->max = value;
    return TD_OK;
}

static enum td_err build_digits(struct ivr_grammar *grammar, const char *parameters,
                                uint16_t accept, uint16_t *start)
{
    struct lengths lengths = {1, 0};
    struct parameter parameter;
    bool malformed = false;

    while (next_parameter(&parameters, &parameter, &malformed)) {
        if (parse_length(&parameter, &lengths) != TD_OK)
            return TD_ERR_RANGE;
    }
    if (malformed || (lengths.max != 0 && lengths.min > lengths.max))
        return TD_ERR_RANGE;

    uint16_t at = accept;
    if (lengths.max == 0) {
        at = ivr_grammar_loop(grammar, accept);
        ivr_grammar_close_loop(grammar, at, ivr_grammar_keys(grammar, IVR_KEYS_DECIMAL, at));
    }
    for (uint64_t i = lengths.max; i > lengths.min; i--)
        at = ivr_grammar_split(grammar, ivr_grammar_keys(grammar, IVR_KEYS_DECIMAL, at), accept);
    for (uint64_t i = 0; i < lengths.min; i++)
        at = ivr_grammar_keys(grammar, IVR_KEYS_DECIMAL, at);
    *start = at;
    return TD_OK;
}

static enum td_err build_boolean(struct ivr_grammar *grammar, const char *parameters,
                                 uint16_t accept, uint16_t *start)
{
    uint16_t yes = ivr_key_bit('1');
    uint16_t no = ivr_key_bit('2');
    struct parameter parameter;
    bool malformed = false;

    while (next_parameter(&parameters, &parameter, &malformed)) {
        uint16_t key = parameter.value[0] != '\0' && parameter.value[1] == '\0'
                           ? ivr_key_bit(parameter.value[0])
                           : 0;

        if (key == 0)
            return TD_ERR_RANGE;
        if (td_str_equal(parameter.name, "y"))
            yes = key;
        else if (td_str_equal(parameter.name, "n"))
            no = key;
    }
    if (malformed || yes == no)
        return TD_ERR_RANGE;

    struct ivr_meaning is_true = {.kind = IVR_MEANING_TRUE};
    struct ivr_meaning is_false = {.kind = IVR_MEANING_FALSE};
    uint16_t first = ivr_grammar_keys(grammar, yes, ivr_grammar_mean(grammar, is_true, accept));
    uint16_t second = ivr_grammar_keys(grammar, no, ivr_grammar_mean(grammar, is_false, accept));
    *start = ivr_grammar_split(grammar, first, second);
    return TD_OK;
}

enum td_err ivr_grammar_builtin(struct ivr_grammar *grammar, const char *text, uint16_t accept,
                                uint16_t *start)
{
    size_t length = strcspn(text, "?");
    const char *parameters = text[length] == '?' ? text + length + 1 : "";

    if (length == 6 && strncmp(text, "digits", 6) == 0)
        return build_digits(grammar, parameters, accept, start);
    if (length == 7 && strncmp(text, "boolean", 7) == 0)
        return build_boolean(grammar, parameters, accept, start);
    return TD_ERR_NOT_FOUND;
}
