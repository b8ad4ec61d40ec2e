#include "io/bus_socket.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/bus_list.h"

#define HEARTBEAT_MS 1000
#define HEARTBEAT_TIMEOUT_MS 3000
#define RECONNECT_MS 50
#define RECONNECT_MAX_MS 1000

static enum td_err err_from_zmq(int errnum)
{
    switch (errnum) {
    case EPROTONOSUPPORT:
    case ENOCOMPATPROTO:
    case ENODEV:
    case EADDRNOTAVAIL:
        return TD_ERR_INVALID;
    default:
        return td_err_from_errno(errnum);
    }
}

static void on_wake(uv_poll_t *poll, int status, int events)
{
    (void)status; // The work reads ZMQ_EVENTS; an error of the socket shows there.
    (void)events;
    td_bus_socket_touch(poll->data);
}

static void set_options(struct td_bus_socket *socket)
{
    int queue_max = (int)td_bus_queue_max(socket->bus);
    int64_t message_max = td_bus_message_max(socket->bus);

    td_bus_socket_set(socket, ZMQ_LINGER, 0);
    td_bus_socket_set(socket, ZMQ_SNDHWM, queue_max);
    td_bus_socket_set(socket, ZMQ_RCVHWM, queue_max);
    td_bus_socket_set(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    td_bus_socket_set(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
    // A host that vanished sends no FIN: without this its connection would look alive for hours.
    td_bus_socket_set(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
    td_bus_socket_set(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS);
    int rc = zmq_setsockopt(socket->zmq, ZMQ_MAXMSGSIZE, &message_max, sizeof(message_max));
    assert(rc == 0);
}

static enum td_err watch(struct td_bus_socket *socket)
{
    int fd = -1;
    size_t size = sizeof(fd);
    int rc = zmq_getsockopt(socket->zmq, ZMQ_FD, &fd, &size);

    assert(rc == 0);
    rc = uv_poll_init(td_loop_uv(td_bus_loop(socket->bus)), &socket->poll, fd);
    if (rc != 0)
        return td_err_from_errno(-rc);
    socket->poll.data = socket;
    rc = uv_poll_start(&socket->poll, UV_READABLE, on_wake);
    assert(rc == 0);
    return TD_OK;
}

enum td_err td_bus_socket_open(struct td_bus_socket *socket, struct td_bus *bus, int type,
                               td_bus_work_fn on_work)
{
    *socket = (struct td_bus_socket){.bus = bus, .on_work = on_work};
    socket->zmq = zmq_socket(td_bus_context(bus), type);
    if (socket->zmq == NULL)
        return err_from_zmq(errno);

    set_options(socket);
    enum td_err err = watch(socket);
    if (err != TD_OK) {
        (void)zmq_close(socket->zmq);
        socket->zmq = NULL;
        return err;
    }
    td_bus_socket_joined(bus);
    return TD_OK;
}

enum td_err td_bus_socket_bind(struct td_bus_socket *socket, const char *endpoint,
                               char resolved[TD_BUS_ENDPOINT_SIZE])
{
    size_t size = TD_BUS_ENDPOINT_SIZE;

    if (zmq_bind(socket->zmq, endpoint) != 0)
        return err_from_zmq(errno);
    if (zmq_getsockopt(socket->zmq, ZMQ_LAST_ENDPOINT, resolved, &size) != 0)
        return TD_ERR_INVALID; // Longer than an endpoint may be.
    td_bus_socket_touch(socket);
    return TD_OK;
}

enum td_err td_bus_socket_connect(struct td_bus_socket *socket, const char *endpoint)
{
    if (zmq_connect(socket->zmq, endpoint) != 0)
        return err_from_zmq(errno);
    td_bus_socket_touch(socket);
    return TD_OK;
}

void td_bus_socket_set(struct td_bus_socket *socket, int option, int value)
{
    int rc = zmq_setsockopt(socket->zmq, option, &value, sizeof(value));

    assert(rc == 0); // Options and values are ours.
}

bool td_bus_socket_is_open(const struct td_bus_socket *socket)
{
    return socket->zmq != NULL;
}

void td_bus_socket_touch(struct td_bus_socket *socket)
{
    td_bus_list_add(socket);
}

static void drop_queued(struct td_bus_socket *socket)
{
    for (uint32_t i = 0; i < socket->queued_count; i++)
        td_bus_frames_close(socket->queued[i].frames, socket->queued[i].count,
                            socket->queued[i].count);
    free(socket->queued);
    socket->queued = NULL;
    socket->queued_count = 0;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct td_bus_socket *socket = handle->data;

    socket->on_closed(socket);
}

void td_bus_socket_close(struct td_bus_socket *socket,
                         void (*on_closed)(struct td_bus_socket *socket))
{
    td_bus_list_remove(socket);
    socket->on_closed = on_closed;
    // libuv first, so that it never watches a descriptor that ZeroMQ has closed.
    uv_close((uv_handle_t *)&socket->poll, on_poll_closed);
    drop_queued(socket);
    (void)zmq_close(socket->zmq);
    socket->zmq = NULL;
    td_bus_socket_left(socket->bus);
}

enum td_err td_bus_send(struct td_bus_socket *socket, const void *data, size_t size, bool more)
{
    int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
    int rc;

    do
        rc = zmq_send(socket->zmq, data, size, flags);
    while (rc < 0 && errno == EINTR);
    return rc >= 0 ? TD_OK : TD_ERR_UNAVAILABLE;
}

/* A socket takes or refuses a message with its first frame. Those that were sent are empty then. */
static bool send_frames(struct td_bus_socket *socket, zmq_msg_t *frames, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int flags = ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0);
        int rc;

        do
            rc = zmq_msg_send(&frames[i], socket->zmq, flags);
        while (rc < 0 && errno == EINTR);
        if (rc < 0)
            return false;
    }
    return true;
}

void td_bus_flush(struct td_bus_socket *socket)
{
    uint32_t count = socket->queued_count;

    socket->queued_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct td_bus_queued *message = &socket->queued[i];

        if (!send_frames(socket, message->frames, message->count) && socket->on_unsent != NULL)
            socket->on_unsent(socket, message->frames);
        td_bus_frames_close(message->frames, message->count, message->count);
    }
}

static uint32_t queued_max(const struct td_bus_socket *socket)
{
    uint32_t queue_max = td_bus_queue_max(socket->bus);

    return queue_max < TD_BUS_QUEUED_MAX ? queue_max : TD_BUS_QUEUED_MAX;
}

enum td_err td_bus_queue(struct td_bus_socket *socket, zmq_msg_t *frames, size_t count)
{
    assert(count <= TD_BUS_QUEUED_FRAMES_MAX);
    td_bus_socket_touch(socket);
    if (socket->queued == NULL)
        socket->queued = calloc(TD_BUS_QUEUED_MAX, sizeof(*socket->queued));
    if (socket->queued == NULL)
        abort(); // As everywhere a few kilobytes cannot be had.
    if (socket->queued_count >= queued_max(socket)) {
        td_bus_flush(socket);
        bool sent = send_frames(socket, frames, count);
        td_bus_frames_close(frames, count, count);
        return sent ? TD_OK : TD_ERR_UNAVAILABLE;
    }
    struct td_bus_queued *message = &socket->queued[socket->queued_count++];
    message->count = count;
    for (size_t i = 0; i < count; i++) {
        (void)zmq_msg_init(&message->frames[i]); // Neither can fail.
        (void)zmq_msg_move(&message->frames[i], &frames[i]);
    }
    return TD_OK;
}

void td_bus_frame_init(zmq_msg_t *frame, const void *data, size_t size)
{
    if (zmq_msg_init_size(frame, size) != 0)
        abort(); // As everywhere a few hundred bytes cannot be had.
    if (size > 0)
        memcpy(zmq_msg_data(frame), data, size);
}

static bool receive_frame(struct td_bus_socket *socket, zmq_msg_t *frame)
{
    int rc;

    (void)zmq_msg_init(frame); // Cannot fail.
    do
        rc = zmq_msg_recv(frame, socket->zmq, ZMQ_DONTWAIT);
    while (rc < 0 && errno == EINTR);
    if (rc >= 0)
        return true;
    (void)zmq_msg_close(frame);
    return false;
}

size_t td_bus_receive(struct td_bus_socket *socket, zmq_msg_t *frames, size_t max)
{
    size_t count = 0;
    bool more = true;

    while (more && count < max) {
        if (!receive_frame(socket, &frames[count]))
            return count; // Parts of a message arrive together, so this is 0.
        more = zmq_msg_more(&frames[count]) != 0;
        count++;
    }
    for (zmq_msg_t surplus; more && receive_frame(socket, &surplus); count++) {
        more = zmq_msg_more(&surplus) != 0;
        (void)zmq_msg_close(&surplus);
    }
    return count;
}

void td_bus_frames_close(zmq_msg_t *frames, size_t count, size_t max)
{
    for (size_t i = 0; i < count && i < max; i++)
        (void)zmq_msg_close(&frames[i]);
}

struct td_bytes td_bus_frame_bytes(zmq_msg_t *frame)
{
    return td_bytes(zmq_msg_data(frame), zmq_msg_size(frame));
}
