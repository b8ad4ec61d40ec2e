/**
 * @file blobs.h  Watches the newest versioned document of each tenant in the history.
 *
 * Table tandem.config(tenant integer, version bigint, document bytea, ...), written with
 * `NOTIFY tandem_config` by whoever adds a version; versions of a tenant grow. Everything is read
 * at the start, on each notification and after each reconnect; a version is delivered once, and
 * versions that were overtaken meanwhile are skipped. While PostgreSQL is away nothing changes.
 *
 * Threads: one loop, no locks.
 */
#ifndef TD_IO_BLOBS_H
#define TD_IO_BLOBS_H

#include "io/history.h"

struct td_blobs;

#define TD_BLOBS_TENANTS_MAX 4096

struct td_blobs_config {
    /** A tenant's newest document; valid until it returns. */
    void (*changed)(void *ctx, uint32_t tenant, uint64_t version, struct td_bytes document);
    /** Once: what was there at the start has been delivered. May be NULL. */
    void (*loaded)(void *ctx);
    void *ctx;
};

/** @param history  Kept; one watch for each. @return TD_OK; TD_ERR_LIMIT; TD_ERR_EXISTS;
    TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK td_blobs_create(struct td_loop *loop, struct td_history *history,
                                          const struct td_blobs_config *config,
                                          struct td_blobs **blobs);

/** No callback runs after it. Before the history is destroyed. NULL is ignored. */
void td_blobs_destroy(struct td_blobs **blobs);

#endif
