/**
 * @file queue.h  Prompts that wait to be heard: what a document said, in segments media can play.
 *
 * A prompt is built piece by piece: text, the values of expressions, SSML markup, audio files with
 * the text to say in their place. Pieces in one language run together into one segment; without
 * markup it is plain text, else SSML. White space is collapsed as XML means it. Text that is too
 * long for one segment goes on in the next, at a space where there is one.
 *
 * Pure; one block of fixed size.
 */
#ifndef IVR_CORE_QUEUE_H
#define IVR_CORE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define IVR_SEGMENTS_MAX 48U
/** Bytes of all segments together. */
#define IVR_QUEUE_SIZE 16384U
/** Longest text of a segment, and of what is said in place of a file; terminators included. */
#define IVR_SEGMENT_SIZE 1501U
#define IVR_FALLBACK_SIZE 501U
#define IVR_LANGUAGE_SIZE 16U

enum ivr_segment_kind { IVR_SEGMENT_TEXT, IVR_SEGMENT_SSML, IVR_SEGMENT_FILE };

struct ivr_segment {
    enum ivr_segment_kind kind;
    bool barge_in;
    char language[IVR_LANGUAGE_SIZE];
    uint32_t content;  /* offset: text, SSML, or name of the file */
    uint32_t fallback; /* offset of the text to say in place of the file; 0: none */
};

/** Fields are private; zeroed it is empty. */
struct ivr_queue {
    uint32_t count;
    uint32_t used; /* of text; what lies behind is being built */
    struct ivr_segment list[IVR_SEGMENTS_MAX];
    char text[IVR_QUEUE_SIZE];
    /* The segment being built. */
    bool barge_in;
    bool has_markup;
    bool space;    /* white space was seen, and matters if something follows */
    bool failed;   /* something did not fit */
    bool in_audio; /* text is said in place of the file that the last segment names */
    uint32_t open_tags;
    uint32_t size; /* bytes built, behind `used` */
    char language[IVR_LANGUAGE_SIZE];
};

/** Begins a prompt. */
void ivr_queue_begin(struct ivr_queue *queue, const char *language, bool barge_in);
/** From here on in another language; SSML that is open goes on around it. */
void ivr_queue_language(struct ivr_queue *queue, const char *language);
/** Characters to be said; markup characters in them are only characters. */
void ivr_queue_text(struct ivr_queue *queue, const char *text);
/** SSML: "<name", its attributes, then open (or empty, when nothing is inside), then close. */
void ivr_queue_tag(struct ivr_queue *queue, const char *name);
void ivr_queue_tag_attribute(struct ivr_queue *queue, const char *name, const char *value);
void ivr_queue_tag_open(struct ivr_queue *queue);
void ivr_queue_tag_empty(struct ivr_queue *queue);
void ivr_queue_tag_close(struct ivr_queue *queue, const char *name);
/** A file; what is said until ivr_queue_audio_end() is said in its place if it cannot be played. */
void ivr_queue_audio(struct ivr_queue *queue, const char *file);
void ivr_queue_audio_end(struct ivr_queue *queue);
/** Ends the prompt. @return TD_OK; TD_ERR_LIMIT when a part of it did not fit and was left out. */
enum td_err ivr_queue_end(struct ivr_queue *queue);

/** Forgets what was built of the prompt and is no whole segment yet. */
void ivr_queue_abandon(struct ivr_queue *queue);

/** Texts of a segment. Valid until the queue changes. */
const char *ivr_queue_content(const struct ivr_queue *queue, const struct ivr_segment *segment);
/** "" when nothing is said in place of the file. */
const char *ivr_queue_fallback(const struct ivr_queue *queue, const struct ivr_segment *segment);

/** How many segments at the start are alike in barge-in, at most `limit`. */
uint32_t ivr_queue_group(const struct ivr_queue *queue, uint32_t limit);
/** Forgets the first `count` segments; all of them: the queue is empty again. */
void ivr_queue_drop(struct ivr_queue *queue, uint32_t count);
/** Forgets segments that a digit may cut short, since one did. */
void ivr_queue_drop_barged(struct ivr_queue *queue);

#endif
