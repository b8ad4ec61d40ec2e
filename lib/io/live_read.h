/**
 * @file live_read.h  Typed reads of the live store.
 *
 * Thin forms over td_live_command: same errors returned, same errors delivered. Keys are text,
 * fields and values bytes. Everything handed to a callback is valid until it returns.
 */
#ifndef TD_IO_LIVE_READ_H
#define TD_IO_LIVE_READ_H

#include "io/live.h"

/** @param err  TD_ERR_NOT_FOUND when there is no such key or field. */
typedef void (*td_live_value_fn)(void *ctx, enum td_err err, struct td_bytes value);

enum td_err TD_MUST_CHECK td_live_get(struct td_live *live, const char *key, uint32_t deadline_ms,
                                      td_live_value_fn fn, void *ctx);

enum td_err TD_MUST_CHECK td_live_hget(struct td_live *live, const char *key, struct td_bytes field,
                                       uint32_t deadline_ms, td_live_value_fn fn, void *ctx);

/** @param values  `count` of them in the order of the keys; data NULL where there is none. */
typedef void (*td_live_values_fn)(void *ctx, enum td_err err, const struct td_bytes *values,
                                  uint32_t count);

#define TD_LIVE_MGET_MAX 60

/** @param count  At most TD_LIVE_MGET_MAX. */
enum td_err TD_MUST_CHECK td_live_mget(struct td_live *live, const char *const *keys,
                                       uint32_t count, uint32_t deadline_ms, td_live_values_fn fn,
                                       void *ctx);

/**
 * Receives a whole hash piece by piece. `entry` runs for each field, then `done` once. Only `done`
 * may destroy the connection.
 *
 * The hash is read in pages of about 1,000 fields, so that a large one does not hold up Redis. A
 * field that is there during the whole load is delivered at least once; it may come twice (the
 * later holds). What is written meanwhile may or may not be seen.
 */
struct td_live_hash_reader {
    void (*entry)(void *ctx, struct td_bytes field, struct td_bytes value);
    void (*done)(void *ctx, enum td_err err);
    void *ctx;
};

/** @param deadline_ms  For each page. @param reader  Borrowed for the call. */
enum td_err TD_MUST_CHECK td_live_load_hash(struct td_live *live, const char *key,
                                            uint32_t deadline_ms,
                                            const struct td_live_hash_reader *reader);

/* --- streams --- */

/** Place of an entry in its stream; grows. {0, 0} stands before the first. */
struct td_live_stream_id {
    uint64_t unix_ms;
    uint64_t sequence;
};

/** "18446744073709551615-18446744073709551615" and its terminator. */
#define TD_LIVE_STREAM_ID_TEXT_SIZE 42

/** @return `text`. */
const char *td_live_stream_id_format(struct td_live_stream_id id,
                                     char text[TD_LIVE_STREAM_ID_TEXT_SIZE]);
/** @return TD_OK, or TD_ERR_SYNTAX unless digits, a dash and digits. */
enum td_err TD_MUST_CHECK td_live_stream_id_parse(struct td_bytes text,
                                                  struct td_live_stream_id *id);
/** Negative, 0 or positive, as memcmp. */
int td_live_stream_id_compare(struct td_live_stream_id a, struct td_live_stream_id b);

struct td_live_entry {
    struct td_live_stream_id id;
    struct td_bytes value;
};

typedef void (*td_live_entries_fn)(void *ctx, enum td_err err, const struct td_live_entry *entries,
                                   uint32_t count);

#define TD_LIVE_PAGE_MAX 1000

/** One page of the entries after `after`, oldest first. @param count_max  1 to TD_LIVE_PAGE_MAX. */
enum td_err TD_MUST_CHECK td_live_page(struct td_live *live, const char *stream,
                                       struct td_live_stream_id after, uint32_t count_max,
                                       uint32_t deadline_ms, td_live_entries_fn fn, void *ctx);

typedef void (*td_live_count_fn)(void *ctx, enum td_err err, uint64_t count);

/**
 * Removes all entries before `keep_from` and delivers how many. The last one removed is remembered
 * beside the stream ("<stream>:trimmed"), which is how a tail knows that it missed something: a
 * stream must be trimmed by this function only.
 */
enum td_err TD_MUST_CHECK td_live_trim(struct td_live *live, const char *stream,
                                       struct td_live_stream_id keep_from, uint32_t deadline_ms,
                                       td_live_count_fn fn, void *ctx);

/* --- the server --- */

/** @param max_bytes  0: unlimited. */
typedef void (*td_live_memory_fn)(void *ctx, enum td_err err, uint64_t used_bytes,
                                  uint64_t max_bytes);

enum td_err TD_MUST_CHECK td_live_memory(struct td_live *live, uint32_t deadline_ms,
                                         td_live_memory_fn fn, void *ctx);

/** Delivers Redis's wall clock in microseconds: one clock for everybody who asks. */
enum td_err TD_MUST_CHECK td_live_time(struct td_live *live, uint32_t deadline_ms,
                                       td_live_count_fn fn, void *ctx);

#endif
