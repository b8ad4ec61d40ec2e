#include "service/publish.h"

#include <string.h>

#include "base/str.h"
#include "service/envelope.h"
#include "service/private.h"

static struct hub *find_hub(struct td_service *service, const char *instance)
{
    for (size_t i = 0; i < HUBS_MAX; i++) {
        if (service->hubs[i].push != NULL && td_str_equal(service->hubs[i].instance, instance))
            return &service->hubs[i];
    }
    return NULL;
}

static struct hub *free_place(struct td_service *service)
{
    for (size_t i = 0; i < HUBS_MAX; i++) {
        if (service->hubs[i].push == NULL)
            return &service->hubs[i];
    }
    return NULL;
}

void publish_hub_changed(struct td_service *service, bool there, const struct td_instance *hub)
{
    struct hub *known = find_hub(service, hub->instance);

    if (!there && known != NULL) {
        td_bus_push_destroy(&known->push);
        return;
    }
    if (!there || known != NULL || hub->collect[0] == '\0')
        return;
    struct hub *place = free_place(service);
    if (place == NULL)
        return; // More hubs than a site has use for: the others carry the metrics.
    td_str_clip(place->instance, sizeof(place->instance), hub->instance);
    enum td_err err = td_bus_push_create(service->bus, hub->collect, &place->push);
    if (err != TD_OK)
        td_log_warn(&service->log, "hub.unreachable", td_str("peer", hub->instance),
                    td_failure(err));
}

void publish_close(struct td_service *service)
{
    for (size_t i = 0; i < HUBS_MAX; i++)
        td_bus_push_destroy(&service->hubs[i].push);
}

void td_publish_metric(struct td_service *service, uint32_t tenant, const char *topic,
                       const char *type, struct td_bytes payload)
{
    struct td_envelope envelope = envelope_of(service, tenant, NULL);
    size_t mark = service->arena.used;

    envelope.id.id = td_service_new_id(service);
    td_str_clip(envelope.topic, sizeof(envelope.topic), topic);
    td_str_clip(envelope.type, sizeof(envelope.type), type);
    envelope.payload = payload;
    const struct td_bus_message message = {
        .topic = topic, .stream_id = "", .body = td_envelope_encode(&service->arena, &envelope)};
    for (size_t i = 0; i < HUBS_MAX; i++) {
        if (service->hubs[i].push != NULL)
            (void)td_bus_push_send(service->hubs[i].push, &message); // Drops are counted there.
    }
    td_arena_rewind(&service->arena, mark);
}
