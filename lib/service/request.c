/*
 * Requests that come in: the envelope is read here and the handler found by the message's name.
 * A reply's body is the packed message itself; that of a refusal is one sentence.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/private.h"

#define SENTENCE_SIZE 256

void request_pool_init(struct td_service *service)
{
    service->requests = calloc(REQUESTS_MAX, sizeof(*service->requests));
    if (service->requests == NULL)
        abort(); // At the start: there is nothing to save.
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        service->requests[i].service = service;
        service->requests[i].next_free = service->free_request;
        service->free_request = &service->requests[i];
    }
}

static void release(struct td_request *request)
{
    request->type = NULL;
    request->next_free = request->service->free_request;
    request->service->free_request = request;
}

static void refuse(struct td_service *service, struct td_bus_request request, enum td_err err,
                   const char *sentence)
{
    ++*service->requests_refused;
    td_bus_reply(request, err, td_bytes(sentence, strlen(sentence)));
}

static const struct td_handler *find_handler(const struct td_service *service, const char *type)
{
    const struct td_service_definition *definition = service->definition;

    for (size_t i = 0; i < definition->handler_count; i++) {
        if (td_str_equal(definition->handlers[i].type, type))
            return &definition->handlers[i];
    }
    return NULL;
}

static void handle(struct td_service *service, struct td_bus_request bus,
                   const struct td_envelope *envelope)
{
    const struct td_handler *handler = find_handler(service, envelope->type);
    struct td_request *request = service->free_request;

    if (handler == NULL) {
        refuse(service, bus, TD_ERR_NOT_FOUND, "type: this service does not know that request");
        return;
    }
    if (request == NULL) {
        refuse(service, bus, TD_ERR_BUSY, "too many requests wait for an answer");
        return;
    }
    service->free_request = request->next_free;
    request->bus = bus;
    request->id = envelope->id.id;
    request->tenant = envelope->tenant;
    request->type = handler->type;
    td_str_clip(request->source, sizeof(request->source), envelope->source);

    struct td_loop_span span = td_loop_begin(handler->type);
    handler->handle(service->definition->ctx, request, envelope->payload);
    td_loop_end(service->loop, span);
}

void request_arrived(void *ctx, struct td_bus_request request, struct td_bytes body)
{
    struct td_service *service = ctx;
    size_t mark = service->arena.used;
    struct td_envelope envelope;
    const char *bad_field;
    char sentence[SENTENCE_SIZE];

    enum td_err err = td_envelope_decode(&service->arena, body, &envelope, &bad_field);
    if (err == TD_OK && envelope.tenant == 0) {
        err = TD_ERR_RANGE;
        bad_field = "tenant";
    }
    if (err != TD_OK) {
        (void)snprintf(sentence, sizeof(sentence), "envelope.%s: %s", bad_field, td_err_text(err));
        refuse(service, request, err, sentence);
    } else if (!service->started || service->stopping) {
        refuse(service, request, TD_ERR_UNAVAILABLE, "the service is starting or stopping");
    } else {
        handle(service, request, &envelope);
    }
    td_arena_rewind(&service->arena, mark);
}

uint32_t td_request_tenant(const struct td_request *request)
{
    return request->tenant;
}

const char *td_request_source(const struct td_request *request)
{
    return request->source;
}

struct td_id td_request_id(const struct td_request *request)
{
    return request->id;
}

void td_request_reply(struct td_request *request, struct td_bytes payload)
{
    assert(request->type != NULL); // Answered twice, it would be somebody else's by now.
    td_bus_reply(request->bus, TD_OK, payload);
    release(request);
}

void td_request_fail(struct td_request *request, enum td_err err, const char *sentence, ...)
{
    char text[SENTENCE_SIZE];
    va_list args;

    assert(request->type != NULL);
    va_start(args, sentence);
    (void)vsnprintf(text, sizeof(text), sentence, args);
    va_end(args);
    td_log_debug(&request->service->log, "request.refused", td_str("type", request->type),
                 td_str("source", request->source), td_failure(err), td_str("why", text));
    refuse(request->service, request->bus, err, text);
    release(request);
}
