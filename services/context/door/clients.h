/**
 * @file clients.h  The clients of all tenants, as the table tandem.client has them at this moment.
 *
 * `tandem client` writes the table and every change notifies; then all of it is read again. While
 * PostgreSQL is away the last known ones stay in force. What a client has used of its limits
 * outlives the reading.
 */
#ifndef DOOR_CLIENTS_H
#define DOOR_CLIENTS_H

#include "context/door/core/bucket.h"
#include "io/bus_key.h"
#include "service/service.h"

#define DOOR_CLIENTS_MAX 10000
#define DOOR_GRANTS_SIZE 1024

struct door_client {
    char public_key[TD_BUS_KEY_SIZE];
    char name[64];
    uint32_t tenant;
    char publish[DOOR_GRANTS_SIZE];
    char subscribe[DOOR_GRANTS_SIZE];
    uint32_t publish_per_s;
    uint32_t bytes_per_s;
    uint32_t pending_max;
    uint32_t connections_max;

    /* in use */
    struct door_bucket requests;
    struct door_bucket bytes;
    struct door_bucket patience; /* with who asks on and on after a refusal */
    uint32_t pending;            /* publishes without an answer */
    uint32_t connections;
    uint64_t published;
    uint64_t refused;
    uint64_t delivered;
    uint64_t dropped;
};

struct door_clients;

struct door_clients_config {
    void (*loaded)(void *ctx);                              /**< Once, after the first reading. */
    void (*changed)(void *ctx, struct door_client *client); /**< What it may do is another. */
    void (*removed)(void *ctx, struct door_client *client); /**< Gone after the call. */
    void *ctx;
};

/** Starts reading. @param service  Kept; with a history. */
enum td_err TD_MUST_CHECK door_clients_create(struct td_service *service,
                                              const struct door_clients_config *config,
                                              struct door_clients **clients);

/** The owner of a key, NULL when there is none. Valid until `removed`. Logarithmic. */
struct door_client *door_clients_find(const struct door_clients *clients, const char *public_key);

uint32_t door_clients_count(const struct door_clients *clients);
const struct door_client *door_clients_at(const struct door_clients *clients, uint32_t index);

/** No callback runs after it. NULL is ignored. */
void door_clients_destroy(struct door_clients **clients);

#endif
