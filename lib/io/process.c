#include "io/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "io/frame.h"
#include "io/timer.h"

#define FRAME_MAX_DEFAULT (UINT32_C(1) << 20)
#define QUEUE_MAX_DEFAULT (UINT32_C(4) << 20)
/** How long after the child's end its output may stay open (by a child of its own). */
#define DRAIN_MAX_MS 1000
#define READ_SIZE 65536

struct td_process {
    uv_process_t process;
    uv_pipe_t to_child;
    uv_pipe_t from_child;
    unsigned open_handles; /* the last close callback frees the process */
    struct td_loop *loop;
    struct td_process_options options;
    struct td_frame_reader reader;
    struct td_timer drain;
    struct td_process_end end;
    uint32_t queued_bytes;
    bool running;
    bool output_ended;
    bool reported;
    bool destroyed;
    uint8_t buf[];
};

struct write {
    uv_write_t request;
    struct td_process *process;
    uint32_t size;
    uint8_t bytes[];
};

static void on_closed(uv_handle_t *handle)
{
    struct td_process *process = handle->data;

    if (--process->open_handles == 0)
        free(process);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void close_all(struct td_process *process)
{
    td_timer_stop(&process->drain);
    close_handle((uv_handle_t *)&process->process);
    close_handle((uv_handle_t *)&process->to_child);
    close_handle((uv_handle_t *)&process->from_child);
}

/* The end is told when the child has ended and its last words have been read. */
static void report_end(struct td_process *process)
{
    if (process->running || process->reported)
        return;
    if (!process->output_ended && !process->destroyed) {
        td_timer_start(&process->drain, DRAIN_MAX_MS);
        return;
    }
    process->reported = true;
    bool destroyed = process->destroyed;

    if (destroyed)
        close_all(process);
    else
        process->options.on_exit(process->options.ctx, process->end);
}

static void end_output(struct td_process *process)
{
    process->output_ended = true;
    td_timer_stop(&process->drain);
    (void)uv_read_stop((uv_stream_t *)&process->from_child);
    report_end(process);
}

static void on_drain_over(void *ctx)
{
    end_output(ctx);
}

static void on_process_exit(uv_process_t *handle, int64_t status, int term_signal)
{
    struct td_process *process = handle->data;

    process->running = false;
    process->end = (struct td_process_end){.status = status, .signal = term_signal};
    report_end(process);
}

/* --- from the child --- */

static void on_alloc(uv_handle_t *handle, size_t suggested_size, uv_buf_t *buf)
{
    struct td_process *process = handle->data;
    uint8_t *space;
    size_t size;

    (void)suggested_size;
    td_frame_reader_space(&process->reader, &space, &size);
    *buf = uv_buf_init((char *)space, (unsigned)(size < READ_SIZE ? size : READ_SIZE));
}

static void deliver_frames(struct td_process *process)
{
    struct td_bytes frame;
    enum td_err err = TD_OK;

    while (!process->destroyed && (err = td_frame_take(&process->reader, &frame)) == TD_OK)
        process->options.on_frame(process->options.ctx, frame);
    if (!process->destroyed && err == TD_ERR_LIMIT) {
        // The stream is broken for good: what follows has no meaning.
        td_log_warn(td_loop_log(process->loop), "worker.babbled",
                    td_u64("frame_max", process->options.frame_max));
        td_process_kill(process);
        end_output(process);
    }
}

static void on_output(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    struct td_process *process = stream->data;

    (void)buf;
    if (process->destroyed || size == 0)
        return;
    if (size < 0) {
        end_output(process);
        return;
    }
    struct td_loop_span span = td_loop_begin("worker.frame");
    struct td_loop *loop = process->loop;
    td_frame_reader_filled(&process->reader, (size_t)size);
    deliver_frames(process);
    td_loop_end(loop, span);
}

/* --- to the child --- */

static void on_written(uv_write_t *request, int status)
{
    struct write *write = (struct write *)request; // Its first member.

    (void)status; // A child that does not read any more is about to be reported as ended.
    write->process->queued_bytes -= write->size;
    free(write);
}

enum td_err td_process_send(struct td_process *process, struct td_bytes frame)
{
    uint32_t size = (uint32_t)frame.size + TD_FRAME_HEADER_SIZE;

    if (!process->running || process->reported)
        return TD_ERR_UNAVAILABLE;
    if (frame.size > process->options.frame_max)
        return TD_ERR_RANGE;
    if (size > process->options.queue_max_bytes - process->queued_bytes)
        return TD_ERR_LIMIT;

    struct write *write = malloc(sizeof(*write) + size);
    if (write == NULL)
        return TD_ERR_NO_MEMORY;
    write->process = process;
    write->size = size;
    td_frame_header(write->bytes, (uint32_t)frame.size);
    if (frame.size > 0)
        memcpy(write->bytes + TD_FRAME_HEADER_SIZE, frame.data, frame.size);
    uv_buf_t buf = uv_buf_init((char *)write->bytes, size);
    if (uv_write(&write->request, (uv_stream_t *)&process->to_child, &buf, 1, on_written) != 0) {
        free(write);
        return TD_ERR_UNAVAILABLE;
    }
    process->queued_bytes += size;
    return TD_OK;
}

/* --- life --- */

static enum td_err limit(pid_t pid, int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit bound = {.rlim_cur = soft, .rlim_max = hard};

    return prlimit(pid, resource, &bound, NULL) == 0 ? TD_OK : td_err_from_errno(errno);
}

#ifdef __SANITIZE_ADDRESS__
#define HAS_SHADOW_MEMORY true /* terabytes of address space, none of it used */
#else
#define HAS_SHADOW_MEMORY false
#endif

/* After the start, since uv_spawn() runs nothing of ours in the child. It is early enough: the
   child has nothing to do before its first frame, which comes later. */
static enum td_err limit_child(const struct td_process *process)
{
    const struct td_process_options *options = &process->options;
    pid_t pid = process->process.pid;
    enum td_err err = limit(pid, RLIMIT_CORE, 0, 0);

    if (err == TD_OK && options->cpu_max_s > 0)
        err = limit(pid, RLIMIT_CPU, options->cpu_max_s, (rlim_t)options->cpu_max_s + 1);
    if (err == TD_OK && options->memory_max_bytes > 0 && !HAS_SHADOW_MEMORY)
        err = limit(pid, RLIMIT_AS, options->memory_max_bytes, options->memory_max_bytes);
    return err;
}

static enum td_err spawn(struct td_process *process, const char *const *argv)
{
    uv_stdio_container_t stdio[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
         .data.stream = (uv_stream_t *)&process->to_child},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&process->from_child},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    union {
        const char *const *given;
        char **taken; /* execvp() and so libuv know no const; neither writes */
    } args = {.given = argv};
    uv_process_options_t options = {
        .exit_cb = on_process_exit,
        .file = argv[0],
        .args = args.taken,
        .stdio = stdio,
        .stdio_count = 3,
    };

    return td_err_from_errno(-uv_spawn(td_loop_uv(process->loop), &process->process, &options));
}

static void set_defaults(struct td_process_options *options)
{
    if (options->frame_max == 0)
        options->frame_max = FRAME_MAX_DEFAULT;
    if (options->queue_max_bytes == 0)
        options->queue_max_bytes = QUEUE_MAX_DEFAULT;
    options->argv = NULL; // Borrowed; not to be looked at later.
}

static void init_handles(struct td_process *process)
{
    uv_loop_t *uv = td_loop_uv(process->loop);

    (void)uv_pipe_init(uv, &process->to_child, 0);
    (void)uv_pipe_init(uv, &process->from_child, 0);
    process->process.data = process;
    process->to_child.data = process;
    process->from_child.data = process;
    process->open_handles = 3;
    td_timer_init(&process->drain, process->loop, on_drain_over, process);
}

enum td_err td_process_start(struct td_loop *loop, const struct td_process_options *options,
                             struct td_process **process)
{
    struct td_process_options own = *options;
    set_defaults(&own);

    size_t buf_size = (size_t)own.frame_max + TD_FRAME_HEADER_SIZE;
    struct td_process *self = calloc(1, sizeof(*self) + buf_size);
    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    self->loop = loop;
    self->options = own;
    td_frame_reader_init(&self->reader, self->buf, buf_size);
    init_handles(self);

    enum td_err err = spawn(self, options->argv);
    if (err != TD_OK) {
        close_all(self);
        return err;
    }
    self->running = true;
    err = limit_child(self);
    if (err != TD_OK) {
        td_process_destroy(&self);
        return err;
    }
    (void)uv_read_start((uv_stream_t *)&self->from_child, on_alloc, on_output);
    *process = self;
    return TD_OK;
}

uint32_t td_process_queued_bytes(const struct td_process *process)
{
    return process->queued_bytes;
}

void td_process_kill(struct td_process *process)
{
    if (process->running)
        (void)uv_process_kill(&process->process, SIGKILL);
}

int td_process_pid(const struct td_process *process)
{
    return process->process.pid;
}

void td_process_destroy(struct td_process **process)
{
    struct td_process *self = *process;

    if (self == NULL)
        return;
    *process = NULL;

    self->destroyed = true;
    td_timer_stop(&self->drain);
    if (self->running) {
        // Closed when it has been reaped: closing now would leave a zombie.
        td_process_kill(self);
        (void)uv_read_stop((uv_stream_t *)&self->from_child);
        close_handle((uv_handle_t *)&self->to_child);
        close_handle((uv_handle_t *)&self->from_child);
        return;
    }
    close_all(self);
}
