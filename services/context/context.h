/**
 * @file context.h  The customer context: who is this, and events from outside.
 *
 * Owner of customers and identities (PostgreSQL, with a hot cache in Redis) and the door for events
 * of others: what EventPublish acknowledges is on disk. One loop, no state of its own besides
 * what is in flight, so several may run. What it says of customers goes through a table (outbox.h).
 */
#ifndef CONTEXT_CONTEXT_H
#define CONTEXT_CONTEXT_H

#include "context/core/phone.h"
#include "context/outbox.h"
#include "io/timer.h"
#include "service/service.h"

/** The section `context` of site.yaml. */
struct context_config {
    char country_code[8];
    char trunk_prefix[8];
    char international_prefix[8];
    uint32_t cache_ms;
    uint32_t memory_alarm_percent;
    uint32_t memory_refuse_percent;
};

extern const struct td_config_key context_keys[];
extern const size_t context_keys_count;

/** How full Redis is; refreshed each second. */
struct context_memory {
    struct td_timer timer;
    uint32_t used_percent;
    bool alarmed;
};

struct context {
    struct td_service *service;
    struct context_config config;
    struct context_dialling dialling;
    struct context_memory memory;
    struct outbox outbox;
    uint32_t publishing; /* events whose answer from Redis is due */
    bool stopping;       /* the last of them ends the service */
    uint64_t *identified;
    uint64_t *identified_from_cache;
    uint64_t *customers_created;
    uint64_t *identify_failed;
    uint64_t *events_stored;
    uint64_t *events_refused;
    uint64_t *memory_percent;
};

enum td_err context_start(struct td_service *service, void *ctx);
void context_stop(void *ctx);

/* Handlers; `ctx` is the struct context. */
void context_identify(void *ctx, struct td_request *request, struct td_bytes payload);
void context_customers_apply(void *ctx, struct td_request *request, struct td_bytes payload);
void context_event_publish(void *ctx, struct td_request *request, struct td_bytes payload);

/** Refreshes `memory` each second from now on. */
void context_memory_watch(struct context *context);

/** Redis key of the cached answer for one identity. @return `key`. */
const char *context_cache_key(const struct context *context, uint32_t tenant, int kind,
                              const char *value, char key[TD_KEY_SIZE]);

#endif
