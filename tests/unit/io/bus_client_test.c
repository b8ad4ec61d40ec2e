#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include "await.h"

#include "io/bus_client.h"
#include "io/bus_server.h"

struct answer {
    int count;
    enum td_err status;
    size_t size;
};

struct site {
    struct td_loop *loop;
    struct td_bus *bus;
    struct td_bus_client *client;
    struct answer answer;
    int handled;
};

static void start(struct site *site, const struct td_bus_options *options,
                  const struct td_bus_client_options *client_options)
{
    memset(site, 0, sizeof(*site));
    site->loop = make_loop();
    assert_int_equal(td_bus_create(site->loop, options, &site->bus), TD_OK);
    assert_int_equal(td_bus_client_create(site->bus, client_options, &site->client), TD_OK);
}

static void finish(struct site *site)
{
    td_bus_client_destroy(&site->client);
    td_bus_destroy(&site->bus);
    td_loop_destroy(&site->loop);
}

static void on_answer(void *ctx, enum td_err status, struct td_bytes body)
{
    struct answer *answer = ctx;

    answer->count++;
    answer->status = status;
    answer->size = body.size;
}

static enum td_err ask(struct site *site, const char *endpoint, uint32_t deadline_ms,
                       struct td_id id)
{
    struct td_bus_call call = {
        .endpoint = endpoint,
        .id = id,
        .body = td_bytes("hello", 5),
        .deadline_ms = deadline_ms,
        .on_reply = on_answer,
        .ctx = &site->answer,
    };

    return td_bus_request(site->client, &call);
}

static void ask_new(struct site *site, const char *endpoint, uint32_t deadline_ms)
{
    assert_int_equal(ask(site, endpoint, deadline_ms, td_loop_new_id(site->loop)), TD_OK);
}

static void echo(void *ctx, struct td_bus_request request, struct td_bytes body)
{
    struct site *site = ctx;

    site->handled++;
    td_bus_reply(request, TD_OK, body);
}

/* False when the endpoint is still in use. */
static bool try_to_serve(struct site *site, const char *endpoint, struct td_bus_server **server)
{
    struct td_bus_server_options options = {
        .endpoint = endpoint, .handler = echo, .ctx = site, .lag_max_ms = UINT32_MAX};
    enum td_err err = td_bus_server_create(site->bus, &options, server);

    assert_true(err == TD_OK || err == TD_ERR_EXISTS);
    return err == TD_OK;
}

static struct td_bus_server *serve(struct site *site, const char *endpoint)
{
    struct td_bus_server *server;

    assert_true(try_to_serve(site, endpoint, &server));
    return server;
}

/* An endpoint where nobody listens: bound and left. */
static void find_empty_endpoint(struct site *site, char endpoint[TD_BUS_ENDPOINT_SIZE])
{
    struct td_bus_server *server = serve(site, "tcp://127.0.0.1:*");

    strcpy(endpoint, td_bus_server_endpoint(server));
    td_bus_server_destroy(&server);
}

static void nobody_there_is_a_timeout(void **state)
{
    (void)state;
    struct site site;
    char endpoint[TD_BUS_ENDPOINT_SIZE];

    start(&site, NULL, NULL);
    find_empty_endpoint(&site, endpoint);
    ask_new(&site, endpoint, 30);
    await(site.loop, site.answer.count == 1);
    assert_int_equal(site.answer.status, TD_ERR_TIMEOUT);
    assert_int_equal(td_bus_client_outstanding(site.client), 0);
    finish(&site);
}

static void a_server_that_comes_back_is_found_without_help(void **state)
{
    (void)state;
    struct site site;
    char endpoint[TD_BUS_ENDPOINT_SIZE];

    start(&site, NULL, NULL);
    struct td_bus_server *server = serve(&site, "tcp://127.0.0.1:*");
    strcpy(endpoint, td_bus_server_endpoint(server));
    ask_new(&site, endpoint, 10000);
    await(site.loop, site.answer.count == 1);
    assert_int_equal(site.answer.status, TD_OK);

    td_bus_server_destroy(&server);
    await(site.loop, try_to_serve(&site, endpoint, &server)); // ZeroMQ closes in its own time.
    // What is sent before the old connection is found dead is lost with it: retry with the same id.
    struct td_id id = td_loop_new_id(site.loop);
    site.answer.status = TD_ERR_TIMEOUT;
    for (int tries = 2; tries < 100 && site.answer.status == TD_ERR_TIMEOUT; tries++) {
        assert_int_equal(ask(&site, endpoint, 200, id), TD_OK);
        await(site.loop, site.answer.count == tries);
    }
    assert_int_equal(site.answer.status, TD_OK);
    td_bus_server_destroy(&server);
    finish(&site);
}

static void forgetting_an_endpoint_ends_its_requests_in_the_next_turn(void **state)
{
    (void)state;
    struct site site;
    char endpoint[TD_BUS_ENDPOINT_SIZE];
    struct answer other = {0};

    start(&site, NULL, NULL);
    find_empty_endpoint(&site, endpoint);
    struct td_bus_server *server = serve(&site, "tcp://127.0.0.1:*");
    ask_new(&site, endpoint, 60000);
    ask_new(&site, endpoint, 60000);
    struct td_bus_call call = {.endpoint = td_bus_server_endpoint(server),
                               .id = td_loop_new_id(site.loop),
                               .deadline_ms = 10000,
                               .on_reply = on_answer,
                               .ctx = &other};
    assert_int_equal(td_bus_request(site.client, &call), TD_OK);

    td_bus_forget(site.client, endpoint);
    assert_int_equal(site.answer.count, 0);
    await(site.loop, site.answer.count == 2);
    assert_int_equal(site.answer.status, TD_ERR_UNAVAILABLE);
    await(site.loop, other.count == 1);
    assert_int_equal(other.status, TD_OK);
    assert_int_equal(td_bus_client_counts(site.client).forgotten, 2);
    td_bus_forget(site.client, "tcp://127.0.0.1:1"); // never known: ignored
    td_bus_server_destroy(&server);
    finish(&site);
}

static void an_id_is_outstanding_once_per_endpoint(void **state)
{
    (void)state;
    struct site site;

    start(&site, NULL, NULL);
    struct td_bus_server *a = serve(&site, "tcp://127.0.0.1:*");
    struct td_bus_server *b = serve(&site, "tcp://127.0.0.1:*");
    struct td_id id = td_loop_new_id(site.loop);
    assert_int_equal(ask(&site, td_bus_server_endpoint(a), 10000, id), TD_OK);
    assert_int_equal(ask(&site, td_bus_server_endpoint(a), 10000, id), TD_ERR_EXISTS);
    assert_int_equal(ask(&site, td_bus_server_endpoint(b), 10000, id), TD_OK);
    await(site.loop, site.answer.count == 2);
    assert_int_equal(ask(&site, td_bus_server_endpoint(a), 10000, id), TD_OK);
    await(site.loop, site.answer.count == 3);
    td_bus_server_destroy(&a);
    td_bus_server_destroy(&b);
    finish(&site);
}

static void bounds_are_refused_at_once(void **state)
{
    (void)state;
    struct site site;
    static uint8_t large[1001];
    struct td_bus_options options = {.message_max_bytes = 1000};
    struct td_bus_client_options client_options = {.outstanding_max = 2, .endpoints_max = 1};
    char endpoint[TD_BUS_ENDPOINT_SIZE];
    char long_endpoint[200] = "tcp://127.0.0.1:1/";

    start(&site, &options, &client_options);
    find_empty_endpoint(&site, endpoint);
    struct td_bus_call call = {.endpoint = endpoint,
                               .body = td_bytes(large, sizeof(large)),
                               .deadline_ms = 1000,
                               .on_reply = on_answer,
                               .ctx = &site.answer};
    assert_int_equal(td_bus_request(site.client, &call), TD_ERR_RANGE);
    assert_int_equal(ask(&site, "carrier pigeon", 10, td_loop_new_id(site.loop)), TD_ERR_INVALID);
    memset(long_endpoint + strlen(long_endpoint), 'x', 199 - strlen(long_endpoint));
    assert_int_equal(ask(&site, long_endpoint, 10, td_loop_new_id(site.loop)), TD_ERR_INVALID);

    ask_new(&site, endpoint, 10000);
    assert_int_equal(ask(&site, "tcp://127.0.0.1:1", 10, td_loop_new_id(site.loop)), TD_ERR_LIMIT);
    ask_new(&site, endpoint, 10000);
    assert_int_equal(ask(&site, endpoint, 10, td_loop_new_id(site.loop)), TD_ERR_LIMIT);
    assert_int_equal(td_bus_client_counts(site.client).refused, 5);
    finish(&site);
    assert_int_equal(site.answer.count, 2); // Those that were accepted, and each once.
    assert_int_equal(site.answer.status, TD_ERR_UNAVAILABLE);
}

static void a_full_queue_is_busy(void **state)
{
    (void)state;
    struct site site;
    struct td_bus_options options = {.queue_max = 2};
    char endpoint[TD_BUS_ENDPOINT_SIZE];

    start(&site, &options, NULL);
    find_empty_endpoint(&site, endpoint);
    ask_new(&site, endpoint, 60000);
    ask_new(&site, endpoint, 60000);
    assert_int_equal(ask(&site, endpoint, 60000, td_loop_new_id(site.loop)), TD_ERR_BUSY);
    assert_int_equal(td_bus_client_outstanding(site.client), 2);
    finish(&site);
}

struct chain {
    struct site *site;
    const char *endpoint;
    int left;
};

static void ask_again(void *ctx, enum td_err status, struct td_bytes body)
{
    struct chain *chain = ctx;
    struct td_bus_call call = {.endpoint = chain->endpoint,
                               .id = td_loop_new_id(chain->site->loop),
                               .body = body,
                               .deadline_ms = 10000,
                               .on_reply = ask_again,
                               .ctx = chain};

    if (status == TD_OK && --chain->left > 0)
        assert_int_equal(td_bus_request(chain->site->client, &call), TD_OK);
}

/* With room for one: the slot must be free before its callback runs. */
static void a_callback_may_send_the_next_request(void **state)
{
    (void)state;
    struct site site;
    struct td_bus_client_options client_options = {.outstanding_max = 1};

    start(&site, NULL, &client_options);
    struct td_bus_server *server = serve(&site, "tcp://127.0.0.1:*");
    struct chain chain = {&site, td_bus_server_endpoint(server), 101};
    ask_again(&chain, TD_OK, td_bytes("x", 1));
    await(site.loop, chain.left == 0);
    assert_int_equal(site.handled, 100);
    td_bus_server_destroy(&server);
    finish(&site);
}

static void destroy_client(void *ctx, enum td_err status, struct td_bytes body)
{
    struct site *site = ctx;

    (void)body;
    site->answer.count++;
    site->answer.status = status;
    td_bus_client_destroy(&site->client);
}

static void a_callback_may_destroy_its_client(void **state)
{
    (void)state;
    struct site site;

    start(&site, NULL, NULL);
    struct td_bus_server *server = serve(&site, "tcp://127.0.0.1:*");
    for (int i = 0; i < 5; i++) {
        struct td_bus_call call = {.endpoint = td_bus_server_endpoint(server),
                                   .id = td_loop_new_id(site.loop),
                                   .deadline_ms = 10000,
                                   .on_reply = destroy_client,
                                   .ctx = &site};
        assert_int_equal(td_bus_request(site.client, &call), TD_OK);
    }
    await(site.loop, site.answer.count == 5);
    assert_int_equal(site.answer.status, TD_ERR_UNAVAILABLE);
    td_bus_server_destroy(&server);
    finish(&site);
}

/* A peer that answers what it likes, frame by frame. */
static void replies_that_make_no_sense_are_counted(void **state)
{
    (void)state;
    struct site site;
    char endpoint[TD_BUS_ENDPOINT_SIZE];
    size_t endpoint_size = sizeof(endpoint);
    uint8_t peer[16], frame[64];
    void *context = zmq_ctx_new();
    void *router = zmq_socket(context, ZMQ_ROUTER);
    int linger = 0, patience_ms = 20000;

    zmq_setsockopt(router, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(router, ZMQ_RCVTIMEO, &patience_ms, sizeof(patience_ms));
    assert_int_equal(zmq_bind(router, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &endpoint_size), 0);
    start(&site, NULL, NULL);
    struct td_id id = td_loop_new_id(site.loop);
    assert_int_equal(ask(&site, endpoint, 10000, id), TD_OK);

    int peer_size = 0; // It leaves at the end of a turn.
    await(site.loop, (peer_size = zmq_recv(router, peer, sizeof(peer), ZMQ_DONTWAIT)) > 0);
    assert_int_equal(zmq_recv(router, frame, sizeof(frame), 0), 16);
    assert_memory_equal(frame, id.bytes, 16);
    assert_int_equal(zmq_recv(router, frame, sizeof(frame), 0), 4);
    assert_memory_equal(frame, "\0\0\x27\x10", 4);
    assert_int_equal(zmq_recv(router, frame, sizeof(frame), 0), 5);

    const struct {
        size_t id_size, status_size;
        int frames;
    } bad[] = {{15, 1, 3}, {16, 0, 3}, {16, 2, 3}, {16, 1, 2}, {16, 1, 4}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        zmq_send(router, peer, (size_t)peer_size, ZMQ_SNDMORE);
        zmq_send(router, id.bytes, bad[i].id_size, ZMQ_SNDMORE);
        zmq_send(router, "\0\0", bad[i].status_size, bad[i].frames > 2 ? ZMQ_SNDMORE : 0);
        for (int j = 2; j < bad[i].frames; j++)
            zmq_send(router, "x", 1, j + 1 < bad[i].frames ? ZMQ_SNDMORE : 0);
    }
    zmq_send(router, peer, (size_t)peer_size, ZMQ_SNDMORE);
    zmq_send(router, "0123456789abcdef", 16, ZMQ_SNDMORE); // an id nobody asked with
    zmq_send(router, "\0", 1, ZMQ_SNDMORE);
    zmq_send(router, "x", 1, 0);
    for (int i = 0; i < 2; i++) { // the answer, twice; its status is one of the future
        zmq_send(router, peer, (size_t)peer_size, ZMQ_SNDMORE);
        zmq_send(router, id.bytes, 16, ZMQ_SNDMORE);
        zmq_send(router, "\xc8", 1, ZMQ_SNDMORE);
        zmq_send(router, "x", 1, 0);
    }
    await(site.loop, td_bus_client_counts(site.client).late == 2);
    assert_int_equal(site.answer.count, 1);
    assert_int_equal(site.answer.status, TD_ERR_INTERNAL);
    assert_int_equal(td_bus_client_counts(site.client).malformed, 5);
    finish(&site);
    zmq_close(router);
    zmq_ctx_term(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_there_is_a_timeout),
        cmocka_unit_test(a_server_that_comes_back_is_found_without_help),
        cmocka_unit_test(forgetting_an_endpoint_ends_its_requests_in_the_next_turn),
        cmocka_unit_test(an_id_is_outstanding_once_per_endpoint),
        cmocka_unit_test(bounds_are_refused_at_once),
        cmocka_unit_test(a_full_queue_is_busy),
        cmocka_unit_test(a_callback_may_send_the_next_request),
        cmocka_unit_test(a_callback_may_destroy_its_client),
        cmocka_unit_test(replies_that_make_no_sense_are_counted),
    };

    return cmocka_run_group_tests_name("io/bus_client", tests, NULL, NULL);
}
