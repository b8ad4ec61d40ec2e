#include "io/bus_server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "io/bus_socket.h"
#include "io/overload.h"
#include "io/timer.h"

#define INBOX_MAX_DEFAULT 1024
#define DEADLINE_MAX_DEFAULT_MS 60000
#define NS_PER_MS UINT64_C(1000000)
#define NOWHERE UINT32_MAX

/* Frames of a request, the peer's routing id (which ROUTER puts in front) included. */
enum { PEER, ID, DEADLINE, BODY, FRAME_COUNT };

enum slot_state { SLOT_FREE, SLOT_WAITING, SLOT_OPEN };

struct slot {
    enum slot_state state;
    uint32_t generation; /* counts the uses of this slot, so that an old handle finds nothing */
    uint32_t next;       /* in the free list or in the inbox */
    struct td_id id;
    uint64_t arrived_ns;
    uint64_t expires_ns;
    zmq_msg_t peer;
    zmq_msg_t body; /* only while waiting */
    struct td_timer deadline;
    struct td_bus_server *server;
};

struct td_bus_server {
    struct td_bus_socket
        socket; /* first in life, last in death: its close callback frees the server */
    struct td_loop *loop;
    struct td_bus_server_options options;
    char endpoint[TD_BUS_ENDPOINT_SIZE];
    struct td_overload overload;
    struct td_bus_server_counts counts;
    struct slot *slots;
    uint32_t used;
    uint32_t free;        /* first of the free list */
    uint32_t first, last; /* the inbox: waiting slots in order of arrival */
};

static uint32_t index_of(const struct td_bus_server *server, const struct slot *slot)
{
    return (uint32_t)(slot - server->slots);
}

/* --- slots --- */

static void inbox_append(struct td_bus_server *server, struct slot *slot)
{
    slot->next = NOWHERE;
    if (server->first == NOWHERE)
        server->first = index_of(server, slot);
    else
        server->slots[server->last].next = index_of(server, slot);
    server->last = index_of(server, slot);
}

static struct slot *inbox_take(struct td_bus_server *server)
{
    if (server->first == NOWHERE)
        return NULL;

    struct slot *slot = &server->slots[server->first];
    server->first = slot->next;
    return slot;
}

static struct slot *allocate_slot(struct td_bus_server *server)
{
    if (server->free == NOWHERE)
        return NULL;

    struct slot *slot = &server->slots[server->free];
    server->free = slot->next;
    server->used++;
    return slot;
}

/* Out of the inbox it must be already. */
static void release_slot(struct slot *slot)
{
    struct td_bus_server *server = slot->server;

    td_timer_stop(&slot->deadline);
    (void)zmq_msg_close(&slot->peer);
    slot->state = SLOT_FREE;
    slot->generation++;
    slot->next = server->free;
    server->free = index_of(server, slot);
    server->used--;
}

static struct slot *find_open(struct td_bus_request request)
{
    assert(request.server != NULL);
    assert(request.slot < request.server->options.inbox_max);

    struct slot *slot = &request.server->slots[request.slot];
    bool same = slot->state == SLOT_OPEN && slot->generation == request.generation;

    return same ? slot : NULL;
}

/* --- replying --- */

static bool send_reply(struct td_bus_server *server, zmq_msg_t *peer, struct td_id id,
                       enum td_err status, struct td_bytes body)
{
    uint8_t code = (uint8_t)status;
    // Only the first frame can fail: ROUTER decides there whether the peer takes the message.
    bool sent = zmq_msg_send(peer, server->socket.zmq, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
                td_bus_send(&server->socket, id.bytes, sizeof(id.bytes), true) == TD_OK &&
                td_bus_send(&server->socket, &code, sizeof(code), true) == TD_OK &&
                td_bus_send(&server->socket, body.data, body.size, false) == TD_OK;

    if (!sent)
        server->counts.undelivered++;
    td_bus_socket_touch(&server->socket);
    return sent;
}

void td_bus_reply(struct td_bus_request request, enum td_err status, struct td_bytes body)
{
    struct slot *slot = find_open(request);

    if (slot == NULL) {
        request.server->counts.late++;
        return;
    }
    if (body.size > td_bus_message_max(request.server->socket.bus)) {
        status = TD_ERR_LIMIT;
        body = td_bytes(NULL, 0);
    }
    request.server->counts.replied++;
    (void)send_reply(request.server, &slot->peer, slot->id, status, body);
    release_slot(slot);
}

static void refuse(struct slot *slot)
{
    (void)zmq_msg_close(&slot->body);
    slot->server->counts.busy_late++;
    (void)send_reply(slot->server, &slot->peer, slot->id, TD_ERR_BUSY, td_bytes(NULL, 0));
    release_slot(slot);
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
    struct slot *slot = ctx;

    slot->server->counts.expired++;
    release_slot(slot);
}

static void fill_slot(struct slot *slot, struct td_id id, zmq_msg_t *frames, uint64_t now_ns)
{
    uint32_t deadline_ms = read_u32(zmq_msg_data(&frames[DEADLINE]));
    uint32_t max_ms = slot->server->options.deadline_max_ms;

    slot->state = SLOT_WAITING;
    slot->id = id;
    slot->arrived_ns = now_ns;
    slot->expires_ns = now_ns + (deadline_ms < max_ms ? deadline_ms : max_ms) * NS_PER_MS;
    (void)zmq_msg_init(&slot->peer);
    (void)zmq_msg_init(&slot->body);
    (void)zmq_msg_move(&slot->peer, &frames[PEER]);
    (void)zmq_msg_move(&slot->body, &frames[BODY]);
}

static void accept_request(struct td_bus_server *server, zmq_msg_t *frames, uint64_t now_ns)
{
    struct td_id id;
    struct slot *slot = allocate_slot(server);

    server->counts.requests++;
    memcpy(id.bytes, zmq_msg_data(&frames[ID]), sizeof(id.bytes));
    if (slot == NULL) {
        server->counts.busy_full++;
        (void)send_reply(server, &frames[PEER], id, TD_ERR_BUSY, td_bytes(NULL, 0));
        return;
    }
    fill_slot(slot, id, frames, now_ns);
    inbox_append(server, slot);
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

static void expire_unseen(struct slot *slot)
{
    (void)zmq_msg_close(&slot->body);
    slot->server->counts.expired_early++;
    release_slot(slot);
}

static void handle(struct slot *slot, uint64_t now_ns)
{
    struct td_bus_server *server = slot->server;
    struct td_loop_span span = {.handler = "bus.request", .started_ns = now_ns};
    struct td_bus_request request = {server, index_of(server, slot), slot->generation};
    zmq_msg_t body; // Outlives the slot, which a reply within the handler gives back.

    (void)zmq_msg_init(&body);
    (void)zmq_msg_move(&body, &slot->body);
    (void)zmq_msg_close(&slot->body);
    slot->state = SLOT_OPEN;
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
        struct slot *slot = inbox_take(server);

        if (slot == NULL)
            return false;
        now_ns = td_loop_now_ns();
        if (now_ns >= slot->expires_ns)
            expire_unseen(slot);
        else if (is_late(server, now_ns - slot->arrived_ns, now_ns))
            refuse(slot);
        else
            handle(slot, now_ns);
    }
    return server->first != NOWHERE;
}

/* --- life --- */

static void free_server(struct td_bus_server *server)
{
    free(server->slots);
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

static enum td_err allocate_slots(struct td_bus_server *server)
{
    uint32_t count = server->options.inbox_max;

    server->slots = calloc(count, sizeof(*server->slots));
    if (server->slots == NULL)
        return TD_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        struct slot *slot = &server->slots[i];

        slot->server = server;
        slot->next = i + 1 < count ? i + 1 : NOWHERE;
        td_timer_init(&slot->deadline, server->loop, on_deadline, slot);
    }
    server->free = 0;
    server->first = NOWHERE;
    return TD_OK;
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
    enum td_err err = allocate_slots(self);
    if (err == TD_OK)
        err = td_bus_socket_open(&self->socket, bus, ZMQ_ROUTER, on_work);
    if (err != TD_OK) {
        free_server(self);
        return err;
    }

    // A reply to a peer that is gone must fail, so that it can be counted.
    td_bus_socket_set(&self->socket, ZMQ_ROUTER_MANDATORY, 1);
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
    const struct slot *slot = find_open(request);

    return slot != NULL ? slot->id : (struct td_id){{0}};
}

uint32_t td_bus_request_left_ms(struct td_bus_request request)
{
    const struct slot *slot = find_open(request);
    uint64_t now_ns = td_loop_now_ns();

    return slot != NULL && slot->expires_ns > now_ns
               ? (uint32_t)((slot->expires_ns - now_ns) / NS_PER_MS)
               : 0;
}

uint32_t td_bus_server_open_count(const struct td_bus_server *server)
{
    return server->used;
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

    for (uint32_t i = 0; i < self->options.inbox_max; i++) {
        struct slot *slot = &self->slots[i];

        if (slot->state == SLOT_WAITING)
            (void)zmq_msg_close(&slot->body);
        if (slot->state != SLOT_FREE)
            release_slot(slot);
    }
    self->first = NOWHERE;
    td_bus_socket_close(&self->socket, on_closed);
}
