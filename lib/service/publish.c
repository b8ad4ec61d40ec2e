/* The hubs of the site: metrics go to each of them, and a subscriber of ours hears one. */
#include "service/publish.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "service/envelope.h"
#include "service/private.h"

static struct hub *find_hub(struct td_service *service, const char *instance)
{
    for (size_t i = 0; i < HUBS_MAX; i++) {
        if (td_str_equal(service->hubs[i].instance, instance))
            return &service->hubs[i];
    }
    return NULL;
}

/* --- hearing one -------------------------------------------------------------------------------
 */

/* Two of them would say everything twice. Whichever it is, its events name the same one before. */
static void follow_any(struct td_service *service)
{
    for (size_t i = 0; i < HUBS_MAX && service->followed == NULL; i++) {
        struct hub *hub = &service->hubs[i];

        if (service->follower == NULL || hub->instance[0] == '\0' || hub->publish[0] == '\0')
            continue;
        enum td_err err = td_bus_subscriber_connect(service->follower, hub->publish);
        if (err == TD_OK)
            service->followed = hub;
        else
            td_log_warn(&service->log, "hub.unreachable", td_str("peer", hub->instance),
                        td_failure(err));
    }
}

void td_publish_follow(struct td_service *service, struct td_bus_subscriber *subscriber)
{
    service->follower = subscriber;
    service->followed = NULL;
    follow_any(service);
}

/* --- who is there ------------------------------------------------------------------------------
 */

static void lose_hub(struct td_service *service, struct hub *hub)
{
    td_bus_push_destroy(&hub->push);
    if (service->followed == hub && service->follower != NULL)
        td_bus_subscriber_disconnect(service->follower, hub->publish);
    if (service->followed == hub)
        service->followed = NULL;
    *hub = (struct hub){.push = NULL};
    follow_any(service);
}

/* Its sockets may be told later than its name: it waits until it reads the streams. */
static void update_hub(struct td_service *service, struct hub *hub,
                       const struct td_instance *record)
{
    td_str_clip(hub->instance, sizeof(hub->instance), record->instance);
    td_str_clip(hub->publish, sizeof(hub->publish), record->publish);
    if (hub->push == NULL && record->collect[0] != '\0') {
        enum td_err err = td_bus_push_create(service->bus, record->collect, &hub->push);
        if (err != TD_OK)
            td_log_warn(&service->log, "hub.unreachable", td_str("peer", record->instance),
                        td_failure(err));
    }
    follow_any(service);
}

void publish_hub_changed(struct td_service *service, bool there, const struct td_instance *hub)
{
    assert(service != NULL);
    struct hub *known = find_hub(service, hub->instance);

    if (!there && known != NULL)
        lose_hub(service, known);
    if (!there)
        return;
    if (known == NULL)
        known = find_hub(service, ""); // A free place.
    if (known != NULL) // More hubs than a site has use for: the others carry the metrics.
        update_hub(service, known, hub);
}

void publish_close(struct td_service *service)
{
    for (size_t i = 0; i < HUBS_MAX; i++)
        td_bus_push_destroy(&service->hubs[i].push);
}

/* --- metrics -----------------------------------------------------------------------------------
 */

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
