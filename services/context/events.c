/*
 * Events from outside: stored in the streams before they are acknowledged. Streams are bounded by
 * Redis' memory: from an alarm level on somebody is told, from a higher one on events that are not
 * about calls are refused, so that calls are the last to suffer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "context/context.h"
#include "core/grant/grant.h"
#include "io/live_read.h"
#include "service/commit.h"
#include "wire/context_wire.h"

#define STORE_DEADLINE_MS 5000
#define REPEAT_WINDOW_MS 3600000 /* an event repeated within an hour is known by its id */
#define MEMORY_EVERY_MS 1000

/* --- how full Redis is -------------------------------------------------------------------------
 */

static void on_memory(void *ctx, enum td_err err, uint64_t used_bytes, uint64_t max_bytes)
{
    struct context *context = ctx;
    struct context_memory *memory = &context->memory;

    if (err != TD_OK || max_bytes == 0)
        return; // Away, or without a limit.
    memory->used_percent = (uint32_t)(used_bytes * 100 / max_bytes);
    *context->memory_percent = memory->used_percent;
    bool over = memory->used_percent >= context->config.memory_alarm_percent;
    if (over && !memory->alarmed)
        td_log_error(td_service_log(context->service), "redis.filling",
                     td_u64("used_percent", memory->used_percent));
    memory->alarmed = over;
}

static void on_memory_timer(void *ctx)
{
    struct context *context = ctx;

    if (td_live_memory(td_service_live(context->service), MEMORY_EVERY_MS, on_memory, context) !=
        TD_OK)
        return; // Redis is away; the next second asks again.
}

void context_memory_watch(struct context *context)
{
    td_timer_init(&context->memory.timer, td_service_loop(context->service), on_memory_timer,
                  context);
    td_timer_start_repeating(&context->memory.timer, MEMORY_EVERY_MS);
}

/* --- storing -----------------------------------------------------------------------------------
 */

struct publish {
    struct context *context;
    struct td_request *request;
};

/* The last answer that a stop waited for. */
static void stored(struct context *context)
{
    if (--context->publishing == 0 && context->stopping)
        td_service_stopped(context->service);
}

static void on_stored(void *ctx, enum td_err err)
{
    struct publish *publish = ctx;
    struct context *context = publish->context;
    struct td_event_publish_reply reply = {.repeated = err == TD_ERR_EXISTS};

    if (err == TD_OK || err == TD_ERR_EXISTS) {
        ++*context->events_stored;
        td_request_reply(publish->request,
                         td_event_publish_reply_encode(td_service_arena(context->service), &reply));
    } else {
        td_request_fail(publish->request, err,
                        err == TD_ERR_TIMEOUT ? "not known to be stored: publish it again with the "
                                                "same event_id"
                                              : "not stored: publish it again later");
    }
    free(publish);
    stored(context);
}

static bool is_topic(const char *topic)
{
    size_t length = strlen(topic);

    return td_pattern_is_valid(topic) && topic[length - 1] != '.'; // That would be a prefix.
}

/* @return NULL if it may be stored, else why not. */
static const char *why_refused(const struct context *context, const struct td_event_publish *event,
                               enum td_err *err)
{
    *err = TD_ERR_RANGE;
    if (!is_topic(event->topic))
        return "topic: expected words of letters, digits, - and _ with dots between, such as "
               "crm.order_placed";
    *err = TD_ERR_DENIED;
    if (td_pattern_is_reserved(event->topic))
        return "topic: this one is said by Tandem itself; choose another first word, such as crm";
    if (event->type[0] != '\0' && strchr(event->type, '/') == NULL)
        return "type: expected a media type, such as application/json; messages of Tandem are its "
               "own";
    *err = TD_ERR_BUSY;
    if (context->memory.used_percent >= context->config.memory_refuse_percent)
        return "the event store is nearly full; try again later";
    return NULL;
}

static void store(struct context *context, struct td_request *request,
                  const struct td_event_publish *event)
{
    struct publish *publish = calloc(1, sizeof(*publish));
    if (publish == NULL) {
        td_request_fail(request, TD_ERR_NO_MEMORY, "out of memory");
        return;
    }
    *publish = (struct publish){context, request};
    context->publishing++;

    struct td_id id =
        td_id_is_nil(event->event_id.id) ? td_request_id(request) : event->event_id.id;
    const char *type = event->type[0] != '\0' ? event->type : "application/json";
    struct td_commit *commit = td_commit_begin(context->service, td_request_tenant(request));
    td_commit_once(commit, id, REPEAT_WINDOW_MS);
    td_commit_event_with_id(commit, id, event->topic, event->key, type, event->payload);
    td_commit_run(commit, STORE_DEADLINE_MS, on_stored, publish);
}

void context_event_publish(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct context *context = ctx;
    struct td_event_publish event;
    const char *bad_field;

    enum td_err err =
        td_event_publish_decode(td_service_arena(context->service), payload, &event, &bad_field);
    if (err != TD_OK) {
        ++*context->events_refused;
        td_request_fail(request, err, "%s: %s", bad_field, td_err_text(err));
        return;
    }
    const char *why = why_refused(context, &event, &err);
    if (why != NULL) {
        ++*context->events_refused;
        td_request_fail(request, err, "%s", why);
        return;
    }
    store(context, request, &event);
}
