#include "context/door/door.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define BIND_RETRY_MS 1000

const struct td_config_key door_keys[] = {
    TD_CONFIG_STRING("address", struct door_config, address, .fallback = "127.0.0.1", .min = 1,
                     .help = "to listen on; IPv6 in brackets"),
    TD_CONFIG_U32("port", struct door_config, port, .fallback = "7700", .max = 65535,
                  .help = "0: any free one"),
    TD_CONFIG_STRING("advertised", struct door_config, advertised, .fallback = "",
                     .help =
                         "HOST:PORT that clients are told behind a NAT; empty: where it listens"),
    TD_CONFIG_STRING("key_file", struct door_config, key_file, .fallback = "",
                     .help = "secret key of this site's doors, made when it is not there; empty: "
                             "door.key in site.var"),
    TD_CONFIG_U32("connections_max", struct door_config, connections_max, .fallback = "1000",
                  .unit = "connections", .min = 1, .max = 10000,
                  .help = "at one time; those that say nothing give way first"),
    TD_CONFIG_U32("queue_max", struct door_config, queue_max, .fallback = "1000",
                  .unit = "messages", .min = 10, .max = 100000,
                  .help = "waiting for one connection in each direction"),
    TD_CONFIG_U32("readers_max", struct door_config, readers_max, .fallback = "16", .min = 1,
                  .max = 256, .help = "connections that are behind and read for at one time"),
};
const size_t door_keys_count = sizeof(door_keys) / sizeof(door_keys[0]);

/* --- the key -----------------------------------------------------------------------------------
 */

static enum td_err read_key(const char *path, char secret_key[TD_BUS_KEY_SIZE])
{
    char public_key[TD_BUS_KEY_SIZE];
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0)
        return td_err_from_errno(errno);
    ssize_t size = read(file, secret_key, TD_BUS_KEY_SIZE - 1);
    (void)close(file);
    if (size != TD_BUS_KEY_SIZE - 1)
        return TD_ERR_SYNTAX;
    secret_key[size] = '\0';
    return td_bus_key_public(secret_key, public_key);
}

/* Whole or not at all, and never over one that is there: a second door may start at this moment. */
static enum td_err write_key(const char *path, const char *secret_key)
{
    char draft[sizeof(((struct door_config *)0)->key_file) + 32];

    (void)snprintf(draft, sizeof(draft), "%s.%ld", path, (long)getpid());
    int file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return td_err_from_errno(errno);
    bool is_whole = write(file, secret_key, TD_BUS_KEY_SIZE - 1) == TD_BUS_KEY_SIZE - 1 &&
                    write(file, "\n", 1) == 1 && fsync(file) == 0;
    (void)close(file);
    int rc = is_whole ? link(draft, path) : -1;
    int failure = errno;
    (void)unlink(draft);
    return rc == 0 || failure == EEXIST ? TD_OK : td_err_from_errno(failure);
}

static enum td_err load_key(struct door *door)
{
    char path[sizeof(door->config.key_file) + sizeof("/door.key")];
    char public_key[TD_BUS_KEY_SIZE];

    if (door->config.key_file[0] != '\0')
        td_str_clip(path, sizeof(path), door->config.key_file);
    else
        (void)snprintf(path, sizeof(path), "%s/door.key", td_service_var(door->service));
    enum td_err err = read_key(path, door->secret_key);
    if (err == TD_ERR_NOT_FOUND) {
        err = td_bus_key_pair(public_key, door->secret_key);
        if (err == TD_OK)
            err = write_key(path, door->secret_key);
        if (err == TD_OK)
            err = read_key(path, door->secret_key); // Perhaps another door's.
    }
    if (err != TD_OK)
        td_log_error(td_service_log(door->service), "door.keyless", td_str("file", path),
                     td_failure(err));
    return err;
}

/* --- the listener ------------------------------------------------------------------------------
 */

static bool admits(void *ctx, const char *public_key)
{
    const struct door *door = ctx;

    return door_clients_find(door->clients, public_key) != NULL;
}

static void announce(struct door *door)
{
    const char *public_key = td_bus_door_public_key(door->listener);
    char endpoint[TD_BUS_ENDPOINT_SIZE];

    if (door->config.advertised[0] != '\0')
        (void)snprintf(endpoint, sizeof(endpoint), "tcp://%s", door->config.advertised);
    else
        td_str_clip(endpoint, sizeof(endpoint), td_bus_door_endpoint(door->listener));
    td_service_set_outside(door->service, endpoint, public_key);
    td_log_info(td_service_log(door->service), "door.opened", td_str("endpoint", endpoint),
                td_u64("clients", door_clients_count(door->clients)));
}

/* Only now that it is known who may enter: others would be told that they may not. */
static void open_listener(void *ctx)
{
    struct door *door = ctx;
    char endpoint[TD_BUS_ENDPOINT_SIZE];

    if (door->config.port != 0)
        (void)snprintf(endpoint, sizeof(endpoint), "tcp://%s:%u", door->config.address,
                       door->config.port);
    else
        (void)snprintf(endpoint, sizeof(endpoint), "tcp://%s:*", door->config.address);
    const struct td_bus_door_options options = {
        .endpoint = endpoint,
        .secret_key = door->secret_key,
        .admits = admits,
        .on_message = door_on_message,
        .on_gone = door_on_gone,
        .ctx = door,
        .connections_max = door->config.connections_max,
        .queue_max = door->config.queue_max,
    };
    enum td_err err = td_bus_door_create(td_service_bus(door->service), &options, &door->listener);
    if (err == TD_OK) {
        announce(door);
        return;
    }
    td_log_error(td_service_log(door->service), "door.shut", td_str("endpoint", endpoint),
                 td_failure(err));
    td_timer_start(&door->bind_again, BIND_RETRY_MS);
}

/* --- life --------------------------------------------------------------------------------------
 */

static void open_counters(struct door *door)
{
    struct td_service *service = door->service;

    door->published =
        td_service_counter(service, "events_published", "Events of clients that are on disk.");
    door->delivered =
        td_service_counter(service, "messages_delivered", "Events and figures sent to clients.");
    door->refused =
        td_service_counter(service, "client_requests_refused", "Requests of clients refused.");
    door->denied = td_service_counter(service, "client_requests_denied",
                                      "Of them, those that touched what was not granted.");
    door->dropped = td_service_counter(service, "metrics_dropped",
                                       "Figures that a client did not read fast enough.");
    door->gaps = td_service_counter(service, "gaps_told",
                                    "Times a client was told that events were kept no longer.");
    door->behind = td_service_counter(service, "readers_started",
                                      "Times events were read again for a client that was behind.");
    door->unreadable = td_service_counter(service, "events_unreadable", "Events not understood.");
}

enum td_err door_start(struct td_service *service, void *ctx)
{
    struct door *door = ctx;

    door->service = service;
    open_counters(door);
    td_timer_init(&door->bind_again, td_service_loop(service), open_listener, door);
    enum td_err err = load_key(door);
    if (err == TD_OK)
        err = door_feed_open(door);
    const struct door_clients_config config = {
        .loaded = open_listener,
        .changed = door_client_changed,
        .removed = door_client_removed,
        .ctx = door,
    };
    if (err == TD_OK)
        err = door_clients_create(service, &config, &door->clients);
    return err;
}

/* Publishers whose answer is lost by it publish again, with the same id. */
void door_stop(void *ctx)
{
    struct door *door = ctx;

    td_timer_stop(&door->bind_again);
    door_feed_close(door);
    door_forget_guests(door);
    td_bus_door_destroy(&door->listener);
    door_clients_destroy(&door->clients);
    td_service_stopped(door->service);
}

const char *door_unhealthy(void *ctx)
{
    const struct door *door = ctx;

    if (door->listener == NULL)
        return "not open: the clients were not read yet, or the port is taken";
    return door->tail_up ? NULL : "cannot read the event streams";
}
