#include "io/bus_server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "io/bus_inbox.h"
#include "io/bus_socket.h"
#include "io/overload.h"
#include "io/timer.h"

#define INBOX_MAX_DEFAULT 1024
#define DEADLINE_MAX_DEFAULT_MS 60000
#define NS_PER_MS UINT64_C(1000000)

/* Frames of a request, the peer's routing id (which ROUTER puts in front) included. */
enum { PEER, ID, DEADLINE, BODY, FRAME_COUNT };

struct td_bus_server {
    struct td_bus_socket socket; /* first in life, last in death: its end frees the server */
    struct td_loop *loop;
    struct td_bus_server_options options;
    char endpoint[TD_BUS_ENDPOINT_SIZE];
    struct td_overload overload;
    struct td_bus_server_counts counts;
    struct td_bus_inbox inbox;
};

static struct td_bus_slot *find_open(struct td_bus_request request)
{
    assert(request.server != NULL);
    return td_bus_inbox_find(&request.server->inbox, request.slot, request.generation);
}

/* --- replying --- */

static void send_reply(struct td_bus_server *server, zmq_msg_t *peer, struct td_id id,
                       enum td_err status, struct td_bytes body)
{
    uint8_t code = (uint8_t)status;
    zmq_msg_t frames[4];

    (void)zmq_msg_init(&frames[0]); // Neither of these two can fail.
    (void)zmq_msg_move(&frames[0], peer);
    td_bus_frame_init(&frames[1], id.bytes, sizeof(id.bytes));
    td_bus_frame_init(&frames[2], &code, sizeof(code));
    td_bus_frame_init(&frames[3], body.data, body.size);
    if (td_bus_queue(&server->socket, frames, 4) != TD_OK)
        server->counts.undelivered++;
}

/* ROUTER decides by the first frame whether the peer takes the message. */
static void on_unsent(struct td_bus_socket *socket, zmq_msg_t *frames)
{
    struct td_bus_server *server = (struct td_bus_server *)socket; // Its first member.

    (void)frames;
    server->counts.undelivered++;
}

void td_bus_reply(struct td_bus_request request, enum td_err status, struct td_bytes body)
{
    struct td_bus_slot *slot = find_open(request);

    if (slot == NULL) {
        request.server->counts.late++;
        return;
    }
    if (body.size > td_bus_message_max(request.server->socket.bus)) {
        status = TD_ERR_LIMIT;
        body = td_bytes(NULL, 0);
    }
    request.server->counts.replied++;
    send_reply(request.server, &slot->peer, slot->id, status, body);
    td_bus_inbox_release(&request.server->inbox, slot);
}

static void refuse(struct td_bus_server *server, struct td_bus_slot *slot)
{
    server->counts.busy_late++;
    send_reply(server, &slot->peer, slot->id, TD_ERR_BUSY, td_bytes(NULL, 0));
    td_bus_inbox_release(&server->inbox, slot);
}

/* --- arrival --- */

static uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_request(zmq_msg_t *frames, size_t count)
{
    return count == FRAME_COUNT && zmq_msg_size(&frames[ID]) == TD_ID_SIZE &&
           zmq_msg_size(&frames[DEADLINE]) == sizeof(uint32_t);
}

static void on_deadline(void *ctx)
{
    struct td_bus_slot *slot = ctx;
    struct td_bus_server *server = slot->owner;

    server->counts.expired++;
    td_bus_inbox_release(&server->inbox, slot);
}

static void accept_request(struct td_bus_server *server, zmq_msg_t *frames, uint64_t now_ns)
{
    struct td_id id;
    uint32_t deadline_ms = read_u32(zmq_msg_data(&frames[DEADLINE]));
    uint32_t max_ms = server->options.deadline_max_ms;

    server->counts.requests++;
    memcpy(id.bytes, zmq_msg_data(&frames[ID]), sizeof(id.bytes));
    struct td_bus_slot *slot = td_bus_inbox_add(&server->inbox, &frames[PEER], &frames[BODY]);
    if (slot == NULL) {
        server->counts.busy_full++;
        send_reply(server, &frames[PEER], id, TD_ERR_BUSY, td_bytes(NULL, 0));
        return;
    }
    slot->id = id;
    slot->arrived_ns = now_ns;
    slot->expires_ns = now_ns + (deadline_ms < max_ms ? deadline_ms : max_ms) * NS_PER_MS;
    td_timer_init(&slot->deadline, server->loop, on_deadline, slot);
}

static void receive(struct td_bus_server *server)
{
    for (int i = 0; i < TD_BUS_TURN_MESSAGES; i++) {
        zmq_msg_t frames[FRAME_COUNT];
        size_t count = td_bus_receive(&server->socket, frames, FRAME_COUNT);

        if (count == 0)
            return;
        if (is_request(frames, count))
            accept_request(server, frames, td_loop_now_ns());
        else
            server->counts.malformed++;
        td_bus_frames_close(frames, count, FRAME_COUNT);
    }
}

/* --- handling --- */

static void expire_unseen(struct td_bus_server *server, struct td_bus_slot *slot)
{
    server->counts.expired_early++;
    td_bus_inbox_release(&server->inbox, slot);
}

static void handle(struct td_bus_server *server, struct td_bus_slot *slot, uint64_t now_ns)
{
    struct td_loop_span span = {.handler = "bus.request", .started_ns = now_ns};
    uint32_t index = td_bus_inbox_index(&server->inbox, slot);
    struct td_bus_request request = {server, index, slot->generation};
    zmq_msg_t body; // Outlives the slot, which a reply within the handler gives back.

    (void)zmq_msg_init(&body);
    (void)zmq_msg_move(&body, &slot->body);
    server->options.handler(server->options.ctx, request, td_bus_frame_bytes(&body));
    // A timer only for those that were not answered at once: most are.
    if (td_bus_socket_is_open(&server->socket) && find_open(request) != NULL)
        td_timer_start(&slot->deadline, (slot->expires_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
    (void)zmq_msg_close(&body);
    td_loop_end(server->loop, span);
}

static bool is_late(struct td_bus_server *server, uint64_t waited_ns, uint64_t now_ns)
{
    if (server->options.lag_max_ms == UINT32_MAX)
        return false;
    return td_overload_refuses(&server->overload, waited_ns, now_ns) ||
           td_loop_lag_ms(server->loop) > server->options.lag_max_ms;
}

static bool on_work(struct td_bus_socket *socket)
{
    struct td_bus_server *server = (struct td_bus_server *)socket; // Its first member.
    uint64_t now_ns = td_loop_now_ns();
    uint64_t until_ns = now_ns + TD_BUS_TURN_NS;

    receive(server);
    while (td_bus_socket_is_open(socket) && now_ns < until_ns) {
        struct td_bus_slot *slot = td_bus_inbox_next(&server->inbox);

        if (slot == NULL)
            return false;
        now_ns = td_loop_now_ns();
        if (now_ns >= slot->expires_ns)
            expire_unseen(server, slot);
        else if (is_late(server, now_ns - slot->arrived_ns, now_ns))
            refuse(server, slot);
        else
            handle(server, slot, now_ns);
    }
    return td_bus_inbox_has_next(&server->inbox);
}

/* --- life --- */

static void free_server(struct td_bus_server *server)
{
    td_bus_inbox_fini(&server->inbox);
    free(server);
}

static void on_closed(struct td_bus_socket *socket)
{
    free_server((struct td_bus_server *)socket);
}

static void set_defaults(struct td_bus_server_options *options)
{
    if (options->inbox_max == 0)
        options->inbox_max = INBOX_MAX_DEFAULT;
    if (options->lag_max_ms == 0)
        options->lag_max_ms = TD_LOOP_LAG_LIMIT_MS;
    if (options->deadline_max_ms == 0)
        options->deadline_max_ms = DEADLINE_MAX_DEFAULT_MS;
}

enum td_err td_bus_server_create(struct td_bus *bus, const struct td_bus_server_options *options,
                                 struct td_bus_server **server)
{
    struct td_bus_server *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->loop = td_bus_loop(bus);
    self->options = *options;
    set_defaults(&self->options);
    self->overload.wait_max_ns = self->options.lag_max_ms * NS_PER_MS;
    enum td_err err = td_bus_inbox_init(&self->inbox, self->options.inbox_max, self);
    if (err == TD_OK)
        err = td_bus_socket_open(&self->socket, bus, ZMQ_ROUTER, on_work);
    if (err != TD_OK) {
        free_server(self);
        return err;
    }

    self->socket.on_unsent = on_unsent;
    // A reply to a peer that is gone must fail, so that it can be counted.
    td_bus_socket_set(&self->socket, ZMQ_ROUTER_MANDATORY, 1);
    if (options->host_endpoint != NULL)
        err = td_bus_socket_bind(&self->socket, options->host_endpoint, self->endpoint);
    if (err == TD_OK)
        err = td_bus_socket_bind(&self->socket, options->endpoint, self->endpoint);
    if (err != TD_OK) {
        td_bus_server_destroy(&self);
        return err;
    }
    self->options.endpoint = self->endpoint;
    *server = self;
    return TD_OK;
}

const char *td_bus_server_endpoint(const struct td_bus_server *server)
{
    return server->endpoint;
}

bool td_bus_request_is_open(struct td_bus_request request)
{
    return find_open(request) != NULL;
}

struct td_id td_bus_request_id(struct td_bus_request request)
{
    const struct td_bus_slot *slot = find_open(request);

    return slot != NULL ? slot->id : (struct td_id){{0}};
}

uint32_t td_bus_request_left_ms(struct td_bus_request request)
{
    const struct td_bus_slot *slot = find_open(request);
    uint64_t now_ns = td_loop_now_ns();

    return slot != NULL && slot->expires_ns > now_ns
               ? (uint32_t)((slot->expires_ns - now_ns) / NS_PER_MS)
               : 0;
}

uint32_t td_bus_server_open_count(const struct td_bus_server *server)
{
    return server->inbox.used;
}

struct td_bus_server_counts td_bus_server_counts(const struct td_bus_server *server)
{
    return server->counts;
}

void td_bus_server_destroy(struct td_bus_server **server)
{
    struct td_bus_server *self = *server;

    if (self == NULL)
        return;
    *server = NULL;

    td_bus_inbox_clear(&self->inbox);
    td_bus_socket_close(&self->socket, on_closed);
}
