/*
 * The client is a thread of plain blocking sockets, while the loop serves here.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "await.h"

#include "io/http.h"

#define REPLY_MAX (1 << 20)

struct site {
    struct td_loop *loop;
    struct td_http *http;
    int asked;
};

static void say_health(void *ctx, struct td_http_answer *answer)
{
    struct site *site = ctx;

    site->asked++;
    answer->status = 503;
    answer->content_type = "application/json";
    td_http_printf(answer, "{\"healthy\":%s", "false");
    td_http_printf(answer, ",\"asked\":%d}", site->asked);
}

static void say_much(void *ctx, struct td_http_answer *answer)
{
    (void)ctx;
    for (int i = 0; i < 20000; i++)
        td_http_printf(answer, "line %06d\n", i);
}

static void say_too_much(void *ctx, struct td_http_answer *answer)
{
    (void)ctx;
    for (int i = 0; i < 30000; i++)
        td_http_printf(answer, "line %06d\n", i);
}

static void say_nothing(void *ctx, struct td_http_answer *answer)
{
    (void)ctx;
    (void)answer;
}

static void start(struct site *site)
{
    const struct td_http_route routes[] = {
        {"/health", say_health, site},
        {"/much", say_much, NULL},
        {"/too-much", say_too_much, NULL},
        {"/nothing", say_nothing, NULL},
    };
    struct td_http_options options = {.routes = routes, .route_count = 4};

    *site = (struct site){.loop = make_loop()};
    assert_int_equal(td_http_create(site->loop, &options, &site->http), TD_OK);
    assert_true(td_http_port(site->http) > 0);
}

static void finish(struct site *site)
{
    td_http_destroy(&site->http);
    assert_null(site->http);
    td_loop_destroy(&site->loop);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval patience = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(fd);
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

struct fetch {
    uint16_t port;
    const char *request;
    char *reply;
    bool done; /* atomic */
};

static void *run_fetch(void *arg)
{
    struct fetch *fetch = arg;
    size_t used = 0;
    int fd = connect_to(fetch->port);
    ssize_t got = fd < 0 ? -1 : write(fd, fetch->request, strlen(fetch->request));

    while (got > 0 && used < REPLY_MAX - 1) {
        got = read(fd, fetch->reply + used, REPLY_MAX - 1 - used);
        if (got > 0)
            used += (size_t)got;
    }
    fetch->reply[used] = '\0';
    (void)close(fd);
    __atomic_store_n(&fetch->done, true, __ATOMIC_RELEASE);
    return NULL;
}

/* Returns everything the server sent until it closed the connection; to be freed. */
static char *fetch(struct site *site, const char *request)
{
    struct fetch fetch = {td_http_port(site->http), request, calloc(1, REPLY_MAX), false};
    pthread_t thread;

    assert_non_null(fetch.reply);
    assert_int_equal(pthread_create(&thread, NULL, run_fetch, &fetch), 0);
    await(site->loop, __atomic_load_n(&fetch.done, __ATOMIC_ACQUIRE));
    assert_int_equal(pthread_join(thread, NULL), 0);
    return fetch.reply;
}

#define CLOSE "\r\nHost: x\r\nConnection: close\r\n\r\n"

static void a_route_answers(void **state)
{
    (void)state;
    struct site site;

    start(&site);
    char *reply = fetch(&site, "GET /health?verbose=1 HTTP/1.1" CLOSE);
    assert_ptr_equal(strstr(reply, "HTTP/1.1 503"), reply);
    assert_non_null(strstr(reply, "content-type: application/json\r\n"));
    assert_non_null(strstr(reply, "content-length: 27\r\n"));
    assert_non_null(strstr(reply, "\r\n\r\n{\"healthy\":false,\"asked\":1}"));
    free(reply);
    finish(&site);
}

static void one_connection_may_ask_again(void **state)
{
    (void)state;
    struct site site;

    start(&site);
    char *reply = fetch(&site, "GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1" CLOSE);
    assert_non_null(strstr(reply, "\"asked\":1}"));
    assert_non_null(strstr(reply, "\"asked\":2}"));
    free(reply);
    finish(&site);
}

static void a_large_answer_arrives_whole(void **state)
{
    (void)state;
    struct site site;

    start(&site);
    char *reply = fetch(&site, "GET /much HTTP/1.1" CLOSE);
    const char *at = strstr(reply, "\r\n\r\n");
    assert_non_null(at);
    at += 4;
    for (int i = 0; i < 20000; i++, at += 12) {
        char line[32];

        (void)snprintf(line, sizeof(line), "line %06d\n", i);
        assert_memory_equal(at, line, 12);
    }
    assert_int_equal(*at, '\0');
    free(reply);
    finish(&site);
}

static void what_is_not_there_or_not_allowed_is_refused(void **state)
{
    (void)state;
    struct site site;
    const struct {
        const char *request, *status;
    } cases[] = {
        {"GET /nowhere HTTP/1.1" CLOSE, "HTTP/1.1 404"},
        {"GET / HTTP/1.1" CLOSE, "HTTP/1.1 404"},
        {"GET /healthy HTTP/1.1" CLOSE, "HTTP/1.1 404"},
        {"DELETE /health HTTP/1.1" CLOSE, "HTTP/1.1 405"},
        {"GET /too-much HTTP/1.1" CLOSE, "HTTP/1.1 500"},
    };

    start(&site);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *reply = fetch(&site, cases[i].request);

        if (strstr(reply, cases[i].status) != reply)
            fail_msg("%s gave %s", cases[i].request, reply);
        free(reply);
    }
    char *reply = fetch(&site, "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                               "Connection: close\r\n\r\n");
    assert_ptr_equal(strstr(reply, "HTTP/1.1 200"), NULL);
    free(reply);
    assert_int_equal(site.asked, 0);
    finish(&site);
}

static void head_and_empty_answers_have_no_body(void **state)
{
    (void)state;
    struct site site;

    start(&site);
    char *reply = fetch(&site, "HEAD /health HTTP/1.1" CLOSE);
    assert_non_null(strstr(reply, "content-length: 27\r\n"));
    assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
    free(reply);
    reply = fetch(&site, "GET /nothing HTTP/1.1" CLOSE);
    assert_ptr_equal(strstr(reply, "HTTP/1.1 200"), reply);
    assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
    free(reply);
    finish(&site);
}

static void nonsense_does_no_harm(void **state)
{
    (void)state;
    struct site site;
    const char *const requests[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "\x16\x03\x01\x02 is this TLS?\r\n\r\n",
        "GET /../../etc/passwd HTTP/1.1" CLOSE,
        "GET /health HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    };

    start(&site);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        char *reply = fetch(&site, requests[i]);

        assert_null(strstr(reply, "200 OK"));
        assert_null(strstr(reply, "101 Switching"));
        free(reply);
    }
    char *reply = fetch(&site, "GET /health HTTP/1.1" CLOSE);
    assert_non_null(strstr(reply, "\"asked\":1}"));
    free(reply);
    finish(&site);
}

static void it_closes_with_connections_open(void **state)
{
    (void)state;
    struct site site;
    int fds[4];

    start(&site);
    for (size_t i = 0; i < 4; i++)
        fds[i] = connect_to(td_http_port(site.http));
    assert_true(write(fds[1], "GET /he", 7) == 7);
    assert_true(write(fds[2], "GET /much HTTP/1.1\r\n\r\n", 22) == 22); // nobody reads the answer
    assert_true(write(fds[3], "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", 33) == 33);
    await(site.loop, site.asked == 1);
    finish(&site);
    for (size_t i = 0; i < 4; i++)
        (void)close(fds[i]);
}

static void more_connections_than_allowed_do_not_stop_it(void **state)
{
    (void)state;
    struct site site;
    int fds[3 * TD_HTTP_CONNECTIONS_MAX];
    size_t count = sizeof(fds) / sizeof(fds[0]);

    start(&site);
    for (size_t i = 0; i < count; i++)
        fds[i] = connect_to(td_http_port(site.http));
    for (int turn = 0; turn < 100; turn++)
        uv_run(td_loop_uv(site.loop), UV_RUN_NOWAIT);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
    char *reply = NULL;
    for (int i = 0; i < 1000 && site.asked == 0; i++) { // Until it has noticed that they left.
        free(reply);
        reply = fetch(&site, "GET /health HTTP/1.1" CLOSE);
    }
    assert_non_null(strstr(reply, "\"asked\":1}"));
    free(reply);
    finish(&site);
}

static void servers_come_and_go(void **state)
{
    (void)state;
    struct site site;
    struct td_http *other;

    start(&site);
    struct td_http_options options = {.port = td_http_port(site.http)};
    assert_int_equal(td_http_create(site.loop, &options, &other), TD_ERR_EXISTS);
    options = (struct td_http_options){.address = "192.0.2.1"};
    assert_int_equal(td_http_create(site.loop, &options, &other), TD_ERR_INVALID);
    options = (struct td_http_options){.route_count = TD_HTTP_ROUTES_MAX + 1};
    assert_int_equal(td_http_create(site.loop, &options, &other), TD_ERR_LIMIT);
    for (int i = 0; i < 5; i++) {
        options = (struct td_http_options){0};
        assert_int_equal(td_http_create(site.loop, &options, &other), TD_OK);
        td_http_destroy(&other);
        char *reply = fetch(&site, "GET /health HTTP/1.1" CLOSE);
        assert_non_null(strstr(reply, "\"healthy\":false"));
        free(reply);
    }
    finish(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_answers),
        cmocka_unit_test(one_connection_may_ask_again),
        cmocka_unit_test(a_large_answer_arrives_whole),
        cmocka_unit_test(what_is_not_there_or_not_allowed_is_refused),
        cmocka_unit_test(head_and_empty_answers_have_no_body),
        cmocka_unit_test(nonsense_does_no_harm),
        cmocka_unit_test(it_closes_with_connections_open),
        cmocka_unit_test(more_connections_than_allowed_do_not_stop_it),
        cmocka_unit_test(servers_come_and_go),
    };

    return cmocka_run_group_tests_name("io/http", tests, NULL, NULL);
}
