/**
 * @file markup.h  The elements and attributes of VoiceXML 2.0/2.1, SSML and GRXML that Tandem
 * knows.
 *
 * A document names them by text once, when it is read; afterwards they are numbers. Elements
 * belong to classes, and where an element may stand is said in terms of classes (check.c). Pure.
 */
#ifndef IVR_CORE_MARKUP_H
#define IVR_CORE_MARKUP_H

#include <stdbool.h>
#include <stdint.h>

/** What an element is for; an element may have several. */
enum ivr_class {
    IVR_CLASS_DIALOG = 1 << 0,      /**< form, menu */
    IVR_CLASS_ITEM = 1 << 1,        /**< form items: visited by the form interpretation algorithm */
    IVR_CLASS_HANDLER = 1 << 2,     /**< catches events */
    IVR_CLASS_EXECUTABLE = 1 << 3,  /**< allowed in blocks, filled and handlers */
    IVR_CLASS_SPOKEN = 1 << 4,      /**< part of what a prompt says */
    IVR_CLASS_SPEECH = 1 << 5,      /**< SSML that goes to the synthesiser as it is */
    IVR_CLASS_GRAMMAR = 1 << 6,     /**< inside a grammar */
    IVR_CLASS_UNSUPPORTED = 1 << 7, /**< legal, but executing it throws error.unsupported.NAME */
};

/* X(identifier, text, classes) */
#define IVR_ELEMENT_MAP(X)                                                                         \
    X(VXML, "vxml", 0)                                                                             \
    X(META, "meta", 0)                                                                             \
    X(METADATA, "metadata", 0)                                                                     \
    X(PROPERTY, "property", 0)                                                                     \
    X(FORM, "form", IVR_CLASS_DIALOG)                                                              \
    X(MENU, "menu", IVR_CLASS_DIALOG)                                                              \
    X(CHOICE, "choice", 0)                                                                         \
    X(FIELD, "field", IVR_CLASS_ITEM)                                                              \
    X(OPTION, "option", 0)                                                                         \
    X(BLOCK, "block", IVR_CLASS_ITEM)                                                              \
    X(TRANSFER, "transfer", IVR_CLASS_ITEM)                                                        \
    X(INITIAL, "initial", IVR_CLASS_ITEM | IVR_CLASS_UNSUPPORTED)                                  \
    X(RECORD, "record", IVR_CLASS_ITEM)                                                            \
    X(SUBDIALOG, "subdialog", IVR_CLASS_ITEM | IVR_CLASS_UNSUPPORTED)                              \
    X(OBJECT, "object", IVR_CLASS_ITEM | IVR_CLASS_UNSUPPORTED)                                    \
    X(PARAM, "param", 0)                                                                           \
    X(LINK, "link", IVR_CLASS_UNSUPPORTED)                                                         \
    X(FILLED, "filled", 0)                                                                         \
    X(CATCH, "catch", IVR_CLASS_HANDLER)                                                           \
    X(NOINPUT, "noinput", IVR_CLASS_HANDLER)                                                       \
    X(NOMATCH, "nomatch", IVR_CLASS_HANDLER)                                                       \
    X(HELP, "help", IVR_CLASS_HANDLER)                                                             \
    X(ERROR, "error", IVR_CLASS_HANDLER)                                                           \
    X(PROMPT, "prompt", IVR_CLASS_EXECUTABLE)                                                      \
    X(VAR, "var", IVR_CLASS_EXECUTABLE)                                                            \
    X(ASSIGN, "assign", IVR_CLASS_EXECUTABLE)                                                      \
    X(CLEAR, "clear", IVR_CLASS_EXECUTABLE)                                                        \
    X(IF, "if", IVR_CLASS_EXECUTABLE)                                                              \
    X(ELSEIF, "elseif", IVR_CLASS_EXECUTABLE)                                                      \
    X(ELSE, "else", IVR_CLASS_EXECUTABLE)                                                          \
    X(GOTO, "goto", IVR_CLASS_EXECUTABLE)                                                          \
    X(EXIT, "exit", IVR_CLASS_EXECUTABLE)                                                          \
    X(DISCONNECT, "disconnect", IVR_CLASS_EXECUTABLE)                                              \
    X(THROW, "throw", IVR_CLASS_EXECUTABLE)                                                        \
    X(REPROMPT, "reprompt", IVR_CLASS_EXECUTABLE)                                                  \
    X(LOG, "log", IVR_CLASS_EXECUTABLE)                                                            \
    X(SUBMIT, "submit", IVR_CLASS_EXECUTABLE | IVR_CLASS_UNSUPPORTED)                              \
    X(RETURN, "return", IVR_CLASS_EXECUTABLE | IVR_CLASS_UNSUPPORTED)                              \
    X(SCRIPT, "script", IVR_CLASS_EXECUTABLE | IVR_CLASS_UNSUPPORTED)                              \
    X(DATA, "data", IVR_CLASS_EXECUTABLE | IVR_CLASS_UNSUPPORTED)                                  \
    X(FOREACH, "foreach", IVR_CLASS_EXECUTABLE | IVR_CLASS_SPOKEN | IVR_CLASS_UNSUPPORTED)         \
    X(ENUMERATE, "enumerate", IVR_CLASS_EXECUTABLE | IVR_CLASS_SPOKEN | IVR_CLASS_UNSUPPORTED)     \
    X(VALUE, "value", IVR_CLASS_EXECUTABLE | IVR_CLASS_SPOKEN)                                     \
    X(AUDIO, "audio", IVR_CLASS_EXECUTABLE | IVR_CLASS_SPOKEN)                                     \
    X(DESC, "desc", IVR_CLASS_SPOKEN)                                                              \
    X(MARK, "mark", IVR_CLASS_SPOKEN | IVR_CLASS_SPEECH)                                           \
    X(BREAK, "break", IVR_CLASS_SPOKEN | IVR_CLASS_SPEECH)                                         \
    X(SAY_AS, "say-as", IVR_CLASS_SPOKEN | IVR_CLASS_SPEECH)                                       \
    X(EMPHASIS, "emphasis", IVR_CLASS_SPOKEN | IVR_CLASS_SPEECH)                                   \
    X(PROSODY, "prosody", IVR_CLASS_SPOKEN | IVR_CLASS_SPEECH)                                     \
    X(VOICE, "voice", IVR_CLASS_SPOKEN | IVR_CLASS_SPEECH)                                         \
    X(PARAGRAPH, "p", IVR_CLASS_SPOKEN | IVR_CLASS_SPEECH)                                         \
    X(SENTENCE, "s", IVR_CLASS_SPOKEN | IVR_CLASS_SPEECH)                                          \
    X(PHONEME, "phoneme", IVR_CLASS_SPOKEN | IVR_CLASS_SPEECH)                                     \
    X(SUB, "sub", IVR_CLASS_SPOKEN | IVR_CLASS_SPEECH)                                             \
    X(GRAMMAR, "grammar", 0)                                                                       \
    X(RULE, "rule", IVR_CLASS_GRAMMAR)                                                             \
    X(ITEM, "item", IVR_CLASS_GRAMMAR)                                                             \
    X(ONE_OF, "one-of", IVR_CLASS_GRAMMAR)                                                         \
    X(RULEREF, "ruleref", IVR_CLASS_GRAMMAR)                                                       \
    X(TOKEN, "token", IVR_CLASS_GRAMMAR)                                                           \
    X(TAG, "tag", IVR_CLASS_GRAMMAR)                                                               \
    X(EXAMPLE, "example", IVR_CLASS_GRAMMAR)

/* X(identifier, text) */
#define IVR_ATTRIBUTE_MAP(X)                                                                       \
    X(ACCEPT, "accept")                                                                            \
    X(APPLICATION, "application")                                                                  \
    X(BARGEIN, "bargein")                                                                          \
    X(BEEP, "beep")                                                                                \
    X(BRIDGE, "bridge")                                                                            \
    X(COND, "cond")                                                                                \
    X(COUNT, "count")                                                                              \
    X(DEST, "dest")                                                                                \
    X(DESTEXPR, "destexpr")                                                                        \
    X(DTMF, "dtmf")                                                                                \
    X(DTMFTERM, "dtmfterm")                                                                        \
    X(EVENT, "event")                                                                              \
    X(EVENTEXPR, "eventexpr")                                                                      \
    X(EXPR, "expr")                                                                                \
    X(EXPRITEM, "expritem")                                                                        \
    X(FINALSILENCE, "finalsilence")                                                                \
    X(ID, "id")                                                                                    \
    X(LABEL, "label")                                                                              \
    X(MAXTIME, "maxtime")                                                                          \
    X(MESSAGE, "message")                                                                          \
    X(MESSAGEEXPR, "messageexpr")                                                                  \
    X(MODAL, "modal")                                                                              \
    X(MODE, "mode")                                                                                \
    X(NAME, "name")                                                                                \
    X(NAMELIST, "namelist")                                                                        \
    X(NEXT, "next")                                                                                \
    X(NEXTITEM, "nextitem")                                                                        \
    X(REPEAT, "repeat")                                                                            \
    X(ROOT, "root")                                                                                \
    X(SCOPE, "scope")                                                                              \
    X(SLOT, "slot")                                                                                \
    X(SPECIAL, "special")                                                                          \
    X(SRC, "src")                                                                                  \
    X(SRCEXPR, "srcexpr")                                                                          \
    X(TAG_FORMAT, "tag-format")                                                                    \
    X(TIMEOUT, "timeout")                                                                          \
    X(TYPE, "type")                                                                                \
    X(URI, "uri")                                                                                  \
    X(VALUE, "value")                                                                              \
    X(VERSION, "version")                                                                          \
    X(XML_LANG, "xml:lang")

enum ivr_element {
    IVR_TEXT, /**< Character data; not an element. */
#define IVR_ELEMENT_ENUM(name, text, classes) IVR_##name,
    IVR_ELEMENT_MAP(IVR_ELEMENT_ENUM)
#undef IVR_ELEMENT_ENUM
        IVR_ELEMENT_COUNT
};

enum ivr_attribute {
    IVR_ATTR_OTHER, /**< Kept by name only: SSML passes on what it carries. */
#define IVR_ATTRIBUTE_ENUM(name, text) IVR_ATTR_##name,
    IVR_ATTRIBUTE_MAP(IVR_ATTRIBUTE_ENUM)
#undef IVR_ATTRIBUTE_ENUM
        IVR_ATTRIBUTE_COUNT
};

/** @return IVR_TEXT when there is no such element. */
enum ivr_element ivr_element_find(const char *name);
const char *ivr_element_name(enum ivr_element element);
/** Bits of enum ivr_class. */
unsigned ivr_element_classes(enum ivr_element element);

/** @return IVR_ATTR_OTHER when VoiceXML knows no such attribute. */
enum ivr_attribute ivr_attribute_find(const char *name);
const char *ivr_attribute_name(enum ivr_attribute attribute);

#endif
