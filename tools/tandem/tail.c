/* tandem bus tail: listens to what is published. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/text.h"
#include "io/bus_feed.h"
#include "service/publish.h"
#include "tandem/command.h"
#include "wire/json.h"

#define HEAD_SIZE 4096 /* of a line for programs, before its payload */

struct tail {
    const struct command_options *options;
    struct td_service *service;
    struct td_bus_subscriber *subscriber;
    const char *topic;
    bool json;
    uint64_t left; /* messages to print; UINT64_MAX for ever */
};

/* JSON as its author laid it out, on one line: in its strings a control character cannot stand. */
static char *on_one_line(struct td_bytes json)
{
    char *text = strndup((const char *)json.data, json.size);

    for (char *c = text; c != NULL && *c != '\0'; c++) {
        if ((unsigned char)*c < ' ')
            *c = ' ';
    }
    return text;
}

/* The payload as JSON: a message of ours, or what an integrator wrote. "" when it is neither. */
static char *payload_text(const struct td_envelope *envelope)
{
    char *text = NULL;

    if (td_wire_bytes_to_json(envelope->type, envelope->payload, (struct td_json_options){0},
                              &text) == TD_OK)
        return text;
    if (td_json_is_valid((const char *)envelope->payload.data, envelope->payload.size, NULL, 0))
        return on_one_line(envelope->payload);
    return strdup("\"\"");
}

static void add_member(struct td_text *head, const char *name, const char *value)
{
    td_text_add(head, name);
    td_text_add_json(head, value);
}

static void add_number(struct td_text *head, const char *name, uint64_t value)
{
    td_text_add(head, name);
    td_text_add_u64(head, value);
}

static void print_for_programs(const struct td_envelope *envelope, const char *place,
                               const char *payload)
{
    char id[TD_ID_TEXT_SIZE];
    char text[HEAD_SIZE];
    struct td_text head;

    td_text_init(&head, text, sizeof(text));
    add_member(&head, "{\"topic\":", envelope->topic);
    add_member(&head, ",\"place\":", place);
    add_member(&head, ",\"id\":", td_id_format(envelope->id.id, id));
    add_number(&head, ",\"tenant\":", envelope->tenant);
    add_member(&head, ",\"key\":", envelope->key);
    add_member(&head, ",\"source\":", envelope->source);
    add_number(&head, ",\"time_unix_us\":", envelope->time_unix_us);
    add_member(&head, ",\"type\":", envelope->type);
    (void)printf("%s,\"payload\":%s}\n", text, payload);
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

static void close_tail(struct tail *tail)
{
    td_publish_follow(tail->service, NULL);
    td_bus_subscriber_destroy(&tail->subscriber);
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
        close_tail(tail);
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
    td_publish_follow(service, tail->subscriber);
}

static void stop_tail(struct td_service *service, void *ctx)
{
    (void)service;
    close_tail(ctx);
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
