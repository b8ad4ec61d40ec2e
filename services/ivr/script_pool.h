/**
 * @file script_pool.h  Script workers: who evaluates the expressions of dialogs, and for how long.
 *
 * A few worker programs (services/ivr/script), each with one expression at a time; the others wait
 * in line. An expression that runs longer than its deadline is ended with its worker; another
 * worker takes its place. Workers keep nothing, so that costs nobody else anything but waiting.
 *
 * One loop, one thread. Answers never come from within script_pool_ask().
 */
#ifndef IVR_SCRIPT_POOL_H
#define IVR_SCRIPT_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "io/loop.h"
#include "wire/script_wire.h"

/** Expressions that wait in line at most. */
#define SCRIPT_POOL_LINE_MAX 256U
#define SCRIPT_POOL_WORKERS_MAX 16U

struct script_pool;

enum script_outcome {
    SCRIPT_ANSWERED,  /**< `reply` tells what came of it. */
    SCRIPT_OVERDUE,   /**< Ran longer than allowed, and was killed. */
    SCRIPT_DIED,      /**< The worker ended over it. */
    SCRIPT_NO_WORKER, /**< Waited in line for too long. */
    SCRIPT_OUTCOME_COUNT
};

struct script_pool_options {
    const char *program;       /**< Path of the worker program. */
    uint32_t workers;          /**< 1 to SCRIPT_POOL_WORKERS_MAX. */
    uint32_t deadline_ms;      /**< For one expression. */
    uint32_t memory_max_bytes; /**< For one expression. */
    /** The answer to one script_pool_ask(). @param reply  Borrowed; NULL unless ANSWERED. */
    void (*answered)(void *ctx, uint64_t token, enum script_outcome outcome,
                     const struct td_script_reply *reply);
    void *ctx;              /**< Kept. */
    struct td_arena *arena; /**< Kept: scratch for replies, left as it was found. */
};

struct script_pool_stats {
    uint64_t evaluated;
    uint64_t killed;  /**< Over their deadline. */
    uint64_t died;    /**< Workers that ended unasked. */
    uint32_t running; /**< Workers. */
    uint32_t waiting; /**< Expressions. */
};

/**
 * Starts the workers. One that cannot be started is tried again with a growing pause.
 *
 * @param loop     Kept.
 * @param options  Borrowed.
 */
enum td_err TD_MUST_CHECK script_pool_create(struct td_loop *loop,
                                             const struct script_pool_options *options,
                                             struct script_pool **pool);
/** Ends the workers; no answer comes any more. NULL is ignored. */
void script_pool_destroy(struct script_pool **pool);

/**
 * Asks for a value.
 *
 * @param request  A packed ScriptRequest; copied. Its number comes back in the reply.
 * @param token    Comes back with the answer.
 * @return TD_OK, TD_ERR_LIMIT (the line is full), TD_ERR_NO_MEMORY.
 */
enum td_err TD_MUST_CHECK script_pool_ask(struct script_pool *pool, uint64_t token,
                                          struct td_bytes request);

struct script_pool_stats script_pool_stats(const struct script_pool *pool);

#endif
