#include "io/live_tail.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/live_entry.h"
#include "io/live_link.h"

/*
 * One round: MGET of what was trimmed, then XREAD that waits for entries, in one go. Redis carries
 * both out in a row, so an entry that is missing when XREAD looks was known to MGET. While XREAD
 * waits nothing can be missed, since it is answered in the same step as the XADD.
 */
#define PAGE_MAX 256
#define BLOCK_MS 1000
#define SILENCE_MS (BLOCK_MS + 1000)
#define RETRY_MS 50

struct stream {
    char *key;
    char *trimmed_key;
    struct td_live_stream_id position;
};

struct td_live_tail {
    struct td_live_link link;
    struct td_live_tail_config config; /* its strings and arrays are not kept */
    struct td_loop *loop;
    struct stream streams[TD_LIVE_TAIL_STREAMS_MAX];
    uint32_t stream_count;
    uint32_t page_max;
    struct td_live_request start; /* asks for the newest id of `starting` */
    uint32_t starting;
    struct td_live_request trimmed;
    struct td_live_request page;
    struct td_timer retry;
    struct td_timer rest;
    bool is_known;   /* every position; told as up */
    bool is_reading; /* a round is under way */
    bool is_paused;
    bool is_busy; /* callbacks run: they may destroy it, its memory stays until the end */
    bool is_destroyed;
};

#define TAIL_OF(request, member)                                                                   \
    ((struct td_live_tail *)((char *)(request)-offsetof(struct td_live_tail, member)))

static bool is_from_now(struct td_live_stream_id id)
{
    return td_live_stream_id_compare(id, TD_LIVE_FROM_NOW) == 0;
}

/* Callbacks run between these two. @return false: the tail is gone. */
static void enter(struct td_live_tail *tail)
{
    assert(!tail->is_busy);
    tail->is_busy = true;
}

static bool leave(struct td_live_tail *tail)
{
    bool is_destroyed = tail->is_destroyed;

    tail->is_busy = false;
    if (is_destroyed)
        free(tail);
    return !is_destroyed;
}

static void tell_state(struct td_live_tail *tail, bool up)
{
    if (tail->config.state != NULL)
        tail->config.state(tail->config.ctx, up);
}

/* --- rounds --- */

static enum td_err send_trimmed(struct td_live_tail *tail)
{
    struct td_bytes args[TD_LIVE_TAIL_STREAMS_MAX + 1] = {td_live_text("MGET")};

    for (uint32_t i = 0; i < tail->stream_count; i++)
        args[i + 1] = td_live_text(tail->streams[i].trimmed_key);
    return td_live_link_send(&tail->link, args, tail->stream_count + 1, &tail->trimmed);
}

static enum td_err send_page(struct td_live_tail *tail)
{
    char ids[TD_LIVE_TAIL_STREAMS_MAX][TD_LIVE_STREAM_ID_TEXT_SIZE];
    char count[16];
    char block[16];
    struct td_bytes args[6 + 2 * TD_LIVE_TAIL_STREAMS_MAX] = {
        td_live_text("XREAD"),  td_live_text("COUNT"), {0}, td_live_text("BLOCK"), {0},
        td_live_text("STREAMS")};

    (void)snprintf(count, sizeof(count), "%u", tail->page_max);
    (void)snprintf(block, sizeof(block), "%d", BLOCK_MS);
    args[2] = td_live_text(count);
    args[4] = td_live_text(block);
    for (uint32_t i = 0; i < tail->stream_count; i++) {
        args[6 + i] = td_live_text(tail->streams[i].key);
        args[6 + tail->stream_count + i] =
            td_live_text(td_live_stream_id_format(tail->streams[i].position, ids[i]));
    }
    return td_live_link_send(&tail->link, args, 6 + 2 * tail->stream_count, &tail->page);
}

static void begin_round(struct td_live_tail *tail)
{
    if (tail->is_reading || tail->is_paused || !tail->is_known ||
        !td_live_link_is_up(&tail->link) || td_timer_is_running(&tail->rest))
        return;
    // Either may fail for want of memory: the first one's answer then comes for nothing.
    tail->is_reading = send_trimmed(tail) == TD_OK && send_page(tail) == TD_OK;
    if (!tail->is_reading)
        td_timer_start(&tail->retry, RETRY_MS);
}

static void on_trimmed(struct td_live_request *request, const struct td_live_reply *reply)
{
    struct td_live_tail *tail = TAIL_OF(request, trimmed);

    if (reply == NULL)
        return;
    enter(tail);
    for (uint32_t i = 0; i < td_live_reply_count(reply) && !tail->is_destroyed; i++) {
        struct stream *stream = &tail->streams[i];
        struct td_live_stream_id trimmed;
        struct td_live_stream_id after = stream->position;

        if (td_live_stream_id_parse(td_live_reply_bytes(td_live_reply_at(reply, i)), &trimmed) !=
                TD_OK ||
            td_live_stream_id_compare(trimmed, after) <= 0)
            continue;
        stream->position = trimmed;
        if (tail->config.gap != NULL)
            tail->config.gap(tail->config.ctx, i, after, trimmed);
    }
    (void)leave(tail);
}

static bool may_deliver(const struct td_live_tail *tail)
{
    return !tail->is_paused && !tail->is_destroyed;
}

static void deliver_stream(struct td_live_tail *tail, uint32_t index,
                           const struct td_live_reply *entries)
{
    struct stream *stream = &tail->streams[index];

    for (uint32_t i = 0; i < td_live_reply_count(entries) && may_deliver(tail); i++) {
        struct td_live_entry entry;

        if (td_live_entry_parse(td_live_reply_at(entries, i), &entry) != TD_OK ||
            td_live_stream_id_compare(entry.id, stream->position) <= 0)
            continue;
        stream->position = entry.id;
        tail->config.entry(tail->config.ctx, index, entry.id, entry.value);
    }
}

static uint32_t find_stream(const struct td_live_tail *tail, struct td_bytes key)
{
    uint32_t i = 0;

    while (i < tail->stream_count && strcmp(tail->streams[i].key, (const char *)key.data) != 0)
        i++;
    return i;
}

static void deliver_page(struct td_live_tail *tail, const struct td_live_reply *reply)
{
    for (uint32_t i = 0; i < td_live_reply_count(reply) && may_deliver(tail); i++) {
        const struct td_live_reply *one = td_live_reply_at(reply, i);

        if (td_live_reply_count(one) != 2)
            continue;
        uint32_t index = find_stream(tail, td_live_reply_bytes(td_live_reply_at(one, 0)));
        if (index < tail->stream_count)
            deliver_stream(tail, index, td_live_reply_at(one, 1));
    }
    if (may_deliver(tail) && td_live_reply_count(reply) > 0 && tail->config.page_end != NULL)
        tail->config.page_end(tail->config.ctx);
}

/* There may be more than was read. */
static bool is_full(const struct td_live_tail *tail, const struct td_live_reply *reply)
{
    for (uint32_t i = 0; i < td_live_reply_count(reply); i++) {
        const struct td_live_reply *one = td_live_reply_at(reply, i);

        if (td_live_reply_count(one) == 2 &&
            td_live_reply_count(td_live_reply_at(one, 1)) >= tail->page_max)
            return true;
    }
    return false;
}

static void on_page(struct td_live_request *request, const struct td_live_reply *reply)
{
    struct td_live_tail *tail = TAIL_OF(request, page);

    tail->is_reading = false;
    if (reply == NULL)
        return;
    if (td_live_reply_kind(reply) == TD_LIVE_ERROR) {
        td_log_error(td_loop_log(tail->loop), "tail.failed",
                     td_str("reason", (const char *)td_live_reply_bytes(reply).data));
        td_timer_start(&tail->retry, RETRY_MS);
        return;
    }
    bool may_rest = tail->config.rest_ms > 0 && td_live_reply_count(reply) > 0;

    enter(tail);
    deliver_page(tail, reply);
    if (!leave(tail))
        return;
    if (may_rest && !is_full(tail, reply))
        td_timer_start(&tail->rest, tail->config.rest_ms);
    else
        begin_round(tail);
}

static void on_rest(void *ctx)
{
    begin_round(ctx);
}

/* --- where to start --- */

/* Asks for the newest id of the next stream that is read from now on; up when none is left. */
static void find_positions(struct td_live_tail *tail)
{
    while (tail->starting < tail->stream_count &&
           !is_from_now(tail->streams[tail->starting].position))
        tail->starting++;
    if (tail->starting < tail->stream_count) {
        const struct td_bytes args[] = {td_live_text("XINFO"), td_live_text("STREAM"),
                                        td_live_text(tail->streams[tail->starting].key)};

        if (td_live_link_send(&tail->link, args, 3, &tail->start) != TD_OK)
            td_timer_start(&tail->retry, RETRY_MS);
        return;
    }
    tail->is_known = true;
    enter(tail);
    tell_state(tail, true);
    if (leave(tail))
        begin_round(tail);
}

static struct td_live_stream_id newest_id(const struct td_live_reply *info)
{
    struct td_live_stream_id id = {0, 0}; // No stream yet: whatever comes is new.

    for (uint32_t i = 0; i + 1 < td_live_reply_count(info); i += 2) {
        struct td_bytes name = td_live_reply_bytes(td_live_reply_at(info, i));

        if (strcmp((const char *)name.data, "last-generated-id") == 0 &&
            td_live_stream_id_parse(td_live_reply_bytes(td_live_reply_at(info, i + 1)), &id) !=
                TD_OK)
            break;
    }
    return id;
}

static void on_start(struct td_live_request *request, const struct td_live_reply *reply)
{
    struct td_live_tail *tail = TAIL_OF(request, start);

    if (reply == NULL)
        return;
    if (td_live_reply_kind(reply) == TD_LIVE_ERROR &&
        strncmp((const char *)td_live_reply_bytes(reply).data, "ERR no such key", 15) != 0) {
        td_timer_start(&tail->retry, RETRY_MS);
        return;
    }
    tail->streams[tail->starting].position = newest_id(reply);
    find_positions(tail);
}

static void on_retry(void *ctx)
{
    struct td_live_tail *tail = ctx;

    if (!td_live_link_is_up(&tail->link))
        return;
    if (tail->is_known)
        begin_round(tail);
    else
        find_positions(tail);
}

static void on_state(void *ctx, bool up)
{
    struct td_live_tail *tail = ctx;
    bool was_known = tail->is_known;

    tail->is_known = false;
    if (up) {
        tail->starting = 0;
        find_positions(tail);
    } else if (was_known) {
        enter(tail);
        tell_state(tail, false);
        (void)leave(tail);
    }
}

/* --- life --- */

static void free_streams(struct td_live_tail *tail)
{
    for (uint32_t i = 0; i < tail->stream_count; i++) {
        free(tail->streams[i].key);
        free(tail->streams[i].trimmed_key);
    }
}

static enum td_err copy_streams(struct td_live_tail *tail, const struct td_live_tail_config *config)
{
    for (uint32_t i = 0; i < config->stream_count; i++) {
        struct stream *stream = &tail->streams[i];
        size_t size = strlen(config->streams[i].key) + sizeof(TD_LIVE_TRIMMED_SUFFIX);

        stream->position = config->streams[i].from;
        stream->key = strdup(config->streams[i].key);
        stream->trimmed_key = malloc(size);
        tail->stream_count = i + 1;
        if (stream->key == NULL || stream->trimmed_key == NULL)
            return TD_ERR_NO_MEMORY;
        (void)snprintf(stream->trimmed_key, size, "%s" TD_LIVE_TRIMMED_SUFFIX, stream->key);
    }
    return TD_OK;
}

static enum td_err open_tail(struct td_live_tail *tail, const struct td_live_tail_config *config)
{
    const struct td_live_link_options options = {.address = config->address,
                                                 .password = config->password,
                                                 .silence_ms = SILENCE_MS,
                                                 .state = on_state,
                                                 .ctx = tail};

    td_timer_init(&tail->retry, tail->loop, on_retry, tail);
    td_timer_init(&tail->rest, tail->loop, on_rest, tail);
    tail->start.fn = on_start;
    tail->trimmed.fn = on_trimmed;
    tail->page.fn = on_page;
    enum td_err err = copy_streams(tail, config);
    return err == TD_OK ? td_live_link_open(&tail->link, tail->loop, &options) : err;
}

enum td_err td_live_tail_create(struct td_loop *loop, const struct td_live_tail_config *config,
                                struct td_live_tail **tail)
{
    if (config->stream_count == 0 || config->stream_count > TD_LIVE_TAIL_STREAMS_MAX ||
        config->page_max > TD_LIVE_PAGE_MAX)
        return TD_ERR_INVALID;

    struct td_live_tail *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    self->loop = loop;
    self->config = *config;
    self->page_max = config->page_max != 0 ? config->page_max : PAGE_MAX;
    enum td_err err = open_tail(self, config);
    if (err != TD_OK) {
        td_live_tail_destroy(&self);
        return err;
    }
    *tail = self;
    return TD_OK;
}

void td_live_tail_destroy(struct td_live_tail **tail)
{
    struct td_live_tail *self = *tail;

    if (self == NULL)
        return;
    *tail = NULL;
    td_live_link_close(&self->link);
    td_timer_stop(&self->retry);
    td_timer_stop(&self->rest);
    free_streams(self);
    self->is_destroyed = true;
    if (!self->is_busy)
        free(self);
}

void td_live_tail_pause(struct td_live_tail *tail)
{
    tail->is_paused = true;
}

void td_live_tail_resume(struct td_live_tail *tail)
{
    tail->is_paused = false;
    if (!tail->is_busy)
        begin_round(tail);
}

struct td_live_stream_id td_live_tail_position(const struct td_live_tail *tail, uint32_t stream)
{
    assert(stream < tail->stream_count);
    return tail->streams[stream].position;
}
