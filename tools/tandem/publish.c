/*
 * tandem bus publish: hands events to context, which stores them before it acknowledges. One from
 * the command line, tried once, or one a line from standard input, each tried until it is stored or
 * refused, always under the same id.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "service/outbox.h"
#include "tandem/command.h"
#include "wire/context_wire.h"
#include "wire/json.h"

#define TRY_DEADLINE_MS 5000
#define PAYLOAD_MAX 32768 /* as the proto says */
#define UNDER_WAY_MAX 256 /* lines read and not yet stored */

/* Standard input, a line at a time. */
struct lines {
    uv_poll_t poll; /* a file that epoll does not take is always readable: see `is_file` */
    bool is_open;
    bool is_file;
    bool is_waiting;
    bool ended;
    uint64_t number;
    size_t used;
    char buffer[PAYLOAD_MAX + 2];
};

struct publish;

/* One event on its way. */
struct sent {
    struct publish *publish;
    struct td_id id;
    uint64_t line; /* 0: of the command line */
    struct sent *next_free;
};

struct publish {
    const struct command_options *options;
    struct td_service *service;
    struct td_outbox *outbox;
    struct td_event_publish event;
    bool from_lines;
    struct lines lines;
    struct sent sent[UNDER_WAY_MAX];
    struct sent *free_sent;
    uint32_t under_way;
    int status;
};

static void read_lines(struct publish *publish);

/* --- one event ---------------------------------------------------------------------------------
 */

static void finish_when_done(struct publish *publish)
{
    bool more = publish->from_lines && !publish->lines.ended;

    if (publish->under_way == 0 && !more)
        td_tool_exit(publish->service, publish->status);
}

static void say_stored(const struct sent *sent, bool repeated)
{
    char id[TD_ID_TEXT_SIZE];

    if (sent->line == 0)
        (void)puts(repeated ? "stored before" : "stored");
    else
        (void)printf("%s\n", td_id_format(sent->id, id));
    (void)fflush(stdout);
}

static void say_refused(struct publish *publish, uint64_t line, const char *why)
{
    publish->status = line == 0 ? command_fail(1, "%s", why)
                                : command_fail(1, "line %llu: %s", (unsigned long long)line, why);
}

static void on_published(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct sent *sent = ctx;
    struct publish *publish = sent->publish;
    struct td_event_publish_reply reply = {0};

    if (err == TD_OK)
        err = td_event_publish_reply_decode(td_service_arena(publish->service), payload, &reply,
                                            NULL);
    if (err == TD_OK)
        say_stored(sent, reply.repeated);
    else
        say_refused(publish, sent->line, command_why_failed(err, message));
    sent->next_free = publish->free_sent;
    publish->free_sent = sent;
    publish->under_way--;
    if (publish->from_lines)
        read_lines(publish);
    finish_when_done(publish);
}

static struct sent *take_sent(struct publish *publish, struct td_id id)
{
    struct sent *sent = publish->free_sent;

    publish->free_sent = sent->next_free;
    *sent = (struct sent){.publish = publish, .id = id, .line = publish->lines.number};
    publish->under_way++;
    return sent;
}

/* Lines of one key keep their order; those without one need none. */
static void send_event(struct publish *publish, struct td_bytes payload)
{
    struct td_event_publish event = publish->event;
    char lane[TD_ID_TEXT_SIZE];

    event.payload = payload;
    if (td_id_is_nil(event.event_id.id))
        event.event_id.id = td_service_new_id(publish->service);
    const struct td_call call = {
        .to = "context",
        .type = "EventPublish",
        .tenant = publish->options->tenant,
        .key = event.key[0] != '\0' ? event.key : td_id_format(event.event_id.id, lane),
        .payload = td_event_publish_encode(td_service_arena(publish->service), &event),
        .deadline_ms = TRY_DEADLINE_MS,
    };
    struct sent *sent = take_sent(publish, event.event_id.id);
    if (!publish->from_lines)
        td_call(publish->service, &call, on_published, sent);
    else if (td_outbox_send_with(publish->outbox, &call, on_published, sent) != TD_OK)
        abort(); // It has room for all that may be under way.
}

/* --- lines -------------------------------------------------------------------------------------
 */

static void take_line(struct publish *publish, const char *line, size_t size)
{
    char fault[160];

    publish->lines.number++;
    if (size == 0)
        return;
    if (size > PAYLOAD_MAX)
        say_refused(publish, publish->lines.number, "longer than 32,768 bytes");
    else if (!td_json_is_valid(line, size, fault, sizeof(fault)))
        say_refused(publish, publish->lines.number, fault);
    else
        send_event(publish, td_bytes(line, size));
}

/* Takes the whole lines that have come, as many as may be under way. */
static void take_lines(struct publish *publish)
{
    struct lines *lines = &publish->lines;
    const char *newline;
    size_t taken = 0;

    while (publish->under_way < UNDER_WAY_MAX &&
           (newline = memchr(lines->buffer + taken, '\n', lines->used - taken)) != NULL) {
        size_t size = (size_t)(newline - lines->buffer) - taken;

        take_line(publish, lines->buffer + taken, size);
        taken += size + 1;
    }
    lines->used -= taken;
    memmove(lines->buffer, lines->buffer + taken, lines->used);
}

/* The last line may lack its end. */
static void end_lines(struct publish *publish)
{
    struct lines *lines = &publish->lines;

    lines->ended = true;
    if (lines->used > 0)
        take_line(publish, lines->buffer, lines->used);
    lines->used = 0;
}

/* @return false when nothing more can be read now. */
static bool fill(struct publish *publish)
{
    struct lines *lines = &publish->lines;
    ssize_t got =
        read(STDIN_FILENO, lines->buffer + lines->used, sizeof(lines->buffer) - lines->used);

    if (got > 0) {
        lines->used += (size_t)got;
        return true;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    end_lines(publish);
    return false;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct publish *publish = poll->data;

    (void)status;
    (void)events;
    (void)uv_poll_stop(poll);
    publish->lines.is_waiting = false;
    if (fill(publish))
        read_lines(publish);
    finish_when_done(publish);
}

static void wait_for_input(struct publish *publish)
{
    struct lines *lines = &publish->lines;

    if (lines->is_waiting)
        return;
    lines->is_waiting = true;
    (void)uv_poll_start(&lines->poll, UV_READABLE, on_readable);
}

static bool is_too_long(const struct lines *lines)
{
    return lines->used == sizeof(lines->buffer) && memchr(lines->buffer, '\n', lines->used) == NULL;
}

static void read_lines(struct publish *publish)
{
    struct lines *lines = &publish->lines;

    take_lines(publish);
    while (publish->under_way < UNDER_WAY_MAX && !lines->ended) {
        if (is_too_long(lines)) {
            say_refused(publish, lines->number + 1, "longer than 32,768 bytes");
            lines->ended = true;
        } else if (!lines->is_file) {
            wait_for_input(publish);
            return;
        } else if (fill(publish)) {
            take_lines(publish);
        }
    }
}

static void open_lines(struct publish *publish)
{
    struct lines *lines = &publish->lines;

    lines->poll.data = publish;
    lines->is_open = uv_poll_init(td_loop_uv(td_service_loop(publish->service)), &lines->poll,
                                  STDIN_FILENO) == 0;
    lines->is_file = !lines->is_open;
}

/* --- life --------------------------------------------------------------------------------------
 */

static void start(struct td_service *service, void *ctx)
{
    struct publish *publish = ctx;

    publish->service = service;
    if (td_outbox_create(service, &publish->outbox) != TD_OK)
        abort();
    if (publish->from_lines) {
        open_lines(publish);
        read_lines(publish);
        finish_when_done(publish);
    } else {
        send_event(publish, publish->event.payload);
    }
}

static void stop(struct td_service *service, void *ctx)
{
    struct publish *publish = ctx;

    (void)service;
    td_outbox_destroy(&publish->outbox);
    if (publish->lines.is_open)
        uv_close((uv_handle_t *)&publish->lines.poll, NULL);
}

/* --- arguments ---------------------------------------------------------------------------------
 */

static int check_words(struct publish *publish, const char *const words[2])
{
    struct td_event_publish *event = &publish->event;
    char fault[160];

    if (td_str_copy(event->topic, sizeof(event->topic), words[0]) != TD_OK)
        return command_fail(2, "TOPIC: at most 127 bytes");
    publish->from_lines = td_str_equal(words[1], "-");
    if (publish->from_lines)
        return td_id_is_nil(event->event_id.id) ? 0 : command_fail(2, "--id: names one event only");
    if (!td_json_is_valid(words[1], strlen(words[1]), fault, sizeof(fault)))
        return command_fail(2, "JSON: %s", fault);
    if (strlen(words[1]) > PAYLOAD_MAX)
        return command_fail(2, "JSON: at most 32,768 bytes");
    event->payload = td_bytes(words[1], strlen(words[1]));
    return 0;
}

static int parse(struct publish *publish, int argc, char **argv)
{
    struct td_event_publish *event = &publish->event;
    const char *words[2];
    int count = 0;

    td_str_clip(event->type, sizeof(event->type), "application/json");
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
    return check_words(publish, words);
}

int command_bus_publish(const struct command_options *options, int argc, char **argv)
{
    static struct publish publish;

    publish.options = options;
    for (size_t i = 0; i < UNDER_WAY_MAX; i++) {
        publish.sent[i].next_free = publish.free_sent;
        publish.free_sent = &publish.sent[i];
    }
    int status = parse(&publish, argc, argv);
    if (status != 0)
        return status;
    const struct td_tool tool = {
        .site_file = options->site_file, .start = start, .stop = stop, .ctx = &publish};
    return td_tool_run(&tool);
}
