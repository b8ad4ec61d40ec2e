/**
 * @file session_private.h  What the files of the interpreter share. Not for others.
 *
 * The interpreter is a loop over phases. A phase function takes one small step: it evaluates at
 * most one expression, and has no effect before the expression has its value. So when the value
 * must come from a worker, the function simply returns and is called again from its beginning when
 * it is there; there is no other record of "where we were" than the phase and its cursor.
 */
#ifndef IVR_CORE_SESSION_PRIVATE_H
#define IVR_CORE_SESSION_PRIVATE_H

#include "ivr/core/session.h"

/** Bounds between two moments at which the customer is waited for. */
#define IVR_STEPS_MAX 10000U
#define IVR_EVALUATIONS_MAX 500U

enum ivr_phase {
    IVR_PHASE_DOCUMENT, /* variables of the document; cursor: child of vxml */
    IVR_PHASE_ENTER,    /* find and enter the dialog named by `fragment` */
    IVR_PHASE_FORM,     /* variables and items of the form; cursor: child of the form */
    IVR_PHASE_SELECT,   /* choose the next item; cursor: candidate */
    IVR_PHASE_PROMPTS,  /* which prompts are due; cursor: child of the item */
    IVR_PHASE_SAY,      /* say those that are; cursor: child of the item */
    IVR_PHASE_VISIT,    /* do what the item is for */
    IVR_PHASE_LISTEN,   /* play what is queued, collect digits */
    IVR_PHASE_RECORD,   /* play what is queued, record */
    IVR_PHASE_FILLED,   /* run filled elements; cursor: next candidate */
    IVR_PHASE_CHOICE,   /* carry out the choice of a menu; cursor: it */
    IVR_PHASE_TRANSFER, /* work out where to */
    IVR_PHASE_CONTENT,  /* executable content; cursor: element */
    IVR_PHASE_RENDER,   /* say or log something; see struct ivr_render */
    IVR_PHASE_LOG,      /* evaluate the expr of a log element */
    IVR_PHASE_THROW,    /* evaluate the message of a throw element */
    IVR_PHASE_EVENT,    /* look for the handler of an event */
    IVR_PHASE_CAUGHT,   /* a handler has finished */
    IVR_PHASE_FLUSH,    /* let everything queued be heard */
    IVR_PHASE_FETCH,    /* another document is wanted */
    IVR_PHASE_DISCONNECT,
    IVR_PHASE_END,
    IVR_PHASE_COUNT
};

enum ivr_waiting {
    IVR_WAITING_START,
    IVR_WAITING_NOTHING, /* within a step */
    IVR_WAITING_PLAY,
    IVR_WAITING_COLLECT,
    IVR_WAITING_RECORD,
    IVR_WAITING_SCRIPT,
    IVR_WAITING_DOCUMENT,
    IVR_WAITING_ENDED
};

/** What a phase function says. */
enum ivr_next {
    IVR_GO,  /* call the phase that is set now */
    IVR_WAIT /* an effect is out; call the same phase again with the answer */
};

/** One step being taken. */
struct ivr_run {
    struct ivr_session *session;
    const struct ivr_document *document;
    struct ivr_effects *effects;
};

/* session.c */

/** Adds an effect; NULL when there are too many, which only effects that are told can meet. */
struct ivr_effect *ivr_add_effect(struct ivr_run *run, enum ivr_effect_kind kind);

/**
 * Has the value of an expression?
 *
 * @return true: it is in session->ready. false: return *next from the phase at once (a worker is
 *         asked, or an event was thrown).
 */
bool ivr_need(struct ivr_run *run, const char *expression, enum ivr_mode mode, enum ivr_next *next);

enum ivr_next ivr_go(struct ivr_session *session, enum ivr_phase phase);
enum ivr_next ivr_go_at(struct ivr_session *session, enum ivr_phase phase, uint32_t cursor);

/** Ends what is being done with an event. */
enum ivr_next ivr_throw(struct ivr_session *session, const char *event, const char *message);
enum ivr_next ivr_throw_unsupported(struct ivr_session *session, enum ivr_element element);

/** The dialog is over: what is queued is heard first. */
enum ivr_next ivr_finish(struct ivr_session *session, enum ivr_outcome outcome, const char *reason);

/** Sets a variable; without room throws error.semantic and returns false. */
bool ivr_set_variable(struct ivr_session *session, enum ivr_scope scope, const char *name,
                      const char *value, enum ivr_next *next);

/* form.c: items of the form */

/** Name of a form item, NULL when it has none. */
const char *ivr_item_name(const struct ivr_session *session, uint32_t item);
struct ivr_item_state *ivr_item_state(struct ivr_session *session, uint32_t item);
uint32_t ivr_item_index(const struct ivr_session *session, uint32_t item);
bool ivr_item_is_filled(struct ivr_session *session, uint32_t item);
/** Next form item of the form from `node` on; 0 if none. */
uint32_t ivr_next_item(const struct ivr_session *session, uint32_t node);
/** Item of the form by name; 0 if none. */
uint32_t ivr_find_item(const struct ivr_session *session, const char *name);
/** Makes an item unfilled and its counters new. */
bool ivr_item_clear(struct ivr_session *session, uint32_t item, enum ivr_next *next);
/** Follows "#form", "other.vxml#form", "other.vxml". */
enum ivr_next ivr_follow(struct ivr_session *session, const char *uri);

/* content.c */

/** Runs the children of `container`, then goes on in phase `after`. */
enum ivr_next ivr_run_content(struct ivr_session *session, uint32_t container,
                              enum ivr_phase after);
/** Goes on behind the element at the cursor. */
enum ivr_next ivr_content_next(struct ivr_run *run);

/* assign.c: elements of executable content that change variables */
enum ivr_next ivr_run_var(struct ivr_run *run);
enum ivr_next ivr_run_assign(struct ivr_run *run);
enum ivr_next ivr_run_clear(struct ivr_run *run);

/* render.c */
/** The document's language at a node, else the customer's, else English. */
const char *ivr_language_at(const struct ivr_session *session, uint32_t node);
bool ivr_is_prompt(const struct ivr_document *document, uint32_t node);
/** The last node that is said together with `node`: itself, or a sibling behind it. */
uint32_t ivr_last_spoken(const struct ivr_document *document, uint32_t node);
/** Says them, then goes on in phase `after`. */
enum ivr_next ivr_say(struct ivr_run *run, uint32_t node, enum ivr_phase after);
/** Logs the content of a log element. */
enum ivr_next ivr_write_log(struct ivr_run *run, uint32_t node, enum ivr_phase after);

/* event.c */
void ivr_forget_event_counts(struct ivr_session *session, uint32_t item);

/* settings.c: properties with their defaults */
uint32_t ivr_setting_ms(const struct ivr_document *document, uint32_t node, const char *name,
                        uint32_t fallback_ms);
bool ivr_setting_flag(const struct ivr_document *document, uint32_t node, const char *name,
                      bool fallback);

/* The phases, each in the file that is about it. */
enum ivr_next ivr_phase_document(struct ivr_run *run);   /* form.c */
enum ivr_next ivr_phase_enter(struct ivr_run *run);      /* form.c */
enum ivr_next ivr_phase_form(struct ivr_run *run);       /* form.c */
enum ivr_next ivr_phase_fetch(struct ivr_run *run);      /* form.c */
enum ivr_next ivr_phase_select(struct ivr_run *run);     /* select.c */
enum ivr_next ivr_phase_prompts(struct ivr_run *run);    /* select.c */
enum ivr_next ivr_phase_say(struct ivr_run *run);        /* select.c */
enum ivr_next ivr_phase_visit(struct ivr_run *run);      /* select.c */
enum ivr_next ivr_phase_listen(struct ivr_run *run);     /* listen.c */
enum ivr_next ivr_phase_record(struct ivr_run *run);     /* record.c */
enum ivr_next ivr_phase_filled(struct ivr_run *run);     /* listen.c */
enum ivr_next ivr_phase_choice(struct ivr_run *run);     /* listen.c */
enum ivr_next ivr_phase_transfer(struct ivr_run *run);   /* transfer.c */
enum ivr_next ivr_phase_content(struct ivr_run *run);    /* content.c */
enum ivr_next ivr_phase_log(struct ivr_run *run);        /* content.c */
enum ivr_next ivr_phase_throw(struct ivr_run *run);      /* content.c */
enum ivr_next ivr_phase_render(struct ivr_run *run);     /* render.c */
enum ivr_next ivr_phase_event(struct ivr_run *run);      /* event.c */
enum ivr_next ivr_phase_caught(struct ivr_run *run);     /* event.c */
enum ivr_next ivr_phase_flush(struct ivr_run *run);      /* session.c */
enum ivr_next ivr_phase_disconnect(struct ivr_run *run); /* session.c */
enum ivr_next ivr_phase_end(struct ivr_run *run);        /* session.c */

/** Lets the start of the queue be heard, before what comes next can be done. */
enum ivr_next ivr_play_group(struct ivr_run *run, uint32_t count); /* listen.c */
/** The item has its value: runs what is to be done then. */
enum ivr_next ivr_filled(struct ivr_run *run); /* listen.c */

/** What a record reported. */
enum ivr_next ivr_recorded(struct ivr_run *run, const struct ivr_input *input); /* record.c */
/** Sets the item's variables. @return false: return *next (an event was thrown). */
bool ivr_keep_recorded(struct ivr_session *session, const struct ivr_input *input,
                       enum ivr_next *next); /* record.c */

/** What a collect reported; the phase LISTEN goes on from there. */
enum ivr_next ivr_heard(struct ivr_run *run, const struct ivr_input *input); /* listen.c */

#endif
