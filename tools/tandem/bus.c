/* tandem bus: listen to what is published, and publish. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "io/bus_feed.h"
#include "tandem/command.h"
#include "wire/context_wire.h"
#include "wire/json.h"

#define PUBLISH_DEADLINE_MS 10000

/* --- tail --------------------------------------------------------------------------------------
 */

struct tail {
    const struct command_options *options;
    struct td_service *service;
    struct td_bus_subscriber *subscriber;
    const char *topic;
    bool json;
    uint64_t left; /* messages to print; UINT64_MAX for ever */
};

/* The payload as JSON: a message of ours, or what an integrator wrote. "" when it is neither. */
static char *payload_text(const struct td_envelope *envelope)
{
    char *text = NULL;

    if (td_wire_bytes_to_json(envelope->type, envelope->payload, (struct td_json_options){0},
                              &text) == TD_OK)
        return text;
    if (td_json_is_valid((const char *)envelope->payload.data, envelope->payload.size, NULL, 0))
        return strndup((const char *)envelope->payload.data, envelope->payload.size);
    return strdup("\"\"");
}

static void print_for_programs(const struct td_envelope *envelope, const char *place,
                               const char *payload)
{
    char id[TD_ID_TEXT_SIZE];

    (void)printf("{\"topic\":\"%s\",\"place\":\"%s\",\"id\":\"%s\",\"tenant\":%u,\"key\":\"%s\","
                 "\"source\":\"%s\",\"time_unix_us\":%llu,\"type\":\"%s\",\"payload\":%s}\n",
                 envelope->topic, place, td_id_format(envelope->id.id, id), envelope->tenant,
                 envelope->key, envelope->source, (unsigned long long)envelope->time_unix_us,
                 envelope->type, payload);
}

static void print_for_people(const struct td_envelope *envelope, const char *payload)
{
    time_t seconds = (time_t)(envelope->time_unix_us / 1000000);
    struct tm local;
    char clock[16];

    (void)localtime_r(&seconds, &local);
    (void)strftime(clock, sizeof(clock), "%H:%M:%S", &local);
    (void)printf("%s.%03u  %-26s %-12s %s\n", clock,
                 (unsigned)(envelope->time_unix_us / 1000 % 1000), envelope->topic,
                 envelope->source, payload);
}

static void on_message(void *ctx, const struct td_bus_message *message)
{
    struct tail *tail = ctx;
    struct td_arena *arena = td_service_arena(tail->service);
    size_t mark = arena->used;
    struct td_envelope envelope;

    if (tail->left == 0 || td_envelope_decode(arena, message->body, &envelope, NULL) != TD_OK ||
        envelope.tenant != tail->options->tenant) {
        td_arena_rewind(arena, mark);
        return;
    }
    char *payload = payload_text(&envelope);
    if (tail->json)
        print_for_programs(&envelope, message->stream_id, payload);
    else
        print_for_people(&envelope, payload);
    (void)fflush(stdout);
    free(payload);
    td_arena_rewind(arena, mark);
    if (tail->left != UINT64_MAX && --tail->left == 0) {
        td_bus_subscriber_destroy(&tail->subscriber);
        td_tool_exit(tail->service, 0);
    }
}

static void on_joined(void *ctx)
{
    struct tail *tail = ctx;

    if (tail->json) { // Programs that act and then watch have to know from when on they see all.
        (void)puts("{\"joined\":true}");
        (void)fflush(stdout);
    }
}

static void on_hub(void *ctx, enum td_instance_change change, const struct td_instance *instance)
{
    struct tail *tail = ctx;

    if (!td_str_equal(instance->service, "hub") || instance->publish[0] == '\0' ||
        tail->subscriber == NULL)
        return;
    if (change == TD_INSTANCE_GONE)
        td_bus_subscriber_disconnect(tail->subscriber, instance->publish);
    else if (change == TD_INSTANCE_APPEARED &&
             td_bus_subscriber_connect(tail->subscriber, instance->publish) != TD_OK)
        (void)command_fail(1, "cannot reach the hub at %s", instance->publish);
}

static void start_tail(struct td_service *service, void *ctx)
{
    struct tail *tail = ctx;
    const struct td_bus_subscriber_options options = {on_message, on_joined, tail};

    tail->service = service;
    enum td_err err =
        td_bus_subscriber_create(td_service_bus(service), &options, &tail->subscriber);
    if (err == TD_OK)
        err = td_bus_subscribe(tail->subscriber, tail->topic);
    if (err != TD_OK) {
        td_bus_subscriber_destroy(&tail->subscriber);
        td_tool_exit(service, command_fail(1, "%s", td_err_text(err)));
        return;
    }
    if (td_service_find_instance(service, "hub", NULL) == NULL)
        (void)command_fail(0, "no hub is running yet; waiting for one");
    td_service_watch_instances(service, on_hub, tail);
}

static void stop_tail(struct td_service *service, void *ctx)
{
    struct tail *tail = ctx;

    (void)service;
    td_bus_subscriber_destroy(&tail->subscriber);
}

int command_bus_tail(const struct command_options *options, int argc, char **argv)
{
    struct tail tail = {.options = options, .topic = "", .left = UINT64_MAX};

    for (int i = 0; i < argc; i++) {
        if (td_str_equal(argv[i], "--json"))
            tail.json = true;
        else if (td_str_equal(argv[i], "--count") && i + 1 < argc &&
                 td_str_to_u64(argv[i + 1], UINT32_MAX, &tail.left) == TD_OK && tail.left > 0)
            i++;
        else if (argv[i][0] != '-')
            tail.topic = argv[i];
        else
            return command_fail(2, "usage: tandem bus tail [TOPIC] [--json] [--count N]");
    }
    const struct td_tool tool = {
        .site_file = options->site_file, .start = start_tail, .stop = stop_tail, .ctx = &tail};
    return td_tool_run(&tool);
}

/* --- publish -----------------------------------------------------------------------------------
 */

struct publish {
    const struct command_options *options;
    struct td_service *service;
    struct td_event_publish event;
};

static void on_published(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct publish *publish = ctx;
    struct td_event_publish_reply reply = {0};

    if (err == TD_OK)
        err = td_event_publish_reply_decode(td_service_arena(publish->service), payload, &reply,
                                            NULL);
    if (err != TD_OK) {
        td_tool_exit(publish->service, command_fail(1, "%s", command_why_failed(err, message)));
        return;
    }
    (void)puts(reply.repeated ? "stored before" : "stored");
    td_tool_exit(publish->service, 0);
}

static void start_publish(struct td_service *service, void *ctx)
{
    struct publish *publish = ctx;

    publish->service = service;
    const struct td_call call = {
        .to = "context",
        .type = "EventPublish",
        .tenant = publish->options->tenant,
        .key = publish->event.key,
        .payload = td_event_publish_encode(td_service_arena(service), &publish->event),
        .deadline_ms = PUBLISH_DEADLINE_MS,
    };
    td_call(service, &call, on_published, publish);
}

static int parse_publish(struct publish *publish, int argc, char **argv)
{
    struct td_event_publish *event = &publish->event;
    const char *words[2];
    int count = 0;
    char fault[160];

    for (int i = 0; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (td_str_equal(argv[i], "--key") && has_value) {
            if (td_str_copy(event->key, sizeof(event->key), argv[++i]) != TD_OK)
                return command_fail(2, "--key: at most 127 bytes");
        } else if (td_str_equal(argv[i], "--id") && has_value) {
            if (td_id_parse(argv[++i], &event->event_id.id) != TD_OK)
                return command_fail(2, "--id: expected a UUID, found \"%s\"", argv[i]);
        } else if (count < 2) {
            words[count++] = argv[i];
        } else {
            count = 3;
        }
    }
    if (count != 2)
        return command_fail(2, "usage: tandem bus publish TOPIC JSON [--key KEY] [--id ID]");
    if (td_str_copy(event->topic, sizeof(event->topic), words[0]) != TD_OK)
        return command_fail(2, "TOPIC: at most 127 bytes");
    if (!td_json_is_valid(words[1], strlen(words[1]), fault, sizeof(fault)))
        return command_fail(2, "JSON: %s", fault);
    if (strlen(words[1]) > 32768)
        return command_fail(2, "JSON: at most 32,768 bytes");
    event->payload = td_bytes(words[1], strlen(words[1]));
    td_str_clip(event->type, sizeof(event->type), "application/json");
    return 0;
}

int command_bus_publish(const struct command_options *options, int argc, char **argv)
{
    struct publish publish = {.options = options};
    int status = parse_publish(&publish, argc, argv);
    if (status != 0)
        return status;

    const struct td_tool tool = {
        .site_file = options->site_file, .start = start_publish, .ctx = &publish};
    return td_tool_run(&tool);
}
