#include "context/door/clients.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/history.h"
#include "io/timer.h"

#define CHANNEL "tandem_client"
#define DEADLINE_MS 10000
#define RETRY_MS 500

static const struct td_history_statement every_client = {
    "door_clients",
    "SELECT public_key, name, tenant, publish, subscribe, publish_per_s, bytes_per_s, pending_max, "
    "connections_max FROM tandem.client ORDER BY public_key COLLATE \"C\" LIMIT 10000"};
enum {
    PUBLIC_KEY,
    NAME,
    TENANT,
    PUBLISH,
    SUBSCRIBE,
    PUBLISH_PER_S,
    BYTES_PER_S,
    PENDING,
    CONNECTIONS
};

struct door_clients {
    struct td_service *service;
    struct td_history *history; /* NULL: destroyed, an answer is still due */
    struct door_clients_config config;
    struct td_timer retry;
    struct door_client **table; /* by key */
    uint32_t count;
    bool is_reading;
    bool is_dirty; /* something may have changed since it was asked for */
    bool is_loaded;
};

static uint64_t now_us(void)
{
    return td_loop_now_ns() / 1000;
}

/* --- one reading -------------------------------------------------------------------------------
 */

static void read_row(const struct td_rows *rows, uint32_t row, struct door_client *client)
{
    td_str_clip(client->public_key, sizeof(client->public_key),
                td_rows_text(rows, row, PUBLIC_KEY));
    td_str_clip(client->name, sizeof(client->name), td_rows_text(rows, row, NAME));
    client->tenant = (uint32_t)td_rows_i64(rows, row, TENANT);
    td_str_clip(client->publish, sizeof(client->publish), td_rows_text(rows, row, PUBLISH));
    td_str_clip(client->subscribe, sizeof(client->subscribe), td_rows_text(rows, row, SUBSCRIBE));
    client->publish_per_s = (uint32_t)td_rows_i64(rows, row, PUBLISH_PER_S);
    client->bytes_per_s = (uint32_t)td_rows_i64(rows, row, BYTES_PER_S);
    client->pending_max = (uint32_t)td_rows_i64(rows, row, PENDING);
    client->connections_max = (uint32_t)td_rows_i64(rows, row, CONNECTIONS);
}

static struct door_client *new_client(const struct td_rows *rows, uint32_t row)
{
    struct door_client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return NULL;
    read_row(rows, row, client);
    door_bucket_init(&client->requests, client->publish_per_s, now_us());
    door_bucket_init(&client->bytes, client->bytes_per_s, now_us());
    door_bucket_init(&client->patience, client->publish_per_s, now_us());
    return client;
}

static void update_client(struct door_clients *clients, struct door_client *client,
                          const struct td_rows *rows, uint32_t row)
{
    struct door_client before = *client;

    read_row(rows, row, client);
    if (memcmp(&before, client, offsetof(struct door_client, requests)) == 0)
        return;
    door_bucket_set_rate(&client->requests, client->publish_per_s, now_us());
    door_bucket_set_rate(&client->bytes, client->bytes_per_s, now_us());
    door_bucket_set_rate(&client->patience, client->publish_per_s, now_us());
    clients->config.changed(clients->config.ctx, client);
}

/* Both are sorted by key: one walk tells who stayed, came and went. */
static enum td_err merge(struct door_clients *clients, const struct td_rows *rows)
{
    uint32_t count = td_rows_count(rows);
    struct door_client **table = calloc(count + 1, sizeof(struct door_client *));
    struct door_client **old = clients->table;
    uint32_t old_count = clients->count;
    uint32_t filled = 0;

    if (table == NULL)
        return TD_ERR_NO_MEMORY;
    for (uint32_t row = 0, at = 0; row < count || at < old_count;) {
        int order = row == count ? 1
                    : at == old_count
                        ? -1
                        : strcmp(td_rows_text(rows, row, PUBLIC_KEY), old[at]->public_key);
        if (order > 0) {
            clients->config.removed(clients->config.ctx, old[at]);
            free(old[at++]);
        } else if (order < 0) {
            table[filled] = new_client(rows, row++);
            filled += table[filled] != NULL;
        } else {
            update_client(clients, old[at], rows, row++);
            table[filled++] = old[at++];
        }
    }
    free(old);
    clients->table = table;
    clients->count = filled;
    return TD_OK;
}

/* --- reading when something changed ------------------------------------------------------------
 */

static void proceed(struct door_clients *clients);

static void try_again(struct door_clients *clients, const char *message)
{
    td_log_warn(td_service_log(clients->service), "clients.unread", td_str("reason", message));
    clients->is_dirty = true;
    td_timer_start(&clients->retry, RETRY_MS);
}

static void on_clients(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct door_clients *clients = ctx;

    clients->is_reading = false;
    if (clients->history == NULL) {
        free(clients);
        return;
    }
    if (err == TD_OK)
        err = merge(clients, answer->steps[0]);
    if (err != TD_OK) {
        try_again(clients, answer->message[0] != '\0' ? answer->message : td_err_text(err));
        return;
    }
    if (clients->count >= DOOR_CLIENTS_MAX)
        td_log_error(td_service_log(clients->service), "clients.too_many",
                     td_u64("max", DOOR_CLIENTS_MAX));
    bool first = !clients->is_loaded;
    clients->is_loaded = true;
    proceed(clients);
    if (first)
        clients->config.loaded(clients->config.ctx);
}

static void proceed(struct door_clients *clients)
{
    const struct td_history_query query = {
        .statement = &every_client, .deadline_ms = DEADLINE_MS, .repeatable = true};

    if (clients->is_reading || !clients->is_dirty)
        return;
    clients->is_dirty = false;
    if (td_history_query(clients->history, &query, on_clients, clients) == TD_OK)
        clients->is_reading = true;
    else
        try_again(clients, "the queue is full");
}

static void on_retry(void *ctx)
{
    proceed(ctx);
}

/* Whatever it says: what counts is what the table says. */
static void on_notified(void *ctx, const char *payload)
{
    struct door_clients *clients = ctx;

    (void)payload;
    clients->is_dirty = true;
    proceed(clients);
}

/* --- life --------------------------------------------------------------------------------------
 */

enum td_err door_clients_create(struct td_service *service,
                                const struct door_clients_config *config,
                                struct door_clients **clients)
{
    struct door_clients *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->service = service;
    self->history = td_service_history(service);
    self->config = *config;
    td_timer_init(&self->retry, td_service_loop(service), on_retry, self);
    enum td_err err = td_history_listen(self->history, CHANNEL, on_notified, self);
    if (err != TD_OK) {
        free(self);
        return err;
    }
    on_notified(self, NULL); // Also when listening has begun already.
    *clients = self;
    return TD_OK;
}

struct door_client *door_clients_find(const struct door_clients *clients, const char *public_key)
{
    uint32_t first = 0;
    uint32_t behind = clients->count;

    while (first < behind) {
        uint32_t middle = first + (behind - first) / 2;
        int order = strcmp(public_key, clients->table[middle]->public_key);

        if (order == 0)
            return clients->table[middle];
        if (order < 0)
            behind = middle;
        else
            first = middle + 1;
    }
    return NULL;
}

uint32_t door_clients_count(const struct door_clients *clients)
{
    return clients->count;
}

const struct door_client *door_clients_at(const struct door_clients *clients, uint32_t index)
{
    return clients->table[index];
}

void door_clients_destroy(struct door_clients **clients)
{
    struct door_clients *self = *clients;

    if (self == NULL)
        return;
    *clients = NULL;
    td_timer_stop(&self->retry);
    td_history_unlisten(self->history, CHANNEL);
    for (uint32_t i = 0; i < self->count; i++)
        free(self->table[i]);
    free(self->table);
    self->table = NULL;
    self->count = 0;
    self->history = NULL;
    if (!self->is_reading)
        free(self);
}
