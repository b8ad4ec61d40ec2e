/**
 * @file service.h  What every service's shell does alike: life, requests, calls.
 *
 * A service is a definition: a name, a table of settings, a table of request handlers, start and
 * stop. td_service_main() does the rest: arguments, its section of site.yaml, log, loop, Redis,
 * PostgreSQL where wanted, the request socket, the leased registration, /health and /metrics on
 * loopback, SIGTERM.
 *
 *     edge --site var/site/site.yaml --instance edge-1 [--http-port 9101] [--check-config]
 *
 * site.yaml has a section `site` (name, redis, postgres, var, bus) that all services read, and one
 * per service. What differs between two instances of one service is on the command line.
 *
 * Everything runs on one loop, without locks. Callbacks never run from within the call that asked
 * for them. Payloads are messages of proto/, packed; lib/wire packs and unpacks them.
 */
#ifndef TD_SERVICE_SERVICE_H
#define TD_SERVICE_SERVICE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"
#include "base/log.h"
#include "io/bus.h"
#include "io/config.h"
#include "io/history.h"
#include "io/http.h"
#include "io/live.h"
#include "io/loop.h"
#include "wire/envelope_wire.h"

struct td_service;

/** A request that waits for its answer. Valid until answered; one that is not answered by its
   deadline is answered TIMEOUT to the caller by itself, but must be answered here all the same. */
struct td_request;

/* ---- definition ------------------------------------------------------------------------------ */

/** @param payload  Borrowed for the call. Answer exactly once, now or later. */
typedef void td_handler_fn(void *ctx, struct td_request *request, struct td_bytes payload);

struct td_handler {
    const char *type; /**< Message name: "LegAnswer". */
    td_handler_fn *handle;
};

struct td_service_definition {
    const char *name;        /**< "edge": its section of site.yaml and its name in the registry. */
    const char *description; /**< One sentence for --help. */
    const struct td_config_key *keys; /**< Settings of its own; those of all services are added. */
    size_t key_count;
    void *config; /**< Initialised with defaults; filled from the section before start. */
    const struct td_handler *handlers;
    size_t handler_count;
    /** Called when Redis (and PostgreSQL, if `uses_history`) has answered for the first time. */
    enum td_err (*start)(struct td_service *service, void *ctx);
    /** Close everything; call td_service_stopped() when done (from within is fine). */
    void (*stop)(void *ctx);
    /** NULL while healthy, else one sentence. May be NULL. */
    const char *(*unhealthy)(void *ctx);
    /** Adds families to /metrics (base/metrics.h). May be NULL. */
    void (*metrics)(void *ctx, struct td_text *text);
    void *ctx;
    bool uses_history; /**< Connect to PostgreSQL. */
    bool without_live; /**< Do not wait for Redis before start (the connection is made all the
                          same). */
};

/** The whole of a main(). @return Exit status: 0 stopped as asked, 1 could not run, 2 usage or
 * configuration. */
int td_service_main(int argc, char **argv, const struct td_service_definition *definition);

/** Tells that stop() has finished closing. From here on answers to td_call and td_commit_run are
   dropped: their callbacks would find nothing. */
void td_service_stopped(struct td_service *service);

/* ---- what it has ------------------------------------------------------------------------------
 */

struct td_loop *td_service_loop(struct td_service *service);
const struct td_log *td_service_log(const struct td_service *service);
struct td_live *td_service_live(struct td_service *service);
struct td_history *
td_service_history(struct td_service *service); /**< NULL without uses_history. */
const char *td_service_site(const struct td_service *service);
const char *td_service_instance(const struct td_service *service); /**< "edge-1" */
/** Folder of the site's runtime state (recordings, caches). */
const char *td_service_var(const struct td_service *service);
/** A new UUIDv7 of now; wrap it: (struct td_leg_id){td_service_new_id(service)}. */
struct td_id td_service_new_id(struct td_service *service);
/** Address and password (NULL: none) of Redis, for those with connections of their own
 * (io/live_tail.h). */
const char *td_service_redis(const struct td_service *service);
const char *td_service_redis_password(const struct td_service *service);
/** The bus of this process and the address its sockets bind, for those with sockets of their own
 * (hub). */
struct td_bus *td_service_bus(struct td_service *service);
const char *td_service_bus_address(const struct td_service *service);
/** "tandem:SITE:TENANT:NAME", the Redis key of a tenant's `name`. @return `key`. */
#define TD_KEY_SIZE 192
const char *td_service_key(const struct td_service *service, uint32_t tenant, const char *name,
                           char key[TD_KEY_SIZE]);

/** Of the router's lease (io/lease.h): its epoch fences td_commit_fence(). @return `key`. */
const char *td_service_lease_key(const struct td_service *service, char key[TD_KEY_SIZE]);

/**
 * What only rises, shown at /metrics as tandem_SERVICE_NAME_total; count with ++*counter. Asked for
 * again, it is the same one.
 *
 * @param name  Constant, snake_case, what is counted: "calls_refused".
 * @param help  Constant, one sentence for operators.
 */
uint64_t *td_service_counter(struct td_service *service, const char *name, const char *help);
/** What rises and falls, shown as tandem_SERVICE_NAME; set it with *gauge = value. A unit at the
   end of the name becomes that of Prometheus (base/metrics.h): `_ms` is shown as `_seconds`. */
uint64_t *td_service_gauge(struct td_service *service, const char *name, const char *help);

/* ---- requests that came in --------------------------------------------------------------------
 */

uint32_t td_request_tenant(const struct td_request *request);
const char *td_request_source(const struct td_request *request); /**< Instance that asked. */
struct td_id td_request_id(const struct td_request *request);    /**< Idempotency key. */

void td_request_reply(struct td_request *request, struct td_bytes payload);
/** @param sentence  printf format: what was wrong, naming the field. */
__attribute__((format(printf, 3, 4))) void
td_request_fail(struct td_request *request, enum td_err err, const char *sentence, ...);

/** Scratch for decoding and encoding within one callback; rewound when the callback returns to the
   loop. TD_WIRE_ARENA_SIZE bytes and more are free at the start of each handler, reply and timer
   callback. */
struct td_arena *td_service_arena(struct td_service *service);

/* ---- calls to others --------------------------------------------------------------------------
 */

#define TD_CALL_DEADLINE_MS 1000

struct td_call {
    const char *to;       /**< Service: "media". "router" is the one that holds the lease. */
    const char *instance; /**< That one; NULL or "": any of the least loaded. */
    const char *type;     /**< Message name. */
    struct td_bytes payload;
    uint32_t tenant;
    const char *key;      /**< Interaction or customer, for logs and order; may be NULL. */
    uint32_t deadline_ms; /**< 0: TD_CALL_DEADLINE_MS. */
    struct td_id id;      /**< Idempotency key; nil: a new one. */
};

/**
 * @param err      TD_OK; TD_ERR_TIMEOUT; TD_ERR_UNAVAILABLE (nobody there, or it died);
 * TD_ERR_BUSY; otherwise what the service answered.
 * @param payload  Of the reply; borrowed for the call.
 * @param message  The service's sentence, "" when there is none.
 */
typedef void td_reply_fn(void *ctx, enum td_err err, struct td_bytes payload, const char *message);

/** Borrows everything for the call. `done` runs exactly once, later. `done` may be NULL. */
void td_call(struct td_service *service, const struct td_call *call, td_reply_fn *done, void *ctx);

/* ---- who is there -----------------------------------------------------------------------------
 */

enum td_instance_change { TD_INSTANCE_APPEARED, TD_INSTANCE_CHANGED, TD_INSTANCE_GONE };

/** Called for each live instance once, then for every change. A restarted one is GONE, then
 * APPEARED. */
typedef void td_instance_fn(void *ctx, enum td_instance_change change,
                            const struct td_instance *instance);

void td_service_watch_instances(struct td_service *service, td_instance_fn *changed, void *ctx);
/** The live instance of that name, or (instance NULL) any one; NULL when there is none. Valid until
 * the next callback. */
const struct td_instance *td_service_find_instance(const struct td_service *service, const char *to,
                                                   const char *instance);
/** Calls `each` for every live instance of the service `to` (NULL: of all). */
void td_service_each_instance(const struct td_service *service, const char *to,
                              void (*each)(void *ctx, const struct td_instance *instance),
                              void *ctx);
/** Says in the registration that this router holds the lease (epoch), or not (0); goes out at once.
 */
void td_service_set_active(struct td_service *service, bool active, uint64_t epoch);
/** Of this instance's capacity, for those who choose. */
void td_service_set_load(struct td_service *service, uint32_t percent);
/** door only: where clients from outside connect and the public key they know it by; goes out with
   the registration. */
void td_service_set_outside(struct td_service *service, const char *endpoint, const char *key);
/** hub only: where subscribers connect and producers push; goes out with the registration. */
void td_service_set_endpoints(struct td_service *service, const char *publish, const char *collect);

#endif
