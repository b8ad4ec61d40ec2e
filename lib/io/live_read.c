#include "io/live_read.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/live_entry.h"

#define HASH_PAGE "1000"

/* A question under way: what to do with the answer. */
struct question {
    union {
        td_live_value_fn value;
        td_live_values_fn values;
        td_live_entries_fn entries;
        td_live_count_fn count;
        td_live_memory_fn memory;
    } fn;
    void *ctx;
};

/* Sends a command whose answer `on_reply` turns into a call of the question's `fn`. */
static enum td_err ask(struct td_live *live, const struct td_bytes *args, uint32_t arg_count,
                       uint32_t deadline_ms, td_live_reply_fn on_reply, struct question question)
{
    struct question *kept = malloc(sizeof(*kept));

    if (kept == NULL)
        return TD_ERR_NO_MEMORY;
    *kept = question;
    enum td_err err = td_live_command(live, args, arg_count, deadline_ms, on_reply, kept);
    if (err != TD_OK)
        free(kept);
    return err;
}

static struct question take(void *ctx)
{
    struct question question = *(struct question *)ctx;

    free(ctx);
    return question;
}

/* --- values --- */

static void on_value(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct question question = take(ctx);

    if (err == TD_OK && td_live_reply_kind(reply) == TD_LIVE_NIL)
        err = TD_ERR_NOT_FOUND;
    question.fn.value(question.ctx, err,
                      err == TD_OK ? td_live_reply_bytes(reply) : td_bytes(NULL, 0));
}

enum td_err td_live_get(struct td_live *live, const char *key, uint32_t deadline_ms,
                        td_live_value_fn fn, void *ctx)
{
    const struct td_bytes args[] = {td_live_text("GET"), td_live_text(key)};

    return ask(live, args, 2, deadline_ms, on_value, (struct question){.fn.value = fn, .ctx = ctx});
}

enum td_err td_live_hget(struct td_live *live, const char *key, struct td_bytes field,
                         uint32_t deadline_ms, td_live_value_fn fn, void *ctx)
{
    const struct td_bytes args[] = {td_live_text("HGET"), td_live_text(key), field};

    return ask(live, args, 3, deadline_ms, on_value, (struct question){.fn.value = fn, .ctx = ctx});
}

static void on_values(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct question question = take(ctx);
    struct td_bytes values[TD_LIVE_MGET_MAX];
    uint32_t count = err == TD_OK ? td_live_reply_count(reply) : 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct td_live_reply *item = td_live_reply_at(reply, i);

        values[i] = td_live_reply_kind(item) == TD_LIVE_BYTES ? td_live_reply_bytes(item)
                                                              : td_bytes(NULL, 0);
    }
    question.fn.values(question.ctx, err, values, count);
}

enum td_err td_live_mget(struct td_live *live, const char *const *keys, uint32_t count,
                         uint32_t deadline_ms, td_live_values_fn fn, void *ctx)
{
    struct td_bytes args[TD_LIVE_MGET_MAX + 1] = {td_live_text("MGET")};

    assert(count > 0 && count <= TD_LIVE_MGET_MAX);
    for (uint32_t i = 0; i < count; i++)
        args[i + 1] = td_live_text(keys[i]);
    return ask(live, args, count + 1, deadline_ms, on_values,
               (struct question){.fn.values = fn, .ctx = ctx});
}

/* --- whole hashes --- */

struct hash_load {
    struct td_live *live;
    struct td_live_hash_reader reader;
    uint32_t deadline_ms;
    char key[];
};

static enum td_err load_page(struct hash_load *load, struct td_bytes cursor);

static void on_page(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct hash_load *load = ctx;

    if (err == TD_OK && td_live_reply_count(reply) != 2)
        err = TD_ERR_INTERNAL;
    if (err == TD_OK) {
        const struct td_live_reply *pairs = td_live_reply_at(reply, 1);
        struct td_bytes cursor = td_live_reply_bytes(td_live_reply_at(reply, 0));
        bool is_last = cursor.size == 1 && cursor.data[0] == '0';

        for (uint32_t i = 0; i + 1 < td_live_reply_count(pairs); i += 2)
            load->reader.entry(load->reader.ctx, td_live_reply_bytes(td_live_reply_at(pairs, i)),
                               td_live_reply_bytes(td_live_reply_at(pairs, i + 1)));
        if (!is_last)
            err = load_page(load, cursor);
        if (!is_last && err == TD_OK)
            return;
    }

    struct td_live_hash_reader reader = load->reader;
    free(load);
    reader.done(reader.ctx, err);
}

static enum td_err load_page(struct hash_load *load, struct td_bytes cursor)
{
    const struct td_bytes args[] = {td_live_text("HSCAN"), td_live_text(load->key), cursor,
                                    td_live_text("COUNT"), td_live_text(HASH_PAGE)};

    return td_live_command(load->live, args, 5, load->deadline_ms, on_page, load);
}

enum td_err td_live_load_hash(struct td_live *live, const char *key, uint32_t deadline_ms,
                              const struct td_live_hash_reader *reader)
{
    size_t key_size = strlen(key) + 1;
    struct hash_load *load = malloc(sizeof(*load) + key_size);

    if (load == NULL)
        return TD_ERR_NO_MEMORY;
    *load = (struct hash_load){.live = live, .reader = *reader, .deadline_ms = deadline_ms};
    memcpy(load->key, key, key_size);
    enum td_err err = load_page(load, td_live_text("0"));
    if (err != TD_OK)
        free(load);
    return err;
}

/* --- streams --- */

const char *td_live_stream_id_format(struct td_live_stream_id id,
                                     char text[TD_LIVE_STREAM_ID_TEXT_SIZE])
{
    (void)snprintf(text, TD_LIVE_STREAM_ID_TEXT_SIZE, "%llu-%llu", (unsigned long long)id.unix_ms,
                   (unsigned long long)id.sequence);
    return text;
}

enum td_err td_live_stream_id_parse(struct td_bytes text, struct td_live_stream_id *id)
{
    char copy[TD_LIVE_STREAM_ID_TEXT_SIZE];
    struct td_live_stream_id parsed;

    if (text.size == 0 || memchr(text.data, '\0', text.size) != NULL ||
        td_str_copy_span(copy, sizeof(copy), (const char *)text.data, text.size) != TD_OK)
        return TD_ERR_SYNTAX;
    char *dash = strchr(copy, '-');
    if (dash == NULL)
        return TD_ERR_SYNTAX;
    *dash = '\0';
    if (td_str_to_u64(copy, UINT64_MAX, &parsed.unix_ms) != TD_OK ||
        td_str_to_u64(dash + 1, UINT64_MAX, &parsed.sequence) != TD_OK)
        return TD_ERR_SYNTAX;
    *id = parsed;
    return TD_OK;
}

int td_live_stream_id_compare(struct td_live_stream_id a, struct td_live_stream_id b)
{
    if (a.unix_ms != b.unix_ms)
        return a.unix_ms < b.unix_ms ? -1 : 1;
    return (a.sequence > b.sequence) - (a.sequence < b.sequence);
}

enum td_err td_live_entry_parse(const struct td_live_reply *reply, struct td_live_entry *entry)
{
    if (td_live_reply_count(reply) != 2)
        return TD_ERR_SYNTAX;

    const struct td_live_reply *fields = td_live_reply_at(reply, 1);
    entry->value = td_bytes("", 0);
    for (uint32_t i = 0; i + 1 < td_live_reply_count(fields); i += 2) {
        struct td_bytes name = td_live_reply_bytes(td_live_reply_at(fields, i));

        if (name.size == 1 && name.data[0] == 'e')
            entry->value = td_live_reply_bytes(td_live_reply_at(fields, i + 1));
    }
    return td_live_stream_id_parse(td_live_reply_bytes(td_live_reply_at(reply, 0)), &entry->id);
}

static void on_entries(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct question question = take(ctx);
    struct td_live_entry entries[TD_LIVE_PAGE_MAX];
    uint32_t count = err == TD_OK ? td_live_reply_count(reply) : 0;

    for (uint32_t i = 0; i < count && err == TD_OK; i++)
        err = td_live_entry_parse(td_live_reply_at(reply, i), &entries[i]);
    question.fn.entries(question.ctx, err, entries, err == TD_OK ? count : 0);
}

enum td_err td_live_page(struct td_live *live, const char *stream, struct td_live_stream_id after,
                         uint32_t count_max, uint32_t deadline_ms, td_live_entries_fn fn, void *ctx)
{
    char from[TD_LIVE_STREAM_ID_TEXT_SIZE + 1] = "("; // exclusive
    char count[16];

    assert(count_max > 0 && count_max <= TD_LIVE_PAGE_MAX);
    (void)td_live_stream_id_format(after, from + 1);
    (void)snprintf(count, sizeof(count), "%u", count_max);
    const struct td_bytes args[] = {td_live_text("XRANGE"), td_live_text(stream),
                                    td_live_text(from),     td_live_text("+"),
                                    td_live_text("COUNT"),  td_live_text(count)};
    return ask(live, args, 6, deadline_ms, on_entries,
               (struct question){.fn.entries = fn, .ctx = ctx});
}

static void on_count(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct question question = take(ctx);

    question.fn.count(question.ctx, err, err == TD_OK ? (uint64_t)td_live_reply_integer(reply) : 0);
}

enum td_err td_live_trim(struct td_live *live, const char *stream,
                         struct td_live_stream_id keep_from, uint32_t deadline_ms,
                         td_live_count_fn fn, void *ctx)
{
    static const char script[] =
        "if ARGV[1] == '0-0' then return 0 end\n"
        "local last = redis.call('XREVRANGE', KEYS[1], '(' .. ARGV[1], '-', 'COUNT', 1)\n"
        "if #last == 0 then return 0 end\n"
        "redis.call('SET', KEYS[1] .. '" TD_LIVE_TRIMMED_SUFFIX "', last[1][1])\n"
        "return redis.call('XTRIM', KEYS[1], 'MINID', '=', ARGV[1])\n";
    char id[TD_LIVE_STREAM_ID_TEXT_SIZE];
    const struct td_bytes args[] = {td_live_text("EVAL"), td_live_text(script), td_live_text("1"),
                                    td_live_text(stream),
                                    td_live_text(td_live_stream_id_format(keep_from, id))};

    return ask(live, args, 5, deadline_ms, on_count, (struct question){.fn.count = fn, .ctx = ctx});
}

/* --- the server --- */

static uint64_t info_number(const char *text, const char *name)
{
    const char *found = strstr(text, name);

    return found != NULL ? strtoull(found + strlen(name), NULL, 10) : 0;
}

static void on_memory(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct question question = take(ctx);
    const char *text = err == TD_OK ? (const char *)td_live_reply_bytes(reply).data : "";

    question.fn.memory(question.ctx, err, info_number(text, "\nused_memory:"),
                       info_number(text, "\nmaxmemory:"));
}

enum td_err td_live_memory(struct td_live *live, uint32_t deadline_ms, td_live_memory_fn fn,
                           void *ctx)
{
    const struct td_bytes args[] = {td_live_text("INFO"), td_live_text("memory")};

    return ask(live, args, 2, deadline_ms, on_memory,
               (struct question){.fn.memory = fn, .ctx = ctx});
}

static void on_time(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct question question = take(ctx);
    uint64_t unix_us = 0;

    if (err == TD_OK && td_live_reply_count(reply) == 2)
        unix_us = (uint64_t)td_live_reply_integer(td_live_reply_at(reply, 0)) * 1000000 +
                  (uint64_t)td_live_reply_integer(td_live_reply_at(reply, 1));
    question.fn.count(question.ctx, err, unix_us);
}

enum td_err td_live_time(struct td_live *live, uint32_t deadline_ms, td_live_count_fn fn, void *ctx)
{
    const struct td_bytes args[] = {td_live_text("TIME")};

    return ask(live, args, 1, deadline_ms, on_time, (struct question){.fn.count = fn, .ctx = ctx});
}
