/**
 * @file grammar_builtin.h  The built-in grammars of VoiceXML 2.0 (appendix P) that keys can answer.
 *
 * digits (minlength, maxlength, length) and boolean (y, n). Pure.
 */
#ifndef IVR_CORE_GRAMMAR_BUILTIN_H
#define IVR_CORE_GRAMMAR_BUILTIN_H

#include "ivr/core/grammar.h"

/**
 * Puts a built-in grammar before `accept`.
 *
 * @param text   "digits?minlength=4;maxlength=6".
 * @param start  Where it begins; IVR_STATE_NONE when the grammar is full.
 * @return TD_OK; TD_ERR_NOT_FOUND (no such built-in); TD_ERR_RANGE (a parameter makes no sense).
 */
enum td_err TD_MUST_CHECK ivr_grammar_builtin(struct ivr_grammar *grammar, const char *text,
                                              uint16_t accept, uint16_t *start);

#endif
