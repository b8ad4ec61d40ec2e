/**
 * @file grammar_compile.h  From the grammars, options and choices of a document to automata.
 *
 * What a field accepts is the union of its built-in type, its DTMF grammars (GRXML inline, or
 * src="builtin:dtmf/...") and its options; what a menu accepts are its choices. Grammars for the
 * voice are passed over where keys can be pressed as well.
 *
 * Of GRXML: rule, item (with repeat), one-of, ruleref to a rule of the same grammar, token, and tag
 * with a literal (`sales`, or `out = "sales";`). What cannot be used makes the automaton `unusable`
 * with the event that VoiceXML names for it, so a dialog can catch it.
 *
 * Pure.
 */
#ifndef IVR_CORE_GRAMMAR_COMPILE_H
#define IVR_CORE_GRAMMAR_COMPILE_H

#include "base/err.h"
#include "ivr/core/document.h"
#include "ivr/core/grammar.h"

/**
 * Compiles for one field or menu; ivr_document_grammar() finds the result. A field without any
 * grammar has none.
 *
 * @return TD_OK; TD_ERR_SYNTAX with the fault; TD_ERR_LIMIT when the document's memory is full.
 */
enum td_err TD_MUST_CHECK ivr_grammar_compile(struct ivr_document *document, uint32_t node,
                                              struct ivr_fault *fault);

#endif
