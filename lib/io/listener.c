#include "io/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128
/** Connections taken per turn of the loop. */
#define ACCEPT_MAX 16

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const char *text, uint16_t port, union address *address, socklen_t *size)
{
    *address = (union address){0};
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        *size = sizeof(address->v4);
        return true;
    }
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons(port);
    *size = sizeof(address->v6);
    return inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1;
}

static enum td_err last_error(void)
{
    return errno == EADDRNOTAVAIL ? TD_ERR_INVALID : td_err_from_errno(errno);
}

static enum td_err bind_and_listen(int fd, const union address *address, socklen_t size,
                                   uint16_t *port)
{
    int on = 1;
    union address bound = {0};
    socklen_t bound_size = sizeof(bound);

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, &address->any, size) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, &bound.any, &bound_size) != 0)
        return last_error();
    *port = ntohs(bound.any.sa_family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
    return TD_OK;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct td_listener *listener = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPT_MAX && !uv_is_closing((const uv_handle_t *)poll); i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0)
            return; // Nobody more for now; or no descriptors, and the next turn tries again.
        listener->on_accept(listener, fd);
    }
}

static enum td_err watch(struct td_listener *listener, struct td_loop *loop)
{
    int rc = uv_poll_init(td_loop_uv(loop), &listener->poll, listener->fd);

    if (rc != 0)
        return td_err_from_errno(-rc);
    listener->poll.data = listener;
    (void)uv_poll_start(&listener->poll, UV_READABLE, on_readable);
    return TD_OK;
}

enum td_err td_listener_open(struct td_listener *listener, struct td_loop *loop,
                             const char *address, uint16_t port,
                             void (*on_accept)(struct td_listener *listener, int fd))
{
    union address to_bind;
    socklen_t size;

    *listener = (struct td_listener){.on_accept = on_accept};
    if (!parse_address(address, port, &to_bind, &size))
        return TD_ERR_INVALID;
    listener->fd = socket(to_bind.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return last_error();

    enum td_err err = bind_and_listen(listener->fd, &to_bind, size, &listener->port);
    if (err == TD_OK)
        err = watch(listener, loop);
    if (err != TD_OK)
        (void)close(listener->fd);
    return err;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct td_listener *listener = handle->data;

    listener->on_closed(listener);
}

void td_listener_close(struct td_listener *listener,
                       void (*on_closed)(struct td_listener *listener))
{
    listener->on_closed = on_closed;
    uv_close((uv_handle_t *)&listener->poll, on_poll_closed);
    (void)close(listener->fd);
}
