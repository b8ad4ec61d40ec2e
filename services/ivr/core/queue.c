#include "ivr/core/queue.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "ivr/core/lexical.h"

/* A segment takes the wrapping of SSML and its terminator besides. */
#define CONTENT_MAX 1380U
/* From here on a space is a good place to go on in the next segment. */
#define CONTENT_ENOUGH 1000U

static const char speak_head[] = "<speak version=\"1.0\" xml:lang=\"";
static const char speak_middle[] = "\">";
static const char speak_tail[] = "</speak>";

#define WRAPPING_MAX                                                                               \
    (sizeof(speak_head) + IVR_LANGUAGE_SIZE + sizeof(speak_middle) + sizeof(speak_tail))
static_assert(CONTENT_MAX + WRAPPING_MAX < IVR_SEGMENT_SIZE, "a wrapped segment must fit");

static uint32_t room(const struct ivr_queue *queue)
{
    return IVR_QUEUE_SIZE - queue->used - queue->size;
}

static void put_bytes(struct ivr_queue *queue, const char *bytes, size_t size)
{
    // Keep room for the wrapping and the terminators.
    if (size + 128 > room(queue)) {
        queue->failed = true;
        return;
    }
    memcpy(queue->text + queue->used + queue->size, bytes, size);
    queue->size += (uint32_t)size;
}

static void put(struct ivr_queue *queue, const char *text)
{
    put_bytes(queue, text, strlen(text));
}

static struct ivr_segment *add_segment(struct ivr_queue *queue, enum ivr_segment_kind kind)
{
    if (queue->count == IVR_SEGMENTS_MAX) {
        queue->failed = true;
        return NULL;
    }
    struct ivr_segment *segment = &queue->list[queue->count++];
    *segment =
        (struct ivr_segment){.kind = kind, .barge_in = queue->barge_in, .content = queue->used};
    td_str_clip(segment->language, sizeof(segment->language), queue->language);
    return segment;
}

/* Turns "&amp;" and its like back into characters: plain text is not XML. */
static uint32_t unescape(char *text, uint32_t size)
{
    static const struct {
        const char *entity;
        char character;
    } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}};
    uint32_t to = 0;

    for (uint32_t from = 0; from < size;) {
        uint32_t taken = 1;
        char c = text[from];

        for (size_t i = 0; c == '&' && i < sizeof(entities) / sizeof(entities[0]); i++) {
            uint32_t length = (uint32_t)strlen(entities[i].entity);

            if (length <= size - from && strncmp(text + from, entities[i].entity, length) == 0) {
                c = entities[i].character;
                taken = length;
            }
        }
        text[to++] = c;
        from += taken;
    }
    return to;
}

/* Puts <speak ...> around what was built; room for it was kept. */
static void wrap(struct ivr_queue *queue)
{
    char head[WRAPPING_MAX];
    char *start = queue->text + queue->used;
    struct td_text text;

    td_text_init(&text, head, sizeof(head));
    td_text_add(&text, speak_head);
    td_text_add(&text, queue->language);
    td_text_add(&text, speak_middle);
    memmove(start + text.length, start, queue->size);
    memcpy(start, head, text.length);
    queue->size += (uint32_t)text.length;
    td_text_init(&text, start + queue->size, sizeof(speak_tail));
    td_text_add(&text, speak_tail);
    queue->size += (uint32_t)text.length;
}

static void flush_built(struct ivr_queue *queue)
{
    // Closing tags are put without looking at the limit, since they must be put: look now.
    if (queue->size > CONTENT_MAX) {
        queue->failed = true;
        return;
    }
    if (add_segment(queue, queue->has_markup ? IVR_SEGMENT_SSML : IVR_SEGMENT_TEXT) == NULL)
        return;
    if (queue->has_markup)
        wrap(queue);
    else
        queue->size = unescape(queue->text + queue->used, queue->size);
    queue->text[queue->used + queue->size] = '\0';
    queue->used += queue->size + 1;
}

/* What was built becomes a segment, if there is anything in it. */
static void flush(struct ivr_queue *queue)
{
    if (queue->size > 0)
        flush_built(queue);
    queue->size = 0;
    queue->has_markup = false;
    queue->space = false;
}

/* A language goes into markup: what is none, or too long for one, is left out. */
static void copy_language(char to[IVR_LANGUAGE_SIZE], const char *language)
{
    bool good = ivr_is_language(language);

    if (td_str_copy(to, IVR_LANGUAGE_SIZE, good ? language : "") != TD_OK)
        to[0] = '\0';
}

void ivr_queue_begin(struct ivr_queue *queue, const char *language, bool barge_in)
{
    assert(queue->size == 0);
    // Offset 0 means "no text": the first byte is never used.
    if (queue->used == 0)
        queue->used = 1;
    queue->barge_in = barge_in;
    queue->failed = false;
    queue->in_audio = false;
    queue->open_tags = 0;
    copy_language(queue->language, language);
}

void ivr_queue_language(struct ivr_queue *queue, const char *language)
{
    char wanted[IVR_LANGUAGE_SIZE];

    copy_language(wanted, language);
    if (queue->in_audio || queue->open_tags > 0 || td_str_equal(wanted, queue->language))
        return;
    flush(queue);
    memcpy(queue->language, wanted, sizeof(wanted));
}

static size_t character_length(const char *text)
{
    size_t length = 1;

    while (((unsigned char)text[length] & 0xc0U) == 0x80U)
        length++;
    return length;
}

static void put_character(struct ivr_queue *queue, const char *text, size_t length)
{
    switch (text[0]) {
    case '&':
        put(queue, "&amp;");
        break;
    case '<':
        put(queue, "&lt;");
        break;
    case '>':
        put(queue, "&gt;");
        break;
    case '"':
        put(queue, "&quot;");
        break;
    default:
        put_bytes(queue, text, length);
    }
}

static void make_room(struct ivr_queue *queue, size_t length)
{
    bool enough = queue->size >= CONTENT_ENOUGH && queue->space;

    if (queue->size + length + 1 <= CONTENT_MAX && !enough)
        return;
    if (queue->open_tags == 0)
        flush(queue);
    else if (queue->size + length + 1 > CONTENT_MAX)
        queue->failed = true;
}

static void fallback_character(struct ivr_queue *queue, const char *text, size_t length)
{
    if (queue->size + length + 2 > IVR_FALLBACK_SIZE) {
        queue->failed = true;
        return;
    }
    if (queue->space && queue->size > 0)
        put(queue, " ");
    put_bytes(queue, text, length);
}

void ivr_queue_text(struct ivr_queue *queue, const char *text)
{
    size_t length;

    for (; *text != '\0' && !queue->failed; text += length) {
        length = 1;
        if (strchr(" \t\r\n", *text) != NULL) {
            queue->space = true;
            continue;
        }
        length = character_length(text);
        if (queue->in_audio) {
            fallback_character(queue, text, length);
        } else {
            make_room(queue, length < 6 ? 6 : length);
            if (queue->space && queue->size > 0)
                put(queue, " ");
            put_character(queue, text, length);
        }
        queue->space = false;
    }
}

void ivr_queue_tag(struct ivr_queue *queue, const char *name)
{
    if (queue->in_audio)
        return; // What is said in place of a file is plain text.
    make_room(queue, strlen(name) + 2);
    if (queue->space && queue->size > 0)
        put(queue, " ");
    queue->space = false;
    queue->has_markup = true;
    put(queue, "<");
    put(queue, name);
}

void ivr_queue_tag_attribute(struct ivr_queue *queue, const char *name, const char *value)
{
    if (queue->in_audio)
        return;
    if (queue->size + strlen(name) + 6 * strlen(value) + 4 > CONTENT_MAX) {
        queue->failed = true;
        return;
    }
    put(queue, " ");
    put(queue, name);
    put(queue, "=\"");
    for (size_t length; *value != '\0'; value += length) {
        length = character_length(value);
        put_character(queue, value, length);
    }
    put(queue, "\"");
}

void ivr_queue_tag_open(struct ivr_queue *queue)
{
    if (queue->in_audio)
        return;
    put(queue, ">");
    queue->open_tags++;
}

void ivr_queue_tag_empty(struct ivr_queue *queue)
{
    if (!queue->in_audio)
        put(queue, "/>");
}

void ivr_queue_tag_close(struct ivr_queue *queue, const char *name)
{
    if (queue->in_audio)
        return;
    assert(queue->open_tags > 0);
    queue->open_tags--;
    put(queue, "</");
    put(queue, name);
    put(queue, ">");
}

void ivr_queue_audio(struct ivr_queue *queue, const char *file)
{
    if (queue->in_audio)
        return; // A file in place of a file: only its text counts.
    if (queue->open_tags > 0) {
        queue->failed = true; // SSML cannot be cut in two around a file.
        return;
    }
    flush(queue);
    if (strlen(file) >= IVR_SEGMENT_SIZE || strlen(file) + 128 > room(queue) ||
        add_segment(queue, IVR_SEGMENT_FILE) == NULL) {
        queue->failed = true;
        return;
    }
    size_t size = strlen(file) + 1;
    memcpy(queue->text + queue->used, file, size);
    queue->used += (uint32_t)size;
    queue->in_audio = true;
}

void ivr_queue_audio_end(struct ivr_queue *queue)
{
    if (!queue->in_audio)
        return;
    if (queue->size > 0) {
        queue->list[queue->count - 1].fallback = queue->used;
        queue->text[queue->used + queue->size] = '\0';
        queue->used += queue->size + 1;
    }
    queue->size = 0;
    queue->space = false;
    queue->in_audio = false;
}

enum td_err ivr_queue_end(struct ivr_queue *queue)
{
    ivr_queue_audio_end(queue);
    assert(queue->open_tags == 0);
    flush(queue);
    return queue->failed ? TD_ERR_LIMIT : TD_OK;
}

void ivr_queue_abandon(struct ivr_queue *queue)
{
    queue->size = 0;
    queue->open_tags = 0;
    queue->has_markup = false;
    queue->space = false;
    queue->in_audio = false;
}

const char *ivr_queue_content(const struct ivr_queue *queue, const struct ivr_segment *segment)
{
    return queue->text + segment->content;
}

const char *ivr_queue_fallback(const struct ivr_queue *queue, const struct ivr_segment *segment)
{
    return segment->fallback == 0 ? "" : queue->text + segment->fallback;
}

uint32_t ivr_queue_group(const struct ivr_queue *queue, uint32_t limit)
{
    uint32_t count = 0;

    while (count < queue->count && count < limit &&
           queue->list[count].barge_in == queue->list[0].barge_in)
        count++;
    return count;
}

void ivr_queue_drop(struct ivr_queue *queue, uint32_t count)
{
    assert(count <= queue->count && queue->size == 0);
    memmove(queue->list, queue->list + count, (queue->count - count) * sizeof(queue->list[0]));
    queue->count -= count;
    if (queue->count == 0)
        queue->used = 0; // The texts of what is left stay where they are until all are gone.
}

void ivr_queue_drop_barged(struct ivr_queue *queue)
{
    uint32_t kept = 0;

    assert(queue->size == 0);
    for (uint32_t i = 0; i < queue->count; i++) {
        if (!queue->list[i].barge_in)
            queue->list[kept++] = queue->list[i];
    }
    queue->count = kept;
    if (kept == 0)
        queue->used = 0;
}
