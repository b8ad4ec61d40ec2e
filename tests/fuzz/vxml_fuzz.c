/* needs: service ivr
 *
 * Any bytes read as a document to a verdict with a reason; whatever is accepted runs with any
 * customer and any script engine to its end, in bounded steps, asking for one thing at a time and
 * within the bounds of the bus. The document ends at a zero byte; what follows drives the customer.
 * Corpus in tests/fuzz/corpus/vxml.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ivr/core/session.h"
#include "ivr/document_xml.h"

/* Inputs after which the customer hangs up. */
#define INPUTS_MAX 300

struct call {
    struct ivr_session session;
    struct ivr_effects effects;
    const struct ivr_document *document;
    const uint8_t *bytes;
    size_t size;
    bool ended;
    struct ivr_effect asked; /* the effect that waits for an answer */
    char digits[IVR_GRAMMAR_DIGITS_MAX + 1];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t next_byte(struct call *call)
{
    if (call->size == 0)
        return 0;
    call->size--;
    return *call->bytes++;
}

static bool waits_for_answer(const struct ivr_effect *effect)
{
    return effect->kind <= IVR_EFFECT_FETCH;
}

static void check_segments(const struct call *call, const struct ivr_effect *effect)
{
    const struct ivr_queue *queue = ivr_session_queue(&call->session);

    require(effect->segment_count <= IVR_GROUP_MAX && effect->segment_count <= queue->count);
    for (uint32_t i = 0; i < effect->segment_count; i++) {
        const struct ivr_segment *segment = &queue->list[i];

        require(strlen(ivr_queue_content(queue, segment)) < IVR_SEGMENT_SIZE);
        require(strlen(ivr_queue_fallback(queue, segment)) < IVR_FALLBACK_SIZE);
        require(strlen(segment->language) < IVR_LANGUAGE_SIZE);
        require(segment->barge_in == effect->barge_in);
    }
}

static void check_effect(const struct call *call, const struct ivr_effect *effect)
{
    switch (effect->kind) {
    case IVR_EFFECT_COLLECT:
        require(effect->collect.digits_max >= 1 &&
                effect->collect.digits_max <= IVR_GRAMMAR_DIGITS_MAX);
        require(effect->collect.first_digit_ms > 0 && effect->collect.inter_digit_ms > 0);
        check_segments(call, effect);
        break;
    case IVR_EFFECT_RECORD:
        require(effect->record.max_ms > 0 && effect->record.final_silence_ms > 0);
        check_segments(call, effect);
        break;
    case IVR_EFFECT_PLAY:
        require(effect->segment_count > 0);
        check_segments(call, effect);
        break;
    case IVR_EFFECT_EVALUATE:
        require(strlen(effect->expression) < 8192);
        break;
    case IVR_EFFECT_FETCH:
        require(strchr(effect->document, '/') == NULL);
        break;
    default:
        break;
    }
}

static void check_result(const struct ivr_result *result)
{
    require(strlen(result->queue) < sizeof(result->queue));
    require(strlen(result->reason) < sizeof(result->reason));
    require(result->attribute_count <= IVR_RESULT_ATTRIBUTES_MAX);
    for (uint32_t i = 0; i < result->attribute_count; i++)
        require(strlen(result->attributes[i].name) < IVR_ATTRIBUTE_NAME_SIZE);
}

static void step(struct call *call, const struct ivr_input *input)
{
    uint32_t waiting = 0;

    ivr_session_step(&call->session, input, &call->effects);
    require(call->effects.count <= IVR_EFFECTS_MAX);
    require(!call->ended || call->effects.count == 0);
    for (uint32_t i = 0; i < call->effects.count; i++) {
        const struct ivr_effect *effect = &call->effects.list[i];

        check_effect(call, effect);
        waiting += waits_for_answer(effect);
        if (waits_for_answer(effect))
            call->asked = *effect;
        if (waits_for_answer(effect) || effect->kind == IVR_EFFECT_END)
            require(i + 1 == call->effects.count);
        if (effect->kind == IVR_EFFECT_END) {
            call->ended = true;
            check_result(ivr_session_result(&call->session));
        }
    }
    require(waiting <= 1 && call->ended == ivr_session_is_ended(&call->session));
}

static struct ivr_input answer_script(uint8_t byte)
{
    static const char *const values[] = {"undefined", "true",        "false",  "0",
                                         "3",         "\"queue:x\"", "\"#a\"", "{}",
                                         "\"\"",      "[1,2]",       "NaN",    "null"};
    static const struct ivr_change changes[] = {
        {IVR_SCOPE_DIALOG, "a", "\"changed\""},
        {IVR_SCOPE_DOCUMENT, "b", "{\"x\":1}"},
        {IVR_SCOPE_SESSION, "c", "1"},
    };
    struct ivr_input input = {.kind = IVR_INPUT_SCRIPT, .changes = changes};

    input.change_count = byte >> 6;
    if ((byte & 15) == 15)
        input.failed = "error.semantic";
    input.value = values[(byte & 15) % (sizeof(values) / sizeof(values[0]))];
    return input;
}

static struct ivr_input answer_media(struct call *call, uint8_t byte, uint32_t digits_max)
{
    static const char keys[] = "0123456789*#";
    struct ivr_input input = {.kind = IVR_INPUT_MEDIA, .heard = (enum ivr_heard)(byte & 7) % 7};
    uint32_t count = 0;

    input.terminated = (byte & 8) != 0;
    while (count < digits_max && (count < (uint32_t)(byte >> 6) || (byte & 32) != 0)) {
        call->digits[count] = keys[(next_byte(call) + count) % 12];
        count++;
    }
    call->digits[count] = '\0';
    input.digits = call->digits;
    input.recorded_ms = byte;
    input.file = "a.wav";
    input.key = '#';
    return input;
}

static struct ivr_input next_input(struct call *call)
{
    uint8_t byte = next_byte(call);

    if (byte == 0xff)
        return (struct ivr_input){.kind = IVR_INPUT_HANG_UP, .recorded_ms = 7};
    switch (call->asked.kind) {
    case IVR_EFFECT_EVALUATE:
        return answer_script(byte);
    case IVR_EFFECT_FETCH:
        return (struct ivr_input){.kind = IVR_INPUT_DOCUMENT,
                                  .document = byte % 2 == 0 ? call->document : NULL};
    default:
        return answer_media(call, byte, call->asked.collect.digits_max);
    }
}

static void run(const struct ivr_document *document, const uint8_t *bytes, size_t size)
{
    static struct call call;
    struct ivr_input input = {.kind = IVR_INPUT_START};

    call = (struct call){.document = document, .bytes = bytes, .size = size};
    ivr_session_init(&call.session, document, "en");
    require(ivr_session_set(&call.session, "tandem", "{\"position\":3}") == TD_OK);
    step(&call, &input);
    for (int i = 0; i < INPUTS_MAX && !call.ended; i++) {
        input = next_input(&call);
        step(&call, &input);
    }
    if (call.ended)
        return;
    input = (struct ivr_input){.kind = IVR_INPUT_HANG_UP};
    step(&call, &input);
    for (int i = 0; i < 2000 && !call.ended; i++) { // What its handlers still evaluate or fetch.
        input = next_input(&call);
        step(&call, &input);
    }
    require(call.ended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\0', size);
    size_t xml_size = end == NULL ? size : (size_t)(end - data);
    struct ivr_document document;
    struct ivr_fault fault = {0, ""};
    struct td_arena arena;

    size_t memory_size = ivr_document_size(xml_size > IVR_DOCUMENT_XML_MAX ? 0 : xml_size);
    void *memory = malloc(memory_size);
    require(memory != NULL);
    td_arena_init(&arena, memory, memory_size);
    enum td_err err = ivr_document_read(td_bytes(data, xml_size), &arena, &document, &fault);
    require(err == TD_OK || fault.message[0] != '\0');
    if (err == TD_OK)
        run(&document, end == NULL ? NULL : end + 1, end == NULL ? 0 : size - xml_size - 1);
    free(memory);
    return 0;
}
