/*
 * Request and reply over the loopback between two processes, and a feed from one to the other. The
 * peer to compare with is ZeroMQ alone: the same frames, blocking calls, no loop. One figure a
 * line.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "io/bus_client.h"
#include "io/bus_feed.h"
#include "io/bus_server.h"
#include "io/loop.h"

#define ROUND_TRIPS 20000
#define PIPELINED 200000
#define WINDOW 64
#define FEED_MESSAGES 300000
#define BODY_SIZE 200

static uint64_t no_clock(void)
{
    return 0;
}

static void to_stderr(const char *line, size_t size)
{
    (void)!write(STDERR_FILENO, line, size);
}

static const struct td_log bench_log = {"bench", TD_LOG_ERROR, no_clock, to_stderr};

static void must(enum td_err err, const char *what)
{
    if (err == TD_OK)
        return;
    (void)fprintf(stderr, "bus_bench: %s: %s\n", what, td_err_text(err));
    exit(1);
}

static double cpu_us(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* --- the other process: answers requests, and publishes when asked to --- */

struct peer {
    struct td_bus_publisher *publisher;
    uint8_t body[BODY_SIZE];
};

static void on_request(void *ctx, struct td_bus_request request, struct td_bytes body)
{
    struct peer *peer = ctx;
    struct td_bus_message message = {"metrics.queue.SALES", "1-1", {peer->body, BODY_SIZE}};

    if (body.size == 1) { // A burst of the feed, small enough for the queue.
        for (int i = 0; i < 1000; i++)
            must(td_bus_publish(peer->publisher, &message), "publish");
    }
    td_bus_reply(request, TD_OK, body);
}

static void run_peer(int to_parent)
{
    struct td_loop *loop;
    struct td_bus *bus;
    struct td_bus_server *server;
    struct peer peer = {0};
    struct td_bus_server_options options = {.endpoint = "tcp://127.0.0.1:*",
                                            .handler = on_request,
                                            .ctx = &peer,
                                            .lag_max_ms = UINT32_MAX};

    must(td_loop_create(&bench_log, &loop), "loop");
    must(td_bus_create(loop, NULL, &bus), "bus");
    must(td_bus_server_create(bus, &options, &server), "server");
    must(td_bus_publisher_bind(bus, "tcp://127.0.0.1:*", &peer.publisher), "publisher");
    char endpoints[2][TD_BUS_ENDPOINT_SIZE] = {{0}};
    (void)snprintf(endpoints[0], TD_BUS_ENDPOINT_SIZE, "%s", td_bus_server_endpoint(server));
    (void)snprintf(endpoints[1], TD_BUS_ENDPOINT_SIZE, "%s",
                   td_bus_publisher_endpoint(peer.publisher));
    if (write(to_parent, endpoints, sizeof(endpoints)) != (ssize_t)sizeof(endpoints))
        exit(1);
    td_loop_run(loop); // Until it is killed.
}

/* The peer of ZeroMQ alone: sends every message back. */
static void run_raw_peer(int to_parent)
{
    char endpoint[TD_BUS_ENDPOINT_SIZE] = {0};
    size_t size = sizeof(endpoint);
    void *router = zmq_socket(zmq_ctx_new(), ZMQ_ROUTER);

    if (zmq_bind(router, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0 ||
        write(to_parent, endpoint, sizeof(endpoint)) != (ssize_t)sizeof(endpoint))
        exit(1);
    for (;;) { // Until it is killed.
        zmq_msg_t frame;
        int more;

        (void)zmq_msg_init(&frame);
        (void)zmq_msg_recv(&frame, router, 0);
        more = zmq_msg_more(&frame);
        (void)zmq_msg_send(&frame, router, more ? ZMQ_SNDMORE : 0);
    }
}

/* Before any thread of ZeroMQ exists here. */
static pid_t start_peer(void (*run_it)(int to_parent), char *endpoints, size_t size)
{
    int pipe_fds[2];

    if (pipe(pipe_fds) != 0)
        must(TD_ERR_INTERNAL, "pipe");
    pid_t peer = fork();
    if (peer < 0)
        must(TD_ERR_INTERNAL, "fork");
    if (peer == 0)
        run_it(pipe_fds[1]);
    if (read(pipe_fds[0], endpoints, size) != (ssize_t)size)
        must(TD_ERR_INTERNAL, "peer");
    return peer;
}

static void stop_peer(pid_t peer)
{
    (void)kill(peer, SIGKILL);
    (void)waitpid(peer, NULL, 0);
}

/* --- this process --- */

struct bench {
    struct td_loop *loop;
    struct td_bus_client *client;
    const char *endpoint;
    uint8_t body[BODY_SIZE];
    uint32_t body_size;
    uint32_t to_send;
    uint32_t to_receive;
    uint32_t failed;
    uint32_t heard;
    bool joined;
    uint64_t sent_ns;
    uint32_t *trip_ns; /* NULL: not measured one by one */
};

static void on_reply(void *ctx, enum td_err status, struct td_bytes body);

static void send_one(struct bench *bench)
{
    struct td_bus_call call = {
        .endpoint = bench->endpoint,
        .id = td_loop_new_id(bench->loop),
        .body = td_bytes(bench->body, bench->body_size),
        .deadline_ms = 10000,
        .on_reply = on_reply,
        .ctx = bench,
    };

    bench->sent_ns = td_loop_now_ns();
    must(td_bus_request(bench->client, &call), "request");
    bench->to_send--;
}

static void on_reply(void *ctx, enum td_err status, struct td_bytes body)
{
    struct bench *bench = ctx;

    (void)body;
    bench->failed += status != TD_OK;
    bench->to_receive--;
    if (bench->trip_ns != NULL)
        bench->trip_ns[bench->to_receive] = (uint32_t)(td_loop_now_ns() - bench->sent_ns);
    if (bench->to_send > 0)
        send_one(bench);
    if (bench->to_receive == 0)
        td_loop_stop(bench->loop);
}

static void run(struct bench *bench, uint32_t count, uint32_t window, uint32_t body_size)
{
    bench->to_send = bench->to_receive = count;
    bench->body_size = body_size;
    for (uint32_t i = 0; i < window && bench->to_send > 0; i++)
        send_one(bench);
    td_loop_run(bench->loop);
    if (bench->failed > 0)
        must(TD_ERR_INTERNAL, "some request failed");
}

static int by_value(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void print_trips(const char *name, uint32_t *trip_ns)
{
    qsort(trip_ns, ROUND_TRIPS, sizeof(*trip_ns), by_value);
    printf("%s_p50 %.1f us\n", name, trip_ns[ROUND_TRIPS / 2] / 1e3);
    printf("%s_p99 %.1f us\n", name, trip_ns[ROUND_TRIPS / 100 * 99] / 1e3);
}

static void raw_round_trips(const struct bench *bench, const char *endpoint)
{
    static uint32_t trip_ns[ROUND_TRIPS];
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_DEALER);
    uint8_t reply[BODY_SIZE];

    if (zmq_connect(socket, endpoint) != 0)
        must(TD_ERR_INTERNAL, "raw connect");
    for (int i = 0; i < ROUND_TRIPS; i++) {
        uint64_t sent_ns = td_loop_now_ns();

        (void)zmq_send(socket, bench->body, 16, ZMQ_SNDMORE);
        (void)zmq_send(socket, bench->body, 4, ZMQ_SNDMORE);
        (void)zmq_send(socket, bench->body, BODY_SIZE, 0);
        for (int frame = 0; frame < 3; frame++)
            (void)zmq_recv(socket, reply, sizeof(reply), 0);
        trip_ns[i] = (uint32_t)(td_loop_now_ns() - sent_ns);
    }
    print_trips("zmq.roundtrip", trip_ns);
    (void)zmq_close(socket);
    (void)zmq_ctx_term(context);
}

static void round_trips(struct bench *bench)
{
    bench->trip_ns = calloc(ROUND_TRIPS, sizeof(*bench->trip_ns));
    if (bench->trip_ns == NULL)
        must(TD_ERR_NO_MEMORY, "round trips");
    run(bench, ROUND_TRIPS, 1, BODY_SIZE);
    print_trips("bus.roundtrip", bench->trip_ns);
    free(bench->trip_ns);
    bench->trip_ns = NULL;
}

static void pipelined(struct bench *bench)
{
    uint64_t started_ns = td_loop_now_ns();
    double cpu_before_us = cpu_us();

    run(bench, PIPELINED, WINDOW, BODY_SIZE);
    double seconds = (double)(td_loop_now_ns() - started_ns) / 1e9;
    printf("bus.requests_per_s %.0f 1/s\n", PIPELINED / seconds);
    printf("bus.client_cpu_per_request %.2f us\n", (cpu_us() - cpu_before_us) / PIPELINED);
}

static void on_message(void *ctx, const struct td_bus_message *message)
{
    struct bench *bench = ctx;

    (void)message;
    if (++bench->heard % 1000 == 0 && bench->to_receive == 0)
        td_loop_stop(bench->loop);
}

static void on_joined(void *ctx)
{
    struct bench *bench = ctx;

    bench->joined = true;
    td_loop_stop(bench->loop);
}

static void feed(struct bench *bench, struct td_bus *bus, const char *endpoint)
{
    struct td_bus_subscriber *subscriber;
    struct td_bus_subscriber_options options = {on_message, on_joined, bench};

    must(td_bus_subscriber_create(bus, &options, &subscriber), "subscriber");
    must(td_bus_subscribe(subscriber, "metrics."), "subscribe");
    must(td_bus_subscriber_connect(subscriber, endpoint), "connect");
    while (!bench->joined)
        td_loop_run(bench->loop);

    uint64_t started_ns = td_loop_now_ns();
    for (uint32_t expected = 1000; expected <= FEED_MESSAGES; expected += 1000) {
        run(bench, 1, 1, 1);
        while (bench->heard < expected)
            td_loop_run(bench->loop);
    }
    double seconds = (double)(td_loop_now_ns() - started_ns) / 1e9;
    printf("bus.feed_messages_per_s %.0f 1/s\n", FEED_MESSAGES / seconds);
    td_bus_subscriber_destroy(&subscriber);
}

int main(void)
{
    char endpoints[2][TD_BUS_ENDPOINT_SIZE];
    char raw_endpoint[TD_BUS_ENDPOINT_SIZE];
    struct td_bus *bus;
    struct bench bench = {0};
    pid_t peer = start_peer(run_peer, endpoints[0], sizeof(endpoints));
    pid_t raw_peer = start_peer(run_raw_peer, raw_endpoint, sizeof(raw_endpoint));

    bench.endpoint = endpoints[0];
    must(td_loop_create(&bench_log, &bench.loop), "loop");
    must(td_bus_create(bench.loop, NULL, &bus), "bus");
    must(td_bus_client_create(bus, NULL, &bench.client), "client");
    run(&bench, 1000, 1, BODY_SIZE); // Connect and warm up.
    round_trips(&bench);
    pipelined(&bench);
    feed(&bench, bus, endpoints[1]);

    raw_round_trips(&bench, raw_endpoint);

    stop_peer(peer);
    stop_peer(raw_peer);
    td_bus_client_destroy(&bench.client);
    td_bus_destroy(&bus);
    td_loop_destroy(&bench.loop);
    return 0;
}
