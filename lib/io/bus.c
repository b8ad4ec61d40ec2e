#include "io/bus.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zmq.h>

#include "io/bus_list.h"

#define MESSAGE_MAX_DEFAULT (UINT32_C(1) << 20)
#define QUEUE_MAX_DEFAULT 4096
#define HANDLES 3

struct td_bus {
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle; /* active while a socket has more: the loop then polls without waiting */
    unsigned open_handles;
    struct td_loop *loop;
    struct td_bus_options options;
    void *context;
    struct td_bus_socket listed; /* head of a ring */
    uint32_t socket_count;
};

static void ring_init(struct td_bus_socket *head)
{
    head->next = head;
    head->prev = head;
}

static void ring_append(struct td_bus_socket *head, struct td_bus_socket *socket)
{
    socket->prev = head->prev;
    socket->next = head;
    head->prev->next = socket;
    head->prev = socket;
    socket->listed = true;
}

static void ring_remove(struct td_bus_socket *socket)
{
    socket->prev->next = socket->next;
    socket->next->prev = socket->prev;
    socket->listed = false;
}

static void ring_move(struct td_bus_socket *from, struct td_bus_socket *to)
{
    ring_init(to);
    if (from->next == from)
        return;
    to->next = from->next;
    to->prev = from->prev;
    to->next->prev = to;
    to->prev->next = to;
    ring_init(from);
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle; // That it is active is all that counts.
}

static bool is_readable(struct td_bus_socket *socket)
{
    int events = 0;
    size_t size = sizeof(events);
    int rc = zmq_getsockopt(socket->zmq, ZMQ_EVENTS, &events, &size);

    return rc == 0 && (events & ZMQ_POLLIN) != 0;
}

/* Before polling: keep only the sockets that have something, and do not sleep if there is one. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct td_bus *bus = prepare->data;
    struct td_bus_socket *socket = bus->listed.next;

    while (socket != &bus->listed) {
        struct td_bus_socket *next = socket->next;

        td_bus_flush(socket); // May swallow the sign that something has come: so it goes first.
        bool readable =
            is_readable(socket); // Asked in any case: it also lets ZeroMQ do its chores.

        if (socket->on_work == NULL || !(readable || socket->more))
            ring_remove(socket);
        socket = next;
    }
    if (bus->listed.next != &bus->listed)
        uv_idle_start(&bus->idle, on_idle);
    else
        uv_idle_stop(&bus->idle);
}

/* After polling: each listed socket works once. They may close themselves or each other meanwhile.
 */
static void on_check(uv_check_t *check)
{
    struct td_bus *bus = check->data;
    struct td_bus_socket turn;

    ring_move(&bus->listed, &turn);
    while (turn.next != &turn) {
        struct td_bus_socket *socket = turn.next;

        ring_remove(socket);
        ring_append(&bus->listed, socket);
        if (socket->on_work != NULL)
            socket->more =
                socket->on_work(socket); // Closed or not, its memory lasts for this turn.
    }
}

static void init_handles(struct td_bus *bus)
{
    uv_loop_t *uv = td_loop_uv(bus->loop);

    uv_prepare_init(uv, &bus->prepare);
    uv_check_init(uv, &bus->check);
    uv_idle_init(uv, &bus->idle);
    bus->prepare.data = bus;
    bus->check.data = bus;
    bus->idle.data = bus;
    bus->open_handles = HANDLES;
    uv_prepare_start(&bus->prepare, on_prepare);
    uv_check_start(&bus->check, on_check);
    // The sockets keep the loop alive, not these.
    uv_unref((uv_handle_t *)&bus->prepare);
    uv_unref((uv_handle_t *)&bus->check);
    uv_unref((uv_handle_t *)&bus->idle);
}

enum td_err td_bus_create(struct td_loop *loop, const struct td_bus_options *options,
                          struct td_bus **bus)
{
    struct td_bus *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->context = zmq_ctx_new();
    if (self->context == NULL) {
        free(self);
        return td_err_from_errno(errno);
    }
    self->loop = loop;
    self->options = options != NULL ? *options : (struct td_bus_options){0};
    if (self->options.message_max_bytes == 0)
        self->options.message_max_bytes = MESSAGE_MAX_DEFAULT;
    if (self->options.queue_max == 0)
        self->options.queue_max = QUEUE_MAX_DEFAULT;
    ring_init(&self->listed);
    init_handles(self);
    *bus = self;
    return TD_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct td_bus *bus = handle->data;

    if (--bus->open_handles == 0)
        free(bus);
}

void td_bus_destroy(struct td_bus **bus)
{
    struct td_bus *self = *bus;

    if (self == NULL)
        return;
    *bus = NULL;

    assert(self->socket_count == 0);
    // Without sockets and linger it only waits for ZeroMQ's own thread to end.
    while (zmq_ctx_term(self->context) != 0 && errno == EINTR)
        ;
    uv_close((uv_handle_t *)&self->prepare, on_closed);
    uv_close((uv_handle_t *)&self->check, on_closed);
    uv_close((uv_handle_t *)&self->idle, on_closed);
}

struct td_loop *td_bus_loop(const struct td_bus *bus)
{
    return bus->loop;
}

uint32_t td_bus_message_max(const struct td_bus *bus)
{
    return bus->options.message_max_bytes;
}

uint32_t td_bus_queue_max(const struct td_bus *bus)
{
    return bus->options.queue_max;
}

void *td_bus_context(const struct td_bus *bus)
{
    return bus->context;
}

void td_bus_socket_joined(struct td_bus *bus)
{
    bus->socket_count++;
}

void td_bus_socket_left(struct td_bus *bus)
{
    bus->socket_count--;
}

void td_bus_list_add(struct td_bus_socket *socket)
{
    if (!socket->listed)
        ring_append(&socket->bus->listed, socket);
}

void td_bus_list_remove(struct td_bus_socket *socket)
{
    if (socket->listed)
        ring_remove(socket);
}
