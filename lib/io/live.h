/**
 * @file live.h  The live store: one connection to one Redis, kept up by itself.
 *
 * The connection is made in the background, tried again with a growing pause (10 ms up to 200 ms)
 * and reported by `state`. Up means that Redis answers commands: a server that is still loading
 * its file is not up. A connection on which nothing is answered for `silence_ms` is given up and
 * made anew. Values are bytes; what they mean is the caller's business.
 *
 * Everything else is built on this: live_read.h (typed reads), live_commit.h (atomic writes, many
 * in one step), live_tail.h (streams), lease.h, registry.h.
 *
 * Threads: one loop, no locks. A function that returns TD_OK runs its callback exactly once and
 * never from within the call; one that returns an error never runs it.
 * Errors that any callback may get: TD_ERR_UNAVAILABLE (Redis is away, or went away before it
 * answered: a write may or may not have happened), TD_ERR_TIMEOUT (no answer in time; the same),
 * TD_ERR_LIMIT (Redis is out of memory), TD_ERR_INVALID (key holds another type), TD_ERR_DENIED.
 */
#ifndef TD_IO_LIVE_H
#define TD_IO_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "io/loop.h"

struct td_live;

/** Zero in a number means its default. Strings are borrowed for the call. */
struct td_live_config {
    const char *address;   /**< "unix:/path/to/socket" or "host:port". */
    const char *password;  /**< NULL for none. */
    const char *committer; /**< Redis key that remembers what this run of this process committed
                                last (live_commit.h). Unique to the run: put a random id into it.
                                NULL if nothing will be committed. */
    uint32_t silence_ms;   /**< Default 1,000. */
    uint32_t commands_max; /**< Commands waiting for an answer; default 10,000. */
    uint32_t commit_batches_max;       /**< Batches waiting or in flight; default 20,000. */
    uint32_t commit_bytes_max;         /**< Their size; default 64 MiB. */
    void (*state)(void *ctx, bool up); /**< Each change; NULL if nobody asks. Starts as down. */
    void *ctx;
};

/** Counters since the start; gauges as of now. */
struct td_live_stats {
    uint64_t connects; /**< Times the connection came up. */
    uint64_t commands; /**< Commands sent, those of commits included. */
    uint64_t timeouts; /**< Commands and batches whose deadline passed. */
    uint64_t calls;    /**< Script calls made for commits. */
    uint64_t repeats;  /**< Script calls sent again after a lost answer. */
    uint64_t batches;  /**< Batches committed. */
    uint64_t refused;  /**< Batches refused with TD_ERR_BUSY. */
    uint32_t batches_pending;
    uint32_t bytes_pending;
};

/**
 * Starts connecting.
 *
 * @param loop  Kept. Its log gets `live.connected`, `live.lost`, `live.refused`.
 * @param live  Owned by the caller: td_live_destroy.
 * @return TD_OK; TD_ERR_INVALID (address); TD_ERR_NO_MEMORY. An absent Redis is no error.
 */
enum td_err TD_MUST_CHECK td_live_create(struct td_loop *loop, const struct td_live_config *config,
                                         struct td_live **live);

/**
 * Closes. Callbacks that are still due run from within this call with TD_ERR_UNAVAILABLE; `state`
 * runs no more; whatever they ask of it is refused with TD_ERR_UNAVAILABLE. May be called from a
 * callback. NULL is ignored.
 * Leases, registries and readers built on it must be destroyed before. What was sent until then
 * still goes out (a lease given back, say): the socket stays on the loop for at most 200 ms.
 */
void td_live_destroy(struct td_live **live);

bool td_live_is_up(const struct td_live *live);
struct td_live_stats td_live_stats(const struct td_live *live);

/* --- replies: borrowed, valid until the callback returns --- */

struct td_live_reply;

enum td_live_kind {
    TD_LIVE_NIL,
    TD_LIVE_INTEGER,
    TD_LIVE_BYTES, /**< A bulk string or a status line. */
    TD_LIVE_LIST,
    TD_LIVE_ERROR, /**< Its text is in td_live_reply_bytes. */
};

enum td_live_kind td_live_reply_kind(const struct td_live_reply *reply);
/** 0 unless an integer, or bytes that are a decimal number. */
int64_t td_live_reply_integer(const struct td_live_reply *reply);
/** Empty unless bytes or an error. Terminated by a zero byte that is not counted. */
struct td_bytes td_live_reply_bytes(const struct td_live_reply *reply);
/** 0 unless a list. */
uint32_t td_live_reply_count(const struct td_live_reply *reply);
/** @param index  Below the count. */
const struct td_live_reply *td_live_reply_at(const struct td_live_reply *reply, uint32_t index);

/** @param reply  NULL on TD_ERR_TIMEOUT and when the connection went away. */
typedef void (*td_live_reply_fn)(void *ctx, enum td_err err, const struct td_live_reply *reply);

/* --- commands --- */

/** Most arguments of a command, its name included. */
#define TD_LIVE_ARGS_MAX 64

/** Text without its terminator. Borrowed from `text`. */
struct td_bytes td_live_text(const char *text);

/**
 * Sends one command, e.g. {"HGET", key, field}. Commands are carried out in the order they were
 * sent. One whose answer was lost is not repeated.
 *
 * @param args  Borrowed for the call; 1 to TD_LIVE_ARGS_MAX.
 * @return TD_OK; TD_ERR_UNAVAILABLE (not up: nothing was sent); TD_ERR_BUSY (commands_max wait
 *         already); TD_ERR_NO_MEMORY.
 */
enum td_err TD_MUST_CHECK td_live_command(struct td_live *live, const struct td_bytes *args,
                                          uint32_t arg_count, uint32_t deadline_ms,
                                          td_live_reply_fn fn, void *ctx);

/** A Lua script and what it is called with; keys and arguments together at most 60. */
struct td_live_eval {
    const char *script;
    const struct td_bytes *keys;
    const struct td_bytes *args;
    uint32_t key_count;
    uint32_t arg_count;
    uint32_t deadline_ms;
};

/** As td_live_command. The script's text is sent each time: for what runs some times a second. */
enum td_err TD_MUST_CHECK td_live_eval(struct td_live *live, const struct td_live_eval *eval,
                                       td_live_reply_fn fn, void *ctx);

#endif
