/**
 * @file bus_socket.h  One ZeroMQ socket woven into the loop. For io/bus_*.c only.
 *
 * ZeroMQ's descriptor is edge-triggered: it says "look again", and any call on the socket may
 * swallow that. So it only wakes the loop; what counts is ZMQ_EVENTS. A socket on which something
 * may have happened is *listed*: the bus calls its `on_work` after polling, and before the next
 * polling asks ZMQ_EVENTS; if there is more, the loop does not go to sleep. Sockets left alone cost
 * nothing.
 */
#ifndef TD_IO_BUS_SOCKET_H
#define TD_IO_BUS_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>
#include <zmq.h>

#include "io/bus.h"

/** Messages taken, and time spent on them, per socket and turn of the loop. */
#define TD_BUS_TURN_MESSAGES 256
#define TD_BUS_TURN_NS UINT64_C(5000000)

struct td_bus_socket;

/** Does what there is to do, within the bounds above; true if it must be called again without
   waiting for ZeroMQ. May close the socket. */
typedef bool (*td_bus_work_fn)(struct td_bus_socket *socket);

/** Messages that wait for the end of the turn, per socket; more are sent at once. */
#define TD_BUS_QUEUED_MAX 32
#define TD_BUS_QUEUED_FRAMES_MAX 4

struct td_bus_queued {
    zmq_msg_t frames[TD_BUS_QUEUED_FRAMES_MAX];
    size_t count;
};

struct td_bus_socket {
    uv_poll_t poll; /* its close callback is the end of the owner */
    struct td_bus *bus;
    void *zmq; /* NULL once closed */
    td_bus_work_fn on_work;
    void (*on_closed)(struct td_bus_socket *socket);
    struct td_bus_socket *next, *prev; /* list of the bus */
    bool listed;
    bool more; /* the last answer of on_work */
    /** A queued message was not taken: the peer's queue is full, or it is gone. May be NULL. */
    void (*on_unsent)(struct td_bus_socket *socket, zmq_msg_t *frames);
    struct td_bus_queued *queued; /* NULL until the first */
    uint32_t queued_count;
};

struct td_loop *td_bus_loop(const struct td_bus *bus);
uint32_t td_bus_message_max(const struct td_bus *bus);

/** @param on_work  NULL for a socket that only sends. */
enum td_err TD_MUST_CHECK td_bus_socket_open(struct td_bus_socket *socket, struct td_bus *bus,
                                             int type, td_bus_work_fn on_work);

/** @param resolved  Receives the endpoint with its real port. */
enum td_err TD_MUST_CHECK td_bus_socket_bind(struct td_bus_socket *socket, const char *endpoint,
                                             char resolved[TD_BUS_ENDPOINT_SIZE]);
enum td_err TD_MUST_CHECK td_bus_socket_connect(struct td_bus_socket *socket, const char *endpoint);

void td_bus_socket_set(struct td_bus_socket *socket, int option, int value);

bool td_bus_socket_is_open(const struct td_bus_socket *socket);

/** To be called after each send, since sending may swallow the wake-up of an arrival. */
void td_bus_socket_touch(struct td_bus_socket *socket);

/** Closes now; `on_closed` runs later from the loop and may free the owner. */
void td_bus_socket_close(struct td_bus_socket *socket,
                         void (*on_closed)(struct td_bus_socket *socket));

/** Sends one frame, copied; the socket is not touched. @return TD_OK, TD_ERR_UNAVAILABLE (full or
 * gone). */
enum td_err TD_MUST_CHECK td_bus_send(struct td_bus_socket *socket, const void *data, size_t size,
                                      bool more);

/**
 * Sends a message at the end of this turn of the loop, with all others of the turn. ZeroMQ's own
 * thread sends, and waking it costs more than a message does: so it is woken once a turn.
 *
 * @param frames  Taken, also on failure. At most TD_BUS_QUEUED_FRAMES_MAX.
 * @return TD_OK; TD_ERR_UNAVAILABLE: not taken (known at once only when many are queued).
 */
enum td_err TD_MUST_CHECK td_bus_queue(struct td_bus_socket *socket, zmq_msg_t *frames,
                                       size_t count);

/** Sends what is queued. For the bus. */
void td_bus_flush(struct td_bus_socket *socket);

/** A frame with a copy of the bytes. Aborts when out of memory. */
void td_bus_frame_init(zmq_msg_t *frame, const void *data, size_t size);

/**
 * Receives one message.
 *
 * @param frames  Room for `max`; those counted must be given to td_bus_frames_close().
 * @return Frames of the message, more than `max` if it had more (only `max` are there), or 0: no
 * message.
 */
size_t td_bus_receive(struct td_bus_socket *socket, zmq_msg_t *frames, size_t max);

/** @param count  What td_bus_receive() returned. */
void td_bus_frames_close(zmq_msg_t *frames, size_t count, size_t max);

struct td_bytes td_bus_frame_bytes(zmq_msg_t *frame);

#endif
