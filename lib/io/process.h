/**
 * @file process.h  A worker program as a child process that can be bounded and killed.
 *
 * For work that must not be able to harm its service: scripts of dialogs, speech synthesis. Frames
 * (io/frame.h) go to the child's standard input and come from its standard output; its standard
 * error is the service's. The child's own side is io/worker.h. It is bounded in CPU time and
 * address space before it gets its first frame; whether to start another one when it dies is the
 * user's decision.
 *
 * One loop, one thread.
 */
#ifndef TD_IO_PROCESS_H
#define TD_IO_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "io/loop.h"

struct td_process;

/** How a child ended: `signal` is 0 when it exited by itself, with `status`. */
struct td_process_end {
    int64_t status;
    int signal;
};

struct td_process_options {
    const char *const
        *argv; /**< argv[0] is the program (searched in PATH without a slash); ends with NULL. */
    uint32_t frame_max; /**< Bytes of a frame, both ways. Default 1 MiB. A larger one from the child
                           kills it. */
    uint32_t queue_max_bytes; /**< Waiting to be taken by the child. Default 4 MiB. */
    uint32_t cpu_max_s; /**< CPU seconds in its life (then SIGXCPU, a second later SIGKILL); 0: no
                           bound. */
    uint64_t memory_max_bytes; /**< Address space; 0: no bound. Not enforced in builds with
                                  AddressSanitizer. */
    void (*on_frame)(void *ctx, struct td_bytes frame); /**< Frame is borrowed. */
    /** Exactly once, after the last frame, unless td_process_destroy() came first. */
    void (*on_exit)(void *ctx, struct td_process_end end);
    void *ctx; /**< Kept. */
};

/**
 * Starts the program. No callback runs from within this call.
 *
 * @param loop     Kept.
 * @param options  Borrowed.
 * @return TD_OK, TD_ERR_NOT_FOUND (no such program), TD_ERR_DENIED, TD_ERR_LIMIT (processes,
 * files), TD_ERR_NO_MEMORY, TD_ERR_INTERNAL.
 */
enum td_err TD_MUST_CHECK td_process_start(struct td_loop *loop,
                                           const struct td_process_options *options,
                                           struct td_process **process);

/** Sends a frame; the bytes are copied.
    @return TD_OK, TD_ERR_RANGE (over frame_max), TD_ERR_LIMIT (queue full), TD_ERR_UNAVAILABLE (it
   ended). */
enum td_err TD_MUST_CHECK td_process_send(struct td_process *process, struct td_bytes frame);

/** Bytes the child has not taken yet. */
uint32_t td_process_queued_bytes(const struct td_process *process);

/** SIGKILL; on_exit follows. Ignored when it has ended. */
void td_process_kill(struct td_process *process);

int td_process_pid(const struct td_process *process);

/** Kills the child if it runs, without on_exit, and sets *process to NULL; NULL is ignored. May be
   called from the callbacks. The loop reaps the child before it can be destroyed. */
void td_process_destroy(struct td_process **process);

#endif
