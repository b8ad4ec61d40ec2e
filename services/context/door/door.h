/**
 * @file door.h  The door for clients from outside: what integrators and dashboards connect to.
 *
 * A process of its own, so that whatever strangers do to it costs nobody else anything: it speaks
 * CURVE with them (io/bus_door.h) and the bus with the site. It lets a client touch the topics
 * that it was granted (lib/core/grant), as often as its limits allow (core/bucket.h), and owns
 * nothing:
 *
 *   publish     handed to context, which stores and acknowledges it
 *   events      read from the streams, in order; who does not keep up is read for separately, from
 *               the place they have got to, and loses only what is no longer kept (reader.h)
 *   figures     metrics. as the hub publishes them; who does not keep up misses some and is told
 *
 * Files: clients (who there is), guests (connections of theirs), publish, subscribe, reader and
 * feed (events out), say (messages to guests).
 */
#ifndef DOOR_DOOR_H
#define DOOR_DOOR_H

#include "context/door/clients.h"
#include "core/grant/grant.h"
#include "io/bus_door.h"
#include "io/bus_feed.h"
#include "io/live_tail.h"
#include "io/timer.h"
#include "service/commit.h"
#include "wire/door_wire.h"

#define DOOR_TOPICS_MAX 32 /* of one connection, as the proto says */

/** The section `door` of site.yaml. */
struct door_config {
    char address[64];
    uint32_t port;
    char advertised[96];
    char key_file[256];
    uint32_t connections_max;
    uint32_t queue_max;
    uint32_t readers_max;
};

/** Where a connection's events come from. */
enum door_pace {
    DOOR_PACE_LIVE,    /* the one reader of all */
    DOOR_PACE_WAITING, /* for its queue to empty, or for a reader */
    DOOR_PACE_READING, /* a reader of its own, until it has caught up */
};

/** One connection of a client. */
struct door_guest {
    struct door *door;
    struct door_guest *next;
    struct td_bus_guest handle;
    struct door_client *client;
    char topics[DOOR_TOPICS_MAX][TD_PATTERN_SIZE];
    uint32_t topic_count;
    bool is_placed;                            /* `sent` is set */
    struct td_live_stream_id sent[TD_STREAMS]; /* all up to here was sent, or was not for it */
    enum door_pace pace;
    struct td_live_tail *own; /* while reading */
    struct td_timer again;    /* while waiting */
    uint64_t metrics_dropped; /* not told yet */
};

struct door {
    struct td_service *service;
    struct door_config config;
    char secret_key[TD_BUS_KEY_SIZE];
    struct door_clients *clients;
    struct td_bus_door *listener; /* NULL until the clients are known */
    struct td_timer bind_again;
    struct door_guest *guests;
    uint32_t readers; /* guests that read on their own */

    struct td_live_tail *tail;
    bool tail_up;
    struct td_bus_subscriber *metrics;
    struct td_timer places; /* said once a second */

    uint64_t *published;
    uint64_t *refused;
    uint64_t *denied;
    uint64_t *delivered;
    uint64_t *dropped;
    uint64_t *gaps;
    uint64_t *behind;
    uint64_t *unreadable;
};

extern const struct td_config_key door_keys[];
extern const size_t door_keys_count;

enum td_err door_start(struct td_service *service, void *ctx);
void door_stop(void *ctx);
const char *door_unhealthy(void *ctx);

/* --- figures.c --- */

void door_metrics(void *ctx, struct td_text *text);

/* --- guests.c --- */

void door_on_message(void *ctx, struct td_bus_guest handle, const char *public_key,
                     struct td_bytes body);
void door_on_gone(void *ctx, struct td_bus_guest handle);
/** What this client may do has changed: subscriptions that are not granted any more end. */
void door_client_changed(void *ctx, struct door_client *client);
/** Its connections are told and closed. */
void door_client_removed(void *ctx, struct door_client *client);
/** NULL when it has gone. */
struct door_guest *door_find_guest(const struct door *door, struct td_bus_guest handle);
void door_forget_guests(struct door *door);

/* --- say.c: to one guest; nothing waits. TD_ERR_BUSY: its queue is full --- */

void door_answer(struct door_guest *guest, const struct td_door_answer *answer);
__attribute__((format(printf, 5, 6))) void door_refuse(struct door_guest *guest, uint64_t number,
                                                       enum td_door_status status,
                                                       uint32_t retry_after_ms,
                                                       const char *sentence, ...);
void door_say_gap(struct door_guest *guest, uint32_t partition, struct td_live_stream_id after,
                  struct td_live_stream_id until);
void door_say_places(struct door_guest *guest);
void door_fill_places(const struct door_guest *guest, struct td_door_place *places,
                      uint32_t *count);
/** The message that carries an event or figure, in the service's arena. @param place  NULL: none.
 */
struct td_bytes door_pack_event(struct door *door, const struct td_door_place *place,
                                struct td_bytes envelope);
/** Sends what was packed, and before it what is to be told of dropped figures. */
enum td_err door_deliver(struct door_guest *guest, struct td_bytes packed);

/* --- publish.c, subscribe.c: requests --- */

void door_publish(struct door_guest *guest, const struct td_door_request *request);
void door_subscribe(struct door_guest *guest, const struct td_door_request *request);
void door_unsubscribe(struct door_guest *guest, const struct td_door_request *request);

/* --- feed.c: events and figures for everybody who is up to date --- */

enum td_err door_feed_open(struct door *door);
void door_feed_close(struct door *door);
bool door_wants(const struct door_guest *guest, uint32_t tenant, const char *topic);
struct td_door_place door_place(uint32_t partition, struct td_live_stream_id id);

/* --- reader.c: events for one guest that is behind --- */

/** Reads for it from `sent` on, now or after a moment; it is live again when it has caught up. */
void door_reader_start(struct door_guest *guest, uint32_t after_ms);
/** Is it as far as the reader of all in every partition? Then what comes next comes from that one.
 */
void door_reader_check(struct door_guest *guest);
/** It needs none any more. */
void door_reader_stop(struct door_guest *guest);

#endif
