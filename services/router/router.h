/**
 * @file router.h  The router service: the one owner of interactions, queues and agent states.
 *
 * Life: STANDBY until the lease is won; then every tenant's records are loaded, each channel and
 * ivr instance is asked what it has (sync.c), and from the end of the loading on requests are
 * answered. When the lease is lost, or a commit fails, everything in memory is dropped and it is
 * STANDBY again: one way back, whatever the reason.
 *
 * A request is one step of the tenant's flow (core/flow.h); what the step puts out is one fenced
 * commit; its answer and its commands leave when that commit is on disk, in the order of the
 * commits (step.c, batch.c). Commands are sent until they are answered (commands.c).
 *
 * What belongs to a callback that may come after everything was dropped is a ticket: it finds its
 * tenant again only in the same life.
 */
#ifndef ROUTER_ROUTER_H
#define ROUTER_ROUTER_H

#include "io/lease.h"
#include "io/timer.h"
#include "router/core/flow.h"
#include "router/core/pending.h"
#include "service/commit.h"
#include "service/company.h"
#include "service/service.h"

/** How long a commit may take; a little more than the lease, which is lost before. */
#define ROUTER_COMMIT_MS 1000
/** Pause before the lease is asked for again after a commit failed. */
#define ROUTER_RELAPSE_MS 200

struct router;

struct router_config {
    uint32_t interactions_max;
    uint32_t agents_max;
    uint32_t queues_max;
    uint32_t expressions_max;
    uint32_t attribute_names_max;
    uint32_t attribute_texts_max;
    uint32_t retry_after_ms;
    uint32_t again_after_ms;
    uint32_t sync_ms;
};

extern const struct td_config_key router_keys[];
extern const size_t router_keys_count;

/** Shown at /metrics; gauges are marked so. */
struct router_counters {
    uint64_t *active;           /* gauge */
    uint64_t *interactions;     /* gauge */
    uint64_t *commands_pending; /* gauge */
    uint64_t *takeovers;
    uint64_t *takeover_ms; /* gauge: how long the last one took to be ready to answer */
    uint64_t *lease_lost;
    uint64_t *arrived;
    uint64_t *refused;
    uint64_t *closed;
    uint64_t *offers;
    uint64_t *steps;
    uint64_t *commits;
    uint64_t *commits_failed;
    uint64_t *commands_sent;
    uint64_t *commands_repeated;
    uint64_t *commands_failed;
    uint64_t *records_refused;
};

/** First member of what a callback keeps. */
struct router_ticket {
    struct router *router;
    uint64_t life;
    uint32_t tenant;
    void (*fini)(void *ticket); /* frees what it owns; NULL for nothing */
    struct router_ticket *prev, *next;
};

struct router_batch;

struct router_tenant {
    struct router *router;
    uint32_t id;
    struct flow *flow;
    void *flow_block;
    struct pending *pending;
    void *pending_block;
    struct td_timer timer;             /* wakes the flow */
    struct router_batch *first, *last; /* commits under way, oldest first */
    struct router_loaded *loaded;      /* commands found, to be put in order */
    uint32_t loads;                    /* hashes still being read */
    bool running;                      /* loaded */
    bool syncing;                      /* in the round under way */
    bool wants_sync;
    struct td_command_id *done; /* commands to be deleted with the next commit */
    uint32_t done_count, done_size;
    struct router_tenant *next;
};

/** An instance that is asked what it has. */
struct router_peer {
    char service[32];
    char name[64];
    struct td_id after;
    bool asking;
    bool done;
};

struct router_sync {
    struct td_timer timer;
    uint64_t started_ns;
    bool running;
    struct router_peer peers[FLOW_INSTANCES_MAX];
    uint32_t peer_count;
};

struct router {
    struct router_config config;
    struct td_service *service;
    struct td_lease *lease;
    struct flow_effects *effects;
    void *effects_block;
    struct router_tenant *tenants; /* none while standing by */
    struct router_ticket tickets;  /* head of a ring */
    uint64_t life;                 /* rises when everything is dropped */
    uint64_t epoch;                /* 0: standing by */
    uint64_t acquired_ns;
    uint32_t companies[4096]; /* tenants that have a configuration */
    uint32_t company_count;
    bool active; /* loaded: requests are answered */
    struct router_sync sync;
    struct td_timer relapse; /* asks for the lease again */
    struct td_timer soon;    /* relapses, where that cannot be done at once */
    struct td_timer second;  /* gauges */
    struct td_timer tick;    /* commands to be repeated, done with or given up */
    struct router_counters counters;
};

/* --- router.c --- */

enum td_err router_start(struct td_service *service, void *ctx);
void router_stop(void *ctx);
const char *router_unhealthy(void *ctx);
/** The one way back: drops everything; answers what waits with UNAVAILABLE. */
void router_relapse(struct router *router, const char *reason);
/** The same in the next turn of the loop. */
void router_relapse_soon(struct router *router);
/** All tenants that have a configuration are loaded. */
void router_loaded(struct router *router);

/* --- ticket.c --- */

/** @param size  Of the whole, zeroed. Aborts when out of memory. */
void *router_ticket_create(struct router *router, uint32_t tenant, size_t size);
void router_ticket_destroy(void *ticket);
/** NULL when everything was dropped since. */
struct router_tenant *router_ticket_tenant(const struct router_ticket *ticket);
bool router_ticket_is_valid(const struct router_ticket *ticket);

/* --- tenant.c, load.c --- */

struct router_tenant *router_tenant_find(const struct router *router, uint32_t id);
/** Makes one and starts to load it. */
void router_tenant_create(struct router *router, uint32_t id);
void router_tenant_destroy(struct router_tenant *tenant);
void router_tenant_configure(struct router_tenant *tenant, const struct td_company *company);
void router_load(struct router_tenant *tenant);
void router_load_drop(struct router_tenant *tenant);
/** Every record is there: the flow takes them up. */
void router_tenant_run(struct router_tenant *tenant);

/* --- step.c --- */

/**
 * One input of a tenant that is running.
 *
 * @param request  Taken: answered after the commit. NULL: nobody asks.
 */
void router_step(struct router_tenant *tenant, const struct flow_input *input,
                 struct td_request *request);
/** The tenant's timer: only time has passed. */
void router_wake(void *tenant);
/** The same input to all tenants that run. */
void router_step_all(struct router *router, const struct flow_input *input);

/* --- batch.c --- */

/** Stores what the last step put out, and lets it leave after that. @param request  Taken. */
void router_put_out(struct router_tenant *tenant, struct td_request *request,
                    struct td_bytes reply);
/** Answers what waits, and forgets it. */
void router_batches_drop(struct router_tenant *tenant);
/** Writes down which commands are done with, if no other commit does. */
void router_flush_done(struct router_tenant *tenant);

/* --- commands.c --- */

/** A packed command; `bytes` follow. */
struct router_payload {
    uint64_t version;
    size_t size;
    uint8_t bytes[];
};

/** Aborts when out of memory. */
struct router_payload *router_payload_create(uint64_t version, struct td_bytes bytes);

/** Commands of a commit that is on disk; sends them. Payloads are taken. */
void router_commands_add(struct router_tenant *tenant, const struct pending_command *commands,
                         uint32_t count);
/** Sends what is due and gives up what is late. */
void router_commands_tick(struct router_tenant *tenant);
void router_commands_drop(struct router_tenant *tenant);
/** "Offer" and what kind it is. @return False when this release does not know it. */
bool router_command_kind(const char *type, const char **name, enum pending_kind *kind);

/* --- encode.c --- */

struct td_bytes router_encode_command(struct td_arena *arena, const struct flow_command *command);
/** The same command under another epoch. */
enum td_err TD_MUST_CHECK router_renew_command(struct td_arena *arena, const char *type,
                                               struct td_bytes payload, uint64_t epoch,
                                               struct td_bytes *renewed);

/* --- sync.c --- */

/** Asks every instance on behalf of the tenants that want it. */
void router_sync_start(struct router *router);
void router_sync_stop(struct router *router);
void router_sync_instance(struct router *router, const char *service, const char *name, bool up);
void router_describe(struct router_tenant *tenant, const struct td_sync_item *item,
                     const char *instance);
/** Services whose instances have interactions or dialogs of ours. */
bool router_is_channel(const char *service);

/* --- handlers.c --- */

extern const struct td_handler router_handlers[];
extern const size_t router_handlers_count;

/* --- gauges.c --- */

void router_gauges(void *ctx);

#endif
