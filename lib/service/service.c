#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "io/live_commit.h"
#include "service/private.h"

#define FLUSH_MS 500 /* that the last commits have at a stop; supervision waits longer */
#define TOOL_POLL_MS 5
#define METRICS_SIZE_MAX (16U << 20) /* a thousand queues have forty lines each */

/* --- clock and log -----------------------------------------------------------------------------
 */

uint64_t service_unix_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void service_write_log(const char *line, size_t size)
{
    if (write(STDERR_FILENO, line, size) < 0)
        return; // There is nowhere left to report that the log is gone.
}

/* --- deferred calls ----------------------------------------------------------------------------
 */

struct deferred {
    struct td_timer timer;
    void (*fn)(void *ctx);
    void *ctx;
};

static void on_deferred(void *ctx)
{
    struct deferred *deferred = ctx;
    void (*fn)(void *) = deferred->fn;
    void *fn_ctx = deferred->ctx;

    free(deferred);
    fn(fn_ctx);
}

void service_defer(struct td_service *service, void (*fn)(void *ctx), void *ctx)
{
    struct deferred *deferred = calloc(1, sizeof(*deferred));

    if (deferred == NULL)
        abort(); // A callback that never runs would be a call that never ends.
    deferred->fn = fn;
    deferred->ctx = ctx;
    td_timer_init(&deferred->timer, service->loop, on_deferred, deferred);
    td_timer_start(&deferred->timer, 0);
}

/* --- health ------------------------------------------------------------------------------------
 */

static const char *why_unhealthy(const struct td_service *service)
{
    const struct td_service_definition *definition = service->definition;

    if (service->stopping)
        return "stopping";
    if (!td_live_is_up(service->live) && !definition->without_live)
        return service->started ? "Redis is away" : "starting: Redis does not answer yet";
    if (service->history != NULL && !td_history_is_up(service->history))
        return service->started ? "PostgreSQL is away" : "starting: PostgreSQL does not answer yet";
    if (!service->started)
        return "starting";
    return definition->unhealthy != NULL ? definition->unhealthy(definition->ctx) : NULL;
}

static void on_health(void *ctx, struct td_http_answer *answer)
{
    const char *why = why_unhealthy(ctx);

    if (why != NULL)
        answer->status = 503;
    td_http_printf(answer, "%s\n", why != NULL ? why : "ok");
}

/* --- stop --------------------------------------------------------------------------------------
 */

/* Redis first: what waited for it may go on to ask PostgreSQL, and then answer a request. */
static void close_stores(struct td_service *service)
{
    struct td_live *live = service->live;

    td_live_destroy(&live); // Callbacks that still ask something of it are refused, not lost.
    service->live = NULL;
    td_history_destroy(&service->history);
}

static void end_loop(void *ctx)
{
    const struct td_service *service = ctx;

    td_loop_stop(service->loop);
}

static void close_everything(void *ctx)
{
    struct td_service *service = ctx;

    publish_close(service);
    company_close(service);
    td_http_destroy(&service->http);
    close_stores(service);
    td_bus_client_destroy(&service->client);
    peers_free(service);
    td_bus_server_destroy(&service->server);
    td_bus_destroy(&service->bus);
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&service->signals[i], NULL);
    uv_close((uv_handle_t *)&service->turn, NULL);
    service_defer(service, end_loop, service); // Behind whatever was put off: it frees itself.
}

static void on_flushed(void *ctx, enum td_err err)
{
    struct td_service *service = ctx;

    uint32_t left = td_live_stats(service->live).batches_pending;

    if (err != TD_OK && left > 0)
        td_log_warn(&service->log, "service.unflushed", td_u64("commits", left), td_failure(err));
    service_defer(service, close_everything, service); // The connection cannot close under itself.
}

static void on_pong(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    (void)reply;
    on_flushed(ctx, err);
}

/*
 * Commits and commands are carried out in order: when the last is answered, everything before it is
 * on disk and the registration is withdrawn.
 */
static enum td_err flush(struct td_service *service)
{
    const struct td_bytes ping = td_live_text("PING");
    struct td_live_batch *batch;
    char key[TD_KEY_SIZE];

    if (td_live_stats(service->live).batches_pending == 0)
        return td_live_command(service->live, &ping, 1, FLUSH_MS, on_pong, service);
    enum td_err err = td_live_batch_create(&batch);
    if (err != TD_OK)
        return err;
    (void)snprintf(key, sizeof(key), "tandem:%s:flush", service->site.name);
    td_live_batch_del(batch, key);
    return td_live_commit(service->live, &batch, FLUSH_MS, on_flushed, service);
}

void td_service_stopped(struct td_service *service)
{
    assert(!service->stopped);
    service->stopped = true;
    enum td_err err = td_live_is_up(service->live) ? flush(service) : TD_ERR_UNAVAILABLE;
    if (err != TD_OK)
        on_flushed(service, err);
}

void service_begin_stop(struct td_service *service, int exit_status)
{
    if (service->stopping)
        return;
    service->stopping = true;
    service->exit_status = exit_status;
    td_timer_stop(&service->start_timer);
    td_registry_destroy(&service->registry);
    if (service->started)
        service->definition->stop(service->definition->ctx);
    else
        td_service_stopped(service);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct td_service *service = handle->data;

    td_log_info(&service->log, "service.stopping", td_i64("signal", signum));
    service_begin_stop(service, 0);
}

/* --- start -------------------------------------------------------------------------------------
 */

static void on_turn(uv_prepare_t *turn)
{
    struct td_service *service = turn->data;

    td_arena_rewind(&service->arena, 0);
}

static void try_start(void *ctx)
{
    struct td_service *service = ctx;
    const struct td_service_definition *definition = service->definition;
    bool live_ready = definition->without_live || td_live_is_up(service->live);
    bool history_ready = service->history == NULL || td_history_is_up(service->history);
    bool peers_known =
        !service->is_tool || definition->without_live || td_registry_is_fresh(service->registry);

    if (service->started || service->stopping || !live_ready || !history_ready)
        return;
    if (!peers_known) {
        td_timer_start(&service->start_timer, TOOL_POLL_MS);
        return;
    }
    enum td_err err = definition->start(service, definition->ctx);
    if (err != TD_OK) {
        td_log_error(&service->log, "service.failed", td_failure(err));
        service_begin_stop(service, 1);
        return;
    }
    service->started = true;
    if (service->is_tool)
        return;
    peers_register(service);
    td_log_info(&service->log, "service.started", td_str("instance", service->instance_name),
                td_str("endpoint", td_bus_server_endpoint(service->server)),
                td_u64("http_port", td_http_port(service->http)));
}

static void on_store_state(void *ctx, bool up)
{
    struct td_service *service = ctx;

    if (up)
        td_timer_start(&service->start_timer, 0);
}

static enum td_err open_bus(struct td_service *service)
{
    struct td_instance *self = &service->self;
    char endpoint[TD_BUS_ENDPOINT_SIZE];
    char id[TD_ID_TEXT_SIZE];
    enum td_err err = td_bus_create(service->loop, NULL, &service->bus);

    host_identify(service->host);
    if (service->host[0] != '\0') // An abstract socket: no file is left behind.
        (void)snprintf(self->host_endpoint, sizeof(self->host_endpoint), "ipc://@tandem-%s",
                       td_id_format(td_loop_new_id(service->loop), id));
    td_str_clip(self->host, sizeof(self->host), service->host);
    (void)snprintf(endpoint, sizeof(endpoint), "tcp://%s:*", service->site.bus);
    bool has_host = self->host_endpoint[0] != '\0';
    struct td_bus_server_options options = {.endpoint = endpoint,
                                            .host_endpoint = has_host ? self->host_endpoint : NULL,
                                            .handler = request_arrived,
                                            .ctx = service,
                                            .inbox_max = REQUESTS_MAX};
    if (err == TD_OK && !service->is_tool)
        err = td_bus_server_create(service->bus, &options, &service->server);
    if (err == TD_OK)
        err = td_bus_client_create(service->bus, NULL, &service->client);
    return err;
}

static enum td_err open_stores(struct td_service *service)
{
    char committer[TD_KEY_SIZE];
    char text[TD_ID_TEXT_SIZE];

    (void)snprintf(committer, sizeof(committer), "tandem:%s:committer:%s:%s", service->site.name,
                   service->instance_name, td_id_format(td_loop_new_id(service->loop), text));
    struct td_live_config live = {
        .address = service->site.redis,
        .password = td_service_redis_password(service),
        .committer = committer,
        .state = on_store_state,
        .ctx = service,
    };
    enum td_err err = td_live_create(service->loop, &live, &service->live);

    struct td_history_config history = {
        .conninfo = service->site.postgres, .state = on_store_state, .ctx = service};
    if (err == TD_OK && service->definition->uses_history)
        err = td_history_create(service->loop, &history, &service->history);
    return err;
}

static enum td_err open_registry(struct td_service *service)
{
    char key[TD_KEY_SIZE];

    (void)snprintf(key, sizeof(key), "tandem:%s:instances", service->site.name);
    struct td_registry_config config = {
        .key = key,
        .service = service->is_tool ? NULL : service->definition->name,
        .instance = service->is_tool ? NULL : service->instance_name,
        .changed = peers_changed,
        .ctx = service,
    };
    return td_registry_create(service->loop, service->live, &config, &service->registry);
}

static enum td_err open_http(struct td_service *service)
{
    const struct td_http_route routes[] = {{"/health", on_health, service},
                                           {"/metrics", counters_metrics, service}};
    struct td_http_options options = {
        .port = service->http_port,
        .routes = routes,
        .route_count = 2,
        .body_max_bytes = METRICS_SIZE_MAX,
    };

    return td_http_create(service->loop, &options, &service->http);
}

/* From the first line of the log on a signal means a clean stop: until its handler is there it
   waits. */
static void hold_signals(bool held)
{
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    if (pthread_sigmask(held ? SIG_BLOCK : SIG_UNBLOCK, &signals, NULL) != 0)
        abort();
}

static void watch_signal(struct td_service *service, size_t i, int signum)
{
    uv_signal_t *handle = &service->signals[i];

    if (uv_signal_init(td_loop_uv(service->loop), handle) != 0)
        abort();
    handle->data = service;
    if (uv_signal_start(handle, on_signal, signum) != 0)
        abort();
}

static void watch_turns(struct td_service *service)
{
    if (uv_prepare_init(td_loop_uv(service->loop), &service->turn) != 0)
        abort();
    service->turn.data = service;
    if (uv_prepare_start(&service->turn, on_turn) != 0)
        abort();
    uv_unref((uv_handle_t *)&service->turn);
}

static enum td_err open_everything(struct td_service *service)
{
    enum td_err err = td_loop_create(&service->log, &service->loop);
    if (err != TD_OK)
        return err;

    td_timer_init(&service->start_timer, service->loop, try_start, service);
    if (service->is_tool)
        service_start_patience(service, service->definition->ctx);
    else
        td_loop_pace(service->loop);
    watch_signal(service, 0, SIGTERM);
    watch_signal(service, 1, SIGINT);
    hold_signals(false);
    watch_turns(service);
    err = open_bus(service);
    if (err == TD_OK)
        err = open_stores(service);
    if (err == TD_OK)
        err = open_registry(service);
    if (err == TD_OK && !service->is_tool)
        err = open_http(service);
    if (err == TD_OK)
        td_timer_start(&service->start_timer, 0);
    return err;
}

int service_run(struct td_service *service)
{
    hold_signals(true);
    td_log_info(&service->log, "service.starting", td_str("instance", service->instance_name));
    (void)signal(SIGPIPE, SIG_IGN);
    service->arena_block = malloc(ARENA_SIZE);
    if (service->arena_block == NULL)
        return 1;
    td_arena_init(&service->arena, service->arena_block, ARENA_SIZE);
    request_pool_init(service);
    service->calls_failed = service_common_counter(
        service, "calls_failed", "Requests to other services that were not answered as wanted.");
    service->requests_refused =
        service_common_counter(service, "requests_refused", "Requests answered with an error.");

    enum td_err err = open_everything(service);
    if (err != TD_OK) {
        td_log_error(&service->log, "service.failed", td_failure(err));
        _exit(1); // Half-open at the start: nothing was promised to anybody yet.
    }
    td_loop_run(service->loop);
    td_loop_destroy(&service->loop);
    td_log_info(&service->log, "service.stopped", td_str("instance", service->instance_name));
    free(service->requests);
    free(service->arena_block);
    return service->exit_status;
}

/* --- what it has -------------------------------------------------------------------------------
 */

struct td_loop *td_service_loop(struct td_service *service)
{
    return service->loop;
}

const struct td_log *td_service_log(const struct td_service *service)
{
    return &service->log;
}

struct td_live *td_service_live(struct td_service *service)
{
    return service->live;
}

struct td_history *td_service_history(struct td_service *service)
{
    return service->history;
}

const char *td_service_site(const struct td_service *service)
{
    return service->site.name;
}

const char *td_service_instance(const struct td_service *service)
{
    return service->instance_name;
}

const char *td_service_var(const struct td_service *service)
{
    return service->site.var;
}

const char *td_service_redis(const struct td_service *service)
{
    return service->site.redis;
}

const char *td_service_redis_password(const struct td_service *service)
{
    return service->site.redis_password[0] != '\0' ? service->site.redis_password : NULL;
}

struct td_bus *td_service_bus(struct td_service *service)
{
    return service->bus;
}

const char *td_service_bus_address(const struct td_service *service)
{
    return service->site.bus;
}

struct td_id td_service_new_id(struct td_service *service)
{
    return td_loop_new_id(service->loop);
}

const char *td_service_key(const struct td_service *service, uint32_t tenant, const char *name,
                           char key[TD_KEY_SIZE])
{
    (void)snprintf(key, TD_KEY_SIZE, "tandem:%s:%u:%s", service->site.name, tenant, name);
    return key;
}

const char *td_service_lease_key(const struct td_service *service, char key[TD_KEY_SIZE])
{
    (void)snprintf(key, TD_KEY_SIZE, "tandem:%s:router", service->site.name);
    return key;
}

struct td_arena *td_service_arena(struct td_service *service)
{
    return &service->arena;
}
