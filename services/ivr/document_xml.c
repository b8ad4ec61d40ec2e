#include "ivr/document_xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "ivr/core/check.h"

/* Files come in pieces, so that a fault found early ends the work early. */
#define CHUNK_SIZE 4096U

struct reading {
    xmlParserCtxtPtr parser;
    struct ivr_document *document;
    struct ivr_fault *fault;
    uint32_t skipping; /* depth within <metadata>, whose content is nobody's business here */
    enum td_err err;   /* sticky */
};

static uint32_t line_now(const struct reading *reading)
{
    int line = xmlSAX2GetLineNumber(reading->parser);

    return line > 0 ? (uint32_t)line : 0;
}

static void refuse(struct reading *reading, enum td_err err, const char *what)
{
    if (reading->err != TD_OK)
        return;
    reading->err = err;
    (void)ivr_fault_set(reading->fault, line_now(reading), what);
    xmlStopParser(reading->parser);
}

static void check(struct reading *reading, enum td_err err)
{
    if (err != TD_OK)
        refuse(reading, err, "the document is too large or too deeply nested");
}

static bool is_our_namespace(const xmlChar *uri)
{
    static const char *const ours[] = {
        "http://www.w3.org/2001/vxml",
        "http://www.w3.org/2001/06/grammar",
        "http://www.w3.org/2001/10/synthesis",
    };

    for (size_t i = 0; uri != NULL && i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (td_str_equal((const char *)uri, ours[i]))
            return true;
    }
    return uri == NULL; // Documents without a namespace are common and mean VoiceXML.
}

/* libxml2 hands attributes out as quintuples: local name, prefix, URI, value, end of value. */
static void add_attributes(struct reading *reading, int count, const xmlChar **attributes)
{
    for (int i = 0; i < count && reading->err == TD_OK; i++) {
        const xmlChar **attribute = attributes + (ptrdiff_t)5 * i;
        const char *name = (const char *)attribute[0];
        const char *prefix = (const char *)attribute[1];

        if (prefix != NULL && !td_str_equal(prefix, "xml"))
            continue; // Of another namespace.
        if (prefix != NULL && !td_str_equal(name, "lang"))
            continue;
        check(reading, ivr_document_add_attribute(
                           reading->document, prefix != NULL ? "xml:lang" : name,
                           (const char *)attribute[3], (size_t)(attribute[4] - attribute[3])));
    }
}

// NOLINTNEXTLINE(readability-function-size): the signature is libxml2's
static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count,
                     int defaulted_count, const xmlChar **attributes)
{
    struct reading *reading = ctx;
    enum ivr_element element = ivr_element_find((const char *)name);

    (void)prefix;
    (void)namespace_count;
    (void)namespaces;
    (void)defaulted_count;
    if (reading->err != TD_OK)
        return;
    if (reading->skipping > 0) {
        reading->skipping++;
        return;
    }
    if (element == IVR_TEXT || !is_our_namespace(uri)) {
        char what[96];

        (void)snprintf(what, sizeof(what), "unknown element <%.40s>", (const char *)name);
        refuse(reading, TD_ERR_SYNTAX, what);
        return;
    }
    if (element == IVR_METADATA) {
        reading->skipping = 1;
        return;
    }
    check(reading, ivr_document_open(reading->document, element, line_now(reading)));
    if (reading->err == TD_OK)
        add_attributes(reading, attribute_count, attributes);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct reading *reading = ctx;

    (void)name;
    (void)prefix;
    (void)uri;
    if (reading->err != TD_OK)
        return;
    if (reading->skipping > 0)
        reading->skipping--;
    else
        ivr_document_close(reading->document);
}

static void on_text(void *ctx, const xmlChar *text, int size)
{
    struct reading *reading = ctx;

    if (reading->err == TD_OK && reading->skipping == 0)
        check(reading, ivr_document_add_text(reading->document, (const char *)text, (size_t)size,
                                             line_now(reading)));
}

static void refuse_declaration(void *ctx)
{
    refuse(ctx, TD_ERR_SYNTAX, "declarations (entities, attribute defaults) are not allowed");
}

static void on_entity(void *ctx, const xmlChar *name, int type, const xmlChar *public_id,
                      const xmlChar *system_id, xmlChar *content)
{
    (void)name;
    (void)type;
    (void)public_id;
    (void)system_id;
    (void)content;
    refuse_declaration(ctx);
}

static void on_attribute_declaration(void *ctx, const xmlChar *element, const xmlChar *name,
                                     int type, int def, const xmlChar *value,
                                     xmlEnumerationPtr tree)
{
    (void)element;
    (void)name;
    (void)type;
    (void)def;
    (void)value;
    xmlFreeEnumeration(tree); // Ours to free, by the contract of this callback.
    refuse_declaration(ctx);
}

static void on_element_declaration(void *ctx, const xmlChar *name, int type,
                                   xmlElementContentPtr content)
{
    (void)name;
    (void)type;
    (void)content;
    refuse_declaration(ctx);
}

static void on_reference(void *ctx, const xmlChar *name)
{
    (void)name;
    refuse(ctx, TD_ERR_SYNTAX, "only the five entities of XML itself are known");
}

static void on_error(void *ctx, xmlErrorPtr error)
{
    struct reading *reading = ctx;
    char what[128];

    // An entity that an external DTD might declare is only warned of and dropped: too mild.
    bool undeclared = error->code == XML_WAR_UNDECLARED_ENTITY;
    if (reading->err != TD_OK || (error->level < XML_ERR_ERROR && !undeclared))
        return;
    td_str_clip(what, sizeof(what), error->message != NULL ? error->message : "malformed XML");
    what[strcspn(what, "\n")] = '\0';
    reading->err = TD_ERR_SYNTAX;
    (void)ivr_fault_set(reading->fault, error->line > 0 ? (uint32_t)error->line : 0, what);
    xmlStopParser(reading->parser);
}

static void parse(struct reading *reading, struct td_bytes xml)
{
    xmlSAXHandler handlers = {
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .reference = on_reference,
        .entityDecl = on_entity,
        .attributeDecl = on_attribute_declaration,
        .elementDecl = on_element_declaration,
        .serror = on_error,
    };

    xmlInitParser();
    reading->parser = xmlCreatePushParserCtxt(&handlers, reading, NULL, 0, NULL);
    if (reading->parser == NULL) {
        reading->err = TD_ERR_NO_MEMORY;
        (void)ivr_fault_set(reading->fault, 0, "no memory for the parser");
        return;
    }
    // NOENT has the five entities of XML itself replaced in attributes as well as in text. Others
    // cannot be: declaring one ends the reading.
    (void)xmlCtxtUseOptions(reading->parser,
                            XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOENT);
    for (size_t at = 0; at < xml.size && reading->err == TD_OK; at += CHUNK_SIZE) {
        size_t size = xml.size - at < CHUNK_SIZE ? xml.size - at : CHUNK_SIZE;

        (void)xmlParseChunk(reading->parser, (const char *)xml.data + at, (int)size, 0);
    }
    if (reading->err == TD_OK)
        (void)xmlParseChunk(reading->parser, NULL, 0, 1);
    if (reading->err == TD_OK && reading->parser->wellFormed == 0)
        refuse(reading, TD_ERR_SYNTAX, "malformed XML");
    if (reading->parser->myDoc != NULL)
        xmlFreeDoc(reading->parser->myDoc); // Only its internal subset is ever made.
    xmlFreeParserCtxt(reading->parser);
}

enum td_err ivr_document_read(struct td_bytes xml, struct td_arena *arena,
                              struct ivr_document *document, struct ivr_fault *fault)
{
    struct reading reading = {.document = document, .fault = fault};

    if (xml.size > IVR_DOCUMENT_XML_MAX) {
        (void)ivr_fault_set(fault, 0, "the file is larger than 256 KiB");
        return TD_ERR_LIMIT;
    }
    enum td_err err = ivr_document_init(document, arena, xml.size);
    if (err != TD_OK) {
        (void)ivr_fault_set(fault, 0, "no memory for the document");
        return err;
    }
    parse(&reading, xml);
    if (reading.err != TD_OK)
        return reading.err;
    err = ivr_document_check(document, fault);
    if (err == TD_ERR_LIMIT)
        (void)ivr_fault_set(fault, 0, "the grammars of the document are too large");
    return err;
}
