/* What the door tells Prometheus: of all together, and of each client. */
#include <stdio.h>

#include "base/metrics.h"
#include "context/door/door.h"

struct of_door {
    struct td_metric metric;
    uint64_t value;
};

static void put_connections(const struct door *door, struct td_text *text)
{
    const struct td_bus_door_counts counts = td_bus_door_counts(door->listener);
    const struct td_metric_label label = {"instance", td_service_instance(door->service)};
    const struct of_door figures[] = {
        {{"tandem_door_", "connections", TD_METRIC_GAUGE, "Connections, known ones or not."},
         counts.open},
        {{"tandem_door_", "guests", TD_METRIC_GAUGE, "Connections of clients."}, counts.guests},
        {{"tandem_door_", "connections_accepted", TD_METRIC_COUNTER, "Connections made."},
         counts.connections},
        {{"tandem_door_", "connections_crowded_out", TD_METRIC_COUNTER,
          "Connections that had said nothing, closed to make room."},
         counts.crowded_out},
        {{"tandem_door_", "connections_silent", TD_METRIC_COUNTER,
          "Connections closed for saying nothing."},
         counts.silent},
        {{"tandem_door_", "connections_cut", TD_METRIC_COUNTER,
          "Connections closed for what they said, or because their client was removed."},
         counts.cut},
        {{"tandem_door_", "keys_refused", TD_METRIC_COUNTER, "Connections with an unknown key."},
         counts.keys_refused},
        {{"tandem_door_", "connections_unproved", TD_METRIC_COUNTER,
          "Connections that ended without a message: no CURVE, a wrong key, or just gone."},
         counts.strangers},
        {{"tandem_door_", "messages_malformed", TD_METRIC_COUNTER,
          "Messages of more or fewer frames than one."},
         counts.malformed},
    };

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        td_metrics_family(text, &figures[i].metric);
        td_metrics_sample(text, &figures[i].metric, &label, 1, figures[i].value);
    }
}

static void put_client(struct td_text *text, const struct td_metric *metric,
                       const struct door_client *client, uint64_t value)
{
    char tenant[16];

    (void)snprintf(tenant, sizeof(tenant), "%u", client->tenant);
    const struct td_metric_label labels[] = {{"tenant", tenant}, {"client", client->name}};
    td_metrics_sample(text, metric, labels, 2, value);
}

static void put_clients(const struct door *door, struct td_text *text,
                        const struct td_metric *metric,
                        uint64_t (*value)(const struct door_client *client))
{
    if (door_clients_count(door->clients) == 0)
        return;
    td_metrics_family(text, metric);
    for (uint32_t i = 0; i < door_clients_count(door->clients); i++) {
        const struct door_client *client = door_clients_at(door->clients, i);

        put_client(text, metric, client, value(client));
    }
}

/* clang-format off */
static uint64_t connections(const struct door_client *client) { return client->connections; }
static uint64_t published(const struct door_client *client) { return client->published; }
static uint64_t refused(const struct door_client *client) { return client->refused; }
static uint64_t delivered(const struct door_client *client) { return client->delivered; }
static uint64_t dropped(const struct door_client *client) { return client->dropped; }
/* clang-format on */

void door_metrics(void *ctx, struct td_text *text)
{
    static const struct {
        struct td_metric metric;
        uint64_t (*value)(const struct door_client *client);
    } families[] = {
        {{"tandem_door_client_", "connections", TD_METRIC_GAUGE, "Connections of a client."},
         connections},
        {{"tandem_door_client_", "published", TD_METRIC_COUNTER, "Its events that are on disk."},
         published},
        {{"tandem_door_client_", "refused", TD_METRIC_COUNTER, "Its requests that were refused."},
         refused},
        {{"tandem_door_client_", "delivered", TD_METRIC_COUNTER, "Events and figures sent to it."},
         delivered},
        {{"tandem_door_client_", "dropped", TD_METRIC_COUNTER,
          "Figures it did not read fast enough."},
         dropped},
    };
    const struct door *door = ctx;

    if (door->listener == NULL)
        return;
    put_connections(door, text);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        put_clients(door, text, &families[i].metric, families[i].value);
}
