#include "edge/core/connections.h"

void edge_connections_init(struct edge_connections *connections,
                           struct edge_connection *by_descriptor, size_t descriptor_count,
                           uint32_t most, uint32_t most_of_source)
{
    *connections = (struct edge_connections){.by_descriptor = by_descriptor,
                                             .descriptor_count = descriptor_count,
                                             .most = most,
                                             .most_of_source = most_of_source};
}

static uint32_t count_of(const struct edge_connections *connections, uint64_t source)
{
    uint32_t count = 0;

    for (size_t i = 0; i < connections->descriptor_count; i++)
        count +=
            connections->by_descriptor[i].open && connections->by_descriptor[i].source == source;
    return count;
}

bool edge_connections_open(struct edge_connections *connections, int descriptor, uint64_t source,
                           bool stranger)
{
    if (descriptor < 0 || (size_t)descriptor >= connections->descriptor_count ||
        connections->open >= connections->most)
        return false;
    if (stranger && (connections->strangers >= connections->most - connections->most / 4 ||
                     count_of(connections, source) >= connections->most_of_source))
        return false;
    edge_connections_close(connections, descriptor); // Its end went unseen.
    connections->by_descriptor[descriptor] =
        (struct edge_connection){.source = source, .open = true, .stranger = stranger};
    connections->open++;
    connections->strangers += stranger;
    return true;
}

void edge_connections_close(struct edge_connections *connections, int descriptor)
{
    if (descriptor < 0 || (size_t)descriptor >= connections->descriptor_count)
        return;
    struct edge_connection *connection = &connections->by_descriptor[descriptor];
    if (!connection->open)
        return;
    connections->open--;
    connections->strangers -= connection->stranger;
    *connection = (struct edge_connection){0};
}
