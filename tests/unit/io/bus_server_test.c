/*
 * Requests and replies over real sockets on the loopback, server and clients on one loop.
 */
#include <stdlib.h>
#include <zmq.h>

#include "await.h"

#include "io/bus_client.h"
#include "io/bus_server.h"
#include "io/timer.h"

#define MS UINT64_C(1000000)
#define KEPT_MAX 64

struct answer {
    int count;
    enum td_err status;
    char text[64];
};

struct site {
    struct td_loop *loop;
    struct td_bus *bus;
    struct td_bus_server *server;
    struct td_bus_client *client;
    char endpoint[TD_BUS_ENDPOINT_SIZE];

    struct td_bus_request kept[KEPT_MAX];
    int seen;
    char last_body[64];
    struct td_id last_id;
};

static void take_text(char text[64], struct td_bytes body)
{
    assert_true(body.size < 64);
    if (body.size > 0)
        memcpy(text, body.data, body.size);
    text[body.size] = '\0';
}

static void echo(void *ctx, struct td_bus_request request, struct td_bytes body)
{
    struct site *site = ctx;

    site->seen++;
    take_text(site->last_body, body);
    site->last_id = td_bus_request_id(request);
    td_bus_reply(request, TD_OK, body);
}

static void keep(void *ctx, struct td_bus_request request, struct td_bytes body)
{
    struct site *site = ctx;

    (void)body;
    assert_true(site->seen < KEPT_MAX);
    site->kept[site->seen++] = request;
}

static void start_with(struct site *site, td_bus_handler_fn handler,
                       struct td_bus_server_options options,
                       const struct td_bus_client_options *client_options)
{
    memset(site, 0, sizeof(*site));
    site->loop = make_loop();
    assert_int_equal(td_bus_create(site->loop, NULL, &site->bus), TD_OK);
    if (options.endpoint == NULL)
        options.endpoint = "tcp://127.0.0.1:*";
    options.handler = handler;
    options.ctx = site;
    assert_int_equal(td_bus_server_create(site->bus, &options, &site->server), TD_OK);
    strcpy(site->endpoint, td_bus_server_endpoint(site->server));
    assert_int_equal(td_bus_client_create(site->bus, client_options, &site->client), TD_OK);
}

/* Tests that need no BUSY switch it off: on a busy host it may come at any time. */
static void start(struct site *site, td_bus_handler_fn handler)
{
    start_with(site, handler, (struct td_bus_server_options){.lag_max_ms = UINT32_MAX}, NULL);
}

static void finish(struct site *site)
{
    td_bus_client_destroy(&site->client);
    td_bus_server_destroy(&site->server);
    td_bus_destroy(&site->bus);
    td_loop_destroy(&site->loop);
}

static void on_answer(void *ctx, enum td_err status, struct td_bytes body)
{
    struct answer *answer = ctx;

    answer->count++;
    answer->status = status;
    take_text(answer->text, body);
}

static struct td_bus_call make_call(struct site *site, const char *text, uint32_t deadline_ms,
                                    struct answer *answer)
{
    *answer = (struct answer){0};
    return (struct td_bus_call){
        .endpoint = site->endpoint,
        .id = td_loop_new_id(site->loop),
        .body = td_bytes(text, strlen(text)),
        .deadline_ms = deadline_ms,
        .on_reply = on_answer,
        .ctx = answer,
    };
}

static void ask(struct site *site, const char *text, uint32_t deadline_ms, struct answer *answer)
{
    struct td_bus_call call = make_call(site, text, deadline_ms, answer);

    assert_int_equal(td_bus_request(site->client, &call), TD_OK);
    assert_int_equal(answer->count, 0);
}

/* A client of another make: plain frames on a DEALER. */
struct raw {
    void *context;
    void *socket;
};

static struct raw raw_connect(const char *endpoint)
{
    int linger = 0, patience_ms = 20000;
    struct raw raw = {.context = zmq_ctx_new()};

    raw.socket = zmq_socket(raw.context, ZMQ_DEALER);
    assert_int_equal(zmq_setsockopt(raw.socket, ZMQ_LINGER, &linger, sizeof(linger)), 0);
    assert_int_equal(zmq_setsockopt(raw.socket, ZMQ_RCVTIMEO, &patience_ms, sizeof(int)), 0);
    assert_int_equal(zmq_connect(raw.socket, endpoint), 0);
    return raw;
}

static void raw_send(struct raw raw, const void *data, size_t size, bool more)
{
    assert_int_equal(zmq_send(raw.socket, data, size, more ? ZMQ_SNDMORE : 0), size);
}

static void raw_request(struct raw raw, const uint8_t deadline[4])
{
    raw_send(raw, "0123456789abcdef", 16, true);
    raw_send(raw, deadline, 4, true);
    raw_send(raw, "raw", 3, false);
}

static void raw_close(struct raw raw)
{
    zmq_close(raw.socket);
    zmq_ctx_term(raw.context);
}

static void a_request_gets_its_reply(void **state)
{
    (void)state;
    struct site site;
    struct answer answer;

    start(&site, echo);
    struct td_bus_call call = make_call(&site, "who is calling?", 10000, &answer);
    assert_int_equal(td_bus_request(site.client, &call), TD_OK);
    await(site.loop, answer.count == 1);
    assert_int_equal(answer.status, TD_OK);
    assert_string_equal(answer.text, "who is calling?");
    assert_true(td_id_equal(site.last_id, call.id));
    assert_int_equal(td_bus_server_counts(site.server).replied, 1);
    assert_int_equal(td_bus_server_open_count(site.server), 0);
    assert_int_equal(td_bus_client_outstanding(site.client), 0);
    finish(&site);
}

static void replies_may_come_later_and_in_any_order(void **state)
{
    (void)state;
    struct site site;
    struct answer answers[3];

    start(&site, keep);
    for (int i = 0; i < 3; i++)
        ask(&site, "x", 10000, &answers[i]);
    await(site.loop, site.seen == 3);
    assert_int_equal(td_bus_server_open_count(site.server), 3);
    assert_true(td_bus_request_is_open(site.kept[1]));
    assert_true(td_bus_request_left_ms(site.kept[1]) <= 10000);
    assert_true(td_bus_request_left_ms(site.kept[1]) > 0);

    td_bus_reply(site.kept[2], TD_OK, td_bytes("c", 1));
    td_bus_reply(site.kept[0], TD_ERR_NOT_FOUND, td_bytes("a", 1));
    td_bus_reply(site.kept[1], TD_ERR_STALE, td_bytes(NULL, 0));
    await(site.loop, answers[0].count + answers[1].count + answers[2].count == 3);
    assert_int_equal(answers[0].status, TD_ERR_NOT_FOUND);
    assert_string_equal(answers[0].text, "a");
    assert_int_equal(answers[1].status, TD_ERR_STALE);
    assert_string_equal(answers[1].text, "");
    assert_string_equal(answers[2].text, "c");
    finish(&site);
}

static void a_second_reply_is_ignored_even_when_the_slot_is_used_again(void **state)
{
    (void)state;
    struct site site;
    struct answer first, second;

    start_with(&site, keep,
               (struct td_bus_server_options){.inbox_max = 1, .lag_max_ms = UINT32_MAX}, NULL);
    ask(&site, "1", 10000, &first);
    await(site.loop, site.seen == 1);
    td_bus_reply(site.kept[0], TD_OK, td_bytes("first", 5));
    await(site.loop, first.count == 1);

    ask(&site, "2", 10000, &second);
    await(site.loop, site.seen == 2);
    assert_int_equal(site.kept[0].slot, site.kept[1].slot);
    td_bus_reply(site.kept[0], TD_OK, td_bytes("again", 5));
    assert_true(td_id_is_nil(td_bus_request_id(site.kept[0])));
    assert_int_equal(td_bus_server_counts(site.server).late, 1);
    td_bus_reply(site.kept[1], TD_OK, td_bytes("second", 6));
    await(site.loop, second.count == 1);
    assert_string_equal(second.text, "second");
    assert_int_equal(first.count, 1);
    finish(&site);
}

static void an_unanswered_request_ends_at_its_deadline_on_both_sides(void **state)
{
    (void)state;
    struct site site;
    struct answer answer;
    uint64_t started_ns = td_loop_now_ns();

    start(&site, keep);
    ask(&site, "x", 50, &answer);
    await(site.loop, answer.count == 1 && td_bus_server_open_count(site.server) == 0);
    assert_int_equal(answer.status, TD_ERR_TIMEOUT);
    assert_true(td_loop_now_ns() - started_ns >= 50 * MS);
    assert_int_equal(td_bus_client_counts(site.client).timeouts, 1);
    if (site.seen == 1) { // A host busy for 50 ms may have dropped it before.
        assert_int_equal(td_bus_server_counts(site.server).expired, 1);
        assert_false(td_bus_request_is_open(site.kept[0]));
        assert_int_equal(td_bus_request_left_ms(site.kept[0]), 0);
        td_bus_reply(site.kept[0], TD_OK, td_bytes("late", 4));
        assert_int_equal(td_bus_server_counts(site.server).late, 1);
    }
    finish(&site);
}

static void a_full_inbox_says_busy(void **state)
{
    (void)state;
    struct site site;
    struct answer answers[3];

    start_with(&site, keep,
               (struct td_bus_server_options){.inbox_max = 2, .lag_max_ms = UINT32_MAX}, NULL);
    for (int i = 0; i < 3; i++)
        ask(&site, "x", 10000, &answers[i]);
    await(site.loop, answers[2].count == 1);
    assert_int_equal(answers[2].status, TD_ERR_BUSY);
    assert_int_equal(answers[0].count + answers[1].count, 0);
    assert_int_equal(td_bus_server_counts(site.server).busy_full, 1);
    assert_int_equal(site.seen, 2);
    finish(&site);
}

static void be_busy(void *ctx)
{
    uint64_t until_ns = td_loop_now_ns() + 8 * MS;

    (void)ctx;
    while (td_loop_now_ns() < until_ns)
        ;
}

static void a_lagging_loop_says_busy(void **state)
{
    (void)state;
    struct site site;
    struct answer answer;
    struct td_timer timer;
    struct td_timer other;

    start_with(&site, echo, (struct td_bus_server_options){.lag_max_ms = 3}, NULL);
    td_timer_init(&timer, site.loop, be_busy, NULL);
    td_timer_init(&other, site.loop, be_busy, NULL);
    td_timer_start_repeating(&timer, 1);
    td_timer_start_repeating(&other, 1);
    await(site.loop, td_loop_lag_ms(site.loop) > 3);
    ask(&site, "x", 10000, &answer);
    await(site.loop, answer.count == 1);
    assert_int_equal(answer.status, TD_ERR_BUSY);
    assert_int_equal(td_bus_server_counts(site.server).busy_late, 1);
    assert_int_equal(site.seen, 0);
    td_timer_stop(&timer);
    td_timer_stop(&other);
    finish(&site);
}

static void a_deadline_of_zero_is_dropped_unseen(void **state)
{
    (void)state;
    struct site site;

    start(&site, echo);
    struct raw raw = raw_connect(site.endpoint);
    raw_request(raw, (const uint8_t[]){0, 0, 0, 0});
    await(site.loop, td_bus_server_counts(site.server).expired_early == 1);
    assert_int_equal(site.seen, 0);
    assert_int_equal(td_bus_server_open_count(site.server), 0);
    raw_close(raw);
    finish(&site);
}

static void the_frames_on_the_wire_are_as_documented(void **state)
{
    (void)state;
    struct site site;
    uint8_t frame[32];

    start(&site, keep);
    struct raw raw = raw_connect(site.endpoint);
    raw_request(raw, (const uint8_t[]){0, 1, 0, 0}); // 65,536 ms over the limit of 60,000
    await(site.loop, site.seen == 1);
    uint32_t left_ms = td_bus_request_left_ms(site.kept[0]);
    assert_true(left_ms <= 60000 && left_ms > 30000);
    assert_memory_equal(td_bus_request_id(site.kept[0]).bytes, "0123456789abcdef", 16);
    td_bus_reply(site.kept[0], TD_ERR_DENIED, td_bytes("no", 2));

    int size = 0; // It leaves at the end of a turn.
    await(site.loop, (size = zmq_recv(raw.socket, frame, sizeof(frame), ZMQ_DONTWAIT)) >= 0);
    assert_int_equal(size, 16);
    assert_memory_equal(frame, "0123456789abcdef", 16);
    assert_int_equal(zmq_recv(raw.socket, frame, sizeof(frame), 0), 1);
    assert_int_equal(frame[0], TD_ERR_DENIED);
    assert_int_equal(zmq_recv(raw.socket, frame, sizeof(frame), 0), 2);
    assert_memory_equal(frame, "no", 2);
    raw_close(raw);
    finish(&site);
}

static void malformed_messages_are_counted_and_dropped(void **state)
{
    (void)state;
    struct site site;

    start(&site, echo);
    struct raw raw = raw_connect(site.endpoint);
    raw_send(raw, "", 0, false);
    raw_send(raw, "0123456789abcdef", 16, false);
    raw_send(raw, "0123456789abcde", 15, true); // a short id
    raw_send(raw, "\0\0\1\0", 4, true);
    raw_send(raw, "x", 1, false);
    raw_send(raw, "0123456789abcdef", 16, true);
    raw_send(raw, "\0\1\0", 3, true); // a short deadline
    raw_send(raw, "x", 1, false);
    for (int i = 0; i < 9; i++)
        raw_send(raw, "0123456789abcdef", 16, true); // too many frames
    raw_send(raw, "", 0, false);
    raw_request(raw, (const uint8_t[]){0, 0, 200, 0});
    await(site.loop, site.seen == 1);
    assert_int_equal(td_bus_server_counts(site.server).malformed, 5);
    assert_int_equal(td_bus_server_counts(site.server).requests, 1);
    raw_close(raw);
    finish(&site);
}

static void a_reply_to_a_peer_that_left_is_counted(void **state)
{
    (void)state;
    struct site site;

    start(&site, keep);
    struct raw raw = raw_connect(site.endpoint);
    raw_request(raw, (const uint8_t[]){0, 0, 200, 0});
    await(site.loop, site.seen == 1);
    raw_close(raw);

    // The server learns of it some time later: ask until it has.
    for (int i = 0; i < 1000 && td_bus_server_counts(site.server).undelivered == 0; i++) {
        struct raw other = raw_connect(site.endpoint);
        int seen = site.seen;

        if (seen == KEPT_MAX)
            site.seen = seen = 0;
        raw_request(other, (const uint8_t[]){0, 0, 200, 0});
        await(site.loop, site.seen == seen + 1);
        struct td_bus_request request = site.kept[seen];
        raw_close(other);
        uv_run(td_loop_uv(site.loop), UV_RUN_NOWAIT);
        td_bus_reply(request, TD_OK, td_bytes("x", 1));
    }
    assert_true(td_bus_server_counts(site.server).undelivered >= 1);
    finish(&site);
}

static void a_reply_that_is_too_large_becomes_limit(void **state)
{
    (void)state;
    struct site site;
    struct answer answer;
    static uint8_t large[(1 << 20) + 1];

    start(&site, keep);
    ask(&site, "x", 10000, &answer);
    await(site.loop, site.seen == 1);
    td_bus_reply(site.kept[0], TD_OK, td_bytes(large, sizeof(large)));
    await(site.loop, answer.count == 1);
    assert_int_equal(answer.status, TD_ERR_LIMIT);
    finish(&site);
}

static void destroy_server(void *ctx, struct td_bus_request request, struct td_bytes body)
{
    struct site *site = ctx;

    (void)request;
    (void)body;
    site->seen++;
    td_bus_server_destroy(&site->server);
}

static void a_handler_may_destroy_its_server(void **state)
{
    (void)state;
    struct site site;
    struct answer answers[5];

    start(&site, destroy_server);
    for (int i = 0; i < 5; i++)
        ask(&site, "x", 100, &answers[i]);
    await(site.loop, answers[4].count == 1);
    assert_int_equal(site.seen, 1);
    assert_int_equal(answers[4].status, TD_ERR_TIMEOUT);
    finish(&site);
}

static void an_endpoint_is_taken_once(void **state)
{
    (void)state;
    struct site site;
    struct td_bus_server *other = NULL;

    start(&site, echo);
    struct td_bus_server_options options = {.endpoint = site.endpoint, .handler = echo};
    assert_int_equal(td_bus_server_create(site.bus, &options, &other), TD_ERR_EXISTS);
    options.endpoint = "nonsense";
    assert_int_equal(td_bus_server_create(site.bus, &options, &other), TD_ERR_INVALID);
    assert_null(other);
    finish(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_gets_its_reply),
        cmocka_unit_test(replies_may_come_later_and_in_any_order),
        cmocka_unit_test(a_second_reply_is_ignored_even_when_the_slot_is_used_again),
        cmocka_unit_test(an_unanswered_request_ends_at_its_deadline_on_both_sides),
        cmocka_unit_test(a_full_inbox_says_busy),
        cmocka_unit_test(a_lagging_loop_says_busy),
        cmocka_unit_test(a_deadline_of_zero_is_dropped_unseen),
        cmocka_unit_test(the_frames_on_the_wire_are_as_documented),
        cmocka_unit_test(malformed_messages_are_counted_and_dropped),
        cmocka_unit_test(a_reply_to_a_peer_that_left_is_counted),
        cmocka_unit_test(a_reply_that_is_too_large_becomes_limit),
        cmocka_unit_test(a_handler_may_destroy_its_server),
        cmocka_unit_test(an_endpoint_is_taken_once),
    };

    return cmocka_run_group_tests_name("io/bus_server", tests, NULL, NULL);
}
