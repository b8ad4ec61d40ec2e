/**
 * @file registry.h  Who is there: leased registrations of all instances of a site.
 *
 * Each instance keeps one registration (opaque bytes: endpoints, capacity, version) alive and gets
 * the list of all live ones in the same call, each `renew_ms`. A registration that was not renewed
 * for `lease_ms` is gone: the sign of death for everybody. When Redis is away the last list is
 * kept, and after it is back `grace_ms` pass before anything is declared gone, since nobody could
 * renew meanwhile.
 *
 * An instance that died and came back within its lease is seen as `changed` if its value differs:
 * put something into the value that is new in each run.
 *
 * Threads: one loop, no locks. Lists are short (at most TD_REGISTRY_INSTANCES_MAX); lookups O(n).
 */
#ifndef TD_IO_REGISTRY_H
#define TD_IO_REGISTRY_H

#include "io/live.h"

struct td_registry;

#define TD_REGISTRY_INSTANCES_MAX 256
#define TD_REGISTRY_NAME_SIZE 64
#define TD_REGISTRY_VALUE_MAX 4096

/** One live registration. Pointers are valid until the next callback or call that changes it. */
struct td_registration {
    const char *service;
    const char *instance;
    struct td_bytes value;
};

enum td_registry_change {
    TD_REGISTRY_APPEARED,
    TD_REGISTRY_CHANGED,
    TD_REGISTRY_GONE, /**< `value` is the last one known; it is no longer found. */
    TD_REGISTRY_CHANGE_COUNT
};

/** Zero in a number means its default. Strings are copied. */
struct td_registry_config {
    const char *key;      /**< Redis keys "<key>:value" and "<key>:alive"; names the site. */
    const char *service;  /**< NULL with `instance`: only watches (a tool). */
    const char *instance; /**< Without '/'. */
    uint32_t renew_ms;    /**< Default 200. */
    uint32_t lease_ms;    /**< Default 700. */
    uint32_t grace_ms;    /**< Default 900. */
    /** The own registration is reported too. */
    void (*changed)(void *ctx, enum td_registry_change change,
                    const struct td_registration *registration);
    void *ctx;
};

/**
 * Starts watching; registers with td_registry_set.
 *
 * @param live  Kept. @return TD_OK; TD_ERR_INVALID (names); TD_ERR_NO_MEMORY.
 */
enum td_err TD_MUST_CHECK td_registry_create(struct td_loop *loop, struct td_live *live,
                                             const struct td_registry_config *config,
                                             struct td_registry **registry);

/** Takes the own registration back at once (others see it gone within renew_ms). No callback runs
    after it. NULL is ignored. */
void td_registry_destroy(struct td_registry **registry);

/** Registers, or changes the value, which goes out at once. @return TD_OK; TD_ERR_LIMIT (value). */
enum td_err TD_MUST_CHECK td_registry_set(struct td_registry *registry, struct td_bytes value);

/** Whether a list was received within lease_ms - renew_ms; false: Redis is away, the list is old.
 */
bool td_registry_is_fresh(const struct td_registry *registry);

uint32_t td_registry_count(const struct td_registry *registry);
/** @param index  Below the count; ordered by service, then instance. */
struct td_registration td_registry_at(const struct td_registry *registry, uint32_t index);
/** @return false when there is none. */
bool td_registry_find(const struct td_registry *registry, const char *service, const char *instance,
                      struct td_registration *registration);

#endif
