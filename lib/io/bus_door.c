#include "io/bus_door.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/bus_line.h"
#include "io/bus_zap.h"
#include "io/timer.h"

#define CONNECTIONS_MAX_DEFAULT 1000
#define QUEUE_MAX_DEFAULT 1000
#define MESSAGE_MAX_DEFAULT (64U << 10)
#define HANDSHAKE_DEFAULT_MS 2000
#define FIRST_MESSAGE_DEFAULT_MS 10000
#define GUEST_TIMEOUT_MS 30000
#define SWEEP_MS 250
#define FAREWELL_NS UINT64_C(200000000) /* for what was sent last to get out */
#define ENDLESS_MESSAGES 4 /* so many times the longest message without there being one */
#define NS_PER_MS UINT64_C(1000000)

#define MONITOR "inproc://door.monitor"
#define MONITORED (ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED)

enum { PEER, BODY, FRAME_COUNT };
enum { EVENT, SOURCE, MONITOR_FRAME_COUNT };

struct watch {
    struct td_bus_socket socket; /* first: the monitor's other end */
    struct td_bus_door *door;
};

struct td_bus_door {
    struct td_bus_socket socket; /* first: the listener */
    struct watch watch;
    struct td_bus_zap zap;
    uint32_t parts; /* sockets that are not closed yet */
    struct td_loop *loop;
    struct td_bus_door_options options;
    struct td_bus_door_counts counts;
    struct td_bus_lines lines;
    struct td_timer sweep;
    bool has_gone; /* a line is marked so */
    char endpoint[TD_BUS_ENDPOINT_SIZE];
    char public_key[TD_BUS_KEY_SIZE];
};

/* --- connections come and go -------------------------------------------------------------------
 */

static struct td_bus_guest handle_of(const struct td_bus_door *door, const struct td_bus_line *line)
{
    return (struct td_bus_guest){(uint32_t)(line - door->lines.table), line->generation};
}

static void tell_gone(struct td_bus_door *door, const struct td_bus_line *line)
{
    if (line->is_guest)
        door->options.on_gone(door->options.ctx, handle_of(door, line));
}

static void on_accepted(struct td_bus_door *door, int descriptor)
{
    struct td_bus_line *before = td_bus_lines_at(&door->lines, descriptor);

    door->counts.connections++;
    if (before != NULL)
        tell_gone(door, before);
    if (door->lines.open >= door->lines.max) {
        int oldest = td_bus_lines_oldest_silent(&door->lines);

        door->counts.crowded_out++;
        td_bus_lines_shut(&door->lines, oldest >= 0 ? oldest : descriptor);
        if (oldest >= 0)
            td_bus_lines_close(&door->lines, td_bus_lines_at(&door->lines, oldest));
        else
            return;
    }
    if (!td_bus_lines_accept(&door->lines, descriptor, td_loop_now_ns()))
        td_bus_lines_shut(&door->lines, descriptor);
}

static void on_disconnected(struct td_bus_door *door, int descriptor)
{
    struct td_bus_line *line = td_bus_lines_at(&door->lines, descriptor);

    if (line == NULL)
        return;
    door->counts.strangers += !line->is_guest;
    tell_gone(door, line);
    td_bus_lines_close(&door->lines, line);
}

static void on_monitored(struct td_bus_door *door, zmq_msg_t *frame)
{
    const uint8_t *data = zmq_msg_data(frame);
    uint16_t event;
    int32_t value;

    if (zmq_msg_size(frame) != sizeof(event) + sizeof(value))
        return;
    memcpy(&event, data, sizeof(event));
    memcpy(&value, data + sizeof(event), sizeof(value));
    if (event == ZMQ_EVENT_ACCEPTED)
        on_accepted(door, value);
    else
        on_disconnected(door, value);
}

/* @return true: all that was there has been taken. */
static bool watch_drain(struct td_bus_door *door)
{
    for (int i = 0; i < TD_BUS_TURN_MESSAGES; i++) {
        zmq_msg_t frames[MONITOR_FRAME_COUNT];
        size_t count = td_bus_receive(&door->watch.socket, frames, MONITOR_FRAME_COUNT);

        if (count == 0)
            return true;
        on_monitored(door, &frames[EVENT]);
        td_bus_frames_close(frames, count, MONITOR_FRAME_COUNT);
        if (!td_bus_socket_is_open(&door->socket))
            return true;
    }
    return false;
}

static bool watch_work(struct td_bus_socket *socket)
{
    struct watch *watch = (struct watch *)socket; // Its first member.

    (void)watch_drain(watch->door);
    return false; // What is left shows in ZMQ_EVENTS.
}

/* --- messages ----------------------------------------------------------------------------------
 */

/* ZeroMQ makes ids of five bytes, the first 0; whoever chose one of their own could take that of
   another guest. */
static bool read_routing_id(zmq_msg_t *frame, uint32_t *id)
{
    const uint8_t *data = zmq_msg_data(frame);

    if (zmq_msg_size(frame) != sizeof(*id) + 1 || data[0] != 0)
        return false;
    *id = (uint32_t)data[1] << 24 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 8 | data[4];
    return true;
}

static bool is_newer(uint32_t id, uint32_t than)
{
    return (int32_t)(id - than) > 0; // They wrap around.
}

/* The guest that sent this, welcomed if it is new. NULL: from a connection that is no more. */
static struct td_bus_line *find_guest(struct td_bus_door *door, int descriptor, uint32_t id)
{
    struct td_bus_line *line = td_bus_lines_at(&door->lines, descriptor);

    if (line != NULL && line->is_guest && line->routing_id == id)
        return line;
    while (!watch_drain(door)) // Before its first message came, it was accepted.
        ;
    line = td_bus_lines_at(&door->lines, descriptor);
    if (line == NULL || (line->is_guest && !is_newer(id, line->routing_id)))
        return NULL;
    if (line->is_guest) {
        tell_gone(door, line);
        td_bus_lines_dismiss(&door->lines, line, td_loop_now_ns());
    }
    td_bus_lines_welcome(&door->lines, line, id);
    return line;
}

static void cut_line(struct td_bus_door *door, struct td_bus_line *line)
{
    if (line->is_cut)
        return;
    door->counts.cut++;
    line->is_cut = true;
    line->since_ns = td_loop_now_ns();
}

static void take_message(struct td_bus_door *door, zmq_msg_t *frames, size_t count)
{
    int descriptor = zmq_msg_get(&frames[count > 1 ? BODY : PEER], ZMQ_SRCFD);
    const char *key = count > 1 ? zmq_msg_gets(&frames[BODY], "User-Id") : NULL;
    uint32_t id;

    if (!read_routing_id(&frames[PEER], &id) || key == NULL) {
        door->counts.malformed++;
        td_bus_lines_shut(&door->lines, descriptor);
        return;
    }
    struct td_bus_line *line = find_guest(door, descriptor, id);
    if (line == NULL || line->is_cut || !td_bus_socket_is_open(&door->socket))
        return;
    line->spoke = true;
    if (count != FRAME_COUNT) {
        door->counts.malformed++;
        cut_line(door, line);
        return;
    }
    door->counts.messages++;
    door->options.on_message(door->options.ctx, handle_of(door, line), key,
                             td_bus_frame_bytes(&frames[BODY]));
}

static void tell_all_gone(struct td_bus_door *door)
{
    door->has_gone = false;
    for (uint32_t i = 0; i < door->lines.size; i++) {
        struct td_bus_line *line = &door->lines.table[i];

        if (!line->is_gone)
            continue;
        tell_gone(door, line);
        td_bus_lines_dismiss(&door->lines, line, td_loop_now_ns());
    }
}

static bool door_work(struct td_bus_socket *socket)
{
    struct td_bus_door *door = (struct td_bus_door *)socket; // Its first member.
    uint64_t until_ns = td_loop_now_ns() + TD_BUS_TURN_NS;

    if (door->has_gone)
        tell_all_gone(door);
    for (int i = 0; i < TD_BUS_TURN_MESSAGES && td_bus_socket_is_open(socket); i++) {
        struct td_loop_span span = td_loop_begin("bus.guest");
        zmq_msg_t frames[FRAME_COUNT];
        size_t count = td_bus_receive(socket, frames, FRAME_COUNT);

        if (count == 0)
            return false;
        take_message(door, frames, count);
        td_bus_frames_close(frames, count, FRAME_COUNT);
        td_loop_end(door->loop, span);
        if (td_loop_now_ns() >= until_ns)
            return false; // What is left shows in ZMQ_EVENTS.
    }
    return false;
}

static struct td_bus_line *find_line(const struct td_bus_door *door, struct td_bus_guest guest)
{
    struct td_bus_line *line = td_bus_lines_at(&door->lines, (int)guest.slot);

    return line != NULL && line->is_guest && line->generation == guest.generation ? line : NULL;
}

enum td_err td_bus_door_send(struct td_bus_door *door, struct td_bus_guest guest,
                             struct td_bytes body)
{
    struct td_bus_line *line = find_line(door, guest);

    if (line == NULL || line->is_gone)
        return TD_ERR_NOT_FOUND;
    uint32_t id = line->routing_id;
    const uint8_t peer[] = {0, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
                            (uint8_t)id};
    // ROUTER decides with the first frame whether the guest takes the message.
    int rc = zmq_send(door->socket.zmq, peer, sizeof(peer), ZMQ_DONTWAIT | ZMQ_SNDMORE);
    int failure = rc < 0 ? errno : 0;

    td_bus_socket_touch(&door->socket);
    if (failure == 0)
        return td_bus_send(&door->socket, body.data, body.size, false);
    if (failure != EHOSTUNREACH)
        return TD_ERR_BUSY;
    line->is_gone = true;
    door->has_gone = true;
    td_timer_start(&door->sweep, 0);
    return TD_ERR_NOT_FOUND;
}

void td_bus_door_cut(struct td_bus_door *door, struct td_bus_guest guest)
{
    struct td_bus_line *line = find_line(door, guest);

    if (line != NULL)
        cut_line(door, line);
}

/* --- upkeep ------------------------------------------------------------------------------------
 */

static void sweep_line(struct td_bus_door *door, struct td_bus_line *line, uint64_t now_ns)
{
    int descriptor = (int)(line - door->lines.table);
    uint64_t silent_ns = door->options.first_message_ms * NS_PER_MS;
    uint64_t flood_bytes = (uint64_t)door->options.message_max_bytes * ENDLESS_MESSAGES;

    if (line->is_cut) {
        if (now_ns - line->since_ns >= FAREWELL_NS)
            td_bus_lines_shut(&door->lines, descriptor);
    } else if (td_bus_line_floods(line, descriptor, flood_bytes, now_ns)) {
        cut_line(door, line);
        td_bus_lines_shut(&door->lines, descriptor);
    } else if (!line->is_guest && now_ns - line->since_ns >= silent_ns) {
        door->counts.silent++;
        td_bus_lines_shut(&door->lines, descriptor);
        line->since_ns = now_ns; // Once more should that have failed.
    }
}

static void on_sweep(void *ctx)
{
    struct td_bus_door *door = ctx;
    uint64_t now_ns = td_loop_now_ns();

    td_timer_start(&door->sweep, SWEEP_MS);
    if (door->has_gone)
        tell_all_gone(door);
    for (uint32_t i = 0; i < door->lines.size && td_bus_socket_is_open(&door->socket); i++) {
        if (door->lines.table[i].is_open)
            sweep_line(door, &door->lines.table[i], now_ns);
    }
}

/* --- life --------------------------------------------------------------------------------------
 */

static void set_defaults(struct td_bus_door_options *options)
{
    if (options->connections_max == 0)
        options->connections_max = CONNECTIONS_MAX_DEFAULT;
    if (options->queue_max == 0)
        options->queue_max = QUEUE_MAX_DEFAULT;
    if (options->message_max_bytes == 0)
        options->message_max_bytes = MESSAGE_MAX_DEFAULT;
    if (options->handshake_ms == 0)
        options->handshake_ms = HANDSHAKE_DEFAULT_MS;
    if (options->first_message_ms == 0)
        options->first_message_ms = FIRST_MESSAGE_DEFAULT_MS;
}

static enum td_err open_listener(struct td_bus_door *door, struct td_bus *bus)
{
    const struct td_bus_door_options *options = &door->options;
    int64_t message_max = options->message_max_bytes;
    enum td_err err = td_bus_socket_open(&door->socket, bus, ZMQ_ROUTER, door_work);

    if (err != TD_OK)
        return err;
    door->parts++;
    td_bus_socket_set(&door->socket, ZMQ_ROUTER_MANDATORY, 1);
    td_bus_socket_set(&door->socket, ZMQ_SNDHWM, (int)options->queue_max);
    td_bus_socket_set(&door->socket, ZMQ_RCVHWM, (int)options->queue_max);
    td_bus_socket_set(&door->socket, ZMQ_HANDSHAKE_IVL, (int)options->handshake_ms);
    td_bus_socket_set(&door->socket, ZMQ_IPV6, strchr(options->endpoint, '[') != NULL);
    // A guest whose own queue is full reads nothing, heartbeats neither; slow is not dead.
    td_bus_socket_set(&door->socket, ZMQ_HEARTBEAT_TIMEOUT, GUEST_TIMEOUT_MS);
    td_bus_socket_set(&door->socket, ZMQ_CURVE_SERVER, 1);
    if (zmq_setsockopt(door->socket.zmq, ZMQ_MAXMSGSIZE, &message_max, sizeof(message_max)) != 0 ||
        zmq_setsockopt(door->socket.zmq, ZMQ_CURVE_SECRETKEY, options->secret_key,
                       TD_BUS_KEY_SIZE) != 0 ||
        zmq_setsockopt(door->socket.zmq, ZMQ_ZAP_DOMAIN, TD_BUS_ZAP_DOMAIN,
                       strlen(TD_BUS_ZAP_DOMAIN)) != 0)
        return TD_ERR_INVALID;
    return TD_OK;
}

static enum td_err open_zap(struct td_bus_door *door, struct td_bus *bus)
{
    door->zap.admits = door->options.admits;
    door->zap.ctx = door->options.ctx;
    enum td_err err = td_bus_zap_open(&door->zap, bus);

    door->parts += door->zap.socket.zmq != NULL;
    return err;
}

static enum td_err open_watch(struct td_bus_door *door, struct td_bus *bus)
{
    if (zmq_socket_monitor(door->socket.zmq, MONITOR, MONITORED) != 0)
        return td_err_from_errno(errno);
    enum td_err err = td_bus_socket_open(&door->watch.socket, bus, ZMQ_PAIR, watch_work);

    if (err != TD_OK)
        return err;
    door->parts++;
    door->watch.door = door;
    // A full queue would hold up ZeroMQ's thread; how many wait is bounded by how fast it accepts.
    td_bus_socket_set(&door->watch.socket, ZMQ_RCVHWM, 0);
    return td_bus_socket_connect(&door->watch.socket, MONITOR);
}

static enum td_err bind_listener(struct td_bus_door *door, const char *endpoint)
{
    uint64_t port;
    enum td_err err = td_bus_socket_bind(&door->socket, endpoint, door->endpoint);

    if (err != TD_OK)
        return err;
    if (td_str_to_u64(strrchr(door->endpoint, ':') + 1, UINT16_MAX, &port) != TD_OK)
        return TD_ERR_INVALID;
    door->lines.port = (uint16_t)port;
    return TD_OK;
}

enum td_err td_bus_door_create(struct td_bus *bus, const struct td_bus_door_options *options,
                               struct td_bus_door **door)
{
    struct td_bus_door *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->loop = td_bus_loop(bus);
    self->options = *options;
    set_defaults(&self->options);
    td_timer_init(&self->sweep, self->loop, on_sweep, self);
    enum td_err err = td_bus_key_public(options->secret_key, self->public_key);
    if (err == TD_OK)
        err = td_bus_lines_init(&self->lines, self->options.connections_max);
    if (err == TD_OK)
        err = open_listener(self, bus);
    if (err == TD_OK)
        err = open_zap(self, bus);
    if (err == TD_OK)
        err = open_watch(self, bus);
    if (err == TD_OK)
        err = bind_listener(self, options->endpoint);
    self->options.secret_key = NULL;
    self->options.endpoint = self->endpoint;
    if (err != TD_OK) {
        td_bus_door_destroy(&self);
        return err == TD_ERR_SYNTAX ? TD_ERR_INVALID : err;
    }
    td_timer_start(&self->sweep, SWEEP_MS);
    *door = self;
    return TD_OK;
}

const char *td_bus_door_endpoint(const struct td_bus_door *door)
{
    return door->endpoint;
}

const char *td_bus_door_public_key(const struct td_bus_door *door)
{
    return door->public_key;
}

struct td_bus_door_counts td_bus_door_counts(const struct td_bus_door *door)
{
    struct td_bus_door_counts counts = door->counts;

    counts.keys_refused = door->zap.refused;
    counts.open = door->lines.open;
    counts.guests = door->lines.guests;
    return counts;
}

static void release(struct td_bus_door *door)
{
    if (door->parts > 0 && --door->parts > 0)
        return;
    td_bus_lines_fini(&door->lines);
    free(door);
}

static void on_listener_closed(struct td_bus_socket *socket)
{
    release((struct td_bus_door *)socket);
}

static void on_watch_closed(struct td_bus_socket *socket)
{
    release(((struct watch *)socket)->door);
}

static void on_zap_closed(struct td_bus_socket *socket)
{
    struct td_bus_zap *zap = (struct td_bus_zap *)socket;

    release((struct td_bus_door *)((char *)zap - offsetof(struct td_bus_door, zap)));
}

void td_bus_door_destroy(struct td_bus_door **door)
{
    struct td_bus_door *self = *door;

    if (self == NULL)
        return;
    *door = NULL;
    td_timer_stop(&self->sweep);
    if (self->parts == 0) {
        release(self);
        return;
    }
    if (td_bus_socket_is_open(&self->watch.socket))
        td_bus_socket_close(&self->watch.socket, on_watch_closed);
    if (td_bus_socket_is_open(&self->zap.socket))
        td_bus_socket_close(&self->zap.socket, on_zap_closed);
    (void)zmq_socket_monitor(self->socket.zmq, NULL, 0);
    td_bus_socket_close(&self->socket, on_listener_closed);
}
