/**
 * @file connections.h  Who may hold how many connections. Pure.
 *
 * A connection costs a descriptor for as long as its peer likes, so there is a number of them that
 * are open at a time, and one of those from an address that nobody vouches for. Such addresses
 * together leave a quarter to the others. Linear in the number of descriptors, for each new one.
 */
#ifndef EDGE_CORE_CONNECTIONS_H
#define EDGE_CORE_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Of one descriptor; zero: not a connection. */
struct edge_connection {
    uint64_t source;
    bool open;
    bool stranger;
};

struct edge_connections {
    struct edge_connection *by_descriptor;
    size_t descriptor_count;
    uint32_t most;
    uint32_t most_of_source;
    uint32_t open;
    uint32_t strangers;
};

/** @param by_descriptor  Kept, zeroed; descriptors from `descriptor_count` on are refused. */
void edge_connections_init(struct edge_connections *connections,
                           struct edge_connection *by_descriptor, size_t descriptor_count,
                           uint32_t most, uint32_t most_of_source);

/** @param source  The address, well mixed. @return False: there are too many. */
bool edge_connections_open(struct edge_connections *connections, int descriptor, uint64_t source,
                           bool stranger);

/** It was closed; of others than connections nothing happens. */
void edge_connections_close(struct edge_connections *connections, int descriptor);

#endif
