#include <stdlib.h>
#include <zmq.h>

#include "await.h"

#include "io/bus_feed.h"

struct heard {
    int count;
    int joined;
    char topic[TD_BUS_TOPIC_SIZE];
    char stream_id[TD_BUS_STREAM_ID_SIZE];
    size_t size;
};

struct site {
    struct td_loop *loop;
    struct td_bus *bus;
    struct td_bus_publisher *publisher;
};

static void on_message(void *ctx, const struct td_bus_message *message)
{
    struct heard *heard = ctx;

    heard->count++;
    strcpy(heard->topic, message->topic);
    strcpy(heard->stream_id, message->stream_id);
    heard->size = message->body.size;
}

static void on_joined(void *ctx)
{
    struct heard *heard = ctx;

    heard->joined++;
}

static void start(struct site *site, const struct td_bus_options *options)
{
    site->loop = make_loop();
    site->publisher = NULL;
    assert_int_equal(td_bus_create(site->loop, options, &site->bus), TD_OK);
}

static void finish(struct site *site)
{
    td_bus_publisher_destroy(&site->publisher);
    td_bus_destroy(&site->bus);
    td_loop_destroy(&site->loop);
}

static void publish_from(struct site *site)
{
    assert_int_equal(td_bus_publisher_bind(site->bus, "tcp://127.0.0.1:*", &site->publisher),
                     TD_OK);
}

/* False when the endpoint is still in use. */
static bool try_to_publish(struct site *site, const char *endpoint)
{
    enum td_err err = td_bus_publisher_bind(site->bus, endpoint, &site->publisher);

    assert_true(err == TD_OK || err == TD_ERR_EXISTS);
    return err == TD_OK;
}

static struct td_bus_subscriber *listen_to(struct site *site, const char *prefix,
                                           struct heard *heard)
{
    struct td_bus_subscriber *subscriber;
    struct td_bus_subscriber_options options = {on_message, on_joined, heard};

    memset(heard, 0, sizeof(*heard));
    assert_int_equal(td_bus_subscriber_create(site->bus, &options, &subscriber), TD_OK);
    assert_int_equal(td_bus_subscribe(subscriber, prefix), TD_OK);
    return subscriber;
}

static void publish(struct site *site, const char *topic, const char *stream_id, size_t size)
{
    static const uint8_t zeros[4096];
    struct td_bus_message message = {topic, stream_id, td_bytes(zeros, size)};

    assert_int_equal(td_bus_publish(site->publisher, &message), TD_OK);
}

static void what_is_published_after_joining_arrives(void **state)
{
    (void)state;
    struct site site;
    struct heard queue, all;

    start(&site, NULL);
    publish_from(&site);
    struct td_bus_subscriber *a = listen_to(&site, "interaction.", &queue);
    struct td_bus_subscriber *b = listen_to(&site, "", &all);
    const char *endpoint = td_bus_publisher_endpoint(site.publisher);
    assert_int_equal(td_bus_subscriber_connect(a, endpoint), TD_OK);
    assert_int_equal(td_bus_subscriber_connect(b, endpoint), TD_OK);
    await(site.loop, queue.joined == 1 && all.joined == 1);

    publish(&site, "agent.ready", NULL, 3);
    publish(&site, "interaction.queued", "1700000000000-5", 7);
    await(site.loop, queue.count == 1 && all.count == 2);
    assert_string_equal(queue.topic, "interaction.queued");
    assert_string_equal(queue.stream_id, "1700000000000-5");
    assert_int_equal(queue.size, 7);
    assert_int_equal(td_bus_subscriber_counts(b).messages, 2);
    assert_int_equal(td_bus_publisher_counts(site.publisher).messages, 2);
    td_bus_subscriber_destroy(&a);
    td_bus_subscriber_destroy(&b);
    finish(&site);
}

static void a_subscriber_hears_when_it_has_joined_again(void **state)
{
    (void)state;
    struct site site;
    struct heard heard;
    char endpoint[TD_BUS_ENDPOINT_SIZE];

    start(&site, NULL);
    publish_from(&site);
    strcpy(endpoint, td_bus_publisher_endpoint(site.publisher));
    struct td_bus_subscriber *subscriber = listen_to(&site, "zebra", &heard);
    assert_int_equal(td_bus_subscribe(subscriber, "aardvark"), TD_OK);
    assert_int_equal(td_bus_subscriber_connect(subscriber, endpoint), TD_OK);
    await(site.loop, heard.joined == 1);

    for (int again = 2; again <= 4; again++) {
        td_bus_publisher_destroy(&site.publisher);
        await(site.loop, try_to_publish(&site, endpoint)); // ZeroMQ closes in its own time.
        await(site.loop, heard.joined == again);
        // Everything it had subscribed to is in force, whatever its place in the alphabet.
        heard.count = 0;
        publish(&site, "aardvark", NULL, 0);
        publish(&site, "zebra", NULL, 0);
        await(site.loop, heard.count == 2);
    }
    td_bus_subscriber_destroy(&subscriber);
    finish(&site);
}

static void unsubscribing_ends_a_topic(void **state)
{
    (void)state;
    struct site site;
    struct heard heard;

    start(&site, NULL);
    publish_from(&site);
    struct td_bus_subscriber *subscriber = listen_to(&site, "a", &heard);
    assert_int_equal(td_bus_subscribe(subscriber, "b"), TD_OK);
    td_bus_unsubscribe(subscriber, "a");
    td_bus_unsubscribe(subscriber, "never subscribed");
    assert_int_equal(
        td_bus_subscriber_connect(subscriber, td_bus_publisher_endpoint(site.publisher)), TD_OK);
    await(site.loop, heard.joined == 1);
    publish(&site, "a", NULL, 0);
    publish(&site, "b", NULL, 0);
    await(site.loop, heard.count == 1);
    assert_string_equal(heard.topic, "b");
    assert_string_equal(heard.stream_id, "");
    td_bus_subscriber_destroy(&subscriber);
    finish(&site);
}

static void a_publisher_may_connect_to_a_bound_subscriber(void **state)
{
    (void)state;
    struct site site;
    struct heard heard;
    char endpoint[TD_BUS_ENDPOINT_SIZE];

    start(&site, NULL);
    struct td_bus_subscriber *subscriber = listen_to(&site, "", &heard);
    assert_int_equal(td_bus_subscriber_bind(subscriber, "tcp://127.0.0.1:*", endpoint), TD_OK);
    assert_int_equal(td_bus_publisher_connect(site.bus, endpoint, &site.publisher), TD_OK);
    await(site.loop, heard.joined == 1);
    publish(&site, "x", NULL, 1);
    await(site.loop, heard.count == 1);
    td_bus_subscriber_destroy(&subscriber);
    finish(&site);
}

/* The slow one never reads: its loop is not run. The other one must miss nothing. */
static void a_slow_subscriber_is_counted_and_the_others_miss_nothing(void **state)
{
    (void)state;
    struct site site, slow_site;
    struct heard heard, slow;
    struct td_bus_options options = {.queue_max = 8};
    int sent = 0;

    start(&site, &options);
    start(&slow_site, &options);
    publish_from(&site);
    const char *endpoint = td_bus_publisher_endpoint(site.publisher);
    struct td_bus_subscriber *good = listen_to(&site, "m", &heard);
    struct td_bus_subscriber *bad = listen_to(&slow_site, "m", &slow);
    assert_int_equal(td_bus_subscriber_connect(good, endpoint), TD_OK);
    assert_int_equal(td_bus_subscriber_connect(bad, endpoint), TD_OK);
    await(site.loop, heard.joined == 1);
    for (uint64_t end_ns = td_loop_now_ns() + AWAIT_MAX_NS; slow.joined == 0;) {
        assert_true(td_loop_now_ns() < end_ns);
        uv_run(td_loop_uv(slow_site.loop), UV_RUN_NOWAIT);
        uv_run(td_loop_uv(site.loop), UV_RUN_NOWAIT);
    }
    // Large enough to fill the socket buffers between the two within some thousand messages.
    while (td_bus_publisher_counts(site.publisher).dropped == 0 && sent < 20000) {
        publish(&site, "m", NULL, 4096);
        sent++;
        await(site.loop, heard.count == sent);
    }
    assert_int_equal(td_bus_publisher_counts(site.publisher).dropped, 1);
    assert_int_equal(td_bus_publisher_counts(site.publisher).messages, sent);
    td_bus_subscriber_destroy(&good);
    td_bus_subscriber_destroy(&bad);
    finish(&slow_site);
    finish(&site);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct site site;
    struct heard heard;
    char topic[TD_BUS_TOPIC_SIZE + 1] = {0};
    char stream_id[TD_BUS_STREAM_ID_SIZE + 1] = {0};
    struct td_bus_options options = {.message_max_bytes = 100};
    struct td_bus_message message = {topic, stream_id, {NULL, 0}};

    start(&site, &options);
    publish_from(&site);
    struct td_bus_subscriber *subscriber = listen_to(&site, "t", &heard);
    assert_int_equal(td_bus_publish(site.publisher, &message), TD_ERR_INVALID);
    memset(topic, 't', TD_BUS_TOPIC_SIZE - 1);
    assert_int_equal(td_bus_publish(site.publisher, &message), TD_OK);
    memset(stream_id, '1', TD_BUS_STREAM_ID_SIZE);
    assert_int_equal(td_bus_publish(site.publisher, &message), TD_ERR_RANGE);
    stream_id[1] = '\0';
    topic[TD_BUS_TOPIC_SIZE - 1] = 't';
    assert_int_equal(td_bus_publish(site.publisher, &message), TD_ERR_RANGE);
    assert_int_equal(td_bus_subscribe(subscriber, topic), TD_ERR_RANGE);
    strcpy(topic, "\xffnot yours");
    assert_int_equal(td_bus_publish(site.publisher, &message), TD_ERR_INVALID);
    assert_int_equal(td_bus_subscribe(subscriber, topic), TD_ERR_INVALID);
    static const uint8_t large[101];
    message = (struct td_bus_message){"t", NULL, {large, sizeof(large)}};
    assert_int_equal(td_bus_publish(site.publisher, &message), TD_ERR_RANGE);
    assert_int_equal(td_bus_subscriber_connect(subscriber, "nonsense"), TD_ERR_INVALID);
    td_bus_subscriber_destroy(&subscriber);
    finish(&site);
}

static void pushed_messages_arrive_at_the_sink(void **state)
{
    (void)state;
    struct site site;
    struct heard heard = {0};
    struct td_bus_sink *sink;
    struct td_bus_push *push;
    struct td_bus_message message = {"metrics.queue.SALES", NULL, {(const uint8_t *)"v", 1}};

    start(&site, NULL);
    assert_int_equal(td_bus_sink_create(site.bus, "tcp://127.0.0.1:*", on_message, &heard, &sink),
                     TD_OK);
    assert_int_equal(td_bus_push_create(site.bus, td_bus_sink_endpoint(sink), &push), TD_OK);
    await(site.loop, td_bus_push_send(push, &message) == TD_OK);
    await(site.loop, heard.count == 1);
    assert_string_equal(heard.topic, "metrics.queue.SALES");
    assert_int_equal(td_bus_push_counts(push).messages, 1);
    td_bus_push_destroy(&push);
    td_bus_sink_destroy(&sink);
    finish(&site);
}

static void values_for_a_sink_that_is_away_are_dropped(void **state)
{
    (void)state;
    struct site site;
    struct td_bus_push *push;
    struct td_bus_message message = {"metrics.x", NULL, {NULL, 0}};

    start(&site, NULL);
    assert_int_equal(td_bus_push_create(site.bus, "tcp://127.0.0.1:1", &push), TD_OK);
    assert_int_equal(td_bus_push_send(push, &message), TD_ERR_UNAVAILABLE);
    assert_int_equal(td_bus_push_counts(push).dropped, 1);
    td_bus_push_destroy(&push);
    finish(&site);
}

static struct td_bus_sink *own_sink;

static void destroy_sink(void *ctx, const struct td_bus_message *message)
{
    struct heard *heard = ctx;

    (void)message;
    heard->count++;
    td_bus_sink_destroy(&own_sink);
}

static void malformed_messages_are_counted_and_a_callback_may_destroy(void **state)
{
    (void)state;
    struct site site;
    struct heard heard = {0};
    char long_text[TD_BUS_TOPIC_SIZE];
    void *context = zmq_ctx_new();
    void *push = zmq_socket(context, ZMQ_PUSH);
    int linger = 0;

    memset(long_text, 'x', sizeof(long_text));
    start(&site, NULL);
    assert_int_equal(
        td_bus_sink_create(site.bus, "tcp://127.0.0.1:*", destroy_sink, &heard, &own_sink), TD_OK);
    zmq_setsockopt(push, ZMQ_LINGER, &linger, sizeof(linger));
    assert_int_equal(zmq_connect(push, td_bus_sink_endpoint(own_sink)), 0);
    zmq_send(push, "one frame", 9, 0);
    zmq_send(push, "nul\0", 4, ZMQ_SNDMORE);
    zmq_send(push, "", 0, ZMQ_SNDMORE);
    zmq_send(push, "", 0, 0);
    zmq_send(push, long_text, sizeof(long_text), ZMQ_SNDMORE);
    zmq_send(push, "", 0, ZMQ_SNDMORE);
    zmq_send(push, "", 0, 0);
    zmq_send(push, "t", 1, ZMQ_SNDMORE);
    zmq_send(push, long_text, TD_BUS_STREAM_ID_SIZE, ZMQ_SNDMORE);
    zmq_send(push, "", 0, 0);
    await(site.loop, td_bus_sink_counts(own_sink).malformed == 4);
    for (int i = 0; i < 3; i++) {
        zmq_send(push, "t", 1, ZMQ_SNDMORE);
        zmq_send(push, "", 0, ZMQ_SNDMORE);
        zmq_send(push, "", 0, 0);
    }
    await(site.loop, own_sink == NULL);
    assert_int_equal(heard.count, 1);
    zmq_close(push);
    zmq_ctx_term(context);
    finish(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_after_joining_arrives),
        cmocka_unit_test(a_subscriber_hears_when_it_has_joined_again),
        cmocka_unit_test(unsubscribing_ends_a_topic),
        cmocka_unit_test(a_publisher_may_connect_to_a_bound_subscriber),
        cmocka_unit_test(a_slow_subscriber_is_counted_and_the_others_miss_nothing),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(pushed_messages_arrive_at_the_sink),
        cmocka_unit_test(values_for_a_sink_that_is_away_are_dropped),
        cmocka_unit_test(malformed_messages_are_counted_and_a_callback_may_destroy),
    };

    return cmocka_run_group_tests_name("io/bus_feed", tests, NULL, NULL);
}
