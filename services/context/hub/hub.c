#include "context/hub/hub.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "context/hub/core/last_ids.h"
#include "io/bus_feed.h"
#include "io/live_tail.h"
#include "service/commit.h"

/* How long events may wait for others. */
#define REST_MS 10

struct hub {
    struct td_service *service;
    struct td_bus_publisher *publisher;
    struct td_bus_sink *sink;
    struct td_live_tail *tail;
    bool tail_up;
    struct hub_last_ids last_ids;
    uint64_t *events;
    uint64_t *metrics;
    uint64_t *refused;
    uint64_t *unreadable;
    uint64_t *dropped;
};

static void publish(struct hub *hub, const struct td_bus_message *message)
{
    if (td_bus_publish(hub->publisher, message) != TD_OK)
        ++*hub->refused;
    *hub->dropped = td_bus_publisher_counts(hub->publisher).dropped;
}

static void format_place(char *text, size_t size, uint32_t partition, struct td_live_stream_id id,
                         struct hub_place previous)
{
    char id_text[TD_LIVE_STREAM_ID_TEXT_SIZE];
    char previous_text[TD_LIVE_STREAM_ID_TEXT_SIZE];
    struct td_live_stream_id before = {previous.unix_ms, previous.sequence};

    (void)snprintf(text, size, "%u/%s/%s", partition, td_live_stream_id_format(id, id_text),
                   td_live_stream_id_format(before, previous_text));
}

static void on_entry(void *ctx, uint32_t stream, struct td_live_stream_id id, struct td_bytes value)
{
    struct hub *hub = ctx;
    struct td_arena *arena = td_service_arena(hub->service);
    size_t mark = arena->used;
    struct td_envelope envelope;
    char place[TD_BUS_STREAM_ID_SIZE];

    if (td_envelope_decode(arena, value, &envelope, NULL) != TD_OK || envelope.topic[0] == '\0') {
        ++*hub->unreadable;
    } else {
        struct hub_place previous = hub_last_ids_swap(&hub->last_ids, envelope.topic, stream,
                                                      (struct hub_place){id.unix_ms, id.sequence});
        format_place(place, sizeof(place), stream, id, previous);
        publish(hub, &(struct td_bus_message){envelope.topic, place, value});
        ++*hub->events;
    }
    td_arena_rewind(arena, mark);
}

/* A gap in what the hub read itself: from here on nobody can trust "the one before". */
static void on_gap(void *ctx, uint32_t stream, struct td_live_stream_id after,
                   struct td_live_stream_id trimmed)
{
    struct hub *hub = ctx;

    td_log_warn(td_service_log(hub->service), "stream.trimmed", td_u64("partition", stream),
                td_u64("after_unix_ms", after.unix_ms), td_u64("trimmed_unix_ms", trimmed.unix_ms));
    hub->last_ids = (struct hub_last_ids){0};
}

/*
 * Subscribers are told where to connect only now: who has joined can rely on seeing whatever is
 * stored from then on.
 */
static void on_tail_state(void *ctx, bool up)
{
    struct hub *hub = ctx;

    hub->tail_up = up;
    if (up)
        td_service_set_endpoints(hub->service, td_bus_publisher_endpoint(hub->publisher),
                                 td_bus_sink_endpoint(hub->sink));
}

/* Only metrics are pushed: an event that did not go through a stream would be on no disk. */
static void on_pushed(void *ctx, const struct td_bus_message *message)
{
    struct hub *hub = ctx;

    if (!td_str_starts_with(message->topic, "metrics.")) {
        ++*hub->refused;
        return;
    }
    publish(hub, message);
    ++*hub->metrics;
}

static enum td_err open_tail(struct hub *hub)
{
    char keys[TD_STREAMS][TD_KEY_SIZE];
    struct td_live_tail_stream streams[TD_STREAMS];

    for (unsigned i = 0; i < TD_STREAMS; i++)
        streams[i] = (struct td_live_tail_stream){
            td_stream_key(td_service_site(hub->service), i, keys[i]), TD_LIVE_FROM_NOW};
    const struct td_live_tail_config config = {
        .address = td_service_redis(hub->service),
        .password = td_service_redis_password(hub->service),
        .streams = streams,
        .stream_count = TD_STREAMS,
        .rest_ms = REST_MS,
        .entry = on_entry,
        .gap = on_gap,
        .state = on_tail_state,
        .ctx = hub,
    };
    return td_live_tail_create(td_service_loop(hub->service), &config, &hub->tail);
}

static enum td_err open_sockets(struct hub *hub)
{
    struct td_bus *bus = td_service_bus(hub->service);
    char endpoint[TD_BUS_ENDPOINT_SIZE];

    (void)snprintf(endpoint, sizeof(endpoint), "tcp://%s:*", td_service_bus_address(hub->service));
    enum td_err err = td_bus_publisher_bind(bus, endpoint, &hub->publisher);
    if (err == TD_OK)
        err = td_bus_sink_create(bus, endpoint, on_pushed, hub, &hub->sink);
    return err;
}

enum td_err hub_create(struct td_service *service, struct hub **hub)
{
    struct hub *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->service = service;
    self->events = td_service_counter(service, "events_published", "Events published.");
    self->metrics = td_service_counter(service, "metrics_published", "Metrics published.");
    self->refused =
        td_service_counter(service, "messages_refused", "Pushed messages that were refused.");
    self->unreadable = td_service_counter(service, "events_unreadable",
                                          "Entries of the streams that are no events.");
    self->dropped = td_service_counter(service, "messages_dropped",
                                       "Messages dropped because a subscriber was slow.");
    enum td_err err = open_sockets(self);
    if (err == TD_OK)
        err = open_tail(self);
    if (err == TD_OK)
        *hub = self;
    else
        hub_destroy(&self);
    return err;
}

const char *hub_unhealthy(const struct hub *hub)
{
    return hub->tail_up ? NULL : "cannot read the event streams";
}

void hub_destroy(struct hub **hub)
{
    struct hub *self = *hub;

    if (self == NULL)
        return;
    *hub = NULL;
    td_live_tail_destroy(&self->tail);
    td_bus_sink_destroy(&self->sink);
    td_bus_publisher_destroy(&self->publisher);
    free(self);
}
