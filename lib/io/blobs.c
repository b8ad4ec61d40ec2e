#include "io/blobs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "io/timer.h"

#define CHANNEL "tandem_config"
#define DEADLINE_MS 10000
#define RETRY_MS 500
/* Documents asked for at a time: a start with thousands of tenants must not fill the queue. */
#define ASKED_MAX 16

static const struct td_history_statement newest_versions = {
    "blobs_newest_versions",
    "SELECT tenant, max(version) FROM tandem.config GROUP BY tenant ORDER BY tenant"};

/* Not the version known from above but the newest: it may have been overtaken meanwhile. */
static const struct td_history_statement newest_document = {
    "blobs_newest_document", "SELECT tenant, version, document FROM tandem.config "
                             "WHERE tenant = $1 ORDER BY version DESC LIMIT 1"};

struct tenant {
    uint32_t tenant;
    uint64_t version; /* delivered; 0: none */
    uint64_t wanted;  /* the newest there is */
};

struct td_blobs {
    struct td_loop *loop;
    struct td_history *history; /* NULL: destroyed, answers are still due */
    struct td_blobs_config config;
    struct td_timer retry;
    struct tenant *tenants; /* by number */
    uint32_t count;
    uint32_t capacity;
    uint32_t next;      /* the first one not yet looked at in this pass */
    uint32_t questions; /* under way: each holds the memory */
    bool is_listing;
    bool is_dirty; /* something may have changed since the list was asked for */
    bool is_loaded;
};

/* --- tenants --- */

static struct tenant *find_or_add(struct td_blobs *blobs, uint32_t number)
{
    uint32_t place = 0;

    while (place < blobs->count && blobs->tenants[place].tenant < number)
        place++;
    if (place < blobs->count && blobs->tenants[place].tenant == number)
        return &blobs->tenants[place];
    if (blobs->count == blobs->capacity) {
        uint32_t capacity = blobs->capacity > 0 ? blobs->capacity * 2 : 8;
        struct tenant *grown = blobs->count < TD_BLOBS_TENANTS_MAX
                                   ? realloc(blobs->tenants, capacity * sizeof(*grown))
                                   : NULL;

        if (grown == NULL)
            return NULL;
        blobs->tenants = grown;
        blobs->capacity = capacity;
    }
    memmove(&blobs->tenants[place + 1], &blobs->tenants[place],
            (blobs->count - place) * sizeof(blobs->tenants[0]));
    blobs->tenants[place] = (struct tenant){.tenant = number};
    blobs->count++;
    return &blobs->tenants[place];
}

/* --- questions --- */

static void proceed(struct td_blobs *blobs);

/* @return false: the watch is gone and its memory with the last answer. */
static bool take_answer(struct td_blobs *blobs)
{
    blobs->questions--;
    if (blobs->history != NULL)
        return true;
    if (blobs->questions == 0)
        free(blobs);
    return false;
}

static void try_again(struct td_blobs *blobs, const char *message)
{
    td_log_warn(td_loop_log(blobs->loop), "blobs.failed", td_str("reason", message));
    blobs->is_dirty = true;
    td_timer_start(&blobs->retry, RETRY_MS);
}

static void on_document(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct td_blobs *blobs = ctx;

    if (!take_answer(blobs))
        return;
    if (err != TD_OK) {
        try_again(blobs, answer->message);
        return;
    }
    const struct td_rows *rows = answer->steps[0];
    struct tenant *tenant =
        td_rows_count(rows) > 0 ? find_or_add(blobs, (uint32_t)td_rows_i64(rows, 0, 0)) : NULL;
    uint64_t version = tenant != NULL ? (uint64_t)td_rows_i64(rows, 0, 1) : 0;

    blobs->questions++; // Holds the memory while the callback runs.
    if (tenant != NULL && version > tenant->version) {
        tenant->version = version;
        blobs->config.changed(blobs->config.ctx, tenant->tenant, version,
                              td_rows_bytes(rows, 0, 2));
    }
    if (take_answer(blobs))
        proceed(blobs);
}

static bool ask_document(struct td_blobs *blobs, uint32_t tenant)
{
    const struct td_param param = td_param_i32((int32_t)tenant);
    const struct td_history_query query = {.statement = &newest_document,
                                           .params = &param,
                                           .param_count = 1,
                                           .deadline_ms = DEADLINE_MS,
                                           .repeatable = true};

    if (td_history_query(blobs->history, &query, on_document, blobs) != TD_OK)
        return false;
    blobs->questions++;
    return true;
}

static void on_versions(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct td_blobs *blobs = ctx;

    if (!take_answer(blobs))
        return;
    blobs->is_listing = false;
    if (err != TD_OK) {
        try_again(blobs, answer->message);
        return;
    }
    const struct td_rows *rows = answer->steps[0];
    for (uint32_t i = 0; i < td_rows_count(rows); i++) {
        struct tenant *tenant = find_or_add(blobs, (uint32_t)td_rows_i64(rows, i, 0));

        if (tenant != NULL)
            tenant->wanted = (uint64_t)td_rows_i64(rows, i, 1);
        else
            td_log_error(td_loop_log(blobs->loop), "blobs.failed",
                         td_i64("tenant", td_rows_i64(rows, i, 0)), td_failure(TD_ERR_LIMIT));
    }
    blobs->next = 0;
    proceed(blobs);
}

static void ask_versions(struct td_blobs *blobs)
{
    const struct td_history_query query = {
        .statement = &newest_versions, .deadline_ms = DEADLINE_MS, .repeatable = true};

    if (td_history_query(blobs->history, &query, on_versions, blobs) != TD_OK) {
        td_timer_start(&blobs->retry, RETRY_MS);
        return;
    }
    blobs->questions++;
    blobs->is_listing = true;
    blobs->is_dirty = false;
}

/* A pass lists versions, then asks for each document that is newer than the one delivered. */
static void proceed(struct td_blobs *blobs)
{
    if (blobs->is_listing || td_timer_is_running(&blobs->retry))
        return;
    while (blobs->next < blobs->count && blobs->questions < ASKED_MAX) {
        const struct tenant *tenant = &blobs->tenants[blobs->next];

        if (tenant->wanted > tenant->version && !ask_document(blobs, tenant->tenant)) {
            try_again(blobs, "the queue is full");
            return;
        }
        blobs->next++;
    }
    if (blobs->questions > 0)
        return;
    if (blobs->is_dirty) {
        ask_versions(blobs);
    } else if (!blobs->is_loaded) {
        blobs->is_loaded = true;
        if (blobs->config.loaded != NULL)
            blobs->config.loaded(blobs->config.ctx); // Last: it may destroy the watch.
    }
}

static void on_retry(void *ctx)
{
    proceed(ctx);
}

/* Whatever the payload says: what counts is what the table says. */
static void on_notified(void *ctx, const char *payload)
{
    struct td_blobs *blobs = ctx;

    (void)payload;
    blobs->is_dirty = true;
    proceed(blobs);
}

/* --- life --- */

enum td_err td_blobs_create(struct td_loop *loop, struct td_history *history,
                            const struct td_blobs_config *config, struct td_blobs **blobs)
{
    struct td_blobs *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    self->loop = loop;
    self->history = history;
    self->config = *config;
    td_timer_init(&self->retry, loop, on_retry, self);
    enum td_err err = td_history_listen(history, CHANNEL, on_notified, self);
    if (err != TD_OK) {
        free(self);
        return err;
    }
    *blobs = self;
    return TD_OK;
}

void td_blobs_destroy(struct td_blobs **blobs)
{
    struct td_blobs *self = *blobs;

    if (self == NULL)
        return;
    *blobs = NULL;
    td_history_unlisten(self->history, CHANNEL);
    td_timer_stop(&self->retry);
    free(self->tenants);
    self->tenants = NULL;
    self->history = NULL;
    if (self->questions == 0)
        free(self);
}
