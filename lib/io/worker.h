/**
 * @file worker.h  The worker program's side of io/process.h: blocking frames on standard input and
 * output.
 *
 * A worker is a small single-threaded program: init, then receive and send until the service closes
 * the pipe. What the program or a library prints to standard output would break the frames, so init
 * moves the frames to another descriptor and points standard output at standard error.
 */
#ifndef TD_IO_WORKER_H
#define TD_IO_WORKER_H

#include "base/bytes.h"
#include "base/err.h"
#include "io/frame.h"

/** Fields are private. */
struct td_worker {
    struct td_frame_reader reader;
    int in;
    int out;
};

/**
 * Sets up the pipes, and asks the kernel to kill this process when the service dies.
 *
 * @param buf  Kept: for the largest frame, see td_frame_reader_init().
 * @return TD_OK, TD_ERR_INTERNAL.
 */
enum td_err TD_MUST_CHECK td_worker_init(struct td_worker *worker, void *buf, size_t size);

/**
 * Waits for the next frame.
 *
 * @param frame  Valid until the next call.
 * @return TD_OK, TD_ERR_UNAVAILABLE (the service closed the pipe: exit), TD_ERR_LIMIT (frame too
 * large), TD_ERR_INTERNAL.
 */
enum td_err TD_MUST_CHECK td_worker_receive(struct td_worker *worker, struct td_bytes *frame);

/** Writes a frame whole. @return TD_OK, TD_ERR_UNAVAILABLE (nobody reads), TD_ERR_INTERNAL. */
enum td_err TD_MUST_CHECK td_worker_send(struct td_worker *worker, struct td_bytes frame);

#endif
