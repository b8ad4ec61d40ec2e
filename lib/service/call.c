/* Calls to other services: finds the instance, wraps the message, hands the reply back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/envelope.h"
#include "service/private.h"

struct pending {
    struct td_service *service;
    td_reply_fn *done;
    void *ctx;
    bool outlives_stop; /* `done` runs whatever happens */
    enum td_err err;    /* of a call that could not be sent */
};

static void finish(struct pending *pending, enum td_err err, struct td_bytes payload,
                   const char *message)
{
    struct td_service *service = pending->service;
    td_reply_fn *done = pending->done;
    void *ctx = pending->ctx;
    bool is_wanted = done != NULL && (pending->outlives_stop || !service->stopped);
    size_t mark = service->arena.used;

    if (err != TD_OK)
        ++*service->calls_failed;
    free(pending);
    if (is_wanted)
        done(ctx, err, payload, message);
    td_arena_rewind(&service->arena, mark);
}

static void on_reply(void *ctx, enum td_err status, struct td_bytes body)
{
    char message[256] = "";

    if (status == TD_OK) {
        finish(ctx, status, body, message);
        return;
    }
    size_t length = body.size < sizeof(message) ? body.size : sizeof(message) - 1;
    if (length > 0)
        memcpy(message, body.data, length);
    message[length] = '\0';
    finish(ctx, status, (struct td_bytes){0}, message);
}

static void on_not_sent(void *ctx)
{
    struct pending *pending = ctx;

    finish(pending, pending->err, (struct td_bytes){0}, "");
}

static struct td_bytes wrap(struct td_service *service, const struct td_call *call, struct td_id id)
{
    struct td_envelope envelope = envelope_of(service, call->tenant, call->key);

    envelope.id.id = id;
    td_str_clip(envelope.type, sizeof(envelope.type), call->type);
    envelope.payload = call->payload;
    return td_envelope_encode(&service->arena, &envelope);
}

static enum td_err send_call(struct td_service *service, const struct td_call *call,
                             struct pending *pending)
{
    const struct td_instance *peer = td_service_find_instance(service, call->to, call->instance);
    size_t mark = service->arena.used;

    if (peer == NULL)
        return TD_ERR_UNAVAILABLE;
    struct td_id id = td_id_is_nil(call->id) ? td_service_new_id(service) : call->id;
    const struct td_bus_call request = {
        .endpoint = peer->endpoint,
        .id = td_service_new_id(service), // Of this try; the idempotency key is in the envelope.
        .body = wrap(service, call, id),
        .deadline_ms = call->deadline_ms != 0 ? call->deadline_ms : TD_CALL_DEADLINE_MS,
        .on_reply = on_reply,
        .ctx = pending,
    };
    enum td_err err = td_bus_request(service->client, &request);
    td_arena_rewind(&service->arena, mark);
    return err;
}

static void start_call(struct td_service *service, const struct td_call *call,
                       struct pending wanted)
{
    struct pending *pending = malloc(sizeof(*pending));

    if (pending == NULL)
        abort(); // `done` was promised exactly once.
    *pending = wanted;
    pending->service = service;
    pending->err = send_call(service, call, pending);
    if (pending->err != TD_OK)
        service_defer(service, on_not_sent, pending);
}

void td_call(struct td_service *service, const struct td_call *call, td_reply_fn *done, void *ctx)
{
    start_call(service, call, (struct pending){.done = done, .ctx = ctx});
}

void service_call(struct td_service *service, const struct td_call *call, td_reply_fn *done,
                  void *ctx)
{
    start_call(service, call, (struct pending){.done = done, .ctx = ctx, .outlives_stop = true});
}
