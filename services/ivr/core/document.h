/**
 * @file document.h  A VoiceXML document as a bounded tree of numbers and text.
 *
 * Built once by whoever parses the XML (document_xml.c) and never changed afterwards; any number of
 * sessions read it. Nodes are named by their index from 1 on, in document order; 0 means "none". A
 * node therefore is a position that can be stored and found again in the same document.
 *
 * The text of a document is never longer than its XML, and each element takes at least four bytes
 * of it: the memory for a document follows from the size of its file, before anything is parsed.
 *
 * Pure. Threads: reading is free, building belongs to one.
 */
#ifndef IVR_CORE_DOCUMENT_H
#define IVR_CORE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "ivr/core/markup.h"

/** Longest XML file. */
#define IVR_DOCUMENT_XML_MAX 262144U
/** Elements and pieces of text in one document, and how deep they nest. */
#define IVR_DOCUMENT_NODES_MAX 8192U
#define IVR_DOCUMENT_DEPTH_MAX 32U
#define IVR_DOCUMENT_ATTRIBUTES_MAX 16384U
/** Longest value of one attribute. */
#define IVR_DOCUMENT_VALUE_MAX 4096U
/** Forms and menus of one document. */
#define IVR_DOCUMENT_DIALOGS_MAX 512U
/** Form items of one form; items of larger forms could not be told apart in a session. */
#define IVR_FORM_ITEMS_MAX 64U

struct ivr_grammar;

struct ivr_node {
    uint16_t element; /* enum ivr_element */
    uint16_t attribute_count;
    uint32_t attribute_first;
    uint32_t parent;
    uint32_t child;
    uint32_t next;
    uint32_t text; /* IVR_TEXT: offset of the characters */
    uint32_t line; /* in the file, from 1 */
};

struct ivr_node_attribute {
    uint16_t attribute; /* enum ivr_attribute */
    uint32_t name;      /* offset */
    uint32_t value;     /* offset */
};

/** Fields are private to document.c, check.c and grammar_compile.c. */
struct ivr_document {
    struct td_arena *arena;
    struct ivr_node *nodes; /* [0] is "none" */
    struct ivr_node_attribute *attributes;
    char *text;
    struct ivr_grammar **grammars; /* by node: of fields and menus, else NULL */
    uint32_t node_count, node_limit;
    uint32_t attribute_count, attribute_limit;
    uint32_t text_size, text_limit;
    uint32_t open[IVR_DOCUMENT_DEPTH_MAX]; /* while building: the path to where we are */
    uint32_t last[IVR_DOCUMENT_DEPTH_MAX]; /* last child so far of each of them */
    uint32_t depth;
};

/** What is wrong with a document, for the person who wrote it. */
struct ivr_fault {
    uint32_t line; /**< 0 when it is about the whole file. */
    char message[160];
};

/** Writes the fault. @return TD_ERR_SYNTAX, for a `return` in one line. */
enum td_err ivr_fault_set(struct ivr_fault *fault, uint32_t line, const char *message);
/** Writes more behind what is there; what does not fit is left out. @return TD_ERR_SYNTAX. */
enum td_err ivr_fault_add(struct ivr_fault *fault, const char *more);

/** Bytes of arena that a document of `xml_size` bytes can need, its grammars included. */
size_t ivr_document_size(size_t xml_size);

/**
 * An empty document.
 *
 * @param arena     Kept: everything of the document lives there.
 * @param xml_size  At most IVR_DOCUMENT_XML_MAX.
 * @return TD_OK, or TD_ERR_LIMIT when the arena is smaller than ivr_document_size() says.
 */
enum td_err TD_MUST_CHECK ivr_document_init(struct ivr_document *document, struct td_arena *arena,
                                            size_t xml_size);

/* Building, in document order. All give TD_ERR_LIMIT when a bound of this header is reached. */
enum td_err TD_MUST_CHECK ivr_document_open(struct ivr_document *document, enum ivr_element element,
                                            uint32_t line);
/** Of the element opened last. The value need not be terminated. */
enum td_err TD_MUST_CHECK ivr_document_add_attribute(struct ivr_document *document,
                                                     const char *name, const char *value,
                                                     size_t size);
/** Characters at this place; what follows text directly is joined to it. */
enum td_err TD_MUST_CHECK ivr_document_add_text(struct ivr_document *document, const char *text,
                                                size_t size, uint32_t line);
/** Ends the element opened last. */
void ivr_document_close(struct ivr_document *document);

/* Reading. A node of 0 has no element, no text and no relatives. */

/** The vxml element. */
uint32_t ivr_document_root(const struct ivr_document *document);
enum ivr_element ivr_node_element(const struct ivr_document *document, uint32_t node);
uint32_t ivr_node_line(const struct ivr_document *document, uint32_t node);
uint32_t ivr_node_parent(const struct ivr_document *document, uint32_t node);
uint32_t ivr_node_child(const struct ivr_document *document, uint32_t node);
uint32_t ivr_node_next(const struct ivr_document *document, uint32_t node);
/** First child, or next sibling from `node` on, that is an `element`; 0 if none. */
uint32_t ivr_node_first(const struct ivr_document *document, uint32_t node,
                        enum ivr_element element);
/** Characters of a text node. Valid as long as the document. */
const char *ivr_node_text(const struct ivr_document *document, uint32_t node);
/** Value of an attribute, NULL when absent. Valid as long as the document. */
const char *ivr_node_attribute(const struct ivr_document *document, uint32_t node,
                               enum ivr_attribute attribute);
/** The attribute at `index`, in the order of the file; false behind the last. */
bool ivr_node_attribute_at(const struct ivr_document *document, uint32_t node, uint32_t index,
                           const char **name, const char **value);
/** Language in force at a node: the nearest xml:lang, or "" when there is none. */
const char *ivr_node_language(const struct ivr_document *document, uint32_t node);
/** Value of the property at the node or the nearest element around it; NULL when nobody sets it. */
const char *ivr_node_property(const struct ivr_document *document, uint32_t node, const char *name);

/** The dialog (form or menu) with this id; the first one when `id` is empty; 0 if none. */
uint32_t ivr_document_dialog(const struct ivr_document *document, const char *id);
/** What a field or menu accepts; NULL if the node has no grammar. */
const struct ivr_grammar *ivr_document_grammar(const struct ivr_document *document, uint32_t node);
/** FNV-1a over tree and text: tells whether stored positions still mean the same. */
uint64_t ivr_document_hash(const struct ivr_document *document);

#endif
