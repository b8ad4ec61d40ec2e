/**
 * @file check.h  Is this document one that the interpreter can run?
 *
 * Says which element may stand where and which attributes it needs, so that the interpreter never
 * asks. A mistake is told with its line when the document is loaded, long before a customer calls.
 * What VoiceXML allows and Tandem does not do yet is accepted here and throws
 * error.unsupported.ELEMENT when it is executed.
 *
 * Pure.
 */
#ifndef IVR_CORE_CHECK_H
#define IVR_CORE_CHECK_H

#include "base/err.h"
#include "ivr/core/document.h"

/**
 * Checks a document that was built whole, and compiles its grammars.
 *
 * @return TD_OK: it may be run. TD_ERR_SYNTAX with the fault. TD_ERR_LIMIT: too large.
 */
enum td_err TD_MUST_CHECK ivr_document_check(struct ivr_document *document,
                                             struct ivr_fault *fault);

#endif
