/**
 * @file expression.h  Expressions so simple that no script engine is needed.
 *
 * A literal means itself, and a plain variable name means what the innermost scope says; both are
 * the same in every ECMAScript engine. Most expressions of real dialogs are of this kind, so most
 * dialogs never wait for a worker. Everything else is left to it.
 *
 * Pure.
 */
#ifndef IVR_CORE_EXPRESSION_H
#define IVR_CORE_EXPRESSION_H

#include "ivr/core/variables.h"

/** What the value of an expression is wanted as. */
enum ivr_mode {
    IVR_MODE_VALUE,
    IVR_MODE_BOOLEAN, /**< ToBoolean: "true" or "false". */
    IVR_MODE_STRING,  /**< ToString: a string. */
    IVR_MODE_ASSIGN   /**< The expression is an assignment; its value does not matter. */
};

/**
 * @param value  Receives IVR_VALUE_SIZE bytes at most.
 * @return false when a worker must evaluate it.
 */
bool ivr_expression_try(const struct ivr_variables *variables, const char *expression,
                        enum ivr_mode mode, char value[IVR_VALUE_SIZE]);

#endif
