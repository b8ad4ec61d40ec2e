#include "io/bus_client.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/bus_outstanding.h"
#include "io/bus_socket.h"

#define OUTSTANDING_MAX_DEFAULT 4096
#define ENDPOINTS_MAX_DEFAULT 64

enum { ID, STATUS, BODY, FRAME_COUNT };

/* The connection to one endpoint. */
struct connection {
    struct td_bus_socket socket; /* its close callback frees the connection */
    struct td_bus_client *client;
    struct connection *next;
    char endpoint[TD_BUS_ENDPOINT_SIZE];
};

struct td_bus_client {
    uv_idle_t anchor; /* never started: its close callback frees the client */
    struct td_bus *bus;
    struct td_loop *loop;
    struct td_bus_client_options options;
    struct td_bus_client_counts counts;
    struct connection *connections;
    uint32_t connection_count;
    struct td_bus_outstanding outstanding;
    bool closing;
};

/* It is removed before its owner hears of it, who may use the place for the next request. */
static void finish(struct td_bus_client *client, struct td_bus_pending *pending, enum td_err status,
                   struct td_bytes body)
{
    struct td_loop *loop = client->loop; // Lives on when the callback destroys the client.
    struct td_loop_span span = td_loop_begin("bus.reply");
    td_bus_reply_fn on_reply = pending->on_reply;
    void *ctx = pending->ctx;

    td_bus_outstanding_remove(&client->outstanding, pending);
    on_reply(ctx, status, body);
    td_loop_end(loop, span);
}

static void on_timer(void *ctx)
{
    struct td_bus_pending *pending = ctx;
    struct td_bus_client *client = pending->owner;

    if (pending->end == TD_ERR_TIMEOUT)
        client->counts.timeouts++;
    else if (pending->end == TD_ERR_BUSY)
        client->counts.refused++;
    else
        client->counts.forgotten++;
    finish(client, pending, pending->end, td_bytes(NULL, 0));
}

/* --- replies --- */

static enum td_err status_of(uint8_t code)
{
    // A newer peer may have codes we do not know: something went wrong there, that much is sure.
    return code <= TD_ERR_STALE ? (enum td_err)code : TD_ERR_INTERNAL;
}

static void on_reply_frames(struct connection *connection, zmq_msg_t *frames)
{
    struct td_bus_client *client = connection->client;
    struct td_id id;

    memcpy(id.bytes, zmq_msg_data(&frames[ID]), sizeof(id.bytes));
    struct td_bus_pending *pending = td_bus_outstanding_find(&client->outstanding, connection, id);
    if (pending == NULL) {
        client->counts.late++;
        return;
    }
    client->counts.replies++;
    finish(client, pending, status_of(*td_bus_frame_bytes(&frames[STATUS]).data),
           td_bus_frame_bytes(&frames[BODY]));
}

static bool on_work(struct td_bus_socket *socket)
{
    struct connection *connection = (struct connection *)socket; // Its first member.
    uint64_t until_ns = td_loop_now_ns() + TD_BUS_TURN_NS;

    for (int i = 0; i < TD_BUS_TURN_MESSAGES; i++) {
        zmq_msg_t frames[FRAME_COUNT];
        size_t count = td_bus_receive(socket, frames, FRAME_COUNT);

        if (count == 0)
            return false;
        if (count == FRAME_COUNT && zmq_msg_size(&frames[ID]) == TD_ID_SIZE &&
            zmq_msg_size(&frames[STATUS]) == 1)
            on_reply_frames(connection, frames);
        else
            connection->client->counts.malformed++;
        td_bus_frames_close(frames, count, FRAME_COUNT);
        if (!td_bus_socket_is_open(socket) || td_loop_now_ns() >= until_ns)
            return false; // What is left shows in ZMQ_EVENTS.
    }
    return false;
}

/* --- connections --- */

/* It was accepted and then found no room: whoever asked hears it in the next turn. */
static void on_unsent(struct td_bus_socket *socket, zmq_msg_t *frames)
{
    struct connection *connection = (struct connection *)socket; // Its first member.
    struct td_id id;

    memcpy(id.bytes, zmq_msg_data(&frames[0]), sizeof(id.bytes));
    struct td_bus_pending *pending =
        td_bus_outstanding_find(&connection->client->outstanding, connection, id);
    if (pending == NULL)
        return;
    pending->end = TD_ERR_BUSY;
    td_timer_start(&pending->timer, 0);
}

static struct connection *find_connection(struct td_bus_client *client, const char *endpoint)
{
    struct connection *connection = client->connections;

    while (connection != NULL && !td_str_equal(connection->endpoint, endpoint))
        connection = connection->next;
    return connection;
}

static void on_connection_closed(struct td_bus_socket *socket)
{
    free(socket);
}

static enum td_err open_connection(struct td_bus_client *client, struct connection *connection)
{
    enum td_err err = td_bus_socket_open(&connection->socket, client->bus, ZMQ_DEALER, on_work);
    if (err != TD_OK) {
        free(connection);
        return err;
    }
    connection->socket.on_unsent = on_unsent;
    err = td_bus_socket_connect(&connection->socket, connection->endpoint);
    if (err != TD_OK)
        td_bus_socket_close(&connection->socket, on_connection_closed);
    return err;
}

static enum td_err connect_to(struct td_bus_client *client, const char *endpoint,
                              struct connection **connection)
{
    if (client->connection_count == client->options.endpoints_max)
        return TD_ERR_LIMIT;

    struct connection *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    self->client = client;
    if (td_str_copy(self->endpoint, sizeof(self->endpoint), endpoint) != TD_OK) {
        free(self);
        return TD_ERR_INVALID;
    }
    enum td_err err = open_connection(client, self);
    if (err != TD_OK)
        return err;
    self->next = client->connections;
    client->connections = self;
    client->connection_count++;
    *connection = self;
    return TD_OK;
}

void td_bus_forget(struct td_bus_client *client, const char *endpoint)
{
    struct connection *connection = find_connection(client, endpoint);
    struct connection **link = &client->connections;

    if (connection == NULL)
        return;
    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    client->connection_count--;
    td_bus_outstanding_forget(&client->outstanding, connection);
    td_bus_socket_close(&connection->socket, on_connection_closed);
}

/* --- requests --- */

static void write_u32(uint8_t bytes[4], uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

static enum td_err send_request(struct connection *connection, const struct td_bus_call *call)
{
    uint8_t deadline[4];
    zmq_msg_t frames[3];

    write_u32(deadline, call->deadline_ms);
    td_bus_frame_init(&frames[0], call->id.bytes, TD_ID_SIZE);
    td_bus_frame_init(&frames[1], deadline, sizeof(deadline));
    td_bus_frame_init(&frames[2], call->body.data, call->body.size);
    return td_bus_queue(&connection->socket, frames, 3) == TD_OK ? TD_OK : TD_ERR_BUSY;
}

static enum td_err try_request(struct td_bus_client *client, const struct td_bus_call *call,
                               struct connection **connection)
{
    if (client->closing)
        return TD_ERR_UNAVAILABLE;
    if (call->body.size > td_bus_message_max(client->bus))
        return TD_ERR_RANGE;
    if (td_bus_outstanding_is_full(&client->outstanding))
        return TD_ERR_LIMIT;

    *connection = find_connection(client, call->endpoint);
    if (*connection == NULL) {
        enum td_err err = connect_to(client, call->endpoint, connection);
        if (err != TD_OK)
            return err;
    }
    if (td_bus_outstanding_find(&client->outstanding, *connection, call->id) != NULL)
        return TD_ERR_EXISTS;
    return send_request(*connection, call);
}

enum td_err td_bus_request(struct td_bus_client *client, const struct td_bus_call *call)
{
    assert(call->deadline_ms >= 1);
    assert(call->on_reply != NULL);

    struct connection *connection;
    enum td_err err = try_request(client, call, &connection);
    if (err != TD_OK) {
        client->counts.refused++;
        return err;
    }
    client->counts.requests++;
    td_bus_outstanding_add(&client->outstanding, connection, call);
    return TD_OK;
}

uint32_t td_bus_client_outstanding(const struct td_bus_client *client)
{
    return client->outstanding.used;
}

struct td_bus_client_counts td_bus_client_counts(const struct td_bus_client *client)
{
    return client->counts;
}

/* --- life --- */

static void set_defaults(struct td_bus_client_options *options)
{
    if (options->outstanding_max == 0)
        options->outstanding_max = OUTSTANDING_MAX_DEFAULT;
    if (options->endpoints_max == 0)
        options->endpoints_max = ENDPOINTS_MAX_DEFAULT;
}

static void free_client(struct td_bus_client *client)
{
    td_bus_outstanding_fini(&client->outstanding);
    free(client);
}

static void on_anchor_closed(uv_handle_t *anchor)
{
    free_client(anchor->data);
}

enum td_err td_bus_client_create(struct td_bus *bus, const struct td_bus_client_options *options,
                                 struct td_bus_client **client)
{
    struct td_bus_client *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->bus = bus;
    self->loop = td_bus_loop(bus);
    self->options = options != NULL ? *options : (struct td_bus_client_options){0};
    set_defaults(&self->options);
    enum td_err err = td_bus_outstanding_init(&self->outstanding, self->options.outstanding_max,
                                              self->loop, on_timer, self);
    if (err != TD_OK) {
        free_client(self);
        return err;
    }
    uv_idle_init(td_loop_uv(self->loop), &self->anchor);
    self->anchor.data = self;
    *client = self;
    return TD_OK;
}

void td_bus_client_destroy(struct td_bus_client **client)
{
    struct td_bus_client *self = *client;

    if (self == NULL)
        return;
    *client = NULL;

    self->closing = true;
    while (self->connections != NULL)
        td_bus_forget(self, self->connections->endpoint);
    struct td_bus_pending *pending;
    while ((pending = td_bus_outstanding_any(&self->outstanding)) != NULL) {
        self->counts.forgotten++;
        finish(self, pending, TD_ERR_UNAVAILABLE, td_bytes(NULL, 0));
    }
    uv_close((uv_handle_t *)&self->anchor, on_anchor_closed);
}
