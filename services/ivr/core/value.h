/**
 * @file value.h  ECMAScript values as text: JSON, and beside it undefined, NaN, Infinity,
 * -Infinity.
 *
 * The interpreter keeps every variable in this form. What it must know of a value itself is little:
 * whether it is undefined, whether it is true in a condition, and how a plain one reads aloud.
 * Objects are opaque to it; a script worker (../script) is asked.
 *
 * Pure.
 */
#ifndef IVR_CORE_VALUE_H
#define IVR_CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/** Longest value, terminator included. */
#define IVR_VALUE_SIZE 4096

enum ivr_value_kind {
    IVR_VALUE_UNDEFINED,
    IVR_VALUE_NULL,
    IVR_VALUE_BOOLEAN,
    IVR_VALUE_NUMBER, /**< NaN and the infinities included. */
    IVR_VALUE_STRING,
    IVR_VALUE_OBJECT /**< Arrays included. */
};

/** By the first character; the text must be of this form, as everything in variables is. */
enum ivr_value_kind ivr_value_kind(const char *value);

/** ToBoolean of ECMA-262. */
bool ivr_value_is_true(const char *value);

/**
 * ToString of ECMA-262 for all but objects.
 *
 * @return TD_OK; TD_ERR_LIMIT; TD_ERR_INVALID for an object.
 */
enum td_err TD_MUST_CHECK ivr_value_to_string(const char *value, char *text, size_t size);

/** The value of a string. Bytes that are not UTF-8 become '?'. @return TD_OK, TD_ERR_LIMIT. */
enum td_err TD_MUST_CHECK ivr_value_from_string(const char *text, char *value, size_t size);

/**
 * A value for text that came as text: numbers of up to nine digits written as ECMAScript would
 * write them ("3", "9.5") become numbers, "true" and "false" booleans, everything else ("007",
 * "1.50") a string.
 */
enum td_err TD_MUST_CHECK ivr_value_guess(const char *text, char *value, size_t size);

#endif
