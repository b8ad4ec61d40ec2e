/*
 * A customer for tests: reads a document, runs it, and writes down what happened, one line each.
 *
 *   say en: Welcome.                what is played, with "|" between segments
 *   ask en: Press 1. [1 5000 #]     what is played before listening; digits, first time-out,
 * terminator told pin 1234                   a field was filled ("-" for what is withheld) log
 * hello eval x + 1                      an expression that no answer was prepared for (it fails)
 *   record en: Speak. [180000 3000 5000 beep key]   longest, last pause, first word
 *   end transfer sales language=zh
 *
 * Plays end by themselves; the talk stops where the customer must do something.
 */
#ifndef TESTS_UNIT_IVR_TALK_H
#define TESTS_UNIT_IVR_TALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/text.h"
#include "ivr/core/session.h"
#include "ivr/document_xml.h"

#define TALK_DOCUMENTS_MAX 4
#define TALK_ANSWERS_MAX 16
/* More effects than any test needs: a talk that never stops is a defect. */
#define TALK_EFFECTS_MAX 20000

struct talk_document {
    const char *name;
    void *memory;
    struct td_arena arena;
    struct ivr_document document;
};

struct talk {
    struct talk_document documents[TALK_DOCUMENTS_MAX];
    size_t document_count;
    struct {
        const char *expression;
        const char *value;
    } answers[TALK_ANSWERS_MAX];
    size_t answer_count;
    struct ivr_session session;
    struct ivr_effects effects;
    struct td_text text;
    char transcript[16384];
};

#define TALK_VXML(body)                                                                            \
    "<?xml version=\"1.0\"?><vxml version=\"2.1\" xmlns=\"http://www.w3.org/2001/vxml\" "          \
    "xml:lang=\"en\">" body "</vxml>"

static inline enum td_err talk_read(struct talk_document *to, const char *xml,
                                    struct ivr_fault *fault)
{
    size_t size = ivr_document_size(strlen(xml) > IVR_DOCUMENT_XML_MAX ? 0 : strlen(xml));

    to->memory = malloc(size);
    assert_non_null(to->memory);
    td_arena_init(&to->arena, to->memory, size);
    return ivr_document_read(td_bytes(xml, strlen(xml)), &to->arena, &to->document, fault);
}

static inline void talk_add_document(struct talk *talk, const char *name, const char *xml)
{
    struct talk_document *document = &talk->documents[talk->document_count++];
    struct ivr_fault fault = {0, ""};

    document->name = name;
    if (talk_read(document, xml, &fault) != TD_OK)
        fail_msg("%s:%u: %s", name, fault.line, fault.message);
}

/** Prepares what a script worker would answer. */
static inline void talk_answer(struct talk *talk, const char *expression, const char *value)
{
    talk->answers[talk->answer_count].expression = expression;
    talk->answers[talk->answer_count++].value = value;
}

static inline void talk_put(struct talk *talk, const char *text)
{
    td_text_add(&talk->text, text);
}

static inline void talk_put_segments(struct talk *talk, const struct ivr_effect *effect)
{
    const struct ivr_queue *queue = ivr_session_queue(&talk->session);

    for (uint32_t i = 0; i < effect->segment_count; i++) {
        const struct ivr_segment *segment = &queue->list[i];

        talk_put(talk, i == 0 ? " " : "|");
        if (i == 0 || !td_str_equal(segment->language, queue->list[i - 1].language)) {
            talk_put(talk, segment->language);
            talk_put(talk, ": ");
        }
        talk_put(talk, segment->kind == IVR_SEGMENT_FILE ? "@" : "");
        talk_put(talk, ivr_queue_content(queue, segment));
        if (segment->fallback != 0) {
            talk_put(talk, "/");
            talk_put(talk, ivr_queue_fallback(queue, segment));
        }
        talk_put(talk, segment->barge_in ? "" : "!");
    }
}

static inline void talk_put_collect(struct talk *talk, const struct ivr_collect *collect)
{
    talk_put(talk, " [");
    td_text_add_u64(&talk->text, collect->digits_max);
    talk_put(talk, " ");
    td_text_add_u64(&talk->text, collect->first_digit_ms);
    talk_put(talk, collect->terminators[0] != '\0' ? " " : "");
    talk_put(talk, collect->terminators);
    talk_put(talk, collect->sensitive ? " sensitive" : "");
    talk_put(talk, "]\n");
}

static inline void talk_put_record(struct talk *talk, const struct ivr_record *record)
{
    talk_put(talk, " [");
    td_text_add_u64(&talk->text, record->max_ms);
    talk_put(talk, " ");
    td_text_add_u64(&talk->text, record->final_silence_ms);
    talk_put(talk, " ");
    td_text_add_u64(&talk->text, record->first_word_ms);
    talk_put(talk, record->beep ? " beep" : "");
    talk_put(talk, record->any_key ? " key" : "");
    talk_put(talk, "]\n");
}

static inline void talk_put_end(struct talk *talk)
{
    static const char *const names[] = {"done", "transfer", "hang-up", "error"};
    const struct ivr_result *result = ivr_session_result(&talk->session);

    talk_put(talk, "end ");
    talk_put(talk, names[result->outcome]);
    talk_put(talk, result->outcome == IVR_OUTCOME_TRANSFER ? " " : "");
    talk_put(talk, result->outcome == IVR_OUTCOME_TRANSFER ? result->queue : "");
    for (uint32_t i = 0; i < result->attribute_count; i++) {
        const struct ivr_result_attribute *attribute = &result->attributes[i];

        talk_put(talk, " ");
        talk_put(talk, attribute->name);
        if (attribute->type != IVR_TYPE_FLAG)
            talk_put(talk, "=");
        if (attribute->type == IVR_TYPE_TEXT)
            talk_put(talk, attribute->text);
        if (attribute->type == IVR_TYPE_NUMBER)
            td_text_add_u64(&talk->text, (uint64_t)attribute->number);
    }
    if (result->reason[0] != '\0') {
        talk_put(talk, " (");
        talk_put(talk, result->reason);
        talk_put(talk, ")");
    }
    talk_put(talk, "\n");
}

static inline void talk_put_line(struct talk *talk, const char *what, const char *text)
{
    talk_put(talk, what);
    talk_put(talk, text);
    talk_put(talk, "\n");
}

static inline struct ivr_input talk_evaluate(struct talk *talk, const char *expression)
{
    for (size_t i = 0; i < talk->answer_count; i++) {
        if (td_str_equal(talk->answers[i].expression, expression))
            return (struct ivr_input){.kind = IVR_INPUT_SCRIPT, .value = talk->answers[i].value};
    }
    talk_put_line(talk, "eval ", expression);
    return (struct ivr_input){
        .kind = IVR_INPUT_SCRIPT, .failed = "error.semantic", .message = "no answer"};
}

static inline struct ivr_input talk_fetch(struct talk *talk, const char *name)
{
    struct ivr_input input = {.kind = IVR_INPUT_DOCUMENT};

    for (size_t i = 0; i < talk->document_count; i++) {
        if (td_str_equal(talk->documents[i].name, name))
            input.document = &talk->documents[i].document;
    }
    return input;
}

/* Writes an effect down. @return Whether *input answers it; else the customer must. */
static inline bool talk_perform(struct talk *talk, const struct ivr_effect *effect,
                                struct ivr_input *input)
{
    switch (effect->kind) {
    case IVR_EFFECT_PLAY:
        talk_put(talk, "say");
        talk_put_segments(talk, effect);
        talk_put(talk, "\n");
        *input = (struct ivr_input){.kind = IVR_INPUT_MEDIA, .heard = IVR_HEARD_ALL};
        return true;
    case IVR_EFFECT_COLLECT:
        talk_put(talk, "ask");
        talk_put_segments(talk, effect);
        talk_put_collect(talk, &effect->collect);
        return false;
    case IVR_EFFECT_RECORD:
        talk_put(talk, "record");
        talk_put_segments(talk, effect);
        talk_put_record(talk, &effect->record);
        return false;
    case IVR_EFFECT_EVALUATE:
        *input = talk_evaluate(talk, effect->expression);
        return true;
    case IVR_EFFECT_FETCH:
        *input = talk_fetch(talk, effect->document);
        return true;
    case IVR_EFFECT_INPUT:
        talk_put(talk, "told ");
        talk_put(talk, effect->field);
        talk_put_line(talk, " ", effect->digits == NULL ? "-" : effect->digits);
        return false;
    case IVR_EFFECT_LOG:
        talk_put_line(talk, "log ", effect->log);
        return false;
    case IVR_EFFECT_END:
        talk_put_end(talk);
        return false;
    }
    return false;
}

static inline void talk_step(struct talk *talk, struct ivr_input input)
{
    bool answered = true;

    for (int left = TALK_EFFECTS_MAX; answered; left--) {
        assert_true(left > 0);
        ivr_session_step(&talk->session, &input, &talk->effects);
        answered = false;
        for (uint32_t i = 0; i < talk->effects.count; i++)
            answered = talk_perform(talk, &talk->effects.list[i], &input);
    }
}

static inline struct talk *talk_new(const char *xml)
{
    struct talk *talk = calloc(1, sizeof(*talk));

    assert_non_null(talk);
    td_text_init(&talk->text, talk->transcript, sizeof(talk->transcript));
    talk_add_document(talk, "main.vxml", xml);
    ivr_session_init(&talk->session, &talk->documents[0].document, "en");
    return talk;
}

static inline void talk_start(struct talk *talk)
{
    talk_step(talk, (struct ivr_input){.kind = IVR_INPUT_START});
}

/** Presses as many digits as are asked for (or all there are). */
static inline void talk_press(struct talk *talk, const char *digits)
{
    talk_step(talk, (struct ivr_input){
                        .kind = IVR_INPUT_MEDIA, .heard = IVR_HEARD_DIGITS, .digits = digits});
}

static inline void talk_press_terminator(struct talk *talk, const char *digits)
{
    talk_step(talk, (struct ivr_input){.kind = IVR_INPUT_MEDIA,
                                       .heard = IVR_HEARD_DIGITS,
                                       .digits = digits,
                                       .terminated = true});
}

/** Presses some and then stops; none: says nothing at all. */
static inline void talk_stop_after(struct talk *talk, const char *digits)
{
    talk_step(talk, (struct ivr_input){
                        .kind = IVR_INPUT_MEDIA, .heard = IVR_HEARD_SOME, .digits = digits});
}

static inline void talk_silence(struct talk *talk)
{
    talk_step(talk, (struct ivr_input){.kind = IVR_INPUT_MEDIA, .heard = IVR_HEARD_ALL});
}

static inline void talk_hang_up(struct talk *talk)
{
    talk_step(talk, (struct ivr_input){.kind = IVR_INPUT_HANG_UP});
}

/** What happened since the last time. */
static inline void talk_expect(struct talk *talk, const char *expected)
{
    assert_string_equal(talk->transcript, expected);
    td_text_init(&talk->text, talk->transcript, sizeof(talk->transcript));
}

static inline void talk_free(struct talk *talk)
{
    for (size_t i = 0; i < talk->document_count; i++)
        free(talk->documents[i].memory);
    free(talk);
}

/** The whole of a talk that needs no customer. */
static inline void talk_whole(const char *xml, const char *expected)
{
    struct talk *talk = talk_new(xml);

    talk_start(talk);
    talk_expect(talk, expected);
    talk_free(talk);
}

#endif
