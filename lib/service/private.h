/**
 * @file private.h  What the files of lib/service share. Not for services.
 */
#ifndef TD_SERVICE_PRIVATE_H
#define TD_SERVICE_PRIVATE_H

#include "base/metrics.h"
#include "io/blobs.h"
#include "io/bus_client.h"
#include "io/bus_feed.h"
#include "io/bus_server.h"
#include "io/http.h"
#include "io/registry.h"
#include "io/timer.h"
#include "service/company.h"
#include "service/service.h"

#define ARENA_SIZE (4U << 20)
#define COUNTERS_MAX 64
#define WATCHERS_MAX 4
#define HUBS_MAX 4
#define REQUESTS_MAX 4096
#define HOST_SIZE 64

/** The `site` section of site.yaml. */
struct site_config {
    char name[64];
    char redis[128];
    char redis_password[128];
    char postgres[256];
    char var[256];
    char bus[64];
};

struct td_request {
    struct td_service *service;
    struct td_bus_request bus;
    struct td_id id;
    uint32_t tenant;
    char source[64];
    const char *type; /* of the handler's table */
    struct td_request *next_free;
};

struct counter {
    const char *name;
    const char *help;
    enum td_metric_kind kind;
    bool is_common; /* every service has it: its name says nothing of this one */
    uint64_t value;
};

struct watcher {
    td_instance_fn *changed;
    void *ctx;
};

/** One live instance, as last heard. */
struct peer {
    struct td_instance record;
    struct peer *next;
};

/** A live hub. */
struct hub {
    char instance[64];                  /* empty: a free place */
    char publish[TD_BUS_ENDPOINT_SIZE]; /* empty: not yet */
    struct td_bus_push *push;           /* takes metrics; NULL: not yet */
};

struct td_service {
    const struct td_service_definition *definition;
    struct td_log log;
    struct site_config site;
    const char *instance_name;
    uint16_t http_port;

    struct td_loop *loop;
    struct td_bus *bus;
    struct td_bus_server *server;
    struct td_bus_client *client;
    struct td_live *live;
    struct td_history *history;
    struct td_registry *registry;
    struct td_http *http;
    uv_signal_t signals[2];
    uv_prepare_t turn; /* gives the arena back once a turn */
    struct td_timer start_timer;
    bool is_tool; /* asks others, is asked by nobody: no request socket, registration or HTTP */
    bool started;
    bool stopping;
    bool stopped; /* what waits for answers is gone: they are dropped */
    int exit_status;

    struct td_instance self;
    char host[HOST_SIZE];
    struct peer *peers;
    struct watcher watchers[WATCHERS_MAX];
    size_t watcher_count;
    struct hub hubs[HUBS_MAX];
    struct td_bus_subscriber *follower; /* NULL: none */
    struct hub *followed;               /* what it is connected to; NULL: nothing */

    struct td_request *requests; /* one block */
    struct td_request *free_request;
    struct counter counters[COUNTERS_MAX];
    size_t counter_count;
    uint64_t *calls_failed;
    uint64_t *requests_refused;

    struct company_watch *companies;
    struct td_arena arena;
    void *arena_block;
};

/** Runs `fn(ctx)` in the next turn of the loop. Aborts when out of memory. */
void service_defer(struct td_service *service, void (*fn)(void *ctx), void *ctx);

/* settings.c. @return Exit status: 0, or 2 when they are wrong (said on standard error). */
int service_load_settings(struct td_service *service, const char *file);

/* service.c. service_run returns the exit status. */
int service_run(struct td_service *service);
void service_begin_stop(struct td_service *service, int exit_status);
uint64_t service_unix_ms(void);
void service_write_log(const char *line, size_t size);

/* tool.c: called when the loop exists. */
void service_start_patience(struct td_service *service, void *ctx);

/* call.c: as td_call, but `done` runs even after td_service_stopped, so that the library's own
   memory comes back. */
void service_call(struct td_service *service, const struct td_call *call, td_reply_fn *done,
                  void *ctx);

/* host.c: who shares our loopback and our abstract sockets; empty when the system does not say. */
void host_identify(char host[HOST_SIZE]);

/* request.c */
void request_pool_init(struct td_service *service);
void request_arrived(void *ctx, struct td_bus_request request, struct td_bytes body);

/* peers.c */
void peers_changed(void *ctx, enum td_registry_change change,
                   const struct td_registration *registration);
void peers_register(struct td_service *service);
void peers_free(struct td_service *service);

/* publish.c */
void publish_hub_changed(struct td_service *service, bool there, const struct td_instance *hub);
void publish_close(struct td_service *service);

/* company.c */
void company_close(struct td_service *service);

/* counters.c: as td_service_counter and td_service_gauge, for what every service has. */
uint64_t *service_common_counter(struct td_service *service, const char *name, const char *help);
uint64_t *service_common_gauge(struct td_service *service, const char *name, const char *help);
void counters_metrics(void *ctx, struct td_http_answer *answer);

#endif
