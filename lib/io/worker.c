#include "io/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

static enum td_err set_up_pipes(struct td_worker *worker)
{
    worker->in = STDIN_FILENO;
    worker->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (worker->out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return TD_ERR_INTERNAL;
    return TD_OK;
}

enum td_err td_worker_init(struct td_worker *worker, void *buf, size_t size)
{
    td_frame_reader_init(&worker->reader, buf, size);
    (void)signal(SIGPIPE, SIG_IGN); // A service that is gone shows as an error of the write.
    enum td_err err = set_up_pipes(worker);
    if (err != TD_OK)
        return err;

    // A worker in an endless loop never sees its input close; the kernel ends it with its service.
    // Should that be gone already, the first receive finds the input closed.
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? TD_OK : TD_ERR_INTERNAL;
}

enum td_err td_worker_receive(struct td_worker *worker, struct td_bytes *frame)
{
    for (;;) {
        enum td_err err = td_frame_take(&worker->reader, frame);
        uint8_t *space;
        size_t size;

        if (err != TD_ERR_NOT_FOUND)
            return err;
        td_frame_reader_space(&worker->reader, &space, &size);
        ssize_t got = read(worker->in, space, size);
        if (got == 0)
            return TD_ERR_UNAVAILABLE;
        if (got > 0)
            td_frame_reader_filled(&worker->reader, (size_t)got);
        else if (errno != EINTR)
            return errno == ECONNRESET ? TD_ERR_UNAVAILABLE : TD_ERR_INTERNAL;
    }
}

static enum td_err write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);

        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (errno != EINTR) {
            return errno == EPIPE || errno == ECONNRESET ? TD_ERR_UNAVAILABLE : TD_ERR_INTERNAL;
        }
    }
    return TD_OK;
}

enum td_err td_worker_send(struct td_worker *worker, struct td_bytes frame)
{
    uint8_t header[TD_FRAME_HEADER_SIZE];

    td_frame_header(header, (uint32_t)frame.size);
    enum td_err err = write_all(worker->out, header, sizeof(header));
    return err == TD_OK ? write_all(worker->out, frame.data, frame.size) : err;
}
