/**
 * @file variables.h  The variables of one dialog session, scope by scope.
 *
 * The interpreter's copy is the truth: a script worker gets it with each expression and gives back
 * what changed, so no worker holds anything that could be lost with it. Names are looked up from
 * the innermost scope outwards, as with the ECMAScript scope chain of VoiceXML 2.0 (section 5.1.2).
 *
 * Pure; one block of fixed size. A look-up costs O(variables).
 */
#ifndef IVR_CORE_VARIABLES_H
#define IVR_CORE_VARIABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ivr/core/lexical.h"
#include "ivr/core/value.h"

#define IVR_VARIABLES_MAX 128U
/** Bytes of all values together. */
#define IVR_VARIABLES_SIZE 16384U

/** Outermost first. */
enum ivr_scope {
    IVR_SCOPE_SESSION,     /**< Read-only for the document. */
    IVR_SCOPE_APPLICATION, /**< While one dialog runs, whatever its documents. */
    IVR_SCOPE_DOCUMENT,
    IVR_SCOPE_DIALOG,    /**< Of a form or menu, its form item variables included. */
    IVR_SCOPE_ANONYMOUS, /**< Of a block, filled or handler. */
    IVR_SCOPE_COUNT
};

struct ivr_variable {
    uint8_t scope; /* enum ivr_scope */
    bool sensitive;
    char name[IVR_NAME_SIZE];
    uint16_t start; /* of the value in the text */
    uint16_t size;  /* terminator included */
};

/** Fields are private; zeroed it is empty. */
struct ivr_variables {
    uint32_t count;
    uint32_t used;
    struct ivr_variable list[IVR_VARIABLES_MAX];
    char text[IVR_VARIABLES_SIZE];
};

/** "session", "application", "document", "dialog"; "anonymous" has no name documents could use. */
const char *ivr_scope_name(enum ivr_scope scope);

/** Sets or makes a variable. @return TD_OK; TD_ERR_LIMIT when there is no room. */
enum td_err TD_MUST_CHECK ivr_variables_set(struct ivr_variables *variables, enum ivr_scope scope,
                                            const char *name, const char *value);

/** The value in this scope, NULL when it was never declared there. Valid until the next change. */
const char *ivr_variables_get(const struct ivr_variables *variables, enum ivr_scope scope,
                              const char *name);

/**
 * Resolves "x" from the inside out, or "dialog.x" in the scope it names.
 *
 * @param scope  Receives where it is.
 * @param name   Receives the name without its scope; within `text`.
 * @return false when no such variable is declared (it may be a property of an object).
 */
bool ivr_variables_resolve(const struct ivr_variables *variables, const char *text,
                           enum ivr_scope *scope, const char **name);

/** Marks a variable whose value must appear in no log, event, checkpoint or result. */
void ivr_variables_mark_sensitive(struct ivr_variables *variables, enum ivr_scope scope,
                                  const char *name);
/** Does this text (not a value) contain what a sensitive variable holds? One of less than three
    characters must be equal: they occur everywhere. */
bool ivr_variables_reveals(const struct ivr_variables *variables, const char *text);
/** Is any sensitive variable defined now? */
bool ivr_variables_has_sensitive(const struct ivr_variables *variables);

/** Must this variable stay in memory? It is sensitive, or holds what a sensitive one does. */
bool ivr_variables_is_private(const struct ivr_variables *variables, uint32_t index);

/** Forgets a scope and the scopes within it. */
void ivr_variables_clear(struct ivr_variables *variables, enum ivr_scope outermost);

/** The variable at `index`, in the order of declaration; false behind the last. */
bool ivr_variables_at(const struct ivr_variables *variables, uint32_t index, enum ivr_scope *scope,
                      const char **name, const char **value);

#endif
