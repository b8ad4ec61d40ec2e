/**
 * @file lexical.h  The small languages inside VoiceXML attributes: names, times, lists, events,
 * URIs.
 *
 * Pure.
 */
#ifndef IVR_CORE_LEXICAL_H
#define IVR_CORE_LEXICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** Longest variable or form item name, terminator included. */
#define IVR_NAME_SIZE 64
/** Longest event name, terminator included. */
#define IVR_EVENT_SIZE 64
/** Longest document name with fragment, terminator included. */
#define IVR_URI_SIZE 128
/** Longest time designation: ten minutes. */
#define IVR_TIME_MAX_MS UINT32_C(600000)

/** Nothing but XML white space. */
bool ivr_is_blank(const char *text);

/** An ECMAScript identifier that is no reserved word and fits IVR_NAME_SIZE. */
bool ivr_is_name(const char *text);

/**
 * A CSS2 time: "5s", "1.5s", "300ms".
 *
 * @return TD_OK, TD_ERR_SYNTAX, or TD_ERR_RANGE above IVR_TIME_MAX_MS.
 */
enum td_err TD_MUST_CHECK ivr_time_parse(const char *text, uint32_t *ms);

/**
 * Takes the next word of a list separated by white space.
 *
 * @param list   Moved behind the word.
 * @param size   Of `word`; a longer word is cut, which no valid name is.
 * @return false at the end of the list.
 */
bool ivr_next_word(const char **list, char *word, size_t size);

/**
 * Does a catch for `pattern` catch `event`? By whole dot-separated tokens from the left:
 * "error.badfetch" catches "error.badfetch.http.404", not "error.badfetchlater". Empty and "."
 * catch everything.
 */
bool ivr_event_matches(const char *pattern, const char *event);

/** Where a goto leads. */
struct ivr_target {
    char document[IVR_URI_SIZE]; /**< "" means this document. */
    char fragment[IVR_NAME_SIZE];
};

/**
 * Splits "menu.vxml#main", "menu.vxml" or "#main".
 *
 * A document is a plain file name: letters, digits, '.', '_' and '-', beginning with a letter or
 * digit and ending in ".vxml". Whatever could name a file elsewhere is refused here.
 *
 * @return TD_OK, TD_ERR_SYNTAX, TD_ERR_LIMIT.
 */
enum td_err TD_MUST_CHECK ivr_target_parse(const char *uri, struct ivr_target *target);

/** A BCP 47 tag: letters, digits and '-'. */
bool ivr_is_language(const char *text);

/** A sound file below the site's sound folder: relative, in folders, without "..". */
bool ivr_is_sound_name(const char *name);

#endif
