/**
 * @file session.h  One running dialog: the form interpretation algorithm of VoiceXML 2.0 (appendix
 * C).
 *
 * A state machine. It takes an input (the dialog started, prompts were heard, digits came, a script
 * was evaluated, the customer hung up) and answers with effects (play, collect, evaluate, fetch,
 * end). At most one effect waits for an answer at any time; the others are told. Whatever a
 * document does, a step takes bounded time: a document that runs in circles without ever waiting
 * for the customer is ended with an error.
 *
 * Differences from the standard: voice input, subdialogs, root documents and fetching from servers
 * are not there; executing such an element throws error.unsupported.NAME. `transfer`
 * is blind and leads to a queue ("queue:support"; "queue:" is the default of the entry point).
 * Properties of our own, on any element around:
 *   tandem.sensitive    "true": digits of these fields are in no log, event, checkpoint or result
 *   tandem.attributes   names of variables that a transfer puts onto the interaction
 *   tandem.requirement  expression over agents' attributes that a transfer asks for
 *
 * Pure: no clock, no I/O, no heap. One session belongs to one thread.
 */
#ifndef IVR_CORE_SESSION_H
#define IVR_CORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ivr/core/document.h"
#include "ivr/core/expression.h"
#include "ivr/core/grammar.h"
#include "ivr/core/queue.h"
#include "ivr/core/result.h"
#include "ivr/core/variables.h"

/** Segments that one play or collect carries at most. */
#define IVR_GROUP_MAX 16U
#define IVR_MESSAGE_SIZE 128
#define IVR_LOG_SIZE 256
#define IVR_EFFECTS_MAX 16U

/* ---- inputs ------------------------------------------------------------------------------------
 */

enum ivr_input_kind {
    IVR_INPUT_START,    /**< The first one. */
    IVR_INPUT_MEDIA,    /**< Play or collect ended. */
    IVR_INPUT_SCRIPT,   /**< An expression was evaluated. */
    IVR_INPUT_DOCUMENT, /**< A document was fetched. */
    IVR_INPUT_HANG_UP   /**< The customer is gone; may come at any time. */
};

enum ivr_heard {
    IVR_HEARD_ALL,      /**< The prompts were played; nothing was pressed in time. */
    IVR_HEARD_BARGED,   /**< Play: a digit ended it, and is kept for the next collect. */
    IVR_HEARD_DIGITS,   /**< Collect: as many digits as asked for, or a terminator. */
    IVR_HEARD_SOME,     /**< Collect: no further digit came in time; `digits` has those that did. */
    IVR_HEARD_RECORDED, /**< Record: something was said. */
    IVR_HEARD_SILENCE,  /**< Record: nothing was. */
    IVR_HEARD_NOTHING   /**< Nothing could be played, collected or recorded. */
};

/** A variable that a script changed. */
struct ivr_change {
    enum ivr_scope scope;
    const char *name;
    const char *value;
};

struct ivr_input {
    enum ivr_input_kind kind;
    /* MEDIA */
    enum ivr_heard heard;
    const char *digits; /**< May be NULL. */
    bool terminated;    /**< By a terminator. */
    /* MEDIA with RECORDED, and HANG_UP while something was being recorded */
    uint32_t recorded_ms; /**< 0: nothing was. */
    const char *file;     /**< May be NULL. */
    char key;             /**< That ended it; '\0': none. */
    bool at_max;          /**< Ended by its length. */
    /* SCRIPT */
    const char *failed; /**< Event to throw ("error.semantic"), NULL when it went well. */
    const char *message;
    const char *value;
    const struct ivr_change *changes;
    uint32_t change_count;
    /* DOCUMENT */
    const struct ivr_document *document; /**< Kept if ivr_session_document() says so after the
                                              step; NULL: not to be had. */
};

/* ---- effects -----------------------------------------------------------------------------------
 */

enum ivr_effect_kind {
    IVR_EFFECT_PLAY,     /**< Answer: MEDIA. */
    IVR_EFFECT_COLLECT,  /**< Answer: MEDIA. */
    IVR_EFFECT_RECORD,   /**< Answer: MEDIA. */
    IVR_EFFECT_EVALUATE, /**< Answer: SCRIPT. */
    IVR_EFFECT_FETCH,    /**< Answer: DOCUMENT. */
    IVR_EFFECT_INPUT,    /**< A field was filled; tell whoever listens. */
    IVR_EFFECT_LOG,      /**< The document says something to its author. */
    IVR_EFFECT_END       /**< ivr_session_result() is final; no further input is taken. */
};

struct ivr_collect {
    uint32_t digits_max;
    uint32_t first_digit_ms;
    uint32_t inter_digit_ms;
    char terminators[2];
    bool sensitive;
};

struct ivr_record {
    bool beep;
    bool any_key; /**< A key ends it. */
    uint32_t max_ms;
    uint32_t final_silence_ms;
    uint32_t first_word_ms;
};

/** Strings are valid until the next step. */
struct ivr_effect {
    enum ivr_effect_kind kind;
    uint32_t segment_count;     /**< PLAY, COLLECT, RECORD: that many at the start of the queue. */
    bool barge_in;              /**< PLAY, COLLECT, RECORD. */
    struct ivr_collect collect; /**< COLLECT. */
    struct ivr_record record;   /**< RECORD. */
    enum ivr_mode mode;         /**< EVALUATE. */
    const char *expression;     /**< EVALUATE. */
    const char *document;       /**< FETCH: its name. */
    const char *field;          /**< INPUT: its name, "" if it has none. */
    const char *digits;         /**< INPUT: NULL when they are sensitive. */
    char log[IVR_LOG_SIZE];     /**< LOG. */
};

struct ivr_effects {
    uint32_t count;
    struct ivr_effect list[IVR_EFFECTS_MAX];
};

/* ---- the session -------------------------------------------------------------------------------
 */

/** Items with a count of their own per event; more are not counted. */
#define IVR_EVENT_COUNTS_MAX 32U

struct ivr_event_count {
    uint32_t item; /* node */
    uint32_t count;
    char event[IVR_EVENT_SIZE];
};

struct ivr_item_state {
    bool filled; /* of items without a name: their hidden form item variable */
    uint32_t prompt_count;
};

/** Walks over what is to be said or logged (render.c). */
struct ivr_render {
    uint32_t root; /* a prompt, or the first of some text, values and audio files side by side */
    uint32_t last; /* of these */
    uint32_t at;
    uint32_t audio; /* the audio element whose content is said in place of its file */
    bool leaving;
    bool to_log;
    char log[IVR_LOG_SIZE];
};

/** Looks for the handler of an event (event.c). */
struct ivr_search {
    uint32_t scope;
    uint32_t at;
    uint32_t best;
    uint32_t best_count;
};

/** Fields are private. */
struct ivr_session {
    const struct ivr_document *document;
    struct ivr_variables variables;
    struct ivr_queue queue;
    struct ivr_result result;
    char fragment[IVR_NAME_SIZE]; /* dialog to enter when the document's variables are there */
    char language[IVR_LANGUAGE_SIZE];

    int phase;   /* what the next step does */
    int waiting; /* for which answer */
    bool has_ready;
    bool hung_up;
    bool hang_up_pending;
    bool resumed; /* from a position: do not initialise what was restored */

    uint32_t form; /* node of the form or menu, 0 before there is one */
    uint32_t item; /* node of the form item being visited, 0 outside */
    uint32_t next_item;
    uint32_t cursor; /* node, meaning by phase */
    uint32_t content;
    int content_return;    /* phase after executable content */
    int render_return;     /* phase after rendering */
    int flush_return;      /* phase after everything queued was heard */
    uint32_t filled;       /* next filled element to consider */
    uint32_t group;        /* segments being heard */
    enum ivr_outcome gone; /* what it means that nobody listens any more */
    bool reprompt;
    bool skip_prompts;
    uint64_t eligible; /* prompts of the item, by their place among its children */
    uint32_t best_count;
    uint32_t listen_timeout_ms;
    uint32_t just_filled; /* item */
    uint32_t recorded_ms; /* by all records so far */

    struct ivr_item_state items[IVR_FORM_ITEMS_MAX];
    struct ivr_event_count event_counts[IVR_EVENT_COUNTS_MAX];
    struct ivr_render render;
    struct ivr_search search;
    char event[IVR_EVENT_SIZE];
    char message[IVR_MESSAGE_SIZE];
    char digits[IVR_GRAMMAR_DIGITS_MAX + 1]; /* entered so far */
    char told[IVR_GRAMMAR_DIGITS_MAX + 1];   /* last input, for the effect that tells it */
    struct ivr_target target;
    uint32_t steps;       /* since the customer was last waited for */
    uint32_t evaluations; /* likewise */

    char expression[2 * IVR_DOCUMENT_VALUE_MAX];
    char ready[IVR_VALUE_SIZE]; /* value of the expression just evaluated */
};

/** Where a session is, so that another process can go on with it. */
struct ivr_position {
    uint64_t document_hash;
    uint32_t form;
    uint64_t filled; /**< Bit i: the i-th item of the form was filled and has no name. */
    uint32_t recorded_ms;
};

/**
 * Begins a dialog at its first form or menu.
 *
 * @param document  Checked; kept until the session ends or asks for another.
 * @param language  Of the customer, BCP 47; "" if unknown.
 */
void ivr_session_init(struct ivr_session *session, const struct ivr_document *document,
                      const char *language);

/** Sets session.NAME before the start or at any time later. @return TD_OK, TD_ERR_LIMIT. */
enum td_err TD_MUST_CHECK ivr_session_set(struct ivr_session *session, const char *name,
                                          const char *value);

/**
 * Goes on where another session was, before the first input: then restore its variables, and the
 * first item of its form that is not filled will be visited.
 *
 * @return false when the document is not the one of the position: the dialog begins anew, and there
 *         is nothing to restore.
 */
bool ivr_session_resume(struct ivr_session *session, const struct ivr_position *position);
enum td_err TD_MUST_CHECK ivr_session_restore_variable(struct ivr_session *session,
                                                       enum ivr_scope scope, const char *name,
                                                       const char *value);
struct ivr_position ivr_session_position(const struct ivr_session *session);

/** The document in use: the one it began with, or one it fetched. */
const struct ivr_document *ivr_session_document(const struct ivr_session *session);
/** For those who carry out effects. */
const struct ivr_queue *ivr_session_queue(const struct ivr_session *session);
const struct ivr_variables *ivr_session_variables(const struct ivr_session *session);

/**
 * Takes one input; never fails. An answer that nobody waits for is ignored.
 *
 * @param input    Borrowed.
 * @param effects  Receives what is to be done, in order.
 */
void ivr_session_step(struct ivr_session *session, const struct ivr_input *input,
                      struct ivr_effects *effects);

bool ivr_session_is_ended(const struct ivr_session *session);
/** How much was recorded of the customer. */
uint32_t ivr_session_recorded_ms(const struct ivr_session *session);
/** Valid as long as the session; final after IVR_EFFECT_END. */
const struct ivr_result *ivr_session_result(const struct ivr_session *session);

#endif
