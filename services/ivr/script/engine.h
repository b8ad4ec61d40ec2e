/**
 * @file engine.h  ECMAScript: one expression among the variables of a dialog. The one user of
 * Duktape.
 *
 * Each expression gets an engine of its own that knows nothing but the language and the variables,
 * so no dialog can leave anything behind for another, and a limit on memory holds for one
 * expression. (A fresh engine costs half a millisecond; engine_prepare() makes it before it is
 * needed.)
 *
 * Scopes are objects without a prototype, entered with `with` from the outside in, as VoiceXML 2.0
 * section 5.1 wants; session, application, document and dialog are visible by name as well.
 *
 * There is no limit on time in here: whoever runs the process kills it (the reason for the
 * process).
 */
#ifndef IVR_SCRIPT_ENGINE_H
#define IVR_SCRIPT_ENGINE_H

#include "base/arena.h"
#include "ivr/script/memory.h"
#include "wire/script_wire.h"

/** Fields are private. */
struct engine {
    void *prepared; /* a fresh heap, or NULL */
    struct script_memory memory;
};

/** @param memory_max  Bytes that one expression may use, the engine's own 100 KB included. */
void engine_init(struct engine *engine, size_t memory_max);
void engine_fini(struct engine *engine);

/** Makes the next evaluation quicker; a good use of time in which nobody waits. */
void engine_prepare(struct engine *engine);

/**
 * Evaluates; never fails, but the script may.
 *
 * @param arena  Holds what the reply refers to.
 * @param reply  number, failed and message, or value and changed.
 */
void engine_evaluate(struct engine *engine, const struct td_script_request *request,
                     struct td_arena *arena, struct td_script_reply *reply);

#endif
