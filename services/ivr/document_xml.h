/**
 * @file document_xml.h  From the bytes of an XML file to a checked document. The one user of
 * libxml2.
 *
 * Streaming, so that nothing is built but our own bounded tree. Whatever makes XML dangerous is
 * refused or off: the network, files named by the document, internal subsets (hence entities and
 * defaults of attributes), huge names, deep nesting. Documents are UTF-8. A DOCTYPE that only names
 * the public DTD is read over.
 */
#ifndef IVR_DOCUMENT_XML_H
#define IVR_DOCUMENT_XML_H

#include "base/arena.h"
#include "base/bytes.h"
#include "ivr/core/document.h"

/**
 * Reads, checks and compiles.
 *
 * @param xml       Borrowed; untrusted.
 * @param arena     Kept by the document; ivr_document_size() bytes are enough for any file.
 * @param document  Usable on TD_OK only.
 * @param fault     Says what is wrong otherwise.
 * @return TD_OK; TD_ERR_SYNTAX; TD_ERR_LIMIT (a bound of document.h; the fault says which line).
 */
enum td_err TD_MUST_CHECK ivr_document_read(struct td_bytes xml, struct td_arena *arena,
                                            struct ivr_document *document, struct ivr_fault *fault);

#endif
